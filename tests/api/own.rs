//! What is the authority's own: dimensions and numbers of its records, wherever a profile's promise says.

use std::collections::BTreeMap;

use aufsicht::profile::Profile;
use aufsicht::registers;
use serde_json::{Value, json};

use crate::support::own::{PAIR, again, dimension, layout, number, rewrite, start};
use crate::support::{App, Backend, Directory, SECRET, aufsicht};
use crate::{on_both_databases, on_each};

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
        let mut all = filled(&app);
        check_figures(&app);
        // What was new is entered at the next start.
        again(&mut app);
        check_figures(&app);
        all.extend(filled(&app));
        check_figures(&app);
        // Changed, taken away and deleted: records that are entered, and new ones.
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
        assert_eq!(app.differences(), Vec::<String>::new());
        again(&mut app);
        check_figures(&app);
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

/// So many cases in one delivery.
fn deliver(app: &App, records: usize) {
    let line = |index: usize| {
        let jurisdiction = ["SZ", "OW", "NW"][index % 3];
        let own = json!({"jurisdiction": jurisdiction, "hours": index % 7});
        let mut body = json!({"title": format!("Fall {index}"), "received_on": format!("2016-{:02}-05", 1 + index % 12), "own": own});
        if index.is_multiple_of(2) {
            body["closed_on"] = "2017-01-03".into();
        }
        body.to_string() + "\n"
    };
    let lines: String = (0..records).map(line).collect();
    let headers = [("Content-Type", "application/x-ndjson")];
    let answer = app.client.send("POST", "/v1/cases/batch", &headers, Some(lines.as_bytes())).expect(207);
    assert_eq!(answer.json()["summary"]["created"], records);
}

