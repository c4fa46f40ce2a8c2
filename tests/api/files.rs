//! Files of the statistics as other people's programs read them.

use std::collections::BTreeMap;
use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::App;

/// A request for each statistic, as a path under `/v1/statistics`.
const ALL: [&str; 9] = [
    "services?from=2012&to=2017",
    "channels?from=2012&to=2017",
    "media-requests?from=2012&to=2017",
    "tables/services?from=2012&to=2017",
    "website?from=2016&to=2017",
    "counts?by=year,area",
    "backlog?from=2012&to=2017",
    "activities?from=2012&to=2017",
    "staffing?from=2012&to=2017",
];

/// The rows of a CSV by the letter of RFC 4180, the header first; fails where they are not one rectangle.
#[track_caller]
fn rectangle(text: &str) -> Vec<Vec<String>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

fn spreadsheet(bytes: &[u8]) -> Xlsx<Cursor<Vec<u8>>> {
    Xlsx::new(Cursor::new(bytes.to_vec())).unwrap()
}

fn texts(row: &[Data]) -> Vec<String> {
    row.iter().map(ToString::to_string).collect()
}

/// Publishes the demonstration years.
fn published(app: &App) {
    for year in 2012..=2017 {
        app.client.put(&format!("/v1/statistics/published/{year}"), &json!({"from_live": true})).expect(201);
    }
}

fn filled(app: &App) {
    app.client.put("/v1/website-figures/2017", &json!({"visitors": 3298, "page_views": 9937})).expect(201);
    app.client.put("/v1/staffing/2017", &json!({"positions_percent": 180})).expect(201);
    app.client.put("/v1/statistics/published/2014", &json!({"from_live": true, "published_on": "2015-03-31"}));
}

on_both_databases! {
    fn every_csv_is_one_rectangle_and_its_notes_are_another(app = App::start_with_demo) {
        filled(&app);
        let durations = "durations?year=2017&by=requester";
        for path in ALL.into_iter().chain([durations]) {
            let answer = app.client.get(&format!("/v1/statistics/{path}&format=csv")).expect(200);
            let rows = rectangle(&answer.text());
            assert!(rows.len() > 1 && rows[0].iter().any(|name| name.contains("status")), "{path}: {:?}", rows[0]);
            let (name, query) = path.split_once('?').unwrap();
            let notes = format!("/v1/statistics/{name}/notes?{query}");
            let link = format!("<{notes}>; rel=\"describedby\"");
            assert_eq!(answer.header("link"), Some(link.as_str()), "{path}");
            let told = app.client.get(&notes).expect(200).json();
            let csv = app.client.get(&format!("{notes}&format=csv")).expect(200);
            let rows = rectangle(&csv.text());
            assert_eq!((rows[0].join(";").as_str(), rows.len() - 1), ("kind;id;code;lines;year;text", told["items"].as_array().unwrap().len()), "{path}");
            app.client.get(&format!("{notes}&format=svg")).expect_problem(400, "invalid-parameter");
            app.client.get(&format!("{notes}&shape=long")).expect_problem(400, "invalid-parameter");
        }
        let notes = app.client.get("/v1/statistics/services/notes?from=2012&to=2017").expect(200).json();
        let mismatch = notes["items"].as_array().unwrap().iter().find(|note| note["code"] == "SUM_MISMATCH").unwrap();
        assert_eq!((&mismatch["kind"], &mismatch["year"], &mismatch["lines"]), (&json!("WARNING"), &json!(2014), &json!(["inquiries.total"])));
        app.with_scopes("register:read").get("/v1/statistics/services/notes").expect_problem(403, "missing-scope");
        app.client.get("/v1/statistics/tables/nothing/notes").expect_problem(404, "not-found");
    }
}

