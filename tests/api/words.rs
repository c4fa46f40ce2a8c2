//! An authority's own words for its registers, wherever people read what a register is called.

use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::{App, Backend, Client, Directory, aufsicht, own};

/// The registers with what the authority calls them in each language.
const WORDS: [(&str, [&str; 4]); 10] = [
    ("cases", ["Geschäfte", "Dossiers", "Incarti", "Files"]),
    ("projects", ["Vorhaben", "Mandats", "Mandati", "Undertakings"]),
    ("audits", ["Prüfungen", "Inspections", "Ispezioni", "Inspections"]),
    ("events", ["Anlässe", "Rencontres", "Incontri", "Occasions"]),
    ("media-requests", ["Pressekontakte", "Contacts de presse", "Contatti stampa", "Press contacts"]),
    ("organisations", ["Behörden", "Autorités", "Autorità", "Authorities"]),
    ("data-collections", ["Bearbeitungen", "Traitements", "Trattamenti", "Processing activities"]),
    ("proceedings", ["Rechtsfälle", "Recours", "Ricorsi", "Appeals"]),
    ("publications", ["Schriften", "Écrits", "Scritti", "Writings"]),
    ("memberships", ["Gremien", "Groupes", "Gruppi", "Groups"]),
];

const LANGUAGES: [&str; 4] = ["de", "fr", "it", "en"];

/// What the software calls registers where an authority has no words of its own, as words begin.
const USUAL: [&[&str]; 4] = [
    &[
        "anfragen ",
        "anfragen,",
        "projekt",
        "datenschutzkontroll",
        "kontrolle",
        "veranstaltung",
        "medienanfrage",
        "verfahren",
        "publikation",
        "datensammlung",
    ],
    &["demande ", "demandes", "projet", "contrôle", "manifestation", "procédure", "publications", "fichiers"],
    &["richiest", "progett", "controll", "manifestazion", "procediment", "pubblicazion", "collezioni"],
    &[
        "inquir",
        "project",
        "audit ",
        "audits",
        "events",
        "media request",
        "proceedings",
        "publications",
        "data collection",
    ],
];

const TABLES: &str = r#"
name = "own"
title = { de = "Statistik", fr = "Statistique", it = "Statistica", en = "Statistics" }
total = "total"

[tables.services]
title = { de = "Leistungen", fr = "Prestations", it = "Prestazioni", en = "Services" }

[[tables.services.lines]]
code = "total"
label = { de = "Total", fr = "Total", it = "Totale", en = "Total" }
level = 0
any = [{ register = ["cases"] }]
"#;

/// The words as a profile writes them.
fn written() -> String {
    let each = |texts: &[&str; 4]| {
        LANGUAGES.iter().zip(texts).map(|(lang, text)| format!("{lang} = \"{text}\"")).collect::<Vec<_>>().join(", ")
    };
    WORDS.iter().map(|(register, texts)| format!("{register} = {{ {} }}\n", each(texts))).collect()
}

/// The embedded profile with one plain table and these lines at the end of what it says of the authority.
fn folder(more: &str) -> Directory {
    let directory = own::profile("");
    let authority = directory.0.join("authority.toml");
    let text = std::fs::read_to_string(&authority).unwrap().replace("layout = \"lucerne\"\n", "");
    std::fs::write(authority, format!("{text}\n{more}")).unwrap();
    std::fs::write(directory.0.join("tables/services.toml"), TABLES).unwrap();
    directory
}

