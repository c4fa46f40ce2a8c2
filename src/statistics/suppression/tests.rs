//! Attacks on what is shown: a solver that knows the layout, and one who knows the rules too.

use microlp::{ComparisonOp, OptimizationDirection, Problem};
use proptest::prelude::*;

use super::*;
use crate::profile::Profile;
use crate::statistics::layout::LayoutContext;

type Figures = BTreeMap<String, i64>;

fn layout(services: &str) -> Layout {
    let labels = r#"{ de = "a", fr = "b", it = "c", en = "d" }"#;
    let lines: String = services
        .lines()
        .filter_map(|line| line.trim().split_once(' '))
        .map(|(code, rest)| {
            format!("[[tables.services.lines]]\ncode = \"{code}\"\nlabel = {labels}\nlevel = 1\n{rest}\n")
        })
        .collect();
    let others = ["channels", "media-requests"].map(|table| {
        format!("[[tables.{table}.lines]]\ncode = \"{table}\"\nlabel = {labels}\nlevel = 0\nany = [{{ register = [\"media-requests\"] }}]\n")
    });
    let total = services.split_whitespace().next().unwrap_or_default();
    let text = format!("name = \"test\"\ntitle = {labels}\ntotal = \"{total}\"\n{lines}{}", others.concat());
    let profile = Profile::embedded().unwrap();
    let context = LayoutContext { vocabulary: &profile.vocabulary, languages: &profile.authority.languages };
    Layout::parse("test.toml", &text, context).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// A whole in two independent splits, itself a part of a larger one.
fn small() -> Layout {
    layout(
        r#"
        a any = [{ register = ["cases"], requester = ["MUNICIPALITY"] }]
        b any = [{ register = ["cases"], requester = ["CANTON"] }]
        it any = [{ register = ["cases"], area = ["IT"] }]
        other any = [{ register = ["cases"], area = ["OTHER", "NONE"] }]
        total any = [{ register = ["cases"] }]
        project any = [{ register = ["projects"] }]
        all sum = ["total", "project"]"#,
    )
}

fn lines(layout: &Layout) -> Vec<CountedLine<'_>> {
    layout.lines().map(|line| CountedLine::of(line, 2017)).collect()
}

fn figures(lines: &[CountedLine], atoms: &[Atom], counts: &[i64]) -> Figures {
    let sum =
        |index| atoms.iter().zip(counts).filter(|(atom, _)| atom.contains(&index)).map(|(_, count)| count).sum();
    lines.iter().enumerate().map(|(index, line)| (line.code.to_owned(), sum(index))).collect()
}

/// The least and the most that a hidden line can be, for one who knows the layout and all that is shown.
fn bounds(
    lines: &[CountedLine],
    atoms: &[Atom],
    figures: &Figures,
    hidden: &BTreeSet<String>,
    code: &str,
) -> (f64, f64) {
    let solve = |direction| {
        let mut problem = Problem::new(direction);
        let wanted = lines.iter().position(|line| line.code == code).unwrap();
        let weight = |atom: &Atom| f64::from(u8::from(atom.contains(&wanted)));
        let variables: Vec<_> =
            atoms.iter().map(|atom| problem.add_var(weight(atom), (0.0, f64::INFINITY))).collect();
        for (index, line) in lines.iter().enumerate().filter(|(_, line)| !hidden.contains(line.code)) {
            let of_line = atoms.iter().zip(&variables).filter(|(atom, _)| atom.contains(&index));
            let terms: Vec<_> = of_line.map(|(_, variable)| (*variable, 1.0)).collect();
            problem.add_constraint(&terms, ComparisonOp::Eq, figures[line.code] as f64);
        }
        match problem.solve() {
            Ok(found) => found.into_solution().map_or(f64::INFINITY, |solution| solution.objective()),
            Err(microlp::Error::Unbounded) => f64::INFINITY,
            Err(error) => panic!("{error}"),
        }
    };
    (solve(OptimizationDirection::Minimize), solve(OptimizationDirection::Maximize))
}

