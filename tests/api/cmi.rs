//! The connector to CMI, against a server that speaks real HTTP and fails in all the ways that servers do.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::{App, Directory};
use crate::support::{Running, aufsicht};

/// How the next answer fails.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// This status.
    Status(u16),
    /// 429, to be asked again at once.
    Busy,
    /// Nothing, for longer than anybody waits.
    Hang,
    /// Fewer bytes than were announced.
    Cut,
    /// JSON that ends in the middle.
    Half,
    /// Another matter than was asked for.
    Other,
}

#[derive(Default)]
struct State {
    matters: BTreeMap<String, Value>,
    /// How the next answers fail: those of the search, and those about a matter.
    faults: [VecDeque<Fault>; 2],
    asked: Vec<String>,
    page_size: Option<usize>,
    /// What the search answers instead of what is there.
    search: Option<Value>,
}

/// A CMI server.
pub struct Cmi {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Cmi {
    pub fn start() -> Cmi {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let cmi = Cmi { address: listener.local_addr().unwrap(), state: Arc::default() };
        let state = cmi.state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = state.clone();
                std::thread::spawn(move || answer(stream, &state));
            }
        });
        cmi
    }

    pub fn put(&self, guid: &str, version: i64, fields: Value) {
        let mut matter = json!({"Guid": guid, "Version": version, "Titel": format!("Geschäft {guid}"), "Beginn": "2017-03-14T00:00:00", "LifecycleStatus": "Active"});
        matter.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        matter.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        self.state.lock().unwrap().matters.insert(guid.to_owned(), matter);
    }

    /// Lets the next searches fail.
    fn fail(&self, faults: &[Fault]) {
        self.state.lock().unwrap().faults[0].extend(faults);
    }

    /// Lets the next answers about matters fail.
    fn fail_matters(&self, faults: &[Fault]) {
        self.state.lock().unwrap().faults[1].extend(faults);
    }

    /// Lets the search answer this, or what is there again.
    fn search(&self, answer: Option<Value>) {
        self.state.lock().unwrap().search = answer;
    }

    /// Takes a matter away.
    fn delete(&self, guid: &str) {
        self.state.lock().unwrap().matters.remove(guid);
    }

    /// What was asked since the last time.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().unwrap().asked)
    }
}

fn answer(mut stream: TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            if line.trim().is_empty() {
                break;
            }
            head.push(line.trim().to_owned());
        }
        let path = head[0].split(' ').nth(1).unwrap().to_owned();
        let login = head.iter().any(|line| line.eq_ignore_ascii_case("authorization: Bearer geheim"));
        let (fault, found) = {
            let mut state = state.lock().unwrap();
            state.asked.push(path.clone());
            (state.faults[usize::from(!path.contains("/Search/"))].pop_front(), find(&state, &path))
        };
        let mut status = if !login {
            401
        } else if found.is_some() {
            200
        } else {
            404
        };
        let mut body = found.unwrap_or(Value::Null).to_string();
        let mut announced = None;
        match fault {
            None => {}
            Some(Fault::Status(other)) => status = other,
            Some(Fault::Busy) => status = 429,
            Some(Fault::Hang) => {
                std::thread::sleep(Duration::from_secs(2));
                return;
            }
            Some(Fault::Cut) => announced = Some(body.len() + 100),
            Some(Fault::Half) => body.truncate(body.len() / 2),
            Some(Fault::Other) => body = json!({"Guid": "other", "Version": 99, "Titel": "Fremd"}).to_string(),
        }
        let length = announced.unwrap_or(body.len());
        let head = format!(
            "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nRetry-After: 0\r\nContent-Length: {length}\r\n\r\n"
        );
        if stream.write_all(format!("{head}{body}").as_bytes()).is_err() || announced.is_some() {
            return;
        }
    }
}

fn find(state: &State, path: &str) -> Option<Value> {
    let path = path.strip_prefix("/api/Geschaeft/")?;
    let Some(search) = path.strip_prefix("Search/") else {
        let guid = path.replace("%7B", "").replace("%7D", "");
        return state
            .matters
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(&guid))
            .map(|(_, matter)| matter.clone());
    };
    if let Some(answer) = &state.search {
        return Some(answer.clone());
    }
    let hits: Vec<Value> =
        state.matters.values().map(|matter| json!({"Guid": matter["Guid"], "Version": matter["Version"]})).collect();
    let Some(size) = state.page_size else { return Some(Value::Array(hits)) };
    // The last page comes again and again.
    let page: usize = search.split("page=").nth(1).unwrap().parse().unwrap();
    let pages: Vec<&[Value]> = hits.chunks(size).collect();
    Some(json!({"Total": hits.len(), "Items": pages[page.min(pages.len()) - 1]}))
}

