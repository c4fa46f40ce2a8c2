//! The profile of another authority: its words, its values, its report; and the commands that write a profile out and check it.

use aufsicht::Config;
use aufsicht::profile::Profile;
use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::{App, Backend, Directory, aufsicht, faults};

const AUTHORITY: &str = r#"name = { rm = "Autoritad da controlla", de = "Aufsichtsstelle" }
languages = ["rm", "de"]
address = ["Via Maistra 1", "7000 Musterwil"]
law = { rm = "Lescha, art. 7", de = "Gesetz, Art. 7" }
logo = "logo.svg"
omit_sections = ["projects", "website"]

[sections]
backlog = { rm = "Quai che resta", de = "Was bleibt" }
"#;

const VOCABULARY: &str = r#"[[cases.kind]]
code = "COMPLAINT"
label = { rm = "Reclamaziun", de = "Beschwerde" }
default = true

[[cases.requester]]
code = "COURT"
label = { rm = "Tribunals", de = "Gerichte" }
is = "CANTON"
valid = { from = 2016, to = 2030 }
parent = "PUBLIC"

[[cases.requester]]
code = "PRIVATE"
label = { rm = "Privats", de = "Private" }

[[events.kind]]
code = "COURSE"
label = { rm = "Curs", de = "Kurs" }
is = "TRAINING"

[[events.kind]]
code = "FAIR"
label = { rm = "Exposiziun", de = "Messe" }

[[dimensions]]
name = "jurisdiction"
registers = ["cases"]
label = { rm = "Territori", de = "Gebiet" }
[[dimensions.values]]
code = "NORTH"
label = { rm = "Nord", de = "Norden" }
"#;

const TABLES: &str = r#"name = "own"
title = { rm = "Statistica", de = "Statistik" }
total = "total"

[[tables.services.lines]]
code = "courts"
label = { rm = "Tribunals", de = "Gerichte" }
level = 1
any = [{ register = ["cases"], requester = ["COURT"] }]

[[tables.services.lines]]
code = "total"
label = { rm = "Total", de = "Total" }
level = 0
any = [{ register = ["cases"], requester = ["COURT", "NONE"] }]

[[tables.channels.lines]]
code = "all"
label = { rm = "Tut", de = "Alle" }
level = 0
any = [{ register = ["cases"] }]

[[tables.media-requests.lines]]
code = "media"
label = { rm = "Medias", de = "Medien" }
level = 0
any = [{ register = ["media-requests"] }]
"#;

const CHAPTER: &str = "---\ntitle = \"Prefaziun\"\nyear = 2017\nlang = \"rm\"\nplace = \"before:services\"\n---\n\
    I eran **{{ services.total.2017 }}** cas ({{ services.total.change }}) 😀.\n\n<script>alert(1)</script>\n\n- in punct\n";

const LOGO: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 10 10\"><rect width=\"10\" height=\"10\" fill=\"#123\"/></svg>";

