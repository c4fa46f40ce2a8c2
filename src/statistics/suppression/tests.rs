//! Attacks on what is shown: a solver that knows the layout, and one who knows the rules too.

use microlp::{ComparisonOp, OptimizationDirection, Problem};
use proptest::prelude::*;

use super::structure::{Atom, CountedLine, atoms};
use super::*;
use crate::profile::Profile;
use crate::statistics::layout::LayoutContext;

type Figures = BTreeMap<String, Decimal>;

fn layout(services: &str) -> Layout {
    layout_of(&[("services", services)])
}

/// A layout of tables whose lines are written one on a line: the code, and all else of it.
fn layout_of(tables: &[(&str, &str)]) -> Layout {
    let labels = r#"{ de = "a", fr = "b", it = "c", en = "d" }"#;
    let of_table = |(table, lines): &(&str, &str)| -> String {
        let lines = lines.lines().filter_map(|line| line.trim().split_once(' '));
        lines
            .map(|(code, rest)| {
                let rest = rest.replace("; ", "\n");
                format!("[[tables.{table}.lines]]\ncode = \"{code}\"\nlabel = {labels}\nlevel = 1\n{rest}\n")
            })
            .collect()
    };
    let total = tables[0].1.split_whitespace().next().unwrap_or_default();
    let lines: String = tables.iter().map(of_table).collect();
    let text = format!("name = \"test\"\ntitle = {labels}\ntotal = \"{total}\"\n{lines}");
    let profile = Profile::embedded().unwrap();
    let context = LayoutContext { vocabulary: &profile.vocabulary, languages: &profile.authority.languages };
    Layout::parse("test.toml", &text, context).unwrap_or_else(|error| panic!("{error:?}: {text}"))
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
    layout.lines().filter(|line| line.source.is_additive()).map(|line| CountedLine::of(line, 2017)).collect()
}

/// The figures of all lines: shares follow from the others.
fn figures(layout: &Layout, lines: &[CountedLine], atoms: &[Atom], counts: &[i64]) -> Figures {
    let sum = |index| -> i64 {
        atoms.iter().zip(counts).filter(|(atom, _)| atom.contains(&index)).map(|(_, count)| count).sum()
    };
    let mut all: Figures =
        lines.iter().enumerate().map(|(index, line)| (line.code.to_owned(), sum(index).into())).collect();
    for line in layout.lines().filter(|line| matches!(line.source, LineSource::Share { .. })) {
        let share = line.derived(|code| all.get(code).copied(), |_| true);
        all.extend(share.map(|share| (line.code.clone(), share)));
    }
    all
}