on_both_databases! {
    fn the_long_shape_has_the_same_columns_always(app = App::start_with_demo) {
        filled(&app);
        for path in ["services?from=2011&to=2017", "channels?from=2012&to=2017", "media-requests?from=2012&to=2017", "tables/channels?from=2016&to=2017", "website?from=2015&to=2017"] {
            let wide = app.client.get(&format!("/v1/statistics/{path}")).expect(200).json();
            let long = app.client.get(&format!("/v1/statistics/{path}&shape=long")).expect(200).json();
            let items = long["items"].as_array().unwrap();
            assert_eq!((&long["lines"], &long["years"], &long["sources"]), (&json!([]), &wide["years"], &wide["sources"]));
            let rows = rectangle(&app.client.get(&format!("/v1/statistics/{path}&shape=long&format=csv&lang=fr")).expect(200).text());
            assert_eq!(rows[0].join(";"), "code;year;value;status;basis;unit");
            let mut sheet = spreadsheet(&app.client.get(&format!("/v1/statistics/{path}&shape=long&format=xlsx&lang=it")).expect(200).body);
            let range = sheet.worksheet_range_at(0).unwrap().unwrap();
            let cells: Vec<&[Data]> = range.rows().collect();
            assert_eq!(texts(cells[0]), rows[0], "{path}");
            let mut place = 0;
            for line in wide["lines"].as_array().unwrap() {
                for (index, year) in wide["years"].as_array().unwrap().iter().enumerate() {
                    let (item, row) = (&items[place], &rows[place + 1]);
                    place += 1;
                    assert_eq!((&item["code"], &item["year"], &item["value"], &item["basis"]), (&line["code"], year, &line["values"][index], &line["basis"][index]));
                    let value = Some(&item["value"]).filter(|value| !value.is_null()).map(Value::to_string).unwrap_or_default();
                    let text = |name: &str| item[name].as_str().unwrap_or_default();
                    assert_eq!(*row, [text("code"), &year.to_string(), &value, text("status"), text("basis"), text("unit")], "{path}");
                    assert_eq!(texts(cells[place]), *row, "{path}");
                }
            }
            assert_eq!((items.len(), rows.len(), cells.len()), (place, place + 1, place + 1), "{path}");
        }
        let states = |path: &str| -> BTreeMap<String, String> {
            let long = app.client.get(&format!("/v1/statistics/{path}&shape=long")).expect(200).json();
            let state = |item: &Value| (format!("{} {}", item["code"].as_str().unwrap(), item["year"]), item["status"].as_str().unwrap().to_owned());
            long["items"].as_array().unwrap().iter().map(state).collect()
        };
        let services = states("services?from=1999&to=2017");
        assert_eq!((services["cases.total 1999"].as_str(), services["inquiries.filing.with 2017"].as_str()), ("NONE", "NOT_COLLECTED"));
        assert_eq!((services["cases.total 2017"].as_str(), services["cases.total 2014"].as_str()), ("LIVE", "PUBLISHED"));
        assert_eq!(states("website?from=2016&to=2017")["website.visitors 2017"], "LIVE");
        for format in ["svg", "json-stat"] {
            app.client.get(&format!("/v1/statistics/services?shape=long&format={format}")).expect_problem(400, "invalid-parameter");
        }
        app.client.get("/v1/statistics/services?shape=tall").expect_problem(400, "invalid-parameter");
        app.client.get("/v1/statistics/counts?shape=long").expect_problem(400, "invalid-parameter");
    }
}

