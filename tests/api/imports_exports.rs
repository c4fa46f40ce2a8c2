//! Files in and out by the command line, as people have them.

use std::io::Write;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::commands::aufsicht;
use crate::on_both_databases;
use crate::support::{App, Directory};

const LIST: &str = "Geschäftsnummer;Titel;Eingang;Anfragende;Bereich;Kanal;Status;Erledigt am;Name;Bemerkungen\r\n\
    2016-0007;\"Videoüberwachung; Schulhaus\nHorw\";14.3.2016;Gemeinde;Bildung;E-Mail;erledigt;1.4.2016;Hans Müller;\"sagt \"\"nein\"\"\"\r\n\
    ;Ohne Nummer;2016-05-02;Private;Gesundheit;Telefon;offen;;Frau Meier;\r\n\
    ;Ohne Nummer;2016-05-02;Private;Gesundheit;Telefon;offen;;Frau Zwei;\r\n";

/// Runs a command on the database of a service.
fn command(app: &App, directory: &Path, arguments: &[&str]) -> Output {
    aufsicht(directory).args(arguments).env("DATABASE_URL", &app.config.database.url).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Runs a command that must succeed, and returns what it printed.
#[track_caller]
fn ok(app: &App, directory: &Path, arguments: &[&str]) -> String {
    let Output { status, stdout, stderr } = command(app, directory, arguments);
    assert!(status.success(), "{} {}", text(&stdout), text(&stderr));
    text(&stdout)
}

/// Runs a command that must be refused, and returns why.
#[track_caller]
fn refused(app: &App, directory: &Path, arguments: &[&str]) -> String {
    let Output { status, stdout, stderr } = command(app, directory, arguments);
    assert!(!status.success() && stdout.is_empty(), "{}", text(&stdout));
    text(&stderr)
}

/// All records of a register, oldest first, without what differs from one time to the next.
fn records(app: &App, register: &str) -> Vec<Value> {
    let text = app.client.get(&format!("/v1/{register}/export?sort=received_on,number")).expect(200).text();
    let mut all: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for record in &mut all {
        for name in ["id", "created_at", "updated_at"] {
            record.as_object_mut().unwrap().remove(name);
        }
    }
    all
}

fn windows_1252(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
}

fn utf_16(text: &str) -> Vec<u8> {
    std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

on_both_databases! {
    fn files_come_as_people_have_them(app) {
        let directory = Directory::new();
        let tabs = LIST.replace("g; S", "g\u{1}S").replace(';', "\t").replace('\u{1}', "; ");
        let commas = LIST.replace(';', ",");
        let swapped = |bytes: Vec<u8>| bytes.chunks(2).flat_map(|pair| [pair[1], pair[0]]).collect::<Vec<u8>>();
        let files: [(&str, Vec<u8>); 9] = [
            ("utf8.csv", LIST.into()),
            ("mark.csv", format!("\u{feff}{LIST}").into()),
            ("excel.csv", format!("sep=;\r\n{LIST}").into()),
            ("ansi.csv", windows_1252(LIST)),
            ("unicode.txt", utf_16(&tabs)),
            ("tabs.tsv", tabs.clone().into()),
            ("commas.csv", commas.into()),
            ("unmarked.csv", utf_16(&tabs)[2..].to_vec()),
            ("unmarked-big.csv", swapped(utf_16(&tabs))[2..].to_vec()),
        ];
        let mut first = Vec::new();
        for (name, bytes) in files {
            std::fs::write(directory.0.join(name), bytes).unwrap();
            let told = ok(&app, &directory.0, &["import", "--register", "cases", name]);
            let expected = if first.is_empty() { "3 created, 0 changed, 0 as before" } else { "0 created" };
            assert!(told.starts_with("3 lines: ") && told.contains(expected) && told.contains(" 0 rejected"), "{name}: {told}");
            if first.is_empty() {
                first = records(&app, "cases");
            }
        }
        assert_eq!(first.len(), 3);
        for (name, bytes) in [("bild.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".as_slice()), ("null.csv", b"Titel;Eingang\nA\0B;1.3.2016\n")] {
            std::fs::write(directory.0.join(name), bytes).unwrap();
            let told = refused(&app, &directory.0, &["import", "--register", "cases", name]);
            assert_eq!(told, "aufsicht: the file is no list: give CSV, lines of JSON, or a spreadsheet (XLSX, ODS, XLS)\n", "{name}");
        }
        let titles: Vec<&str> = first.iter().map(|record| record["title"].as_str().unwrap()).collect();
        assert_eq!(titles, ["Videoüberwachung; Schulhaus Horw", "Ohne Nummer", "Ohne Nummer"]);
        assert_eq!(first[0]["notes"], "sagt \"nein\"");
        assert_eq!((&first[0]["number"], &first[0]["closed_on"], &first[0]["status"]), (&json!("2016-0007"), &json!("2016-04-01"), &json!("CLOSED")));
        assert_eq!((&first[1]["requester"]["type"], &first[1]["area"], &first[1]["channel"]), (&json!("PRIVATE"), &json!("HEALTH"), &json!("PHONE")));
        let names: Vec<&Value> = first[1..].iter().map(|record| &record["requester"]["name"]).collect();
        assert!(names.contains(&&json!("Frau Meier")) && names.contains(&&json!("Frau Zwei")));
        assert_eq!(records(&app, "cases").len(), 3);
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

on_both_databases! {
    fn rejected_lines_come_back_with_reasons_to_be_corrected(app) {
        let directory = Directory::new();
        let bad = format!("{LIST};Schlecht;31.2.2016;Mars;Fischerei;;;;;\r\n;Zu;2.5.2016;Kanton;;;erledigt;;;\r\n;Viel;2.5.2016;;;;;;;;mehr\r\n");
        std::fs::write(directory.0.join("liste.csv"), bad).unwrap();
        let import = |arguments: &[&str]| command(&app, &directory.0, &[&["import", "--register", "cases"], arguments].concat());
        let Output { status, stdout, .. } = import(&["liste.csv"]);
        assert!(!status.success(), "some were rejected");
        assert!(text(&stdout).starts_with("6 lines: 3 created, 0 changed, 0 as before, 0 older than what is held, 3 rejected."));
        let rejected = std::fs::read_to_string(directory.0.join("liste.rejected.csv")).unwrap();
        let lines: Vec<&str> = rejected.lines().collect();
        assert!(lines[0].ends_with(";Bemerkungen;_rejected"), "{rejected}");
        for said in ["Eingang (row 6): \"\"31.2.2016\"\" is not a date", "Anfragende (row 6): \"\"Mars\"\" is not one of MUNICIPALITY", "Bereich (row 6): \"\"Fischerei\"\""] {
            assert!(lines[1].contains(said), "{}", lines[1]);
        }
        assert!(lines[2].contains("Erledigt am (row 7): is required") && lines[3].contains("11 cells and the header 10"), "{rejected}");
        // What is rejected is not overwritten by the next run, which says the same.
        assert!(text(&import(&["liste.csv"]).stderr).contains("liste.rejected.csv is there already"));
        let corrected = rejected.replace("31.2.2016", "29.2.2016").replace("Mars", "Kanton").replace("Fischerei", "Diverse")
            .replace(";erledigt;;", ";erledigt;3.5.2016;").replace(";;;;mehr", ";;;");
        std::fs::write(directory.0.join("liste.rejected.csv"), corrected).unwrap();
        let Output { status, stdout, stderr } = import(&["liste.rejected.csv"]);
        assert!(status.success() && text(&stdout).starts_with("3 lines: 3 created"), "{} {}", text(&stdout), text(&stderr));
        assert_eq!(records(&app, "cases").len(), 6);
    }
}

on_both_databases! {
    fn reasons_are_told_in_the_language_of_the_list(app) {
        let directory = Directory::new();
        let list = "Gemeinde;Art;BFS-Nr.;gültig ab;gültig bis\nHorw;Gemeinde;1058;;\nHorw 2;Gemeinde;1058;;\nKriens;Gemeinde;77777;;\n\
            Gericht;Gericht;12;2.1.2017;1.1.2017\n";
        let list = list.replace("gültig ab", "valid_from").replace("gültig bis", "valid_to");
        std::fs::write(directory.0.join("stellen.csv"), list).unwrap();
        let rejected = |register: &str, name: &str| {
            let arguments = ["import", "--register", register, "--lang", "de", name];
            assert!(!command(&app, &directory.0, &arguments).status.success());
            std::fs::read_to_string(directory.0.join(name.replace(".csv", ".rejected.csv"))).unwrap()
        };
        let told = rejected("organisations", "stellen.csv");
        for reason in [
            "BFS-Nr. (Zeile 3): den Wert hat schon ein anderer Eintrag (",
            "BFS-Nr. (Zeile 4): liegt nicht zwischen 1 und 9999",
            "BFS-Nr. (Zeile 5): gibt es nur bei Gemeinden",
            "valid_to (Zeile 5): liegt vor dem Beginn der Gültigkeit",
        ] {
            assert!(told.contains(reason), "{reason}: {told}");
        }
        let long = "x".repeat(301);
        let list = format!("Titel;Eingang;Erledigt am;Status;Anfragende;Art\n{long};2.5.2016;1.5.2016;;;\nZu;2.5.2016;3.5.2016;offen;;\n\
            Von wem;2.5.1889;;;Gemeinde;CONSULTATION\n");
        std::fs::write(directory.0.join("liste.csv"), list.replace(";Art\n", ";kind\n")).unwrap();
        let told = rejected("cases", "liste.csv");
        for reason in [
            "Titel (Zeile 2): ist zu lang: höchstens 300 sind zulässig",
            "Status (Zeile 3): widerspricht einer anderen Angabe",
            "Eingang (Zeile 4): liegt nicht zwischen 1990-01-01 und 2199-12-31",
            "Anfragende (Zeile 4): passt nicht zu einer anderen Angabe; verlangt: CANTON",
        ] {
            assert!(told.contains(reason), "{reason}: {told}");
        }
        assert!(!told.contains("must"), "{told}");
    }
}

on_both_databases! {
    fn a_stray_quotation_mark_costs_its_own_line_only(app) {
        let directory = Directory::new();
        let line = |n: u32| {
            let notes = if n == 3 { "\"Fall Huber" } else { "erledigt" };
            format!("2016-9{n};Fall {n};{}.3.2016;{notes};Informatik\n", 1 + n % 28)
        };
        let list: String = std::iter::once("Nummer;Titel;Eingang;Bemerkungen;Bereich\n".into()).chain((1..=119).map(line)).collect();
        std::fs::write(directory.0.join("liste.csv"), &list).unwrap();
        let import = |file: &str| {
            let Output { status, stdout, .. } = command(&app, &directory.0, &["import", "--register", "cases", file]);
            (status.success(), text(&stdout))
        };
        let (whole, told) = import("liste.csv");
        assert!(!whole && told.starts_with("119 lines: 118 created, 0 changed, 0 as before, 0 older than what is held, 1 rejected."), "{told}");
        assert!(records(&app, "cases").iter().all(|case| case["notes"] == "erledigt"));
        let rejected = std::fs::read_to_string(directory.0.join("liste.rejected.csv")).unwrap();
        assert!(rejected.contains("a quotation mark opens a cell in line 4 and the file ends before it is closed"), "{rejected}");
        // What is corrected is taken, and the whole list again is the same again.
        let corrected = rejected.replace("\"\"\"Fall Huber\"", "\"\"\"Fall\"\" Huber\"");
        std::fs::write(directory.0.join("rest.csv"), corrected).unwrap();
        std::fs::remove_file(directory.0.join("liste.rejected.csv")).unwrap();
        assert_eq!(import("rest.csv"), (true, "1 line: 1 created, 0 changed, 0 as before, 0 older than what is held, 0 rejected.\n".into()));
        assert!(records(&app, "cases").iter().any(|case| case["notes"] == "\"Fall\" Huber"));
        std::fs::write(directory.0.join("ganz.csv"), list.replace("\"Fall Huber", "\"\"\"Fall\"\" Huber\"")).unwrap();
        assert!(import("ganz.csv").1.contains("0 created, 0 changed, 119 as before"));
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

on_both_databases! {
    fn lines_that_are_broken_or_cut_are_rejected(app) {
        let directory = Directory::new();
        let rejected = |name: &str, list: &str, told: &str, reasons: &[&str]| {
            std::fs::write(directory.0.join(name), list).unwrap();
            let Output { status, stdout, .. } = command(&app, &directory.0, &["import", "--register", "cases", name]);
            assert!(!status.success() && text(&stdout).starts_with(told), "{name}: {}", text(&stdout));
            let (stem, extension) = name.split_once('.').unwrap();
            let rejects = std::fs::read_to_string(directory.0.join(format!("{stem}.rejected.{extension}"))).unwrap();
            for reason in reasons {
                assert!(rejects.contains(reason), "{name}: {rejects}");
            }
        };
        let lines = "Titel;Eingang;Bereich\nErste Zeile\nRest des Titels;14.3.2016;Informatik\nOhne Datum;;Informatik\n";
        rejected("kurz.csv", lines, "3 lines: 1 created", &["the line has 1 cells and the header 3"]);
        let marks = "Titel;Eingang;Bereich\n\"24\" Schirm;14.3.2016;Informatik\n24\" Schirm;14.3.2016;Informatik\nGut;14.3.2016;Informatik\n";
        rejected("zoll.csv", marks, "3 lines: 1 created", &["line 2 before the cell ends", "line 3 has a quotation mark within a cell"]);
        let cut = "Titel;Eingang;Bereich\nGanz;15.3.2016;Informatik\n\"Halb ange";
        rejected("schnitt.csv", cut, "2 lines: 1 created", &["opens a cell in line 3 and the file ends"]);
        let pair = "Titel;Eingang;Bereich\n\"Erster;16.3.2016;Informatik\nZweiter;16.3.2016;Informatik\nDritter\";16.3.2016;Informatik\n";
        rejected("paar.csv", pair, "3 lines: 1 created", &["one cell of 3 lines"]);
        let json = "{\"title\": \"Ganz\", \"received_on\": \"2016-03-17\"}\n{\"title\": \"Halb\", \"received_on\": \"2016-0";
        rejected("schnitt.ndjson", json, "2 lines: 1 created", &["the JSON ends too early"]);
        std::fs::write(directory.0.join("kopf.csv"), "Titel;\"Eingang\nx;14.3.2016\n").unwrap();
        let why = refused(&app, &directory.0, &["import", "--register", "cases", "kopf.csv"]);
        assert!(why.contains("the header cannot be read: a quotation mark opens a cell in line 1"), "{why}");
    }
}

on_both_databases! {
    fn a_column_that_is_not_known_is_named_before_anything_is_kept(app) {
        let directory = Directory::new();
        let list = LIST.replace(";Bereich;", ";Sparte;").replace(";Bemerkungen", ";Kategorie").replace("Bildung", "Schulwesen");
        std::fs::write(directory.0.join("liste.csv"), list).unwrap();
        let why = refused(&app, &directory.0, &["import", "--register", "cases", "liste.csv"]);
        assert!(why.contains("\"Sparte\", \"Kategorie\"") && why.contains("--guess"), "{why}");
        assert_eq!(records(&app, "cases").len(), 0);
        let why = refused(&app, &directory.0, &["import", "--register", "fish", "liste.csv"]);
        assert!(why.contains("fish is not known; there are cases, "), "{why}");
        let proposed = ok(&app, &directory.0, &["import", "--register", "cases", "--guess", "liste.csv"]);
        assert!(proposed.contains("# PROPERTY = [\"Sparte\"]") && proposed.contains("number = [\"Geschäftsnummer\"]"), "{proposed}");
        let mapping = proposed.replace("ignore = []", "ignore = [\"Kategorie\"]").replace("# PROPERTY = [\"Sparte\"]", "area = [\"Sparte\"]");
        std::fs::write(directory.0.join("m.toml"), &mapping).unwrap();
        // With the column known its words are asked for.
        let proposed = ok(&app, &directory.0, &["import", "--register", "cases", "--mapping", "m.toml", "--guess", "liste.csv"]);
        assert!(proposed.contains("# VALUE = [\"Schulwesen\"]"), "{proposed}");
        std::fs::write(directory.0.join("m.toml"), format!("{mapping}\n[values.area]\nEDUCATION = [\"Schulwesen\"]\n[constants]\nresponsible = \"RF\"\n")).unwrap();
        let told = ok(&app, &directory.0, &["import", "--register", "cases", "--mapping", "m.toml", "liste.csv"]);
        assert!(told.starts_with("3 lines: 3 created"), "{told}");
        let kept = records(&app, "cases");
        assert_eq!((&kept[0]["area"], &kept[0]["responsible"]), (&json!("EDUCATION"), &json!("RF")));
        std::fs::write(directory.0.join("m.toml"), "[columns]\nfarbe = [\"Farbe\"]\n").unwrap();
        let why = refused(&app, &directory.0, &["import", "--register", "cases", "--mapping", "m.toml", "liste.csv"]);
        assert!(why.contains("the property farbe, which no register has"), "{why}");
    }
}

on_both_databases! {
    fn what_was_changed_here_is_not_overwritten(app) {
        let directory = Directory::new();
        std::fs::write(directory.0.join("liste.csv"), LIST).unwrap();
        ok(&app, &directory.0, &["import", "--register", "cases", "liste.csv"]);
        // The file changes, nothing was changed here: it wins.
        std::fs::write(directory.0.join("liste.csv"), LIST.replace("Bildung", "Polizei")).unwrap();
        let told = ok(&app, &directory.0, &["import", "--register", "cases", "liste.csv"]);
        assert!(told.contains("0 created, 1 changed, 2 as before"), "{told}");
        let case = app.client.get("/v1/cases?number=2016-0007").expect(200).json()["items"][0].clone();
        assert_eq!(case["area"], "POLICE");
        let history = app.client.get(&format!("/v1/cases/{}/history", case["id"].as_str().unwrap())).expect(200).json();
        assert!(history["items"].as_array().unwrap().iter().all(|entry| entry["actor"] == "import"));
        // It is changed here: the file does not take that back.
        let path = format!("/v1/cases/{}", case["id"].as_str().unwrap());
        app.client.patch(&path, &format!("\"{}\"", case["revision"]), &json!({"area": "IT"})).expect(200);
        let Output { status, stdout, .. } = command(&app, &directory.0, &["import", "--register", "cases", "liste.csv"]);
        assert!(!status.success() && text(&stdout).contains("2 as before, 0 older than what is held, 1 rejected"), "{}", text(&stdout));
        let rejected = std::fs::read_to_string(directory.0.join("liste.rejected.csv")).unwrap();
        assert!(rejected.contains("2016-0007 was changed here since it was imported"), "{rejected}");
        assert_eq!(app.client.get(&path).expect(200).json()["area"], "IT");
        // With versions of its own another system leads.
        let line = json!({"title": "Anders", "received_on": "2016-03-14", "external": {"system": "import", "id": "2016-0007", "version": 2}});
        std::fs::write(directory.0.join("neu.ndjson"), format!("{line}\n")).unwrap();
        ok(&app, &directory.0, &["import", "--register", "cases", "neu.ndjson"]);
        assert_eq!(app.client.get(&path).expect(200).json()["title"], "Anders");
        let older = line.to_string().replace("\"version\":2", "\"version\":1");
        std::fs::write(directory.0.join("alt.ndjson"), older).unwrap();
        assert!(ok(&app, &directory.0, &["import", "--register", "cases", "alt.ndjson"]).contains("1 older than what is held"));
    }
}

on_both_databases! {
    fn a_trial_says_what_would_be_and_keeps_nothing(app) {
        let directory = Directory::new();
        let twice = format!("{LIST}2016-0007;Andere;14.3.2016;Kanton;;;;;Hanna Muster;\r\n");
        std::fs::write(directory.0.join("liste.csv"), &twice).unwrap();
        let told = ok(&app, &directory.0, &["import", "--register", "cases", "--dry-run", "liste.csv"]);
        assert!(told.contains("3 created, 1 changed") && told.contains("nothing was kept"), "{told}");
        for change in ["line 6: 2016-0007: ", "requester.type: \"MUNICIPALITY\" -> \"CANTON\"", "title: \"Videoüberwachung; Schulhaus Horw\" -> \"Andere\""] {
            assert!(told.contains(change), "{told}");
        }
        assert!(!told.contains("Muster") && !told.contains("Müller"), "{told}");
        assert_eq!(records(&app, "cases").len(), 0);
        assert_eq!(app.client.get("/v1/changes").expect(200).json()["items"], json!([]));
    }
}

on_both_databases! {
    fn a_list_whose_numbers_begin_again_overwrites_nothing(app) {
        let directory = Directory::new();
        let header = "Nr.;Titel;Eingang;Anfragende";
        std::fs::write(directory.0.join("liste-2017.csv"), format!("{header}\n1;Drohnen über der Badi;2.5.2017;Private\n2;Akteneinsicht;3.5.2017;Private\n")).unwrap();
        std::fs::write(directory.0.join("liste-2018.csv"), format!("{header}\n1;Klassenlisten im Internet;3.2.2018;Gemeinde\n")).unwrap();
        std::fs::write(directory.0.join("nachtrag.csv"), format!("{header}\n1;Ganz anderes;29.12.2017;Gemeinde\n")).unwrap();
        let run = |arguments: &[&str]| {
            let Output { status, stdout, .. } = command(&app, &directory.0, &[&["import", "--register", "cases"], arguments].concat());
            (status.success(), text(&stdout))
        };
        let (whole, told) = run(&["liste-2017.csv"]);
        assert!(whole && told.starts_with("2 lines: 2 created"), "{told}");
        let first = records(&app, "cases");
        let (whole, told) = run(&["liste-2018.csv"]);
        assert!(!whole && told.contains("0 created, 0 changed, 0 as before, 0 older than what is held, 1 rejected"), "{told}");
        assert_eq!(records(&app, "cases"), first);
        let rejected = std::fs::read_to_string(directory.0.join("liste-2018.rejected.csv")).unwrap();
        assert!(rejected.contains("the number is taken by another record: where a list's numbers begin anew"), "{rejected}");
        // Another matter of the same year under the same number.
        let (whole, told) = run(&["nachtrag.csv"]);
        assert!(!whole && told.contains("0 created, 0 changed") && told.contains("1 rejected"), "{told}");
        let rejected = std::fs::read_to_string(directory.0.join("nachtrag.rejected.csv")).unwrap();
        assert!(rejected.contains("those of another matter") && rejected.contains("--system"), "{rejected}");
        assert_eq!(records(&app, "cases"), first);
        // The way out, and again.
        std::fs::remove_file(directory.0.join("liste-2018.rejected.csv")).unwrap();
        let (whole, told) = run(&["--system", "liste-2018", "liste-2018.csv"]);
        assert!(whole && told.starts_with("1 line: 1 created"), "{told}");
        assert!(run(&["--system", "liste-2018", "liste-2018.csv"]).1.contains("1 as before"));
        let all = records(&app, "cases");
        assert_eq!(all.len(), 3);
        assert_eq!((&all[2]["number"], &all[2]["external"]["id"]), (&json!("2018-0001"), &json!("1")));
        // A correction of the same matter goes through.
        std::fs::write(directory.0.join("liste-2017.csv"), format!("{header}\n1;Drohnen über der Badi in Horw;2.5.2017;Gemeinde\n2;Akteneinsicht;4.5.2017;Private\n")).unwrap();
        assert!(run(&["liste-2017.csv"]).1.contains("0 created, 2 changed"));
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

on_both_databases! {
    fn standard_input_takes_lines_of_json(app) {
        let directory = Directory::new();
        let mut command = aufsicht(&directory.0);
        command.args(["import", "--register", "events", "-"]).env("DATABASE_URL", &app.config.database.url);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = "{\"title\": \"Kurs\", \"kind\": \"TRAINING\", \"held_on\": \"2017-05-01\"}\n\n{\"title\": \"Kurs\"\n{\"title\": \"Kurs\", \"colour\": 1}\n";
        child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
        let Output { status, stdout, .. } = child.wait_with_output().unwrap();
        assert!(!status.success() && text(&stdout).starts_with("3 lines: 1 created"), "{}", text(&stdout));
        let rejected = std::fs::read_to_string(directory.0.join("events.rejected.ndjson")).unwrap();
        let rejected: Vec<Value> = rejected.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(rejected[0]["_line"], "{\"title\": \"Kurs\"");
        assert!(rejected[0]["_rejected"].as_str().unwrap().contains("the JSON ends too early"));
        assert!(rejected[1]["_rejected"].as_str().unwrap().contains("colour (row 4): is not a property"), "{}", rejected[1]);
        assert_eq!(rejected[1]["title"], "Kurs");
    }
}

on_both_databases! {
    fn an_import_that_was_killed_ends_like_one_run(app) {
        let directory = Directory::new();
        let line = |n: usize| format!("2016-{n:05};Anfrage {n};2016-05-02;Private;Gesundheit;Telefon;offen;;Frau {n};\r\n");
        let header = LIST.lines().next().unwrap();
        let list: String = std::iter::once(format!("{header}\r\n")).chain((1..=3000).map(line)).collect();
        std::fs::write(directory.0.join("liste.csv"), list).unwrap();
        let mut command = aufsicht(&directory.0);
        command.args(["import", "--register", "cases", "liste.csv"]).env("DATABASE_URL", &app.config.database.url);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let total = || app.client.get("/v1/cases?limit=1&include_total=true").expect(200).json()["total"].as_i64().unwrap();
        let started = Instant::now();
        while total() == 0 {
            assert!(child.try_wait().unwrap().is_none() && started.elapsed() < Duration::from_secs(60), "nothing is imported");
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let before = total();
        assert!(before < 3000, "it was killed too late");
        assert_eq!(before % 500, 0, "a part of a group was kept");
        let told = ok(&app, &directory.0, &["import", "--register", "cases", "liste.csv"]);
        assert!(told.contains(&format!("{} created, 0 changed, {before} as before", 3000 - before)), "{told}");
        let whole = App::start(app.backend);
        ok(&whole, &directory.0, &["import", "--register", "cases", "liste.csv"]);
        assert_eq!(records(&app, "cases"), records(&whole, "cases"));
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

on_both_databases! {
    fn an_export_can_be_imported_elsewhere(app = App::start_with_demo) {
        let directory = Directory::new();
        let other = App::start(app.backend);
        for register in ["cases", "projects", "audits", "events", "media-requests"] {
            for extension in ["csv", "ndjson"] {
                let file = format!("{register}.{extension}");
                ok(&app, &directory.0, &["export", "--register", register, "-o", &file, "--personal-data", "--purpose", "Umzug"]);
                let told = ok(&other, &directory.0, &["import", "--register", register, &file]);
                let first = if extension == "csv" { " 0 changed, 0 as before" } else { ": 0 created, 0 changed" };
                assert!(told.contains(first) && told.contains(" 0 rejected"), "{file}: {told}");
            }
        }
        for table in ["services", "channels", "media-requests", "backlog"] {
            let path = format!("/v1/statistics/{table}?from=2012&to=2017");
            assert_eq!(app.client.get(&path).expect(200).json(), other.client.get(&path).expect(200).json());
        }
    }
}

on_both_databases! {
    fn an_export_by_command_is_what_the_api_gives(app = App::start_with_demo) {
        let directory = Directory::new();
        let open = app.with_scopes("register:read");
        let printed = ok(&app, &directory.0, &["export", "--register", "cases", "--filter", "year=2017", "--filter", "area=IT,POLICE", "--filter", "sort=-number"]);
        assert_eq!(printed, open.get("/v1/cases/export?year=2017&area=IT,POLICE&sort=-number").expect(200).text());
        assert!(!printed.is_empty());
        ok(&app, &directory.0, &["export", "--register", "cases", "-o", "c.csv", "--filter", "year=2017"]);
        assert_eq!(std::fs::read_to_string(directory.0.join("c.csv")).unwrap(), open.get("/v1/cases/export?year=2017&format=csv").expect(200).text());
        let why = refused(&app, &directory.0, &["export", "--register", "cases", "--filter", "colour=red"]);
        assert!(why.contains("--filter: colour is not known here"), "{why}");
        assert!(refused(&app, &directory.0, &["export", "--register", "cases", "--personal-data"]).contains("--purpose"));
        // Personal data is given by name only, and each disclosure is on record.
        let case = app.create("cases", json!({"title": "Geheim", "received_on": "2018-02-03", "requester": {"name": "Kanarienvogel"}}));
        let logged = || app.client.get("/v1/access-log?subject=operator").expect(200).json()["items"].as_array().unwrap().clone();
        let without = ok(&app, &directory.0, &["export", "--register", "cases", "--filter", "year=2018"]);
        assert!(without.contains("Geheim") && !without.contains("Kanarienvogel") && logged().is_empty());
        let with = ok(&app, &directory.0, &["export", "--register", "cases", "--filter", "year=2018", "--personal-data", "--purpose", "Auskunft"]);
        assert!(with.contains("Kanarienvogel"));
        let log = logged();
        assert_eq!(log.len(), 1);
        assert_eq!((&log[0]["record"], &log[0]["purpose"], &log[0]["operation"]), (&case["id"], &json!("Auskunft"), &json!("export")));
    }
}
