//! Lists as people keep them: spreadsheets, titles, heads of two rows, Swiss writing; and exported files that come in again.

use std::io::Cursor;
use std::process::Output;

use calamine::{Data, Reader, Xlsx};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use serde_json::{Value, json};

use crate::commands::aufsicht;
use crate::on_both_databases;
use crate::support::{App, Directory};

/// Runs an import; returns whether every line was kept, what was told, and what was complained about.
fn import(app: &App, directory: &Directory, arguments: &[&str]) -> (bool, String, String) {
    let arguments = [&["import", "--register", "cases"], arguments].concat();
    let mut command = aufsicht(&directory.0);
    let Output { status, stdout, stderr } =
        command.args(arguments).env("DATABASE_URL", &app.config.database.url).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (status.success(), text(stdout), text(stderr))
}

fn cases(app: &App) -> Vec<Value> {
    app.client.all("/v1/cases?sort=number")
}

/// A list with a title and a head of two rows, as Excel holds it.
fn workbook() -> Vec<u8> {
    let mut workbook = Workbook::new();
    workbook.add_worksheet().set_name("Deckblatt").unwrap().write(0, 0, "Nichts").unwrap();
    let sheet = workbook.add_worksheet().set_name("2017").unwrap();
    sheet.write(0, 0, "Geschäftsverzeichnis 2017").unwrap();
    for (column, (above, below)) in (0..).zip([
        ("Geschäft", "Nummer"),
        ("", "Titel"),
        ("Eingangs-", "datum"),
        ("Anfragende", ""),
        ("Erledigt", "am"),
        ("Teil", ""),
    ]) {
        sheet.write(2, column, above).unwrap();
        sheet.write(3, column, below).unwrap();
    }
    sheet.write(4, 0, "2017-0001").unwrap().write(4, 1, "Kamera").unwrap().write(4, 3, "Gemeinde Horw").unwrap();
    let day = Format::new().set_num_format("dd.mm.yyyy");
    sheet.write_datetime_with_format(4, 2, ExcelDateTime::from_ymd(2017, 3, 14).unwrap(), &day).unwrap();
    sheet.write(5, 0, "2017-0002").unwrap().write(5, 1, "Akten").unwrap().write(5, 2, "14. März 2017").unwrap();
    sheet.write(5, 3, "Kanton (BKD)").unwrap().write(5, 4, "1.4.17").unwrap();
    sheet
        .write(7, 0, "2017-0003")
        .unwrap()
        .write(7, 1, "Falsch")
        .unwrap()
        .write(7, 2, "31.2.17")
        .unwrap()
        .write(7, 3, "Mars")
        .unwrap();
    workbook.save_to_buffer().unwrap()
}

