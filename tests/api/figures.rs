//! Figures say what they are: provisional, as printed, entered, not collected, of which lines.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::{App, Backend, Directory, faults};

fn line<'a>(table: &'a Value, code: &str) -> &'a Value {
    table["lines"].as_array().unwrap().iter().find(|line| line["code"] == code).unwrap_or_else(|| panic!("{code}"))
}

fn at(instant: &str) -> DateTime<Utc> {
    instant.parse().unwrap()
}

/// A service whose clock stands in a year that is running, with a few records of it and of the year before.
fn running(backend: Backend) -> App {
    let mut app = App::start(backend);
    app.clock.set(at("2026-11-29T10:00:00Z"));
    app.renew();
    for (received, closed) in
        [("2025-03-01", Some("2025-04-01")), ("2026-02-01", Some("2026-02-20")), ("2026-10-01", None)]
    {
        app.create("cases", json!({"title": "Anfrage", "received_on": received, "closed_on": closed, "requester": {"type": "CANTON"}, "area": "IT", "channel": "EMAIL"}));
    }
    app.create("projects", json!({"title": "Projekt", "role": "LEAD", "received_on": "2026-05-05"}));
    app.create("proceedings", json!({"subject": "Beschwerde", "instance": "Kantonsgericht", "filed_on": "2026-06-01"}));
    app.create("audits", json!({"title": "Kontrolle", "received_on": "2026-05-05"}));
    app.client.put("/v1/website-figures/2026", &json!({"visitors": 900, "page_views": 3000})).expect(201);
    app.client.put("/v1/website-figures/2025", &json!({"visitors": 1000, "page_views": 3650})).expect(201);
    app.client.put("/v1/staffing/2026", &json!({"positions_percent": 200})).expect(201);
    app
}

const STATED: [(&str, &str); 4] = [
    ("de", "Stand 29.\u{a0}November 2026 (provisorisch)"),
    ("fr", "État au 29\u{a0}novembre 2026 (provisoire)"),
    ("it", "Stato al 29\u{a0}novembre 2026 (provvisorio)"),
    ("en", "As of 29\u{a0}November 2026 (provisional)"),
];

on_both_databases! {
    fn a_year_that_is_not_over_is_provisional_in_every_statistic(app = running) {
        for path in ["services?from=2025&to=2026", "channels?from=2025&to=2026", "media-requests?from=2025&to=2026", "website?from=2025&to=2026"] {
            let table = app.client.get(&format!("/v1/statistics/{path}")).expect(200).json();
            assert_eq!(table["provisional"], true, "{path}");
            assert_eq!(table["sources"][0].get("provisional"), None, "{path}");
            assert_eq!((&table["sources"][1]["provisional"], &table["sources"][1]["as_of"]), (&json!(true), &json!("2026-11-29")), "{path}");
            assert!(table["lines"].as_array().unwrap().iter().all(|line| line.get("development").is_none()), "{path}: a part of a year is compared with a whole one");
            for (lang, stated) in STATED {
                let notes = path.replace('?', "/notes?");
                let csv = app.client.get(&format!("/v1/statistics/{notes}&format=csv&lang={lang}")).expect(200).text();
                assert!(csv.contains(&format!("PROVISIONAL;;;;2026;{stated}")), "{csv}");
                let svg = app.client.get(&format!("/v1/statistics/{path}&format=svg&lang={lang}")).expect(200).text();
                assert!(svg.contains(&format!("* 2026: {stated}")) && svg.contains("2026*"), "{svg}");
                let stat = app.client.get(&format!("/v1/statistics/{path}&format=json-stat&lang={lang}")).expect(200).text();
                assert!(stat.contains(stated), "{stat}");
            }
            let over = app.client.get(&format!("/v1/statistics/{}", path.replace("2026", "2025"))).expect(200).json();
            assert_eq!(over.get("provisional"), None, "{path}");
        }
        let website = app.client.get("/v1/statistics/website?from=2025&to=2026").json();
        assert_eq!(line(&website, "website.page_views_per_day")["values"], json!([10, null]), "the days are not known");
        for path in ["backlog?from=2025&to=2026&by=month", "backlog?from=2025&to=2026", "activities?from=2025&to=2026", "staffing?from=2025&to=2026", "counts?by=year&from=2025", "counts?by=month", "counts?by=quarter"] {
            let body = app.client.get(&format!("/v1/statistics/{path}")).expect(200).json();
            assert_eq!(body["provisional"], true, "{path}");
            for item in body["items"].as_array().unwrap() {
                let is_running = item.to_string().contains("2026");
                assert_eq!(item["provisional"].as_bool().unwrap_or(false), is_running, "{path} {item}");
            }
            let notes = path.replace('?', "/notes?");
            let csv = app.client.get(&format!("/v1/statistics/{notes}&format=csv&lang=en")).expect(200).text();
            assert!(csv.contains("PROVISIONAL;;;;2026;As of 29\u{a0}November 2026 (provisional)"), "{path}: {csv}");
            let csv = app.client.get(&format!("/v1/statistics/{path}&format=csv")).expect(200).text();
            let provisional = csv.lines().filter(|row| row.ends_with(";PROVISIONAL")).count();
            assert_eq!(provisional, body["items"].as_array().unwrap().iter().filter(|item| item["provisional"] == true).count(), "{path}: {csv}");
        }
        let backlog = app.client.get("/v1/statistics/backlog?from=2025&to=2026&register=cases").json();
        let of_year = &backlog["items"][1];
        assert_eq!((&of_year["closing"], &of_year["as_of"]), (&json!(1), &json!("2026-11-29")));
        assert_eq!(backlog["items"][0].get("as_of"), None);
        let months = app.client.get("/v1/statistics/backlog?from=2026&to=2026&register=cases&by=month").json();
        assert_eq!(months["items"].as_array().unwrap().len(), 11, "December has not begun");
        assert_eq!((months["items"][9].get("as_of"), &months["items"][10]["as_of"]), (None, &json!("2026-11-29")));
        let durations = app.client.get("/v1/statistics/durations?year=2026").expect(200).json();
        assert_eq!((&durations["provisional"], &durations["as_of"]), (&json!(true), &json!("2026-11-29")));
        assert_eq!(app.client.get("/v1/statistics/durations?year=2025").json().get("provisional"), None);
        assert_eq!(app.client.get("/v1/statistics/counts?to=2025").json().get("provisional"), None);
        let staff = app.client.get("/v1/statistics/staffing?from=2026&to=2026").json();
        assert_eq!((&staff["items"][0]["pending"], &staff["items"][0]["as_of"]), (&json!(3), &json!("2026-11-29")));
    }
}

