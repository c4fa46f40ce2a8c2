//! What was exported comes whole into another database: records that name each other still do.

use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::{App, Directory};

const FORMATS: [&str; 3] = ["csv", "xlsx", "ndjson"];

/// Exports a register to a file and returns its path.
#[track_caller]
fn export(app: &App, directory: &Directory, register: &str, file: &str, more: &[&str]) -> String {
    let path = directory.0.join(file).display().to_string();
    let (done, told) = app.command(&[&["export", "--register", register, "-o", &path], more].concat());
    assert!(done, "{told}");
    path
}

/// Imports a file: whether all of it was kept, and what was said.
fn import(app: &App, register: &str, path: &str) -> (bool, String) {
    app.command(&["import", "--register", register, path])
}

#[track_caller]
fn imported(app: &App, register: &str, path: &str, told: &str) {
    let (done, said) = import(app, register, path);
    assert!(done && said.contains(told) && said.contains(" 0 rejected"), "{path}: {said}");
}

/// All records of a register by number, without what differs from one database to the other.
fn records(app: &App, register: &str) -> Vec<Value> {
    let mut all = app.client.all(&format!("/v1/{register}?sort=number"));
    for record in &mut all {
        for name in ["created_at", "updated_at", "revision", "external"] {
            record.as_object_mut().unwrap().remove(name);
        }
    }
    all
}

fn id(record: &Value) -> &str {
    record["id"].as_str().unwrap()
}

/// The record of a name.
#[track_caller]
fn named(app: &App, register: &str, name: &str) -> Value {
    let called = |record: &Value| record["name"] == name || record["title"] == name;
    app.client.all(&format!("/v1/{register}?sort=number")).into_iter().find(called).unwrap()
}

/// Bodies that are parts of each other, down to up and up to down, with a successor and a circle.
fn bodies(app: &App) {
    let body = |name: &str, parent: Option<&Value>| {
        let parent = parent.map(id);
        app.create("organisations", json!({"name": name, "type": "CANTONAL_OFFICE", "parent": parent}))
    };
    let mut above = body("Kanton", None);
    for level in 1..4 {
        above = body(&format!("Stufe {level}"), Some(&above));
    }
    let (old, new) = (body("Altes Amt", None), body("Neues Amt", None));
    let path = |body: &Value| format!("/v1/organisations/{}", id(body));
    app.client.patch(&path(&old), "*", &json!({"valid_to": "2017-12-31", "successor": id(&new)})).expect(200);
    app.client.patch(&path(&new), "*", &json!({"parent": id(&old)})).expect(200);
}

on_both_databases! {
    fn bodies_come_whole_into_another_database(app) {
        bodies(&app);
        let directory = Directory::new();
        for format in FORMATS {
            for sort in ["number", "-number"] {
                let other = App::start(app.backend);
                let file = export(&app, &directory, "organisations", &format!("{sort}.{format}"), &["--filter", &format!("sort={sort}")]);
                imported(&other, "organisations", &file, "6 lines: 6 created, 0 changed, 0 as before");
                assert_eq!(records(&other, "organisations"), records(&app, "organisations"), "{file}");
                imported(&other, "organisations", &file, "6 lines: 0 created, 0 changed, 6 as before");
            }
        }
        // A trial says the same, and lists for people are whole too.
        let other = App::start(app.backend);
        let file = export(&app, &directory, "organisations", "liste.xlsx", &["--columns", "labels", "--lang", "fr"]);
        let (done, told) = other.command(&["import", "--register", "organisations", "--dry-run", &file]);
        assert!(done && told.starts_with("6 lines: 6 created, 0 changed"), "{told}");
        imported(&other, "organisations", &file, "6 lines: 6 created");
        assert_eq!(records(&other, "organisations"), records(&app, "organisations"));
    }
}

