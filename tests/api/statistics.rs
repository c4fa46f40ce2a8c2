//! The statistics: to the figure.

use serde_json::{Value, json};

use crate::on_both_databases;
use crate::personal_data_access::logged_in;
use crate::protection::new_client;
use crate::support::{App, faults};

fn line<'a>(table: &'a Value, code: &str) -> &'a Value {
    table["lines"].as_array().unwrap().iter().find(|line| line["code"] == code).unwrap_or_else(|| panic!("{code}"))
}

/// The table of the activity report of 2017 as printed; `+18%` is what is right where the report prints +19 %.
type PrintedLine = (&'static str, [Option<i64>; 6], Option<&'static str>, &'static [u32]);
fn printed() -> Vec<PrintedLine> {
    let all = |values: [i64; 6]| values.map(Some);
    vec![
        ("inquiries.municipality", all([30, 49, 46, 53, 53, 62]), Some("+17%"), &[]),
        ("inquiries.canton", all([77, 70, 74, 101, 101, 127]), Some("+26%"), &[1, 2]),
        ("inquiries.private", all([122, 154, 131, 110, 95, 106]), Some("+12%"), &[1]),
        ("inquiries.total", all([229, 273, 251, 264, 249, 295]), Some("+18%"), &[]),
        ("inquiries.filing.without", [Some(198), None, None, None, None, None], None, &[3]),
        ("inquiries.filing.with", [Some(31), None, None, None, None, None], None, &[3]),
        ("inquiries.area.it", all([18, 12, 22, 32, 35, 31]), Some("-11%"), &[]),
        ("inquiries.area.police", all([15, 6, 40, 18, 19, 25]), Some("+32%"), &[]),
        ("inquiries.area.education", all([33, 33, 18, 21, 24, 25]), Some("+4%"), &[1]),
        ("inquiries.area.social", all([34, 66, 39, 46, 36, 61]), Some("+69%"), &[1]),
        ("inquiries.area.private", all([19, 40, 30, 36, 40, 31]), Some("-22%"), &[1]),
        ("inquiries.area.health", all([26, 19, 20, 21, 10, 18]), Some("+80%"), &[]),
        ("inquiries.area.other", all([84, 97, 79, 90, 85, 104]), Some("+22%"), &[]),
        ("projects.participation", all([20, 22, 15, 30, 31, 16]), Some("-48%"), &[]),
        ("projects.lead", all([0, 0, 0, 2, 0, 1]), Some("+100%"), &[]),
        ("events.training", all([3, 3, 0, 0, 0, 0]), Some("0%"), &[]),
        ("events.lecture", all([5, 3, 6, 9, 10, 9]), Some("-10%"), &[]),
        ("cases.total", all([257, 301, 272, 305, 290, 321]), Some("+11%"), &[]),
    ]
}

on_both_databases! {
    fn the_table_of_2017_is_as_printed(app = App::start_with_demo) {
        let table = app.client.get("/v1/statistics/services?from=2012&to=2017").expect(200).json();
        assert_eq!(table["years"], json!([2012, 2013, 2014, 2015, 2016, 2017]));
        let lines = table["lines"].as_array().unwrap();
        assert_eq!(lines.len(), printed().len());
        for (line, (code, values, development, footnotes)) in lines.iter().zip(printed()) {
            assert_eq!(line["code"], code);
            assert_eq!(line["values"], json!(values), "{code}");
            assert_eq!(line["development"]["display"].as_str(), development, "{code}");
            assert_eq!(line["footnotes"], json!(footnotes), "{code}");
            assert_eq!(line["basis"], json!(vec!["LIVE"; 6]), "{code}");
        }
        assert_eq!(line(&table, "inquiries.municipality")["development"], json!({
            "absolute": 9, "percent": 16.98, "display": "+17%"
        }));
        assert_eq!(line(&table, "projects.lead")["development"], json!({"absolute": 1, "display": "+100%"}));
        assert_eq!(table["footnotes"][0], json!({"id": 1, "text": "Neue Rubrik seit 2012"}));
        let warnings = table["warnings"].as_array().unwrap();
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert_eq!((&warnings[0]["code"], &warnings[0]["year"]), (&json!("SUM_MISMATCH"), &json!(2014)));
        let detail = warnings[0]["detail"].as_str().unwrap();
        assert!(detail.contains("248") && detail.contains("251"), "{detail}");
    }
}

on_both_databases! {
    fn every_cell_is_explained_by_its_records(app = App::start_with_demo) {
        let table = app.client.get("/v1/statistics/services?from=2012&to=2017").expect(200).json();
        for line in table["lines"].as_array().unwrap() {
            let code = line["code"].as_str().unwrap();
            for (year, value) in (2012..).zip(line["values"].as_array().unwrap()) {
                let path = format!("/v1/statistics/services/{code}/{year}/records?limit=100&include_total=true");
                let first = app.client.get(&path).expect(200).json();
                assert_eq!(first["total"], value.as_i64().unwrap_or(0), "{code} {year}");
                let records = app.client.all(&path);
                assert_eq!(records.len() as i64, value.as_i64().unwrap_or(0), "{code} {year}");
                let of_year = |record: &&Value| record["received_on"].as_str().unwrap().starts_with(&year.to_string());
                assert_eq!(records.iter().filter(of_year).count(), records.len(), "{code} {year}");
            }
        }
        app.client.get("/v1/statistics/services/nonsense/2017/records").expect_problem(404, "not-found");
        let problem = app.client.get("/v1/statistics/services/cases.total/x/records").expect_problem(400, "invalid-parameter");
        assert_eq!(faults(&problem), ["year"]);
    }
}

on_both_databases! {
    fn channels_and_media_requests_are_as_printed(app = App::start_with_demo) {
        let table = app.client.get("/v1/statistics/channels?from=2016&to=2017").expect(200).json();
        let right = [
            ("web_form", [49, 48], "-2%"),
            ("email", [105, 159], "+51%"),
            ("phone", [84, 73], "-13%"),
            ("letter", [11, 15], "+36%"),
            ("unknown", [0, 0], "0%"),
        ];
        for (channel, values, display) in right {
            let line = line(&table, &format!("inquiries.channel.{channel}"));
            assert_eq!(line["values"], json!(values), "{channel}");
            assert_eq!(line["development"]["display"], display, "{channel}");
        }
        let table = app.client.get("/v1/statistics/media-requests?from=2016&to=2017").expect(200).json();
        assert_eq!(line(&table, "media_requests.total")["values"], json!([null, 36]));
    }
}

on_both_databases! {
    fn what_was_not_collected_is_no_zero_in_any_format(app = App::start_with_demo) {
        app.create("media-requests", json!({"title": "Vor der Erfassung", "received_on": "2015-06-01", "medium": "TV"}));
        for (table, first, lines, notes) in [
            ("channels", 2016, "inquiries.channel.", ["Kanäle werden seit 2016 erfasst", "depuis 2016", "dal 2016", "since 2016"]),
            ("media-requests", 2017, "media_requests.", ["Medienanfragen werden seit 2017 erfasst", "depuis 2017", "dal 2017", "since 2017"]),
        ] {
            let path = |lang: &str, format: &str| format!("/v1/statistics/{table}?from=2012&to=2017&lang={lang}&format={format}");
            for (lang, note) in ["de", "fr", "it", "en"].into_iter().zip(notes) {
                let body = app.client.get(&path(lang, "json")).expect(200).json();
                let text = body["footnotes"][0]["text"].as_str().unwrap();
                assert!(text.contains(note), "{text}");
                for line in body["lines"].as_array().unwrap().iter().filter(|line| line["code"].as_str().unwrap().starts_with(lines)) {
                    for (year, value) in (2012..).zip(line["values"].as_array().unwrap()) {
                        assert_eq!(value.is_null(), year < first, "{line} {year}");
                    }
                    assert_eq!(line.get("development").is_some(), first < 2017, "{line}");
                    assert_eq!(line["footnotes"], json!([1]));
                }
                assert_eq!(body["warnings"], json!([]));
                let report = app.client.get(&format!("/v1/reports/2017?lang={lang}")).expect(200).text();
                assert!(report.contains(text), "{text}");
            }
            let empty = ";".repeat(first as usize - 2012);
            let csv = app.client.get(&path("de", "csv")).expect(200).text();
            for row in csv.lines().filter(|row| row.trim_start_matches('\u{feff}').starts_with(lines)) {
                assert!(row.split_once(';').unwrap().1.split_once(';').unwrap().1.starts_with(&empty), "{row}");
            }
            let svg = app.client.get(&path("de", "svg")).expect(200).text();
            // A drawing begins when there is something to draw.
            assert!(!svg.contains("2012") && svg.contains(&format!("{first} ")), "{svg}");
            let stat = app.client.get(&path("de", "json-stat")).expect(200).json();
            let codes = stat["dimension"]["line"]["category"]["index"].as_array().unwrap();
            let place = codes.iter().position(|code| code.as_str().unwrap().starts_with(lines)).unwrap() * 6;
            assert_eq!((&stat["value"][place], stat["value"][place + 5].is_number()), (&Value::Null, true));
        }
        // A report about a year in which they were not collected names no topics of them.
        assert!(!app.client.get("/v1/reports/2015").expect(200).text().contains("Medienanfragen nach Thema"));
    }
}

on_both_databases! {
    fn counts_break_down_by_anything(app = App::start_with_demo) {
        let counts = |query: &str| app.client.get(&format!("/v1/statistics/counts?{query}")).expect(200).json();
        let total = |query: &str| counts(query)["total"].as_i64().unwrap();
        assert_eq!(counts("by=year,area&register=cases&area=IT&from=2016&to=2017")["items"], json!([
            {"year": 2016, "area": "IT", "count": 35}, {"year": 2017, "area": "IT", "count": 31}
        ]));
        assert_eq!(total("register=cases&from=2014&to=2014&area=NONE"), 3);
        assert_eq!(total("register=cases&from=2014&to=2014&area=NONE,IT"), 25);
        assert_eq!(total("register=media-requests"), 36);
        let whole = total("from=2017&to=2017");
        assert_eq!(whole, 321 + 36);
        let all = "year,quarter,month,register,kind,requester,area,channel,filing,role,medium,status,responsible";
        for by in all.split(',') {
            assert_eq!(total(&format!("by={by}&from=2017&to=2017")), whole, "{by}");
        }
        assert_eq!(total(&format!("by={all}&from=2017&to=2017")), whole);
        let listed = app.client.get("/v1/cases?include_total=true&closed_from=2017-01-01&closed_to=2017-12-31&limit=1");
        assert_eq!(listed.expect(200).json()["total"], total("measure=closed&from=2017&to=2017&register=cases"));
        let problem = app.client.get("/v1/statistics/counts?by=colour&measure=x&from=2018&to=2017&aera=IT");
        assert_eq!(faults(&problem.expect_problem(400, "invalid-parameter")), ["aera", "by", "from", "measure"]);
    }
}

on_both_databases! {
    fn years_before_the_first_record_have_no_figures(app) {
        app.create("cases", json!({"title": "Erste", "received_on": "2015-05-05", "area": "IT"}));
        let table = app.client.get("/v1/statistics/services?from=2013&to=2016").expect(200).json();
        let it = line(&table, "inquiries.area.it");
        assert_eq!(it["values"], json!([null, null, 1, 0]));
        assert_eq!(it["basis"], json!(["NONE", "NONE", "LIVE", "LIVE"]));
        assert_eq!(it["development"], json!({"absolute": -1, "percent": -100.0, "display": "-100%"}));
        let usual = app.client.get("/v1/statistics/services").expect(200).json();
        assert_eq!((&usual["from"], &usual["to"]), (&json!(2013), &json!(2018)));
        let one = app.client.get("/v1/statistics/services?from=2016&to=2016").expect(200).json();
        assert!(line(&one, "inquiries.area.it").get("development").is_none());
    }
}

on_both_databases! {
    fn refuses_impossible_ranges_layouts_and_languages(app) {
        let parameters = |query: &str| {
            let answer = app.client.get(&format!("/v1/statistics/services?{query}"));
            faults(&answer.expect_problem(400, "invalid-parameter"))
        };
        assert_eq!(parameters("from=2018&to=2017"), ["from"]);
        assert_eq!(parameters("from=1950&to=2017"), ["from"]);
        assert_eq!(parameters("from=x&to=99999&layout=no&lang=rm&format=doc&form=2"), [
            "form", "format", "from", "lang", "layout", "to"
        ]);
        assert_eq!(app.client.get("/v1/statistics/services?from=1968&to=2017").expect(200).json()["years"].as_array().unwrap().len(), 50);
    }
}

on_both_databases! {
    fn labels_come_in_four_languages(app = App::start_with_demo) {
        let label = |query: &str, accept: &str| {
            let path = format!("/v1/statistics/services{query}");
            let table = app.client.send("GET", &path, &[("Accept-Language", accept)], None).expect(200).json();
            line(&table, "events.lecture")["label"].as_str().unwrap().to_owned()
        };
        assert_eq!(label("", ""), "Gehaltene Vorträge");
        assert_eq!(label("", "fr-CH, de;q=0.5"), "Exposés présentés");
        assert_eq!(label("?lang=it", "fr"), "Conferenze tenute");
        assert_eq!(label("?lang=en", ""), "Lectures given");
    }
}

on_both_databases! {
    fn an_unchanged_table_costs_nothing(app) {
        let first = app.client.get("/v1/statistics/services").expect(200);
        let tag = first.header("etag").unwrap().to_owned();
        let again = |app: &App| app.client.send("GET", "/v1/statistics/services", &[("If-None-Match", &tag)], None);
        let unchanged = again(&app).expect(304);
        assert_eq!((unchanged.body.len(), unchanged.header("etag")), (0, Some(tag.as_str())));
        app.case("Etwas Neues");
        assert_ne!(again(&app).expect(200).header("etag"), Some(tag.as_str()));
    }
}

on_both_databases! {
    fn figures_are_answered_again_until_something_is_written(app) {
        let asked = "/v1/statistics/counts?by=register";
        let account = json!({"name": "chancellery", "scopes": ["statistics:read"], "registers": ["projects"]});
        let bound = logged_in(&app, &app.client.base, &new_client(&app, account));
        app.case("Eins");
        let total = |answer: &Value| answer["total"].clone();
        for _ in 0..2 {
            assert_eq!(total(&app.client.get(asked).expect(200).json()), 1);
            // Who may see less asks the same question and gets another answer.
            assert_eq!(total(&bound.get(asked).expect(200).json()), 0);
        }
        let csv = |app: &App| app.client.send("GET", asked, &[("Accept", "text/csv")], None).expect(200);
        let (first, again) = (csv(&app), csv(&app));
        assert_eq!(first.body, again.body);
        for name in ["etag", "content-type", "cache-control"] {
            assert_eq!(first.header(name), again.header(name), "{name}");
        }
        assert_eq!(app.client.send("HEAD", asked, &[], None).expect(200).header("content-type"), Some("application/json"));
        // Who has it asks for free, also when nobody has asked for all of it before.
        let path = "/v1/statistics/counts?by=register,area";
        let tag = app.client.get(path).expect(200).header("etag").unwrap().to_owned();
        app.client.put("/v1/staffing/2017", &json!({"positions_percent": 180})).expect(201);
        for _ in 0..2 {
            app.client.send("GET", path, &[("If-None-Match", &tag)], None).expect(304);
        }
        assert_eq!(total(&app.client.get(path).expect(200).json()), 1);
        for number in 2..6 {
            app.case("Noch eins");
            assert_eq!(total(&app.client.get(asked).expect(200).json()), number);
        }
        app.client.get("/v1/statistics/counts?by=nothing").expect_problem(400, "invalid-parameter");
    }
}

on_both_databases! {
    fn csv_opens_in_swiss_excel(app = App::start_with_demo) {
        let answer = app.client.get("/v1/statistics/services?from=2016&to=2017&format=csv").expect(200);
        assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8"));
        let text = answer.text();
        assert!(text.starts_with("\u{feff}code;label;2016;2017;"), "{text}");
        assert!(text.contains("\r\ninquiries.municipality;Anfragen Gemeinden;53;62;9;16.98;"), "{text}");
        let accepted = app.client.send("GET", "/v1/statistics/counts?by=area", &[("Accept", "text/csv")], None);
        assert!(accepted.expect(200).text().starts_with("\u{feff}area;count;figure_status\r\n"));
        let refused = app.client.send("GET", "/v1/statistics/counts", &[("Accept", "image/png")], None);
        refused.expect_problem(406, "not-acceptable");
    }
}

on_both_databases! {
    fn lists_the_layouts(app) {
        let layouts = app.client.get("/v1/statistics/layouts").expect(200).json();
        assert_eq!(layouts["items"][0]["name"], "lucerne");
    }
}

#[test]
fn a_broken_layout_stops_the_start() {
    let directory = crate::support::Directory::new();
    std::fs::write(directory.0.join("broken.toml"), "name = \"x\"\ntitle = 5\n").unwrap();
    let (url, _database) = crate::support::database(crate::support::Backend::Sqlite);
    let mut config = aufsicht::Config::for_database(&url).unwrap();
    config.server.listen = "127.0.0.1:0".into();
    config.tokens.secret = Some(crate::support::SECRET.into());
    config.profile.layout_directory = Some(directory.0.clone());
    let error = aufsicht::Service::start(config, aufsicht::Clock::system()).err().unwrap().to_string();
    assert!(error.contains("broken.toml:2: "), "{error}");
    let mut config = aufsicht::Config::for_database(&url).unwrap();
    config.profile.layout = Some("nonsense".into());
    let error = aufsicht::profile::Profile::of(&config.profile).err().unwrap().to_string();
    assert!(error.contains("--layout must be one of lucerne"), "{error}");
}

on_both_databases! {
    fn the_example_of_another_authority_counts_by_its_own_lines(app = |backend| App::start_with(backend, |config| config.profile.layout_directory = Some("docs/layouts".into()))) {
        for (kind, filing, received) in [
            ("INQUIRY", "WITHOUT", "2020-02-01"), ("INQUIRY", "WITH", "2021-02-01"), ("INQUIRY", "WITHOUT", "2021-02-02"),
            ("PRIOR_CHECK", "WITH", "2021-03-01"), ("BREACH_NOTIFICATION", "WITH", "2021-04-01"), ("BREACH_NOTIFICATION", "WITH", "2021-05-01"),
            ("STATEMENT", "WITH", "2021-06-01"), ("APPEAL", "WITH", "2021-06-02"),
        ] {
            app.clock.set("2022-01-15T08:00:00Z".parse().unwrap());
            app.with_scopes("register:write").post("/v1/cases", &json!({"title": "x", "kind": kind, "filing": filing, "received_on": received})).expect(201);
        }
        app.renew();
        app.create("audits", json!({"title": "Kontrolle", "received_on": "2021-07-01"}));
        let path = "/v1/statistics/services?layout=example&from=2020&to=2021";
        let table = app.client.get(path).expect(200).json();
        let usual = App::start_with(app.backend, |config| {
            config.database.url = app.config.database.url.clone();
            config.profile.layout_directory = Some("docs/layouts".into());
            config.profile.layout = Some("example".into());
        });
        usual.clock.set("2022-01-15T08:00:00Z".parse().unwrap());
        let usual_client = usual.client.with_token(usual.service().token(crate::support::ALL_SCOPES).unwrap());
        let by_default = usual_client.get("/v1/statistics/services?from=2020&to=2021").expect(200).json();
        assert_eq!(by_default, table, "an authority's own layout is the usual one where it says so");
        assert_eq!(usual_client.get("/v1/statistics/layouts").expect(200).json()["items"][1]["name"], "lucerne");
        for (layout, choice) in [("example", "?layout=example"), ("lucerne", "")] {
            let tables = app.client.get(&format!("/v1/statistics/tables?layout={layout}")).expect(200).json();
            for path in tables["items"].as_array().unwrap().iter().map(|table| table["path"].as_str().unwrap()) {
                assert!(path.split_once('?').map_or("", |(_, query)| query) == choice.trim_start_matches('?'), "{path}");
                app.client.get(path).expect(200);
            }
        }
        let values = |code: &str| line(&table, code)["values"].clone();
        assert_eq!(values("inquiries.small"), json!([1, 1]));
        assert_eq!(values("dossiers.inquiries"), json!([0, 1]));
        assert_eq!(values("dossiers.prior_check"), json!([0, 1]));
        assert_eq!(values("dossiers.breach"), json!([null, 2]), "collected since 2021");
        assert_eq!((values("dossiers.legislation"), values("dossiers.proceedings")), (json!([0, 1]), json!([0, 1])));
        assert_eq!(values("total"), json!([1, 8]));
        assert_eq!((&table["warnings"], line(&table, "dossiers.breach")["label"].as_str()), (&json!([]), Some("Meldungen von Datenschutzverletzungen")));
        for lang in ["de", "fr", "it", "en"] {
            let labels = app.client.get(&format!("{path}&lang={lang}")).expect(200).json();
            assert!(labels["lines"].as_array().unwrap().iter().all(|line| !line["label"].as_str().unwrap().is_empty()));
        }
        assert!(app.client.get(&format!("{path}&format=svg")).expect(200).text().contains("Dossiers nach Art"));
        assert_eq!(app.client.all("/v1/statistics/services/dossiers.breach/2021/records?layout=example").len(), 2);
        let report = app.client.get("/v1/reports/2021?layout=example").expect(200).text();
        assert!(report.contains("Total Geschäfte: 8, Zunahme um 700\u{a0}% (7) gegenüber 2020 (1)."), "{report}");
        app.client.put("/v1/statistics/published/2021?layout=example", &json!({"from_live": true})).expect(201);
        let frozen = app.client.get(path).expect(200).json();
        assert_eq!(line(&frozen, "total")["basis"], json!(["LIVE", "PUBLISHED"]));
        let lucerne = app.client.get("/v1/statistics/services?from=2020&to=2021").expect(200).json();
        assert_eq!(line(&lucerne, "inquiries.total")["basis"], json!(["LIVE", "LIVE"]), "another layout is another publication");
    }
}

on_both_databases! {
    fn the_catalogue_names_every_statistic_in_every_format(app) {
        let catalog = app.client.get("/v1/statistics/catalog").expect(200);
        assert_eq!(catalog.header("content-type"), Some("application/ld+json"));
        let graph = catalog.json();
        let nodes = graph["@graph"].as_array().unwrap();
        let values = |property: &str| -> Vec<String> {
            let of_node = |node: &Value| node[property].as_array().cloned().unwrap_or_default();
            nodes.iter().flat_map(of_node).filter_map(|value| value["@id"].as_str().map(str::to_owned)).collect()
        };
        let addresses = values("http://www.w3.org/ns/dcat#downloadURL");
        let document = app.client.get("/openapi.json").json();
        let mut named = 0;
        for (path, operations) in document["paths"].as_object().unwrap() {
            let content = &operations["get"]["responses"]["200"]["content"];
            // The tables of the layout stand in the catalogue by their own paths.
            let is_table = !path.contains('{') && !path.ends_with("/notes");
            if !path.starts_with("/v1/statistics/") || !is_table || content.get("text/csv").is_none() {
                continue;
            }
            let resolved = |parameter: &Value| match parameter["$ref"].as_str() {
                Some(place) => document.pointer(place.trim_start_matches('#')).unwrap().clone(),
                None => parameter.clone(),
            };
            let formats = operations["get"]["parameters"].as_array().unwrap().iter().map(resolved).find(|p| p["name"] == "format").unwrap();
            for format in resolved(&formats["schema"])["enum"].as_array().unwrap() {
                let address = format!("{}{path}?format={}", app.client.base, format.as_str().unwrap());
                assert!(addresses.contains(&address), "{address}");
                app.client.get(address.strip_prefix(&app.client.base).unwrap()).expect(200);
                named += 1;
            }
        }
        assert_eq!((named, addresses.len()), (addresses.len(), 41));
        assert!(values("http://www.w3.org/2006/vcard/ns#hasEmail").contains(&"mailto:dsb@lu.ch".to_owned()));
        let turtle = app.client.send("GET", "/v1/statistics/catalog", &[("Accept", "text/turtle")], None).expect(200);
        assert_eq!(turtle.header("content-type"), Some("text/turtle"));
        assert!(turtle.text().contains("a dcat:Catalog") && turtle.text().contains("\"Pendente Geschäfte\"@de"), "{}", turtle.text());
        let tag = turtle.header("etag").unwrap().to_owned();
        app.client.send("GET", "/v1/statistics/catalog?format=turtle", &[("If-None-Match", &tag)], None).expect(304);
        let problem = app.client.get("/v1/statistics/catalog?format=rdf&lang=de").expect_problem(400, "invalid-parameter");
        assert_eq!(faults(&problem), ["format", "lang"]);
        app.client.send("GET", "/v1/statistics/catalog", &[("Accept", "text/csv")], None).expect_problem(406, "not-acceptable");
        app.with_scopes("register:read").get("/v1/statistics/catalog").expect_problem(403, "missing-scope");
    }
}

#[test]
fn another_authority_brings_its_own_layout() {
    let directory = crate::support::Directory::new();
    let own = include_str!("../../src/profile/lucerne/tables/services.toml")
        .replace("name = \"lucerne\"", "name = \"own\"")
        .replace("code = \"events.lecture\"", "code = \"talks\"")
        .replace("\"events.lecture\"]", "\"talks\"]");
    std::fs::write(directory.0.join("own.toml"), own).unwrap();
    let app = App::start_with(crate::support::Backend::Sqlite, |config| {
        config.profile.layout_directory = Some(directory.0.clone())
    });
    app.create("events", json!({"title": "Vortrag", "kind": "LECTURE", "held_on": "2017-05-05"}));
    let table = app.client.get("/v1/statistics/services?layout=own&from=2017&to=2017").expect(200).json();
    assert_eq!(line(&table, "talks")["values"], json!([1]));
    assert_eq!(app.client.all("/v1/statistics/services/talks/2017/records?layout=own").len(), 1);
}