/// A folder with the files of a profile.
fn folder(files: &[(&str, &str)]) -> Directory {
    let directory = Directory::new();
    let usual = [
        ("authority.toml", AUTHORITY),
        ("vocabulary.toml", VOCABULARY),
        ("tables/own.toml", TABLES),
        ("chapters/10-preface.md", CHAPTER),
        ("logo.svg", LOGO),
    ];
    for (path, text) in usual.iter().chain(files) {
        let path = directory.0.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    directory
}

/// A service with that profile, which is read at its start.
fn other(backend: Backend) -> App {
    let directory = folder(&[]);
    App::start_with(backend, |config| config.profile.directory = Some(directory.0.clone()))
}

on_both_databases! {
    fn another_authority_is_served_in_its_own_words(app = other) {
        app.create("cases", json!({"title": "Cas", "received_on": "2017-03-14", "requester": {"type": "COURT"}, "own": {"jurisdiction": "NORTH"}}));
        app.create("cases", json!({"title": "Cas", "received_on": "2016-03-14", "requester": {"type": "COURT"}}));
        app.create("events", json!({"title": "Curs", "kind": "COURSE", "held_on": "2017-05-05", "participants": 12}));
        app.create("events", json!({"title": "Fiera", "kind": "FAIR", "held_on": "2017-05-06"}));
        let everybody = app.client.anonymous();
        let document = everybody.get("/openapi.json").expect(200).json();
        assert_eq!(document["info"]["contact"], json!({"name": "Autoritad da controlla"}));
        let lang = &document["components"]["schemas"]["LangParameter"];
        assert_eq!(lang["enum"], json!(["rm", "de"]));
        everybody.get("/.well-known/security.txt").expect_problem(404, "not-found");
        let catalogue = app.client.get("/v1/statistics/catalog?format=turtle").expect(200).text();
        assert!(catalogue.contains("foaf:name \"Autoritad da controlla\"@rm"), "{catalogue}");
        let feed = everybody.get("/publications.atom").expect(200).text();
        assert!(feed.contains("<name>Autoritad da controlla</name>") && feed.contains("<title>Publicaziuns</title>"), "{feed}");
        // The first language is the usual one, and there is no other than the authority's.
        let table = app.client.get("/v1/statistics/services?from=2016&to=2017").expect(200).json();
        assert_eq!(table["lines"][0]["label"], "Tribunals");
        let german = app.client.send("GET", "/v1/statistics/services?from=2016&to=2017", &[("Accept-Language", "fr, de;q=0.5")], None);
        assert_eq!(german.expect(200).json()["lines"][0]["label"], "Gerichte");
        let problem = app.client.get("/v1/statistics/services?lang=fr").expect_problem(400, "invalid-parameter");
        assert_eq!(faults(&problem), ["lang"]);
        // Activities go by the meanings of codes.
        let activities = app.client.get("/v1/statistics/activities?from=2017&to=2017").expect(200).json();
        assert_eq!((&activities["items"][0]["trainings"], &activities["items"][0]["lectures"]), (&json!(1), &Value::Null), "no kind stands for lectures");
        assert_eq!(activities["items"][0]["training_participants"], 12);
    }
}

on_both_databases! {
    fn the_report_has_the_cover_and_the_chapters_of_its_authority(app = other) {
        app.create("cases", json!({"title": "Cas", "received_on": "2017-03-14", "closed_on": "2017-03-20", "requester": {"type": "COURT"}}));
        let page = app.client.get("/v1/reports/2017").expect(200).text();
        for part in ["Autoritad da controlla", "Via Maistra 1, 7000 Musterwil", "Lescha, art. 7", "<h2>Prefaziun</h2>", "<strong>1</strong> cas", "src=\"data:image/svg+xml;base64,", "<h2>Quai che resta</h2>", "<li><p>in punct</p></li>", "&lt;script&gt;", "Tribunals"] {
            assert!(page.contains(part), "{part}: {page}");
        }
        assert!(!page.contains("<script") && !page.contains("<h2>Projects</h2>"));
        let [preface, services] = ["<h2>Prefaziun</h2>", "<h2>Statistica</h2>"].map(|heading| page.find(heading).unwrap());
        assert!(preface < services);
        assert!(!app.client.get("/v1/reports/2017?lang=de").expect(200).text().contains("Prefaziun"));
        assert!(!app.client.get("/v1/reports/2016").expect(200).text().contains("Prefaziun"));
        let printed = app.client.get("/v1/reports/2017?format=pdf").expect(200);
        assert!(printed.body.starts_with(b"%PDF"));
        assert_eq!(printed.header("content-disposition"), Some("inline; filename=\"report-2017-rm.pdf\""));
    }
}

/// A service whose second table is called like a section of the report and has business years.
fn with_events(backend: Backend) -> App {
    let head = "[tables.events]\ntitle = { rm = \"Noss eveniments\", de = \"Unsere Anlässe\" }\nperiod = { starts = \"04-01\" }\n";
    let tables = TABLES.replace("[[tables.channels.lines]]", &format!("{head}[[tables.events.lines]]"));
    let directory = folder(&[("tables/own.toml", &tables)]);
    let path = directory.0.clone();
    App::start_with(backend, |config| config.profile.directory = Some(path)).with_directory(directory)
}

on_both_databases! {
    fn tables_and_sections_of_one_name_are_told_apart(app = with_events) {
        app.create("cases", json!({"title": "Cas", "received_on": "2017-03-14", "requester": {"type": "COURT"}}));
        app.create("events", json!({"title": "Curs", "kind": "COURSE", "held_on": "2017-05-05", "participants": 12}));
        app.create("media-requests", json!({"title": "Dumonda", "received_on": "2017-05-05", "outlet": "Gasetta", "topic": "Protecziun"}));
        let report = |app: &App| app.client.get("/v1/reports/2017?lang=de").expect(200).text();
        let headings = |page: &str| -> Vec<String> {
            page.split("<h2").skip(1).map(|part| part.split_once('>').unwrap().1.split('<').next().unwrap().to_owned()).collect()
        };
        let told = headings(&report(&app));
        for heading in ["Unsere Anlässe", "Ausbildung und Vorträge (Kalenderjahre)", "Medienanfragen nach Thema (Kalenderjahre)", "Was bleibt (Kalenderjahre)"] {
            assert!(told.iter().any(|known| known == heading), "{heading}: {told:?}");
        }
        let page = report(&app);
        // In the overview the software's own figures stand beside those of business years.
        let figure = |label: &str| page.split(label).nth(1).unwrap_or_else(|| panic!("{label}: {page}")).starts_with(" (Kalenderjahre)");
        assert!(figure("Anfragen, im selben Jahr erledigt") && figure("Pendente Anfragen am Jahresende"), "{page}");
        let ids: Vec<&str> = page.split(" id=\"").skip(1).map(|part| part.split('"').next().unwrap()).collect();
        assert!(ids.iter().enumerate().all(|(at, id)| !ids[..at].contains(id)), "{ids:?}");
        let other = AUTHORITY
            .replace("omit_sections = [", "omit_sections = [\"events\", \"topics\", ")
            .replace("[sections]", "[sections]\nsources = { rm = \"Funtaunas\", de = \"Woher\" }");
        std::fs::write(app.config.profile.directory.clone().unwrap().join("authority.toml"), other).unwrap();
        crate::support::own::again(&mut app);
        let told = headings(&report(&app));
        assert!(told.iter().any(|heading| heading == "Unsere Anlässe") && told.iter().any(|heading| heading == "Woher"), "{told:?}");
        assert!(!told.iter().any(|heading| heading.contains("Vorträge") || heading.contains("nach Thema")), "{told:?}");
    }
}

on_both_databases! {
    fn the_vocabulary_is_there_for_everybody_as_code_lists(app = other) {
        let everybody = app.client.anonymous();
        let all = everybody.get("/v1/vocabularies").expect(200);
        assert_eq!(all.header("cache-control"), Some("public, max-age=300"));
        assert_eq!(all.header("access-control-allow-origin"), Some("*"));
        let names: Vec<Value> = all.json()["items"].as_array().unwrap().iter().map(|list| list["identifier"].clone()).collect();
        assert_eq!(names, ["cases.kind", "cases.requester", "cases.own.jurisdiction", "events.kind"]);
        let answer = everybody.get("/v1/vocabularies/cases.requester").expect(200);
        let list = answer.json();
        assert_eq!(list["codes"][0], json!({
            "code": "COURT", "label": "Tribunals", "labels": {"rm": "Tribunals", "de": "Gerichte"},
            "valid_from": "2016-01-01", "valid_to": "2030-12-31", "parent": "PUBLIC", "is": "CANTON"
        }));
        assert_eq!((&list["publisher"]["rm"], &list["labels"]["de"]), (&json!("Autoritad da controlla"), &json!("Anfragende")));
        let tag = answer.header("etag").unwrap().to_owned();
        everybody.send("GET", "/v1/vocabularies/cases.requester", &[("If-None-Match", &tag)], None).expect(304);
        let german = everybody.get("/v1/vocabularies/cases.requester?lang=de").expect(200).json();
        assert_eq!((&german["codes"][0]["label"], &german["version"]), (&json!("Gerichte"), &list["version"]));
        let cells = everybody.get("/v1/vocabularies/cases.own.jurisdiction?format=csv").expect(200).text();
        assert_eq!(cells.lines().nth(1), Some("NORTH;Nord;;;;;;Nord;Norden"));
        everybody.get("/v1/vocabularies/cases.status").expect_problem(404, "not-found");
        everybody.get("/v1/vocabularies?lang=fr").expect_problem(400, "invalid-parameter");
    }
}

on_both_databases! {
    fn codes_have_labels_where_a_language_is_asked_for(app = other) {
        app.create("cases", json!({"title": "Cas", "received_on": "2017-03-14", "requester": {"type": "COURT"}, "own": {"jurisdiction": "NORTH"}}));
        app.create("cases", json!({"title": "Cas", "received_on": "2017-03-15"}));
        let counts = "/v1/statistics/counts?by=year,requester&register=cases";
        let items = app.client.get(counts).expect(200).json()["items"].clone();
        assert!(items.as_array().unwrap().iter().all(|item| item.get("labels").is_none()));
        let labelled = app.client.get(&format!("{counts}&lang=de")).expect(200).json()["items"].clone();
        assert_eq!(labelled[0], json!({"year": 2017, "requester": "COURT", "labels": {"requester": "Gerichte"}, "count": 1}));
        assert_eq!(labelled[1]["labels"], json!({"requester": "Nicht zugeordnet"}));
        let cells = app.client.get(&format!("{counts}&lang=rm&format=csv")).expect(200).text();
        assert!(cells.contains("year;requester;requester_label;count") && cells.contains("2017;COURT;Tribunals;1"), "{cells}");
        let plain = app.client.get(&format!("{counts}&format=csv")).expect(200).text();
        assert!(plain.contains("year;requester;count"), "{plain}");
        let stat = app.client.get(&format!("{counts}&format=json-stat")).expect(200).json();
        assert_eq!(stat["dimension"]["requester"]["category"]["label"], json!({"COURT": "Tribunals", "NONE": "Betg attribuì"}));
        let durations = app.client.get("/v1/statistics/durations?year=2017&by=requester&lang=de").expect(200).json();
        let labels: Vec<&Value> = durations["items"].as_array().unwrap().iter().map(|item| &item["label"]).collect();
        assert_eq!(labels, ["Nicht zugeordnet", "Gerichte"]);
        let export = app.client.get("/v1/cases/export?lang=de&format=csv&sort=number").expect(200).text();
        let header: Vec<&str> = export.trim_start_matches('\u{feff}').lines().next().unwrap().split(';').collect();
        for column in ["kind_label", "requester.type_label", "own.jurisdiction_label"] {
            let place = header.iter().position(|name| *name == column).unwrap();
            assert_eq!(header[place - 1], column.trim_end_matches("_label"));
        }
        assert!(export.contains("Beschwerde") && export.contains("Norden"), "{export}");
        let lines = app.client.get("/v1/cases/export?lang=de&format=ndjson&sort=number").expect(200).text();
        let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
        assert_eq!(first["labels"], json!({"kind": "Beschwerde", "requester.type": "Gerichte", "own.jurisdiction": "Norden"}));
    }
}

on_both_databases! {
    fn records_that_the_profile_does_not_know_are_told(app = other) {
        app.create("cases", json!({"title": "Cas", "received_on": "2017-03-14", "requester": {"type": "PRIVATE"}, "own": {"jurisdiction": "NORTH"}}));
        let renamed = VOCABULARY.replace("\"COMPLAINT\"", "\"REPORT\"").replace("\"NORTH\"", "\"SOUTH\"");
        let directory = folder(&[("vocabulary.toml", &renamed)]);
        let mut settings = app.config.profile.clone();
        settings.directory = Some(directory.0.clone());
        let doubts = Profile::of(&settings).unwrap().doubts_of_records(&mut app.db(), app.clock.today()).unwrap();
        assert_eq!(doubts, [
            "cases.kind: 1 record has COMPLAINT, which the vocabulary does not know",
            "cases.own.jurisdiction: 1 record has NORTH, which the vocabulary does not know",
            "layout own: no line of the table services counts 1 record of cases of 2017",
        ]);
    }
}

on_both_databases! {
    fn values_that_the_profile_does_not_know_are_counted_by_the_records_that_have_them(app) {
        let create = |register: &str, body: Value| app.create(register, body);
        let case = |title: &str, kind: &str| create("cases", json!({"title": title, "kind": kind, "received_on": "2017-03-14", "requester": {"type": "PRIVATE"}}));
        let (first, _) = (case("A", "INQUIRY"), case("B", "INQUIRY"));
        create("cases", json!({"title": "C", "received_on": "2017-03-14", "requester": {"type": "PRIVATE"}, "relations": [{"type": "FOLLOWS", "record": first["id"]}]}));
        let finding = |severity: &str| json!({"finding": "Protokoll", "severity": severity});
        create("audits", json!({"title": "Audit", "subject": "Klinik", "received_on": "2017-03-14", "findings": [finding("HIGH"), finding("HIGH"), finding("LOW")]}));
        create("proceedings", json!({"subject": "Beschwerde", "instance": "Gericht", "filed_on": "2017-02-01", "decided_on": "2017-04-01", "decision": "UPHELD"}));
        create("projects", json!({"title": "Projekt", "role": "LEAD", "phase": "CONCEPT", "received_on": "2017-02-01"}));
        create("organisations", json!({"name": "Amt", "type": "CANTONAL_OFFICE"}));
        create("publications", json!({"title": "Merkblatt", "kind": "LEAFLET", "published_on": "2017-05-05"}));
        let gone = case("D", "MEDIATION");
        app.client.delete(&format!("/v1/cases/{}", gone["id"].as_str().unwrap()), "*").expect(204);
        let directory = folder(&[]);
        let mut settings = app.config.profile.clone();
        settings.directory = Some(directory.0.clone());
        let doubts = Profile::of(&settings).unwrap().doubts_of_records(&mut app.db(), app.clock.today()).unwrap();
        let unknown = ", which the vocabulary does not know";
        let told: Vec<&str> = doubts.iter().filter_map(|doubt| doubt.strip_suffix(unknown)).collect();
        assert_eq!(told, [
            "cases.kind: 3 records have INQUIRY",
            "cases.relation: 1 record has FOLLOWS",
            "projects.role: 1 record has LEAD",
            "projects.phase: 1 record has CONCEPT",
            "audits.severity: 1 record has HIGH",
            "audits.severity: 1 record has LOW",
            "organisations.type: 1 record has CANTONAL_OFFICE",
            "proceedings.kind: 1 record has APPEAL",
            "proceedings.decision: 1 record has UPHELD",
            "publications.kind: 1 record has LEAFLET",
        ]);
    }
}

on_both_databases! {
    fn records_that_only_a_line_of_public_bodies_could_count_are_told(app = other) {
        app.create("organisations", json!({"name": "Amt"}));
        let case = |day: &str, requester: Value| app.create("cases", json!({"title": "Cas", "received_on": day, "requester": requester}));
        case("2016-03-14", json!({"type": "PRIVATE", "organisation": "Amt"}));
        case("2017-03-14", json!({"type": "PRIVATE", "organisation": "Amt"}));
        case("2017-03-15", json!({"type": "PRIVATE", "organisation": "Anderes Amt"}));
        case("2017-03-16", json!({"type": "PRIVATE"}));
        case("2017-03-17", json!({"type": "COURT"}));
        let line = "code = \"office\"\nlabel = { rm = \"Uffizi\", de = \"Amt\" }\nlevel = 1\nany = [{ register = [\"cases\"], under = \"Amt\" }]\n";
        let tables = TABLES.replacen("[[tables.services.lines]]", &format!("[[tables.services.lines]]\n{line}\n[[tables.services.lines]]"), 1);
        let directory = folder(&[("tables/own.toml", &tables)]);
        let mut settings = app.config.profile.clone();
        settings.directory = Some(directory.0.clone());
        let doubts = Profile::of(&settings).unwrap().doubts_of_records(&mut app.db(), app.clock.today()).unwrap();
        assert_eq!(doubts, ["layout own: no line of the table services counts 2 records of cases of 2017"]);
    }
}

on_both_databases! {
    fn records_of_years_in_which_their_line_was_not_collected_are_told(app = other) {
        for (year, kind) in [(2016, "COURT"), (2016, "PRIVATE"), (2017, "COURT"), (2017, "PRIVATE"), (2018, "COURT")] {
            app.create("cases", json!({"title": "Cas", "received_on": format!("{year}-03-14"), "requester": {"type": kind}}));
        }
        let lines = [
            ("court", "any = [{ register = [\"cases\"], requester = [\"COURT\"] }]\ncollected = { from = 2018 }"),
            ("private", "any = [{ register = [\"cases\"], requester = [\"PRIVATE\"] }]\ncollected = { from = 2017 }"),
            ("total", "sum = [\"court\", \"private\"]"),
        ];
        let directory = folder(&[("tables/own.toml", &layout("total = \"total\"", &[("services", &lines)], ""))]);
        let doubts = Profile::of(&settings(&directory)).unwrap().doubts_of_records(&mut app.db(), app.clock.today()).unwrap();
        assert_eq!(doubts, [
            "layout own: no line of the table services counts 2 records of cases of 2016",
            "layout own: no line of the table services counts 1 record of cases of 2017",
        ]);
    }
}

/// A line that asks for a dimension or adds a number by a former name is told the one that it has now.
#[test]
fn a_line_is_told_what_a_former_name_is_now() {
    let number = "[[numbers]]\nname = \"hours\"\nwas = [\"time\"]\nregisters = [\"cases\"]\nlabel = { rm = \"a\", de = \"a\" }\n";
    let vocabulary = VOCABULARY.replace("name = \"jurisdiction\"", "name = \"jurisdiction\"\nwas = [\"territory\"]");
    let lines = [
        ("a", "any = [{ register = [\"cases\"], own.territory = [\"NORTH\"] }]"),
        ("b", "add = \"own.time\"\nany = [{ register = [\"cases\"] }]"),
    ];
    let directory = folder(&[
        ("vocabulary.toml", &format!("{vocabulary}\n{number}")),
        ("tables/own.toml", &layout("total = \"a\"", &[("services", &lines)], "")),
    ]);
    let output = aufsicht(&directory.0).args(["profile", "check", "."]).output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    for fault in
        ["the dimension own.territory is called own.jurisdiction now", "the number own.time is called own.hours now"]
    {
        assert!(told.contains(fault), "{fault}: {told}");
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_told_and_nothing_waits_for_it() {
    use std::os::unix::fs::symlink;
    use std::process::Command;

    let check = |directory: &Directory| {
        let output = aufsicht(&directory.0).args(["profile", "check", "."]).output().unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    };
    let directory = folder(&[]);
    let path = |name: &str| directory.0.join(name);
    // What is hidden is none of the profile: editors and systems leave it behind.
    symlink("me@host.1", path("tables/.#own.toml")).unwrap();
    std::fs::write(path("tables/._own.toml"), b"\0\xff").unwrap();
    let (sound, told) = check(&directory);
    assert!(sound, "{told}");
    symlink("/nowhere/at-all.toml", path("tables/a.toml")).unwrap();
    symlink("b.toml", path("tables/b.toml")).unwrap();
    assert!(Command::new("mkfifo").arg(path("tables/c.toml")).status().unwrap().success());
    symlink("/dev/zero", path("tables/d.toml")).unwrap();
    std::fs::create_dir(path("chapters/e.md")).unwrap();
    std::fs::File::create(path("chapters/f.md")).unwrap().set_len(40 << 30).unwrap();
    std::fs::remove_file(path("vocabulary.toml")).unwrap();
    symlink("/nowhere/at-all.toml", path("vocabulary.toml")).unwrap();
    let (sound, told) = check(&directory);
    for fault in [
        "tables/a.toml: is a link to what is not there",
        "tables/b.toml: cannot be read: ",
        "tables/c.toml: is no file",
        "tables/d.toml: is no file",
        "chapters/e.md: is a folder, where a file must be",
        "chapters/f.md: is too large",
        "vocabulary.toml: is a link to what is not there",
    ] {
        assert!(told.contains(fault), "{fault}: {told}");
    }
    assert!(!sound && !told.contains("name is missing"), "{told}");
}

#[test]
fn what_toml_says_of_its_own_is_told_in_words() {
    let deep = format!("{TABLES}\nx = {}{}\n", "[".repeat(100_000), "]".repeat(100_000));
    for (file, text, fault) in [
        ("authority.toml", format!("{AUTHORITY}\n[holidays]\n[holidays]\n"), "this key is there twice"),
        ("authority.toml", AUTHORITY.replace('\n', "\r"), "a line ends in a carriage return alone"),
        ("authority.toml", AUTHORITY.replacen("= \"", "= \"\0", 1), "or has a control character"),
        ("tables/own.toml", deep, "this lies too deep within brackets"),
        ("tables/own.toml", TABLES.replacen("label = {", "label = \"x\" #", 1), "one for each language"),
        ("chapters/10-preface.md", CHAPTER.replacen("title", "title = \"x\"\ntitle", 1), "title is there twice"),
    ] {
        let directory = folder(&[(file, &text)]);
        let output = aufsicht(&directory.0).args(["profile", "check", "."]).output().unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        assert!(told.contains(file) && told.contains(fault) && output.status.code() == Some(1), "{fault}: {told}");
    }
    // A mark of bytes and the line ends of Windows are none of anybody's business.
    let windows = |text: &str| format!("\u{feff}{}", text.replace('\n', "\r\n"));
    let directory = folder(&[
        ("authority.toml", &windows(AUTHORITY)),
        ("vocabulary.toml", &windows(VOCABULARY)),
        ("tables/own.toml", &windows(TABLES)),
        ("chapters/10-preface.md", &windows(CHAPTER)),
    ]);
    let output = aufsicht(&directory.0).args(["profile", "check", "."]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8(output.stdout).unwrap());
}

#[test]
fn a_profile_is_written_out_and_checked() {
    let directory = Directory::new();
    let run = |arguments: &[&str]| {
        let output = aufsicht(&directory.0).args(arguments).output().unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    assert!(run(&["profile", "init", "own"]).0);
    let (again, _, told) = run(&["profile", "init", "own"]);
    assert!(!again && told.contains("is there already; nothing was written"), "{told}");
    let (good, told, _) = run(&["profile", "check", "own"]);
    assert!(good && told.ends_with("has no faults.\n") && !told.contains("warning"), "{told}");
    let (_, _, told) = run(&["profile", "check", "own", "--database-url", "sqlite:none.sqlite3"]);
    assert!(told.contains("there is no database none.sqlite3") && !directory.0.join("none.sqlite3").exists(), "{told}");
    assert!(!run(&["profile", "check", "nowhere"]).0);
    let (good, told, _) = run(&["profile", "check", "own/authority.toml"]);
    assert!(
        !good && told.lines().count() == 1 && told.starts_with("own/authority.toml: is no folder: a profile"),
        "{told}"
    );
    let (served, _, told) = run(&["serve", "--demo", "--profile-dir", "own"]);
    assert!(!served && told.contains("--demo"), "{told}");
}

#[test]
fn every_fault_is_named_with_its_file_and_line() {
    let directory = folder(&[
        (
            "authority.toml",
            &AUTHORITY
                .replace("logo.svg", "log.svg")
                .replace("\"projects\"", "\"projets\"")
                .replace("address", "adress"),
        ),
        (
            "vocabulary.toml",
            &VOCABULARY
                .replace("is = \"CANTON\"", "is = \"KANTON\"")
                .replace("rm = \"Curs\", ", "")
                .replace("label = { rm = \"Nord\"", "labl = 1\nlabel = { rm = \"Nord\""),
        ),
        ("tables/own.toml", &TABLES.replace("[\"COURT\"]", "[\"CURT\"]")),
        ("chapters/10-preface.md", &CHAPTER.replace("before:services", "before:servics")),
    ]);
    let output = aufsicht(&directory.0).args(["profile", "check", "."]).output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1));
    for fault in [
        "authority.toml:3: adress is not known here; did you mean address?",
        "authority.toml:6: there is no section projets; did you mean projects?",
        "vocabulary.toml:9: the software has no value KANTON",
        "vocabulary.toml:19: the text in the language rm is missing",
        "vocabulary.toml:32: labl is not known here; did you mean label?",
        "tables/own.toml:9: requester has no value CURT",
    ] {
        assert!(told.contains(fault), "{fault}: {told}");
    }
    // With the layouts in order the chapters and the logo are looked at too.
    std::fs::write(directory.0.join("tables/own.toml"), TABLES).unwrap();
    let output = aufsicht(&directory.0).args(["profile", "check", "."]).output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    for fault in [
        "chapters/10-preface.md:5: there is no section servics; did you mean services?",
        "authority.toml:5: the folder has no drawing log.svg; did you mean logo.svg?",
    ] {
        assert!(told.contains(fault), "{fault}: {told}");
    }
    let mut config = Config::for_database("sqlite:none").unwrap();
    config.profile.directory = Some(directory.0.clone());
    assert!(Profile::of(&config.profile).err().unwrap().to_string().contains("adress"));
}

/// A part of a layout that cannot be read hides no other one that cannot be, and no value of a line that can.
#[test]
fn all_faults_of_a_layout_are_told_at_once() {
    let line = |code: &str, more: &str| format!("[[tables.services.lines]]\ncode = \"{code}\"\n{more}\n");
    let label = "label = { rm = \"a\", de = \"a\" }";
    let text = [
        "name = \"own\"\ntitle = \"Statistik\"\ntotal = \"total\"\n".to_owned(),
        line("total", &format!("{label}\nany = [{{ register = [\"cases\"] }}]")),
        line("b", "label = \"Fälle\"\nentered = true"),
        line("c", &format!("{label}\nlevell = 1\nentered = true")),
        line("d", &format!("{label}\nsum = [\"b\", \"c\"]")),
        "[tables.services.chart]\ntitle = \"x\"\n[[tables.services.checks]]\nwhole = 5\n".to_owned(),
        "[tables.more]\ntitel = 1\n".to_owned(),
    ]
    .concat();
    let directory = folder(&[("tables/own.toml", &text)]);
    let told =
        || String::from_utf8(aufsicht(&directory.0).args(["profile", "check", "."]).output().unwrap().stdout).unwrap();
    let places = |told: &str| -> Vec<String> {
        let faults = told.lines().filter_map(|line| line.strip_prefix("./tables/own.toml:"));
        faults.map(|fault| fault.split(':').next().unwrap().to_owned()).collect()
    };
    let of_all = told();
    assert_eq!(places(&of_all), ["2", "10", "15", "22", "24", "26"], "{of_all}");
    for fault in ["did you mean level?", "did you mean title?", "one for each language"] {
        assert!(of_all.contains(fault), "{fault}: {of_all}");
    }
    // Lines that can be read are looked at beside one that cannot, and may name it.
    let readable =
        text.split("[tables.services.chart]").next().unwrap().replace("\"Statistik\"", "{ rm = \"a\", de = \"a\" }");
    std::fs::write(directory.0.join("tables/own.toml"), readable.replace("[\"cases\"]", "[\"case\"]")).unwrap();
    let of_lines = told();
    assert_eq!(places(&of_lines), ["7", "10", "15"], "{of_lines}");
    assert!(of_lines.contains("did you mean cases?") && !of_lines.contains("no line"), "{of_lines}");
}

/// The head of a layout, and lines of a table as a code, its label and what follows.
fn layout(head: &str, tables: &[(&str, &[(&str, &str)])], checks: &str) -> String {
    let line = |table: &str, (code, source): &(&str, &str)| {
        format!(
            "[[tables.{table}.lines]]\ncode = \"{code}\"\nlabel = {{ rm = \"a\", de = \"a\" }}\nlevel = 1\n{source}\n\n"
        )
    };
    let lines = tables.iter().flat_map(|(table, lines)| lines.iter().map(move |one| line(table, one)));
    format!("name = \"own\"\ntitle = {{ rm = \"a\", de = \"a\" }}\n{head}\n{}{checks}", lines.collect::<String>())
}

/// Each fault that once gave wrong figures without a word, in a profile made to have it, is told.
#[test]
fn what_would_give_wrong_figures_is_told() {
    const HEAD: &str = "total = \"total\"\n";
    const ALL: (&str, &str) = ("total", "any = [{ register = [\"cases\"] }]");
    const COURT: (&str, &str) = ("court", "any = [{ register = [\"cases\"], requester = [\"COURT\"] }]");
    const LATER: (&str, &str) =
        ("later", "any = [{ register = [\"cases\"], requester = [\"COURT\"] }]\ncollected = { from = 2022 }");
    const OVER: (&str, &str) = ("over", "any = [{ register = [\"cases\"] }]\ncollected = { to = 2021 }");
    let services = |lines: &[(&str, &str)], checks: &str| layout(HEAD, &[("services", lines)], checks);
    let check =
        |whole: &str, parts: &str| format!("[[tables.services.checks]]\nwhole = \"{whole}\"\nparts = [{parts}]\n");
    let nobody = "any = [{ register = [\"cases\"], under = \"Amt\", not = { under = \"Amt\" } }]";
    let tables: [(&str, String, &str); 17] = [
        (
            "bodies that are named and taken away",
            services(&[ALL, ("nobody", nobody)], ""),
            "no record can ever be in this selection",
        ),
        (
            "no line counts the new cases",
            layout("", &[("services", &[ALL])], ""),
            "tables/own.toml:1: total is missing",
        ),
        (
            "a check that never runs",
            services(&[ALL, OVER, LATER], &check("over", "\"later\"")),
            "this check can never run",
        ),
        (
            "entered and counted at once",
            services(&[ALL, ("cameras", "entered = true\nany = [{ register = [\"cases\"] }]")], ""),
            "the line cameras needs exactly one source",
        ),
        (
            "a selection that no record can be in, for figures that people enter",
            services(&[ALL, ("cameras", "any = [{ register = [\"media-requests\"], requester = [\"COURT\"] }]")], ""),
            "no record can ever be in this selection: no register has all of these values; for a figure that people enter write entered = true",
        ),
        (
            "a sum that counts twice",
            services(&[ALL, COURT, ("twice", "sum = [\"total\", \"court\"]")], ""),
            "could count a record twice",
        ),
        (
            "a part named twice",
            services(&[ALL, COURT], &check("total", "\"court\", \"court\"")),
            "the part court is named twice",
        ),
        (
            "a whole that is its part",
            services(&[ALL], &check("total", "\"total\"")),
            "the line total cannot be a part of itself",
        ),
        (
            "parts that overlap",
            services(&[ALL, COURT, ("other", COURT.1)], &check("total", "\"court\", \"other\"")),
            "the parts court and other overlap",
        ),
        (
            "one code for two figures",
            layout(HEAD, &[("services", &[ALL, COURT]), ("more", &[("court", ALL.1)])], ""),
            "the table services has a line court that counts something else",
        ),
        (
            "the place of a fault in a later table",
            layout(
                HEAD,
                &[
                    ("services", &[ALL]),
                    ("more", &[("b", ALL.1), ("x", "any = [{ register = [\"cases\"], requester = [\"CURT\"] }]")]),
                ],
                "",
            ),
            "tables/own.toml:21: requester has no value CURT; did you mean COURT?",
        ),
        (
            "a name with a blank behind it",
            services(&[ALL, ("law", "any = [{ register = [\"cases\"], responsible = [\"Recht \"] }]")], ""),
            "responsible has a value with blanks around or within it",
        ),
        (
            "a not that leaves nothing",
            services(&[ALL, ("no", "any = [{ register = [\"cases\"], not = { kind = [\"COMPLAINT\"] } }]")], ""),
            "tables/own.toml:15: no record can ever be in this selection",
        ),
        (
            "a name of another layout",
            format!("was = [\"own\"]\n{}", services(&[ALL], "")),
            "tables/own.toml:1: was names \"own\", which is no former name of the layout: leave it out",
        ),
        (
            "a publisher that cannot be written to",
            services(
                &[ALL],
                "[publisher]\nname = { rm = \"a\", de = \"a\" }\nemail = \"a@\"\nlicense = \"https://example.org\"\n",
            ),
            "a@ is no email address; write for example info@authority.example",
        ),
        (
            "a name for some years",
            services(&[ALL], "").replace(
                "label = { rm = \"a\", de = \"a\" }",
                "labels = [{ to = 2015, rm = \"a\", de = \"a\" }, { from = 2017, rm = \"b\", de = \"b\" }]",
            ),
            "tables/own.toml:7: labels has no text for 2016",
        ),
        (
            "a word that is no word of layouts",
            services(&[ALL], "[[tables.services.checks]]\ntotl = \"total\"\n"),
            "totl is not known here",
        ),
    ];
    for (name, text, fault) in tables {
        let directory =
            folder(&[("tables/own.toml", &text), ("chapters/10-preface.md", "---\ntitle = \"x\"\n---\nx\n")]);
        let output = aufsicht(&directory.0).args(["profile", "check", "."]).output().unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(1), "{name}: {told}");
        assert!(told.contains(fault), "{name}: {told}\n{text}");
        assert!(!told.contains("struct") && !told.contains('`'), "{name}: {told}");
    }
    // A rule that no record can follow is one of the vocabulary.
    let rule = format!(
        "{VOCABULARY}\n[[cases.channel]]\ncode = \"LETTER\"\nlabel = {{ rm = \"a\", de = \"a\" }}\nrequires = {{ requester = [\"CURT\"] }}\n"
    );
    let directory = folder(&[("vocabulary.toml", &rule)]);
    let output = aufsicht(&directory.0).args(["profile", "check", "."]).output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(
        told.contains("LETTER requires requester = CURT, which cases.requester does not have; did you mean COURT?"),
        "{told}"
    );
}

/// Faults of the other files that once passed, each with its place and its remedy.
#[test]
fn what_once_passed_is_told() {
    let number = |more: &str| {
        format!(
            "{VOCABULARY}\n[[numbers]]\nname = \"hours\"\nregisters = [\"cases\"]\nlabel = {{ rm = \"a\", de = \"a\" }}\n{more}\n"
        )
    };
    let value = |more: &str| VOCABULARY.replace("code = \"NORTH\"", &format!("code = \"NORTH\"\n{more}"));
    let second = TABLES.replace("name = \"own\"", "name = \"other\"");
    let cases: [(&str, String, &str); 12] = [
        (
            "tables/own.toml",
            TABLES.replacen("level = 1", "level = 1\ncollected = { from = 99999 }", 1),
            "tables/own.toml:9: collected names 99999; years are from 1900 to 2999",
        ),
        (
            "vocabulary.toml",
            VOCABULARY.replace("from = 2016", "from = 20160"),
            "vocabulary.toml:10: valid names 20160; years are from 1900 to 2999",
        ),
        (
            "authority.toml",
            format!("email = \"info at example.org\"\n{AUTHORITY}"),
            "authority.toml:1: info at example.org is no email address",
        ),
        (
            "authority.toml",
            format!("security_contact = \"mailto:nobody\"\n{AUTHORITY}"),
            "authority.toml:1: nobody is no email address",
        ),
        (
            "tables/other.toml",
            second.clone(),
            "authority.toml:1: there are several layouts (other, own); name the usual one: layout = \"other\"",
        ),
        (
            "tables/other.toml",
            second.replace("title =", "was = [\"own\"]\ntitle ="),
            "tables/own.toml:1: another layout had the name own",
        ),
        (
            "vocabulary.toml",
            number("max = nan"),
            "vocabulary.toml:35: hours: max must be a number; leave it out for no bound",
        ),
        ("vocabulary.toml", number("min = 3.0\nmax = 2.0"), "vocabulary.toml:35: hours: min is above max"),
        (
            "vocabulary.toml",
            value("requires = { aera = [\"IT\"] }"),
            "vocabulary.toml:32: aera is no coded property of cases; did you mean area?",
        ),
        (
            "vocabulary.toml",
            value("requires = { requester = [\"CURT\"] }"),
            "vocabulary.toml:31: NORTH requires requester = CURT, which cases.requester does not have; did you mean COURT?",
        ),
        (
            "vocabulary.toml",
            value("requires = { own.basis = [\"LAW\"] }"),
            "NORTH requires own.basis = LAW, which cases.own.basis does not have",
        ),
        (
            "chapters/10-preface.md",
            format!("{CHAPTER}\n{{{{ services.total.2017\n"),
            "chapters/10-preface.md:13: {{ is not closed: a figure stands between {{ and }}",
        ),
    ];
    for (file, text, fault) in cases {
        let directory = folder(&[(file, &text)]);
        let output = aufsicht(&directory.0).args(["profile", "check", "."]).output().unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(1), "{fault}: {told}");
        assert!(told.contains(fault), "{fault}: {told}");
    }
}

