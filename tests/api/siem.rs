//! The audit trail and the access log as a file for a system that watches.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::cursors::instance;
use crate::faults::eventually;
use crate::on_both_databases;
use crate::support::{App, Backend, Client, Directory};

/// A service that writes such a file to a directory of its own.
fn with_file(backend: Backend) -> App {
    let directory = Directory::new();
    App::start_with(backend, |config| config.audit.siem_file = Some(directory.0.join("siem.jsonl")))
        .with_directory(directory)
}

fn file(app: &App) -> PathBuf {
    app.config.audit.siem_file.clone().unwrap()
}

/// The entries of a file, of both logs by their places; each line is whole.
fn entries(path: &Path) -> Vec<(String, i64, Value)> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    assert!(text.is_empty() || text.ends_with('\n'), "{text}");
    let entry = |line: &str| {
        let mut entry: Value = serde_json::from_str(line).unwrap();
        let log = entry.as_object_mut().unwrap().remove("log").unwrap();
        (log.as_str().unwrap().to_owned(), entry["seq"].as_i64().unwrap(), entry)
    };
    text.lines().map(entry).collect()
}

/// What the service says that both logs hold, oldest first.
fn held(client: &Client) -> (Vec<Value>, Vec<Value>) {
    (client.all("/v1/audit-trail?limit=1000"), client.all("/v1/access-log?limit=1000"))
}

/// Waits until the file has all that both logs hold, each entry as it stands there.
fn complete(client: &Client, paths: &[&Path]) {
    let (trail, log) = held(client);
    let of = |name: &str| {
        let mut all: Vec<(i64, Value)> = paths
            .iter()
            .flat_map(|path| entries(path))
            .filter(|(log, ..)| log == name)
            .map(|(_, seq, entry)| (seq, entry))
            .collect();
        all.sort_by_key(|(seq, _)| *seq);
        all.dedup();
        all
    };
    eventually("not all is in the file", || {
        (of("audit_trail").len(), of("access_log").len()) >= (trail.len(), log.len())
    });
    assert_eq!(of("audit_trail").into_iter().map(|(_, entry)| entry).collect::<Vec<_>>(), trail);
    let shown = |(_, mut entry): (i64, Value)| {
        let map = entry.as_object_mut().unwrap();
        assert!(map.remove("seq").is_some() && map.remove("hash").is_some());
        entry
    };
    assert_eq!(of("access_log").into_iter().map(shown).collect::<Vec<_>>(), log);
}

fn read(app: &App, number: usize) {
    for number in 0..number {
        let case = app.create("cases", json!({"title": format!("Fall {number}"), "notes": "Notiz des Falls"}));
        app.client.get(&format!("/v1/cases/{}", case["id"].as_str().unwrap())).expect(200);
    }
}

on_both_databases! {
    fn each_entry_of_both_logs_comes_to_the_file(app = with_file) {
        let path = file(&app);
        read(&app, 3);
        complete(&app.client, &[&path]);
        assert!(!std::fs::read_to_string(&path).unwrap().contains("Notiz"));
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let before = entries(&path).len();
        // It may be moved away at any time.
        let rotated = path.with_extension("1");
        std::fs::rename(&path, &rotated).unwrap();
        read(&app, 2);
        complete(&app.client, &[&rotated, &path]);
        assert_eq!(entries(&rotated).len(), before);
        let waiting = || app.client.get("/metrics").expect(200).text().contains("aufsicht_siem_entries_waiting 0.0\n");
        eventually("something waits", waiting);
    }
}

on_both_databases! {
    fn the_file_goes_on_after_a_stop_a_crash_and_a_time_without_room(app = with_file) {
        let path = file(&app);
        let mut app = app;
        let position = path.with_extension("jsonl.position");
        read(&app, 1);
        complete(&app.client, &[&path]);
        let early = std::fs::read(&position).unwrap();
        read(&app, 2);
        complete(&app.client, &[&path]);
        app.stop();
        let all = entries(&path);
        let mut places: Vec<(String, i64)> = all.iter().map(|(log, seq, _)| (log.clone(), *seq)).collect();
        places.sort();
        places.dedup();
        assert_eq!(places.len(), all.len(), "nothing stands there twice without a crash");
        // A crash left half a line, and a position from before.
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("{text}{{\"log\":\"audit_trail\",\"se")).unwrap();
        std::fs::write(&position, early).unwrap();
        let (service, client) = instance(&app, |_| {});
        complete(&client, &[&path]);
        eventually("what is doubtful is not written again", || entries(&path).len() > all.len());
        drop(service);
        // The file cannot be written for a while: the service goes on, and catches up.
        let away = path.with_extension("away");
        std::fs::rename(&path, &away).unwrap();
        std::fs::create_dir(&path).unwrap();
        let (_service, client) = instance(&app, |_| {});
        client.post("/v1/cases", &json!({"title": "Ohne Platz", "notes": "Notiz"})).expect(201);
        let waits = || client.get("/metrics").expect(200).text().contains("aufsicht_siem_entries_waiting 2.0\n");
        eventually("nobody is told that entries wait", waits);
        std::fs::remove_dir(&path).unwrap();
        complete(&client, &[&away, &path]);
    }
}

on_both_databases! {
    fn check_says_how_far_the_file_has_got(app = with_file) {
        let path = file(&app);
        read(&app, 1);
        complete(&app.client, &[&path]);
        let nowhere = Directory::new().0.join("none/siem.jsonl");
        assert!(aufsicht::audit::siem::check(&path).unwrap().contains("of the audit trail and 2 of the access log"));
        assert!(aufsicht::audit::siem::check(&nowhere).is_err());
    }
}
