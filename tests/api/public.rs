//! Statistics that anybody may read: what is shown, what is hidden, and that no format tells more than another.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::{App, Backend, Client, faults};

fn public(backend: Backend) -> App {
    App::start_with_demo_and(backend, |config| config.public.layout = Some("lucerne".into()))
}

fn publish(app: &App, years: std::ops::RangeInclusive<i32>) {
    for year in years {
        let path = format!("/v1/statistics/published/{year}");
        app.client.put(&path, &json!({"from_live": true, "source": "Tätigkeitsbericht"})).expect(201);
    }
}

const TABLES: [&str; 3] = ["services", "channels", "media-requests"];

/// The values of a table by line, with those that are hidden.
fn values(client: &Client, table: &str, range: &str) -> BTreeMap<String, Vec<(Option<i64>, bool)>> {
    let body = client.get(&format!("/v1/statistics/{table}?{range}")).expect(200).json();
    let lines = body["lines"].as_array().unwrap().iter();
    lines
        .map(|line| {
            let values = line["values"].as_array().unwrap().iter().map(Value::as_i64);
            let hidden = line["suppressed"].as_array().unwrap().iter().map(|hidden| hidden.as_bool().unwrap());
            (line["code"].as_str().unwrap().to_owned(), values.zip(hidden).collect())
        })
        .collect()
}

on_both_databases! {
fn nothing_is_public_unless_it_is_switched_on(app = App::start_with_demo) {
    for path in ["/v1/statistics/services", "/v1/statistics/channels", "/v1/statistics/media-requests"] {
        app.client.anonymous().get(path).expect_problem(401, "unauthenticated");
    }
    app.client.anonymous().get("/statistics").expect_problem(404, "not-found");
    assert!(app.client.get("/v1/statistics/services").expect(200).json()["lines"][0].get("suppressed").is_none());
}
}

on_both_databases! {
fn published_years_are_shown_without_small_numbers(app = public) {
    publish(&app, 2015..=2017);
    let anybody = app.client.anonymous();
    let exact = app.client.get("/v1/statistics/services?from=2014&to=2017").expect(200).json();
    let shown = values(&anybody, "services", "from=2014&to=2017");
    let mut hidden = 0;
    for line in exact["lines"].as_array().unwrap() {
        for (index, (value, suppressed)) in shown[line["code"].as_str().unwrap()].iter().enumerate() {
            let right = line["values"][index].as_i64();
            match (index, *suppressed) {
                // Not published: not there for anybody.
                (0, suppressed) => assert!(value.is_none() && !suppressed),
                (_, false) => {
                    assert_eq!(*value, right);
                    assert!(right.is_none_or(|right| right == 0 || right > 4), "{line} is shown");
                }
                (_, true) => {
                    assert_eq!(*value, None);
                    hidden += 1;
                }
            }
        }
    }
    assert!(hidden > 0, "the demonstration has small numbers");
    // Whoever may see the statistics sees them.
    assert_eq!(app.with_scopes("statistics:read").get("/v1/statistics/services?from=2014&to=2017").json(), exact);
}
}

on_both_databases! {
fn no_format_language_or_range_tells_more_than_another(app = public) {
    publish(&app, 2012..=2017);
    let anybody = app.client.anonymous();
    for table in TABLES {
        let all = values(&anybody, table, "from=2012&to=2017");
        for year in 2012..=2017_usize {
            let one = values(&anybody, table, &format!("from={year}&to={year}"));
            for (code, values) in &one {
                assert_eq!(values[0], all[code][year - 2012], "{table} {code} {year}");
            }
        }
        for lang in ["de", "fr", "it", "en"] {
            let path = |format| format!("/v1/statistics/{table}?from=2012&to=2017&lang={lang}&format={format}");
            let csv = anybody.get(&path("csv")).expect(200).text();
            let rows: Vec<Vec<&str>> = csv.lines().skip(1).map(|row| row.split(';').collect()).collect();
            for (code, values) in &all {
                let row = rows.iter().find(|row| row[0] == code).unwrap();
                for (cell, (value, suppressed)) in row[2..].iter().zip(values) {
                    let right = if *suppressed { String::new() } else { value.map(|v| v.to_string()).unwrap_or_default() };
                    assert_eq!(*cell, right, "{table} {code}");
                }
                let hidden = row[12..].iter().map(|status| *status == "HIDDEN");
                assert!(hidden.eq(values.iter().map(|(_, suppressed)| *suppressed)), "{table} {code}: {row:?}");
                let development = values[4].0.zip(values[5].0).map(|(before, after)| after - before);
                assert_eq!(row[8], development.map(|d| d.to_string()).unwrap_or_default(), "{table} {code}");
            }
            let noted = anybody.get(&path("json")).expect(200).json()["footnotes"].as_array().unwrap().len();
            let notes = anybody.get(&format!("/v1/statistics/{table}/notes?from=2012&to=2017&lang={lang}&format=csv")).expect(200).text();
            assert_eq!(notes.matches("\nFOOTNOTE").count(), noted, "{notes}");
            let svg = anybody.get(&path("svg")).expect(200).text();
            let description = svg.split("<desc").nth(1).unwrap().split("</desc>").next().unwrap();
            let drawn = description.split("X: ").next().unwrap();
            let numbers = drawn.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse::<i64>().ok());
            let small = numbers.filter(|number| (1..=4).contains(number)).count();
            assert_eq!(small, 0, "{description}");
            assert!(anybody.get(&path("xlsx")).expect(200).body.starts_with(b"PK"));
        }
    }
}
}

