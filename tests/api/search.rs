//! Search by words, whatever their number: what it finds, in which order, and how much of the database it looks at.

use std::sync::{Arc, Mutex};

use aufsicht::db::Db;
use aufsicht::records::query::filter::Filter;
use aufsicht::records::query::page::{self, Order, PageQuery, SortField};
use aufsicht::records::query::search::words;
use aufsicht::registers;
use diesel::connection::InstrumentationEvent;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::{App, Backend};

/// So many cases there are: more entries than are put in order each time.
const CASES: usize = 4_400;

/// Words of every title, of each tenth, of some, of one and of none, of a time only, of every second title, beginnings of many
/// and of few of them.
const SOUGHT: [&str; 14] = [
    "anfrage",
    "zehntel",
    "hundertstel",
    "einzigartig",
    "nirgends",
    "vormals",
    "gerade",
    "ungerade",
    "nr",
    "an",
    "ze",
    "gemeinde",
    "2016",
    "0",
];

/// A case of which no property follows from another one's order.
fn case(number: usize) -> Value {
    let scattered = number * 7_919 % 100_000;
    let mut title = format!("Anfrage nr{number} {}", if number.is_multiple_of(2) { "gerade" } else { "ungerade" });
    for (part, word) in
        [(10, "Zehntel"), (7, "Gemeindehaus"), (11, "Gemeinderat"), (100, "Hundertstel"), (4_321, "einzigartig")]
    {
        if number % part == part / 2 {
            title += &format!(" {word}");
        }
    }
    // A third on one day, the others on some of three years.
    let received = match scattered % 3 {
        0 => "2016-05-05".to_owned(),
        _ => format!("201{}-{:02}-{:02}", 5 + scattered / 7 % 3, 1 + scattered / 11 % 12, 1 + scattered / 13 % 28),
    };
    if received.as_str() < "2015-09" {
        title += " vormals";
    }
    let area = if scattered % 5 < 2 { "IT" } else { "POLICE" };
    // Titles are sorted otherwise than they came in.
    let title = format!("{} {title}", ["Zug", "Aarau", "Muri"][scattered % 3]);
    json!({"title": title, "received_on": received, "area": area, "number": format!("{}-{scattered:05}", &received[..4])})
}

fn fill(app: &App) {
    let headers = [("Content-Type", "application/x-ndjson")];
    let lines: Vec<String> = (0..CASES).map(|number| case(number).to_string()).collect();
    let told = app.client.send("POST", "/v1/cases/batch", &headers, Some(lines.join("\n").as_bytes())).expect(207);
    assert_eq!(told.json()["summary"]["created"], CASES);
}

fn text<'v>(record: &'v Value, property: &str) -> &'v str {
    record[property].as_str().unwrap()
}

/// What one who reads everything would find.
fn found<'r>(all: &'r [Value], q: &str) -> Vec<&'r str> {
    let sought = words(q);
    let has = |record: &&Value| {
        let words = words(&format!("{} {}", text(record, "number"), text(record, "title")));
        sought.iter().all(|sought| words.iter().any(|word| word.starts_with(sought.as_str())))
    };
    all.iter().filter(has).map(|record| text(record, "id")).collect()
}

/// Each word alone, and each with each other.
fn asked() -> Vec<String> {
    let pairs =
        (0..SOUGHT.len()).flat_map(|one| (0..one).map(move |other| format!("{} {}", SOUGHT[one], SOUGHT[other])));
    SOUGHT.iter().map(|word| (*word).to_owned()).chain(pairs).collect()
}

on_both_databases! {
    fn words_of_any_number_are_found_with_each_other(app) {
        fill(&app);
        let ids = |page: &Value| -> Vec<String> {
            page["items"].as_array().unwrap().iter().map(|record| text(record, "id").to_owned()).collect()
        };
        let mut compared = 0;
        for rest in ["&sort=-received_on", "&sort=received_on&area=IT", "&sort=title", "&sort=-number&year=2016,2017"] {
            let all = app.client.all(&format!("/v1/cases?limit=1000{rest}"));
            for q in asked() {
                let expected = found(&all, &q);
                let path = format!("/v1/cases?q={}{rest}", q.replace(' ', "%20"));
                // Some small pages, and one with much of the rest.
                let (mut cursor, mut place) = (String::new(), 0);
                for limit in [20, 20, 20, 1_000] {
                    let page = app.client.get(&format!("{path}&limit={limit}{cursor}")).expect(200).json();
                    let end = expected.len().min(place + limit);
                    assert_eq!(ids(&page), expected[place..end], "{path} from {place}");
                    place = end;
                    compared += 1;
                    match page["next"].as_str() {
                        Some(next) => cursor = format!("&cursor={next}"),
                        None => break,
                    }
                    assert!(place < expected.len(), "{path}: nothing comes after {place}");
                }
                let counted = app.client.get(&format!("{path}&limit=1&include_total=true")).expect(200).json();
                assert_eq!(counted["total"], expected.len(), "{path}");
            }
        }
        assert!(compared > 700, "{compared}");
    }
}

