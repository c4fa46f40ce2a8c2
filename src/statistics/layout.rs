//! Layouts: what the lines of the statistics tables are. They are data (TOML), so that a line is named in no code.
//!
//! A line counts the records of one or more selections, is the sum of other lines, or holds a figure that people enter.
//! A layout that could give wrong figures is refused when it is read: a record must not be counted twice in one line, a
//! selection must be one that a record can be in, and a check one that can run.

mod source;
mod years;

use std::collections::{BTreeMap, BTreeSet};

use crate::formats::chart::ChartKind;
use crate::messages::{Labels, Lang};
use crate::registers::{Dimension, Selection, Vocabulary};
use crate::source::{SourceFault, located};
pub use years::Years;

/// The tables that every layout has.
pub const TABLES: [&str; 3] = ["services", "channels", "media-requests"];

/// A layout.
#[derive(Debug)]
pub struct Layout {
    /// Its name.
    pub name: String,
    /// The title, for people.
    pub title: Labels,
    /// The publisher of the figures; the catalogue names it.
    pub publisher: Option<Publisher>,
    /// The code of the line of the services table that counts the new cases.
    pub total: String,
    footnotes: BTreeMap<String, Labels>,
    tables: BTreeMap<String, TableLayout>,
}

/// A publisher of figures.
#[derive(Clone, Debug)]
pub struct Publisher {
    /// Its name.
    pub name: Labels,
    /// The email address to which questions can be sent.
    pub email: String,
    /// The terms of use: the address of a licence.
    pub license: String,
}

/// The layout of one table.
#[derive(Debug)]
pub struct TableLayout {
    /// The lines in their order.
    pub lines: Vec<LayoutLine>,
    /// The sums that should hold: lines that should add up to another.
    pub checks: Vec<Check>,
    /// The chart of the table.
    pub chart: Option<ChartLayout>,
}

/// The layout of a table's chart.
#[derive(Debug)]
pub struct ChartLayout {
    /// The printed name, in every language.
    pub title: Labels,
    /// The kind of drawing.
    pub kind: ChartKind,
    /// The codes of the lines that it shows.
    pub lines: Vec<String>,
}

/// A line of a table.
#[derive(Debug)]
pub struct LayoutLine {
    /// Its code, such as `inquiries.area.it`.
    pub code: String,
    /// The printed name, in every language.
    pub label: Labels,
    /// The depth of the indentation: 0 for totals.
    pub level: u8,
    /// The keys of its footnotes.
    pub footnotes: Vec<String>,
    /// True if the line holds a figure that people enter.
    pub is_entered: bool,
    collected: Years,
    content: Composition,
}

/// The parts of a line, with sums resolved: each part with the years in which it counts.
#[derive(Clone, Debug, Default)]
struct Composition {
    /// The records: those in any of these selections, no two of which overlap in a year.
    counted: Vec<(Selection, Years)>,
    /// The codes of entered figures.
    entered: Vec<(String, Years)>,
}

/// The parts that should add up to a whole.
#[derive(Debug)]
pub struct Check {
    /// The code of the whole.
    pub whole: String,
    /// The codes of the parts.
    pub parts: Vec<String>,
}

impl Composition {
    /// The years in which there is any of it.
    fn years(&self) -> Years {
        let all = self.counted.iter().map(|(_, years)| years).chain(self.entered.iter().map(|(_, years)| years));
        Years::union(all)
    }

    /// Returns the parts that count in these years.
    fn within(self, span: &Years) -> Composition {
        fn cut<T>(parts: Vec<(T, Years)>, span: &Years) -> Vec<(T, Years)> {
            let within = parts.into_iter().map(|(part, years)| (part, years.intersection(span)));
            within.filter(|(_, years)| !years.is_empty()).collect()
        }
        Composition { counted: cut(self.counted, span), entered: cut(self.entered, span) }
    }

