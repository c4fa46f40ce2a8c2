//! Statistical disclosure control: which lines of a year stay hidden, so that no small number can be computed back from
//! all that is shown.
//!
//! The lines of a layout are taken as sets of records. A line that lies in another is a part of that whole; parts of a
//! whole that exclude each other are a family (inquiries by requester, by area). A hidden line hides everything inside
//! it. In a family under a shown whole at least two lines are hidden or none, and so many that each of them could still
//! be any small number. What is hidden besides the small numbers is chosen by the order of the lines, not by their
//! values, so that knowing these rules tells nothing more. A layout whose lines cut each other in a way that these rules
//! do not cover is refused.

use std::collections::{BTreeMap, BTreeSet};

use super::layout::{Layout, LayoutLine};
use crate::error::{Error, Result};
use crate::registers::{self, Dimension, Selection};

/// The lines that one kind of record counts in.
type Atom = BTreeSet<usize>;

/// More kinds of records than these are not looked at.
const MOST_ATOMS: usize = 200_000;

/// Lines that count the same records, and the families of parts that these records fall into.
#[derive(Debug, Default)]
struct Node {
    codes: Vec<String>,
    families: Vec<Vec<usize>>,
}

/// Knows which lines of a layout to hide.
#[derive(Debug)]
pub struct Suppression {
    /// The layout.
    pub layout: String,
    /// Numbers from 1 to this are small. It is 2 at least: with 1, the sign for a hidden number would tell it.
    pub threshold: i64,
    /// The structure of the lines within each other, from the first of the years in which all of them count the same.
    spans: Vec<(i32, Nodes)>,
}

/// Lines that lie in each other; the first one stands for all records.
#[derive(Debug)]
struct Nodes(Vec<Node>);

impl Suppression {
    /// Prepares for a layout; refuses one whose lines are not independent of each other within their whole.
    pub fn of(layout: &Layout, threshold: i64) -> Result<Suppression> {
        let spans = layout.turns().into_iter().map(|first| Ok((first, Nodes::of(layout, first)?)));
        Ok(Suppression { layout: layout.name.clone(), threshold, spans: spans.collect::<Result<_>>()? })
    }

    /// Returns the structure of the lines within each other in a year.
    fn nodes(&self, year: i32) -> &[Node] {
        let span = self.spans.iter().rfind(|(first, _)| *first <= year);
        span.map_or(&[], |(_, nodes)| &nodes.0)
    }

    /// The codes of the lines to hide, given the figures of a year; lines that are `kept` hidden are hidden too, and so
    /// are figures of which no line says what they count.
    pub fn hidden(&self, year: i32, figures: &BTreeMap<String, i64>, kept: &BTreeSet<String>) -> BTreeSet<String> {
        let nodes = self.nodes(year);
        let mut lines = YearSuppression::new(nodes, self.threshold, figures, kept);
        while lines.step() {}
        let hidden = nodes.iter().zip(&lines.hidden).filter(|(_, hidden)| **hidden);
        let codes: BTreeSet<&String> = hidden.flat_map(|(node, _)| &node.codes).collect();
        let is_known = |code: &&String| nodes.iter().any(|node| node.codes.contains(code));
        figures.keys().filter(|code| codes.contains(code) || !is_known(code)).cloned().collect()
    }

    /// True if the changes from one set of shown figures to another tell of no single matters: no line, and nothing
    /// that can be computed from a whole and its parts, moves by a small number.
    pub fn may_follow(&self, year: i32, before: &BTreeMap<String, i64>, after: &BTreeMap<String, i64>) -> bool {
        let nodes = self.nodes(year);
        let change = |node: &Node| node.codes.iter().find_map(|code| Some(after.get(code)? - before.get(code)?));
        let changes: Vec<Option<i64>> = nodes.iter().map(change).collect();
        let rest =
            |whole: i64, family: &Vec<usize>| whole - family.iter().filter_map(|part| changes[*part]).sum::<i64>();
        let rests = nodes.iter().zip(&changes).filter_map(|(node, whole)| Some((node, (*whole)?)));
        let rests = rests.flat_map(|(node, whole)| node.families.iter().map(move |family| rest(whole, family)));
        changes.iter().flatten().copied().chain(rests).all(|change| !self.is_small(change.abs()))
    }

    fn is_small(&self, value: i64) -> bool {
        (1..=self.threshold).contains(&value)
    }
}