on_both_databases! {
    fn many_lines_find_what_they_name_in_either_order(app) {
        let line = |n: usize| {
            let parent = if n > 1 { json!(format!("ORG-{:04}", n - 1)) } else { Value::Null };
            json!({"number": format!("ORG-{n:04}"), "name": format!("Stelle {n}"), "type": "CANTONAL_OFFICE", "parent": parent}).to_string()
        };
        let directory = Directory::new();
        let path = directory.0.join("kette.ndjson").display().to_string();
        std::fs::write(&path, (1..=1200).rev().map(|n| line(n) + "\n").collect::<String>()).unwrap();
        imported(&app, "organisations", &path, "1200 lines: 1200 created, 0 changed");
        assert_eq!(named(&app, "organisations", "Stelle 1200")["parent"], named(&app, "organisations", "Stelle 1199")["id"]);
        let other = App::start(app.backend);
        let file = export(&app, &directory, "organisations", "kette.csv", &["--filter", "sort=-number"]);
        imported(&other, "organisations", &file, "1200 lines: 1200 created, 0 changed");
        assert_eq!(records(&other, "organisations"), records(&app, "organisations"));
    }
}

on_both_databases! {
    fn cases_and_proceedings_come_whole_into_another_database(app) {
        let (one, two) = (app.case("Eins"), app.case("Zwei"));
        let project = app.create("projects", json!({"title": "Vorhaben", "received_on": "2017-03-14", "role": "LEAD"}));
        let relate = |case: &Value, to: &[&Value]| {
            let relations: Vec<Value> = to.iter().map(|record| json!({"type": "FOLLOWS", "record": id(record)})).collect();
            app.client.patch(&format!("/v1/cases/{}", id(case)), "*", &json!({"relations": relations})).expect(200);
        };
        relate(&one, &[&two, &project]);
        relate(&two, &[&one]);
        let proceeding = json!({"subject": "Beschwerde", "filed_on": "2017-08-21", "kind": "APPEAL", "instance": "Kantonsgericht", "case": id(&two)});
        app.create("proceedings", proceeding);
        let directory = Directory::new();
        for format in FORMATS {
            let other = App::start(app.backend);
            for register in ["projects", "cases", "proceedings"] {
                let file = export(&app, &directory, register, &format!("{register}.{format}"), &["--personal-data", "--purpose", "Umzug"]);
                imported(&other, register, &file, " 0 changed, 0 as before");
                assert_eq!(records(&other, register), records(&app, register), "{file}");
            }
        }
    }
}

on_both_databases! {
    fn a_line_from_elsewhere_overwrites_nothing_that_was_changed_here(app) {
        bodies(&app);
        let (directory, other) = (Directory::new(), App::start(app.backend));
        let first = export(&app, &directory, "organisations", "erst.csv", &[]);
        imported(&other, "organisations", &first, "6 created");
        let change = |app: &App, name: &str, text: &str| {
            let path = format!("/v1/organisations/{}", id(&named(app, "organisations", name)));
            app.client.patch(&path, "*", &json!({"notes": text})).expect(200);
        };
        // Both were changed once since, there and here: the revisions are the same, and say nothing.
        change(&app, "Kanton", "dort");
        change(&app, "Stufe 1", "dort");
        change(&other, "Kanton", "hier");
        let second = export(&app, &directory, "organisations", "dann.csv", &["--personal-data", "--purpose", "Umzug"]);
        let (done, told) = import(&other, "organisations", &second);
        assert!(!done && told.starts_with("6 lines: 0 created, 1 changed, 4 as before, 0 older than what is held, 1 rejected"), "{told}");
        assert_eq!(named(&other, "organisations", "Kanton")["notes"], "hier");
        assert_eq!(named(&other, "organisations", "Stufe 1")["notes"], "dort");
        let rejected = std::fs::read_to_string(directory.0.join("dann.rejected.csv")).unwrap();
        assert!(rejected.contains("ORG-0001 was changed here since it was imported"), "{rejected}");
    }
}

