//! Dimensions and numbers of the authority's own under new names: what they were is what they are.

use serde_json::{Value, json};

use crate::on_both_databases;
use crate::own::command;
use crate::support::own::{PAIR, again, dimension, layout, number, rewrite, start, start_with};
use crate::support::{App, Backend, Directory, aufsicht, with_record_keys};

const BOTH: &str = "\"cases\", \"audits\"";
const VALUES: [(&str, &str); 3] = [("SZ", "import = [\"Kanton Schwyz\"]"), ("OW", ""), ("NW", "")];
const CHANGES: &str = "/v1/changes?limit=1000";

/// A declaration with the names that it had.
fn was(declared: &str, names: &str) -> String {
    declared.replacen("registers = ", &format!("was = [{names}]\nregisters = "), 1)
}

/// The vocabulary with new names for `jurisdiction` and `balance`.
fn renamed() -> String {
    let outcome = [("AGREED", ""), ("REFUSED", ""), ("WITHDRAWN", "")];
    [
        was(&dimension("canton", BOTH, &VALUES), "\"jurisdiction\""),
        dimension("outcome", "\"cases\"", &outcome),
        dimension("basis", "\"cases\"", &[("LAW", ""), ("CONSENT", "")]),
        number("hours", BOTH, "unit = \"h\"\ndecimals = 1\nmin = 0.0"),
        was(&number("saldo", "\"cases\"", "unit = \"CHF\"\ndecimals = 2"), "\"balance\""),
    ]
    .concat()
}

fn filled(app: &App) -> Vec<(&'static str, String, Value)> {
    let mut all = Vec::new();
    for index in 0..12 {
        let register = if index % 4 == 3 { "audits" } else { "cases" };
        let jurisdiction = ["SZ", "OW", "NW"][index % 3];
        let mut own = json!({"jurisdiction": jurisdiction});
        if register == "cases" {
            own["outcome"] = json!("AGREED");
            own["balance"] = json!(index as f64 + 0.25);
        }
        let received = format!("201{}-05-0{}", 6 + index % 2, 1 + index % 9);
        let record =
            app.create(register, json!({"title": format!("Fall {index}"), "received_on": received, "own": own}));
        all.push((register, record["id"].as_str().unwrap().to_owned(), own));
    }
    app.create("cases", json!({"title": "Ohne", "received_on": "2016-07-01"}));
    all
}

/// The answer as it would be with the new names.
fn with_new_names(answer: &str) -> String {
    let names = [("jurisdiction", "canton"), ("JURISDICTION", "CANTON"), ("balance", "saldo"), ("BALANCE", "SALDO")];
    names.iter().fold(answer.to_owned(), |text, (was, now)| text.replace(was, now))
}

const FIGURES: [&str; 5] = [
    "/v1/statistics/counts?by=year,own.jurisdiction",
    "/v1/statistics/counts?by=own.jurisdiction,own.outcome&own.jurisdiction=SZ,NONE",
    "/v1/statistics/counts?by=year&measure=sum:own.balance",
    "/v1/statistics/counts?by=year&measure=sum:own.balance&own.jurisdiction=OW",
    "/v1/statistics/services?layout=pairs&from=2016&to=2017",
];

const LISTS: [&str; 3] = [
    "/v1/cases?own.jurisdiction=SZ&limit=100",
    "/v1/cases?own.balance_from=3&own.balance_to=8.25&sort=-own.balance&limit=100",
    "/v1/audits?sort=own.jurisdiction,number&limit=100",
];

fn numbers(app: &App, path: &str) -> Vec<Value> {
    app.client.all(path).into_iter().map(|record| record["number"].clone()).collect()
}

fn with_keys(backend: Backend) -> App {
    start_with(backend, with_record_keys)
}