impl Nodes {
    /// The lines of a layout as they count in a year. One that does not count then is taken as it does in the years in
    /// which it does, since figures that were given may have it.
    fn of(layout: &Layout, year: i32) -> Result<Nodes> {
        let lines: Vec<CountedLine> = layout.lines().map(|line| CountedLine::of(line, year)).collect();
        let atoms: Vec<Atom> = atoms(&lines)?.into_iter().collect();
        let mut sets: Vec<BTreeSet<usize>> = vec![(0..atoms.len()).collect()];
        let mut nodes = vec![Node::default()];
        for (index, line) in lines.iter().enumerate() {
            let set = (0..atoms.len()).filter(|atom| atoms[*atom].contains(&index)).collect();
            let known = sets.iter().position(|other| *other == set).unwrap_or_else(|| {
                sets.push(set);
                nodes.push(Node::default());
                nodes.len() - 1
            });
            nodes[known].codes.push(line.code.to_owned());
        }
        for (whole, node) in nodes.iter_mut().enumerate() {
            node.families = families(&sets, whole);
        }
        let nodes = Nodes(nodes);
        if nodes.combinations(&sets, 0) == Some(atoms.len()) {
            return Ok(nodes);
        }
        Err(Error::Configuration(format!(
            "AUFSICHT_PUBLIC_STATISTICS: the lines of the layout {} cut each other so that small numbers cannot be \
             protected; a whole must be split into parts, and each split be independent of the others",
            layout.name
        )))
    }

    /// Returns the number of combinations of lines that records would have if all families were independent of each
    /// other.
    fn combinations(&self, sets: &[BTreeSet<usize>], whole: usize) -> Option<usize> {
        self.0[whole].families.iter().try_fold(1_usize, |product, family| {
            let covered: usize = family.iter().map(|part| sets[*part].len()).sum();
            let rest = usize::from(covered < sets[whole].len());
            let parts = family.iter().map(|part| self.combinations(sets, *part)).sum::<Option<usize>>()?;
            product.checked_mul(parts + rest)
        })
    }
}

/// The lines of a year, each shown or hidden.
struct YearSuppression<'a> {
    nodes: &'a [Node],
    threshold: i64,
    /// None where the line has no figure.
    values: Vec<Option<i64>>,
    hidden: Vec<bool>,
}

impl<'a> YearSuppression<'a> {
    fn new(nodes: &'a [Node], threshold: i64, figures: &BTreeMap<String, i64>, kept: &BTreeSet<String>) -> Self {
        let given = |node: &Node| node.codes.iter().find_map(|code| figures.get(code)).copied();
        let is_small = |value: &i64| (1..=threshold).contains(value);
        let must = |code: &String| kept.contains(code) || figures.get(code).is_some_and(is_small);
        YearSuppression {
            nodes,
            threshold,
            values: nodes.iter().map(given).collect(),
            hidden: nodes.iter().map(|node| node.codes.iter().any(must)).collect(),
        }
    }

    /// Hides what is still needed; false when nothing was.
    fn step(&mut self) -> bool {
        let before = self.hidden.clone();
        self.hide_inside(0, false);
        for whole in 0..self.values.len() {
            let Some(value) = self.values[whole].filter(|_| !self.hidden[whole]) else { continue };
            for family in &self.nodes[whole].families {
                self.protect(whole, value, family);
            }
        }
        self.hidden != before
    }

    /// Hides everything inside hidden wholes, and inside those that have no figure but lie in one that has.
    fn hide_inside(&mut self, whole: usize, inside: bool) {
        let nodes = self.nodes;
        let hides = self.hidden[whole] || (inside && self.values[whole].is_none());
        let inside = inside || self.values[whole].is_some();
        for part in nodes[whole].families.iter().flatten() {
            self.hidden[*part] |= hides;
            self.hide_inside(*part, inside);
        }
    }

    /// Hides so many lines of a family that nothing can be computed from their whole, which is shown.
    fn protect(&mut self, whole: usize, value: i64, family: &[usize]) {
        let threshold = self.threshold;
        let parts: Vec<(usize, i64)> = family.iter().filter_map(|part| Some((*part, self.values[*part]?))).collect();
        // What the whole has beyond its parts is a number that anybody can compute.
        let rest = value - parts.iter().map(|(_, part)| part).sum::<i64>();
        let small_rest = (1..=threshold).contains(&rest);
        loop {
            let hidden = parts.iter().filter(|(part, _)| self.hidden[*part]).count() as i64;
            let shown: i64 = parts.iter().filter(|(part, _)| !self.hidden[*part]).map(|(_, value)| value).sum();
            // Each hidden line is 1 at least, for all the reader knows: this much is left for one of them.
            let room = value - shown - hidden + 1;
            let nothing_to_hide = hidden == 0 && !small_rest;
            if nothing_to_hide || (hidden >= 2 && room >= threshold + i64::from(small_rest)) {
                return;
            }
            match self.next(&parts) {
                Some(part) => self.hidden[part] = true,
                None => break,
            }
        }
        // Without any line of the family nothing is known but the whole; zeros are hidden for that too.
        parts.iter().for_each(|(part, _)| self.hidden[*part] = true);
        if parts.len() < 2 || value <= threshold {
            self.hidden[whole] = true;
        }
    }

