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
        for sql in ["UPDATE published SET figures = '{}'", "DELETE FROM published", "UPDATE published SET year = 2016 WHERE version = 1"] {
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
        for (year, as_of) in [(2017, "2017-12-31"), (2018, "2018-12-31"), (2019, "2019-01-15")] {
            let as_of: NaiveDate = as_of.parse().unwrap();
            for kind in ["calendar", "working"] {
                let answer = app.client.get(&format!("/v1/statistics/durations?year={year}&by=requester&days={kind}")).expect(200).json();
                assert_eq!(answer["as_of"], as_of.to_string());
                let days = |from: NaiveDate, to: NaiveDate| match kind {
                    "calendar" => (to - from).num_days(),
                    _ => from.iter_days().skip(1).take_while(|d| *d <= to).filter(|d| aufsicht::statistics::calendar::is_working_day(*d)).count() as i64,
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
        assert_eq!(table["downloads"].as_array().unwrap().len(), 6);
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
        let sum: i64 = stat["value"].as_object().unwrap().values().map(|v| v.as_i64().unwrap()).sum();
        assert_eq!(json!(sum), counts["total"]);
        let index = |dimension: &str, value: &str| stat["dimension"][dimension]["category"]["index"].as_array().unwrap().iter().position(|v| v == value).unwrap();
        let width = stat["size"][1].as_u64().unwrap() as usize;
        for item in counts["items"].as_array().unwrap() {
            let place = index("year", &item["year"].to_string()) * width + index("area", item["area"].as_str().unwrap_or("NONE"));
            assert_eq!(stat["value"][place.to_string()], item["count"]);
        }
        let one = app.client.get("/v1/statistics/counts?format=json-stat").expect(200).json();
        assert_eq!((&one["id"], &one["size"]), (&json!(["measure"]), &json!([1])));
    }
}
