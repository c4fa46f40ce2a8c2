//! Lists by title, in the order of Swiss lists.

use diesel::Connection;
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};

use crate::support::{App, Backend, database, own};
use crate::{on_both_databases, on_each};

/// Titles in their order: letters with marks stand with the letters themselves, and signs only separate words.
const SORTED: [&str; 22] = [
    "«Abfall» in Aarau",
    "Abfall in Ägeri",
    "Abfall in Zug",
    "Abfallgebühr",
    "apfel",
    "Apfel",
    "Äpfel",
    "Apfelbaum",
    "Drohne",
    "Drohne",
    "Drohne",
    "E-Mail",
    "E-Mail an alle",
    "ebenso",
    "Ofen",
    "Öfen",
    "Strasse",
    "Straße",
    "Straße 2",
    "Strassen",
    "Zürich",
    "Zürichsee",
];

/// Enters them in another order.
fn fill(app: &App) {
    for step in 0..SORTED.len() {
        app.case(SORTED[step * 5 % SORTED.len()]);
    }
}

fn column(records: &[Value], name: &str) -> Vec<String> {
    records.iter().map(|record| record[name].as_str().unwrap().to_owned()).collect()
}

fn listed(app: &App, query: &str) -> Vec<String> {
    column(&app.client.all(&format!("/v1/cases?{query}")), "title")
}

on_both_databases! {
    fn lists_by_title_are_sorted_as_swiss_lists_are(app) {
        fill(&app);
        for limit in [1, 3, 50] {
            assert_eq!(listed(&app, &format!("sort=title&limit={limit}")), SORTED, "{limit}");
            let mut back = listed(&app, &format!("sort=-title&limit={limit}"));
            back.reverse();
            assert_eq!(back, SORTED, "{limit}");
        }
        // Numbers decide among the same titles, and every record comes once.
        let numbers = |sort: &str| column(&app.client.all(&format!("/v1/cases?q=drohne&limit=1&sort={sort}")), "number");
        let up = numbers("title");
        assert!(up.len() == 3 && up.is_sorted(), "{up:?}");
        assert_eq!(numbers("title,-number"), up.iter().rev().cloned().collect::<Vec<_>>());
        assert_eq!(listed(&app, "q=ofen&sort=-title"), ["Öfen", "Ofen"]);
        assert_eq!(listed(&app, "q=strasse&sort=title&limit=1"), SORTED[16..20]);
        let export = app.client.get("/v1/cases/export?sort=title").expect(200).text();
        let export: Vec<Value> = export.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(column(&export, "title"), SORTED);
        // A changed title has its place at once.
        let case = app.client.all("/v1/cases?q=zurichsee").remove(0);
        app.client.patch(&format!("/v1/cases/{}", case["id"].as_str().unwrap()), "\"1\"", &json!({"title": "Ähre"})).expect(200);
        assert_eq!(listed(&app, "sort=title")[4], "Ähre");
        for name in ["Öffentliche Schule", "Ofenbau", "«Ost»", "zoll", "Zoll"] {
            app.create("organisations", json!({"name": name, "type": "OTHER"}));
        }
        let names = column(&app.client.all("/v1/organisations?sort=name&limit=1"), "name");
        assert_eq!(names, ["Ofenbau", "Öffentliche Schule", "«Ost»", "zoll", "Zoll"]);
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

/// Titles of which nothing is left but signs, and the longest that there can be.
fn every_title_has_a_place(backend: Backend) {
    let app = App::start(backend);
    let wide: String = (0..300).map(|at| char::from_u32(0x20000 + at * 7).unwrap()).collect();
    let ligatures = "ﷺ".repeat(300);
    let same = "ä".repeat(300);
    for title in [&wide, &ligatures, &same, &same, "?", "!", "–"] {
        app.case(title);
    }
    for sort in ["title", "-title"] {
        let found = column(&app.client.all(&format!("/v1/cases?sort={sort}&limit=1")), "number");
        let all: std::collections::BTreeSet<&String> = found.iter().collect();
        assert_eq!((found.len(), all.len()), (7, 7), "{sort}");
    }
    assert_eq!(listed(&app, "sort=title")[..3], ["!", "?", "–"]);
}

/// What was kept before titles were sorted so is given its place when the schema is brought up to date.
fn older_records_are_sorted_too(backend: Backend) {
    let mut app = App::start(backend);
    fill(&app);
    app.stop();
    let mut db = app.db();
    let down = match backend {
        Backend::Sqlite => include_str!("../../migrations/sqlite/2026-11-30-110000_title_order/down.sql"),
        Backend::Postgres => include_str!("../../migrations/postgres/2026-11-30-110000_title_order/down.sql"),
    };
    for sql in [down, "DELETE FROM __diesel_schema_migrations WHERE version = '20261130110000'"] {
        db.batch_execute(sql).unwrap();
    }
    drop(db);
    own::again(&mut app);
    assert_eq!(listed(&app, "sort=title&limit=4"), SORTED);
    assert_eq!(app.differences(), Vec::<String>::new());
}

on_each! {
    every_title_has_a_place
    older_records_are_sorted_too
}

#[test]
fn the_locale_of_a_database_does_not_matter() {
    let (usual, _) = database(Backend::Postgres);
    let mut connection = diesel::PgConnection::establish(&usual).unwrap();
    let made = "CREATE DATABASE of_another_locale TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'sv-SE'";
    connection.batch_execute(made).unwrap();
    let url = format!("{}/of_another_locale", usual.rsplit_once('/').unwrap().0);
    let app = App::start_with(Backend::Postgres, |config| config.database.url = url);
    fill(&app);
    assert_eq!(listed(&app, "sort=title&limit=4"), SORTED);
    assert_eq!(listed(&app, "q=ofen&sort=title&limit=1"), ["Ofen", "Öfen"]);
}