on_both_databases! {
    fn lines_name_what_is_here_under_another_id(app) {
        bodies(&app);
        let (directory, other) = (Directory::new(), App::start(app.backend));
        // The bodies are there already, from a list without ids.
        let lines = records(&app, "organisations").into_iter().map(|body| {
            format!("{};{};{}\n", body["number"].as_str().unwrap(), body["name"].as_str().unwrap(), body["type"].as_str().unwrap())
        });
        let list = directory.0.join("liste.csv").display().to_string();
        std::fs::write(&list, std::iter::once("number;name;type\n".to_owned()).chain(lines).collect::<String>()).unwrap();
        imported(&other, "organisations", &list, "6 created");
        let file = export(&app, &directory, "organisations", "ganz.csv", &["--filter", "sort=-number"]);
        imported(&other, "organisations", &file, "6 lines: 0 created, 5 changed, 1 as before");
        let (above, below) = (named(&other, "organisations", "Stufe 1"), named(&other, "organisations", "Stufe 2"));
        assert_eq!(below["parent"], above["id"]);
        assert_ne!(above["id"], named(&app, "organisations", "Stufe 1")["id"]);
        assert_eq!(named(&other, "organisations", "Altes Amt")["successor"], named(&other, "organisations", "Neues Amt")["id"]);
        // An id that a record had here is given to no other.
        let case = app.case("Weg");
        let file = export(&app, &directory, "cases", "weg.csv", &[]);
        app.client.delete(&format!("/v1/cases/{}", id(&case)), "*").expect(204);
        imported(&app, "cases", &file, "1 line: 1 created");
        assert_ne!(named(&app, "cases", "Weg")["id"], case["id"]);
    }
}

on_both_databases! {
    fn a_part_of_a_list_finds_by_name_what_is_here(app) {
        let canton = app.create("organisations", json!({"name": "Kanton Muster", "type": "CANTONAL_OFFICE"}));
        let commune = json!({"name": "Gemeinde Muster", "type": "MUNICIPALITY", "parent": id(&canton)});
        app.create("organisations", commune);
        let (directory, other) = (Directory::new(), App::start(app.backend));
        app.create("organisations", json!({"name": "Ohne", "type": "MUNICIPALITY"}));
        let here = other.create("organisations", json!({"number": "ORG-0100", "name": "Kanton Muster", "type": "CANTONAL_OFFICE"}));
        for format in FORMATS {
            let filter = ["--filter", "type=MUNICIPALITY"];
            let bare = export(&app, &directory, "organisations", &format!("ohne-{format}.{format}"), &filter);
            let (done, told) = import(&other, "organisations", &bare);
            assert!(!done && told.contains(", 1 rejected"), "{told}");
        }
        for format in FORMATS {
            let whole = export(&app, &directory, "organisations", &format!("mit.{format}"), &["--filter", "type=MUNICIPALITY", "--lang", "de"]);
            let (done, told) = import(&other, "organisations", &whole);
            assert!(done, "{told}");
        }
        assert_eq!(named(&other, "organisations", "Gemeinde Muster")["parent"], here["id"]);
        let csv = app.client.get("/v1/organisations/export?format=csv&lang=fr&sort=number").expect(200).text();
        assert!(csv.contains("parent;parent_label;") && csv.contains(&format!("{};Kanton Muster;", id(&canton))), "{csv}");
        let plain = app.client.get("/v1/organisations/export?format=csv").expect(200).text();
        assert!(!plain.contains("parent_label"), "{plain}");
    }
}

on_both_databases! {
    fn what_a_rejected_line_names_is_rejected_with_it(app) {
        bodies(&app);
        let (directory, other) = (Directory::new(), App::start(app.backend));
        other.create("organisations", json!({"name": "Andere Stelle", "type": "COURT"}));
        let file = export(&app, &directory, "organisations", "alles.csv", &["--filter", "sort=-number"]);
        let (done, told) = other.command(&["import", "--register", "organisations", "--lang", "de", &file]);
        assert!(!done && told.starts_with("6 lines: 2 created, 0 changed, 0 as before, 0 older than what is held, 4 rejected"), "{told}");
        let rejected = std::fs::read_to_string(directory.0.join("alles.rejected.csv")).unwrap();
        assert!(rejected.contains("die Nummer hat schon ein anderer Eintrag"), "{rejected}");
        assert_eq!(rejected.matches("nennt einen Eintrag, den es nicht gibt").count(), 3, "{rejected}");
        // With another number it is kept, and so are those that name it.
        std::fs::write(directory.0.join("neu.csv"), rejected.replace("ORG-0001", "ORG-0101")).unwrap();
        imported(&other, "organisations", &directory.0.join("neu.csv").display().to_string(), "4 created");
        assert_eq!(named(&other, "organisations", "Stufe 1")["parent"], named(&other, "organisations", "Kanton")["id"]);
    }
}
