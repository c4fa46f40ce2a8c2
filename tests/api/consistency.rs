//! What is derived agrees with what it is derived from, whatever happens; and what is wrong is found.

use proptest::prelude::*;
use proptest::test_runner::{Config as Runner, TestRunner};
use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::{App, Backend, Client};

/// Something that somebody does.
#[derive(Clone, Debug)]
enum Step {
    Create { register: usize, year: i32, choice: usize, closed: bool },
    Reclassify { record: usize, choice: usize },
    Close { record: usize, days: u64 },
    Reopen { record: usize },
    Move { record: usize, year: i32 },
    Delete { record: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let (record, choice, year) = (0..50_usize, 0..40_usize, 2014..2018_i32);
    prop_oneof![
        4 => (0..5_usize, year.clone(), choice.clone(), any::<bool>())
            .prop_map(|(register, year, choice, closed)| Step::Create { register, year, choice, closed }),
        2 => (record.clone(), choice).prop_map(|(record, choice)| Step::Reclassify { record, choice }),
        2 => (record.clone(), 0..400_u64).prop_map(|(record, days)| Step::Close { record, days }),
        1 => record.clone().prop_map(|record| Step::Reopen { record }),
        1 => (record.clone(), year).prop_map(|(record, year)| Step::Move { record, year }),
        1 => record.prop_map(|record| Step::Delete { record }),
    ]
}

/// A value of the list, or none.
fn pick(list: &[&'static str], choice: usize) -> Value {
    list.get(choice % (list.len() + 1)).map_or(Value::Null, |value| json!(value))
}

fn own(register: &str, choice: usize) -> Value {
    match register {
        "cases" => json!({
            "requester": {"type": pick(&["MUNICIPALITY", "CANTON", "PRIVATE"], choice)},
            "area": pick(&["IT", "POLICE", "EDUCATION", "SOCIAL", "PRIVATE", "HEALTH", "OTHER"], choice / 3),
            "channel": pick(&["WEB_FORM", "EMAIL"], choice / 7),
            "responsible": pick(&["RF", "SB"], choice),
        }),
        "projects" => json!({"role": if choice.is_multiple_of(2) { "LEAD" } else { "PARTICIPATION" }}),
        "events" => json!({"kind": if choice.is_multiple_of(2) { "TRAINING" } else { "LECTURE" }}),
        "media-requests" => json!({"medium": pick(&["PRINT", "TV"], choice)}),
        _ => json!({"subject": format!("Gegenstand {choice}")}),
    }
}

fn take(client: &Client, records: &mut Vec<(String, Value)>, step: &Step) {
    let patch = |records: &mut Vec<(String, Value)>, record: usize, body: &dyn Fn(&str, &Value) -> Value| {
        if records.is_empty() {
            return;
        }
        let index = record % records.len();
        let (path, held) = records[index].clone();
        let body = body(path.split('/').nth(2).unwrap(), &held);
        let answer = client.patch(&path, &format!("\"{}\"", held["revision"]), &body);
        assert!([200, 422].contains(&answer.status), "{}", answer.text());
        if answer.status == 200 {
            records[index].1 = answer.json();
        }
    };
    match step {
        Step::Create { register, year, choice, closed } => {
            let register = aufsicht::registers::counted().nth(*register).unwrap().name;
            let mut body = json!({"title": "x", "received_on": format!("{year}-{:02}-15", 1 + choice % 12)});
            body.as_object_mut().unwrap().extend(own(register, *choice).as_object().unwrap().clone());
            if *closed {
                body["closed_on"] = json!(format!("{}-01-10", year + 1));
            }
            let record = client.post(&format!("/v1/{register}"), &body).expect(201).json();
            records.push((format!("/v1/{register}/{}", record["id"].as_str().unwrap()), record));
        }
        Step::Reclassify { record, choice } => patch(records, *record, &|register, _| own(register, *choice)),
        Step::Close { record, days } => patch(records, *record, &|_, held| {
            let received: chrono::NaiveDate = held["received_on"].as_str().unwrap().parse().unwrap();
            json!({"closed_on": received + chrono::Days::new(*days)})
        }),
        Step::Reopen { record } => patch(records, *record, &|_, _| json!({"closed_on": null})),
        Step::Move { record, year } => patch(records, *record, &|_, _| json!({"received_on": format!("{year}-02-02")})),
        Step::Delete { record } => {
            if !records.is_empty() {
                let (path, _) = records.remove(record % records.len());
                client.delete(&path, "*").expect(204);
            }
        }
    }
}

/// Whatever is created, changed, reopened and deleted: the cube is what a recount gives, and each cell has as many
/// records as it says.
fn holds_for_every_sequence(backend: Backend) {
    let mut runner = TestRunner::new(Runner { cases: 12, max_shrink_iters: 40, ..Runner::default() });
    let steps = prop::collection::vec(step(), 1..40);
    runner
        .run(&steps, |steps| {
            let app = App::start(backend);
            let mut records = Vec::new();
            steps.iter().for_each(|step| take(&app.client, &mut records, step));
            prop_assert_eq!(app.differences(), Vec::<String>::new());
            let table = app.client.get("/v1/statistics/services?from=2014&to=2017").json();
            for line in table["lines"].as_array().unwrap() {
                for (year, value) in (2014..).zip(line["values"].as_array().unwrap()) {
                    let code = line["code"].as_str().unwrap();
                    let path = format!("/v1/statistics/services/{code}/{year}/records");
                    prop_assert_eq!(
                        app.client.all(&path).len() as i64,
                        value.as_i64().unwrap_or(0),
                        "{} {}",
                        code,
                        year
                    );
                }
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn holds_for_every_sequence_on_sqlite() {
    holds_for_every_sequence(Backend::Sqlite);
}

#[test]
fn holds_for_every_sequence_on_postgres() {
    holds_for_every_sequence(Backend::Postgres);
}

/// Puts the sealed notes back.
const RESTORE: &str = "UPDATE records SET personal = (SELECT personal FROM kept WHERE kept.pos = 1) WHERE pos = 1";

on_both_databases! {
    fn verify_finds_what_was_altered_by_hand(app) {
        let path = format!("/v1/cases/{}", app.case("Ein Fall")["id"].as_str().unwrap());
        app.client.patch(&path, "*", &json!({"area": "IT", "notes": "x"})).expect(200);
        app.case("Ein anderer Fall");
        app.tampered();
        app.sql("CREATE TABLE kept AS SELECT pos, personal FROM records");
        assert_eq!(app.differences(), Vec::<String>::new());
        let unsearched = if app.backend == Backend::Sqlite {
            // The first record is the one before the second in the index, both being of one day.
            ("INSERT INTO records_search (records_search, rowid, words) SELECT 'delete', max(doc) - 1, 'ein' FROM records_words",
             "INSERT INTO records_search (rowid, words) SELECT max(doc) - 1, 'ein' FROM records_words")
        } else {
            ("UPDATE records_search SET word = 'x' WHERE word = 'fall' AND key & 4294967295 = 1",
             "UPDATE records_search SET word = 'fall' WHERE word = 'x'")
        };
        // An entry of a word that no title has.
        let unlisted = if app.backend == Backend::Sqlite {
            ("INSERT INTO records_search (rowid, words) SELECT max(doc), 'nirgends' FROM records_words",
             "INSERT INTO records_search (records_search, rowid, words) SELECT 'delete', max(doc), 'nirgends' FROM records_words")
        } else {
            ("INSERT INTO records_search (word, key) SELECT 'nirgends', max(key) FROM records_search",
             "DELETE FROM records_search WHERE word = 'nirgends'")
        };
        let alterations = [
            ("UPDATE cube SET received = received + 1 WHERE area = 'IT'", "UPDATE cube SET received = received - 1 WHERE area = 'IT'", "cube: "),
            ("UPDATE records SET area = 'POLICE' WHERE pos = 1", "UPDATE records SET area = 'IT' WHERE pos = 1", "differs from its history in area"),
            ("UPDATE records SET title = 'Ein Fall!!' WHERE pos = 1", "UPDATE records SET title = 'Ein Fall' WHERE pos = 1", "differs from its history in title"),
            ("UPDATE records SET personal = NULL WHERE pos = 1", RESTORE, "differs from its history in notes"),
            ("UPDATE records SET personal = '{\"notes\":\"y\"}' WHERE pos = 1", RESTORE, "in clear text"),
            ("UPDATE records SET revision = 7 WHERE pos = 1", "UPDATE records SET revision = 2 WHERE pos = 1", "its history ends with 2"),
            ("UPDATE history SET changes = '[]' WHERE revision = 2", "UPDATE history SET changes = '[{\"property\":\"area\",\"old\":null,\"new\":\"IT\"}]' WHERE revision = 2", "differs from its history"),
            ("UPDATE changes SET action = 'DELETED' WHERE seq = 2", "UPDATE changes SET action = 'UPDATED' WHERE seq = 2", "entry 2 differs"),
            ("UPDATE changes SET seq = 9 WHERE seq = 3", "UPDATE changes SET seq = 3 WHERE seq = 9", "entry 3 is missing"),
            ("UPDATE counters SET value = 8 WHERE name = 'changes'", "UPDATE counters SET value = 3 WHERE name = 'changes'", "its counter says 8"),
            (unsearched.0, unsearched.1, "cannot be found by its words"),
            (unlisted.0, unlisted.1, "search: "),
        ];
        for (alter, restore, named) in alterations {
            app.sql(alter);
            let found = app.differences();
            assert!(found.iter().any(|difference| difference.contains(named)), "{alter}: {found:?}");
            app.sql(restore);
            assert_eq!(app.differences(), Vec::<String>::new(), "{restore}");
        }
        app.sql("DELETE FROM records WHERE pos = 2");
        let found = app.differences();
        assert!(found.iter().any(|difference| difference.contains("its history does not say so")), "{found:?}");
    }
}