    /// True if a record or a figure could be in both in the same year.
    fn overlaps(&self, other: &Composition) -> bool {
        let twice = |(mine, years): &(Selection, Years), (theirs, others): &(Selection, Years)| {
            years.meets(others) && !mine.is_disjoint(theirs)
        };
        let same =
            |(mine, years): &(String, Years), (theirs, others): &(String, Years)| mine == theirs && years.meets(others);
        self.counted.iter().any(|one| other.counted.iter().any(|another| twice(one, another)))
            || self.entered.iter().any(|one| other.entered.iter().any(|another| same(one, another)))
    }
}

impl LayoutLine {
    /// True if the rubric was collected in the year; for a sum, if a part of it was.
    pub fn is_collected(&self, year: i32) -> bool {
        self.collected.contains(year) && self.content.years().contains(year)
    }

    /// The year, where there is anything that it counts then; else the nearest before or after in which there is.
    pub fn a_year_near(&self, year: i32) -> i32 {
        self.content.years().nearest(year)
    }

    /// The years in which it was collected.
    fn years(&self) -> Years {
        self.collected.intersection(&self.content.years())
    }

    /// The selections that it counts in the year.
    pub fn selections(&self, year: i32) -> impl Iterator<Item = &Selection> {
        let counted = self.content.counted.iter().filter(move |(_, years)| years.contains(year));
        counted.map(|(selection, _)| selection)
    }

    /// Every dimension that it looks at.
    pub fn dimensions(&self) -> impl Iterator<Item = Dimension> {
        let counted = self.content.counted.iter();
        counted.flat_map(|(selection, _)| selection.0.iter().map(|(dimension, _)| *dimension))
    }

    /// The codes of the entered figures that it adds in the year.
    pub fn entered(&self, year: i32) -> impl Iterator<Item = &str> {
        let entered = self.content.entered.iter().filter(move |(_, years)| years.contains(year));
        entered.map(|(code, _)| code.as_str())
    }

    /// The selections that it counts in the year as a layout writes them: what a publication keeps of them.
    pub fn written(&self, year: i32) -> Vec<BTreeMap<String, Vec<String>>> {
        let written = |selection: &Selection| -> BTreeMap<String, Vec<String>> {
            selection.0.iter().map(|(dimension, values)| (dimension.name().to_owned(), values.clone())).collect()
        };
        self.selections(year).map(written).collect()
    }
}

impl TableLayout {
    /// The line of that code.
    pub fn line(&self, code: &str) -> Option<&LayoutLine> {
        self.lines.iter().find(|line| line.code == code)
    }

    /// Every dimension that a line looks at.
    pub fn dimensions(&self) -> Vec<Dimension> {
        let selections = self.lines.iter().flat_map(|line| &line.content.counted);
        let all: BTreeSet<Dimension> =
            selections.flat_map(|(selection, _)| selection.0.iter().map(|(dimension, _)| *dimension)).collect();
        all.into_iter().collect()
    }
}

impl Layout {
    /// Reads a layout and refuses what could give wrong figures.
    pub fn parse(file: &str, text: &str, context: LayoutContext) -> Result<Layout, SourceFault> {
        source::read(text, context).map_err(|refusal| located(file, text, refusal))
    }

    /// The layout of a table, one of [`TABLES`].
    pub fn table(&self, name: &str) -> Option<&TableLayout> {
        self.tables.get(name)
    }