/// A service of that authority with a record in each register.
fn filled(backend: Backend) -> App {
    let directory = folder(&format!("[registers]\n{}", written()));
    let path = directory.0.clone();
    let app = App::start_with(backend, |config| {
        config.profile.directory = Some(path);
        config.public.layout = Some("own".into());
    })
    .with_directory(directory);
    app.create("organisations", json!({"name": "Gemeinde Musterwil", "type": "MUNICIPALITY"}));
    let case = |more: Value| {
        let mut body = json!({"title": "A", "received_on": "2017-03-14", "responsible": "RF", "requester": {"type": "MUNICIPALITY", "organisation": "Gemeinde Musterwil"}});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        app.create("cases", body);
    };
    case(json!({"closed_on": "2017-03-20"}));
    case(json!({"due_on": "2027-01-05"}));
    app.create("projects", json!({"title": "B", "received_on": "2017-02-01", "role": "PARTICIPATION"}));
    app.create("audits", json!({"title": "C", "received_on": "2017-05-02"}));
    app.create("events", json!({"title": "D", "held_on": "2017-05-05", "kind": "LECTURE"}));
    app.create(
        "media-requests",
        json!({"title": "E", "received_on": "2017-05-05", "outlet": "Zeitung", "topic": "Drohnen"}),
    );
    app.create(
        "proceedings",
        json!({"subject": "F", "filed_on": "2017-08-21", "kind": "APPEAL", "instance": "Gericht"}),
    );
    app.create(
        "publications",
        json!({"title": "G", "published_on": "2017-03-14", "kind": "LEAFLET", "published": true}),
    );
    app.create(
        "memberships",
        json!({"group": "H", "joined_on": "2015-01-01", "meetings": [{"held_on": "2017-03-22", "effort_minutes": 60}]}),
    );
    app.client.put("/v1/staffing/2017", &json!({"positions_percent": 100})).expect(201);
    app
}

/// The text that a page shows, without its style and marks.
fn shown(page: &str) -> String {
    let body = page.split("</style>").last().unwrap_or_default();
    body.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text)).collect::<Vec<_>>().join(" ")
}

/// The words of the software that stand in a text of a language.
fn usual(text: &str, lang: usize) -> Vec<&'static str> {
    let text = text.to_lowercase();
    USUAL[lang].iter().copied().filter(|word| text.contains(word)).collect()
}

fn word(register: &str, lang: usize) -> &'static str {
    WORDS.iter().find(|(name, _)| *name == register).unwrap().1[lang]
}

fn columns(client: &Client, path: &str, column: &str) -> Vec<String> {
    let text = client.get(path).expect(200).text();
    let mut rows =
        text.trim_start_matches('\u{feff}').lines().map(|line| line.split(';').map(str::to_owned).collect::<Vec<_>>());
    let place = rows.next().unwrap().iter().position(|name| name == column).unwrap();
    rows.map(|row| row[place].clone()).collect()
}

on_both_databases! {
    fn the_report_calls_registers_as_the_authority_does(app = filled) {
        for (lang, code) in LANGUAGES.iter().enumerate() {
            let page = app.client.get(&format!("/v1/reports/2017?lang={code}")).expect(200).text();
            let text = shown(&page);
            assert_eq!(usual(&text, lang), Vec::<&str>::new(), "{code}: {text}");
            for (register, words) in &WORDS {
                // Data collections are none of the report's matters.
                assert_eq!(text.contains(words[lang]), *register != "data-collections", "{code} {}: {text}", words[lang]);
            }
        }
        let page = app.client.get("/v1/reports/2017?lang=de").expect(200).text();
        for sentence in [
            "Pendent am 31.\u{a0}Dezember 2017: 1 (Geschäfte). Von den Eingängen des Jahres (2) waren bis dahin 50.0\u{a0}% erledigt.",
            "Neu im Jahr 2017: 1; am Jahresende in Arbeit: 1 (Vorhaben).",
            "Im Jahr: 1 (Prüfungen); Feststellungen: 0.",
            "Pendent: Geschäfte, Vorhaben und Prüfungen.",
            "Geschäfte, pendent am Jahresende",
        ] {
            assert!(page.contains(sentence), "{sentence}: {page}");
        }
        let page = app.client.get("/v1/reports/2017?lang=fr").expect(200).text();
        for sentence in [
            "En suspens le 31\u{a0}décembre 2017\u{a0}: 1 (Dossiers). À cette date, 50,0\u{a0}% des entrées de l’année (2) étaient closes.",
            "Nouvelles entrées en 2017\u{a0}: 1\u{a0}; en cours à la fin de l’année\u{a0}: 1 (Mandats).",
            "Dans l’année\u{a0}: 1 (Inspections)\u{a0}; constatations\u{a0}: 0.",
            "Dossiers par commune",
        ] {
            assert!(page.contains(sentence), "{sentence}: {page}");
        }
        for (format, start) in [("pdf", &b"%PDF-1.7"[..]), ("docx", b"PK")] {
            let answer = app.client.get(&format!("/v1/reports/2017?format={format}")).expect(200);
            assert!(answer.body.starts_with(start), "{format}");
        }
    }
}

