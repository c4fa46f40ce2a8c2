//! Tables of layouts: each source of a line, business years, figures that people enter, units and decimals.

use serde_json::{Value, json};

use crate::support::{App, Backend, Directory, faults};

const LABEL: &str = "{ de = \"LABEL\", fr = \"b\", it = \"c\", en = \"d\" }";

/// Tables whose lines are written one on a line: the code, and all else of it, parted by semicolons.
fn tables(head: &str, tables: &[(&str, &str)]) -> String {
    let mut text = format!("name = \"own\"\ntitle = {}\n{head}\n", LABEL.replace("LABEL", "Zahlen"));
    for (name, lines) in tables {
        text += &format!("[tables.{name}]\ntitle = {}\n", LABEL.replace("LABEL", &format!("Tabelle {name}")));
        for line in lines.lines().filter(|line| !line.trim().is_empty()) {
            let Some((code, rest)) = line.trim().split_once(' ') else { panic!("{line}") };
            if let Some(of_table) = code.strip_prefix('!') {
                text += &format!("{of_table} {rest}\n");
                continue;
            }
            let label = match rest.contains("labels") {
                true => String::new(),
                false => format!("label = {}\n", LABEL.replace("LABEL", code)),
            };
            text += &format!(
                "[[tables.{name}.lines]]\ncode = \"{code}\"\nlevel = 1\n{label}{}\n",
                rest.replace("; ", "\n")
            );
        }
    }
    text
}

