//! An attack on what the public tables of a layout show together: a solver that knows the layout and reads all of them.

use std::collections::BTreeMap;

use microlp::{ComparisonOp, OptimizationDirection, Problem};
use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::{App, Backend, Directory};

const REQUESTERS: [Option<&str>; 4] = [Some("MUNICIPALITY"), Some("CANTON"), Some("PRIVATE"), None];
/// The last one is in no case, which nobody outside knows.
const AREAS: [Option<&str>; 4] = [Some("IT"), Some("POLICE"), None, Some("HEALTH")];
const YEARS: std::ops::RangeInclusive<i32> = 2013..=2017;

/// The numbers of cases that cells have, in turn.
const NUMBERS: [usize; 13] = [3, 0, 1, 7, 2, 0, 5, 1, 0, 0, 2, 1, 6];

/// Numbers from 1 to this are hidden.
const SMALL: f64 = 4.0;

/// A line: the table, the code, the source, and the requesters or areas whose cases it counts; those of all where there are none.
type Line = (&'static str, &'static str, &'static str, &'static [usize], &'static [usize]);

const LINES: [Line; 10] = [
    ("services", "municipality", "any = [{ register = [\"cases\"], requester = [\"MUNICIPALITY\"] }]", &[0], &[]),
    ("services", "canton", "any = [{ register = [\"cases\"], requester = [\"CANTON\"] }]", &[1], &[]),
    ("services", "private", "any = [{ register = [\"cases\"], requester = [\"PRIVATE\"] }]", &[2], &[]),
    ("services", "nobody", "any = [{ register = [\"cases\"], requester = [\"NONE\"] }]", &[3], &[]),
    ("services", "total", "sum = [\"municipality\", \"canton\", \"private\", \"nobody\"]", &[], &[]),
    ("topics", "it", "any = [{ register = [\"cases\"], area = [\"IT\"] }]", &[], &[0]),
    ("topics", "police", "any = [{ register = [\"cases\"], area = [\"POLICE\"] }]", &[], &[1]),
    ("topics", "unclassified", "any = [{ register = [\"cases\"], area = [\"NONE\"] }]", &[], &[2]),
    ("topics", "all", "any = [{ register = [\"cases\"] }]", &[], &[]),
    ("topics", "rest", "rest = { of = \"all\", less = [\"it\", \"police\"] }", &[], &[2, 3]),
];

/// A share, of a line, in a line.
const SHARES: [(&str, &str, &str, &str); 2] =
    [("services", "canton.share", "canton", "total"), ("topics", "it.share", "it", "all")];

fn start(backend: Backend) -> App {
    let directory = Directory::new();
    std::fs::create_dir_all(directory.0.join("tables")).unwrap();
    let label = "{ de = \"a\", fr = \"b\", it = \"c\", en = \"d\" }";
    let line = |table: &str, code: &str, source: &str| {
        format!("[[tables.{table}.lines]]\ncode = \"{code}\"\nlabel = {label}\nlevel = 0\n{source}\n")
    };
    let shares = SHARES
        .map(|(table, code, of, whole)| line(table, code, &format!("share = {{ of = \"{of}\", in = \"{whole}\" }}")));
    let lines = LINES.map(|(table, code, source, ..)| line(table, code, source)).concat() + &shares.concat();
    let layout = format!("name = \"own\"\ntitle = {label}\ntotal = \"total\"\n{lines}");
    let write = |path: &str, text: &str| std::fs::write(directory.0.join(path), text).unwrap();
    write("authority.toml", "name = \"Aufsicht\"\nlanguages = [\"de\", \"fr\", \"it\", \"en\"]\n");
    write("vocabulary.toml", include_str!("../../src/profile/lucerne/vocabulary.toml"));
    write("tables/own.toml", &layout);
    let path = directory.0.clone();
    App::start_with(backend, |config| {
        config.profile.directory = Some(path);
        config.public.layout = Some("own".into());
    })
    .with_directory(directory)
}

/// Cases of few in each cell, by no rule that the tables know.
fn fill(app: &App) {
    for (index, year) in YEARS.enumerate() {
        for cell in 0..REQUESTERS.len() * (AREAS.len() - 1) {
            for number in 0..NUMBERS[(cell * 5 + index * 3) % NUMBERS.len()] {
                let (requester, area) = (REQUESTERS[cell % REQUESTERS.len()], AREAS[cell / REQUESTERS.len()]);
                let requester = requester.map(|kind| json!({"type": kind}));
                let title = format!("Fall {cell} {number}");
                let received = format!("{year}-03-0{}", number + 1);
                app.create(
                    "cases",
                    json!({"title": title, "received_on": received, "area": area, "requester": requester}),
                );
            }
        }
        app.client.put(&format!("/v1/statistics/published/{year}"), &json!({"from_live": true})).expect(201);
    }
}

/// What everybody is shown of a year: the figures by their codes; of a hidden one nothing.
fn shown(app: &App, year: i32) -> BTreeMap<String, Option<f64>> {
    let mut all = BTreeMap::new();
    for table in ["services", "topics"] {
        let path = format!("/v1/statistics/tables/{table}?from={year}&to={year}");
        let answer = app.client.anonymous().get(&path).expect(200).json();
        for line in answer["lines"].as_array().unwrap() {
            let is_hidden = line["suppressed"][0] == true;
            assert_eq!(is_hidden, line["values"][0].is_null(), "{year}: {line}");
            all.insert(line["code"].as_str().unwrap().to_owned(), line["values"][0].as_f64());
        }
    }
    all
}

fn line(code: &str) -> &'static Line {
    LINES.iter().find(|line| line.1 == code).unwrap()
}