on_both_databases! {
    fn the_data_dictionary_describes_the_files_as_they_are(app = App::start_with_demo) {
        let package = app.client.get("/v1/statistics/datapackage.json?lang=de").expect(200).json();
        assert_eq!(package["profile"], "tabular-data-package");
        let resources = package["resources"].as_array().unwrap();
        assert_eq!(resources.len(), 3 * 3 + 6);
        for resource in resources {
            let path = resource["path"].as_str().unwrap().strip_prefix(&app.client.base).unwrap();
            let rows = rectangle(&app.client.get(path).expect(200).text());
            let fields = resource["schema"]["fields"].as_array().unwrap();
            let names: Vec<&str> = fields.iter().map(|field| field["name"].as_str().unwrap()).collect();
            assert_eq!(rows[0], names, "{path}");
            for (place, field) in fields.iter().enumerate() {
                assert!(field["description"].as_str().unwrap().len() > 3, "{field}");
                for value in rows[1..].iter().map(|row| row[place].as_str()).filter(|value| !value.is_empty()) {
                    let fits = match field["type"].as_str().unwrap() {
                        "integer" => value.parse::<i64>().is_ok(),
                        "number" => value.parse::<f64>().is_ok(),
                        _ => true,
                    };
                    assert!(fits, "{path}: {value} in {field}");
                }
            }
        }
        app.with_scopes("register:read").get("/v1/statistics/datapackage.json").expect_problem(403, "missing-scope");
        app.client.anonymous().get("/v1/statistics/datapackage.json").expect_problem(401, "unauthenticated");
    }
}

on_both_databases! {
    fn json_stat_has_a_number_for_each_combination(app = App::start_with_demo) {
        filled(&app);
        let get = |path: &str| app.client.get(&format!("/v1/statistics/{path}&format=json-stat")).expect(200).json();
        for path in ALL {
            let stat = get(path);
            let size: u64 = stat["size"].as_array().unwrap().iter().map(|size| size.as_u64().unwrap()).product();
            assert_eq!(stat["value"].as_array().unwrap().len() as u64, size, "{path}");
            assert!(stat["updated"].is_string() && stat["label"].is_string(), "{path}");
        }
        let counts = get("counts?by=year,register,area");
        assert!(counts["value"].as_array().unwrap().iter().all(Value::is_number), "a count that finds nothing is 0");
        let services = get("services?from=2012&to=2017&lang=fr");
        let line = &services["dimension"]["line"]["category"];
        assert_eq!(line["child"]["inquiries.total"], json!(["inquiries.municipality", "inquiries.canton", "inquiries.private"]));
        assert_eq!(line["note"]["inquiries.filing.with"].as_array().unwrap().len(), 1);
        assert_eq!(services["dimension"]["year"]["label"], "Année");
        let place = line["index"].as_array().unwrap().iter().position(|code| code == "inquiries.filing.with").unwrap() * 6 + 5;
        assert_eq!((&services["value"][place], &services["status"][place.to_string()]), (&Value::Null, &json!("NOT_COLLECTED")));
        let backlog = get("backlog?from=2016&to=2017");
        assert_eq!(backlog["dimension"]["measure"]["category"]["unit"]["closed_share"]["symbol"], "%");
        // Nothing was entered for these years, and that is told as such.
        assert!(get("website?from=2001&to=2002")["value"].as_array().unwrap().iter().all(Value::is_null));
        app.client.get("/v1/statistics/counts?by=year,month,area,channel,kind,requester,register,responsible&format=json-stat").expect_problem(406, "not-acceptable");
    }
}

on_both_databases! {
    fn json_stat_is_a_dataset_also_where_there_is_nothing(app) {
        for path in ALL {
            let stat = app.client.get(&format!("/v1/statistics/{path}&format=json-stat")).expect(200).json();
            let sizes: Vec<u64> = stat["size"].as_array().unwrap().iter().map(|size| size.as_u64().unwrap()).collect();
            assert!(sizes.iter().all(|size| *size > 0), "{path}: {stat}");
            assert_eq!(stat["value"].as_array().unwrap().len() as u64, sizes.iter().product::<u64>(), "{path}");
            for (id, size) in stat["id"].as_array().unwrap().iter().zip(sizes) {
                let values = &stat["dimension"][id.as_str().unwrap()]["category"]["index"];
                assert_eq!(values.as_array().unwrap().len() as u64, size, "{path}");
            }
        }
    }
}

