//! Codes that several registers have, with another meaning in each: in a line, a filter and a label they are those of the register
//! that is asked for. And lines that name no register.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::own::again;
use crate::support::{App, Backend, Directory, aufsicht};

const VOCABULARY: &str = r#"
[cases]
kind = [
    { code = "A", label.de = "Anfrage" },
    { code = "B", label.de = "Beschwerde" },
    { code = "CITY", label.de = "Stadtsache" },
    { code = "TOWN", label.de = "Ortssache", parent = "CITY" },
]
[events]
kind = [
    { code = "A", label.de = "Anlass" },
    { code = "B", label.de = "Besonderer Anlass", parent = "A" },
    { code = "C", label.de = "Cercle" },
]
[organisations]
type = [{ code = "CITY", label.de = "Stadt" }, { code = "TOWN", label.de = "Ort" }]

[[dimensions]]
name = "topic"
registers = ["organisations", "publications", "media-requests", "memberships", "proceedings"]
label.de = "Thema"
values = [{ code = "CLOUD", label.de = "Cloud", parent = "TECHNOLOGY" }, { code = "LAW", label.de = "Recht" }]
"#;

/// Lines, each with its selections and its figure of 2017. A public body is of the year in which it was entered.
const LINES: [(&str, &str, i64); 12] = [
    ("all", "{ register = [\"cases\"] }", 6),
    ("a", "{ register = [\"cases\"], kind = [\"A\"] }", 2),
    ("other", "{ register = [\"cases\"], not = { kind = [\"A\"] } }", 4),
    ("events", "{ register = [\"events\"], kind = [\"A\"] }", 3),
    ("no.events", "{ register = [\"events\"], not = { kind = [\"A\"] } }", 0),
    ("both", "{ kind = [\"A\"] }", 5),
    ("neither", "{ not = { kind = [\"A\"] } }", 5),
    ("of.city", "{ register = [\"cases\"], organisation_type = [\"CITY\"] }", 1),
    ("not.of.city", "{ register = [\"cases\"], not = { organisation_type = [\"CITY\"] } }", 5),
    ("topic", "{ own.topic = [\"TECHNOLOGY\"] }", 4),
    ("no.topic", "{ not = { own.topic = [\"TECHNOLOGY\"] } }", 9),
    ("counted", "{ own.topic = [\"NONE\"] }", 9),
];

fn layout(lines: &[&str]) -> String {
    let mut text =
        "name = \"own\"\ntitle.de = \"Statistik\"\ntotal = \"all\"\n[tables.own]\ntitle.de = \"Zahlen\"\n".to_owned();
    for (code, selection, _) in LINES.iter().filter(|(code, ..)| lines.is_empty() || lines.contains(code)) {
        text += &format!("[[tables.own.lines]]\ncode = \"{code}\"\nlabel.de = \"{code}\"\nany = [{selection}]\n");
    }
    text
}

fn start(backend: Backend) -> App {
    let directory = Directory::new();
    std::fs::create_dir_all(directory.0.join("tables")).unwrap();
    let write = |file: &str, text: &str| std::fs::write(directory.0.join(file), text).unwrap();
    write("authority.toml", "name = \"Stelle\"\nlanguages = [\"de\"]\n");
    write("vocabulary.toml", VOCABULARY);
    write("tables/own.toml", &layout(&[]));
    let path = directory.0.clone();
    App::start_with(backend, |config| config.profile.directory = Some(path)).with_directory(directory)
}

fn filled(app: &App) {
    for (name, kind) in [("Gross", "CITY"), ("Klein", "TOWN")] {
        app.create("organisations", json!({"name": name, "type": kind, "own": {"topic": "LAW"}}));
    }
    for (kind, body) in [("A", "Gross"), ("A", "Klein"), ("B", "Klein"), ("B", ""), ("CITY", ""), ("TOWN", "")] {
        let mut case = json!({"title": kind, "kind": kind, "received_on": "2017-02-01"});
        if !body.is_empty() {
            case["requester"] = json!({"organisation": body});
        }
        app.create("cases", case);
    }
    for kind in ["A", "B", "B"] {
        app.create("events", json!({"title": kind, "kind": kind, "held_on": "2017-03-01"}));
    }
    let own = |mut record: Value| {
        record["own"] = json!({"topic": "CLOUD"});
        record
    };
    app.create("organisations", own(json!({"name": "Anstalt", "type": "CITY"})));
    app.create("publications", own(json!({"title": "Merkblatt", "published_on": "2017-01-03"})));
    app.create("media-requests", own(json!({"title": "Frage", "received_on": "2017-02-02"})));
    app.create("memberships", own(json!({"group": "Gruppe", "joined_on": "2017-02-02"})));
    app.create("proceedings", own(json!({"subject": "Sache", "filed_on": "2017-02-02", "instance": "Gericht"})));
}

/// The figures of 2017 by the codes of the lines.
fn figures(app: &App) -> BTreeMap<String, Value> {
    let table = app.client.get("/v1/statistics/tables/own?from=2017&to=2017").expect(200).json();
    let lines = table["lines"].as_array().unwrap().iter();
    lines.map(|line| (line["code"].as_str().unwrap().to_owned(), line["values"][0].clone())).collect()
}

