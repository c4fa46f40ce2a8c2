//! Lines of tables as they were printed. A publication keeps them, so that nothing that a layout says later changes what
//! was published, and so that it can be read when the layout is gone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::layout::{Layout, LayoutLine, TableLayout};
use super::table::Heading;
use crate::messages::{Labels, Lang};

/// The tables of a publication as they were printed, without their figures.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Printed {
    /// The footnotes that lines refer to.
    pub footnotes: BTreeMap<String, Labels>,
    /// The tables in their order.
    pub tables: Vec<PrintedTable>,
}

/// A table as it was printed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PrintedTable {
    /// Its name.
    pub name: String,
    /// Its lines in their order.
    pub lines: Vec<PrintedLine>,
}

/// A line as it was printed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PrintedLine {
    /// Its code.
    pub code: String,
    /// The name that the line had.
    pub label: Labels,
    /// The depth of the indentation that the line had.
    pub level: u8,
    /// The keys of its footnotes.
    pub footnotes: Vec<String>,
    /// The selections of records that it counted in the year.
    pub any: Vec<BTreeMap<String, Vec<String>>>,
    /// The codes of the entered figures in it.
    pub entered: Vec<String>,
}

impl PrintedLine {
    fn of(line: &LayoutLine, year: i32) -> PrintedLine {
        PrintedLine {
            code: line.code.clone(),
            label: line.label.clone(),
            level: line.level,
            footnotes: line.footnotes.clone(),
            any: line.written(year),
            entered: line.entered(year).map(str::to_owned).collect(),
        }
    }

    /// True if a line of a layout counts the same in the year.
    pub fn counts_as(&self, line: &LayoutLine, year: i32) -> bool {
        self.any == line.written(year) && self.entered.iter().map(String::as_str).eq(line.entered(year))
    }
}

impl Printed {
    /// The tables of a layout of which there is a figure, as they are printed for a year.
    pub fn of(layout: &Layout, figures: &BTreeMap<String, i64>, year: i32) -> Printed {
        let mut out = Printed::default();
        for (name, table) in layout.tables().filter(|(name, table)| concerns(layout, name, table, figures)) {
            let lines = table.lines.iter().map(|line| PrintedLine::of(line, year)).collect();
            out.tables.push(PrintedTable { name: name.to_owned(), lines });
            for key in table.lines.iter().flat_map(|line| &line.footnotes) {
                out.footnotes.extend(layout.footnote(key).map(|text| (key.clone(), text.clone())));
            }
        }
        out
    }

    /// The line of that code.
    pub fn line(&self, code: &str) -> Option<&PrintedLine> {
        self.tables.iter().flat_map(|table| &table.lines).find(|line| line.code == code)
    }

    /// The lines of a table; none where nothing was published of it.
    pub fn table(&self, name: &str) -> Option<&[PrintedLine]> {
        self.tables.iter().find(|table| table.name == name).map(|table| table.lines.as_slice())
    }
}

/// True if there is a figure for a line of the table. A figure whose line two tables share belongs to the first of
/// them.
fn concerns(layout: &Layout, name: &str, table: &TableLayout, figures: &BTreeMap<String, i64>) -> bool {
    let own = |line: &LayoutLine| layout.first_table_with(&line.code) == Some(name);
    table.lines.iter().any(|line| own(line) && figures.contains_key(&line.code))
}

/// The lines of a layout's table as they are drawn.
pub fn headings(layout: &Layout, table: &TableLayout, lang: Lang) -> Vec<Heading> {
    let text = |key: &String| layout.footnote(key).map(|text| text.get(lang).to_owned());
    let heading = |line: &LayoutLine| Heading {
        code: line.code.clone(),
        label: line.label.get(lang).to_owned(),
        level: line.level,
        footnotes: line.footnotes.iter().filter_map(text).collect(),
    };
    table.lines.iter().map(heading).collect()
}

/// The lines of a table as they were printed.
pub fn printed_headings(printed: &Printed, table: &str, lang: Lang) -> Vec<Heading> {
    let text = |key: &String| printed.footnotes.get(key).map(|text| text.get(lang).to_owned());
    let heading = |line: &PrintedLine| Heading {
        code: line.code.clone(),
        label: line.label.get(lang).to_owned(),
        level: line.level,
        footnotes: line.footnotes.iter().filter_map(text).collect(),
    };
    printed.table(table).unwrap_or_default().iter().map(heading).collect()
}

/// One list of lines out of those of several years, the newest first: a line is what the newest year says of it, and
/// one that newer years do not have stands after the line that it followed.
pub fn merged(years: impl IntoIterator<Item = Vec<Heading>>) -> Vec<Heading> {
    let mut all: Vec<Heading> = Vec::new();
    for lines in years {
        let mut after = 0;
        for line in lines {
            match all.iter().position(|known| known.code == line.code) {
                Some(place) => after = place + 1,
                None => {
                    all.insert(after, line);
                    after += 1;
                }
            }
        }
    }
    all
}