on_both_databases! {
    fn the_first_day_of_the_next_year_in_zurich_makes_a_year_whole(app = running) {
        let is_provisional = |app: &App| app.client.get("/v1/statistics/services?from=2025&to=2026").expect(200).json()["provisional"] == true;
        for (instant, expected) in [("2026-12-31T22:59:59Z", true), ("2026-12-31T23:00:00Z", false)] {
            app.clock.set(at(instant));
            app.renew();
            assert_eq!(is_provisional(&app), expected, "{instant}");
        }
        let table = app.client.get("/v1/statistics/services?from=2025&to=2026").json();
        assert_eq!(line(&table, "inquiries.total")["development"]["display"], "+100%");
    }
}

on_both_databases! {
    fn a_year_that_has_not_begun_has_no_figures(app = running) {
        for table in ["services", "channels", "media-requests", "website"] {
            let body = app.client.get(&format!("/v1/statistics/{table}?from=2025&to=2028")).expect(200).json();
            for line in body["lines"].as_array().unwrap() {
                assert_eq!((&line["values"][2], &line["values"][3], &line["basis"][3]), (&Value::Null, &Value::Null, &json!("NONE")), "{line}");
                assert_eq!(line.get("development"), None);
            }
        }
        assert_eq!(app.client.get("/v1/statistics/backlog?from=2027&to=2028").expect(200).json()["items"], json!([]));
        assert_eq!(app.client.get("/v1/statistics/activities?from=2027&to=2028").expect(200).json()["items"], json!([]));
        assert_eq!(app.client.get("/v1/statistics/counts?from=2027").expect(200).json()["total"], Value::Null);
        let staff = app.client.get("/v1/statistics/staffing?from=2027&to=2027").expect(200).json();
        assert_eq!([&staff["items"][0]["new_cases"], &staff["items"][0]["pending"]], [&Value::Null, &Value::Null]);
        let durations = app.client.get("/v1/statistics/durations?year=2027").expect(200).json();
        assert_eq!((durations.get("total"), &durations["items"]), (None, &json!([])));
        app.client.put("/v1/website-figures/2027", &json!({"visitors": 1, "page_views": 1})).expect_problem(422, "validation-failed");
        app.client.put("/v1/statistics/published/2027", &json!({"from_live": true, "provisional": true})).expect_problem(422, "validation-failed");
        let report = app.client.get("/v1/reports/2027").expect(200).text();
        assert!(report.contains("Das Jahr 2027 hat noch nicht begonnen") && !report.contains("pendent."), "{report}");
        assert!(app.client.get("/v1/reports/2027?format=pdf").expect(200).body.starts_with(b"%PDF"));
    }
}