#[test]
fn what_nobody_will_see_is_doubted() {
    let more = format!(
        "{VOCABULARY}\n[[numbers]]\nname = \"hours\"\nregisters = [\"cases\"]\nlabel = {{ rm = \"Uras\", de = \"Stunden\" }}\n"
    );
    let more = format!(
        "{more}\n[[cases.channel]]\ncode = \"LETTER\"\nlabel = {{ rm = \"a\", de = \"a\" }}\ndefault = true\n\
         requires = {{ requester = [\"COURT\"] }}\n"
    );
    let directory = folder(&[
        ("vocabulary.toml", &more),
        ("vocabularly.toml", ""),
        ("chapter/20-more.md", ""),
        ("chapters/20-more.markdown", ""),
        ("tables/notes.txt", ""),
        ("records/cases.csv", ""),
    ]);
    let output = aufsicht(&directory.0).args(["profile", "check", "."]).output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    for doubt in [
        "vocabularly.toml: is no file of a profile and is not read; did you mean vocabulary.toml?",
        "./chapter: is no folder of a profile and is not read; did you mean chapters?",
        "chapters/20-more.markdown: is not read: the files in chapters end in .md",
        "tables/notes.txt: is not read: the files in tables end in .toml",
        "vocabulary.toml:40: cases.channel: LETTER is taken where a record says none and requires requester = COURT, which is no default",
        "vocabulary.toml:2: cases.kind: no line of a table uses COMPLAINT",
        "vocabulary.toml:14: cases.requester: no line of a table uses PRIVATE",
        "vocabulary.toml:7: cases.requester: COURT has the parent PUBLIC, which is no value and in no line",
        "own.jurisdiction: no line of a table uses NORTH",
        "own.hours: no line of a table adds this number",
    ] {
        assert!(told.lines().any(|line| line.starts_with("warning: ") && line.contains(doubt)), "{doubt}: {told}");
    }
    assert!(!told.contains("records"), "a folder that is called like none of a profile is nobody's business: {told}");
    let config = Config { profile: settings(&directory), ..Config::for_database("sqlite:none").unwrap() };
    assert_eq!(Profile::of(&config.profile).unwrap().authority.event_types(), "aufsicht");
}