on_both_databases! {
    fn the_statistics_call_registers_as_the_authority_does(app = filled) {
        for (lang, code) in LANGUAGES.iter().enumerate() {
            let counts = app.client.get(&format!("/v1/statistics/counts?by=register&from=2017&to=2017&lang={code}")).expect(200).json();
            for item in counts["items"].as_array().unwrap() {
                assert_eq!(item["labels"]["register"], word(item["register"].as_str().unwrap(), lang));
            }
            let labels = columns(&app.client, &format!("/v1/statistics/counts?by=register&from=2017&to=2017&lang={code}&format=csv"), "register_label");
            assert!(labels.contains(&word("cases", lang).to_owned()), "{labels:?}");
            let cube = app.client.get(&format!("/v1/statistics/backlog?from=2017&to=2017&lang={code}&format=json-stat")).expect(200).json();
            let named = &cube["dimension"]["register"]["category"]["label"];
            for (register, words) in WORDS.iter().filter(|(register, _)| named.get(register).is_some()) {
                assert_eq!(named[register], words[lang]);
            }
            assert_eq!(named["cases"], word("cases", lang));
            let chart = app.client.get(&format!("/v1/statistics/backlog?from=2016&to=2017&lang={code}&format=svg")).expect(200).text();
            assert!(chart.contains(word("cases", lang)) && usual(&chart, lang).is_empty(), "{chart}");
            let durations = app.client.get(&format!("/v1/statistics/durations?year=2017&by=register&lang={code}")).expect(200).json();
            assert_eq!(durations["items"][0]["label"], word("cases", lang));
            let package = app.client.get(&format!("/v1/statistics/datapackage.json?lang={code}")).expect(200).json();
            let activities = package["resources"].as_array().unwrap().iter().find(|one| one["name"] == "activities").unwrap();
            assert!(activities["title"].as_str().unwrap().starts_with(word("projects", lang)), "{activities}");
            assert_eq!(activities["schema"]["fields"][1]["title"], word("projects", lang));
        }
        // Without labels there are the codes, as ever.
        let plain = app.client.get("/v1/statistics/counts?by=register&from=2017&to=2017").expect(200).json();
        assert!(plain["items"].as_array().unwrap().iter().any(|item| item["register"] == "cases" && item["labels"].is_null()), "{plain}");
    }
}

on_both_databases! {
    fn pages_and_calendars_call_registers_as_the_authority_does(app = filled) {
        let everybody = app.client.anonymous();
        let responsible = app.named("RF");
        let made = responsible.post("/v1/calendar-feeds", &json!({})).expect(201).json();
        let address = made["address"].as_str().unwrap().strip_prefix(&*responsible.base).unwrap();
        for (lang, code) in LANGUAGES.iter().enumerate() {
            for path in ["/", "/statistics", "/data-collections", "/publications"] {
                let text = shown(&everybody.get(&format!("{path}?lang={code}")).expect(200).text());
                for register in ["data-collections", "publications"] {
                    assert!(text.contains(word(register, lang)), "{path} {code}: {text}");
                }
            }
            let feed = everybody.get(&format!("/publications.atom?lang={code}")).expect(200).text();
            assert!(feed.contains(&format!("<title>{}</title>", word("publications", lang))), "{feed}");
            let calendar = everybody.get(&format!("{address}?lang={code}")).expect(200).text().replace("\r\n ", "");
            assert!(calendar.contains(&format!("({})", word("cases", lang))), "{calendar}");
        }
    }
}

/// One text stands in all languages; what is no register is refused, and so is what lacks a language.
#[test]
fn words_are_for_registers_that_there_are() {
    let check = |more: &str| {
        let directory = folder(&format!("[registers]\n{more}"));
        let output = aufsicht(&directory.0).args(["profile", "check", "."]).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, told) = check("cases = \"Dossiers\"\n");
    assert_eq!(code, Some(0), "{told}");
    let (code, told) = check("casse = \"Dossiers\"\n");
    assert!(
        code == Some(1)
            && told.contains("there is no register casse; did you mean cases?; there are cases, projects, "),
        "{told}"
    );
    let (code, told) = check("cases = { de = \"Geschäfte\" }\n");
    assert!(code == Some(1) && told.contains("the text in the language fr is missing"), "{told}");
    let (code, told) = check("cases = 3\n");
    assert!(code == Some(1) && told.contains("this must be a text"), "{told}");
}