on_both_databases! {
    fn many_new_records_are_entered_together(app = start) {
        deliver(&app, 300);
        let number = |sql: &str| app.text(sql, sql).parse::<usize>().unwrap();
        let entered = || number("SELECT CAST(coalesce(max(pos), 0) AS TEXT) AS text FROM own_entered");
        let is_late = app.backend == Backend::Sqlite;
        let kept = if is_late { "own_values" } else { "own_said" };
        let kept = format!("SELECT CAST(count(*) AS TEXT) AS text FROM {kept}");
        let values = || number(&kept);
        assert_eq!((entered(), values()), (0, if is_late { 0 } else { 300 }));
        deliver(&app, 300);
        assert!((512..=600).contains(&entered()), "{}", entered());
        assert_eq!(values(), if is_late { entered() } else { 600 });
        deliver(&app, 630);
        assert_eq!(told(&app, "", &["own.jurisdiction"]).values().sum::<f64>(), 1230.0);
        let of = |query: &str| {
            app.client.get(&format!("/v1/cases?limit=1&include_total=true&{query}")).expect(200).json()["total"].clone()
        };
        assert_eq!((of("own.jurisdiction=SZ"), of("own.jurisdiction=NONE"), of("own.hours_from=6")), (json!(410), json!(0), json!(174)));
        check_figures(&app);
        assert_eq!(app.differences(), Vec::<String>::new());
        deliver(&app, 3000);
        assert_eq!((of("own.jurisdiction=SZ"), of("own.jurisdiction=NONE")), (json!(1410), json!(0)));
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

/// What was kept otherwise is brought into the present form, and back into that.
fn older_values_and_cells_are_kept(backend: Backend) {
    let mut app = start(backend);
    let tables = app.config.profile.directory.clone().unwrap().join("tables");
    layout(&tables, Some(PAIR));
    filled(&app);
    again(&mut app);
    filled(&app);
    let newest = [
        "2026-12-01-100000_own_held",
        "2026-12-01-050000_own_said",
        "2026-11-30-220000_own_entry",
        "2026-11-30-160000_own_storage",
    ];
    for migrations in [&newest[..1], &newest[..2], &newest[..3], &newest, &newest[..1]] {
        app.stop();
        app.take_back(migrations);
        assert_eq!(registers::migrate(&mut app.db_as_it_is()).unwrap().len(), migrations.len());
        assert_eq!(app.differences(), Vec::<String>::new(), "{migrations:?}");
        again(&mut app);
        check_figures(&app);
        assert_eq!(app.differences(), Vec::<String>::new(), "{migrations:?}");
        filled(&app);
    }
}

on_each! {
    older_values_and_cells_are_kept
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
        assert!(csv.starts_with("\u{feff}own.jurisdiction;own.hours;figure_status\r\n") && csv.contains("SZ;"), "{csv}");
        let stat = app.client.get(&format!("{path}json-stat")).expect(200).json();
        assert_eq!(stat["dimension"]["measure"]["category"]["unit"]["own.hours"], json!({"decimals": 1, "symbol": "h"}), "{stat}");
        assert_eq!(stat["role"]["metric"], json!(["measure"]));
        let french = app.client.get(&format!("{path}json-stat&lang=fr")).expect(200).json();
        let label = |id: &str| french["dimension"][id]["label"].as_str().unwrap().to_owned();
        assert_eq!(["own.jurisdiction", "measure"].map(label), ["JURISDICTION fr", "Mesure"]);
        assert_eq!(french["dimension"]["measure"]["category"]["label"]["own.hours"], "HOURS fr");
        app.client.get(&format!("{path}xlsx")).expect(200);
        app.client.get("/v1/statistics/counts?measure=sum:own.minutes").expect_problem(400, "invalid-parameter");
        let some = app.with_scopes("statistics:read");
        some.get("/v1/statistics/counts?by=own.jurisdiction&measure=sum:own.hours").expect(200);
        some.get("/v1/statistics/counts?by=own.jurisdiction,own.outcome").expect(200);
        some.get("/v1/statistics/counts?by=own.jurisdiction,own.outcome,area").expect(403);
        some.get("/v1/statistics/counts?by=own.jurisdiction,own.outcome&measure=sum:own.hours").expect(403);
    }
}

/// The names of the sets that cells have counts of records by.
fn sets(app: &App) -> String {
    let sql = |list: &str, members: &str| {
        format!(
            "SELECT coalesce({list}, '') AS text FROM (SELECT DISTINCT substr(of_set.key, 2) AS name FROM own_cells, {members} \
             WHERE of_set.key LIKE ':%' ORDER BY 1) AS sets"
        )
    };
    app.text(
        &sql("group_concat(name, ' ')", "json_each(counts) AS of_set"),
        &sql("string_agg(name, ' ' ORDER BY name)", "jsonb_each(CAST(counts AS JSONB)) AS of_set (key, value)"),
    )
}

on_both_databases! {
    fn sets_are_kept_as_long_as_a_layout_uses_them(app = start) {
        filled(&app);
        again(&mut app);
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
        let kept = "SELECT CAST(count(*) AS TEXT) AS text FROM own_cells WHERE counts LIKE '%\"balance:jurisdiction,outcome\"%'";
        assert_ne!(app.text(kept, kept), "0", "sums are kept by the pair too");
        let behind = app.client.all("/v1/statistics/services/pair/2016/records?layout=pairs");
        assert_eq!(behind.len(), pairs("2016"));
        layout(&tables, None);
        again(&mut app);
        assert_eq!(sets(&app), "basis jurisdiction outcome");
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

/// The titles of a list, page by page.
fn titles(app: &App, query: &str) -> Vec<String> {
    let all = app.client.all(&format!("/v1/cases?limit=3&{query}"));
    all.iter().map(|record| record["title"].as_str().unwrap().to_owned()).collect()
}

on_both_databases! {
    fn lists_are_filtered_and_sorted(app = start) {
        for (title, own) in [
            ("A", json!({"jurisdiction": "SZ", "hours": 3.5, "balance": -1})),
            ("B", json!({"jurisdiction": "OW", "hours": 10})),
            ("C", json!({"jurisdiction": "SZ"})),
            ("D", json!({"hours": 3.5})),
            ("E", Value::Null),
            ("F", json!({"jurisdiction": "NW", "hours": 0})),
        ] {
            app.create("cases", json!({"title": title, "received_on": "2017-03-14", "own": own}));
        }
        let of = |query: &str, right: &str| {
            let right: Vec<String> = right.chars().map(String::from).collect();
            assert_eq!(titles(&app, query), right, "{query}");
        };
        of("own.jurisdiction=SZ&sort=title", "AC");
        of("own.jurisdiction=SZ,NW&sort=title", "ACF");
        of("own.jurisdiction=NONE&sort=title", "DE");
        of("own.jurisdiction=NONE,OW&sort=title", "BDE");
        of("own.hours_from=3.5&sort=title", "ABD");
        of("own.hours_from=0.1&own.hours_to=9.9&sort=title", "AD");
        of("own.hours_to=0&sort=title", "F");
        of("own.balance_to=-0.5", "A");
        of("sort=own.hours", "FADBCE");
        of("sort=-own.hours,title", "CEBADF");
        of("sort=own.jurisdiction", "FBACDE");
        of("sort=-own.jurisdiction", "EDCABF");
        of("sort=own.jurisdiction,-own.hours", "FBCAED");
        of("sort=own.hours&own.jurisdiction=SZ", "AC");
        let total = app.client.get("/v1/cases?own.jurisdiction=SZ&include_total=true&limit=1").expect(200).json();
        assert_eq!(total["total"], 2);
        for wrong in ["own.jurisdiction=UR", "own.hours_from=viel", "own.canton=SZ", "sort=own.canton", "own.hours=3"] {
            app.client.get(&format!("/v1/cases?{wrong}")).expect_problem(400, "invalid-parameter");
        }
        app.client.get("/v1/projects?own.jurisdiction=SZ").expect_problem(400, "invalid-parameter");
    }
}

on_both_databases! {
    fn files_carry_what_is_the_authoritys_own(app = start) {
        let directory = Directory::new();
        let run = |arguments: &[&str]| command(&app, &directory, arguments);
        let list = "Titel;Eingang;JURISDICTION;own.outcome;Hours fr;own.balance\r\n\
            Eins;14.3.2017;Kanton Schwyz;agreed;1'200,5;-3.25\r\n\
            Zwei;15.3.2017;ow it;;;\r\n\
            Drei;16.3.2017;Uri;;;\r\n\
            Vier;17.3.2017;NW;;1,234;\r\n";
        std::fs::write(directory.0.join("list.csv"), list).unwrap();
        let (done, told) = run(&["import", "--register", "cases", "--guess", "list.csv"]);
        assert!(done && told.contains("\"own.jurisdiction\" = [\"JURISDICTION\"]"), "{told}");
        assert!(told.contains("\"own.hours\" = [\"Hours fr\"]") && told.contains("SZ = [\"Kanton Schwyz\"]"), "{told}");
        let (_, told) = run(&["import", "--register", "cases", "list.csv"]);
        let rejected = std::fs::read_to_string(directory.0.join("list.rejected.csv")).unwrap();
        assert!(told.contains("2 rejected") && rejected.contains("Uri") && rejected.contains("1,234"), "{rejected}");
        let cases = app.client.all("/v1/cases?sort=title");
        let own: Vec<&Value> = cases.iter().map(|case| &case["own"]).collect();
        assert_eq!(own, [&json!({"jurisdiction": "SZ", "outcome": "AGREED", "hours": 1200.5, "balance": -3.25}), &json!({"jurisdiction": "OW"})]);
        let csv = app.client.get("/v1/cases/export?format=csv&sort=title").expect(200).text();
        let mut lines = csv.trim_start_matches('\u{feff}').lines().map(|line| line.split(';').collect::<Vec<&str>>());
        let header = lines.next().unwrap();
        let column = |line: &[&str], name: &str| line[header.iter().position(|column| *column == name).unwrap()].to_owned();
        let first = lines.next().unwrap();
        assert_eq!(["own.jurisdiction", "own.hours", "own.balance"].map(|name| column(&first, name)), ["SZ", "1200.5", "-3.25"]);
        app.client.get("/v1/cases/export?format=xlsx").expect(200);
        let lines = app.client.get("/v1/cases/export?sort=own.hours").expect(200).text();
        let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
        assert_eq!(first["own"], *own[0]);
        // What was taken away comes again.
        // The file is corrected as of the revision that the records have by then.
        let again = csv.lines().map(|line| line.strip_suffix(";1").map_or_else(|| line.to_owned(), |line| format!("{line};2")));
        std::fs::write(directory.0.join("again.csv"), again.collect::<Vec<_>>().join("\r\n")).unwrap();
        for case in &cases {
            let path = format!("/v1/cases/{}", case["id"].as_str().unwrap());
            app.client.patch(&path, "*", &json!({"own": null})).expect(200);
        }
        let (done, told) = run(&["import", "--register", "cases", "again.csv"]);
        assert!(done, "{told} {:?}", std::fs::read_to_string(directory.0.join("again.rejected.csv")));
        assert_eq!(app.client.all("/v1/cases?sort=title").iter().map(|case| case["own"].clone()).collect::<Vec<_>>(), own.into_iter().cloned().collect::<Vec<_>>());
    }
}

on_both_databases! {
    fn changes_are_told_part_by_part(app = start) {
        let case = app.create("cases", json!({"title": "Fall", "received_on": "2017-03-14", "own": {"jurisdiction": "SZ", "hours": 1}}));
        let path = format!("/v1/cases/{}", case["id"].as_str().unwrap());
        let changed = app.client.patch(&path, "*", &json!({"own": {"hours": 2.5, "outcome": "AGREED"}})).expect(200).json();
        assert_eq!(changed["own"], json!({"jurisdiction": "SZ", "outcome": "AGREED", "hours": 2.5}));
        let changed = app.client.patch(&path, "*", &json!({"own": {"jurisdiction": null}})).expect(200).json();
        assert_eq!(changed["own"], json!({"outcome": "AGREED", "hours": 2.5}));
        let same = app.client.patch(&path, "*", &json!({"own": {"hours": 2.50}})).expect(200).json();
        assert_eq!(same["revision"], changed["revision"]);
        let history = app.client.all(&format!("{path}/history"));
        let told: Vec<&Value> = history.iter().map(|entry| &entry["changes"]).collect();
        let named = |changes: &Value, name: &str| changes.as_array().unwrap().iter().find(|one| one["property"] == name).cloned();
        let second = told.iter().find(|changes| named(changes, "own.outcome").is_some()).unwrap();
        assert_eq!(named(second, "own.hours"), Some(json!({"property": "own.hours", "old": 1, "new": 2.5})));
        for wrong in [json!({"hours": 1.25}), json!({"hours": -1}), json!({"jurisdiction": "UR"}), json!({"canton": "SZ"}), json!({"hours": "2"})] {
            app.client.patch(&path, "*", &json!({"own": wrong})).expect_problem(422, "validation-failed");
        }
        // Batches and other systems, again and again.
        let delivery = |version: i64, hours: f64| json!({"title": "Geliefert", "received_on": "2017-05-02", "own": {"jurisdiction": "OW", "hours": hours},
            "external": {"system": "konsul", "id": "1", "version": version}});
        let put = |body: &Value, status: u16| app.client.send("PUT", "/v1/cases/external/konsul/1", &[("Content-Type", "application/json")], Some(body.to_string().as_bytes())).expect(status).json();
        put(&delivery(1, 1.5), 201);
        assert_eq!(put(&delivery(1, 1.5), 200)["revision"], 1);
        assert_eq!(put(&delivery(2, 2.5), 200)["own"]["hours"], 2.5);
        let found = app.client.all("/v1/cases?own.hours_from=2.5&own.hours_to=2.5&sort=title");
        assert_eq!(found.len(), 2);
    }
}

on_both_databases! {
    fn what_is_named_is_erased(app = start) {
        let case = app.create("cases", json!({"title": "Fall", "received_on": "2017-03-14", "notes": "Notiz", "own": {"jurisdiction": "SZ", "hours": 1.5, "outcome": "AGREED"}}));
        let id = case["id"].as_str().unwrap();
        let path = format!("/v1/cases/{id}");
        app.client.patch(&path, "*", &json!({"own": {"hours": 2.5}})).expect(200);
        let directory = Directory::new();
        let (done, told) = command(&app, &directory, &["subject", "erase", "--record", id]);
        assert!(done && told.contains("Erased: notes"), "{told}");
        let offered = "Left: title (1 revision); to erase them too, give --properties title\n\
            Left, for figures are counted by it: own.hours (2 revisions), own.jurisdiction (1 revision), own.outcome (1 revision); \
            --properties own.hours,own.jurisdiction,own.outcome erases it too, and these figures change\n";
        assert!(told.contains(offered), "{told}");
        assert_eq!(app.client.get(&path).expect(200).json()["own"]["jurisdiction"], "SZ");
        let (done, told) = command(&app, &directory, &["subject", "erase", "--record", id, "--properties", "own.jurisdiction,own.hours"]);
        assert!(done && told.contains("own.hours (") && told.contains("own.jurisdiction ("), "{told}");
        assert_eq!(app.client.get(&path).expect(200).json()["own"], json!({"outcome": "AGREED"}));
        let history = json!(app.client.all(&format!("{path}/history"))).to_string();
        assert!(!history.contains("\"SZ\"") && !history.contains("\":2.5") && !history.contains("\":1.5"), "{history}");
        assert_eq!(told_of(&app), BTreeMap::from([("[null]".to_owned(), 1.0)]));
    }
}

fn told_of(app: &App) -> BTreeMap<String, f64> {
    told(app, "", &["own.jurisdiction"])
}

on_both_databases! {
    fn a_profile_changes_and_no_record_is_lost(app = start) {
        let all = filled(&app);
        let folder = app.config.profile.directory.clone().unwrap();
        let before = told_of(&app);
        let body = json!({"title": "Geliefert", "received_on": "2017-05-02", "own": {"jurisdiction": "SZ", "basis": "LAW"},
            "external": {"system": "konsul", "id": "1", "version": 1}});
        let put = |app: &App, body: &Value| app.client.send("PUT", "/v1/cases/external/konsul/1", &[("Content-Type", "application/json")], Some(body.to_string().as_bytes()));
        put(&app, &body).expect(201);
        // SZ is gone, OW has another label and a group, NW is for former years, basis is called ground now, balance is gone.
        let values = [("OW", "parent = \"INNER\""), ("NW", "valid = { to = 2010 }"), ("INNER", "")];
        let changed = [
            dimension("jurisdiction", "\"cases\"", &values),
            dimension("outcome", "\"cases\"", &[("AGREED", ""), ("REFUSED", "")]),
            dimension("ground", "\"cases\"", &[("LAW", ""), ("CONSENT", "")]),
            number("hours", "\"cases\"", "unit = \"h\"\ndecimals = 0"),
        ];
        rewrite(&folder, &changed.concat());
        again(&mut app);
        assert_eq!(app.differences(), Vec::<String>::new());
        let mut after = told_of(&app);
        *after.get_mut("[\"SZ\"]").unwrap() -= 1.0;
        assert_eq!(after, before, "counted under the codes that they have");
        assert!(!titles(&app, "own.jurisdiction=SZ").is_empty());
        app.client.get("/v1/cases?own.jurisdiction=XX").expect_problem(400, "invalid-parameter");
        // A group chooses its members, in lists, figures and files.
        let of_group = |path: &str| app.client.get(&path.replace('*', "own.jurisdiction=INNER")).expect(200);
        let members = titles(&app, "own.jurisdiction=OW").len();
        assert!(members > 0 && titles(&app, "own.jurisdiction=INNER").len() == members);
        assert_eq!(told(&app, "own.jurisdiction=INNER&register=cases", &["register"]), BTreeMap::from([("[\"cases\"]".to_owned(), members as f64)]));
        assert_eq!(of_group("/v1/cases/export?*&format=ndjson").text().lines().count(), members);
        // What the profile no longer names is exported in a column of its own, and answers may have it.
        let csv = app.client.get("/v1/cases/export?format=csv").expect(200).text();
        let header = csv.trim_start_matches('\u{feff}').lines().next().unwrap();
        assert!(header.ends_with(";own.balance;own.basis"), "{header}");
        assert!(csv.contains(";-100.25;LAW") && csv.contains(";;CONSENT"), "{csv}");
        assert!(!app.client.get("/v1/audits/export?format=csv").expect(200).text().contains("own.basis"));
        let directory = Directory::new();
        let (done, exported) = command(&app, &directory, &["export", "--register", "cases", "--format", "csv"]);
        assert!(done && exported.contains(";own.balance;own.basis"), "{exported}");
        std::fs::write(directory.0.join("cases.csv"), &csv).unwrap();
        let (done, told) = command(&app, &directory, &["import", "--register", "cases", "cases.csv"]);
        let rejected = || std::fs::read_to_string(directory.0.join("cases.rejected.csv"));
        assert!(done && told.contains(" 0 changed,"), "{told} {:?}", rejected());
        assert_eq!(app.client.get("/v1/cases/export?format=csv").expect(200).text(), csv, "what was exported comes in again");
        let document = app.client.get("/openapi.json").expect(200).json();
        let own = |schema: &str| document["components"]["schemas"][format!("{schema}Own")].clone();
        assert_eq!(own("Case")["additionalProperties"]["type"], json!(["string", "number"]));
        assert_eq!(own("NewCase")["additionalProperties"], false);
        assert_eq!(own("Case")["properties"]["hours"]["type"], json!(["integer", "null"]));
        // Everything can be changed besides, and nothing anew be what is gone.
        for (index, record) in all.iter().enumerate() {
            let register = if index % 5 == 4 { "audits" } else { "cases" };
            let path = format!("/v1/{register}/{}", record["id"].as_str().unwrap());
            let patched = app.client.patch(&path, "*", &json!({"title": format!("Anders {index}")})).expect(200).json();
            assert_eq!(patched["own"], record["own"], "{index}");
        }
        app.client.post("/v1/cases", &json!({"title": "Neu", "own": {"jurisdiction": "SZ"}})).expect_problem(422, "validation-failed");
        app.client.post("/v1/cases", &json!({"title": "Neu", "own": {"jurisdiction": "NW"}})).expect_problem(422, "validation-failed");
        app.create("cases", json!({"title": "Neu", "own": {"jurisdiction": "OW", "ground": "LAW"}}));
        // Another system says the same again, and later something else.
        assert_eq!(put(&app, &body).expect(200).json()["revision"], 1);
        let mut other = body.clone();
        (other["title"], other["external"]["version"]) = (json!("Geliefert, anders"), json!(2));
        assert_eq!(put(&app, &other).expect(200).json()["own"], body["own"]);
        (other["own"]["basis"], other["external"]["version"]) = (json!("CONSENT"), json!(3));
        put(&app, &other).expect_problem(422, "validation-failed");
        other["external"] = json!({"system": "konsul", "id": "2", "version": 1});
        app.client.send("PUT", "/v1/cases/external/konsul/2", &[("Content-Type", "application/json")], Some(other.to_string().as_bytes())).expect_problem(422, "validation-failed");
        // Nothing of the authority's own is left in the profile.
        rewrite(&folder, "");
        again(&mut app);
        assert_eq!(app.differences(), Vec::<String>::new());
        for (index, record) in all.iter().enumerate().filter(|(index, _)| index % 5 != 4) {
            let path = format!("/v1/cases/{}", record["id"].as_str().unwrap());
            let patched = app.client.patch(&path, "*", &json!({"title": format!("Wieder {index}")})).expect(200).json();
            assert_eq!(patched["own"], record["own"], "{index}");
        }
    }
}

on_both_databases! {
    fn values_demand_other_values_of_their_own_and_of_the_software(app = start) {
        let folder = app.config.profile.directory.clone().unwrap();
        let changed = [
            dimension("jurisdiction", "\"cases\", \"audits\"", &[("SZ", "requires = { own.basis = [\"LAW\"] }"), ("OW", "")]),
            dimension("outcome", "\"cases\"", &[("AGREED", "requires = { area = [\"IT\", \"POLICE\"], \"own.jurisdiction\" = [\"SZ\"] }")]),
            dimension("basis", "\"cases\"", &[("LAW", ""), ("CONSENT", "")]),
        ];
        rewrite(&folder, &changed.concat());
        let file = folder.join("vocabulary.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        let with_rule = text.replacen("code = \"HEALTH\"", "code = \"HEALTH\"\nrequires = { own.jurisdiction = [\"OW\"] }", 1);
        assert_ne!(text, with_rule);
        std::fs::write(&file, with_rule).unwrap();
        again(&mut app);
        let refused = |area: &str, own: Value| {
            let problem = app.client.post("/v1/cases", &json!({"title": "Fall", "area": area, "own": own})).expect_problem(422, "validation-failed");
            crate::support::faults(&problem).join(" ")
        };
        assert_eq!(refused("OTHER", json!({"jurisdiction": "SZ", "basis": "CONSENT"})), "/own/basis");
        assert_eq!(refused("OTHER", json!({"jurisdiction": "SZ"})), "/own/basis");
        assert_eq!(refused("OTHER", json!({"outcome": "AGREED", "jurisdiction": "OW"})), "/area /own/jurisdiction");
        assert_eq!(refused("HEALTH", json!({})), "/own/jurisdiction");
        let case = app.create("cases", json!({"title": "Fall", "area": "IT", "own": {"outcome": "AGREED", "jurisdiction": "SZ", "basis": "LAW"}}));
        app.create("cases", json!({"title": "Fall", "area": "HEALTH", "own": {"jurisdiction": "OW"}}));
        // Audits have no basis: nothing of it can be demanded of them.
        app.create("audits", json!({"title": "Kontrolle", "received_on": "2017-05-02", "own": {"jurisdiction": "SZ"}}));
        let path = format!("/v1/cases/{}", case["id"].as_str().unwrap());
        app.client.patch(&path, "*", &json!({"own": {"basis": null}})).expect_problem(422, "validation-failed");
        app.client.patch(&path, "*", &json!({"title": "Anders"})).expect(200);
    }
}

on_both_databases! {
    fn a_demand_is_met_by_those_that_belong_to_what_it_names(app = start) {
        let folder = app.config.profile.directory.clone().unwrap();
        let basis = [("LAW", "parent = \"WRITTEN\""), ("CONTRACT", "parent = \"LAW\""), ("CONSENT", "")];
        let jurisdiction = [("SZ", "requires = { own.basis = [\"WRITTEN\"] }"), ("OW", "")];
        let changed = [dimension("jurisdiction", "\"cases\"", &jurisdiction), dimension("basis", "\"cases\"", &basis)];
        rewrite(&folder, &changed.concat());
        again(&mut app);
        let case = |basis: &str| json!({"title": "Fall", "own": {"jurisdiction": "SZ", "basis": basis}});
        app.create("cases", case("LAW"));
        app.create("cases", case("CONTRACT"));
        let problem = app.client.post("/v1/cases", &case("CONSENT")).expect_problem(422, "validation-failed");
        assert_eq!(problem["errors"][0]["detail"], "must be LAW or CONTRACT where own.jurisdiction is SZ", "{problem}");
        app.client.post("/v1/cases", &case("WRITTEN")).expect_problem(422, "validation-failed");
    }
}

on_both_databases! {
    fn what_was_a_number_stays_where_its_name_is_a_dimension_now(app = start) {
        let case = app.create("cases", json!({"title": "Fall", "own": {"balance": 12.5}}));
        let folder = app.config.profile.directory.clone().unwrap();
        rewrite(&folder, &dimension("balance", "\"cases\"", &[("EVEN", ""), ("OPEN", "")]));
        again(&mut app);
        let path = format!("/v1/cases/{}", case["id"].as_str().unwrap());
        let changed = app.client.patch(&path, "*", &json!({"title": "Anders"})).expect(200).json();
        assert_eq!(changed["own"], json!({"balance": 12.5}));
        let refused = app.client.patch(&path, "*", &json!({"own": {"balance": 3}})).expect_problem(422, "validation-failed");
        assert_eq!(refused["errors"][0]["detail"], "must be a string", "{refused}");
        app.client.patch(&path, "*", &json!({"own": {"balance": "OPEN"}})).expect(200);
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

on_both_databases! {
    fn values_that_a_register_has_no_longer_can_be_asked_for(app = start) {
        app.create("proceedings", json!({"subject": "Beschwerde", "instance": "Gericht", "kind": "APPEAL", "filed_on": "2017-03-14"}));
        app.create("cases", json!({"title": "Fall", "kind": "APPEAL"}));
        app.create("organisations", json!({"name": "Klinik", "type": "HOSPITAL"}));
        // Cases have appeals still, and no figure counts proceedings.
        let file = app.config.profile.directory.clone().unwrap().join("vocabulary.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        let gone = ["[[proceedings.kind]]\ncode = \"APPEAL\"", "[[organisations.type]]\ncode = \"HOSPITAL\""];
        let blocks = text.split_inclusive("\n\n").filter(|block| !gone.iter().any(|gone| block.starts_with(gone)));
        let changed: String = blocks.collect();
        assert!(gone.iter().all(|gone| text.contains(gone) && !changed.contains(gone)));
        std::fs::write(&file, changed).unwrap();
        again(&mut app);
        assert_eq!(titles(&app, "kind=APPEAL").len(), 1);
        for (path, number) in [("/v1/proceedings?kind=APPEAL", 1), ("/v1/organisations?type=HOSPITAL", 1), ("/v1/organisations?type=COURT", 0)] {
            assert_eq!(app.client.all(path).len(), number, "{path}");
        }
        app.client.get("/v1/publications?kind=APPEAL").expect_problem(400, "invalid-parameter");
        let directory = Directory::new();
        let export = |filter: &str| command(&app, &directory, &["export", "--register", "proceedings", "--filter", filter]);
        let (done, told) = export("kind=APPEAL");
        assert!(done && told.contains("Beschwerde"), "{told}");
        assert!(!export("kind=HOSPITAL").0);
        let settings = app.config.profile.clone();
        let doubts = Profile::of(&settings).unwrap().doubts_of_records(&mut app.db(), app.clock.today()).unwrap();
        for doubt in ["proceedings.kind: 1 record has APPEAL, which", "organisations.type: 1 record has HOSPITAL, which"] {
            assert!(doubts.iter().any(|told| told.starts_with(doubt)), "{doubts:?}");
        }
    }
}

/// Months are read alike however the server writes days.
#[test]
fn months_do_not_depend_on_how_a_server_writes_days() {
    let app = App::start_with(Backend::Postgres, |config| {
        let sign = if config.database.url.contains('?') { '&' } else { '?' };
        config.database.url += &format!("{sign}options=-c%20datestyle%3DGerman");
    });
    app.create("cases", json!({"title": "Fall", "received_on": "2017-03-14"}));
    let counts = app.client.get("/v1/statistics/counts?by=month,organisation").expect(200).json();
    assert_eq!(counts["items"][0]["month"], "2017-03", "{counts}");
}

/// Runs a command on the database of a service, with its profile.
pub fn command(app: &App, directory: &Directory, arguments: &[&str]) -> (bool, String) {
    let mut command = aufsicht(&directory.0);
    command.args(arguments).env("DATABASE_URL", &app.config.database.url).env("AUFSICHT_JWT_SECRET", SECRET);
    command.env("AUFSICHT_PROFILE_DIR", app.config.profile.directory.as_ref().unwrap());
    let output = command.output().unwrap();
    (output.status.success(), String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_profile_that_is_read_again_keeps_its_names() {
    let profile = crate::support::own::profile(&crate::support::own::vocabulary());
    let settings = aufsicht::config::ProfileSettings { directory: Some(profile.0.clone()), ..Default::default() };
    let cases = aufsicht::registers::find("cases").unwrap();
    let names = || -> Vec<*const u8> {
        let read = Profile::of(&settings).unwrap().vocabulary;
        read.own_dimensions(cases).map(|own| own.path.as_ptr()).collect()
    };
    let first = names();
    assert!(first.len() == 3 && first == names(), "each name is kept once");
}