#[test]
fn a_layout_that_could_not_be_shown_to_the_public_is_doubted() {
    let lines = [
        ("total", "any = [{ register = [\"cases\"] }]"),
        ("court", "any = [{ register = [\"cases\"], requester = [\"COURT\"] }]"),
        ("north", "any = [{ register = [\"cases\"], own.jurisdiction = [\"NORTH\"] }]"),
        ("both", "any = [{ register = [\"cases\"], requester = [\"COURT\"], own.jurisdiction = [\"NORTH\"] }]"),
    ];
    let told = |lines: &[(&str, &str)]| {
        let directory = folder(&[("tables/own.toml", &layout("total = \"total\"\n", &[("services", lines)], ""))]);
        let output = aufsicht(&directory.0).args(["profile", "check", "."]).output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    let doubt = "warning: AUFSICHT_PUBLIC_STATISTICS: the layout own has lines whose small numbers cannot be protected: \
        its lines court, north cut each other; ";
    assert!(told(&lines).contains(doubt), "{}", told(&lines));
    assert!(!told(&lines[..3]).contains("AUFSICHT_PUBLIC_STATISTICS"));
}

/// Selections that no new record can be in, though earlier ones may be, and checks that hold whatever is counted.
#[test]
fn what_says_nothing_is_doubted() {
    let vocabulary = format!(
        "{VOCABULARY}\n[[cases.channel]]\ncode = \"LETTER\"\nlabel = {{ rm = \"a\", de = \"a\" }}\n\
         requires = {{ requester = [\"COURT\"], own.jurisdiction = [\"NORTH\"] }}\n"
    );
    let line = |code: &'static str, choice: &str, more: &str| {
        (code, format!("any = [{{ register = [\"cases\"], {choice} }}]\n{more}"))
    };
    let lines = [
        ("total", "any = [{ register = [\"cases\"] }]".to_owned()),
        line("early", "requester = [\"COURT\"]", "collected = { to = 2012 }"),
        line("late", "requester = [\"COURT\"]", "collected = { from = 2012 }"),
        line("letters", "channel = [\"LETTER\"], requester = [\"PRIVATE\"]", ""),
        line("strange", "channel = [\"LETTER\"], not = { own.jurisdiction = [\"NORTH\"] }", ""),
        line("usual", "channel = [\"LETTER\", \"NONE\"], requester = [\"PRIVATE\"]", ""),
        line("closed", "status = [\"OPEN\"]", "measure = \"closed\""),
        line("days", "not = { status = [\"CLOSED\"] }", "measure = \"days_median\""),
        line("open", "status = [\"OPEN\"]", "measure = \"pending\""),
        line("private", "requester = [\"PRIVATE\"]", ""),
        ("rest", "rest = { of = \"total\", less = [\"private\"] }".to_owned()),
        ("others", "rest = { of = \"total\", less = [\"private\"] }\ncollected = { from = 2015 }".to_owned()),
        ("sum", "sum = [\"private\", \"rest\"]".to_owned()),
    ];
    let lines: Vec<(&str, &str)> = lines.iter().map(|(code, source)| (*code, source.as_str())).collect();
    let check =
        |whole: &str, parts: &str| format!("[[tables.services.checks]]\nwhole = \"{whole}\"\nparts = [{parts}]\n");
    let checks = [
        check("sum", "\"private\", \"rest\""),
        check("total", "\"private\", \"rest\""),
        check("total", "\"sum\""),
        // Before 2015 this one tells of others than private ones.
        check("total", "\"private\", \"others\""),
        check("total", "\"private\""),
    ];
    let directory = folder(&[
        ("vocabulary.toml", &vocabulary),
        ("tables/own.toml", &layout("total = \"total\"\n", &[("services", &lines)], &checks.concat())),
    ]);
    let output = aufsicht(&directory.0).args(["profile", "check", "."]).output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{told}");
    let of_layout: Vec<&str> =
        told.lines().filter_map(|line| line.strip_prefix("warning: ./tables/own.toml:")).collect();
    const NOBODY: &str = "no new record can be in this selection";
    let valid = "is valid in none of the years in which the line is collected and its other values are valid; mend collected, or \
        valid in the vocabulary";
    let closed = "the measure is of what is closed, which has the status CLOSED; leave the status out";
    let idle = |whole: &str| {
        format!("layout own: this check says nothing: {whole} is made of exactly these parts; leave it out")
    };
    assert_eq!(
        of_layout,
        [
            format!("15: {NOBODY}: requester = COURT {valid}"),
            format!("29: {NOBODY}: channel = LETTER requires requester = COURT, which it leaves out"),
            format!("36: {NOBODY}: channel = LETTER requires own.jurisdiction = NORTH, which it leaves out"),
            format!("50: {NOBODY}: {closed}"),
            format!("57: {NOBODY}: {closed}"),
            format!("94: {}", idle("sum")),
            format!("97: {}", idle("total")),
            format!("100: {}", idle("total")),
        ]
    );
}