    /// The name of the first table that has a line of that code.
    pub fn first_table_with(&self, code: &str) -> Option<&'static str> {
        TABLES.into_iter().find(|name| self.table(name).is_some_and(|table| table.line(code).is_some()))
    }

    /// All tables with their names, in their order.
    pub fn tables(&self) -> impl Iterator<Item = (&'static str, &TableLayout)> {
        TABLES.into_iter().filter_map(|name| Some((name, self.table(name)?)))
    }

    /// All lines of all tables; one that several tables have comes once.
    pub fn lines(&self) -> impl Iterator<Item = &LayoutLine> {
        let lines = self.tables().flat_map(|(name, table)| table.lines.iter().map(move |line| (name, line)));
        lines.filter(|(name, line)| self.first_table_with(&line.code) == Some(name)).map(|(_, line)| line)
    }

    /// The line of that code.
    pub fn line(&self, code: &str) -> Option<&LayoutLine> {
        self.lines().find(|line| line.code == code)
    }

    /// A footnote's text.
    pub fn footnote(&self, key: &str) -> Option<&Labels> {
        self.footnotes.get(key)
    }

    /// The values of a dimension that lines name, each with the line's code.
    pub fn values(&self, dimension: Dimension) -> impl Iterator<Item = (&str, &str)> {
        let of_line = move |line| {
            let line: &LayoutLine = line;
            let named = line.content.counted.iter().flat_map(|(selection, _)| &selection.0);
            let values = named.filter(move |(named, _)| *named == dimension).flat_map(|(_, values)| values);
            values.map(|value| (line.code.as_str(), value.as_str())).collect::<Vec<_>>()
        };
        self.lines().flat_map(of_line)
    }

    /// The first years of spans in which all lines count the same.
    pub fn turns(&self) -> BTreeSet<i32> {
        let spans = |line: &LayoutLine| {
            let counted = line.content.counted.iter().map(|(_, years)| years);
            counted
                .chain(line.content.entered.iter().map(|(_, years)| years))
                .flat_map(Years::turns)
                .collect::<Vec<_>>()
        };
        self.lines().flat_map(spans).chain([i32::MIN]).collect()
    }
}

/// The layouts there are, the default first.
#[derive(Debug, Default)]
pub struct Layouts(Vec<Layout>);

/// What a layout is read with: the values that records may have, and the languages of its texts.
#[derive(Clone, Copy)]
pub struct LayoutContext<'c> {
    /// The vocabulary.
    pub vocabulary: &'c Vocabulary,
    /// The languages.
    pub languages: &'c [Lang],
}

impl Layouts {
    /// Reads layouts from files, each given by its path and its text; the faults of all of them come at once.
    pub fn read<'f>(
        files: impl Iterator<Item = (&'f str, &'f str)>,
        context: LayoutContext,
    ) -> Result<Layouts, Vec<SourceFault>> {
        let (mut layouts, mut faults) = (Vec::<Layout>::new(), Vec::new());
        for (file, text) in files {
            match Layout::parse(file, text, context) {
                Ok(layout) if layouts.iter().any(|other| other.name == layout.name) => {
                    let line = text.lines().position(|line| line.trim_start().starts_with("name")).unwrap_or(0) + 1;
                    let reason = format!("there is another layout with the name {}", layout.name);
                    faults.push(SourceFault { file: file.to_owned(), line, reason });
                }
                Ok(layout) => layouts.push(layout),
                Err(fault) => faults.push(fault),
            }
        }
        if layouts.is_empty() && faults.is_empty() {
            let reason = "there is no layout: a profile has one file in tables at least".into();
            faults.push(SourceFault { file: "tables".into(), line: 0, reason });
        }
        if faults.is_empty() { Ok(Layouts(layouts)) } else { Err(faults) }
    }

    /// Makes a layout the usual one; fails with the names that there are.
    pub fn put_first(&mut self, name: &str) -> Result<(), Vec<&str>> {
        match self.0.iter().position(|layout| layout.name == name) {
            Some(place) => {
                self.0[..=place].rotate_right(1);
                Ok(())
            }
            None => Err(self.0.iter().map(|layout| layout.name.as_str()).collect()),
        }
    }

    /// The layout of that name; without a name the default.
    pub fn get(&self, name: Option<&str>) -> Option<&Layout> {
        match name {
            None => self.0.first(),
            Some(name) => self.0.iter().find(|layout| layout.name == name),
        }
    }

    /// All layouts.
    pub fn iter(&self) -> impl Iterator<Item = &Layout> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;

    const GOOD: &str = r#"name = "test"
title = { de = "a", fr = "b", it = "c", en = "d" }
total = "total"

[footnotes.new]
de = "a"
fr = "b"
it = "c"
en = "d"

[[tables.services.lines]]
code = "a.it"
label = { de = "a", fr = "b", it = "c", en = "d" }
level = 1
any = [{ register = ["cases"], area = ["IT"] }]
footnotes = ["new"]