/// Fails when a small number is shown, or a hidden one could not be any small number.
fn attack(layout: &Layout, counts: &BTreeMap<usize, i64>, threshold: i64) {
    let lines = lines(layout);
    let atoms: Vec<Atom> = atoms(&lines).unwrap().into_iter().collect();
    let counts: Vec<i64> = (0..atoms.len()).map(|atom| counts.get(&atom).copied().unwrap_or(0)).collect();
    let figures = figures(&lines, &atoms, &counts);
    let hidden = Suppression::of(layout, threshold).unwrap().hidden(2017, &figures, &BTreeSet::new());
    for (code, value) in &figures {
        assert!(hidden.contains(code) || !(1..=threshold).contains(value), "{code} = {value} is shown");
    }
    for code in &hidden {
        let (least, most) = bounds(&lines, &atoms, &figures, &hidden, code);
        assert!(least <= 1.0 + 1e-6, "{code} is {least} at least: {figures:?} {hidden:?}");
        assert!(most >= threshold as f64 - 1e-6, "{code} is {most} at most: {figures:?} {hidden:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn a_solver_finds_no_hidden_number(
        counts in prop::collection::btree_map(0..12_usize, 0..7_i64, 0..12),
        threshold in 2..6_i64
    ) {
        attack(&small(), &counts, threshold);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]
    #[test]
    fn a_solver_finds_no_hidden_number_in_the_canton_s_tables(
        counts in prop::collection::btree_map(0..600_usize, 0..9_i64, 5..60)
    ) {
        let layouts = Profile::embedded().unwrap().layouts;
        attack(layouts.get(None).unwrap(), &counts, 4);
    }
}

proptest! {
    #[test]
    fn figures_that_do_not_add_up_show_no_small_number_either(
        values in prop::collection::vec(0..30_i64, 9), missing in prop::collection::btree_set(0..9_usize, 0..3)
    ) {
        let layout = small();
        let lines = lines(&layout);
        let of_line = lines.iter().zip(&values).enumerate().filter(|(index, _)| !missing.contains(index));
        let figures: Figures = of_line.map(|(_, (line, value))| (line.code.to_owned(), *value)).collect();
        let hidden = Suppression::of(&layout, 4).unwrap().hidden(2017, &figures, &BTreeSet::new());
        for (code, value) in &figures {
            prop_assert!(hidden.contains(code) || !(1..=4).contains(value), "{} = {}", code, value);
        }
        prop_assert!(hidden.iter().all(|code| figures.contains_key(code)));
    }
}

/// Goes through every small register: one who knows these rules too, and all that is shown, must be left with two
/// values or more for each hidden line.
#[test]
fn knowing_the_rules_gives_no_hidden_number() {
    const MOST: i64 = 9;
    let layout = small();
    let suppression = Suppression::of(&layout, 2).unwrap();
    type View = (Vec<(String, i64)>, BTreeSet<String>);
    let mut possible: BTreeMap<View, BTreeMap<String, BTreeSet<i64>>> = BTreeMap::new();
    for (all, total) in (0..=MOST).flat_map(|all| (0..=all).map(move |total| (all, total))) {
        for (a, b) in (0..=total).flat_map(|a| (0..=total - a).map(move |b| (a, b))) {
            for it in 0..=total {
                let named = [
                    ("all", all),
                    ("total", total),
                    ("project", all - total),
                    ("a", a),
                    ("b", b),
                    ("it", it),
                    ("other", total - it),
                ];
                let figures: Figures = named.into_iter().map(|(code, value)| (code.to_owned(), value)).collect();
                let hidden = suppression.hidden(2017, &figures, &BTreeSet::new());
                let shown = figures.clone().into_iter().filter(|(code, _)| !hidden.contains(code)).collect();
                let values = possible.entry((shown, hidden.clone())).or_default();
                for code in hidden {
                    values.entry(code.clone()).or_default().insert(figures[&code]);
                }
            }
        }
    }
    assert!(possible.len() > 400, "{}", possible.len());
    for ((shown, hidden), values) in possible {
        let known: Vec<_> = values.iter().filter(|(_, values)| values.len() < 2).collect();
        assert!(known.is_empty(), "{known:?} with {shown:?} shown and {hidden:?} hidden");
    }
}

#[test]
fn hides_two_at_least_in_a_family_and_zeros_only_with_all_others() {
    let hidden = |named: [(&str, i64); 7]| {
        let figures = named.into_iter().map(|(code, value)| (code.to_owned(), value)).collect();
        let hidden = Suppression::of(&small(), 4).unwrap().hidden(2017, &figures, &BTreeSet::new());
        hidden.into_iter().collect::<Vec<_>>().join(" ")
    };
    let year = |total, a, b, it, other, project| {
        hidden([
            ("all", total + project),
            ("total", total),
            ("a", a),
            ("b", b),
            ("it", it),
            ("other", other),
            ("project", project),
        ])
    };
    assert_eq!(year(50, 20, 30, 10, 40, 20), "");
    assert_eq!(year(50, 20, 30, 3, 47, 20), "it other");
    // What the requesters leave of the total is small: both are hidden.
    assert_eq!(year(50, 20, 28, 10, 40, 20), "a b");
    // The whole is all that is left to hide with the project, and everything inside goes with it.
    assert_eq!(year(50, 20, 30, 10, 40, 1), "a b it other project total");
    assert_eq!(year(0, 0, 0, 0, 0, 7), "");
}

#[test]
fn what_was_hidden_stays_hidden() {
    let named = [("total", 50), ("a", 20), ("b", 30)];
    let figures: Figures = named.into_iter().map(|(code, value)| (code.to_owned(), value)).collect();
    let hidden = Suppression::of(&small(), 4).unwrap().hidden(2017, &figures, &BTreeSet::from(["a".to_owned()]));
    assert_eq!(hidden.into_iter().collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn refuses_a_layout_whose_lines_cut_each_other() {
    let crossing = layout(
        r#"
        total any = [{ register = ["cases"] }]
        a any = [{ register = ["cases"], requester = ["CANTON"] }]
        it any = [{ register = ["cases"], area = ["IT"] }]
        a.it any = [{ register = ["cases"], requester = ["CANTON"], area = ["IT"] }]"#,
    );
    let refused = Suppression::of(&crossing, 4).unwrap_err().to_string();
    assert!(refused.contains("cut each other"), "{refused}");
}