on_both_databases! {
    fn a_text_of_as_many_words_as_there_can_be_is_looked_for(app) {
        // More titles than are few, each of so many words of one letter.
        const TITLES: usize = 70;
        let letters = |count: u32| -> Vec<String> {
            (0..count).filter_map(|n| char::from_u32(0x4e00 + n)).map(String::from).collect()
        };
        let words = letters(148);
        for number in 0..TITLES {
            app.case(&format!("{} {number}", words.join(" ")));
        }
        let page = |words: &[String]| {
            let q: String = words.join(" ").bytes().map(|byte| format!("%{byte:02X}")).collect();
            app.client.get(&format!("/v1/cases?limit=100&q={q}"))
        };
        let found = |words: &[String]| page(words).expect(200).json()["items"].as_array().unwrap().len();
        assert_eq!(found(&words), TITLES);
        assert_eq!(found(&letters(149)), 0, "nothing has the last one");
        assert_eq!(found(&letters(150)), 0);
        let refused = page(&letters(151)).expect(400).json();
        assert_eq!(refused["errors"][0]["parameter"], "q", "more than 300 characters");
    }
}

on_both_databases! {
    fn what_is_deleted_or_renamed_is_found_no_more(app) {
        fill(&app);
        let path = |record: &Value| format!("/v1/cases/{}", text(record, "id"));
        let found = |q: &str| app.client.get(&format!("/v1/cases?limit=1&include_total=true&q={q}")).expect(200).json();
        let before = found("zehntel")["total"].as_u64().unwrap();
        let [deleted, renamed, moved] = [0, 1, 2].map(|place| {
            app.client.get("/v1/cases?limit=3&q=zehntel").expect(200).json()["items"][place].clone()
        });
        app.client.delete(&path(&deleted), "*").expect(204);
        app.client.patch(&path(&renamed), "*", &json!({"title": "Anfrage"})).expect(200);
        app.client.patch(&path(&moved), "*", &json!({"received_on": "2018-12-31", "number": "verschoben"})).expect(200);
        assert_eq!(found("zehntel")["total"], before - 2);
        assert_eq!(found("zehntel")["items"][0]["id"], moved["id"]);
        assert_eq!(found("verschoben%20zehntel")["total"], 1);
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

#[derive(QueryableByName)]
struct Looked {
    #[diesel(sql_type = BigInt)]
    rows: i64,
}

/// The rows and entries that this connection has read of the records and of the index of words.
const LOOKED_AT: &str = "SELECT CAST(sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) AS BIGINT) + \
    pg_stat_get_xact_tuples_returned('records_search_pkey'::regclass) AS rows \
    FROM pg_stat_xact_user_tables WHERE schemaname = current_schema() AND relname IN ('records', 'records_search')";

/// The rows and entries that PostgreSQL says a page of what is found has read, and the statements that were sent for it.
fn looked_at(db: &mut Db, q: &str, order: &Order) -> (Option<i64>, Vec<String>) {
    let filter = Filter { register: registers::find("cases"), q: Some(q.into()), ..Filter::default() };
    let request = PageQuery { filter, order: order.clone(), after: None, limit: 20, include_total: false };
    let sent: Arc<Mutex<Vec<String>>> = Arc::default();
    let listening = sent.clone();
    db.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            listening.lock().unwrap().push(query.to_string());
        }
    });
    let read = |db: &mut Db| match db {
        Db::Sqlite(_) => None,
        Db::Postgres(_) => Some(diesel::sql_query(LOOKED_AT).get_result::<Looked>(db).unwrap().rows),
    };
    let read = db.transaction(|db| -> aufsicht::error::Result<_> {
        let before = read(db);
        page::page(db, &request)?.unwrap();
        Ok(read(db).zip(before).map(|(after, before)| after - before))
    });
    let read = read.unwrap();
    let sent = sent.lock().unwrap().clone();
    (read, sent.into_iter().filter(|text| text.contains("records") && !text.contains("pg_stat")).collect())
}

/// No page looks at more than a part of what the commonest word finds: each statement has an end, they are few, and PostgreSQL,
/// which counts what it reads, has read little.
fn a_page_looks_at_little(backend: Backend) {
    let app = App::start(backend);
    fill(&app);
    app.sql(if backend == Backend::Sqlite { "ANALYZE" } else { "VACUUM ANALYZE" });
    let db = &mut app.db();
    for q in
        ["anfrage", "zehntel", "hundertstel", "einzigartig", "nirgends", "anfrage einzigartig", "zehntel hundertstel"]
    {
        for order in [Order::default(), Order::new(vec![(SortField::Title, false)])] {
            let (read, sent) = looked_at(db, q, &order);
            assert!(sent.iter().all(|text| text.contains("LIMIT")), "{q}: {sent:#?}");
            assert!(sent.len() <= 16, "{q}: {sent:#?}");
            assert!(
                read.is_none_or(|read| read < CASES as i64 * 2 / 3),
                "{q}: {read:?} of {CASES}, {order:?}: {sent:#?}"
            );
        }
    }
}

crate::on_each! { a_page_looks_at_little }