[[tables.services.lines]]
code = "a.rest"
label = { de = "a", fr = "b", it = "c", en = "d" }
level = 1
any = [{ register = ["cases"], area = ["POLICE", "NONE"] }]

[[tables.services.lines]]
code = "total"
label = { de = "a", fr = "b", it = "c", en = "d" }
level = 0
sum = ["a.it", "a.rest"]

[[tables.services.lines]]
code = "cameras"
label = { de = "a", fr = "b", it = "c", en = "d" }
level = 0
entered = true

[[tables.services.checks]]
whole = "total"
parts = ["a.it", "a.rest"]

[[tables.channels.lines]]
code = "all"
label = { de = "a", fr = "b", it = "c", en = "d" }
level = 0
any = [{ register = ["cases"] }]

[[tables.media-requests.lines]]
code = "all"
label = { de = "a", fr = "b", it = "c", en = "d" }
level = 0
any = [{ register = ["media-requests"] }]
"#;

    fn parse(text: &str) -> Result<Layout, SourceFault> {
        let profile = Profile::embedded().unwrap();
        let context = LayoutContext { vocabulary: &profile.vocabulary, languages: &profile.authority.languages };
        Layout::parse("test.toml", text, context)
    }

    fn parsed(from: &str, to: &str) -> Result<Layout, SourceFault> {
        assert!(GOOD.contains(from), "{from}");
        parse(&GOOD.replacen(from, to, 1))
    }

    #[test]
    fn reads_lines_and_resolves_sums() {
        let layout = parse(GOOD).unwrap();
        let table = layout.table("services").unwrap();
        assert_eq!(table.line("total").unwrap().selections(2017).count(), 2);
        assert_eq!(table.dimensions(), [Dimension::Register, Dimension::Area]);
        let cameras = table.line("cameras").unwrap();
        assert!(cameras.is_entered && cameras.is_collected(2017) && cameras.selections(2017).next().is_none());
        assert_eq!(layout.total, "total");
    }

    #[test]
    fn refuses_what_could_give_wrong_figures_and_says_where() {
        let checked = "parts = [\"a.it\", \"a.rest\"]";
        let area = "any = [{ register = [\"cases\"], area = [\"IT\"] }]";
        let cases = [
            ("area = [\"IT\"]", "aera = [\"IT\"]", 15, "the dimension aera is not known"),
            ("area = [\"IT\"]", "area = [\"ITT\"]", 15, "area has no value ITT"),
            ("area = [\"IT\"]", "area = []", 15, "has no values"),
            ("footnotes = [\"new\"]", "footnotes = [\"old\"]", 16, "there is no footnote old"),
            ("footnotes = [\"new\"]", "foot = [\"new\"]", 16, "unknown field"),
            ("code = \"a.rest\"", "code = \"a.it\"", 19, "used twice"),
            ("code = \"a.rest\"", "code = \"A rest\"", 19, "lower-case words"),
            ("sum = [\"a.it\", \"a.rest\"]", "sum = [\"a.it\",\n\"b\"]", 29, "there is no line b"),
            ("sum = [\"a.it\", \"a.rest\"]", "sum = [\"a.it\", \"total\"]", 25, "a part of its own sum"),
            ("sum = [\"a.it\", \"a.rest\"]", "sum = [\"a.it\", \"a.it\"]", 25, "count a record twice"),
            ("sum = [\"a.it\", \"a.rest\"]", "sum = [\"cameras\", \"cameras\"]", 25, "count a record twice"),
            ("[\"POLICE\", \"NONE\"]", "[\"POLICE\", \"IT\"]", 25, "count a record twice"),
            ("sum = [\"a.it\", \"a.rest\"]", "level_ = 1", 28, "unknown field"),
            ("level = 0\nsum = [\"a.it\", \"a.rest\"]", "level = 0", 25, "either any or sum"),
            ("sum = [\"a.it\", \"a.rest\"]", "sum = [\"a.it\"]\nentered = true", 25, "either any or sum"),
            ("level = 1", "level = 9", 14, "from 0 to 3"),
            ("footnotes = [\"new\"]", "collected = { from = 2013, to = 2012 }", 16, "must not be after"),
            ("footnotes = [\"new\"]", "collected = [{ to = 2013 }, { from = 2013 }]", 16, "must not meet"),
            ("footnotes = [\"new\"]", "collected = 2013", 16, "a span of years"),
            ("de = \"a\", fr", "de = \" \", fr", 2, "language de is missing"),
            ("tables.channels", "tables.chanels", 40, "the table chanels is not known"),
            ("[[tables.channels.lines]]", "[[tables.services.lines]]", 1, "channels is missing"),
            (
                "[footnotes.new]",
                "[publisher]\nemail = \"x\"\nlicense = \"http\"\nname = { de = \"a\", fr = \"b\", it = \"c\", en = \"d\" }\n[footnotes.new]",
                5,
                "a publisher has",
            ),
            ("name = \"test\"", "name = \"Te st\"", 1, "the name must be"),
            ("total = \"total\"\n", "", 1, "as in total = \"cameras\""),
            ("total = \"total\"", "total = \"all\"", 3, "the table services has no line all"),
            ("entered = true", "entered = false", 34, "entered is true"),
            // No record can be there: in no register, though each value is known.
            (area, "any = [{ register = [\"media-requests\"], area = [\"IT\"] }]", 15, "no record can ever be"),
            (area, "any = [{ role = [\"LEAD\"], area = [\"IT\"] }]", 15, "write entered = true"),
            (area, "any = [{ register = [\"cases\"], kind = [\"TRAINING\"] }]", 15, "no record can ever be"),
            (area, "any = [{ register = [\"cases\"], kind = [\"NONE\"] }]", 15, "no record can ever be"),
            (area, "any = [{ register = [\"events\"], kind = [\"NONE\"] }]", 15, "no record can ever be"),
            (area, "any = [\n{ register = [\"cases\"], responsible = [\"RF\",\n\"Recht \"] }]", 17, "blanks around"),
            (area, "any = [{ responsible = [\"A  B\"] }]", 15, "blanks around or within"),
            (area, "any = [{ responsible = [\"\"] }]", 15, "blanks"),
            // Checks that say nothing, or never run.
            (checked, "parts = [\"a.it\", \"a.it\"]", 38, "named twice"),
            (checked, "parts = [\"a.it\", \"total\"]", 38, "a part of itself"),
            (checked, "parts = [\"a.it\", \"nothing\"]", 38, "there is no line nothing"),
            (checked, "parts = []", 38, "can never run"),
            ("whole = \"total\"", "whole = \"a\"", 37, "there is no line a"),
            (
                "footnotes = [\"new\"]",
                "collected = { to = 2012 }\n[[tables.services.checks]]\nwhole = \"later\"\nparts = [\"a.it\"]\n[[tables.services.lines]]\ncode = \"later\"\nlevel = 1\nlabel = { de = \"a\", fr = \"b\", it = \"c\", en = \"d\" }\nany = [{ area = [\"IT\"] }]\ncollected = { from = 2013 }",
                19,
                "can never run",
            ),
            (
                "[[tables.services.checks]]",
                "[[tables.services.checks]]\nwhole = \"total\"\nparts = [\"cameras\", \"total\"]\n[[tables.services.checks]]",
                38,
                "a part of itself",
            ),
        ];
        for (from, to, line, reason) in cases {
            let error = parsed(from, to).expect_err(to);
            assert!(error.reason.contains(reason), "{to}: {error}");
            assert_eq!((error.file.as_str(), error.line), ("test.toml", line), "{to}: {error}");
        }
    }

    #[test]
    fn texts_are_lines_in_normal_form() {
        let title = "title = { de = \"a\", fr = \"b\", it = \"c\", en = \"d\" }";
        let odd = "title = { de = \"  U\u{308}ber\\nsicht \\u00ad\", fr = \"b\", it = \"c\", en = \"d\" }";
        assert_eq!(parsed(title, odd).unwrap().title.get(Lang::De), "Über sicht");
        let label = title.replace("title", "label");
        let layout = parsed(&label, &label.replace("\"b\"", "\" b  b \"")).unwrap();
        assert_eq!(layout.table("services").unwrap().lines[0].label.get(Lang::Fr), "b b");
        let footnote = parsed("it = \"c\"\nen", "it = \"c\\tc\"\nen").unwrap();
        assert_eq!(footnote.footnotes["new"].get(Lang::It), "c c");
        let publisher = |name: &str| {
            let names = title.replace("title", "name").replace("\"a\"", name);
            let text = format!("{title}\n[publisher]\n{names}\nemail = \"a@b.ch\"\nlicense = \"https://b.ch\"");
            parsed(&format!("{title}\ntotal = \"total\"\n"), &format!("total = \"total\"\n{text}\n"))
        };
        assert_eq!(publisher("\" a\"").unwrap().publisher.unwrap().name.get(Lang::De), "a");
        for (from, to, line, reason) in [
            (
                title,
                title.replace("\"c\"", "\"c\\u0001\""),
                2,
                "language it must not contain the control character U+0001",
            ),
            (&label, label.replace("\"d\"", "\"\\u200b \""), 13, "the text in the language en is missing"),
            ("\"IT\"", "\"I\\u0007T\"".into(), 15, "it must not contain the control character U+0007"),
            ("area = [\"IT\"]", "responsible = [\"R\\u00adF\"]".into(), 15, "no record has"),
        ] {
            let error = parsed(from, &to).expect_err(&to);
            assert!(error.reason.contains(reason), "{to}: {error}");
            assert_eq!(error.line, line, "{to}: {error}");
        }
        assert!(publisher("\"\\u0001\"").unwrap_err().reason.contains("U+0001"));
        assert!(publisher("\"\"").unwrap_err().reason.contains("a publisher has a name in each language"));
    }

    #[test]
    fn parts_that_overlap_are_no_check() {
        let line = "[[tables.services.lines]]\ncode = \"cases\"\nlevel = 1\nlabel = { de = \"a\", fr = \"b\", it = \"c\", en = \"d\" }\nany = [{ register = [\"cases\"] }]\n";
        let check =
            "[[tables.services.checks]]\nwhole = \"cases\"\nparts = [\"a.it\", \"total\"]\n[[tables.services.checks]]";
        let error = parsed("[[tables.services.checks]]", &format!("{line}{check}")).unwrap_err();
        assert!(error.reason.contains("the parts a.it and total overlap"), "{error}");
        assert_eq!(error.line, 43);
    }

    #[test]
    fn what_overlaps_in_no_year_is_no_overlap() {
        let renamed = |first: &str, second: &str| {
            let text = GOOD.replacen("footnotes = [\"new\"]", &format!("collected = {first}"), 1).replacen(
                "area = [\"POLICE\", \"NONE\"] }]",
                &format!("area = [\"IT\"] }}]\ncollected = {second}"),
                1,
            );
            parse(&text)
        };
        let layout = renamed("{ to = 2021 }", "[{ from = 2022, to = 2023 }, { from = 2025 }]").unwrap();
        let total = layout.line("total").unwrap();
        let counts = |year: i32| (total.is_collected(year), total.selections(year).count());
        assert_eq!([2021, 2022, 2024, 2025].map(counts), [(true, 1), (true, 1), (false, 0), (true, 1)]);
        assert_eq!(layout.turns().into_iter().filter(|turn| *turn > 0).collect::<Vec<_>>(), [2022, 2024, 2025]);
        assert!(renamed("{ to = 2022 }", "{ from = 2022 }").unwrap_err().reason.contains("twice"));
    }

    #[test]
    fn the_embedded_layouts_are_sound() {
        let layouts = Profile::embedded().unwrap().layouts;
        let services = layouts.get(None).unwrap().table("services").unwrap();
        let codes: Vec<&str> = services.lines.iter().map(|line| line.code.as_str()).collect();
        assert_eq!(codes.first(), Some(&"inquiries.municipality"));
        assert_eq!(codes.last(), Some(&"cases.total"));
        assert_eq!(codes.len(), 18);
    }
}