/// The least and the most that a hidden line can be, for one who knows the layout and all that is shown.
fn bounds(
    layout: &Layout,
    (lines, atoms): (&[CountedLine], &[Atom]),
    figures: &Figures,
    hidden: &BTreeSet<String>,
    code: &str,
) -> (f64, f64) {
    let solve = |direction| {
        let mut problem = Problem::new(direction);
        let place = |code: &str| lines.iter().position(|line| line.code == code).unwrap();
        let wanted = place(code);
        let weight = |atom: &Atom| f64::from(u8::from(atom.contains(&wanted)));
        let variables: Vec<_> = atoms.iter().map(|atom| problem.add_var(weight(atom), (0.0, f64::INFINITY))).collect();
        let terms = |index: usize, factor: f64| {
            let of_line = atoms.iter().zip(&variables).filter(move |(atom, _)| atom.contains(&index));
            of_line.map(move |(_, variable)| (*variable, factor)).collect::<Vec<_>>()
        };
        for (index, line) in lines.iter().enumerate().filter(|(_, line)| !hidden.contains(line.code)) {
            problem.add_constraint(terms(index, 1.0), ComparisonOp::Eq, figures[line.code].to_f64());
        }
        // A share that is shown says within a twentieth of a percent how much of the whole a part is.
        for line in layout.lines().filter(|line| !hidden.contains(&line.code)) {
            let LineSource::Share { of, whole } = &line.source else { continue };
            let Some(share) = figures.get(&line.code) else { continue };
            for (off, comparison) in [(0.05, ComparisonOp::Le), (-0.05, ComparisonOp::Ge)] {
                let mut sum = terms(place(of), 100.0);
                for (variable, factor) in terms(place(whole), -(share.to_f64() + off)) {
                    match sum.iter_mut().find(|(known, _)| *known == variable) {
                        Some((_, known)) => *known += factor,
                        None => sum.push((variable, factor)),
                    }
                }
                problem.add_constraint(&sum, comparison, 0.0);
            }
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
    let figures = figures(layout, &lines, &atoms, &counts);
    let hidden = Suppression::of(layout, threshold).unwrap().hidden(2017, &figures, &Kept::default());
    let is_exempt = |code: &str| layout.line(code).is_some_and(|line| !line.protect);
    let small = Decimal::from(1)..=Decimal::from(threshold);
    for (code, value) in figures.iter().filter(|(code, _)| !is_exempt(code)) {
        let is_share = layout.line(code).is_some_and(|line| matches!(line.source, LineSource::Share { .. }));
        assert!(is_share || hidden.contains(code) || !small.contains(value), "{code} = {value} is shown");
    }
    assert!(!hidden.iter().any(|code| is_exempt(code)), "{hidden:?}");
    for code in hidden.iter().filter(|code| lines.iter().any(|line| line.code == code.as_str())) {
        let (least, most) = bounds(layout, (&lines, &atoms), &figures, &hidden, code);
        assert!(least <= 1.0 + 1e-6, "{code} is {least} at least: {figures:?} {hidden:?}");
        assert!(most >= threshold as f64 - 1e-6, "{code} is {most} at most: {figures:?} {hidden:?}");
    }
}

/// Tables with rests, shares, entered figures and the same lines, which everybody sees together.
fn derived() -> Layout {
    layout_of(&[
        (
            "services",
            r#"
            total any = [{ register = ["cases"] }]
            a any = [{ register = ["cases"], requester = ["MUNICIPALITY"] }]
            b any = [{ register = ["cases"], requester = ["CANTON"] }]
            others rest = { of = "total", less = ["a", "b"] }
            a.share share = { of = "a", in = "total" }
            it any = [{ register = ["cases"], area = ["IT"] }]
            not_it any = [{ register = ["cases"], not = { area = ["IT"] } }]
            it.share share = { of = "it", in = "total" }"#,
        ),
        (
            "further",
            r#"
            total any = [{ register = ["cases"] }]
            cameras entered = true
            drones entered = true
            devices sum = ["cameras", "drones"]
            all sum = ["total", "devices"]
            cameras.share share = { of = "cameras", in = "devices" }"#,
        ),
    ])
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
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn a_solver_finds_no_hidden_number_in_rests_shares_and_entered_figures(
        counts in prop::collection::btree_map(0..16_usize, 0..9_i64, 0..16),
        threshold in 2..6_i64
    ) {
        attack(&derived(), &counts, threshold);
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
        let figures: Figures = of_line.map(|(_, (line, value))| (line.code.to_owned(), (*value).into())).collect();
        let hidden = Suppression::of(&layout, 4).unwrap().hidden(2017, &figures, &Kept::default());
        for (code, value) in &figures {
            prop_assert!(hidden.contains(code) || !(1..=4).contains(&value.round()), "{} = {}", code, value);
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
    type View = (Vec<(String, Decimal)>, BTreeSet<String>);
    let mut possible: BTreeMap<View, BTreeMap<String, BTreeSet<Decimal>>> = BTreeMap::new();
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
                let figures: Figures = named.into_iter().map(|(code, value)| (code.to_owned(), value.into())).collect();
                let hidden = suppression.hidden(2017, &figures, &Kept::default());
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
        let figures = named.into_iter().map(|(code, value)| (code.to_owned(), value.into())).collect();
        let hidden = Suppression::of(&small(), 4).unwrap().hidden(2017, &figures, &Kept::default());
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
    let named = [("total", 50_i64), ("a", 20), ("b", 30)];
    let figures: Figures = named.into_iter().map(|(code, value)| (code.to_owned(), value.into())).collect();
    let hidden = Suppression::of(&small(), 4).unwrap().hidden(
        2017,
        &figures,
        &Kept { hidden: ["a".to_owned()].into(), ..Kept::default() },
    );
    assert_eq!(hidden.into_iter().collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn refuses_a_layout_whose_lines_cut_each_other() {
    const CROSSING: &str = r#"
        total any = [{ register = ["cases"] }]
        a any = [{ register = ["cases"], requester = ["CANTON"] }]
        it any = [{ register = ["cases"], area = ["IT"] }]
        a.it any = [{ register = ["cases"], requester = ["CANTON"], area = ["IT"] }]"#;
    const SPLITS: &str = r#"
        total any = [{ register = ["cases"] }]
        canton any = [{ register = ["cases"], requester = ["CANTON"] }]
        others any = [{ register = ["cases"], not = { requester = ["CANTON"] } }]
        it any = [{ register = ["cases"], area = ["IT"] }]
        police any = [{ register = ["cases"], area = ["POLICE"] }]
        mixed any = [{ register = ["cases"], requester = ["CANTON"], area = ["IT"] }, { register = ["cases"], not = { requester = ["CANTON"] }, area = ["POLICE"] }]"#;
    const NOTHING: &str = r#"
        total any = [{ register = ["cases"] }]
        rest rest = { of = "total", less = ["total"] }"#;
    let refused = |text: &str| Suppression::of(&layout(text), 4).unwrap_err().to_string();
    for (text, cut) in [
        (CROSSING, "its lines a, it cut each other"),
        // Requesters and areas are independent of each other; the lines of both are not.
        (SPLITS, "its lines others, police, mixed cut each other"),
        (NOTHING, "nothing is left that could be in the line rest"),
    ] {
        let told = refused(text);
        assert!(told.contains(cut), "{told}");
    }
    Suppression::of(&layout(SPLITS.rsplit_once("\n").unwrap().0), 4).unwrap();
}

#[test]
fn what_follows_from_hidden_lines_is_hidden_with_them() {
    let hidden = |named: &[(&str, i64)], text: &str| {
        let figures = named.iter().map(|(code, value)| ((*code).to_owned(), (*value).into())).collect();
        let hidden = Suppression::of(&layout(text), 4).unwrap().hidden(2017, &figures, &Kept::default());
        hidden.into_iter().collect::<Vec<_>>().join(" ")
    };
    let shares = r#"
        total any = [{ register = ["cases"] }]
        a any = [{ register = ["cases"], requester = ["CANTON"] }]
        rest rest = { of = "total", less = ["a"] }
        share share = { of = "a", in = "total" }"#;
    assert_eq!(hidden(&[("total", 50), ("a", 20), ("rest", 30), ("share", 40)], shares), "");
    assert_eq!(hidden(&[("total", 50), ("a", 3), ("rest", 47), ("share", 6)], shares), "a rest share");
    assert_eq!(hidden(&[("total", 50), ("a", 47), ("rest", 3), ("share", 94)], shares), "a rest share");
    let exempt = shares.replace("less = [\"a\"] }", "less = [\"a\"] }; protect = false");
    assert_eq!(hidden(&[("total", 50), ("a", 47), ("rest", 3), ("share", 94)], &exempt), "");
    // The four tell each other: what was there and came in is what went and stays.
    let flow = r#"
        came any = [{ register = ["cases"] }]
        was any = [{ register = ["cases"] }]; measure = "opening"
        went any = [{ register = ["cases"] }]; measure = "closed"
        stays any = [{ register = ["cases"] }]; measure = "pending"
        days any = [{ register = ["cases"] }]; measure = "days_mean""#;
    assert_eq!(hidden(&[("came", 20), ("was", 10), ("went", 12), ("stays", 18), ("days", 9)], flow), "");
    assert_eq!(
        hidden(&[("came", 20), ("was", 10), ("went", 27), ("stays", 3), ("days", 9)], flow),
        "came days stays was went"
    );
    assert_eq!(hidden(&[("came", 20), ("was", 10), ("stays", 28), ("days", 9)], flow), "came days stays was");
    let before = BTreeSet::from(["stays".to_owned()]);
    assert_eq!(Suppression::of(&layout(flow), 4).unwrap().carried(2017, &before), ["was".to_owned()].into());
}

#[test]
fn refuses_a_rest_that_is_no_part_of_its_whole() {
    let crossing = layout(
        r#"
        a any = [{ register = ["cases"], requester = ["CANTON"] }]
        it any = [{ register = ["cases"], area = ["IT"] }]
        rest rest = { of = "a", less = ["it"] }"#,
    );
    let refused = Suppression::of(&crossing, 4).unwrap_err().to_string();
    assert!(refused.contains("is taken away from a and is no part of it"), "{refused}");
}