on_both_databases! {
fn everything_else_needs_a_token(app = public) {
    publish(&app, 2017..=2017);
    let anybody = app.client.anonymous();
    for path in [
        "/v1/statistics/counts", "/v1/statistics/backlog", "/v1/statistics/durations?year=2017", "/v1/statistics/website",
        "/v1/statistics/published/2017", "/v1/statistics/published/2017/differences", "/v1/statistics/layouts",
        "/v1/statistics/services/cases.total/2017/records", "/v1/reports/2017", "/v1/cases",
    ] {
        anybody.get(path).expect_problem(401, "unauthenticated");
    }
    // A bad token is no token less: it is refused, not taken for nobody.
    app.client.with_token("x.y.z").get("/v1/statistics/services").expect_problem(401, "unauthenticated");
    app.with_scopes("register:read").get("/v1/statistics/services").expect_problem(403, "missing-scope");
    let other = anybody.get("/v1/statistics/services?layout=other").expect_problem(400, "invalid-parameter");
    assert_eq!(faults(&other), ["layout"]);
}
}

on_both_databases! {
fn public_answers_may_be_cached_and_exact_ones_may_not(app = public) {
    publish(&app, 2017..=2017);
    let anybody = app.client.anonymous();
    let answer = anybody.get("/v1/statistics/services?to=2017").expect(200);
    assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
    assert!(answer.header("vary").unwrap().contains("Authorization"));
    let tag = answer.header("etag").unwrap();
    let again = anybody.send("GET", "/v1/statistics/services?to=2017", &[("If-None-Match", tag)], None).expect(304);
    assert_eq!(again.header("cache-control"), Some("public, max-age=300"));
    let exact = app.client.send("GET", "/v1/statistics/services?to=2017", &[("If-None-Match", tag)], None).expect(200);
    assert_eq!(exact.header("cache-control"), Some("private, no-cache"));
}
}

on_both_databases! {
fn what_was_hidden_once_stays_hidden_and_what_moves_is_not_public(app = public) {
    let put = |year: i32, it: i64, status: u16| {
        let figures = json!({
            "inquiries.total": 100, "inquiries.area.it": it, "inquiries.area.police": 40, "inquiries.area.other": 60 - it
        });
        app.client.put(&format!("/v1/statistics/published/{year}"), &json!({"figures": figures})).expect(status);
    };
    let anybody = app.client.anonymous();
    put(2017, 3, 201);
    let first = values(&anybody, "services", "from=2017&to=2017");
    assert_eq!(first["inquiries.area.it"], [(None, true)]);
    assert_eq!(first["inquiries.area.other"], [(None, true)]);
    assert_eq!(first["inquiries.area.police"], [(Some(40), false)]);
    put(2017, 20, 200);
    let second = values(&anybody, "services", "from=2017&to=2017");
    assert_eq!(second["inquiries.area.it"], [(None, true)]);
    assert_eq!(second["inquiries.area.police"], [(Some(40), false)]);
    // The year that runs (2019) can be published, but not for everybody.
    let provisional = json!({"figures": {"inquiries.total": 100}, "provisional": true});
    app.client.put("/v1/statistics/published/2019", &provisional).expect(201);
    assert_eq!(values(&anybody, "services", "from=2019&to=2019")["inquiries.total"], [(None, false)]);
}
}