on_both_databases! {
    fn a_spreadsheet_comes_in_as_it_is(app) {
        let directory = Directory::new();
        std::fs::write(directory.0.join("liste.xlsx"), workbook()).unwrap();
        std::fs::write(directory.0.join("m.toml"), "ignore = [\"Teil\"]\n").unwrap();
        let (done, _, why) = import(&app, &directory, &["--sheet", "2018", "liste.xlsx"]);
        assert!(!done && why.contains("--sheet must be one of Deckblatt, 2017"), "{why}");
        let list = ["--sheet", "2017", "--mapping", "m.toml", "liste.xlsx"];
        // A rehearsal leaves nothing in the way of the performance.
        let (done, told, _) = import(&app, &directory, &[&["--dry-run", "--lang", "de"], &list[..]].concat());
        assert!(!done && told.starts_with("3 lines: 2 created, 0 changed, 0 as before, 0 older than what is held, 1 rejected (tried only"), "{told}");
        assert!(told.contains("rejected: Eingangsdatum (Zeile 8): «31.2.17» ist kein Datum") && told.contains("Anfragende (Zeile 8): «Mars» ist keines von MUNICIPALITY"), "{told}");
        assert!(!directory.0.join("liste.rejected.csv").exists() && cases(&app).is_empty());
        let (done, told, _) = import(&app, &directory, &list);
        assert!(!done && told.starts_with("3 lines: 2 created"), "{told}");
        let rejected = std::fs::read_to_string(directory.0.join("liste.rejected.csv")).unwrap();
        assert!(rejected.starts_with("\u{feff}Nummer;Titel;Eingangsdatum;Anfragende;Erledigt am;Teil;_rejected\n"), "{rejected}");
        assert!(rejected.contains("Eingangsdatum (row 8): \"\"31.2.17\"\" is not a date"), "{rejected}");
        let all = cases(&app);
        assert_eq!((&all[0]["received_on"], &all[0]["requester"]), (&json!("2017-03-14"), &json!({"type": "MUNICIPALITY", "organisation": "Horw"})));
        assert_eq!((&all[1]["closed_on"], &all[1]["requester"]), (&json!("2017-04-01"), &json!({"type": "CANTON", "organisation": "BKD"})));
        std::fs::remove_file(directory.0.join("liste.rejected.csv")).unwrap();
        assert!(import(&app, &directory, &list).1.contains("0 created, 0 changed, 2 as before"));
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

on_both_databases! {
    fn an_open_document_comes_in_too(app) {
        let directory = Directory::new();
        std::fs::write(directory.0.join("liste.ods"), include_bytes!("fixtures/list.ods")).unwrap();
        let (done, told, _) = import(&app, &directory, &["liste.ods"]);
        assert!(!done && told.starts_with("3 lines: 2 created, 0 changed, 0 as before, 0 older than what is held, 1 rejected"), "{told}");
        let all = cases(&app);
        assert_eq!((&all[0]["title"], &all[0]["received_on"], &all[1]["received_on"]), (&json!("Kamera am Schulhaus"), &json!("2017-03-14"), &json!("2017-03-14")));
    }
}

on_both_databases! {
    fn the_row_of_the_header_can_be_told(app) {
        let directory = Directory::new();
        let list = "Liste 2017\nSparte;Was;Titel\n\nIrgendwas;Titel;Eingang\nx;Eins;14/03/2017\n";
        std::fs::write(directory.0.join("liste.csv"), list).unwrap();
        let (done, _, why) = import(&app, &directory, &["--header-row", "2", "liste.csv"]);
        assert!(!done && why.contains("\"Sparte\", \"Was\""), "{why}");
        let (done, _, why) = import(&app, &directory, &["--header-row", "9", "liste.csv"]);
        assert!(!done && why.contains("there is no row 9"), "{why}");
        std::fs::write(directory.0.join("m.toml"), "ignore = [\"Irgendwas\"]\n").unwrap();
        let (done, told, why) = import(&app, &directory, &["--header-row", "4", "--mapping", "m.toml", "liste.csv"]);
        assert!(done && told.starts_with("1 line: 1 created"), "{told} {why}");
        assert_eq!(cases(&app)[0]["received_on"], "2017-03-14");
        let (done, _, why) = import(&app, &directory, &["--sheet", "x", "liste.csv"]);
        assert!(!done && why.contains("--sheet is for spreadsheets"), "{why}");
        std::fs::write(directory.0.join("kaputt.xlsx"), b"PK\x03\x04nothing").unwrap();
        let (done, _, why) = import(&app, &directory, &["kaputt.xlsx"]);
        assert!(!done && why.contains("no spreadsheet that can be read") && !why.contains("nothing"), "{why}");
        let (done, _, why) = import(&app, &directory, &["fehlt.csv"]);
        assert!(!done && why.contains("there is no such file"), "{why}");
    }
}

on_both_databases! {
    fn what_was_exported_comes_in_again_as_changes(app) {
        let directory = Directory::new();
        for title in ["Eins", "Zwei", "Drei"] {
            app.create("cases", json!({"title": title, "received_on": "2017-03-14", "requester": {"type": "PRIVATE", "name": "Muster"}, "area": "IT", "notes": "bleibt"}));
        }
        let open = app.with_scopes("register:read");
        let export = open.get("/v1/cases/export?format=csv&sort=number&lang=de").expect(200).text();
        assert!(export.contains("area_label") && !export.contains("Muster"));
        std::fs::write(directory.0.join("cases.csv"), export.replace("Eins", "Neu").replacen(";IT;Informatik;", ";;;", 1)).unwrap();
        let path = |place: usize| format!("/v1/cases/{}", cases(&app)[place]["id"].as_str().unwrap());
        // Meanwhile one of them is changed here.
        app.client.patch(&path(1), "\"1\"", &json!({"area": "POLICE"})).expect(200);
        std::fs::write(directory.0.join("stale.csv"), export.replace("Zwei", "Anders")).unwrap();
        let (done, told, _) = import(&app, &directory, &["--dry-run", "cases.csv"]);
        assert!(!done && told.contains("0 created, 1 changed, 1 as before") && told.contains("title: \"Eins\" -> \"Neu\"") && told.contains("now revision 2"), "{told}");
        assert_eq!(cases(&app)[0]["title"], "Eins");
        let (_, told, _) = import(&app, &directory, &["cases.csv"]);
        assert!(told.starts_with("3 lines: 0 created, 1 changed, 1 as before, 0 older than what is held, 1 rejected"), "{told}");
        let first = cases(&app)[0].clone();
        assert_eq!((&first["title"], first.get("area"), &first["revision"]), (&json!("Neu"), None, &json!(2)));
        // What the file does not have stays as it is.
        assert_eq!((&first["requester"]["name"], &first["notes"], first.get("external")), (&json!("Muster"), &json!("bleibt"), None));
        let rejected = std::fs::read_to_string(directory.0.join("cases.rejected.csv")).unwrap();
        assert!(rejected.contains("the record was changed here since it was exported (now revision 2)"), "{rejected}");
        std::fs::remove_file(directory.0.join("cases.rejected.csv")).unwrap();
        // The same again changes nothing.
        assert!(import(&app, &directory, &["cases.csv"]).1.contains("0 created, 0 changed, 2 as before"));
        let (_, told, _) = import(&app, &directory, &["stale.csv"]);
        assert!(told.contains("0 created, 0 changed") && told.contains("2 rejected"), "{told}");
        assert_eq!(cases(&app)[1]["title"], "Zwei");
        for (extension, all) in [("xlsx", 3), ("ndjson", 3)] {
            let name = format!("all.{extension}");
            std::fs::write(directory.0.join(&name), app.client.get(&format!("/v1/cases/export?format={extension}&lang=de")).expect(200).body).unwrap();
            let (done, told, _) = import(&app, &directory, &[&name]);
            assert!(done && told.contains(&format!("0 created, 0 changed, {all} as before")), "{name}: {told}");
        }
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

on_both_databases! {
    fn every_text_and_number_comes_back_from_a_file_as_it_was(app) {
        let directory = Directory::new();
        let texts = ["=1+1", "'=1+1", "''-x", "'x", "+41 41 228 66 06", "@x", "x'=y"];
        for (place, text) in (1..).zip(texts) {
            let body = json!({"title": text, "received_on": "2017-03-14", "responsible": text, "requester": {"type": "PRIVATE", "contact": text}, "external": {"version": 636_249_600_000_000_000_i64 + place}});
            app.client.put(&format!("/v1/cases/external/konsul/{place}"), &body).expect(201);
        }
        app.create("projects", json!({"title": "Offen", "received_on": "2017-03-14", "role": "LEAD", "high_risk": true}));
        let before = cases(&app);
        for extension in ["csv", "xlsx", "ndjson"] {
            let name = format!("all.{extension}");
            let file = app.client.get(&format!("/v1/cases/export?format={extension}")).expect(200).body;
            std::fs::write(directory.0.join(&name), file).unwrap();
            let (done, told, why) = import(&app, &directory, &[&name]);
            assert!(done && told.contains(&format!("0 created, 0 changed, {} as before", texts.len())), "{name}: {told} {why}");
            assert_eq!(cases(&app), before);
        }
        // A line that comes back from a spreadsheet is CSV, and says the same.
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet();
        for (row, cells) in (0..).zip([["Titel", "Eingang", "Zuständig"], ["'=x", "31.2.17", "+41"]]) {
            for (column, text) in (0..).zip(cells) {
                sheet.write(row, column, text).unwrap();
            }
        }
        std::fs::write(directory.0.join("neu.xlsx"), workbook.save_to_buffer().unwrap()).unwrap();
        assert!(import(&app, &directory, &["neu.xlsx"]).1.contains("1 rejected"));
        let rejected = std::fs::read_to_string(directory.0.join("neu.rejected.csv")).unwrap();
        std::fs::write(directory.0.join("richtig.csv"), rejected.replace("31.2.17", "3.2.17")).unwrap();
        assert!(import(&app, &directory, &["richtig.csv"]).1.starts_with("1 line: 1 created"));
        let kept = app.client.get("/v1/cases?received_to=2017-02-03").expect(200).json()["items"][0].clone();
        assert_eq!((&kept["title"], &kept["responsible"]), (&json!("'=x"), &json!("+41")));
        let mut sheet: Xlsx<_> = Xlsx::new(Cursor::new(app.client.get("/v1/projects/export?format=xlsx").expect(200).body)).unwrap();
        let range = sheet.worksheet_range("projects").unwrap();
        let column = range.rows().next().unwrap().iter().position(|head| *head == "high_risk").unwrap();
        assert_eq!(range.get((1, column)), Some(&Data::Bool(true)));
    }
}

/// Lists in the languages that the authority works in: the language, the beginning of the header, and what stands for a case of
/// the police that is closed.
const LANGUAGES: [(&str, &str, &str); 4] = [
    ("de", "id;Geschäftsnummer;Titel;Eingang;Erledigt am;Status;", "erledigt"),
    ("fr", "id;Numéro d’affaire;Titre;Reçu le;Liquidé le;État;", "liquidé"),
    ("it", "id;Numero dell’affare;Titolo;Ricevuto il;Evaso il;Stato;", "evaso"),
    ("en", "id;Case number;Title;Received on;Closed on;Status;", "closed"),
];

on_both_databases! {
    fn lists_for_people_are_in_their_language_and_come_in_again(app) {
        let directory = Directory::new();
        let requester = json!({"type": "MUNICIPALITY", "name": "Muster"});
        app.create("cases", json!({"title": "Kamera", "received_on": "2017-03-14", "closed_on": "2017-04-01", "requester": requester, "area": "POLICE"}));
        app.create("cases", json!({"title": "Akten", "received_on": "2017-03-15", "channel": "PHONE"}));
        app.create("projects", json!({"title": "Vorhaben", "received_on": "2017-03-15", "role": "LEAD", "high_risk": true}));
        let list = |lang: &str, format: &str| {
            let path = format!("/v1/cases/export?sort=number&columns=LABELS&lang={lang}&format={format}");
            app.client.get(&path).expect(200)
        };
        let area = |lang: &str| {
            let codes = app.client.get(&format!("/v1/vocabularies/cases.area?lang={lang}")).expect(200).json();
            let police = codes["codes"].as_array().unwrap().iter().find(|code| code["code"] == "POLICE").unwrap();
            police["label"].as_str().unwrap().to_owned()
        };
        for (lang, header, closed) in LANGUAGES {
            let text = list(lang, "csv").text();
            let lines: Vec<&str> = text.trim_start_matches('\u{feff}').lines().collect();
            assert!(lines[0].starts_with(header) && !lines[0].contains("_label") && !lines[0].contains("requester."), "{text}");
            assert!(lines[1].contains(closed) && lines[1].contains(&area(lang)) && !lines[1].contains("CLOSED"), "{text}");
            for (format, written) in [("csv", text.into_bytes()), ("xlsx", list(lang, "xlsx").body)] {
                let name = format!("{lang}.{format}");
                std::fs::write(directory.0.join(&name), written).unwrap();
                let (done, told, why) = import(&app, &directory, &[&name]);
                assert!(done && told.contains("0 created, 0 changed, 2 as before"), "{name}: {told} {why}");
            }
        }
        let corrected = list("fr", "csv").text().replace("Akten", "Dossiers");
        std::fs::write(directory.0.join("fr2.csv"), corrected).unwrap();
        assert!(import(&app, &directory, &["fr2.csv"]).1.contains("0 created, 1 changed, 1 as before"));
        assert_eq!(cases(&app)[1]["title"], "Dossiers");
        let projects = app.client.get("/v1/projects/export?columns=LABELS&lang=fr&format=csv").expect(200).text();
        assert!(projects.contains(";Risque élevé") && projects.contains(";oui"), "{projects}");
        // Without a language it is the authority's first one; and names are the API's unless somebody asks for others.
        let usual = app.client.get("/v1/cases/export?columns=LABELS&format=csv").expect(200).text();
        assert!(usual.contains(";Geschäftsnummer;"), "{usual}");
        let named = app.client.get("/v1/cases/export?columns=NAMES&lang=fr&format=csv").expect(200).text();
        assert!(named.contains(";area;area_label;"), "{named}");
        app.client.get("/v1/cases/export?columns=labels").expect_problem(400, "invalid-parameter");
    }
}

on_both_databases! {
    fn lists_in_french_and_italian_come_in_as_they_are(app) {
        let directory = Directory::new();
        for (name, list) in [
            ("fr.csv", "Affaires 2017\n\nNuméro;Titre;Date de réception;Demandeur;Domaine;Statut;Clôture\n\
                2017-0001;Caméra à l’école;14.3.2017;Commune;Police;clos;1.4.2017\n"),
            ("it.csv", "Numero;Titolo;Data di ricezione;Richiedente;Settore;Stato;Chiusura\n\
                2017-0002;Videocamera;14.3.2017;Comune;Polizia;chiuso;1.4.2017\n"),
        ] {
            std::fs::write(directory.0.join(name), list).unwrap();
            let (done, told, why) = import(&app, &directory, &[name]);
            assert!(done && told.starts_with("1 line: 1 created"), "{name}: {told} {why}");
        }
        for case in cases(&app) {
            assert_eq!((&case["received_on"], &case["closed_on"], &case["status"]), (&json!("2017-03-14"), &json!("2017-04-01"), &json!("CLOSED")));
            assert_eq!((&case["requester"]["type"], &case["area"]), (&json!("MUNICIPALITY"), &json!("POLICE")));
        }
        std::fs::write(directory.0.join("guess.csv"), "Intitulé;Reçu le;Remarques;Couleur\nx;14.3.2017;y;bleu\n").unwrap();
        let (_, proposed, _) = import(&app, &directory, &["--guess", "guess.csv"]);
        for line in ["title = [\"Intitulé\"]", "received_on = [\"Reçu le\"]", "notes = [\"Remarques\"]", "PROPERTY = [\"Couleur\"]"] {
            assert!(proposed.contains(line), "{line}: {proposed}");
        }
    }
}

on_both_databases! {
    fn broken_lines_are_told_in_the_language_that_is_asked_for(app) {
        let directory = Directory::new();
        std::fs::write(directory.0.join("liste.csv"), "Titel;Eingang\n\"Halb;14.3.2016\nGut;14.3.2016\n").unwrap();
        for (lang, reason) in [
            ("de", "Zeile 2: ein Anführungszeichen öffnet in Zeile 2 eine Zelle"),
            ("fr", "ligne 2: un guillemet ouvre une cellule à la ligne 2"),
            ("it", "riga 2: una virgoletta apre una cella alla riga 2"),
            ("rm", "lingia 2: in segn da citaziun avra ina cella en la lingia 2"),
            ("en", "row 2: a quotation mark opens a cell in line 2"),
        ] {
            let (done, told, _) = import(&app, &directory, &["--dry-run", "--lang", lang, "liste.csv"]);
            assert!(!done && told.contains(&format!("rejected: {reason}")), "{lang}: {told}");
        }
    }
}