const OWN: &str = "
[[dimensions]]
name = \"jurisdiction\"
registers = [\"cases\"]
label = { de = \"Kanton\", fr = \"b\", it = \"c\", en = \"d\" }
[[dimensions.values]]
code = \"SZ\"
label = { de = \"Schwyz\", fr = \"b\", it = \"c\", en = \"d\" }
[[dimensions.values]]
code = \"OW\"
label = { de = \"Obwalden\", fr = \"b\", it = \"c\", en = \"d\" }
[[numbers]]
name = \"hours\"
registers = [\"cases\"]
label = { de = \"Stunden\", fr = \"b\", it = \"c\", en = \"d\" }
unit = \"h\"
decimals = 1
";

/// A profile with these tables.
fn profile(layout: &str) -> Directory {
    let directory = Directory::new();
    let write = |path: &str, text: &str| std::fs::write(directory.0.join(path), text).unwrap();
    std::fs::create_dir_all(directory.0.join("tables")).unwrap();
    write("authority.toml", "name = \"Behörde\"\nlanguages = [\"de\", \"fr\", \"it\", \"en\"]\n");
    let vocabulary = include_str!("../../src/profile/lucerne/vocabulary.toml");
    write("vocabulary.toml", &format!("{vocabulary}\n{OWN}"));
    write("tables/own.toml", layout);
    directory
}

fn start(backend: Backend, layout: &str) -> (App, Directory) {
    let directory = profile(layout);
    let path = directory.0.clone();
    (App::start_with(backend, |config| config.profile.directory = Some(path)), directory)
}

fn table(app: &App, path: &str) -> Value {
    app.client.get(&format!("/v1/statistics/{path}")).expect(200).json()
}

fn values(table: &Value, code: &str) -> Value {
    let lines = table["lines"].as_array().unwrap();
    lines.iter().find(|line| line["code"] == code).unwrap_or_else(|| panic!("{code}"))["values"].clone()
}

crate::on_each! {
    every_source_counts_what_it_says_and_is_explained
    business_years_are_named_by_the_year_in_which_they_begin
    figures_are_entered_with_a_history
    a_rest_is_known_when_all_that_is_taken_away_is
    entered_figures_of_a_running_year_are_provisional
    units_and_decimals_stand_in_every_format
    a_publication_keeps_what_was_printed_of_every_source
    registers_of_every_kind_are_counted_where_a_line_names_them
    differences_know_what_looks_beyond_the_year
    what_bodies_count_twice_or_not_at_all_is_not_known
    a_year_that_was_published_holds_together
    every_coded_property_is_selected_and_asked_for
    a_number_that_nobody_said_is_not_recorded
    what_has_a_unit_can_be_less_than_nothing
}

const SOURCES: &str = r#"
    cases heading = true
    total any = [{ register = ["cases"] }]
    it any = [{ register = ["cases"], area = ["IT"] }]
    not_it any = [{ register = ["cases"], not = { area = ["IT"] } }]
    closed any = [{ register = ["cases"] }]; measure = "closed"
    opening any = [{ register = ["cases"] }]; measure = "opening"
    pending any = [{ register = ["cases"] }]; measure = "pending"
    settled any = [{ register = ["cases"] }]; measure = "settled"
    mean any = [{ register = ["cases"] }]; measure = "days_mean"
    median any = [{ register = ["cases"] }]; measure = "days_median"; unit = "Tage"
    rest rest = { of = "total", less = ["it"] }
    share share = { of = "it", in = "total" }
    hours any = [{ register = ["cases"] }]; add = "own.hours"
    hours.sz any = [{ register = ["cases"], "own.jurisdiction" = ["SZ"] }]; add = "own.hours"
    guests any = [{ register = ["events"] }]; add = "participants"
    effort any = [{ register = ["memberships"] }]; add = "effort"
    offices any = [{ register = ["cases"], organisation_type = ["MUNICIPALITY"] }]
    below any = [{ register = ["cases"], under = "Departement" }]
    below.pending any = [{ register = ["cases"], under = ["Departement"] }]; measure = "pending"
    below.but any = [{ register = ["cases"], under = "Departement", not = { under = "Amt" } }]
    elsewhere any = [{ register = ["cases"], not = { under = "Departement" } }]
    cameras entered = true
    all sum = ["total", "cameras"]"#;

/// Cases of two years, two of them of bodies below a department, with hours and areas.
fn filled(backend: Backend, layout: &str) -> (App, Directory) {
    let (app, directory) = start(backend, layout);
    app.create("organisations", json!({"name": "Departement", "type": "CANTONAL_OFFICE"}));
    app.create("organisations", json!({"name": "Amt", "type": "CANTONAL_OFFICE", "parent": "Departement"}));
    app.create("organisations", json!({"name": "Gemeinde", "type": "MUNICIPALITY"}));
    for (received, closed, area, organisation, own) in [
        ("2016-03-01", Some("2016-03-11"), "IT", Some("Amt"), json!({"hours": 1.5, "jurisdiction": "SZ"})),
        ("2016-11-01", None, "POLICE", Some("Departement"), json!({"hours": 2})),
        ("2016-12-01", Some("2017-01-10"), "IT", Some("Gemeinde"), json!({"jurisdiction": "OW"})),
        ("2017-02-01", Some("2017-02-05"), "IT", None, json!({"hours": 0.5, "jurisdiction": "SZ"})),
        ("2017-03-01", Some("2017-03-02"), "HEALTH", Some("Amt"), json!({"hours": 4, "jurisdiction": "OW"})),
        ("2017-04-01", None, "HEALTH", None, json!({})),
    ] {
        let mut body = json!({"title": "Fall", "received_on": received, "closed_on": closed, "area": area, "own": own});
        if let Some(organisation) = organisation {
            body["requester"] = json!({"type": "CANTON", "organisation": organisation});
        }
        app.create("cases", body);
    }
    app.create("cases", json!({"title": "Ohne Gebiet", "received_on": "2017-05-01"}));
    app.create("events", json!({"title": "Kurs", "kind": "TRAINING", "held_on": "2017-05-05", "participants": 30}));
    app.create("events", json!({"title": "Kurs", "kind": "TRAINING", "held_on": "2017-06-05", "participants": 12}));
    app.create("memberships", json!({
        "group": "Gruppe", "joined_on": "2015-01-01",
        "meetings": [{"held_on": "2016-03-22", "effort_minutes": 60}, {"held_on": "2017-03-22", "effort_minutes": 420}]
    }));
    (app, directory)
}

fn every_source_counts_what_it_says_and_is_explained(backend: Backend) {
    let (app, _directory) = filled(backend, &tables("total = \"total\"", &[("matters", SOURCES)]));
    let drawn = table(&app, "tables/matters?from=2016&to=2017");
    assert_eq!(drawn["warnings"], json!([]));
    let right = [
        ("cases", json!([null, null])),
        ("total", json!([3, 4])),
        ("it", json!([2, 1])),
        ("not_it", json!([1, 3])),
        ("closed", json!([1, 3])),
        ("opening", json!([0, 2])),
        ("pending", json!([2, 3])),
        ("settled", json!([1, 2])),
        ("mean", json!([10, 15])),
        ("median", json!([10, 4])),
        ("rest", json!([1, 3])),
        ("share", json!([66.7, 25])),
        ("hours", json!([3.5, 4.5])),
        ("hours.sz", json!([1.5, 0.5])),
        ("guests", json!([0, 42])),
        ("effort", json!([60, 420])),
        ("offices", json!([1, 0])),
        ("below", json!([2, 1])),
        ("below.pending", json!([1, 1])),
        ("below.but", json!([1, 0])),
        ("elsewhere", json!([1, 3])),
        ("cameras", json!([null, null])),
        ("all", json!([3, 4])),
    ];
    for (code, expected) in &right {
        assert_eq!(values(&drawn, code), *expected, "{code}");
    }
    // The records behind a cell are as many as it says.
    let counted = ["total", "it", "not_it", "closed", "opening", "pending", "settled", "rest", "offices", "below"];
    for code in counted.into_iter().chain(["below.pending", "below.but", "elsewhere", "all"]) {
        for (index, year) in [2016, 2017].into_iter().enumerate() {
            let path = format!("/v1/statistics/tables/matters/{code}/{year}/records?limit=100");
            assert_eq!(json!(app.client.all(&path).len()), values(&drawn, code)[index], "{code} {year}");
        }
    }
    for (code, records) in [("cases", 0), ("cameras", 0), ("share", 1), ("mean", 3), ("guests", 2)] {
        let path = format!("/v1/statistics/tables/matters/{code}/2017/records?limit=100");
        assert_eq!(app.client.all(&path).len(), records, "{code}");
    }
    let list = table(&app, "tables");
    assert_eq!((&list["items"][0]["name"], &list["items"][0]["title"]), (&json!("matters"), &json!("Tabelle matters")));
    // A table that the layout does not have is said to be missing, also at the paths of old.
    for path in ["services", "tables/other", "services/total/2017/records", "tables/other/total/2017/records"] {
        let problem = app.client.get(&format!("/v1/statistics/{path}")).expect_problem(404, "not-found");
        assert!(problem["detail"].as_str().unwrap().contains("it has matters"), "{problem}");
    }
    let report = app.client.get("/v1/reports/2017").expect(200).text();
    let start = app.client.get("/").expect(200).text();
    assert!(start.contains("GET /v1/statistics/tables/matters?"), "{start}");
    assert!(
        report.contains("<h2") && report.contains("Tabelle matters") && report.contains("median (Tage)"),
        "{report}"
    );
    assert_eq!(app.differences(), Vec::<String>::new());
}

fn business_years_are_named_by_the_year_in_which_they_begin(backend: Backend) {
    let lines = r#"
        !period = { starts = "04-01" }
        total any = [{ register = ["cases"] }]
        closed any = [{ register = ["cases"] }]; measure = "closed"
        settled any = [{ register = ["cases"] }]; measure = "settled"
        pending any = [{ register = ["cases"] }]; measure = "pending""#;
    let (app, _directory) = filled(backend, &tables("total = \"total\"", &[("matters", lines)]));
    let drawn = table(&app, "tables/matters?from=2015&to=2017");
    for (code, expected) in [
        ("total", json!([1, 4, 2])),
        ("closed", json!([1, 3, 0])),
        ("settled", json!([1, 3, 0])),
        ("pending", json!([0, 1, 3])),
    ] {
        assert_eq!(values(&drawn, code), expected, "{code}");
    }
    let records = app.client.all("/v1/statistics/tables/matters/total/2016/records?limit=100");
    assert_eq!(records.len(), 4, "{records:?}");
    assert_eq!(table(&app, "tables")["items"][0]["starts"], "04-01");
    // What is pending in the registers is known by calendar years, which these are not.
    let staff = table(&app, "staffing?from=2016&to=2016")["items"][0].clone();
    assert_eq!((&staff["new_cases"], &staff["pending"]), (&json!(4), &Value::Null), "{staff}");
    let early = app.client.put("/v1/statistics/published/2018", &json!({"from_live": true}));
    let problem = early.expect_problem(422, "validation-failed");
    assert!(problem["errors"][0]["detail"].as_str().unwrap().contains("until 31\u{a0}March 2019"), "{problem}");
    // The year 2017 ends on the last day of March 2018, on which day the tests are later.
    app.client.put("/v1/statistics/published/2016", &json!({"from_live": true})).expect(201);
    let published = table(&app, "tables/matters?from=2016&to=2016");
    assert_eq!((&published["sources"][0]["basis"], published.get("provisional")), (&json!("PUBLISHED"), None));
    assert_eq!(app.differences(), Vec::<String>::new());
}

fn figures_are_entered_with_a_history(backend: Backend) {
    let lines = r#"
        total any = [{ register = ["cases"] }]
        cameras entered = true
        fines entered = true; unit = "CHF"; decimals = 2; collected = { from = 2017 }
        all sum = ["total", "cameras"]
        share share = { of = "cameras", in = "all" }"#;
    let (app, _directory) = filled(backend, &tables("total = \"total\"", &[("matters", lines)]));
    let path = "/v1/statistics/figures/2017";
    let empty = app.client.get(path).expect(200).json();
    assert_eq!((&empty["version"], &empty["figures"]), (&json!(0), &json!({"cameras": null, "fines": null})));
    for (figures, place, code) in [
        (json!({"total": 3}), "/figures/total", "not_entered"),
        (json!({"kameras": 3}), "/figures/kameras", "unknown_line"),
        (json!({"cameras": -3}), "/figures/cameras", "out_of_range"),
        (json!({"fines": 1.255}), "/figures/fines", "too_many_decimals"),
    ] {
        let problem = app.client.put(path, &json!({"figures": figures})).expect_problem(422, "validation-failed");
        assert_eq!((faults(&problem), &problem["errors"][0]["code"]), (vec![place.to_owned()], &json!(code)));
    }
    let early = app.client.put("/v1/statistics/figures/2016", &json!({"figures": {"fines": 3}}));
    assert_eq!(early.expect_problem(422, "validation-failed")["errors"][0]["code"], "not_collected");
    app.with_scopes("statistics:read").put(path, &json!({"figures": {}})).expect_problem(403, "missing-scope");

    app.client.put(path, &json!({"figures": {"cameras": 120, "fines": 6502.5}})).expect(201);
    let read = app.client.get(path).expect(200);
    let tag = read.header("etag").unwrap().to_owned();
    assert_eq!(read.json()["figures"], json!({"cameras": 120, "fines": 6502.5}));
    let send = |tag: &str, figures: Value| {
        let headers = [("Content-Type", "application/json"), ("If-Match", tag)];
        app.client.send("PUT", path, &headers, Some(json!({"figures": figures}).to_string().as_bytes()))
    };
    send("\"7\"", json!({"cameras": 121})).expect_problem(412, "stale-revision");
    let second = send(&tag, json!({"cameras": 125, "fines": 6502.5})).expect(200).json();
    assert_eq!(second["version"], 2);
    let entered: Vec<&Value> =
        second["versions"].as_array().unwrap().iter().map(|one| &one["figures"]["cameras"]).collect();
    assert_eq!(entered, [&json!(120), &json!(125)], "what was entered before stays");

    let drawn = table(&app, "tables/matters?from=2016&to=2017");
    assert_eq!(values(&drawn, "cameras"), json!([null, 125]));
    assert_eq!(values(&drawn, "fines"), json!([null, 6502.5]));
    assert_eq!((values(&drawn, "total"), values(&drawn, "all")), (json!([3, 4]), json!([3, 129])));
    assert_eq!(values(&drawn, "share"), json!([null, 96.9]));
    let basis = drawn["lines"][1]["basis"].clone();
    assert_eq!(basis, json!(["NONE", "ENTERED"]));
    // Publishing takes both, and what is entered later is told by the differences until it is published again.
    let publication = "/v1/statistics/published/2017";
    let published = app.client.put(publication, &json!({"from_live": true})).expect(201).json();
    assert_eq!((&published["figures"]["cameras"], &published["figures"]["total"]), (&json!(125), &json!(4)));
    let line = published["lines"].as_array().unwrap().iter().find(|line| line["code"] == "fines").unwrap().clone();
    assert_eq!((&line["unit"], &line["decimals"], &line["value"]), (&json!("CHF"), &json!(2), &json!(6502.5)));
    send("*", json!({"cameras": 130, "fines": 6502.5})).expect(200);
    let differences = app.client.get(&format!("{publication}/differences")).expect(200).json();
    let told: Vec<&str> =
        differences["items"].as_array().unwrap().iter().map(|item| item["code"].as_str().unwrap()).collect();
    assert_eq!(told, ["cameras", "all", "share"], "{differences}");
    assert_eq!(values(&table(&app, "tables/matters?from=2017&to=2017"), "cameras"), json!([125]));
    let again = app.client.put(publication, &json!({"from_live": true})).expect(200).json();
    assert_eq!((&again["figures"]["cameras"], &again["figures"]["all"]), (&json!(130), &json!(134)));
    // A figure given with a publication follows into what is derived from it.
    let given = app.client.put(publication, &json!({"figures": {"cameras": 4}})).expect(200).json();
    assert_eq!(
        [&given["figures"]["total"], &given["figures"]["all"], &given["figures"]["share"]],
        [&json!(4), &json!(8), &json!(50)]
    );
    assert_eq!(app.differences(), Vec::<String>::new());
    // No SQL changes what was entered, and what is changed all the same is found.
    let change = "UPDATE entered_figures SET figures = '{\"cameras\":1}' WHERE version = 1";
    let refused = diesel::connection::SimpleConnection::batch_execute(&mut app.db(), change).unwrap_err().to_string();
    assert!(refused.contains("are not changed"), "{refused}");
    app.tampered();
    app.sql(match backend {
        Backend::Sqlite => "DROP TRIGGER entered_figures_no_update",
        Backend::Postgres => "DROP TRIGGER entered_figures_no_change ON entered_figures",
    });
    app.sql(change);
    let found = app.differences();
    assert!(found.iter().any(|found| found.contains("figures own/2017/1")), "{found:?}");
}

/// What nobody entered is not 0: a rest is not known before. One that was published as 0, since more was taken away than was
/// there, follows from its lines again when one of them is entered anew.
fn a_rest_is_known_when_all_that_is_taken_away_is(backend: Backend) {
    let lines = r#"
        total any = [{ register = ["cases"] }]
        phone entered = true
        stock entered = true
        rest rest = { of = "total", less = ["phone"] }
        left rest = { of = "stock", less = ["total"] }
        both sum = ["rest", "left"]"#;
    let (app, _directory) = filled(backend, &tables("total = \"total\"", &[("matters", lines)]));
    let told = |codes: [&str; 3]| {
        let drawn = table(&app, "tables/matters?from=2017&to=2017");
        codes.map(|code| values(&drawn, code)[0].clone())
    };
    let codes = ["rest", "left", "both"];
    assert_eq!(told(codes), [Value::Null, Value::Null, Value::Null]);
    let publication = "/v1/statistics/published/2017";
    let early = app.client.put(publication, &json!({"from_live": true})).expect(201).json();
    assert_eq!(early["figures"], json!({"total": 4}), "what is not known is not published");
    app.client.put("/v1/statistics/figures/2017", &json!({"figures": {"phone": 1, "stock": 3}})).expect(201);
    app.client.put(publication, &json!({"from_live": true})).expect(200);
    assert_eq!(told(codes), [json!(3), json!(0), json!(3)]);
    app.client.put(publication, &json!({"figures": {"stock": 6}})).expect(200);
    assert_eq!(told(codes), [json!(3), json!(2), json!(5)]);
    assert_eq!(app.differences(), Vec::<String>::new());
}

/// A body that lies under another would count twice in a sum of both, and one that there is not counts nothing that is known.
fn what_bodies_count_twice_or_not_at_all_is_not_known(backend: Backend) {
    let lines = r#"
        total any = [{ register = ["cases"] }]
        department any = [{ register = ["cases"], under = "departement" }]
        office any = [{ register = ["cases"], under = "Amt" }]
        town any = [{ register = ["cases"], under = "ORG-0003" }]
        nested sum = ["department", "office"]
        share share = { of = "nested", in = "total" }
        apart sum = ["office", "town"]
        rest rest = { of = "total", less = ["department", "office"] }
        others any = [{ register = ["cases"], not = { under = "Amt" } }]"#;
    let (app, _directory) = filled(backend, &tables("total = \"total\"", &[("matters", lines)]));
    let drawn = table(&app, "tables/matters?from=2016&to=2016");
    let told = |code: &str| values(&drawn, code)[0].clone();
    assert_eq!(["department", "office", "town", "apart"].map(told), [json!(2), json!(1), json!(1), json!(2)]);
    assert_eq!(["nested", "share", "rest"].map(told), [Value::Null, Value::Null, Value::Null]);
    let warned = |drawn: &Value| -> Vec<Value> {
        drawn["warnings"].as_array().unwrap().iter().map(|one| json!([one["code"], one["line"]])).collect()
    };
    assert_eq!(warned(&drawn), [json!(["BODIES_MEET", "nested"]), json!(["BODIES_MEET", "rest"])]);
    let office = app.client.all("/v1/organisations?q=Amt").remove(0);
    let path = format!("/v1/organisations/{}", office["id"].as_str().unwrap());
    app.client.patch(&path, "*", &json!({"name": "Dienststelle"})).expect(200);
    let drawn = table(&app, "tables/matters?from=2016&to=2016");
    let told = |code: &str| values(&drawn, code)[0].clone();
    assert_eq!(["department", "office", "others"].map(told), [json!(2), Value::Null, Value::Null]);
    assert!(warned(&drawn).contains(&json!(["BODY_UNKNOWN", "office"])), "{drawn}");
}

/// What follows from published figures follows from those that are shown, and a table that has another name now is what was
/// published of it.
fn a_year_that_was_published_holds_together(backend: Backend) {
    let lines = r#"
        total any = [{ register = ["cases"] }]
        it any = [{ register = ["cases"], area = ["IT"] }]
        police any = [{ register = ["cases"], area = ["POLICE"] }]; collected = { from = 2014 }
        stock entered = true
        both sum = ["it", "police"]
        with_stock sum = ["it", "stock"]
        rest rest = { of = "total", less = ["it", "police"] }
        share share = { of = "both", in = "total" }"#;
    let layout = |name: &str| tables("total = \"total\"", &[(name, lines)]);
    let (mut app, directory) = filled(backend, &layout("matters"));
    let publish = |app: &App, year: i32, figures: Value| {
        app.client.put(&format!("/v1/statistics/published/{year}"), &json!({"figures": figures})).expect(201)
    };
    publish(&app, 2012, json!({"total": 100, "it": 60, "police": 5, "stock": 12}));
    publish(&app, 2016, json!({"it": 20}));
    let told = |app: &App, name: &str, year: i32| {
        let drawn = table(app, &format!("tables/{name}?from={year}&to={year}"));
        ["it", "police", "both", "with_stock", "rest", "share"].map(|code| values(&drawn, code)[0].clone())
    };
    let old = [json!(60), json!(5), json!(65), json!(72), json!(35), json!(65)];
    assert_eq!(told(&app, "matters", 2012), old);
    let (it, police, both, rest) = (json!(20), json!(1), json!(21), json!(0));
    assert_eq!(told(&app, "matters", 2016)[..3], [it, police, both]);
    assert_eq!(told(&app, "matters", 2016)[4], rest);
    std::fs::write(directory.0.join("tables/own.toml"), layout("business")).unwrap();
    crate::support::own::again(&mut app);
    assert_eq!(told(&app, "business", 2012), old);
    assert_eq!(app.differences(), Vec::<String>::new());
}

fn entered_figures_of_a_running_year_are_provisional(backend: Backend) {
    let lines = "total any = [{ register = [\"cases\"] }]\ncameras entered = true";
    let (app, _directory) = start(backend, &tables("total = \"total\"", &[("matters", lines)]));
    let year = app.clock.today().format("%Y").to_string().parse::<i32>().unwrap();
    let put = |year: i32, cameras: i32| {
        app.client.put(&format!("/v1/statistics/figures/{year}"), &json!({"figures": {"cameras": cameras}}))
    };
    put(year - 1, 3).expect(201);
    put(year, 5).expect(201);
    let ahead = put(year + 1, 7).expect_problem(422, "validation-failed");
    assert_eq!(ahead["errors"][0]["code"], "in_future");
    let drawn = table(&app, &format!("tables/matters?from={}&to={year}", year - 1));
    assert_eq!(values(&drawn, "cameras"), json!([3, 5]));
    assert_eq!((&drawn["provisional"], &drawn["lines"][1]["development"]), (&json!(true), &Value::Null));
}

fn units_and_decimals_stand_in_every_format(backend: Backend) {
    let lines = r#"
        total any = [{ register = ["cases"] }]
        hours any = [{ register = ["cases"] }]; add = "own.hours"; decimals = 2
        share share = { of = "total", in = "total" }
        noted any = [{ register = ["cases"], area = ["IT"] }]; footnotes = ["always", { key = "once", year = 2016 }]
        !charts = [{ title = { de = "Eins", fr = "b", it = "c", en = "d" }, kind = "bars", lines = ["hours"] }, { title = { de = "Zwei", fr = "b", it = "c", en = "d" }, kind = "lines", lines = ["share"] }]"#;
    let (charts, lines): (Vec<&str>, Vec<&str>) = lines.lines().partition(|line| line.trim().starts_with('!'));
    let lines = [charts, lines].concat().join("\n");
    let note = |key: &str| format!("[footnotes.{key}]\nde = \"Note {key}\"\nfr = \"b\"\nit = \"c\"\nen = \"d\"\n");
    let head = format!("total = \"total\"\n{}{}", note("always"), note("once"));
    let (app, _directory) = filled(backend, &tables(&head, &[("matters", &lines)]));
    let path = "tables/matters?from=2016&to=2017";
    let drawn = table(&app, path);
    assert_eq!((&drawn["lines"][1]["unit"], &drawn["lines"][1]["decimals"]), (&json!("h"), &json!(2)));
    assert_eq!(drawn["lines"][0].get("unit"), None);
    assert_eq!(
        drawn["footnotes"],
        json!([{"id": 1, "text": "Note always"}, {"id": 2, "text": "Note once", "year": 2016}])
    );
    assert_eq!(table(&app, "tables/matters?from=2017&to=2017")["footnotes"].as_array().unwrap().len(), 1);
    let get = |format: &str| app.client.get(&format!("/v1/statistics/{path}&format={format}")).expect(200);
    let csv = get("csv").text();
    assert!(
        csv.contains("code;label;unit;decimals;2016;2017;") && csv.contains("hours;hours;h;2;3.50;4.50;1.00;"),
        "{csv}"
    );
    let notes = app.client.get("/v1/statistics/tables/matters/notes?from=2016&to=2017").expect(200).json();
    assert!(
        notes["items"].as_array().unwrap().iter().any(|note| note["text"] == "Note once" && note["year"] == 2016),
        "{notes}"
    );
    let stat: Value = serde_json::from_str(&get("json-stat").text()).unwrap();
    let unit = &stat["dimension"]["line"]["category"]["unit"];
    assert_eq!(*unit, json!({"hours": {"decimals": 2, "symbol": "h"}, "share": {"decimals": 1, "symbol": "%"}}));
    let (first, second) = (get("svg").text(), get("svg&chart=2").text());
    assert!(first.contains("Eins") && first.contains("hours (h)") && first.contains(">4.50<"), "{first}");
    assert!(second.contains("Zwei") && second.contains(">100.0<"), "{second}");
    get_refused(&app, &format!("/v1/statistics/{path}&format=svg&chart=3"));
    assert!(get("xlsx").body.starts_with(b"PK"));
    let report = app.client.get("/v1/reports/2017").expect(200).text();
    assert!(report.contains("hours (h)") && report.contains("<td>4.50</td>") && report.contains("Zwei"), "{report}");
    assert!(app.client.get("/v1/reports/2017?format=pdf").expect(200).body.starts_with(b"%PDF"));
}

fn get_refused(app: &App, path: &str) {
    app.client.get(path).expect_problem(406, "not-acceptable");
}

fn a_publication_keeps_what_was_printed_of_every_source(backend: Backend) {
    let lines = r#"
        total any = [{ register = ["cases"] }]
        it labels = [{ to = 2016, de = "Informatik", fr = "b", it = "c", en = "d" }, { from = 2017, de = "Digitales", fr = "b", it = "c", en = "d" }]; any = [{ register = ["cases"], area = ["IT"] }]
        pending any = [{ register = ["cases"] }]; measure = "pending"
        mean any = [{ register = ["cases"] }]; measure = "days_mean"
        rest rest = { of = "total", less = ["it"] }
        share share = { of = "it", in = "total" }
        hours any = [{ register = ["cases"] }]; add = "own.hours""#;
    let (app, _directory) = filled(backend, &tables("total = \"total\"", &[("matters", lines)]));
    let label =
        |years: &str| table(&app, &format!("tables/matters?{years}"))["lines"][1]["label"].as_str().unwrap().to_owned();
    assert_eq!((label("from=2015&to=2016"), label("from=2016&to=2017")), ("Informatik".into(), "Digitales".into()));
    let live = table(&app, "tables/matters?from=2016&to=2016");
    let published = app.client.put("/v1/statistics/published/2016", &json!({"from_live": true})).expect(201).json();
    let frozen = table(&app, "tables/matters?from=2016&to=2016");
    for code in ["total", "it", "pending", "mean", "rest", "share", "hours"] {
        assert_eq!(values(&live, code), values(&frozen, code), "{code}");
    }
    assert_eq!(published["lines"][1]["label"]["de"], "Informatik");
    assert_eq!((&published["lines"][6]["unit"], &published["lines"][6]["value"]), (&json!("h"), &json!(3.5)));
    // Figures of years before the software: what follows from them is derived.
    let given = json!({"figures": {"total": 40, "it": 10}});
    let given = app.client.put("/v1/statistics/published/2010", &given).expect(201).json();
    assert_eq!(given["figures"], json!({"total": 40, "it": 10, "rest": 30, "share": 25}));
    let too_much = json!({"figures": {"total": 4, "it": 10}});
    app.client.put("/v1/statistics/published/2009", &too_much).expect(201);
    let drawn = table(&app, "tables/matters?from=2009&to=2010");
    assert_eq!(values(&drawn, "rest"), json!([0, 30]));
    assert_eq!((&drawn["warnings"][0]["code"], &drawn["warnings"][0]["year"]), (&json!("REST_NEGATIVE"), &json!(2009)));
    let detail = drawn["warnings"][0]["detail"].as_str().unwrap();
    assert!(detail.contains(": 10 von 4, «") && !detail.contains("» bis «"), "one line is taken away: {detail}");
    assert_eq!(app.differences(), Vec::<String>::new());
}

fn registers_of_every_kind_are_counted_where_a_line_names_them(backend: Backend) {
    let lines = r#"
        total any = [{ register = ["cases"] }]
        disputes any = [{ register = ["proceedings"] }]
        bodies any = [{ register = ["organisations"] }]"#;
    let (app, _directory) = filled(backend, &tables("total = \"total\"", &[("matters", lines)]));
    let counts = |query: &str| table(&app, &format!("counts?{query}"))["total"].clone();
    let before = counts("from=2017&to=2017");
    app.create("proceedings", json!({"subject": "Beschwerde", "instance": "Gericht", "filed_on": "2017-06-01"}));
    assert_eq!(values(&table(&app, "tables/matters?from=2016&to=2017"), "disputes"), json!([0, 1]));
    assert_eq!(counts("from=2017&to=2017"), before, "without a register the counted ones are meant");
    assert_eq!(counts("from=2017&to=2017&register=proceedings"), json!(1));
    let backlog = table(&app, "backlog?from=2017&to=2017");
    assert!(!backlog.to_string().contains("proceedings"), "{backlog}");
    let backlog = table(&app, "backlog?from=2017&to=2017&register=proceedings");
    assert_eq!(backlog["items"][0]["closing"], 1, "{backlog}");
    assert_eq!(app.differences(), Vec::<String>::new());
}

fn differences_know_what_looks_beyond_the_year(backend: Backend) {
    let lines = r#"
        total any = [{ register = ["cases"] }]
        pending any = [{ register = ["cases"] }]; measure = "pending"
        closed any = [{ register = ["cases"] }]; measure = "closed"
        hours any = [{ register = ["cases"] }]; add = "own.hours""#;
    let (app, _directory) = filled(backend, &tables("total = \"total\"", &[("matters", lines)]));
    app.client.put("/v1/statistics/published/2017", &json!({"from_live": true})).expect(201);
    let old = &app.client.all("/v1/cases?year=2016&area=POLICE")[0];
    let path = format!("/v1/cases/{}", old["id"].as_str().unwrap());
    app.client.patch(&path, "*", &json!({"status": "CLOSED", "closed_on": "2017-06-01"})).expect(200);
    let new = &app.client.all("/v1/cases?year=2017&area=IT")[0];
    let path = format!("/v1/cases/{}", new["id"].as_str().unwrap());
    app.client.patch(&path, "*", &json!({"own": {"hours": 10, "jurisdiction": "SZ"}})).expect(200);
    let differences = table(&app, "published/2017/differences");
    let told: Vec<(&str, &Value, &Value)> = differences["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (item["code"].as_str().unwrap(), &item["difference"], &item["records"][0]["change"]))
        .collect();
    assert_eq!(
        told,
        [("pending", &json!(-1), &json!(-1)), ("closed", &json!(1), &json!(1)), ("hours", &json!(9.5), &json!(0))],
        "{differences}"
    );
}

#[test]
fn small_numbers_of_every_source_are_hidden_from_the_public() {
    let (app, directory) = filled(Backend::Sqlite, &tables("total = \"total\"", &[("matters", SOURCES)]));
    app.client.put("/v1/statistics/published/2017", &json!({"from_live": true})).expect(201);
    let public = App::start_with(Backend::Sqlite, |config| {
        config.database.url = app.config.database.url.clone();
        config.database.access_log_url = app.config.database.access_log_url.clone();
        config.profile.directory = Some(directory.0.clone());
        config.public.layout = Some("own".into());
    });
    let shown = public.client.anonymous().get("/v1/statistics/tables/matters?from=2017&to=2017").expect(200).json();
    for line in shown["lines"].as_array().unwrap() {
        let code = line["code"].as_str().unwrap();
        let value = line["values"][0].as_f64();
        assert!(value.is_none_or(|value| value == 0.0 || value > 4.0), "{code}: {line}");
    }
    // However large a sum is: that of two records tells what each of them says, and of a given one it is not known of how many it is.
    for code in ["share", "mean", "median", "hours", "guests", "effort"] {
        assert_eq!(values(&shown, code), json!([null]), "{code}");
    }
    app.client.put("/v1/statistics/published/2016", &json!({"figures": {"guests": 900, "total": 80}})).expect(201);
    let shown = public.client.anonymous().get("/v1/statistics/tables/matters?from=2016&to=2016").expect(200).json();
    assert_eq!((values(&shown, "guests"), values(&shown, "total")), (json!([null]), json!([80])));
    public.client.anonymous().get("/v1/statistics/tables/other").expect_problem(404, "not-found");
    let page = public.client.anonymous().get("/statistics").expect(200).text();
    assert!(page.contains("/v1/statistics/tables/matters?"), "{page}");
}

fn every_coded_property_is_selected_and_asked_for(backend: Backend) {
    let lines = r#"
        total any = [{ register = ["cases"] }]
        concept any = [{ phase = ["CONCEPT"] }]
        concept.led any = [{ phase = ["CONCEPT"], role = ["LEAD"] }]
        early any = [{ register = ["projects"], phase = ["INITIATION", "NONE"] }]
        dismissed any = [{ decision = ["DISMISSED", "WITHDRAWN"] }]; measure = "closed"
        high any = [{ severity = ["HIGH"] }]
        grave any = [{ severity = ["MEDIUM", "HIGH"] }]
        no_high any = [{ register = ["audits"], not = { severity = ["HIGH"] } }]
        clean any = [{ register = ["audits"], severity = ["NONE"] }]
        faulty any = [{ register = ["audits"], not = { severity = ["NONE"] } }]
        follows any = [{ relation = ["FOLLOWS"] }]"#;
    let (app, _directory) = start(backend, &tables("total = \"total\"", &[("matters", lines)]));
    let audit = |severities: &[&str]| {
        let findings: Vec<Value> =
            severities.iter().map(|severity| json!({"severity": severity, "finding": "Befund"})).collect();
        app.create("audits", json!({"title": "Kontrolle", "received_on": "2017-05-02", "findings": findings}))
    };
    let audits = [&["HIGH", "HIGH", "LOW"][..], &["MEDIUM", "HIGH"], &["MEDIUM"], &["LOW"], &[]].map(audit);
    for (phase, role) in
        [(Some("CONCEPT"), "LEAD"), (Some("CONCEPT"), "PARTICIPATION"), (Some("INITIATION"), "LEAD"), (None, "LEAD")]
    {
        app.create("projects", json!({"title": "Projekt", "role": role, "phase": phase, "received_on": "2017-02-01"}));
    }
    for decision in ["DISMISSED", "UPHELD", "WITHDRAWN"] {
        app.create("proceedings", json!({"subject": "Beschwerde", "instance": "Gericht", "filed_on": "2017-02-01", "decided_on": "2017-04-01", "decision": decision}));
    }
    let first = app.create("cases", json!({"title": "Fall", "received_on": "2017-02-01"}));
    app.create("cases", json!({"title": "Fall", "received_on": "2017-03-01", "relations": [{"type": "FOLLOWS", "record": first["id"]}]}));
    let told = |code: &str| values(&table(&app, "tables/matters?from=2017&to=2017"), code)[0].clone();
    let right = [
        ("concept", 2),
        ("concept.led", 1),
        ("early", 2),
        ("dismissed", 2),
        ("high", 2),
        ("grave", 3),
        ("no_high", 3),
        ("clean", 1),
        ("faulty", 4),
        ("follows", 1),
    ];
    for (code, number) in right {
        assert_eq!(told(code), json!(number), "{code}");
        let behind = app.client.all(&format!("/v1/statistics/tables/matters/{code}/2017/records"));
        assert_eq!(behind.len(), number, "{code}");
    }
    // Breakdowns, filters of figures and of lists.
    let counts = |query: &str| app.client.get(&format!("/v1/statistics/counts?{query}")).expect(200).json();
    assert_eq!(
        counts("by=phase&register=projects")["items"],
        json!([
            {"phase": "CONCEPT", "count": 2}, {"phase": "INITIATION", "count": 1}, {"phase": null, "count": 1}
        ])
    );
    assert_eq!(counts("register=projects&phase=CONCEPT&role=LEAD")["total"], 1);
    assert_eq!(
        counts("by=decision&measure=closed&register=proceedings&decision=UPHELD,NONE")["items"],
        json!([{"decision": "UPHELD", "count": 1}])
    );
    assert_eq!(counts("by=phase&register=projects&lang=de")["items"][0]["labels"]["phase"], "Konzept");
    app.client.get("/v1/statistics/counts?by=severity").expect_problem(400, "invalid-parameter");
    let backlog = app.client.get("/v1/statistics/backlog?from=2017&to=2017&phase=INITIATION").expect(200).json();
    assert_eq!(backlog["items"][1]["closing"], 1, "{backlog}");
    let durations =
        app.client.get("/v1/statistics/durations?year=2017&by=decision&register=proceedings").expect(200).json();
    assert!(durations["items"].as_array().unwrap().iter().any(|group| group["decision"] == "UPHELD"), "{durations}");
    for (path, number) in [
        ("projects?phase=CONCEPT", 2),
        ("projects?phase=NONE", 1),
        ("proceedings?decision=DISMISSED,UPHELD", 2),
        ("audits?severity=HIGH", 2),
        ("audits?severity=LOW,MEDIUM", 4),
        ("audits?severity=NONE", 1),
        ("audits?severity=NONE,HIGH", 3),
        ("cases?relation=FOLLOWS", 1),
        ("cases?relation=BELONGS_TO", 0),
    ] {
        assert_eq!(app.client.all(&format!("/v1/{path}")).len(), number, "{path}");
    }
    for wrong in ["projects?phase=KONZEPT", "audits?severity=WORST", "cases?severity=HIGH"] {
        app.client.get(&format!("/v1/{wrong}")).expect_problem(400, "invalid-parameter");
    }
    // They follow what becomes of the records.
    let path = |audit: &Value| format!("/v1/audits/{}", audit["id"].as_str().unwrap());
    app.client.patch(&path(&audits[0]), "*", &json!({"findings": []})).expect(200);
    app.client.delete(&path(&audits[2]), "*").expect(204);
    assert_eq!(["high", "grave", "no_high", "clean", "faulty"].map(told), [1, 1, 3, 2, 2].map(|number| json!(number)));
    assert_eq!(app.differences(), Vec::<String>::new());
    // A record of a list with several values would count twice.
    let twice = format!("{lines}\n        twice sum = [\"high\", \"grave\"]");
    let refused = profile(&tables("total = \"total\"", &[("matters", &twice)]));
    let settings = aufsicht::config::ProfileSettings { directory: Some(refused.0.clone()), ..Default::default() };
    let error = aufsicht::profile::Profile::of(&settings).err().unwrap().to_string();
    assert!(error.contains("the line twice could count a record twice"), "{error}");
}

/// A sum of which no part was said is not known; of some parts it is their sum.
fn a_number_that_nobody_said_is_not_recorded(backend: Backend) {
    let lines = r#"
        total any = [{ register = ["cases"] }]
        it any = [{ register = ["cases"], area = ["IT"] }]; add = "own.hours"
        police any = [{ register = ["cases"], area = ["POLICE"] }]; add = "own.hours"
        both sum = ["it", "police"]
        guests any = [{ register = ["events"] }]; add = "participants""#;
    let (app, _directory) = start(backend, &tables("total = \"total\"", &[("matters", lines)]));
    let create = |year: i32, area: &str, hours: Value| {
        app.create(
            "cases",
            json!({"title": "Fall", "received_on": format!("{year}-03-01"), "area": area, "own": {"hours": hours}}),
        )
    };
    create(2015, "IT", Value::Null);
    create(2015, "POLICE", Value::Null);
    create(2016, "IT", json!(0));
    create(2016, "POLICE", Value::Null);
    let late = create(2017, "IT", json!(2.5));
    create(2017, "POLICE", json!(4));
    app.create("events", json!({"title": "Kurs", "kind": "TRAINING", "held_on": "2016-05-05"}));
    app.create("events", json!({"title": "Kurs", "kind": "TRAINING", "held_on": "2017-05-05", "participants": 30}));
    let told = |code: &str| values(&table(&app, "tables/matters?from=2015&to=2017"), code);
    assert_eq!(told("it"), json!([null, 0, 2.5]));
    assert_eq!(told("police"), json!([null, null, 4]));
    assert_eq!(told("both"), json!([null, 0, 6.5]));
    // Where there was nothing to say a number of, 0 is right.
    assert_eq!(told("guests"), json!([0, null, 30]));
    let path = format!("/v1/cases/{}", late["id"].as_str().unwrap());
    app.client.patch(&path, "*", &json!({"own": {"hours": null}})).expect(200);
    assert_eq!(told("it"), json!([null, 0, null]));
    assert_eq!(app.differences(), Vec::<String>::new());
    let published = app.client.put("/v1/statistics/published/2015", &json!({"from_live": true})).expect(201).json();
    assert_eq!(published["figures"], json!({"guests": 0, "total": 2}));
}

fn what_has_a_unit_can_be_less_than_nothing(backend: Backend) {
    let lines = r#"
        !charts = [{ title = { de = "Saldo", fr = "b", it = "c", en = "d" }, kind = "bars", lines = ["balance", "more"] }]
        total any = [{ register = ["cases"] }]
        balance entered = true; unit = "CHF"; decimals = 2
        more entered = true; unit = "CHF"
        all sum = ["balance", "more"]
        permits entered = true"#;
    let (app, _directory) = start(backend, &tables("total = \"total\"", &[("matters", lines)]));
    app.create("cases", json!({"title": "Fall", "received_on": "2016-03-01"}));
    let path = "/v1/statistics/figures/2017";
    app.client.put(path, &json!({"figures": {"balance": -120.25, "more": 20}})).expect(201);
    let drawn = table(&app, "tables/matters?from=2016&to=2017");
    assert_eq!((values(&drawn, "balance"), values(&drawn, "all")), (json!([null, -120.25]), json!([null, -100.25])));
    let refused = app.client.put(path, &json!({"figures": {"permits": -1}})).expect_problem(422, "validation-failed");
    assert!(refused["errors"][0]["detail"].as_str().unwrap().contains("only what has a unit can be less"), "{refused}");
    let published = "/v1/statistics/published/2017";
    app.client.put(published, &json!({"from_live": true, "figures": {"balance": -50}})).expect(201);
    app.client.put(published, &json!({"figures": {"permits": -1}})).expect_problem(422, "validation-failed");
    let shown = app.client.get(published).expect(200).json();
    assert_eq!((&shown["figures"]["balance"], &shown["figures"]["all"]), (&json!(-50), &json!(-30)));
    for format in ["csv", "xlsx", "json-stat"] {
        app.client.get(&format!("/v1/statistics/tables/matters?from=2016&to=2017&format={format}")).expect(200);
    }
    let svg = app.client.get("/v1/statistics/tables/matters?from=2016&to=2017&format=svg").expect(200).text();
    assert!(svg.contains(">-50.00<") && !svg.contains("width=\"-"), "{svg}");
    assert!(app.client.get("/v1/reports/2017?format=pdf").expect(200).body.starts_with(b"%PDF"));
    let report = app.client.get("/v1/reports/2017").expect(200).text();
    assert!(report.contains("−50.00"), "{report}");
}