on_both_databases! {
fn limits_hold_for_those_without_a_token(app = |backend| App::start_with(backend, |config| {
    config.public.layout = Some("lucerne".into());
    config.limits.requests = 3;
})) {
    for path in ["/v1/statistics/services", "/statistics", "/v1/statistics/channels"] {
        app.client.anonymous().get(path).expect(200);
    }
    let refused = app.client.anonymous().get("/v1/statistics/services").expect(429);
    assert!(refused.header("retry-after").is_some());
}
}

on_both_databases! {
fn the_page_shows_the_tables_in_four_languages_without_scripts(app = public) {
    let empty = app.client.anonymous().get("/statistics").expect(200).text();
    assert!(empty.contains("Noch ist kein Jahr veröffentlicht."), "{empty}");
    publish(&app, 2012..=2017);
    let shown = values(&app.client.anonymous(), "services", "from=2012&to=2017");
    for (lang, word) in [("de", "Entwicklung"), ("fr", "Évolution"), ("it", "Evoluzione"), ("en", "Development")] {
        let answer = app.client.anonymous().get(&format!("/statistics?lang={lang}")).expect(200);
        assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
        assert!(answer.header("content-security-policy").unwrap().starts_with("default-src 'none'; style-src"));
        let page = answer.text();
        assert!(page.contains(&format!("<html lang=\"{lang}\">")) && page.contains(word), "{lang}");
        assert!(!page.contains("<script") && page.matches("<table").count() == 3, "{lang}");
        assert!(page.matches("<svg class=\"wide\"").count() == 4, "{lang}");
        let hidden: usize = TABLES.iter().map(|table| {
            let all = values(&app.client.anonymous(), table, "from=2012&to=2017");
            all.values().flatten().filter(|(_, suppressed)| *suppressed).count()
        }).sum();
        assert_eq!(page.matches("<td>X</td>").count(), hidden, "{lang}");
        let total = shown["cases.total"][5].0.unwrap();
        assert!(page.contains(&format!("<td>{total}</td>")), "{lang}");
        let links = page.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap().replace("&amp;", "&"));
        for link in links.filter(|link| link.starts_with('/')) {
            app.client.anonymous().get(&link).expect(200);
        }
    }
}
}

#[test]
fn a_layout_that_is_not_there_stops_the_start() {
    let (url, _directory) = crate::support::database(Backend::Sqlite);
    let mut config = aufsicht::Config::for_database(&url).unwrap();
    config.server.listen = "127.0.0.1:0".into();
    config.public.layout = Some("zuerich".into());
    let refused = aufsicht::Service::start(config, aufsicht::Clock::fixed(crate::support::now())).err().unwrap();
    assert!(refused.to_string().contains("there is no layout zuerich"), "{refused}");
}

on_both_databases! {
    fn a_year_of_which_one_table_was_published_shows_nothing_else(app = public) {
        app.client.put("/v1/statistics/published/2016", &json!({"figures": {"inquiries.total": 250}, "published_on": "2017-04-03"})).expect(201);
        let everybody = app.client.anonymous();
        let layout = app.client.get("/v1/statistics/layouts").expect(200).json();
        for table in layout["items"][0]["tables"].as_array().unwrap() {
            let path = format!("/v1/statistics/tables/{}?from=2016&to=2016", table.as_str().unwrap());
            let shown = everybody.get(&path).expect(200).json();
            for line in shown["lines"].as_array().unwrap() {
                let is_published = line["code"] == "inquiries.total";
                assert_eq!(line["values"][0], if is_published { json!(250) } else { Value::Null }, "{line}");
            }
            // Who has a token sees the others as they are counted.
            let live = app.client.get(&path).expect(200).json();
            assert!(live["lines"].as_array().unwrap().iter().any(|line| line["basis"][0] == "LIVE"), "{table}: {live}");
        }
        let page = everybody.get("/statistics?to=2016").expect(200).text();
        assert!(page.contains("250"), "{page}");
        let cells = page.split("<td").skip(1).map(|cell| cell.split('<').next().unwrap());
        let numbers: Vec<&str> = cells.filter(|cell| cell.chars().any(|c| c.is_ascii_digit())).collect();
        assert!(!numbers.is_empty() && numbers.iter().all(|number| *number == ">250"), "{numbers:?}");
    }
}