const MAPPING: &str = "
[[routes]]
field = \"Geschaeftsart\"
values = [\"Projekt\"]
register = \"projects\"
constants = { role = \"PARTICIPATION\" }

[mapping.columns]
area = [\"Themenbereich\"]
channel = [\"Eingangsart\"]
\"requester.type\" = [\"Gesuchsteller\"]

[mapping.values.status]
IN_PROGRESS = [\"Active\"]
CLOSED = [\"Closed\"]
";

/// The connector's command, with its settings in a directory.
fn connector(app: &App, cmi: &Cmi, directory: &Directory, more: &str) -> Command {
    let settings = format!(
        "base = \"http://{}/api/\"\ninsecure = true\nquery = \"ab {{since}}\"\nfirst = \"2013-01-01\"\nsystem = \"konsul\"\n\
         timeout = \"500ms\"\nattempts = 6\npause = \"10ms\"\n{more}\n[login]\ntoken_env = \"CMI_TOKEN\"\n{MAPPING}",
        cmi.address
    );
    std::fs::write(directory.0.join("cmi.toml"), settings).unwrap();
    let mut command = aufsicht(&directory.0);
    command.args(["sync", "cmi", "--config", "cmi.toml"]).env("DATABASE_URL", &app.config.database.url);
    command.env("CMI_TOKEN", "geheim");
    command
}

/// Runs it once; whether all was kept, and what was told.
pub fn once(app: &App, cmi: &Cmi, directory: &Directory) -> (bool, String) {
    once_with(app, cmi, directory, &[])
}

/// The same with further arguments.
fn once_with(app: &App, cmi: &Cmi, directory: &Directory, arguments: &[&str]) -> (bool, String) {
    let Output { status, stdout, stderr } = connector(app, cmi, directory, "").args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (status.success(), text(stdout) + &text(stderr))
}

fn held(app: &App, register: &str, guid: &str) -> Value {
    app.client.get(&format!("/v1/{register}/external/konsul/{guid}")).expect(200).json()
}

on_both_databases! {
    fn matters_are_fetched_when_they_are_newer(app) {
        let (cmi, directory) = (Cmi::start(), Directory::new());
        for n in 1..=5 {
            cmi.put(&format!("g{n}"), n, json!({"Themenbereich": "Informatik", "Gesuchsteller": "Gemeinde", "Geschaeftseigner": "RF", "Unbeachtet": {"a": 1}}));
        }
        let (whole, told) = once(&app, &cmi, &directory);
        assert!(whole && told.starts_with("CMI: 5 matters found, 5 created, 0 changed, 0 as before, 0 not kept."), "{told}");
        assert_eq!(told.lines().count(), 1, "{told}");
        let case = held(&app, "cases", "g3");
        assert_eq!((&case["title"], &case["received_on"], &case["status"], &case["area"]), (&json!("Geschäft g3"), &json!("2017-03-14"), &json!("IN_PROGRESS"), &json!("IT")));
        assert_eq!((&case["requester"]["type"], &case["responsible"], &case["external"]["version"]), (&json!("MUNICIPALITY"), &json!("RF"), &json!(3)));
        assert_eq!(cmi.asked()[0], "/api/Geschaeft/Search/ab%202013-01-01");
        // Nothing is newer: nothing is fetched, and the search begins where the last one was complete.
        let (whole, told) = once(&app, &cmi, &directory);
        assert!(whole && told.contains("0 created, 0 changed, 5 as before"), "{told}");
        let asked = cmi.asked();
        assert_eq!(asked.len(), 1, "{asked:?}");
        assert!(asked[0].starts_with("/api/Geschaeft/Search/ab%2020") && !asked[0].contains("2013"), "{asked:?}");
        cmi.put("g2", 7, json!({"Titel": "Neu", "LifecycleStatus": "Closed", "Ende": "2017-04-01"}));
        // An older version than is held is not looked at.
        cmi.put("g5", 4, json!({"Titel": "Alt"}));
        let (whole, told) = once(&app, &cmi, &directory);
        assert!(whole && told.contains("0 created, 1 changed, 4 as before"), "{told}");
        assert_eq!(cmi.asked().len(), 2);
        let case = held(&app, "cases", "g2");
        assert_eq!((&case["title"], &case["status"], &case["closed_on"], &case["revision"]), (&json!("Neu"), &json!("CLOSED"), &json!("2017-04-01"), &json!(2)));
        assert_eq!(case.get("area"), None, "what is absent is cleared");
        assert_eq!(held(&app, "cases", "g5")["title"], "Geschäft g5");
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

on_both_databases! {
    fn every_fault_is_survived(app) {
        let (cmi, directory) = (Cmi::start(), Directory::new());
        for n in 1..=6 {
            cmi.put(&format!("g{n}"), 1, json!({}));
        }
        cmi.fail(&[Fault::Status(500), Fault::Hang, Fault::Busy, Fault::Cut, Fault::Half]);
        let (whole, told) = once(&app, &cmi, &directory);
        assert!(whole && told.contains("6 created"), "{told}");
        for n in 1..=6 {
            cmi.put(&format!("g{n}"), 2, json!({}));
        }
        cmi.fail_matters(&[Fault::Status(502), Fault::Busy, Fault::Other, Fault::Cut, Fault::Half]);
        let (whole, told) = once(&app, &cmi, &directory);
        assert!(whole && told.contains("6 changed"), "{told}");
        for n in 1..=6 {
            cmi.put(&format!("g{n}"), 3, json!({}));
        }
        cmi.fail_matters(&[Fault::Status(503), Fault::Hang, Fault::Status(503)]);
        let (whole, told) = once(&app, &cmi, &directory);
        assert!(whole && told.contains("6 changed"), "{told}");
        // One matter that fails to the end harms no other, and is asked for again from the same day on.
        cmi.put("g1", 4, json!({}));
        cmi.put("g2", 4, json!({}));
        once(&app, &cmi, &directory);
        cmi.put("g1", 5, json!({"Titel": Value::Null}));
        cmi.put("g2", 5, json!({"Titel": "Weiter"}));
        cmi.asked();
        let (whole, told) = once(&app, &cmi, &directory);
        assert!(!whole && told.contains("1 changed") && told.contains("1 not kept") && told.contains("g1: title: is required"), "{told}");
        let first = cmi.asked()[0].clone();
        cmi.put("g1", 6, json!({}));
        assert!(once(&app, &cmi, &directory).0);
        assert_eq!(cmi.asked()[0], first);
        assert_eq!(held(&app, "cases", "g1")["external"]["version"], 6);
    }
}

on_both_databases! {
    fn a_refused_login_is_told_and_changes_nothing(app) {
        let (cmi, directory) = (Cmi::start(), Directory::new());
        cmi.put("g1", 1, json!({}));
        let output = connector(&app, &cmi, &directory, "").env("CMI_TOKEN", "falsch").output().unwrap();
        let why = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && why.contains("CMI refuses the login (401)") && !why.contains("falsch"), "{why}");
        assert_eq!(cmi.asked().len(), 1, "a refused login is not tried again");
        let output = connector(&app, &cmi, &directory, "").env_remove("CMI_TOKEN").output().unwrap();
        assert!(String::from_utf8(output.stderr).unwrap().contains("CMI_TOKEN is not set"));
        // A redirect would carry the token elsewhere.
        cmi.fail(&[Fault::Status(302); 6]);
        let output = connector(&app, &cmi, &directory, "").output().unwrap();
        assert!(String::from_utf8(output.stderr).unwrap().contains("CMI does not answer: it answers 302"));
        assert_eq!(app.client.get("/v1/cases").expect(200).json()["items"], json!([]));
    }
}

on_both_databases! {
    fn what_is_not_understood_is_told_and_left_out(app) {
        let (cmi, directory) = (Cmi::start(), Directory::new());
        cmi.put("g1", 1, json!({"Themenbereich": "Fischerei", "Eingangsart": "Brieftaube"}));
        cmi.put("g2", 1, json!({"Themenbereich": "Fischerei", "LifecycleStatus": "Closed"}));
        cmi.put("g3", 1, json!({"Geschaeftsart": "Projekt", "Geschaeftseigner": "x".repeat(101)}));
        let (whole, told) = once(&app, &cmi, &directory);
        assert!(whole && told.contains("3 created"), "{told}");
        assert!(told.contains("area: \"Fischerei\" is not one of IT, POLICE"), "{told}");
        assert!(told.contains("left out (2 matters)") && told.contains("channel: \"Brieftaube\""), "{told}");
        assert!(told.contains("closed_on: is required when the status is CLOSED") && told.contains("responsible: must not be longer"), "{told}");
        assert_eq!(held(&app, "cases", "g1").get("area"), None);
        assert_eq!(held(&app, "cases", "g2")["status"], "OPEN");
        assert_eq!(held(&app, "projects", "g3")["role"], "PARTICIPATION");
        // What goes elsewhere now is not doubled.
        cmi.put("g3", 2, json!({}));
        let (whole, told) = once(&app, &cmi, &directory);
        assert!(!whole && told.contains("g3: it is held in the register projects and would go to cases"), "{told}");
    }
}

on_both_databases! {
    fn pages_that_repeat_come_to_an_end(app) {
        let (cmi, directory) = (Cmi::start(), Directory::new());
        for n in 1..=7 {
            cmi.put(&format!("g{n}"), 1, json!({}));
        }
        cmi.state.lock().unwrap().page_size = Some(3);
        let output = connector(&app, &cmi, &directory, "page_parameter = \"page\"").output().unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        assert!(told.starts_with("CMI: 7 matters found, 7 created"), "{told}");
    }
}

on_both_databases! {
    fn it_goes_on_when_cmi_comes_back(app) {
        let (cmi, directory) = (Cmi::start(), Directory::new());
        cmi.put("g1", 1, json!({}));
        cmi.fail(&[Fault::Status(401), Fault::Status(500), Fault::Status(500), Fault::Status(500), Fault::Status(500), Fault::Status(500), Fault::Status(500)]);
        let mut command = connector(&app, &cmi, &directory, "");
        let child = command.args(["--every", "50ms"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut running = Running(child);
        let wait = |version: i64| {
            let until = Instant::now() + Duration::from_secs(30);
            loop {
                let found = app.client.get("/v1/cases/external/konsul/g1");
                if found.status == 200 && found.json()["external"]["version"] == version {
                    return;
                }
                assert!(Instant::now() < until, "version {version} does not come");
                std::thread::sleep(Duration::from_millis(50));
            }
        };
        wait(1);
        cmi.put("g1", 2, json!({}));
        wait(2);
        assert!(running.0.try_wait().unwrap().is_none(), "it ended");
    }
}

on_both_databases! {
    fn a_matter_without_a_day_is_told_until_it_has_one(app) {
        let (cmi, directory) = (Cmi::start(), Directory::new());
        let days = [Value::Null, json!("14.13.17"), json!("1899-12-30T00:00:00"), json!("0001-01-01T00:00:00"), json!("/Date(1489446000000)/")];
        for (n, day) in days.iter().enumerate() {
            cmi.put(&format!("g{n}"), 1, json!({"Beginn": day}));
        }
        cmi.put("gut", 1, json!({}));
        for run in 0..3 {
            let (whole, told) = once(&app, &cmi, &directory);
            assert!(!whole && told.contains("5 not kept") && told.lines().count() == 6, "{told}");
            for why in ["g0: received_on: is required", "\"14.13.17\" is not a date", "g2: received_on: must be from 1990", "g3: received_on: ", "\"/Date(1489446000000)/\" is not a date"] {
                assert!(told.contains(why), "{why}: {told}");
            }
            assert_eq!(app.client.all("/v1/cases").len(), 1);
            // The search goes on, and no longer names them: they are asked for all the same.
            assert_eq!(cmi.asked()[0].contains("2013-01-01"), run == 0);
            cmi.search(Some(json!([])));
        }
        for n in 0..days.len() {
            cmi.put(&format!("g{n}"), 1, json!({}));
        }
        let (whole, told) = once(&app, &cmi, &directory);
        assert!(whole && told.contains("5 created") && told.lines().count() == 1, "{told}");
        cmi.asked();
        once(&app, &cmi, &directory);
        assert_eq!(cmi.asked().len(), 1, "nothing is left to be asked for");
        assert_eq!(app.client.all("/v1/cases?year=2017").len(), 6);
    }
}

on_both_databases! {
    fn a_search_that_is_cut_is_an_error(app) {
        let (cmi, directory) = (Cmi::start(), Directory::new());
        for n in 1..=3 {
            cmi.put(&format!("g{n}"), 1, json!({}));
        }
        let list = json!([{"Guid": "g1", "Version": 1}, {"Guid": "g2", "Version": 1}]);
        let cuts = [
            (json!({"TotalCount": 3, "PageSize": 2, "Results": list}), "3 matters and names 2"),
            (json!({"@odata.count": "3", "value": list}), "3 matters and names 2"),
            (json!({"HasMore": true, "Results": list}), "more matters than the 2"),
            (json!({"@odata.nextLink": "https://cmi.example/2", "value": list}), "more matters than the 2"),
        ];
        for (answer, why) in cuts {
            cmi.search(Some(answer));
            let (whole, told) = once(&app, &cmi, &directory);
            assert!(!whole && told.contains(why) && told.contains("page_parameter"), "{told}");
            assert!(app.client.all("/v1/cases").is_empty());
            assert!(cmi.asked()[0].contains("2013-01-01"));
        }
        cmi.search(Some(json!({"TotalCount": 2, "PageCount": 9, "HasMore": false, "Next": null, "Results": list})));
        let (whole, told) = once(&app, &cmi, &directory);
        assert!(whole && told.contains("2 created"), "{told}");
    }
}

on_both_databases! {
    fn a_matter_is_one_however_its_guid_is_written(app) {
        let (cmi, directory) = (Cmi::start(), Directory::new());
        let guids = ["3f2504e0-4f89-11d3-9a0c-0305e82c3301", "3f2504e0-4f89-11d3-9a0c-0305e82c3302"];
        for guid in guids {
            cmi.put(guid, 1, json!({}));
        }
        assert!(once(&app, &cmi, &directory).1.contains("2 created"));
        let spelled = |spell: &dyn Fn(&str) -> String, version: i64| {
            let hits: Vec<Value> = guids.iter().map(|guid| json!({"Guid": spell(guid), "Version": version})).collect();
            cmi.search(Some(json!(hits)));
            guids.iter().for_each(|guid| cmi.put(guid, version, json!({})));
            once(&app, &cmi, &directory)
        };
        let (whole, told) = spelled(&|guid| guid.to_uppercase(), 1);
        assert!(whole && told.contains("0 created, 0 changed, 2 as before"), "{told}");
        let (whole, told) = spelled(&|guid| format!("{{{}}}", guid.to_uppercase()), 2);
        assert!(whole && told.contains("0 created, 2 changed, 0 as before"), "{told}");
        let cases = app.client.all("/v1/cases?sort=number");
        assert_eq!(cases.len(), 2);
        assert_eq!(cases[0]["external"], json!({"system": "konsul", "id": guids[0], "version": 2}));
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

on_both_databases! {
    fn one_bad_matter_costs_no_other_and_is_told_in_each_run(app) {
        let (cmi, directory) = (Cmi::start(), Directory::new());
        app.create("cases", json!({"title": "Von Hand", "received_on": "2017-01-03", "number": "2017-0001"}));
        cmi.put("lang", 1, json!({"Titel": "Titel ".repeat(60)}));
        cmi.put("ende", 1, json!({"Ende": "2017-01-01", "LifecycleStatus": "Closed"}));
        cmi.put("nummer", 1, json!({"Laufnummer": "2017-0001"}));
        cmi.put("gut", 1, json!({"Laufnummer": "2017-0777"}));
        let list: Vec<Value> = ["lang", "ende", "nummer", "gut", "weg"].iter().map(|guid| json!({"Guid": guid, "Version": 1})).collect();
        cmi.search(Some(json!(list)));
        for run in 0..2 {
            let (whole, told) = once(&app, &cmi, &directory);
            assert!(whole && told.contains("0 not kept") && told.contains(if run == 0 { "4 created" } else { "4 as before" }), "{told}");
            for why in ["title: must not be longer than 300; its beginning is kept", "closed_on: must not be before", "closed_on: is required when the status is CLOSED", "number: 2017-0001 is the number of another record here"] {
                assert!(told.contains(why), "{why}: {told}");
            }
            assert!(told.contains("weg: is not there any more"), "{told}");
            assert_eq!(cmi.asked()[0].contains("2013-01-01"), run == 0);
        }
        assert_eq!(held(&app, "cases", "lang")["title"].as_str().unwrap().chars().count(), 300);
        assert_eq!(held(&app, "cases", "ende")["status"], "OPEN");
        assert_eq!(held(&app, "cases", "gut")["number"], "2017-0777");
        assert_ne!(held(&app, "cases", "nummer")["number"], "2017-0001");
        cmi.put("ende", 1, json!({"Ende": "2017-04-01", "LifecycleStatus": "Closed"}));
        let (_, told) = once(&app, &cmi, &directory);
        assert!(told.contains("1 changed") && !told.contains("closed_on"), "{told}");
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

on_both_databases! {
    fn a_full_comparison_finds_what_is_gone(app) {
        let (cmi, directory) = (Cmi::start(), Directory::new());
        for n in 1..=4 {
            cmi.put(&format!("g{n}"), n, json!({}));
        }
        assert!(once(&app, &cmi, &directory).1.contains("4 created"));
        cmi.delete("g1");
        let (_, told) = once(&app, &cmi, &directory);
        assert_eq!(told.lines().count(), 1, "{told}");
        // What the search does not name but CMI has is not gone.
        cmi.search(Some(json!([{"Guid": "g2", "Version": 2}, {"Guid": "g3", "Version": 3}])));
        cmi.asked();
        let (whole, told) = once_with(&app, &cmi, &directory, &["--full"]);
        assert!(whole && told.contains("g1: is not there any more; held here as 2017-0001 of cases") && !told.contains("g4"), "{told}");
        assert!(cmi.asked()[0].contains("2013-01-01"));
        held(&app, "cases", "g1");
        assert!(once(&app, &cmi, &directory).1.contains("g1: is not there any more"), "it is told until it is decided");
        let (whole, told) = once_with(&app, &cmi, &directory, &["--full", "--delete"]);
        assert!(whole && told.contains("g1: is not there any more") && told.contains("deleted now"), "{told}");
        app.client.get("/v1/cases/external/konsul/g1").expect_problem(404, "not-found");
        let (_, told) = once(&app, &cmi, &directory);
        assert_eq!(told.lines().count(), 1, "{told}");
        // What a person deletes here does not come back, unless it is newer there.
        let gone = held(&app, "cases", "g3");
        app.client.delete(&format!("/v1/cases/{}", gone["id"].as_str().unwrap()), "*").expect(204);
        let (whole, told) = once(&app, &cmi, &directory);
        assert!(whole && told.contains("0 created") && told.contains("1 were deleted here and are no newer there"), "{told}");
        cmi.search(None);
        cmi.put("g3", 5, json!({}));
        assert!(once(&app, &cmi, &directory).1.contains("1 created"));
        assert!(!connector(&app, &cmi, &directory, "").args(["--delete"]).output().unwrap().status.success());
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

/// An STS that gives a token of so many seconds for the right secret: the first is called `geheim`, and so are those that
/// follow after CMI took the one before no longer.
fn sts(seconds: u64) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/sts/Mandant/identity/connect/token", listener.local_addr().unwrap());
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let forms = asked.clone();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut length, mut line) = (0, String::new());
            while reader.read_line(&mut line).unwrap_or(0) > 0 && line.trim() != "" {
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                line.clear();
            }
            let mut body = vec![0; length];
            std::io::Read::read_exact(&mut reader, &mut body).unwrap();
            let form = String::from_utf8(body).unwrap();
            let is_right = form.contains("client_secret=richtig%2B");
            forms.lock().unwrap().push(form);
            let (status, answer) = match is_right {
                true => (200, json!({"access_token": "geheim", "token_type": "Bearer", "expires_in": seconds})),
                false => (400, json!({"error": "invalid_client"})),
            };
            let answer = answer.to_string();
            let _ = write!(
                stream,
                "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{answer}",
                answer.len()
            );
        }
    });
    (url, asked)
}

on_both_databases! {
    fn it_logs_in_by_client_credentials(app) {
        let (cmi, directory) = (Cmi::start(), Directory::new());
        for n in 1..=3 {
            cmi.put(&format!("g{n}"), 1, json!({}));
        }
        let run = |seconds: u64, secret: &str| {
            let (url, asked) = sts(seconds);
            let mut command = connector(&app, &cmi, &directory, "");
            let file = directory.0.join("cmi.toml");
            let login = format!("token_url = \"{url}\"\nclient_id = \"aufsicht\"\nclient_secret_env = \"CMI_SECRET\"\nscope = \"metatool\"\n");
            let settings = std::fs::read_to_string(&file).unwrap().replace("token_env = \"CMI_TOKEN\"\n", &login);
            std::fs::write(&file, settings).unwrap();
            // In a file too, as orchestrators hand secrets over.
            let kept = directory.0.join("secret");
            std::fs::write(&kept, format!("{secret}\n")).unwrap();
            let output = if seconds == 0 { command.env("CMI_SECRET_FILE", &kept) } else { command.env("CMI_SECRET", secret) }.output().unwrap();
            let told = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
            let forms = asked.lock().unwrap().clone();
            (told, forms)
        };
        let (told, forms) = run(3600, "richtig+");
        assert!(told.contains("3 created"), "{told}");
        assert_eq!(forms, ["grant_type=client_credentials&client_id=aufsicht&client_secret=richtig%2B&scope=metatool"]);
        // A token that is over at once is renewed for each question, and one that is not taken is replaced once.
        cmi.put("g1", 2, json!({}));
        let (told, forms) = run(0, "richtig+");
        assert!(told.contains("1 changed") && forms.len() == 2, "{told} {forms:?}");
        cmi.fail(&[Fault::Status(401)]);
        let (told, forms) = run(3600, "richtig+");
        assert!(told.contains("3 as before") && forms.len() == 2, "{told} {forms:?}");
        cmi.fail(&[Fault::Status(401), Fault::Status(401)]);
        let (told, forms) = run(3600, "richtig+");
        assert!(told.contains("CMI refuses the login (401)") && forms.len() == 2, "{told} {forms:?}");
        let (told, _) = run(3600, "falsch");
        assert!(told.contains("CMI refuses the login (400)") && !told.contains("falsch"), "{told}");
    }
}

on_both_databases! {
    fn objects_go_by_what_they_are_called(app) {
        let (cmi, directory) = (Cmi::start(), Directory::new());
        cmi.put("g1", 1, json!({
            "Geschaeftseigner": {"Guid": "3f25aaaa-0000-4000-8000-000000000001", "DisplayName": "Ruth Frei"},
            "LifecycleStatus": {"Id": 2, "Name": "InBearbeitung"},
            "Themenbereich": {"Id": 7}
        }));
        cmi.put("g2", 1, json!({"Geschaeftseigner": "3f25aaaa-0000-4000-8000-000000000001", "LifecycleStatus": "InBearbeitung"}));
        let measured = directory.0.join("sync.prom");
        let (_, told) = once_with(&app, &cmi, &directory, &["--metrics", "sync.prom"]);
        assert!(told.contains("2 created"), "{told}");
        assert!(told.contains("area: Themenbereich is an object without a name; the mapping can name a part of it"), "{told}");
        assert!(told.contains("responsible: Geschaeftseigner is an id and no name"), "{told}");
        let case = held(&app, "cases", "g1");
        assert_eq!((&case["responsible"], &case["status"]), (&json!("Ruth Frei"), &json!("IN_PROGRESS")));
        let case = held(&app, "cases", "g2");
        assert_eq!((case.get("responsible"), &case["status"]), (None, &json!("IN_PROGRESS")));
        let measured = std::fs::read_to_string(measured).unwrap();
        assert!(measured.contains("aufsicht_sync_last_run_created{system=\"konsul\"} 2\n"), "{measured}");
        // In pieces with a time each where it runs again and again.
        let mut running = connector(&app, &cmi, &directory, "");
        let mut running = running.args(["--every", "1s"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(running.stdout.take().unwrap()).read_line(&mut line).unwrap();
        running.kill().unwrap();
        running.wait().unwrap();
        assert!(line.starts_with("20") && line.contains("Z CMI: 2 matters found") && line.contains(" seconds."), "{line}");
    }
}