    /// The next line to hide: the last one that is not 0, and one without parts rather than one with parts.
    fn next(&self, parts: &[(usize, i64)]) -> Option<usize> {
        let open = || parts.iter().rev().filter(|(part, value)| !self.hidden[*part] && *value != 0);
        let is_leaf = |part: usize| self.nodes[part].families.is_empty();
        open().find(|(part, _)| is_leaf(*part)).or_else(|| open().next()).map(|(part, _)| *part)
    }
}

/// The parts of a whole that lie in no smaller part, those that exclude each other together.
fn families(sets: &[BTreeSet<usize>], whole: usize) -> Vec<Vec<usize>> {
    let inside = |part: usize, whole: usize| sets[part].len() < sets[whole].len() && sets[part].is_subset(&sets[whole]);
    let direct = |part: &usize| {
        inside(*part, whole) && !(0..sets.len()).any(|other| inside(*part, other) && inside(other, whole))
    };
    let mut families: Vec<Vec<usize>> = Vec::new();
    for part in (0..sets.len()).filter(direct) {
        let fits = |family: &&mut Vec<usize>| family.iter().all(|other| sets[*other].is_disjoint(&sets[part]));
        match families.iter_mut().find(fits) {
            Some(family) => family.push(part),
            None => families.push(vec![part]),
        }
    }
    families
}

/// A line as it counts in a year.
struct CountedLine<'a> {
    code: &'a str,
    selections: Vec<&'a Selection>,
    entered: Vec<&'a str>,
}

impl CountedLine<'_> {
    fn of(line: &LayoutLine, year: i32) -> CountedLine<'_> {
        let year = line.a_year_near(year);
        let (selections, entered) = (line.selections(year).collect(), line.entered(year).collect());
        CountedLine { code: &line.code, selections, entered }
    }
}

/// Every combination of lines that a record, or a figure that people enter, can count in.
fn atoms(lines: &[CountedLine]) -> Result<BTreeSet<Atom>> {
    let mut all = BTreeSet::from([Atom::new()]);
    for entered in lines.iter().flat_map(|line| &line.entered) {
        all.insert((0..lines.len()).filter(|index| lines[*index].entered.contains(entered)).collect());
    }
    for register in registers::ALL {
        let of_register = |selection: &&&Selection| {
            selection.0.iter().all(|(dimension, values)| {
                *dimension != Dimension::Register || values.iter().any(|value| value == register.name)
            })
        };
        let named = lines.iter().flat_map(|line| &line.selections).filter(of_register).flat_map(|s| &s.0);
        let mut dimensions: BTreeMap<Dimension, BTreeSet<Option<&str>>> = BTreeMap::new();
        for (dimension, values) in named.filter(|(dimension, _)| *dimension != Dimension::Register) {
            // None stands for every value that no line names.
            let known = dimensions.entry(*dimension).or_insert_with(|| BTreeSet::from([None]));
            known.extend(values.iter().map(|value| Some(value.as_str())));
        }
        let mut records: Vec<Vec<(Dimension, Option<&str>)>> = vec![vec![(Dimension::Register, Some(register.name))]];
        for (dimension, values) in &dimensions {
            if records.len() * values.len() > MOST_ATOMS {
                return Err(Error::Configuration(
                    "AUFSICHT_PUBLIC_STATISTICS: the layout has too many combinations of values to be protected".into(),
                ));
            }
            let with = |record: &Vec<_>| {
                let record = record.clone();
                values.iter().map(move |value| [record.clone(), vec![(*dimension, *value)]].concat())
            };
            records = records.iter().flat_map(with).collect();
        }
        all.extend(records.iter().map(|record| {
            let counts = |line: &CountedLine| line.selections.iter().any(|selection| selects(selection, record));
            (0..lines.len()).filter(|index| counts(&lines[*index])).collect::<Atom>()
        }));
    }
    Ok(all)
}

fn selects(selection: &Selection, record: &[(Dimension, Option<&str>)]) -> bool {
    selection.0.iter().all(|(dimension, values)| {
        let held = record.iter().find(|(known, _)| known == dimension).and_then(|(_, value)| *value);
        held.is_some_and(|held| values.iter().any(|value| value == held))
    })
}

#[cfg(test)]
mod tests {
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
}