on_both_databases! {
    fn a_spreadsheet_is_for_people(app = App::start_with_demo) {
        let answer = app.client.get("/v1/statistics/services?from=2012&to=2017&format=xlsx").expect(200);
        let mut book = spreadsheet(&answer.body);
        assert_eq!(book.sheet_names(), ["services", "Notes"]);
        let range = book.worksheet_range("services").unwrap();
        let rows: Vec<&[Data]> = range.rows().collect();
        assert_eq!(rows[0][0].to_string(), "Dienstleistungen");
        assert_eq!(texts(rows[2])[..4], ["Code", "Bezeichnung", "2012", "2013"]);
        assert_eq!(texts(rows[2]).iter().position(|head| head == "Status 2017").unwrap() + 1, rows[2].len());
        assert_eq!((rows[3][0].to_string().as_str(), &rows[3][7]), ("inquiries.municipality", &Data::Float(62.0)));
        let notes = book.worksheet_range("Notes").unwrap();
        assert_eq!(texts(notes.rows().next().unwrap()), ["Art", "Nr.", "Code", "Zeilen", "Jahr", "Text"]);
        let french = app.client.get("/v1/statistics/backlog?from=2016&to=2017&format=xlsx&lang=fr").expect(200);
        let range = spreadsheet(&french.body).worksheet_range_at(0).unwrap().unwrap();
        assert_eq!(texts(range.rows().nth(2).unwrap())[..3], ["Année", "Registre", "En suspens au début"]);
        // A register's days are days.
        let export = app.client.get("/v1/events/export?format=xlsx&year=2017").expect(200);
        let range = spreadsheet(&export.body).worksheet_range_at(0).unwrap().unwrap();
        let place = texts(range.rows().next().unwrap()).iter().position(|head| head == "held_on").unwrap();
        assert!(range.rows().skip(1).all(|row| matches!(&row[place], Data::DateTime(_))));
    }
}

on_both_databases! {
    fn a_text_that_is_too_long_for_a_cell_stops_no_export(app) {
        let finding = json!({"severity": "LOW", "finding": "F".repeat(4000), "recommendation": "R".repeat(4000)});
        app.create("audits", json!({"title": "Langer Audit", "received_on": "2017-05-02", "findings": vec![finding; 5]}));
        let export = app.client.get("/v1/audits/export?format=xlsx").expect(200);
        let range = spreadsheet(&export.body).worksheet_range_at(0).unwrap().unwrap();
        let cut = range.rows().nth(1).unwrap().iter().map(ToString::to_string).find(|text| text.contains("FFFF")).unwrap();
        assert!(cut.ends_with(" […]") && cut.chars().count() == 32_767, "{}", cut.chars().count());
        assert!(app.client.get("/v1/audits/export?format=csv").expect(200).text().contains(&"R".repeat(4000)));
    }
}

on_both_databases! {
    fn every_file_has_a_name_and_says_who_may_keep_it(app) {
        app.case("Eins");
        let head = |path: &str, name: &str| app.client.get(path).expect(200).header(name).map(str::to_owned);
        for (path, name) in [
            ("/v1/statistics/services?from=2012&to=2017&format=csv", "attachment; filename=\"services-2012-2017.csv\""),
            ("/v1/statistics/tables/channels?format=xlsx", "attachment; filename=\"tables-channels.xlsx\""),
            ("/v1/statistics/durations?year=2017&format=csv", "attachment; filename=\"durations-2017.csv\""),
            ("/v1/statistics/backlog?format=svg", "inline; filename=\"backlog.svg\""),
            ("/v1/statistics/counts?by=year&format=json-stat", "inline; filename=\"counts.json\""),
            ("/v1/statistics/counts?by=year", "inline; filename=\"counts.json\""),
            ("/v1/statistics/services/notes?format=csv", "attachment; filename=\"services-notes.csv\""),
            ("/v1/statistics/catalog?format=turtle", "inline; filename=\"catalog.ttl\""),
        ] {
            assert_eq!(head(path, "content-disposition").as_deref(), Some(name), "{path}");
            assert_eq!(head(path, "cache-control").as_deref(), Some("private, no-cache"), "{path}");
            let tag = head(path, "etag").unwrap();
            let known = app.client.send("GET", path, &[("If-None-Match", &tag)], None).expect(304);
            assert_eq!(known.header("cache-control"), Some("private, no-cache"), "{path}");
        }
        assert_eq!(head("/v1/cases", "cache-control").as_deref(), Some("no-store"));
        let document = app.client.get("/openapi.json").expect(200);
        assert_eq!(document.header("cache-control"), Some("public, max-age=300"));
        assert!(!document.text().contains('\n'), "the document is packed for people, not for the wire");
        assert_eq!(head("/swagger-ui/swagger-ui.css", "cache-control").as_deref(), Some("public, max-age=86400"));
        app.client.get("/v1/statistics/services?from=2000&to=1999").expect_problem(400, "invalid-parameter");
    }
}

