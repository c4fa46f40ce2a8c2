//! What is the authority's own: dimensions and numbers of its records, wherever a profile's promise says.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::App;
use crate::support::own::{PAIR, again, layout, start};

/// Records of several years, of many combinations; as they were answered.
fn filled(app: &App) -> Vec<Value> {
    let mut all = Vec::new();
    for index in 0..40 {
        let pick = |values: &[&str], step: usize| -> Value {
            values.get(index / step % (values.len() + 1)).map_or(Value::Null, |value| (*value).into())
        };
        let register = if index % 5 == 4 { "audits" } else { "cases" };
        let mut own = json!({"jurisdiction": pick(&["SZ", "OW", "NW"], 1)});
        if index % 3 != 0 {
            own["hours"] = json!(index as f64 / 2.0);
        }
        if register == "cases" {
            own["outcome"] = pick(&["AGREED", "REFUSED"], 2);
            own["basis"] = pick(&["LAW", "CONSENT"], 3);
            if index % 4 == 0 {
                own["balance"] = json!(if index % 8 == 0 { -100.25 } else { 100.25 });
            }
        }
        let received = format!("{}-{:02}-05", 2015 + index % 3, 1 + index % 12);
        let mut body = json!({"title": format!("Fall {index}"), "received_on": received, "own": own});
        if index % 2 == 0 {
            body["closed_on"] =
                format!("{}-{:02}-20", 2015 + index % 3 + usize::from(index % 4 == 0), 1 + index % 12).into();
        }
        if register == "cases" {
            body["area"] = pick(&["IT", "HEALTH"], 1);
            body["responsible"] = pick(&["RF", "AB"], 1);
        }
        all.push(app.create(register, body));
    }
    all
}

/// The value by which a record stands in a breakdown.
fn value(register: &str, record: &Value, by: &str) -> Value {
    match by {
        "register" => register.into(),
        "year" => record["received_on"].as_str().unwrap()[..4].parse::<i64>().unwrap().into(),
        "month" => record["received_on"].as_str().unwrap()[..7].into(),
        _ => by.strip_prefix("own.").map_or(&record[by], |name| &record["own"][name]).clone(),
    }
}

/// Counts by hand: by the values of a breakdown, the records that `takes` takes, or a sum over them.
fn by_hand(
    records: &[(&str, Value)],
    by: &[&str],
    number: Option<&str>,
    takes: impl Fn(&Value) -> bool,
) -> BTreeMap<String, f64> {
    let mut found = BTreeMap::new();
    for (register, record) in records.iter().filter(|(_, record)| takes(record)) {
        let key: Vec<Value> = by.iter().map(|by| value(register, record, by)).collect();
        let amount = number.map_or(1.0, |name| record["own"][name].as_f64().unwrap_or_default());
        *found.entry(json!(key).to_string()).or_insert(0.0) += amount;
    }
    found.retain(|_, figure| *figure != 0.0);
    found
}

fn told(app: &App, query: &str, by: &[&str]) -> BTreeMap<String, f64> {
    let answer = app.client.get(&format!("/v1/statistics/counts?by={}&{query}", by.join(","))).expect(200).json();
    let figure = |item: &Value| item.get("sum").unwrap_or(&item["count"]).as_f64().unwrap();
    let key = |item: &Value| json!(by.iter().map(|by| item[by].clone()).collect::<Vec<Value>>()).to_string();
    let items: BTreeMap<String, f64> =
        answer["items"].as_array().unwrap().iter().map(|item| (key(item), figure(item))).collect();
    let total: f64 = items.values().sum();
    assert!((answer["total"].as_f64().unwrap() - total).abs() < 1e-9, "{query} {by:?}: {answer}");
    items
}

fn held(app: &App) -> Vec<(&'static str, Value)> {
    ["cases", "audits"]
        .into_iter()
        .flat_map(|register| {
            app.client.all(&format!("/v1/{register}?limit=7")).into_iter().map(move |one| (register, one))
        })
        .collect()
}

