//! The demonstration's other records: some of the public bodies that the cases name, entries of the public register, an
//! appeal, publications, a membership.

use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::admin::demo::DemoRecord;
use crate::registers;

/// Municipalities with their numbers in the official list of the Federal Statistical Office.
const MUNICIPALITIES: [(&str, u32); 6] =
    [("Emmen", 1024), ("Kriens", 1059), ("Horw", 1058), ("Hochdorf", 1031), ("Ebikon", 1054), ("Meggen", 1063)];

/// The records; they are entered before the others, which name these bodies.
pub fn records() -> Vec<DemoRecord> {
    let day = NaiveDate::from_ymd_opt(2012, 1, 3).unwrap_or_default();
    let record = |register: &'static str, body: Value| DemoRecord { register, entered_on: day, body };
    let municipality = |(name, number): (&str, u32)| {
        record(
            "organisations",
            json!({"name": format!("Gemeinde {name}"), "type": "MUNICIPALITY", "bfs_number": number}),
        )
    };
    let mut all: Vec<DemoRecord> = MUNICIPALITIES.into_iter().map(municipality).collect();
    all.extend([
        record("organisations", json!({"name": "Justiz- und Sicherheitsdepartement", "type": "CANTONAL_OFFICE"})),
        record(
            "organisations",
            json!({
                "name": "Amt für Migration", "type": "CANTONAL_OFFICE", "parent": "Justiz- und Sicherheitsdepartement"
            }),
        ),
        record("data-collections", example("data-collections")),
        record("data-collections", school_records()),
        record("publications", example("publications")),
        record(
            "memberships",
            json!({
                "group": "privatim, Konferenz der schweizerischen Datenschutzbeauftragten", "joined_on": "2012-01-01",
                "responsible": "RF", "role": "Mitglied",
                "meetings": [{"held_on": "2017-05-18", "effort_minutes": 480}, {"held_on": "2017-11-09", "effort_minutes": 420}]
            }),
        ),
        record(
            "proceedings",
            json!({
                "subject": "Beschwerde gegen die Bewilligung von Drohnenflügen über dem Seeufer von Horw",
                "filed_on": "2017-08-21", "responsible": "RF", "kind": "APPEAL", "instance": "Kantonsgericht Luzern"
            }),
        ),
    ]);
    all
}

/// The example of a register's document: an entry that is published.
fn example(register: &str) -> Value {
    registers::find(register).map(|register| (register.example)()).unwrap_or_default()
}

fn school_records() -> Value {
    json!({
        "name": "Schülerakten der Volksschule",
        "responsible_body": "Gemeinde Emmen",
        "purpose": "Führung der Schullaufbahn",
        "legal_basis": "Gesetz über die Volksschulbildung",
        "categories_of_persons": ["Lernende", "Eltern"],
        "categories_of_data": ["Personalien", "Zeugnisse"],
        "published": false
    })
}