on_both_databases! {
    fn what_has_a_new_name_keeps_data_figures_filters_and_publications(app = start) {
        let folder = app.config.profile.directory.clone().unwrap();
        layout(&folder.join("tables"), Some(PAIR));
        again(&mut app);
        let all = filled(&app);
        let publication = "/v1/statistics/published/2016?layout=pairs";
        app.client.put(publication, &json!({"from_live": true})).expect(201);
        let before = FIGURES.map(|path| app.client.get(path).expect(200).text());
        let found = LISTS.map(|path| numbers(&app, path));
        assert!(found.iter().all(|numbers| !numbers.is_empty()), "{found:?}");
        rewrite(&folder, &renamed());
        layout(&folder.join("tables"), None);
        layout(&folder.join("tables"), Some(&with_new_names(PAIR)));
        let line = std::fs::read_to_string(folder.join("tables/pairs.toml")).unwrap();
        std::fs::write(folder.join("tables/pairs.toml"), line.replace("own.balance", "own.saldo")).unwrap();
        again(&mut app);
        assert_eq!(app.differences(), Vec::<String>::new());
        // Figures and lists, asked for by the new names and by those that a script still has.
        for (path, before) in FIGURES.iter().zip(&before) {
            // The code of a line is no name of a number.
            let expected = if path.contains("layout=pairs") { before.clone() } else { with_new_names(before) };
            assert_eq!(app.client.get(path).expect(200).text(), expected, "{path}");
            assert_eq!(app.client.get(&with_new_names(path)).expect(200).text(), expected, "{path}");
        }
        for (path, found) in LISTS.iter().zip(&found) {
            assert_eq!((&numbers(&app, path), &numbers(&app, &with_new_names(path))), (found, found), "{path}");
        }
        // Each record has it under the new name, as a change that its history tells.
        for (register, id, own) in &all {
            let record = app.client.get(&format!("/v1/{register}/{id}")).expect(200).json();
            let expected: Value = serde_json::from_str(&with_new_names(&own.to_string())).unwrap();
            assert_eq!((&record["own"], &record["revision"]), (&expected, &json!(2)), "{id}");
            let history = app.client.get(&format!("/v1/{register}/{id}/history")).expect(200).json();
            let last = history["items"].as_array().unwrap().last().unwrap().clone();
            assert_eq!((&last["actor"], &last["actor_kind"]), (&json!("profile"), &json!("SYSTEM")), "{last}");
            let names: Vec<&str> = last["changes"].as_array().unwrap().iter().map(|change| change["property"].as_str().unwrap()).collect();
            assert!(names.contains(&"own.canton") && names.contains(&"own.jurisdiction"), "{names:?}");
        }
        // Nothing is told to differ from what was published but what differs.
        let differences = |app: &App| app.client.get(&publication.replace("?", "/differences?")).expect(200).json();
        assert_eq!(differences(&app)["items"], json!([]));
        let late = app.create("cases", json!({"title": "Spät", "received_on": "2016-03-03", "own": {"jurisdiction": "SZ", "outcome": "AGREED", "balance": 1.5}}));
        assert_eq!(late["own"], json!({"canton": "SZ", "outcome": "AGREED", "saldo": 1.5}), "the former names are understood");
        let told = differences(&app);
        let pair = told["items"].as_array().unwrap().iter().find(|item| item["code"] == "pair").unwrap();
        let changed: Vec<&Value> = pair["records"].as_array().unwrap().iter().map(|record| &record["id"]).collect();
        assert_eq!(changed, [&late["id"]], "{told}");
        // Another system says it by either name, and nothing changes; both names at once must agree.
        let (register, id, own) = &all[0];
        let path = format!("/v1/{register}/{id}");
        for own in [own.clone(), serde_json::from_str(&with_new_names(&own.to_string())).unwrap()] {
            assert_eq!(app.client.patch(&path, "*", &json!({"own": own})).expect(200).json()["revision"], 2);
        }
        let problem = app.client.patch(&path, "*", &json!({"own": {"jurisdiction": "OW"}})).expect_problem(422, "validation-failed");
        assert_eq!(problem["errors"][0]["pointer"], "/own/jurisdiction", "{problem}");
        assert!(problem["errors"][0]["detail"].as_str().unwrap().contains("is called canton now"), "{problem}");
        // A second start changes nothing more.
        let entries = app.client.get(CHANGES).expect(200).json()["items"].as_array().unwrap().len();
        again(&mut app);
        assert_eq!(app.client.get(CHANGES).expect(200).json()["items"].as_array().unwrap().len(), entries);
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

on_both_databases! {
    fn what_was_entered_under_both_names_stays(app = start) {
        let folder = app.config.profile.directory.clone().unwrap();
        let old = app.create("cases", json!({"title": "Alt", "received_on": "2016-05-05", "own": {"jurisdiction": "SZ"}}));
        // Renamed without a word of it, and later with it.
        rewrite(&folder, &renamed().replace("was = [\"jurisdiction\"]\n", ""));
        again(&mut app);
        let new = app.create("cases", json!({"title": "Neu", "received_on": "2016-05-05", "own": {"canton": "OW"}}));
        let path = |record: &Value| format!("/v1/cases/{}", record["id"].as_str().unwrap());
        let both = app.client.patch(&path(&old), "*", &json!({"own": {"canton": "NW"}})).expect(200).json();
        assert_eq!(both["own"], json!({"jurisdiction": "SZ", "canton": "NW"}));
        rewrite(&folder, &renamed());
        again(&mut app);
        let own = |record: &Value| app.client.get(&path(record)).expect(200).json()["own"].clone();
        assert_eq!((own(&old), own(&new)), (json!({"canton": "NW", "jurisdiction": "SZ"}), json!({"canton": "OW"})));
        assert_eq!(app.differences(), Vec::<String>::new());
        assert_eq!(app.client.patch(&path(&old), "*", &json!({"title": "Anders"})).expect(200).json()["own"]["jurisdiction"], "SZ");
    }
}

/// A small profile whose dimension and number have these names, and had others.
fn small(folder: &std::path::Path, [dimension, number]: [&str; 2], former: [&str; 2]) {
    std::fs::create_dir_all(folder.join("tables")).unwrap();
    let write = |path: &str, text: &str| std::fs::write(folder.join(path), text).unwrap();
    write("authority.toml", "name = \"Aufsicht\"\nlanguages = [\"de\"]\n");
    let label = "label = { de = \"Wort\" }";
    let [was, number_was] = former.map(|was| if was.is_empty() { String::new() } else { format!("was = [\"{was}\"]") });
    let values = ["SZ", "OW"].map(|code| format!("[[dimensions.values]]\ncode = \"{code}\"\n{label}\n")).concat();
    write(
        "vocabulary.toml",
        &format!(
            "[[cases.kind]]\ncode = \"INQUIRY\"\n{label}\ndefault = true\n[[dimensions]]\nname = \"{dimension}\"\n{was}\n\
             registers = [\"cases\"]\n{label}\n{values}[[numbers]]\nname = \"{number}\"\n{number_was}\nregisters = [\"cases\"]\n{label}\n"
        ),
    );
    let lines = [
        ("total", "any = [{ register = [\"cases\"] }]".to_owned()),
        ("sz", format!("any = [{{ register = [\"cases\"], own.{dimension} = [\"SZ\"] }}]")),
        ("rest", "rest = { of = \"total\", less = [\"sz\"] }".to_owned()),
        ("amount", format!("any = [{{ register = [\"cases\"], own.{dimension} = [\"SZ\"] }}]\nadd = \"own.{number}\"")),
    ];
    let lines =
        lines.map(|(code, source)| format!("[[tables.main.lines]]\ncode = \"{code}\"\n{label}\nlevel = 0\n{source}\n"));
    write(
        "tables/main.toml",
        &format!("name = \"main\"\ntitle = {{ de = \"Zahlen\" }}\ntotal = \"total\"\n{}", lines.concat()),
    );
}

on_both_databases! {
    fn what_the_public_was_shown_it_is_shown(app = start_small) {
        for index in 0..24 {
            let own = match index {
                0..10 => json!({"jurisdiction": "SZ", "balance": 2}),
                10..18 => json!({"jurisdiction": "OW"}),
                _ => Value::Null,
            };
            app.create("cases", json!({"title": format!("Fall {index}"), "received_on": "2016-05-05", "own": own}));
        }
        app.client.put("/v1/statistics/published/2016", &json!({"from_live": true})).expect(201);
        let shown = |app: &App| app.client.anonymous().get("/v1/statistics/tables/main?from=2016&to=2016").expect(200).json();
        let before = shown(&app);
        let values: Vec<&Value> = before["lines"].as_array().unwrap().iter().map(|line| &line["values"][0]).collect();
        assert_eq!(values, [&json!(24), &json!(10), &json!(14), &json!(20)], "{before}");
        let folder = app.config.profile.directory.clone().unwrap();
        small(&folder, ["canton", "saldo"], ["jurisdiction", "balance"]);
        again(&mut app);
        assert_eq!(shown(&app), before);
        // Without a word of it nobody knows that it is the same.
        small(&folder, ["region", "sum"], ["", ""]);
        again(&mut app);
        let hidden = shown(&app)["lines"][1].clone();
        assert_eq!((&hidden["values"][0], &hidden["suppressed"][0]), (&Value::Null, &json!(true)), "{hidden}");
    }
}

/// A service with the small profile, whose tables everybody sees.
fn start_small(backend: Backend) -> App {
    let directory = Directory::new();
    small(&directory.0, ["jurisdiction", "balance"], ["", ""]);
    let path = directory.0.clone();
    App::start_with(backend, |config| {
        config.profile.directory = Some(path);
        config.public.layout = Some("main".into());
    })
    .with_directory(directory)
}

/// Writes the table of the small profile anew, and starts again.
fn rewritten(app: &mut App, change: impl Fn(&str) -> String) {
    let file = app.config.profile.directory.clone().unwrap().join("tables/main.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(file, change(&text)).unwrap();
    again(app);
}

/// So many cases of a year, those of SZ first.
fn cases(app: &App, year: i32, [of_sz, of_ow]: [usize; 2]) {
    for index in 0..of_sz + of_ow {
        let own = json!({"jurisdiction": if index < of_sz { "SZ" } else { "OW" }, "balance": 2});
        app.create(
            "cases",
            json!({"title": format!("Fall {index}"), "received_on": format!("{year}-05-05"), "own": own}),
        );
    }
}

/// The lines of an answer: codes with values.
fn lines(answer: &Value) -> Vec<(String, Value)> {
    let line = |line: &Value| (line["code"].as_str().unwrap().to_owned(), line["values"].clone());
    answer["lines"].as_array().unwrap().iter().map(line).collect()
}

fn differences(app: &App, year: i32) -> Vec<(String, Value)> {
    let told = app.client.get(&format!("/v1/statistics/published/{year}/differences")).expect(200).json();
    let item = |item: &Value| (item["code"].as_str().unwrap().to_owned(), item["line"].clone());
    told["items"].as_array().unwrap().iter().map(item).collect()
}

on_both_databases! {
    fn a_table_with_a_new_name_is_known_by_its_lines(app = start_small) {
        cases(&app, 2016, [10, 12]);
        app.client.put("/v1/statistics/published/2016", &json!({"from_live": true})).expect(201);
        let shown = |app: &App, table: &str| {
            let path = format!("/v1/statistics/tables/{table}?from=2016&to=2016");
            let answers = [&app.client, &app.client.anonymous()].map(|client| client.get(&path).expect(200).json());
            answers.map(|answer| (lines(&answer), answer["years"].clone()))
        };
        let before = shown(&app, "main");
        assert_eq!(before[0].0[1], ("sz".to_owned(), json!([10])));
        // Two lines more than were published, one of which everybody may see.
        let more = ["ow", "other"].map(|code| {
            format!("[[tables.figures.lines]]\ncode = \"{code}\"\nlabel = {{ de = \"Wort\" }}\nlevel = 0\n\
                any = [{{ register = [\"cases\"], own.jurisdiction = [\"OW\"] }}]\n")
        });
        rewritten(&mut app, |text| text.replace("tables.main.", "tables.figures.") + &more.concat());
        let [own, public] = shown(&app, "figures");
        assert_eq!((&own.0[..4], &own.1), (&before[0].0[..], &before[0].1));
        assert_eq!((&public.0[..4], &public.1), (&before[1].0[..], &before[1].1), "what was shown is shown");
        assert_eq!(differences(&app, 2016), [("ow".to_owned(), json!("NEW")), ("other".to_owned(), json!("NEW"))]);
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

on_both_databases! {
    fn a_line_with_a_new_code_is_one_line_over_all_years(app = start_small) {
        let entered = "[[tables.main.lines]]\ncode = \"stock\"\nlabel = { de = \"Wort\" }\nlevel = 0\nentered = true\n";
        rewritten(&mut app, |text| text.to_owned() + entered);
        cases(&app, 2016, [10, 12]);
        for year in [2016, 2017] {
            app.client.put(&format!("/v1/statistics/figures/{year}"), &json!({"figures": {"stock": 120 + year}})).expect(201);
        }
        app.client.put("/v1/statistics/published/2016", &json!({"from_live": true})).expect(201);
        cases(&app, 2017, [7, 9]);
        let path = "/v1/statistics/tables/main?from=2016&to=2017";
        let shown = |app: &App| [&app.client, &app.client.anonymous()].map(|client| client.get(path).expect(200).json());
        let before = shown(&app);
        let code = |code: &str| if code == "sz" { "schwyz".to_owned() } else { code.replace("stock", "permits") };
        let with_new_codes = |answer: &Value| lines(answer).into_iter().map(|(line, values)| (code(&line), values)).collect::<Vec<_>>();
        rewritten(&mut app, |text| {
            let text = text.replace("code = \"sz\"", "code = \"schwyz\"\nwas = [\"sz\"]").replace("less = [\"sz\"]", "less = [\"schwyz\"]");
            text.replace("code = \"stock\"", "code = \"permits\"\nwas = [\"stock\"]")
        });
        let after = shown(&app);
        for (before, after) in before.iter().zip(&after) {
            assert_eq!(lines(after), with_new_codes(before));
        }
        assert_eq!(lines(&after[0])[1..3], [("schwyz".to_owned(), json!([10, 7])), ("rest".to_owned(), json!([12, 9]))]);
        assert_eq!(lines(&after[0])[4], ("permits".to_owned(), json!([2136, 2137])));
        assert_eq!(differences(&app, 2016), []);
        app.create("cases", json!({"title": "Spät", "received_on": "2016-06-06", "own": {"jurisdiction": "SZ"}}));
        let late: Vec<String> = differences(&app, 2016).into_iter().map(|(code, _)| code).collect();
        assert_eq!(late, ["total", "schwyz"]);
        let figures = app.client.get("/v1/statistics/figures/2016").expect(200).json();
        assert_eq!(figures["figures"], json!({"permits": 2136}));
        // What was published stays as it was printed.
        let published = app.client.get("/v1/statistics/published/2016").expect(200).json();
        assert!(published["figures"]["sz"] == 10 && published["figures"]["schwyz"].is_null(), "{published}");
        let layouts = aufsicht::profile::Profile::of(&app.config.profile).unwrap().layouts;
        let unlisted = aufsicht::statistics::publications::unlisted(&mut app.db(), &layouts).unwrap();
        assert_eq!(unlisted, Vec::<String>::new(), "a line is one of the layout by its former code too");
        let report = app.client.get("/v1/reports/2017?lang=de").expect(200).text();
        assert!(report.contains("2\u{2019}137") || report.contains("2137"), "the report has the figure entered");
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

#[test]
fn a_former_code_is_that_of_no_other_line() {
    let directory = Directory::new();
    for (was, other) in [("total", ""), ("sz", ""), ("old", "was = [\"old\"]")] {
        small(&directory.0, ["jurisdiction", "balance"], ["", ""]);
        let file = directory.0.join("tables/main.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        let text = text.replacen("code = \"sz\"", &format!("code = \"sz\"\nwas = [\"{was}\"]"), 1);
        std::fs::write(&file, text.replacen("code = \"rest\"", &format!("code = \"rest\"\n{other}"), 1)).unwrap();
        let output = aufsicht(&directory.0).args(["profile", "check", "."]).output().unwrap();
        let told = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && told.contains(&format!("was names \"{was}\"")), "{told}");
    }
}

on_both_databases! {
    fn lists_with_the_former_names_are_imported(app = start) {
        rewrite(&app.config.profile.directory.clone().unwrap(), &renamed());
        again(&mut app);
        let directory = Directory::new();
        let list = "title;received_on;own.jurisdiction;own.balance\r\nEins;2017-03-14;SZ;-3.25\r\nZwei;2017-03-15;OW;\r\n";
        std::fs::write(directory.0.join("list.csv"), list).unwrap();
        let (done, told) = command(&app, &directory, &["import", "--register", "cases", "list.csv"]);
        assert!(done, "{told}");
        let own: Vec<Value> = app.client.all("/v1/cases?sort=title").iter().map(|case| case["own"].clone()).collect();
        assert_eq!(own, [json!({"canton": "SZ", "saldo": -3.25}), json!({"canton": "OW"})]);
        // A mapping that an authority made before names the former ones too.
        let mapping = "[columns]\ntitle = [\"Titel\"]\nreceived_on = [\"Eingang\"]\n\"own.jurisdiction\" = [\"Kanton\"]\n";
        std::fs::write(directory.0.join("mapping.toml"), mapping).unwrap();
        std::fs::write(directory.0.join("mapped.csv"), "Titel;Eingang;Kanton\r\nDrei;16.3.2017;NW\r\n").unwrap();
        let (done, told) = command(&app, &directory, &["import", "--register", "cases", "--mapping", "mapping.toml", "mapped.csv"]);
        assert!(done, "{told}");
        assert_eq!(app.client.all("/v1/cases?q=drei")[0]["own"], json!({"canton": "NW"}));
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

on_both_databases! {
    fn records_with_keys_of_their_own_get_new_names_too(app = with_keys) {
        let case = json!({
            "title": "Fall", "received_on": "2017-03-14", "notes": "Vertraulich", "own": {"jurisdiction": "SZ"}
        });
        let case = app.create("cases", case);
        rewrite(&app.config.profile.directory.clone().unwrap(), &renamed());
        again(&mut app);
        let path = format!("/v1/cases/{}", case["id"].as_str().unwrap());
        let shown = app.client.get(&path).expect(200).json();
        assert_eq!((&shown["own"], &shown["notes"]), (&json!({"canton": "SZ"}), &case["notes"]), "{shown}");
        assert_eq!(shown["revision"], 2);
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}