/// Holds counts and sums against what the records themselves say.
fn check_figures(app: &App) {
    let records = held(app);
    let breakdowns: [&[&str]; 9] = [
        &["own.jurisdiction"],
        &["year", "own.jurisdiction"],
        &["own.jurisdiction", "month"],
        &["area", "own.outcome"],
        &["own.jurisdiction", "own.outcome"],
        &["own.outcome", "own.jurisdiction", "own.basis"],
        &["responsible", "own.jurisdiction"],
        &["register", "own.basis"],
        &["area"],
    ];
    for by in breakdowns {
        assert_eq!(told(app, "", by), by_hand(&records, by, None, |_| true), "{by:?}");
        for name in ["hours", "balance"] {
            let right = by_hand(&records, by, Some(name), |_| true);
            assert_eq!(told(app, &format!("measure=sum:own.{name}"), by), right, "{name} {by:?}");
        }
        let of_sz = |record: &Value| record["own"]["jurisdiction"] == "SZ" || record["own"]["jurisdiction"].is_null();
        assert_eq!(told(app, "own.jurisdiction=SZ,NONE", by), by_hand(&records, by, None, of_sz), "{by:?}");
        let agreed = |record: &Value| record["own"]["outcome"] == "AGREED" && record["area"] == "IT";
        let right = by_hand(&records, by, Some("hours"), agreed);
        assert_eq!(told(app, "own.outcome=AGREED&area=IT&measure=sum:own.hours", by), right, "{by:?}");
    }
}

on_both_databases! {
    fn counts_and_sums_are_what_the_records_say(app = start) {
        let all = filled(&app);
        check_figures(&app);
        // Changed, taken away and deleted.
        for (index, record) in all.iter().enumerate() {
            let register = if index % 5 == 4 { "audits" } else { "cases" };
            let path = format!("/v1/{register}/{}", record["id"].as_str().unwrap());
            match index % 6 {
                0 => _ = app.client.patch(&path, "*", &json!({"own": {"jurisdiction": "NW"}})).expect(200),
                1 => _ = app.client.patch(&path, "*", &json!({"own": null})).expect(200),
                2 => _ = app.client.patch(&path, "*", &json!({"own": {"hours": null}, "received_on": "2016-06-06", "closed_on": null})).expect(200),
                3 => _ = app.client.delete(&path, "*").expect(204),
                _ => {}
            }
        }
        check_figures(&app);
    }
}

on_both_databases! {
    fn closed_records_count_where_they_were_closed(app = start) {
        filled(&app);
        let records = held(&app);
        let mut right: BTreeMap<String, f64> = BTreeMap::new();
        for (_, record) in &records {
            if let Some(closed) = record["closed_on"].as_str() {
                let year: i64 = closed[..4].parse().unwrap();
                *right.entry(json!([year, record["own"]["jurisdiction"]]).to_string()).or_default() += 1.0;
            }
        }
        assert_eq!(told(&app, "measure=closed", &["year", "own.jurisdiction"]), right);
        let organisations = told(&app, "measure=closed", &["organisation", "own.jurisdiction"]);
        assert_eq!(organisations.values().sum::<f64>(), right.values().sum::<f64>());
        assert_eq!(told(&app, "measure=sum:own.hours", &["organisation"]).len(), 1);
        // The backlog and the durations.
        let backlog = |filter: &str| {
            let answer = app.client.get(&format!("/v1/statistics/backlog?from=2015&to=2017{filter}")).expect(200).json();
            answer["items"].as_array().unwrap().iter().map(|row| row["received"].as_i64().unwrap()).sum::<i64>()
        };
        let of = |value: &Value| records.iter().filter(|(_, record)| record["own"]["jurisdiction"] == *value).count() as i64;
        assert_eq!(backlog("&own.jurisdiction=OW"), of(&json!("OW")));
        assert_eq!(backlog("&own.jurisdiction=NONE&by=month"), of(&Value::Null));
        let durations = app.client.get("/v1/statistics/durations?year=2016&by=own.jurisdiction&register=cases,audits").expect(200).json();
        let closed: i64 = durations["items"].as_array().unwrap().iter().map(|group| group["closed"]["count"].as_i64().unwrap()).sum();
        assert_eq!(closed, durations["total"]["closed"]["count"].as_i64().unwrap());
        assert!(durations["items"].as_array().unwrap().iter().any(|group| group["own.jurisdiction"] == "SZ"), "{durations}");
        let of_sz = app.client.get("/v1/statistics/durations?year=2016&own.jurisdiction=SZ&register=cases,audits").expect(200).json();
        assert!(of_sz["total"]["closed"]["count"].as_i64().unwrap() < closed);
    }
}