on_both_databases! {
    fn a_report_about_a_running_year_says_so_everywhere(app = running) {
        for ((lang, stated), (word, wrong)) in STATED.into_iter().zip([
            ("(provisorisch)", ["31.\u{a0}Dezember 2026", "am Jahresende "]), ("(provisoire)", ["31\u{a0}décembre 2026", "à la fin de l’année "]),
            ("(provvisorio)", ["31\u{a0}dicembre 2026", "a fine anno "]), ("(provisional)", ["31\u{a0}December 2026", "at the end of the year "]),
        ]) {
            let page = app.client.get(&format!("/v1/reports/2026?lang={lang}")).expect(200).text();
            let title = page.split("<h1>").nth(1).unwrap().split("</h1>").next().unwrap();
            assert!(title.ends_with(&format!("2026 {word}")), "{title}");
            assert!(page.contains(&format!("<strong>{stated}</strong>")), "{lang}");
            for caption in page.split("<caption>").skip(1).map(|rest| rest.split("</caption>").next().unwrap()) {
                assert!(caption.contains(stated) || !caption.contains("2026"), "{caption}");
            }
            let said = page.split("</nav>").last().unwrap();
            for sentence in said.split("<p>").skip(1).map(|rest| rest.split("</p>").next().unwrap()) {
                assert!(sentence.starts_with(stated), "{sentence}");
            }
            for sentence in page.split("<li>").skip(1).map(|rest| rest.split("</li>").next().unwrap()).filter(|item| item.contains("; 2025")) {
                assert!(sentence.contains(stated), "{sentence}");
            }
            for wrong in wrong {
                assert!(!page.contains(wrong), "{lang}: {wrong}");
            }
            assert!(page.contains("<th scope=\"col\">2026*</th>"), "{lang}");
            let pdf = app.client.get(&format!("/v1/reports/2026?lang={lang}&format=pdf")).expect(200);
            assert!(String::from_utf8_lossy(&pdf.body).contains(word), "{lang}");
        }
        let over = app.client.get("/v1/reports/2025").expect(200).text();
        assert!(!over.contains("provisorisch") && over.contains("Am 31.\u{a0}Dezember 2025 war keine Anfrage pendent."), "{over}");
    }
}

