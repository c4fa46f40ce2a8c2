//! Published years, the backlog, durations, and the figures of years.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::{App, faults};

fn line<'a>(table: &'a Value, code: &str) -> &'a Value {
    table["lines"].as_array().unwrap().iter().find(|line| line["code"] == code).unwrap()
}

on_both_databases! {
    fn a_published_year_does_not_move(app = App::start_with_demo) {
        let table = "/v1/statistics/services?from=2016&to=2017";
        let path = "/v1/statistics/published/2017";
        app.client.get(path).expect_problem(404, "not-found");
        let live = app.client.get(table).expect(200).json();
        let new = json!({"from_live": true, "published_on": "2018-04-03", "source": "Tätigkeitsbericht 2017"});
        let first = app.client.put(path, &new).expect(201).json();
        assert_eq!((&first["version"], &first["figures"]["inquiries.total"], &first["published_by"]), (&json!(1), &json!(295), &json!("service")));
        assert_eq!(first["figures"]["inquiries.channel.email"], 159);
        assert_eq!(first["figures"].get("inquiries.filing.with"), None, "not collected is not 0");
        assert_eq!(app.client.put(path, &new).expect(200).json(), first, "the same again is no new version");
        let frozen = app.client.get(table).expect(200);
        let mut expected = live.clone();
        for line in expected["lines"].as_array_mut().unwrap() {
            line["basis"][1] = json!("PUBLISHED");
        }
        expected["sources"][1] = json!({"year": 2017, "basis": "PUBLISHED", "version": 1, "published_on": "2018-04-03", "source": "Tätigkeitsbericht 2017"});
        assert_eq!(frozen.json(), expected);

        // Late entries, corrections, deletions.
        let late = app.create("cases", json!({"title": "Spät", "received_on": "2017-12-30", "area": "IT", "requester": {"type": "PRIVATE"}}));
        let it = app.client.all("/v1/cases?year=2017&area=IT&limit=1000");
        let (moved, gone, reclassified) = (&it[1], &it[2], &it[3]);
        let at = |record: &Value| format!("/v1/cases/{}", record["id"].as_str().unwrap());
        app.client.patch(&at(moved), "*", &json!({"received_on": "2018-01-01", "closed_on": null, "status": "OPEN"})).expect(200);
        app.client.delete(&at(gone), "*").expect(204);
        app.client.patch(&at(reclassified), "*", &json!({"area": "HEALTH"})).expect(200);
        app.create("cases", json!({"title": "Anderes Jahr", "received_on": "2016-12-30", "area": "IT"}));
        let again = app.client.get(table).expect(200).json();
        for code in live["lines"].as_array().unwrap().iter().map(|line| line["code"].as_str().unwrap()) {
            assert_eq!(line(&again, code)["values"][1], line(&live, code)["values"][1], "{code}");
        }
        assert_eq!(app.client.get(path).json()["figures"], first["figures"]);

        let differences = app.client.get(&format!("{path}/differences")).expect(200).json();
        let of = |code: &str| differences["items"].as_array().unwrap().iter().find(|item| item["code"] == code).cloned().unwrap();
        let area = of("inquiries.area.it");
        assert_eq!((&area["published"], &area["live"], &area["difference"]), (&json!(31), &json!(29), &json!(-2)));
        let changes: BTreeMap<String, i64> = area["records"].as_array().unwrap().iter().map(|r| (r["id"].as_str().unwrap().to_owned(), r["change"].as_i64().unwrap())).collect();
        let id = |record: &Value| record["id"].as_str().unwrap().to_owned();
        assert_eq!(changes, BTreeMap::from([(id(&late), 1), (id(moved), -1), (id(gone), -1), (id(reclassified), -1)]));
        for item in differences["items"].as_array().unwrap() {
            let sum: i64 = item["records"].as_array().unwrap().iter().map(|r| r["change"].as_i64().unwrap()).sum();
            assert_eq!(json!(sum), item["difference"], "{item}");
        }
        let hidden = app.with_scopes("statistics:read").get(&format!("{path}/differences")).expect(200).json();
        assert!(hidden["items"].as_array().unwrap().iter().all(|item| item.get("records").is_none()));

        // A further version; the old one stays readable.
        let second = app.client.put(path, &json!({"from_live": true, "published_on": "2018-06-01"})).expect(200).json();
        assert_eq!((&second["version"], &second["figures"]["inquiries.area.it"]), (&json!(2), &json!(29)));
        assert_eq!(app.client.get(&format!("{path}?version=1")).json()["figures"], first["figures"]);
        assert_eq!(app.client.get(path).json()["versions"].as_array().unwrap().len(), 2);
        assert_eq!(app.client.get(&format!("{path}/differences")).json()["items"], json!([]));
        app.client.get(&format!("{path}?version=3")).expect_problem(404, "not-found");
        app.with_scopes("statistics:read register:write admin").put(path, &new).expect_problem(403, "missing-scope");
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

on_both_databases! {
    fn what_was_published_cannot_be_changed_by_sql(app = App::start_with_demo) {
        app.client.put("/v1/statistics/published/2017", &json!({"from_live": true})).expect(201);
        let mut db = app.db();
        let columns = "layout, year, version, figures, developments, lines, provisional, published_on, source, from_live, seq, actor, request_id, at";
        let forged = |version: &str| format!("INTO published SELECT layout, year, {version}, '{{}}', developments, lines, provisional, published_on, source, from_live, seq, actor, request_id, at FROM published");
        let mut attempts = vec![
            "UPDATE published SET figures = '{}'".to_owned(),
            "DELETE FROM published".to_owned(),
            "UPDATE published SET year = 2016 WHERE version = 1".to_owned(),
            format!("INSERT {}", forged("7")),
        ];
        attempts.extend(match app.backend {
            crate::support::Backend::Sqlite => vec![
                format!("INSERT OR REPLACE {}", forged("version")),
                format!("INSERT {} WHERE true ON CONFLICT DO UPDATE SET figures = '{{}}'", forged("version")),
            ],
            crate::support::Backend::Postgres => vec![
                "TRUNCATE published".to_owned(),
                format!("INSERT INTO published ({columns}) SELECT {columns} FROM published ON CONFLICT (layout, year, version) DO UPDATE SET figures = '{{}}'"),
            ],
        });
        for sql in &attempts {
            let refused = diesel::connection::SimpleConnection::batch_execute(&mut db, sql).unwrap_err().to_string();
            assert!(refused.contains("what was published is not changed"), "{sql}: {refused}");
        }
        assert_eq!(app.client.get("/v1/statistics/published/2017").json()["figures"]["inquiries.total"], 295);
    }
}

on_both_databases! {
    fn years_before_the_software_come_in_as_they_were_printed(app) {
        let printed = json!({
            "figures": {
                "inquiries.municipality": 46, "inquiries.canton": 93, "inquiries.private": 112, "inquiries.total": 251,
                "inquiries.area.it": 40, "inquiries.area.police": 21, "inquiries.area.education": 30, "inquiries.area.social": 45,
                "inquiries.area.private": 5, "inquiries.area.health": 36, "inquiries.area.other": 71, "inquiries.filing.with": null
            },
            "published_on": "2015-03-31", "source": "Tätigkeitsbericht 2014"
        });
        app.client.put("/v1/statistics/published/2014", &printed).expect(201);
        let next = json!({"figures": {"inquiries.total": 296, "inquiries.municipality": 50}, "developments": {"inquiries.total": "+19%", "inquiries.municipality": "+9%"}, "published_on": "2016-03-31"});
        app.client.put("/v1/statistics/published/2015", &next).expect(201);
        let table = app.client.get("/v1/statistics/services?from=2013&to=2015").expect(200).json();
        let total = line(&table, "inquiries.total");
        assert_eq!((&total["values"], &total["basis"]), (&json!([null, 251, 296]), &json!(["NONE", "PUBLISHED", "PUBLISHED"])));
        assert_eq!(total["development"]["display"], "+18%");
        assert_eq!(line(&table, "inquiries.filing.with")["values"], json!([null, null, null]));
        let warnings: Vec<(&str, i64)> = table["warnings"].as_array().unwrap().iter().map(|w| (w["code"].as_str().unwrap(), w["year"].as_i64().unwrap())).collect();
        assert_eq!(warnings, [("SUM_MISMATCH", 2014), ("DEVELOPMENT_MISMATCH", 2015)]);
        let details = table["warnings"].to_string();
        assert!(details.contains("248") && details.contains("251") && details.contains("+19%") && details.contains("+18%"), "{details}");
        // Tables of which nothing was published stay live.
        let channels = app.client.get("/v1/statistics/channels?from=2014&to=2015").expect(200).json();
        assert_eq!(channels["lines"][0]["basis"], json!(["NONE", "NONE"]));

        let refused = |body: Value| faults(&app.client.put("/v1/statistics/published/2016", &body).expect_problem(422, "validation-failed"));
        assert_eq!(refused(json!({})), ["/figures"]);
        assert_eq!(refused(json!({"figures": {}})), ["/figures"]);
        assert_eq!(refused(json!({"from_live": true})), ["/from_live"]);
        assert_eq!(refused(json!({"from_live": true, "figures": {"inquiries.total": 1}})), ["/figures"]);
        assert_eq!(refused(json!({"figures": {"nonsense/x": 1, "inquiries.total": -1}, "published_on": "2030-01-01", "by": "x"})), ["/by", "/figures/inquiries.total", "/figures/nonsense~1x", "/published_on"]);
        app.client.put("/v1/statistics/published/20x6", &json!({"from_live": true})).expect_problem(400, "invalid-parameter");
        app.client.put("/v1/statistics/published/2020", &json!({"figures": {"inquiries.total": 1}})).expect_problem(422, "validation-failed");
    }
}

/// Records as a script would count them.
fn spans(app: &App, register: &str) -> Vec<(NaiveDate, Option<NaiveDate>, Value)> {
    let records = app.client.all(&format!("/v1/{register}?limit=1000"));
    let date = |value: &Value| value.as_str().map(|text| text.parse().unwrap());
    records
        .into_iter()
        .map(|record| (date(&record["received_on"]).unwrap(), date(&record["closed_on"]), record))
        .collect()
}

on_both_databases! {
    fn the_backlog_always_adds_up(app = App::start_with_demo) {
        for (index, record) in app.client.all("/v1/cases?year=2016&limit=200").iter().enumerate() {
            let received: NaiveDate = record["received_on"].as_str().unwrap().parse().unwrap();
            let closed = (received + chrono::TimeDelta::days(index as i64 * 7 % 900)).min("2019-01-15".parse().unwrap());
            let body = if index % 9 == 0 { json!({"closed_on": null, "status": "OPEN"}) } else { json!({"closed_on": closed}) };
            app.client.patch(&format!("/v1/cases/{}", record["id"].as_str().unwrap()), "*", &body).expect(200);
        }
        for (by, from, to) in [("year", 2012, 2018), ("month", 2016, 2018)] {
            let backlog = app.client.get(&format!("/v1/statistics/backlog?from={from}&to={to}&by={by}")).expect(200).json();
            for register in aufsicht::registers::counted().map(|register| register.name) {
                let spans = spans(&app, register);
                let rows: Vec<&Value> = backlog["items"].as_array().unwrap().iter().filter(|row| row["register"] == register).collect();
                assert_eq!(rows.len(), if by == "year" { 7 } else { 36 });
                let mut before: Option<i64> = None;
                for row in rows {
                    let number = |name: &str| row[name].as_i64().unwrap();
                    assert_eq!(number("opening") + number("received") - number("closed"), number("closing"), "{row}");
                    assert!(before.is_none_or(|closing| closing == number("opening")), "{row}");
                    before = Some(number("closing"));
                    let period = row["month"].as_str().map_or_else(|| row["year"].to_string(), str::to_owned);
                    let within = |date: &NaiveDate| date.to_string().starts_with(&period);
                    assert_eq!(spans.iter().filter(|(received, ..)| within(received)).count() as i64, number("received"), "{row}");
                    assert_eq!(spans.iter().filter(|(_, closed, _)| closed.is_some_and(|c| within(&c))).count() as i64, number("closed"), "{row}");
                    if by == "year" {
                        let of_year: Vec<_> = spans.iter().filter(|(received, ..)| within(received)).collect();
                        let settled = of_year.iter().filter(|(_, closed, _)| closed.is_some_and(|c| within(&c))).count();
                        let share = row["closed_share"].as_f64();
                        assert_eq!(share.is_none(), of_year.is_empty());
                        if let Some(share) = share {
                            assert!((share - 100.0 * settled as f64 / of_year.len() as f64).abs() < 0.006, "{row}");
                        }
                    }
                }
            }
        }
        let filtered = app.client.get("/v1/statistics/backlog?from=2016&to=2017&register=cases&area=IT&responsible=NONE").expect(200).json();
        assert_eq!(filtered["items"].as_array().unwrap().len(), 2);
        assert_eq!(filtered["items"][1]["received"].as_i64().unwrap() as usize, app.client.all("/v1/cases?year=2017&area=IT&responsible=NONE&limit=1000").len());
        app.client.get("/v1/statistics/backlog?by=week").expect_problem(400, "invalid-parameter");
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

on_both_databases! {
    fn durations_are_what_a_recount_gives(app = App::start_with_demo) {
        for (index, record) in app.client.all("/v1/cases?year=2017&limit=150").iter().enumerate() {
            let received: NaiveDate = record["received_on"].as_str().unwrap().parse().unwrap();
            let closed = received + chrono::TimeDelta::days((index * index) as i64 % 370);
            let body = if index % 7 == 0 || closed > "2019-01-10".parse().unwrap() { json!({"closed_on": null, "status": "OPEN"}) } else { json!({"closed_on": closed}) };
            app.client.patch(&format!("/v1/cases/{}", record["id"].as_str().unwrap()), "*", &body).expect(200);
        }
        let spans = spans(&app, "cases");
        let calendar = crate::support::profile().authority.calendar.clone();
        for (year, as_of) in [(2017, "2017-12-31"), (2018, "2018-12-31"), (2019, "2019-01-15")] {
            let as_of: NaiveDate = as_of.parse().unwrap();
            for kind in ["calendar", "working"] {
                let answer = app.client.get(&format!("/v1/statistics/durations?year={year}&by=requester&days={kind}")).expect(200).json();
                assert_eq!(answer["as_of"], as_of.to_string());
                let days = |from: NaiveDate, to: NaiveDate| match kind {
                    "calendar" => (to - from).num_days(),
                    _ => from.iter_days().skip(1).take_while(|d| *d <= to).filter(|d| calendar.is_working_day(*d)).count() as i64,
                };
                let groups = answer["items"].as_array().unwrap().iter().map(|item| (Some(item["requester"].clone()), item));
                for (requester, group) in groups.chain([(None, &answer["total"])]) {
                    let mine = |record: &Value| requester.as_ref().is_none_or(|r| record["requester"]["type"] == *r);
                    let of = |spans: &mut dyn Iterator<Item = i64>| { let mut all: Vec<i64> = spans.collect(); all.sort_unstable(); all };
                    let closed = of(&mut spans.iter().filter(|(_, closed, record)| mine(record) && closed.is_some_and(|c| c.to_string().starts_with(&year.to_string()))).map(|(received, closed, _)| days(*received, closed.unwrap())));
                    let pending = of(&mut spans.iter().filter(|(received, closed, record)| mine(record) && *received <= as_of && closed.is_none_or(|c| c > as_of)).map(|(received, ..)| days(*received, as_of)));
                    assert_eq!(group["closed"]["count"], closed.len());
                    if let Some(most) = closed.last() {
                        let n = closed.len();
                        assert_eq!(group["closed"]["max"], *most);
                        assert_eq!(group["closed"]["median"].as_f64().unwrap(), (closed[(n - 1) / 2] + closed[n / 2]) as f64 / 2.0);
                        assert_eq!(group["closed"]["p90"], closed[(90 * n).div_ceil(100) - 1]);
                        assert!((group["closed"]["mean"].as_f64().unwrap() - closed.iter().sum::<i64>() as f64 / n as f64).abs() < 0.051);
                    }
                    assert_eq!(group["pending"]["count"], pending.len());
                    let class = |from: i64, to: i64| pending.iter().filter(|days| (from..=to).contains(days)).count();
                    assert_eq!(group["pending"]["classes"], json!({"to_30": class(0, 30), "to_90": class(31, 90), "to_180": class(91, 180), "to_365": class(181, 365), "above_365": class(366, 100_000)}));
                }
            }
        }
        assert_eq!(app.client.get("/v1/statistics/durations?year=2017&area=IT,NONE&register=cases").expect(200).json()["items"], json!([]));
        app.client.get("/v1/statistics/durations?by=week&days=lunar").expect_problem(400, "invalid-parameter");
    }
}

on_both_databases! {
    fn projects_audits_and_events_have_figures_by_year(app = App::start_with_demo) {
        app.create("audits", json!({"title": "Kontrolle", "received_on": "2016-02-01", "findings": [
            {"severity": "LOW", "finding": "a", "implemented_on": "2017-05-01"}, {"severity": "HIGH", "finding": "b"}, {"severity": "LOW", "finding": "c"}
        ]}));
        app.create("audits", json!({"title": "Ohne Feststellung", "received_on": "2016-03-01"}));
        app.create("events", json!({"title": "Kurs", "kind": "TRAINING", "held_on": "2016-04-01"}));
        let path = "/v1/statistics/activities?from=2014&to=2017";
        let answer = app.client.get(path).expect(200).json();
        assert_eq!(answer["items"].as_array().unwrap().len(), 4);
        for item in answer["items"].as_array().unwrap() {
            let year = item["year"].as_i64().unwrap();
            let of = |register: &str| app.client.all(&format!("/v1/{register}?year={year}&limit=1000"));
            let (projects, audits, events) = (of("projects"), of("audits"), of("events"));
            let findings: Vec<&Value> = audits.iter().flat_map(|audit| audit["findings"].as_array().unwrap()).collect();
            let done = findings.iter().filter(|finding| finding["implemented_on"].is_string()).count();
            let kind = |kind: &str| events.iter().filter(|event| event["kind"] == kind).count();
            let people = |kind: &str| events.iter().filter(|event| event["kind"] == kind).filter_map(|event| event["participants"].as_i64()).sum::<i64>();
            let known = events.iter().filter(|event| event["participants"].is_i64()).count();
            assert_eq!([&item["training_participants"], &item["lecture_participants"], &item["participants_known"]], [&json!(people("TRAINING")), &json!(people("LECTURE")), &json!(known)]);
            assert_eq!([&item["projects"], &item["audits"], &item["findings"], &item["findings_implemented"], &item["trainings"], &item["lectures"]],
                [&json!(projects.len()), &json!(audits.len()), &json!(findings.len()), &json!(done), &json!(kind("TRAINING")), &json!(kind("LECTURE"))]);
            match findings.len() {
                0 => assert!(item.get("implemented_share").is_none(), "{item}"),
                all => assert!((item["implemented_share"].as_f64().unwrap() - 100.0 * done as f64 / all as f64).abs() < 0.0051, "{item}"),
            }
            let backlog = app.client.get(&format!("/v1/statistics/backlog?register=projects&from={year}&to={year}")).expect(200).json();
            assert_eq!(item["projects_pending"], backlog["items"][0]["closing"]);
        }
        assert_eq!(answer["items"][2]["implemented_share"], 33.33);
        // What was before the first record is not known: it is not 0.
        for (path, name) in [("activities", "projects"), ("backlog", "closing")] {
            let table = app.client.get(&format!("/v1/statistics/{path}?from=1999&to=2017")).expect(200).json();
            let items = table["items"].as_array().unwrap();
            let first = items.iter().map(|item| item["year"].as_i64().unwrap()).min();
            assert!(first > Some(2000) && items.iter().all(|item| item[name].is_i64()), "{path} begins in {first:?}");
        }
        let staff = app.client.get("/v1/statistics/staffing?from=1999&to=1999").expect(200).json();
        assert_eq!((&staff["items"][0]["pending"], &staff["items"][0]["new_cases"]), (&Value::Null, &Value::Null));
        let csv = app.client.get(&format!("{path}&format=csv")).expect(200).text();
        assert!(csv.contains("\r\n2016;31;") && csv.contains(";3;1;33.33;"), "{csv}");
        let stat = app.client.get(&format!("{path}&format=json-stat")).expect(200).json();
        assert_eq!((&stat["id"], &stat["size"], &stat["role"]["metric"]), (&json!(["year", "measure"]), &json!([4, 11]), &json!(["measure"])));
        app.client.get("/v1/statistics/activities?layout=lucerne").expect_problem(400, "invalid-parameter");
        app.with_scopes("register:read").get(path).expect_problem(403, "missing-scope");
    }
}

on_both_databases! {
    fn the_website_and_the_staff_have_figures_by_year(app = App::start_with_demo) {
        for (year, visitors, views) in [(2012, 2946, 7877), (2013, 3211, 8850), (2014, 3001, 9013), (2015, 2932, 8098), (2016, 3297, 8476), (2017, 3298, 9937)] {
            let body = json!({"visitors": visitors, "page_views": views, "downloads": [{"title": "=Merkblatt", "count": year - 2000}]});
            app.client.put(&format!("/v1/website-figures/{year}"), &body).expect(201);
            assert_eq!(app.client.put(&format!("/v1/website-figures/{year}"), &body).expect(200).json(), body);
            assert_eq!(app.client.get(&format!("/v1/website-figures/{year}")).expect(200).json(), body);
        }
        let table = app.client.get("/v1/statistics/website?from=2012&to=2017").expect(200).json();
        assert_eq!(line(&table, "website.page_views_per_day")["values"], json!([22, 24, 25, 22, 23, 27]));
        assert_eq!(line(&table, "website.page_views")["development"]["display"], "+17.2%");
        assert_eq!(line(&table, "website.page_views_per_day")["development"]["display"], "+17.4%");
        assert_eq!(line(&table, "website.visitors")["development"]["display"], "0.0%");
        let downloads = table["downloads"].as_array().unwrap();
        assert_eq!(downloads.iter().filter(|download| download["title"] == "=Merkblatt").count(), 6);
        let problem = app.client.put("/v1/website-figures/2017", &json!({"visitors": -1, "downloads": [{"title": ""}], "x": 1}));
        assert_eq!(faults(&problem.expect_problem(422, "validation-failed")), ["/downloads/0/count", "/downloads/0/title", "/page_views", "/visitors", "/x"]);
        app.client.get("/v1/website-figures/2001").expect_problem(404, "not-found");

        app.client.put("/v1/staffing/2017", &json!({"positions_percent": 180})).expect(201);
        let staff = app.client.get("/v1/statistics/staffing?from=2016&to=2017").expect(200).json();
        let (before, now) = (&staff["items"][0], &staff["items"][1]);
        let total = line(&app.client.get("/v1/statistics/services?from=2016&to=2017").json(), "cases.total")["values"][1].as_i64().unwrap();
        assert_eq!((&now["positions_percent"], &now["new_cases"]), (&json!(180), &json!(total)));
        assert!((now["new_cases_per_position"].as_f64().unwrap() - total as f64 / 1.8).abs() < 0.051);
        assert_eq!((&before["positions_percent"], &before["new_cases_per_position"]), (&Value::Null, &Value::Null));
        app.with_scopes("statistics:read").put("/v1/staffing/2017", &json!({"positions_percent": 1})).expect_problem(403, "missing-scope");
    }
}

on_both_databases! {
    fn every_format_says_the_same(app = App::start_with_demo) {
        for (table, code) in [("services", "cases.total"), ("channels", "inquiries.channel.email"), ("media-requests", "media_requests.total")] {
            let path = format!("/v1/statistics/{table}?from=2012&to=2017");
            let json = app.client.get(&path).expect(200).json();
            let values: Vec<String> = line(&json, code)["values"].as_array().unwrap().iter().map(|v| v.as_i64().map_or(String::new(), |v| v.to_string())).collect();
            let csv = app.client.get(&format!("{path}&format=csv")).expect(200).text();
            let row = csv.lines().find(|row| row.trim_start_matches('\u{feff}').starts_with(&format!("{code};"))).unwrap();
            assert!(row.contains(&values.join(";")), "{row}");
            let svg = app.client.get(&format!("{path}&format=svg")).expect(200);
            assert_eq!(svg.header("content-type"), Some("image/svg+xml"));
            assert!(svg.text().contains("<title id=") && svg.text().ends_with("</svg>\n"));
            let xlsx = app.client.get(&format!("{path}&format=xlsx")).expect(200);
            assert_eq!(app.client.get(&format!("{path}&format=xlsx")).expect(200).body, xlsx.body, "the same figures are the same bytes");
        }
        let svg = app.client.get("/v1/statistics/services?from=2016&to=2017&format=svg&lang=fr").expect(200).text();
        let table = app.client.get("/v1/statistics/services?from=2016&to=2017&lang=fr").expect(200).json();
        for code in ["it", "police", "education", "social", "private", "health", "other"] {
            let line = line(&table, &format!("inquiries.area.{code}"));
            assert!(svg.contains(&format!("{} {}", line["label"].as_str().unwrap(), line["values"][1])), "{code}: {svg}");
        }
        let stat = app.client.get("/v1/statistics/counts?by=year,area&register=cases&format=json-stat").expect(200).json();
        let counts = app.client.get("/v1/statistics/counts?by=year,area&register=cases").expect(200).json();
        assert_eq!((&stat["version"], &stat["class"], &stat["role"]["time"]), (&json!("2.0"), &json!("dataset"), &json!(["year"])));
        let sum: i64 = stat["value"].as_array().unwrap().iter().map(|v| v.as_i64().unwrap()).sum();
        assert_eq!(json!(sum), counts["total"]);
        let index = |dimension: &str, value: &str| stat["dimension"][dimension]["category"]["index"].as_array().unwrap().iter().position(|v| v == value).unwrap();
        let width = stat["size"][1].as_u64().unwrap() as usize;
        for item in counts["items"].as_array().unwrap() {
            let place = index("year", &item["year"].to_string()) * width + index("area", item["area"].as_str().unwrap_or("NONE"));
            assert_eq!(stat["value"][place], item["count"]);
        }
        let one = app.client.get("/v1/statistics/counts?format=json-stat").expect(200).json();
        assert_eq!((&one["id"], &one["size"]), (&json!(["measure"]), &json!([1])));
    }
}

on_both_databases! {
    fn each_byte_of_what_was_published_stays(app = App::start_with_demo) {
        for year in [2016, 2017] {
            let new = json!({"from_live": true, "published_on": format!("{}-04-03", year + 1), "source": format!("Tätigkeitsbericht {year}")});
            app.client.put(&format!("/v1/statistics/published/{year}"), &new).expect(201);
        }
        let mut paths = vec!["/v1/statistics/published/2017".to_owned(), "/v1/statistics/published/2016?version=1".to_owned()];
        for table in ["services", "channels", "media-requests"] {
            for format in ["json", "csv", "xlsx", "svg", "json-stat"] {
                paths.extend(["de", "it"].map(|lang| format!("/v1/statistics/{table}?from=2016&to=2017&format={format}&lang={lang}")));
            }
        }
        let read = |app: &App| -> Vec<(Vec<u8>, String)> {
            let answers = paths.iter().map(|path| app.client.get(path).expect(200));
            answers.map(|answer| (answer.body.clone(), answer.header("etag").unwrap().to_owned())).collect()
        };
        let published = read(&app);

        let created = json!({"title": "Nachtrag", "received_on": "2017-06-01", "area": "IT", "channel": "EMAIL", "requester": {"type": "PRIVATE", "name": "N. N."}});
        app.create("cases", created);
        app.create("media-requests", json!({"title": "Nachtrag", "received_on": "2016-06-01", "medium": "TV"}));
        let cases = app.client.all("/v1/cases?year=2017&limit=1000");
        let at = |index: usize| format!("/v1/cases/{}", cases[index]["id"].as_str().unwrap());
        app.client.patch(&at(0), "*", &json!({"area": "HEALTH", "channel": "LETTER", "requester": {"type": "MUNICIPALITY"}})).expect(200);
        app.client.patch(&at(1), "*", &json!({"received_on": "2016-02-02"})).expect(200);
        app.client.delete(&at(2), "*").expect(204);
        let mut db = app.db();
        let by = aufsicht::context::OperationContext { actor: aufsicht::identity::Identity::operator(), request_id: "test".into(), trace: None, at: chrono::NaiveDateTime::default(), keys: app.keys(), registers: None };
        let old = aufsicht::admin::erasure::closed_before(&mut db, "2018-01-01".parse().unwrap()).unwrap();
        let nothing = aufsicht::records::erasable::ErasedTexts { properties: &[], lang: aufsicht::messages::Lang::De };
        assert!(aufsicht::admin::erasure::erase(&mut db, &old, (nothing, false), &by).unwrap().records > 100);
        for (path, (before, after)) in paths.iter().zip(published.iter().zip(read(&app))) {
            assert_eq!(before, &after, "{path}");
        }

        // A further version says other things; the first one is still there as it was.
        app.client.put("/v1/statistics/published/2017", &json!({"from_live": true})).expect(200);
        let first = app.client.get("/v1/statistics/published/2017?version=1").expect(200).json();
        let was: Value = serde_json::from_slice(&published[0].0).unwrap();
        for property in ["version", "figures", "developments", "published_on", "published_at", "published_by", "source", "from_live"] {
            assert_eq!(first[property], was[property], "{property}");
        }
        assert_ne!(app.client.get(&paths[2]).expect(200).body, published[2].0);
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

/// A record as a plain recount sees it.
type Plain = (NaiveDate, Option<NaiveDate>, Value);

/// The days of records, counted one by one.
fn recounted(spans: impl Iterator<Item = (NaiveDate, NaiveDate)>, working: bool) -> Vec<i64> {
    let calendar = crate::support::profile().authority.calendar.clone();
    let mut days: Vec<i64> = spans
        .map(|(from, to)| match working {
            false => (to - from).num_days(),
            true => {
                from.iter_days().skip(1).take_while(|d| *d <= to).filter(|d| calendar.is_working_day(*d)).count() as i64
            }
        })
        .collect();
    days.sort_unstable();
    days
}

fn check_durations(group: &Value, closed: &[i64], pending: &[i64]) {
    let number = |value: &Value| value.as_i64().unwrap();
    assert_eq!(number(&group["closed"]["count"]) as usize, closed.len(), "{group}");
    if let Some(max) = closed.last() {
        let n = closed.len();
        assert_eq!(
            (number(&group["closed"]["max"]), number(&group["closed"]["p90"])),
            (*max, closed[(90 * n).div_ceil(100) - 1])
        );
        assert_eq!(group["closed"]["median"].as_f64().unwrap(), (closed[(n - 1) / 2] + closed[n / 2]) as f64 / 2.0);
        assert!(
            (group["closed"]["mean"].as_f64().unwrap() - closed.iter().sum::<i64>() as f64 / n as f64).abs() < 0.0501
        );
    }
    assert_eq!(number(&group["pending"]["count"]) as usize, pending.len(), "{group}");
    let bounds = [
        ("to_30", i64::MIN, 30),
        ("to_90", 30, 90),
        ("to_180", 90, 180),
        ("to_365", 180, 365),
        ("above_365", 365, i64::MAX),
    ];
    for (class, above, most) in bounds {
        let right = pending.iter().filter(|days| **days > above && **days <= most).count();
        assert_eq!(number(&group["pending"]["classes"][class]) as usize, right, "{class}");
    }
}

on_both_databases! {
    fn backlog_and_durations_are_a_plain_recount_of_any_records(app) {
        use proptest::prelude::*;
        let today: NaiveDate = "2019-01-15".parse().unwrap();
        let areas = ["IT", "POLICE", "HEALTH", "NONE"];
        let records = prop::collection::vec((0_i64..1700, prop::option::of(0_i64..900), 0_usize..4, any::<bool>()), 10..40);
        let config = ProptestConfig { cases: 5, max_shrink_iters: 0, failure_persistence: None, ..ProptestConfig::default() };
        let mut runner = proptest::test_runner::TestRunner::new(config);
        let run = runner.run(&records, |records| {
            let lines = records.iter().map(|(received, length, area, _)| {
                let received = NaiveDate::from_ymd_opt(2014, 1, 1).unwrap() + chrono::TimeDelta::days(*received);
                let closed = length.map(|days| received + chrono::TimeDelta::days(days)).filter(|day| *day <= today);
                let area = Some(areas[*area]).filter(|area| *area != "NONE");
                format!("{}\n", json!({"title": "Zufall", "received_on": received, "closed_on": closed, "area": area}))
            });
            let batch = app.client.send("POST", "/v1/cases/batch", &[("Content-Type", "application/x-ndjson")], Some(lines.collect::<String>().as_bytes()));
            let made = batch.expect(207).json();
            for (result, (.., change)) in made["results"].as_array().unwrap().iter().zip(&records).filter(|(_, (.., change))| *change) {
                let path = format!("/v1/cases/{}", result["id"].as_str().unwrap());
                match result["line"].as_i64().unwrap() % 3 {
                    0 => drop(app.client.delete(&path, "*").expect(204)),
                    1 => drop(app.client.patch(&path, "*", &json!({"closed_on": null, "status": "OPEN"})).expect(200)),
                    _ => drop(app.client.patch(&path, "*", &json!({"closed_on": "2018-12-31", "area": "IT"})).expect(200)),
                }
                prop_assert!(*change);
            }
            let all = spans(&app, "cases");
            for area in areas {
                let held: Vec<&Plain> = all.iter().filter(|(.., record)| record["area"].as_str().unwrap_or("NONE") == area).collect();
                for by in ["year", "month"] {
                    let path = format!("/v1/statistics/backlog?from=2013&to=2019&by={by}&register=cases&area={area}");
                    let rows = app.client.get(&path).expect(200).json()["items"].as_array().unwrap().clone();
                    for row in rows {
                        let period = row["month"].as_str().map_or_else(|| row["year"].to_string(), str::to_owned);
                        let within = |day: &NaiveDate| day.to_string().starts_with(&period);
                        let before = |day: &NaiveDate| day.to_string() < period;
                        let count = |wanted: &dyn Fn(&Plain) -> bool| held.iter().filter(|record| wanted(record)).count() as i64;
                        let opening = count(&|(received, closed, _)| before(received) && !closed.as_ref().is_some_and(before));
                        let received = count(&|(received, ..)| within(received));
                        let closed = count(&|(_, closed, _)| closed.as_ref().is_some_and(within));
                        prop_assert_eq!([&row["opening"], &row["received"], &row["closed"], &row["closing"]], [&json!(opening), &json!(received), &json!(closed), &json!(opening + received - closed)]);
                    }
                }
                for year in 2014..=2019 {
                    let as_of = NaiveDate::from_ymd_opt(year, 12, 31).unwrap().min(today);
                    for days in ["calendar", "working"] {
                        let path = format!("/v1/statistics/durations?year={year}&days={days}&area={area}");
                        let answer = app.client.get(&path).expect(200).json();
                        if answer["total"].is_null() {
                            // Nothing was collected yet.
                            prop_assert!(all.iter().all(|(received, ..)| *received > as_of), "{answer}");
                            continue;
                        }
                        let of_year = |day: &NaiveDate| day.to_string().starts_with(&year.to_string());
                        let closed = held.iter().filter_map(|(received, closed, _)| Some((*received, closed.filter(of_year)?)));
                        let open = held.iter().filter(|(received, closed, _)| *received <= as_of && closed.is_none_or(|day| day > as_of));
                        let working = days == "working";
                        check_durations(&answer["total"], &recounted(closed, working), &recounted(open.map(|(received, ..)| (*received, as_of)), working));
                    }
                }
            }
            Ok(())
        });
        run.unwrap();
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}