on_both_databases! {
    fn sums_come_in_each_format_with_their_unit(app = start) {
        filled(&app);
        let path = "/v1/statistics/counts?by=own.jurisdiction&measure=sum:own.hours&format=";
        let csv = app.client.get(&format!("{path}csv")).expect(200).text();
        assert!(csv.starts_with("\u{feff}own.jurisdiction;own.hours\r\n") && csv.contains("SZ;"), "{csv}");
        let stat = app.client.get(&format!("{path}json-stat")).expect(200).json();
        assert_eq!(stat["dimension"]["measure"]["category"]["unit"]["own.hours"], json!({"decimals": 1, "symbol": "h"}), "{stat}");
        assert_eq!(stat["role"]["metric"], json!(["measure"]));
        app.client.get(&format!("{path}xlsx")).expect(200);
        app.client.get("/v1/statistics/counts?measure=sum:own.minutes").expect_problem(400, "invalid-parameter");
        let some = app.with_scopes("statistics:read");
        some.get("/v1/statistics/counts?by=own.jurisdiction&measure=sum:own.hours").expect(200);
        some.get("/v1/statistics/counts?by=own.jurisdiction,own.outcome").expect(200);
        some.get("/v1/statistics/counts?by=own.jurisdiction,own.outcome,area").expect(403);
        some.get("/v1/statistics/counts?by=own.jurisdiction,own.outcome&measure=sum:own.hours").expect(403);
    }
}

/// The names of the sets that cells are there for.
fn sets(app: &App) -> String {
    let sql = |list: &str| {
        format!(
            "SELECT coalesce({list}, '') AS text FROM (SELECT DISTINCT dimensions FROM own_cells WHERE number = '' ORDER BY 1) AS sets"
        )
    };
    app.text(&sql("group_concat(dimensions, ' ')"), &sql("string_agg(dimensions, ' ' ORDER BY dimensions)"))
}

on_both_databases! {
    fn sets_are_kept_as_long_as_a_layout_uses_them(app = start) {
        filled(&app);
        assert_eq!(sets(&app), "basis jurisdiction outcome");
        let tables = app.config.profile.directory.clone().unwrap().join("tables");
        layout(&tables, Some(PAIR));
        again(&mut app);
        assert_eq!(sets(&app), "basis jurisdiction jurisdiction,outcome outcome");
        assert_eq!(app.differences(), Vec::<String>::new());
        filled(&app);
        check_figures(&app);
        let records = held(&app);
        let pairs = |year: &str| records.iter().filter(|(register, record)| {
            *register == "cases" && record["own"]["jurisdiction"] == "SZ" && record["own"]["outcome"] == "AGREED"
                && record["received_on"].as_str().unwrap().starts_with(year)
        }).count();
        let table = app.client.get("/v1/statistics/services?from=2015&to=2017&layout=pairs").expect(200).json();
        let line = table["lines"].as_array().unwrap().iter().find(|line| line["code"] == "pair").unwrap().clone();
        assert_eq!(line["values"], json!([pairs("2015"), pairs("2016"), pairs("2017")]));
        layout(&tables, None);
        again(&mut app);
        assert_eq!(sets(&app), "basis jurisdiction outcome");
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}