on_both_databases! {
    fn data_portals_find_what_everybody_may_read(app = |backend| App::start_with_demo_and(backend, |config| config.public.layout = Some("lucerne".into()))) {
        published(&app);
        let anybody = app.client.anonymous();
        let read = |path: &str| anybody.send("GET", path, &[("Origin", "https://opendata.example")], None).expect(200);
        let catalog = read("/v1/statistics/catalog");
        let nodes = catalog.json()["@graph"].as_array().unwrap().clone();
        let addresses: Vec<String> = nodes.iter().filter_map(|node| Some(node["http://www.w3.org/ns/dcat#downloadURL"][0]["@id"].as_str()?.to_owned())).collect();
        assert_eq!(addresses.len(), 3 * 5);
        for address in &addresses {
            assert!(address.contains("from=2012&to=2017"), "{address}");
            assert_eq!(read(address.strip_prefix(&app.client.base).unwrap()).header("cache-control"), Some("public, max-age=300"));
        }
        let package = read("/v1/statistics/datapackage.json").json();
        assert_eq!(package["resources"].as_array().unwrap().len(), 3 * 3);
        for resource in package["resources"].as_array().unwrap() {
            let rows = rectangle(&read(resource["path"].as_str().unwrap().strip_prefix(&app.client.base).unwrap()).text());
            let fields = resource["schema"]["fields"].as_array().unwrap();
            for (place, field) in fields.iter().enumerate().filter(|(_, field)| field["type"] == "number") {
                assert!(rows[1..].iter().all(|row| row[place].is_empty() || row[place].parse::<f64>().is_ok()), "{field}");
            }
        }
        for path in ["/v1/statistics/catalog", "/v1/statistics/services", "/v1/statistics/datapackage.json", "/v1/data-collections", "/openapi.json", "/v1/vocabularies"] {
            let answer = read(path);
            assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{path}");
            assert!(answer.header("access-control-expose-headers").unwrap().contains("ETag"), "{path}");
        }
        // What a token shows is for listed origins alone.
        for path in ["/v1/statistics/services", "/v1/data-collections", "/v1/cases"] {
            let answer = app.client.send("GET", path, &[("Origin", "https://opendata.example")], None).expect(200);
            assert_eq!(answer.header("access-control-allow-origin"), None, "{path}");
        }
        assert_eq!(read("/").header("access-control-allow-origin"), None);
        assert_eq!(read("/statistics").header("access-control-allow-origin"), None);
        let hidden = anybody.get("/v1/statistics/services?from=2012&to=2017&shape=long").expect(200).json();
        let item = hidden["items"].as_array().unwrap().iter().find(|item| item["status"] == "HIDDEN").unwrap();
        assert_eq!(item["value"], Value::Null);
        anybody.get("/v1/statistics/catalog?layout=other").expect_problem(400, "invalid-parameter");
    }
}