#[test]
fn shares_that_can_be_above_all_are_doubted() {
    let line = |code: &str, source: &str| {
        format!(
            "[[tables.services.lines]]\ncode = \"{code}\"\nlabel = {{ rm = \"a\", de = \"b\" }}\nlevel = 0\n{source}\n"
        )
    };
    let lines = |north: &str| {
        [
            line("all", "any = [{ kind = [\"COMPLAINT\"] }]\ncollected = { from = 2020 }"),
            line("north", north),
            line("closed", "any = [{ kind = [\"COMPLAINT\"] }]\nmeasure = \"closed\""),
            line("part", "share = { of = \"north\", in = \"all\" }"),
            line("pace", "share = { of = \"closed\", in = \"all\" }"),
        ]
        .concat()
    };
    let told = |north: &str| {
        let text = format!("name = \"own\"\ntitle = {{ rm = \"a\", de = \"b\" }}\ntotal = \"all\"\n{}", lines(north));
        let directory =
            folder(&[("tables/own.toml", &text), ("chapters/10-preface.md", "---\ntitle = \"x\"\n---\nx\n")]);
        let output = aufsicht(&directory.0).args(["profile", "check", "."]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    // Every case is a complaint here, and those of the north are some of them; pace compares two different things.
    assert!(!told("any = [{ \"own.jurisdiction\" = [\"NORTH\"] }]").contains("above 100 %"));
    let all = told("any = [{ register = [\"cases\", \"audits\"] }]");
    let doubt = "line part: can be above 100 %: not in each year all of north is in all";
    assert!(all.lines().any(|line| line.starts_with("warning: ") && line.contains(doubt)), "{all}");
    assert_eq!(all.matches("above 100 %").count(), 1, "{all}");
}

fn settings(directory: &Directory) -> aufsicht::config::ProfileSettings {
    aufsicht::config::ProfileSettings { directory: Some(directory.0.clone()), ..Default::default() }
}