on_both_databases! {
    fn a_line_counts_by_the_codes_of_its_registers(app = start) {
        filled(&app);
        let found = figures(&app);
        for (code, selection, expected) in LINES {
            assert_eq!(found[code], json!(expected), "{code}: {selection}");
            let records = app.client.all(&format!("/v1/statistics/tables/own/{code}/2017/records"));
            assert_eq!(records.len() as i64, expected, "{code}: {records:?}");
        }
        // A figure hangs on no other line.
        let tables = app.config.profile.directory.clone().unwrap().join("tables/own.toml");
        for (code, ..) in LINES {
            std::fs::write(&tables, layout(&["all", code])).unwrap();
            again(&mut app);
            assert_eq!(figures(&app)[code], found[code], "{code}");
        }
    }
}

on_both_databases! {
    fn a_filter_goes_by_the_groups_of_its_register(app = start) {
        filled(&app);
        assert_eq!(app.client.all("/v1/cases?kind=A").len(), 2);
        assert_eq!(app.client.all("/v1/cases?kind=CITY").len(), 2);
        assert_eq!(app.client.all("/v1/events?kind=A").len(), 3);
        let total = |query: &str| app.client.get(&format!("/v1/statistics/counts?by=year&{query}")).expect(200).json()["total"].clone();
        assert_eq!((total("register=cases&kind=A"), total("register=events&kind=A")), (json!(2), json!(3)));
        assert_eq!(total("kind=B"), json!(4));
        let refused = app.client.get("/v1/statistics/counts?by=year&kind=A").expect(400).json();
        assert_eq!(refused["errors"][0]["parameter"], json!("kind"), "{refused}");
        assert!(refused["errors"][0]["detail"].as_str().unwrap().contains("choose one with register"), "{refused}");
        app.client.get("/v1/statistics/durations?year=2017&kind=A").expect(200);
        app.client.get("/v1/statistics/backlog?from=2017&to=2017&kind=A&register=events").expect(200);
    }
}

on_both_databases! {
    fn a_label_is_that_of_the_register(app = start) {
        filled(&app);
        let labels = |query: &str| {
            let counts = app.client.get(&format!("/v1/statistics/counts?lang=de&{query}")).expect(200).json();
            let items = counts["items"].as_array().unwrap().iter();
            let label = |item: &Value| (item["kind"] == "B").then(|| item["labels"]["kind"].as_str().unwrap().to_owned());
            items.filter_map(label).collect::<Vec<_>>()
        };
        assert_eq!(labels("by=register,kind"), ["Beschwerde", "Besonderer Anlass"]);
        assert_eq!(labels("by=kind&register=events"), ["Besonderer Anlass"]);
        assert_eq!(labels("by=kind"), ["Beschwerde / Besonderer Anlass"]);
        let csv = app.client.get("/v1/statistics/counts?by=kind&register=events&lang=de&format=csv").expect(200).text();
        assert!(csv.contains("Besonderer Anlass") && !csv.contains("Beschwerde"), "{csv}");
    }
}

/// The words of `aufsicht profile check` on a profile with this vocabulary and a further line.
fn told(vocabulary: &str, line: &str) -> String {
    let directory = Directory::new();
    std::fs::create_dir_all(directory.0.join("tables")).unwrap();
    let write = |file: &str, text: &str| std::fs::write(directory.0.join(file), text).unwrap();
    write("authority.toml", "name = \"Stelle\"\nlanguages = [\"de\"]\n");
    write("vocabulary.toml", vocabulary);
    write(
        "tables/own.toml",
        &format!("{}[[tables.own.lines]]\ncode = \"more\"\nlabel.de = \"mehr\"\n{line}\n", layout(&["all"])),
    );
    let output = aufsicht(&directory.0).args(["profile", "check", "."]).output().unwrap();
    String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
}

#[test]
fn validity_is_that_of_the_register() {
    let vocabulary = "[cases]\nkind = [{ code = \"OLD\", label.de = \"Alt\", valid = { to = 2010 } }]\n[events]\nkind = [{ code = \"OLD\", label.de = \"Alt\" }]\n";
    let line = |register: &str| {
        format!("any = [{{ register = [\"{register}\"], kind = [\"OLD\"] }}]\ncollected = {{ from = 2015 }}")
    };
    let told_of = |register: &str| told(vocabulary, &line(register));
    assert!(told_of("cases").contains("kind = OLD is valid in none of the years"), "{}", told_of("cases"));
    assert!(!told_of("events").contains("valid in none"), "{}", told_of("events"));
}

#[test]
fn a_value_is_used_where_a_line_takes_all_but_others_or_is_about_its_register() {
    let vocabulary = VOCABULARY;
    let of_cases = told(vocabulary, "any = [{ register = [\"cases\"], not = { kind = [\"A\"] } }]");
    assert!(!of_cases.contains("cases.kind: no line"), "{of_cases}");
    assert!(of_cases.contains("events.kind: no line of a table uses A, B, C"), "{of_cases}");
    let of_group = told(vocabulary, "any = [{ register = [\"events\"], kind = [\"A\"] }]");
    assert!(of_group.contains("events.kind: no line of a table uses C"), "{of_group}");
    assert!(of_group.contains("cases.kind: no line of a table uses A, B, CITY, TOWN"), "{of_group}");
}