on_both_databases! {
    fn a_running_year_is_published_as_provisional_only_and_stays_so(app = running) {
        let path = "/v1/statistics/published/2026";
        for body in [json!({"from_live": true}), json!({"figures": {"inquiries.total": 3}}), json!({"from_live": true, "provisional": false})] {
            let problem = app.client.put(path, &body).expect_problem(422, "validation-failed");
            assert_eq!(faults(&problem), ["/provisional"]);
            assert!(problem["errors"][0]["detail"].as_str().unwrap().contains("\"provisional\": true"), "{problem}");
        }
        let first = app.client.put(path, &json!({"from_live": true, "provisional": true})).expect(201).json();
        assert_eq!((&first["provisional"], &first["versions"][0]["provisional"]), (&json!(true), &json!(true)));
        app.client.put(path, &json!({"from_live": true, "provisional": true})).expect(200);
        assert_eq!(app.client.get(path).json()["versions"].as_array().unwrap().len(), 1);
        // From then on it is provisional, also when the year is over, until it is published for good.
        app.clock.set(at("2027-02-01T10:00:00Z"));
        app.renew();
        let table = |app: &App| app.client.get("/v1/statistics/services?from=2025&to=2026").expect(200).json();
        let source = table(&app)["sources"][1].clone();
        assert_eq!((&source["basis"], &source["provisional"], &source["as_of"]), (&json!("PUBLISHED"), &json!(true), &json!("2026-11-29")));
        assert_eq!(line(&table(&app), "inquiries.total").get("development"), None);
        let report = app.client.get("/v1/reports/2026").expect(200).text();
        assert!(report.contains("<strong>Stand 29.\u{a0}November 2026 (provisorisch)</strong>"), "{report}");
        let last = app.client.put(path, &json!({"from_live": true})).expect(200).json();
        assert_eq!((&last["version"], last.get("provisional")), (&json!(2), None));
        assert_eq!((table(&app).get("provisional"), table(&app)["sources"][1].get("provisional")), (None, None));
        assert_eq!(app.client.get(&format!("{path}?version=1")).json()["provisional"], true);
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

on_both_databases! {
    fn the_backlogs_chart_adds_nothing_up(app = App::start_with_demo) {
        let backlog = app.client.get("/v1/statistics/backlog?from=2016&to=2017").expect(200).json();
        let closing = |register: &str| {
            let rows = backlog["items"].as_array().unwrap().iter().filter(|row| row["register"] == register);
            rows.map(|row| row["closing"].as_i64().unwrap()).collect::<Vec<_>>()
        };
        let (cases, projects) = (closing("cases"), closing("projects"));
        let svg = app.client.get("/v1/statistics/backlog?from=2016&to=2017&format=svg").expect(200).text();
        let report = app.client.get("/v1/reports/2017").expect(200).text();
        assert!(report.contains(&format!("waren {} Anfragen pendent", cases[1])), "{report}");
        for drawn in [&svg, &report] {
            assert!(drawn.contains(&format!("2017 {}.", cases[1])), "{drawn}");
            assert!(drawn.contains("Anfragen: 201") && drawn.contains("Projekte: 201") && drawn.contains("je Register"), "{drawn}");
        }
        assert!(svg.contains(&format!("Anfragen: 2016 {}, 2017 {}.", cases[0], cases[1])), "{svg}");
        assert!(svg.contains(&format!("Projekte: 2016 {}, 2017 {}.", projects[0], projects[1])), "{svg}");
        assert!(!svg.contains(&format!("2017 {}.", cases[1] + projects[1])), "{svg}");
        let one = app.client.get("/v1/statistics/backlog?from=2016&to=2017&register=cases&format=svg&lang=en").expect(200).text();
        assert!(one.contains("by register: Inquiries"), "{one}");
    }
}

/// Lines of a services table, with the two tables that every layout has besides.
fn layout(name: &str, head: &str, lines: &str) -> String {
    let labels = "{ de = \"a\", fr = \"b\", it = \"c\", en = \"d\" }";
    let line = |line: &str| {
        let (code, rest) = line.trim().split_once(' ').unwrap();
        format!(
            "[[tables.services.lines]]\ncode = \"{code}\"\nlabel = {}\nlevel = 1\n{rest}\n",
            labels.replace("\"a\"", &format!("\"{code}\""))
        )
    };
    let lines: String = lines.lines().filter(|line| !line.trim().is_empty()).map(line).collect();
    let others = ["channels", "media-requests"].map(|table| {
        format!("[[tables.{table}.lines]]\ncode = \"{table}.all\"\nlabel = {labels}\nlevel = 0\nany = [{{ register = [\"media-requests\"] }}]\n")
    });
    format!("name = \"{name}\"\ntitle = {labels}\n{head}\n{lines}{}", others.concat())
}

/// A service whose usual layout is this one, and a way to start it anew on the same database with another.
fn with_layout(backend: Backend, text: &str) -> (App, Directory) {
    let directory = Directory::new();
    std::fs::write(directory.0.join("own.toml"), text).unwrap();
    let path = directory.0.clone();
    let app = App::start_with(backend, |config| {
        config.profile.layout_directory = Some(path);
        config.profile.layout = Some("own".into());
    });
    (app, directory)
}

/// The same database with another layout.
fn again(app: &App, directory: &Directory, text: Option<&str>) -> App {
    match text {
        Some(text) => std::fs::write(directory.0.join("own.toml"), text).unwrap(),
        None => std::fs::remove_file(directory.0.join("own.toml")).unwrap(),
    }
    App::start_with(app.backend, |config| {
        config.database.url = app.config.database.url.clone();
        config.database.access_log_url = app.config.database.access_log_url.clone();
        config.profile.layout_directory = Some(directory.0.clone());
        config.profile.layout = Some(if text.is_some() { "own" } else { "lucerne" }.into());
    })
}

const COUNTED: &str = "total any = [{ register = [\"cases\"] }]
    mediation any = [{ register = [\"cases\"], kind = [\"MEDIATION\"] }]
    cameras entered = true";

crate::on_each! {
    new_cases_are_the_line_that_the_layout_names
    a_check_runs_over_what_was_collected
    counted_and_entered_lines_stand_in_one_table
    what_was_published_stays_when_the_layout_changes
    a_layout_that_is_renamed_keeps_its_publications
}

fn new_cases_are_the_line_that_the_layout_names(backend: Backend) {
    let (app, _directory) = with_layout(backend, &layout("own", "total = \"total\"", COUNTED));
    for _ in 0..10 {
        app.case("Anfrage");
    }
    app.client.put("/v1/staffing/2017", &json!({"positions_percent": 200})).expect(201);
    let staff = app.client.get("/v1/statistics/staffing?from=2017&to=2017").expect(200).json();
    assert_eq!(
        (&staff["items"][0]["new_cases"], &staff["items"][0]["new_cases_per_position"]),
        (&json!(10), &json!(5.0))
    );
    // The report, and another layout.
    let report = app.client.get("/v1/reports/2017").expect(200).text();
    assert!(report.contains("<td>200</td><td>10</td><td>10</td><td>5.0</td>"), "{report}");
    app.create("projects", json!({"title": "Projekt", "role": "LEAD", "received_on": "2017-05-05"}));
    let staff = |layout: &str| {
        app.client.get(&format!("/v1/statistics/staffing?from=2017&to=2017{layout}")).expect(200).json()["items"][0]["new_cases"].clone()
    };
    assert_eq!((staff(""), staff("&layout=own"), staff("&layout=lucerne")), (json!(10), json!(10), json!(11)));
    app.client.get("/v1/statistics/staffing?layout=none").expect_problem(400, "invalid-parameter");
}

fn a_check_runs_over_what_was_collected(backend: Backend) {
    let lines = "police any = [{ register = [\"cases\"], area = [\"POLICE\"] }]\ncollected = { to = 2015 }
    security any = [{ register = [\"cases\"], area = [\"POLICE\"] }]\ncollected = { from = 2016 }
    education any = [{ register = [\"cases\"], area = [\"EDUCATION\"] }]
    protection sum = [\"police\", \"security\"]
    total any = [{ register = [\"cases\"] }]";
    // The rest of a line stands on the line below.
    let lines = lines.replace("\ncollected", "\u{0}collected");
    let text = layout("own", "total = \"total\"", &lines).replace('\u{0}', "\n");
    let text =
        text + "[[tables.services.checks]]\nwhole = \"total\"\nparts = [\"police\", \"security\", \"education\"]\n";
    let (app, _directory) = with_layout(backend, &text);
    for year in 2015..=2017 {
        for (area, number) in [("POLICE", 4), ("EDUCATION", 3), ("HEALTH", 2)] {
            for _ in 0..number {
                app.create("cases", json!({"title": "x", "received_on": format!("{year}-03-03"), "area": area}));
            }
        }
    }
    let table = app.client.get("/v1/statistics/services?from=2014&to=2017").expect(200).json();
    let warnings: Vec<(i64, bool)> = table["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|w| {
            let detail = w["detail"].as_str().unwrap();
            (w["year"].as_i64().unwrap(), detail.contains('7') && detail.contains('9') && w["code"] == "SUM_MISMATCH")
        })
        .collect();
    assert_eq!(warnings, [(2015, true), (2016, true), (2017, true)], "{table}");
    // The sum of a rubric and of what it was called later.
    assert_eq!(line(&table, "protection")["values"], json!([null, 4, 4, 4]));
    assert_eq!(line(&table, "police")["values"], json!([null, 4, null, null]));
    let explained = |code: &str, year: i32| {
        app.client.all(&format!("/v1/statistics/services/{code}/{year}/records?limit=100")).len()
    };
    assert_eq!((explained("protection", 2016), explained("police", 2016), explained("police", 2015)), (4, 0, 4));
}

fn a_layout_that_is_renamed_keeps_its_publications(backend: Backend) {
    let (app, directory) = with_layout(backend, &layout("own", "total = \"total\"", COUNTED));
    app.case("Anfrage");
    app.client.put("/v1/statistics/figures/2016", &json!({"figures": {"cameras": 7}})).expect(201);
    let path = "/v1/statistics/published/2017";
    app.client.put(path, &json!({"from_live": true})).expect(201);
    app.case("Später");
    let told = |app: &App, query: &str| {
        let table = app.client.get(&format!("/v1/statistics/services?from=2016&to=2017{query}")).expect(200).json();
        ["total", "cameras"].map(|code| (line(&table, code)["values"].clone(), line(&table, code)["basis"].clone()))
    };
    let right = [(json!([null, 1]), json!(["NONE", "PUBLISHED"])), (json!([7, null]), json!(["ENTERED", "PUBLISHED"]))];
    assert_eq!(told(&app, ""), right);
    let renamed = layout("yearly", "was = [\"older\", \"own\"]\ntotal = \"total\"", COUNTED);
    let now = again(&app, &directory, Some(&renamed));
    assert_eq!(told(&now, ""), right);
    assert_eq!(told(&now, "&layout=own"), right, "the former name finds it too");
    let publication = now.client.get(&format!("{path}?layout=own")).expect(200).json();
    assert_eq!((&publication["layout"], &publication["version"]), (&json!("yearly"), &json!(1)));
    assert_eq!(now.client.get(&format!("{path}/differences")).expect(200).json()["items"][0]["difference"], 1);
    let again_published = now.client.put(path, &json!({"from_live": true})).expect(200).json();
    assert_eq!((&again_published["version"], again_published["versions"].as_array().unwrap().len()), (&json!(2), 2));
    assert_eq!(told(&now, "")[0].0, json!([null, 2]));
    now.client.put("/v1/statistics/figures/2016", &json!({"figures": {"cameras": 9}})).expect(200);
    let entered = now.client.get("/v1/statistics/figures/2016").expect(200).json();
    assert_eq!((&entered["version"], &entered["versions"][0]["figures"]["cameras"]), (&json!(2), &json!(7)));
    assert_eq!(now.differences(), Vec::<String>::new());
    let doubts = |app: &App| {
        let profile = aufsicht::profile::Profile::of(&app.config.profile).unwrap();
        profile.doubts_of_records(&mut app.db(), app.clock.today()).unwrap()
    };
    let of_layouts = |doubts: Vec<String>| {
        doubts.into_iter().filter(|doubt| doubt.contains("there is no layout")).collect::<Vec<_>>()
    };
    assert_eq!(of_layouts(doubts(&now)), Vec::<String>::new());
    let gone = of_layouts(doubts(&again(&now, &directory, None)));
    assert_eq!(gone.len(), 1, "{gone:?}");
    assert!(
        gone[0].contains("no layout own any more, by which 2016, 2017 was published")
            && gone[0].contains("was = [\"own\"]"),
        "{gone:?}"
    );
}

fn counted_and_entered_lines_stand_in_one_table(backend: Backend) {
    let lines = format!("{COUNTED}\n    all sum = [\"total\", \"cameras\"]");
    let (app, _directory) = with_layout(backend, &layout("own", "total = \"total\"", &lines));
    for _ in 0..9 {
        app.case("Anfrage");
    }
    let path = "/v1/statistics/published/2017";
    let values = |code: &str| {
        let table = app.client.get("/v1/statistics/services?from=2016&to=2018").expect(200).json();
        (line(&table, code)["values"].clone(), line(&table, code)["basis"].clone())
    };
    // Nobody entered a figure: that is not 0, in no year.
    assert_eq!(values("cameras"), (json!([null, null, null]), json!(["NONE", "NONE", "NONE"])));
    app.client.put(path, &json!({"figures": {"cameras": 120}})).expect(201);
    assert_eq!(values("cameras"), (json!([null, 120, null]), json!(["NONE", "PUBLISHED", "NONE"])));
    assert_eq!(
        values("total"),
        (json!([null, 9, 0]), json!(["NONE", "LIVE", "LIVE"])),
        "entered figures take no counted one away"
    );
    assert_eq!(values("all").0, json!([null, 129, 0]));
    // Publishing the counts leaves the entered figure as it was, and so does doing it again.
    let published = app.client.put(path, &json!({"from_live": true})).expect(200).json();
    assert_eq!(
        (&published["figures"]["cameras"], &published["figures"]["total"], &published["figures"]["all"]),
        (&json!(120), &json!(9), &json!(129))
    );
    app.case("Spät");
    let published = app.client.put(path, &json!({"from_live": true, "figures": {"cameras": 125}})).expect(200).json();
    assert_eq!((&published["figures"]["cameras"], &published["figures"]["total"]), (&json!(125), &json!(10)));
    app.case("Noch später");
    // An entered figure alone leaves what was published.
    let published = app.client.put(path, &json!({"figures": {"cameras": 130}})).expect(200).json();
    assert_eq!(
        (&published["figures"]["cameras"], &published["figures"]["total"], &published["figures"]["all"]),
        (&json!(130), &json!(10), &json!(140))
    );
    assert_eq!(values("total").1, json!(["NONE", "PUBLISHED", "LIVE"]));
    let refused = app
        .client
        .put(path, &json!({"from_live": true, "figures": {"total": 3}}))
        .expect_problem(422, "validation-failed");
    assert_eq!(faults(&refused), ["/figures"]);
    assert_eq!(app.client.all("/v1/statistics/services/cameras/2017/records").len(), 0);
    let differences = app.client.get(&format!("{path}/differences")).expect(200).json();
    assert!(differences["items"].as_array().unwrap().iter().all(|item| item["code"] != "cameras"), "{differences}");
    assert_eq!(app.differences(), Vec::<String>::new());
}

fn what_was_published_stays_when_the_layout_changes(backend: Backend) {
    let before = layout("own", "total = \"total\"\n[footnotes.note]\nde = \"Alt\"\nfr = \"b\"\nit = \"c\"\nen = \"d\"",
        "total any = [{ register = [\"cases\"] }]\n    prior any = [{ register = [\"cases\"], kind = [\"PRIOR_CHECK\"] }]\u{0}footnotes = [\"note\"]").replace('\u{0}', "\n");
    let (app, directory) = with_layout(backend, &before);
    for year in [2016, 2017, 2018] {
        app.create("cases", json!({"title": "x", "kind": "PRIOR_CHECK", "received_on": format!("{year}-03-03")}));
        app.create("cases", json!({"title": "x", "received_on": format!("{year}-03-03")}));
    }
    let path = "/v1/statistics/published/2017";
    app.client.put(path, &json!({"from_live": true, "published_on": "2018-04-03"})).expect(201);
    let read = |app: &App, lang: &str| {
        app.client.get(&format!("/v1/statistics/services?from=2017&to=2017&lang={lang}&layout=own")).expect(200).json()
    };
    let printed = ["de", "fr"].map(|lang| read(&app, lang));
    let publication = app.client.get(path).expect(200).json();
    assert_eq!(
        publication["lines"].as_array().unwrap().iter().map(|line| line["code"].as_str().unwrap()).collect::<Vec<_>>(),
        ["total", "prior", "channels.all", "media-requests.all"]
    );

    // Another code, another name, another order, another level, no footnote.
    let after = layout(
        "own",
        "total = \"total\"",
        "dpia any = [{ register = [\"cases\"], kind = [\"PRIOR_CHECK\"] }]\n    total any = [{ register = [\"cases\"] }]",
    );
    let after = after
        .replace("code = \"total\"\nlabel = { de = \"total\"", "code = \"total\"\nlabel = { de = \"Alle\"")
        .replace("level = 1", "level = 2");
    let now = again(&app, &directory, Some(&after));
    assert_eq!(["de", "fr"].map(|lang| read(&now, lang)), printed, "the table is as it was printed");
    assert_eq!(now.client.get(path).expect(200).json(), publication);
    let differences = now.client.get(&format!("{path}/differences")).expect(200).json();
    let named: Vec<(&str, &str)> = differences["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (item["code"].as_str().unwrap(), item["line"].as_str().unwrap()))
        .collect();
    assert_eq!(named, [("dpia", "NEW"), ("prior", "ORPHANED")], "{differences}");
    assert_eq!(differences["items"][1]["label"], "prior");
    // With years that are counted, what was printed has a line of its own, and the newest name is that of the layout.
    let mixed = now.client.get("/v1/statistics/services?from=2016&to=2018&layout=own").expect(200).json();
    assert_eq!(
        (&line(&mixed, "prior")["values"], &line(&mixed, "dpia")["values"]),
        (&json!([null, 1, null]), &json!([1, null, 1]))
    );
    assert_eq!(
        (line(&mixed, "total")["label"].as_str(), &line(&mixed, "total")["values"]),
        (Some("Alle"), &json!([2, 2, 2]))
    );
    let differs = |app: &App| app.differences();
    assert_eq!(differs(&now), Vec::<String>::new());
    // A further version is printed as the layout is now.
    now.client.put(path, &json!({"from_live": true, "published_on": "2018-04-03"})).expect(200);
    assert_eq!(line(&read(&now, "de"), "dpia")["values"], json!([1]));
    assert_eq!(now.client.get(&format!("{path}/differences")).json()["items"], json!([]));

    // The layout is gone: what was published by it can be read by its name.
    let without = again(&app, &directory, None);
    assert_eq!(
        without.client.get(&format!("{path}?layout=own&version=1")).expect(200).json()["lines"],
        publication["lines"]
    );
    let table = without.client.get("/v1/statistics/services?from=2016&to=2017&layout=own").expect(200).json();
    assert_eq!(
        (&line(&table, "dpia")["values"], line(&table, "total")["label"].as_str()),
        (&json!([null, 1]), Some("Alle"))
    );
    let gone = without.client.get(&format!("{path}/differences?layout=own")).expect(200).json();
    assert!(gone["items"].as_array().unwrap().iter().all(|item| item["line"] == "ORPHANED"), "{gone}");
    without.client.get("/v1/statistics/services?layout=other").expect_problem(400, "invalid-parameter");
    // No SQL changes the lines of what was published, and a figure without a line is named.
    for sql in ["UPDATE published SET lines = 'null'", "DELETE FROM published"] {
        let refused = diesel::connection::SimpleConnection::batch_execute(&mut app.db(), sql).unwrap_err().to_string();
        assert!(refused.contains("what was published is not changed"), "{sql}: {refused}");
    }
    let unlock = match backend {
        Backend::Sqlite => "DROP TRIGGER published_no_update",
        Backend::Postgres => "DROP TRIGGER published_no_change ON published",
    };
    [&app, &now, &without].into_iter().for_each(App::tampered);
    app.sql(unlock);
    app.sql("UPDATE published SET lines = replace(lines, '\"code\":\"dpia\"', '\"code\":\"other\"') WHERE version = 2");
    let found = app.differences();
    assert!(found.iter().any(|found| found.contains("has no line dpia")), "{found:?}");
    assert!(found.iter().any(|found| found.contains("is not what was published")), "{found:?}");
}

on_both_databases! {
    fn a_late_case_is_not_learnt_by_comparing_public_versions(app = |backend| App::start_with_demo_and(backend, |config| config.public.layout = Some("lucerne".into()))) {
        let path = "/v1/statistics/published/2017";
        let publish = |app: &App, day: &str| app.client.put(path, &json!({"from_live": true, "published_on": day})).expect(200);
        app.client.put(path, &json!({"from_live": true, "published_on": "2018-04-03"})).expect(201);
        let tables = |app: &App| -> Vec<(Vec<u8>, Option<String>)> {
            let paths = ["services", "channels", "media-requests"].map(|table| format!("/v1/statistics/{table}?from=2016&to=2017"));
            let answers = paths.iter().map(|path| app.client.anonymous().get(path)).chain([app.client.anonymous().get("/statistics")]);
            answers.map(|answer| answer.expect(200)).map(|answer| (answer.body.clone(), answer.header("etag").map(str::to_owned))).collect()
        };
        let late = |channel: &str| json!({"title": "Spät", "received_on": "2017-12-30", "area": "HEALTH", "channel": channel, "requester": {"type": "PRIVATE"}});
        let first = tables(&app);
        let one = app.create("cases", late("LETTER"));
        publish(&app, "2018-06-01");
        assert_eq!(tables(&app), first, "one late case");
        assert_eq!(app.client.get("/v1/statistics/services?from=2017&to=2017").json()["sources"][0]["version"], 2);
        // One less and one more elsewhere move lines by one too.
        app.client.patch(&format!("/v1/cases/{}", one["id"].as_str().unwrap()), "*", &json!({"area": "IT"})).expect(200);
        publish(&app, "2018-07-01");
        assert_eq!(tables(&app), first, "a case of another area");
        // What moves by more than single matters is shown, and then compared with everything that was shown before.
        for _ in 0..9 {
            app.create("cases", late("LETTER"));
        }
        app.client.delete(&format!("/v1/cases/{}", one["id"].as_str().unwrap()), "*").expect(204);
        publish(&app, "2018-08-01");
        let second = tables(&app);
        assert_ne!(second, first);
        let shown: Value = serde_json::from_slice(&second[0].0).unwrap();
        assert_eq!((&line(&shown, "inquiries.private")["values"][1], &shown["sources"][1]["version"]), (&json!(115), &json!(4)));
        let added: Vec<String> = app.client.all("/v1/cases?year=2017&area=HEALTH&channel=LETTER&limit=100").iter().filter(|case| case["title"] == "Spät").map(|case| case["id"].as_str().unwrap().to_owned()).collect();
        for id in &added[..8] {
            app.client.delete(&format!("/v1/cases/{id}"), "*").expect(204);
        }
        publish(&app, "2018-09-01");
        assert_eq!(tables(&app), second, "it differs from the first by one");
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

on_both_databases! {
    fn a_provisional_version_is_not_public(app = |backend| App::start_with(backend, |config| config.public.layout = Some("lucerne".into()))) {
        app.clock.set(at("2026-11-29T10:00:00Z"));
        app.renew();
        let path = "/v1/statistics/published/2026";
        app.client.put(path, &json!({"figures": {"inquiries.total": 100}, "provisional": true})).expect(201);
        app.clock.set(at("2027-02-01T10:00:00Z"));
        app.renew();
        let total = |app: &App| app.client.anonymous().get("/v1/statistics/services?from=2026&to=2026").expect(200).json()["lines"][3]["values"][0].clone();
        assert_eq!(total(&app), Value::Null);
        app.client.put(path, &json!({"figures": {"inquiries.total": 102}})).expect(200);
        assert_eq!(total(&app), 102);
    }
}

/// How many statements a connection has run.
#[derive(Clone, Default)]
struct Counter(std::sync::Arc<std::sync::atomic::AtomicUsize>);

impl diesel::connection::Instrumentation for Counter {
    fn on_connection_event(&mut self, event: diesel::connection::InstrumentationEvent<'_>) {
        if matches!(event, diesel::connection::InstrumentationEvent::StartQuery { .. }) {
            self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        }
    }
}

on_both_databases! {
    fn differences_cost_the_same_however_much_was_changed_later(app = App::start_with_demo) {
        use aufsicht::statistics::publications;
        use diesel::connection::Connection;
        app.client.put("/v1/statistics/published/2016", &json!({"from_live": true})).expect(201);
        let statements = |app: &App| {
            let (mut db, counter) = (app.db(), Counter::default());
            let publication = publications::latest(&mut db, &["lucerne".to_owned()], &(2016..=2016)).unwrap().remove(&2016).unwrap();
            db.set_instrumentation(counter.clone());
            let moved = publications::moved_since(&mut db, &publication, None).unwrap();
            (counter.0.load(std::sync::atomic::Ordering::SeqCst), moved)
        };
        let (few, moved) = statements(&app);
        assert!((1..=4).contains(&few) && moved.is_empty(), "{few} {moved:?}");
        // Of other years, moved out of the year, into it, deleted, and within it.
        for case in app.client.all("/v1/cases?year=2017&limit=100").iter().take(60) {
            app.client.patch(&format!("/v1/cases/{}", case["id"].as_str().unwrap()), "*", &json!({"outcome": "x"})).expect(200);
        }
        let of_year = app.client.all("/v1/cases?year=2016&limit=100");
        let path = |index: usize| format!("/v1/cases/{}", of_year[index]["id"].as_str().unwrap());
        app.client.patch(&path(0), "*", &json!({"received_on": "2015-12-31"})).expect(200);
        app.client.patch(&path(0), "*", &json!({"received_on": "2015-12-30"})).expect(200);
        app.client.patch(&path(1), "*", &json!({"area": "OTHER"})).expect(200);
        app.client.delete(&path(2), "*").expect(204);
        let event = app.create("events", json!({"title": "Kurs", "kind": "TRAINING", "held_on": "2016-05-05"}));
        let there_and_back = app.create("cases", json!({"title": "x", "received_on": "2016-05-05"}));
        app.client.delete(&format!("/v1/cases/{}", there_and_back["id"].as_str().unwrap()), "*").expect(204);
        let (many, moved) = statements(&app);
        assert_eq!(many, few);
        let mut ids: Vec<&str> = moved.iter().map(|record| record.id.as_str()).collect();
        let mut right: Vec<&str> = of_year[..3].iter().chain([&event]).map(|record| record["id"].as_str().unwrap()).collect();
        ids.sort_unstable();
        right.sort_unstable();
        assert_eq!(ids, right);
        let of = |index: usize| moved.iter().find(|record| record.id == of_year[index]["id"]).unwrap();
        assert_eq!([0, 1, 2].map(|index| (of(index).then.is_some(), of(index).now.is_some())), [(true, false), (true, true), (true, false)]);
    }
}

on_both_databases! {
    fn no_text_of_a_record_breaks_the_printed_report(app = App::start_with_demo) {
        let mut ids = Vec::new();
        for (index, text) in ["😀", "中文", "العربية", "U1", "UE000", "UFFFE"].iter().enumerate() {
            let record = app.create("projects", json!({"title": format!("Projekt {text}"), "role": "LEAD", "organisation": format!("Amt {text}"), "received_on": format!("2017-05-0{}", index + 1)}));
            ids.push(record["id"].as_str().unwrap().to_owned());
            app.create("media-requests", json!({"title": "x", "topic": format!("Thema {text}"), "received_on": "2017-05-05"}));
        }
        app.create("publications", json!({"title": "Merkblatt 😀", "kind": "LEAFLET", "published_on": "2017-05-05", "published": true}));
        // What entry does not take may be there from before.
        app.tampered();
        let of_code = |code: u32| match app.backend {
            Backend::Sqlite => format!("char({code})"),
            Backend::Postgres => format!("chr({code})"),
        };
        for (mark, code) in [("U1", 1), ("UE000", 0xE000), ("UFFFE", 0xFFFE)] {
            app.sql(&format!("UPDATE records SET title = replace(title, '{mark}', {})", of_code(code)));
        }
        let website = json!({"visitors": 1, "page_views": 1, "downloads": [{"title": "Blatt 😀", "count": 3}]});
        app.client.put("/v1/website-figures/2017", &website).expect(201);
        app.client.put("/v1/statistics/published/2016", &json!({"from_live": true, "source": "Bericht 中"})).expect(201);
        for client in [app.client.clone(), app.with_scopes("statistics:read")] {
            for lang in ["de", "fr", "it", "en"] {
                let pdf = client.get(&format!("/v1/reports/2017?format=pdf&lang={lang}")).expect(200);
                assert!(pdf.body.starts_with(b"%PDF-1.7"));
            }
        }
        let page = app.client.get("/v1/reports/2017").expect(200).text();
        assert!(page.contains("Projekt 😀") && page.contains("Projekt 中文"), "the page shows what it says");
    }
}