/// The least or the most that a line can be for who knows what is shown.
fn bound(shown: &BTreeMap<String, Option<f64>>, code: &str, direction: OptimizationDirection) -> f64 {
    let cells = || (0..REQUESTERS.len()).flat_map(|requester| (0..AREAS.len()).map(move |area| (requester, area)));
    let weight = |(.., requester, area): &Line, cell: (usize, usize)| {
        let is_in = |of: &[usize], place: usize| of.is_empty() || of.contains(&place);
        f64::from(u8::from(is_in(requester, cell.0) && is_in(area, cell.1)))
    };
    let mut problem = Problem::new(direction);
    let variables: Vec<_> =
        cells().map(|cell| problem.add_var(weight(line(code), cell), (0.0, f64::INFINITY))).collect();
    let mut know = |factor: &dyn Fn((usize, usize)) -> f64, comparison: ComparisonOp, sum: f64| {
        let terms: Vec<_> = cells().zip(&variables).map(|(cell, variable)| (*variable, factor(cell))).collect();
        problem.add_constraint(&terms, comparison, sum);
    };
    for told in &LINES {
        if let Some(figure) = shown[told.1] {
            know(&|cell| weight(told, cell), ComparisonOp::Eq, figure);
        }
    }
    for (_, share, of, whole) in SHARES {
        let Some(percent) = shown[share] else { continue };
        for (off, comparison) in [(0.05, ComparisonOp::Le), (-0.05, ComparisonOp::Ge)] {
            let factor = |cell| 100.0 * weight(line(of), cell) - (percent + off) * weight(line(whole), cell);
            know(&factor, comparison, 0.0);
        }
    }
    match problem.solve() {
        Ok(found) => found.into_solution().map_or(f64::INFINITY, |solution| solution.objective()),
        Err(microlp::Error::Unbounded) => f64::INFINITY,
        Err(error) => panic!("{error}: {shown:?}"),
    }
}

on_both_databases! {
    fn all_public_tables_together_give_no_hidden_number_away(app = start) {
        fill(&app);
        let mut hidden = 0;
        for year in YEARS {
            let shown = shown(&app, year);
            let exact = |code: &str, table: &str| -> Value {
                let answer = app.client.get(&format!("/v1/statistics/tables/{table}?from={year}&to={year}")).expect(200).json();
                answer["lines"].as_array().unwrap().iter().find(|line| line["code"] == code).unwrap()["values"][0].clone()
            };
            for (table, code, ..) in LINES {
                match shown[code] {
                    Some(figure) => {
                        assert!(figure == 0.0 || figure > SMALL, "{year}: {code} = {figure} is shown");
                        assert_eq!(exact(code, table).as_f64(), Some(figure), "{year}: {code}");
                    }
                    None => {
                        hidden += 1;
                        let least = bound(&shown, code, OptimizationDirection::Minimize);
                        let most = bound(&shown, code, OptimizationDirection::Maximize);
                        assert!(least <= 1.0 + 1e-6 && most >= SMALL - 1e-6, "{year}: {code} is {least} to {most}: {shown:?}");
                    }
                }
            }
        }
        assert!(hidden > 0, "there is something to be computed");
    }
}
