//! The report as a value: what it says, in its order and in words. Pages and print are made from it and add nothing.

use serde::Serialize;

/// The statistical part of the activity report of a year.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The language (ISO 639-1).
    pub lang: &'static str,
    /// What it is called, with the year.
    pub title: String,
    /// Whose report it is.
    pub subtitle: String,
    /// The day on which it was drawn up, in words.
    pub date: String,
    /// That its year is not over, or has not begun.
    pub status: Option<String>,
    /// What the list of the sections is called.
    pub contents: &'static str,
    /// The sections in their order.
    pub sections: Vec<Section>,
}

/// A part of the report under a heading.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Section {
    /// The heading.
    pub title: String,
    /// What stands below it.
    pub blocks: Vec<Block>,
}

/// A piece of a section.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Block {
    /// Sentences.
    Text {
        /// The sentences, one after the other.
        text: String,
    },
    /// Sentences, each on its own.
    List {
        /// The sentences.
        items: Vec<String>,
    },
    /// A table.
    Table(Grid),
    /// A chart.
    Chart {
        /// What it shows.
        title: String,
        /// Every value in words, for those who hear it.
        description: String,
        /// The drawing.
        svg: String,
    },
}

/// A table, its cells as they are printed.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Grid {
    /// What it shows.
    pub caption: String,
    /// The columns; the first one names the rows.
    pub columns: Vec<Column>,
    /// The rows.
    pub rows: Vec<GridRow>,
    /// The footnotes, the first of which is number 1.
    pub footnotes: Vec<String>,
    /// What a reader must know about the figures.
    pub remarks: Vec<String>,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Column {
    /// What it is called.
    pub name: String,
    /// What it holds.
    pub holds: Holds,
}

/// What the cells of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Holds {
    /// Numbers.
    Numbers,
    /// A word or a date, which stays on one line.
    Words,
    /// Text, however long.
    Text,
}

/// A row of a table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GridRow {
    /// What it is called.
    pub label: String,
    /// How deep it is indented: 0 for totals.
    pub level: u8,
    /// The numbers of its footnotes.
    pub footnotes: Vec<u32>,
    /// The cells after the label.
    pub cells: Vec<String>,
    /// The id of the record that it tells of, if it is one.
    #[serde(skip)]
    pub record: Option<String>,
}

impl Grid {
    /// A table without rows: the name of the rows, and of the columns with numbers.
    pub fn of_numbers(caption: impl Into<String>, label: &str, numbers: impl IntoIterator<Item = String>) -> Grid {
        let numbers = numbers.into_iter().map(|name| Column { name, holds: Holds::Numbers });
        let columns = std::iter::once(Column { name: label.to_owned(), holds: Holds::Text }).chain(numbers).collect();
        Grid { caption: caption.into(), columns, ..Grid::default() }
    }

    /// A table without rows.
    pub fn of(caption: impl Into<String>, columns: &[(&str, Holds)]) -> Grid {
        let columns = columns.iter().map(|(name, holds)| Column { name: (*name).to_owned(), holds: *holds }).collect();
        Grid { caption: caption.into(), columns, ..Grid::default() }
    }

    /// Whether it is a list of what there is, which may go over pages; a table of numbers stands on one.
    pub fn is_list(&self) -> bool {
        self.columns.get(1).is_some_and(|column| column.holds != Holds::Numbers)
    }

    /// Adds a row.
    pub fn row(&mut self, level: u8, label: impl Into<String>, cells: impl IntoIterator<Item = String>) {
        self.rows.push(GridRow {
            label: label.into(),
            level,
            footnotes: Vec::new(),
            cells: cells.into_iter().collect(),
            record: None,
        });
    }

    /// Adds a row that tells of a record.
    pub fn record(&mut self, id: &str, title: &str, cells: impl IntoIterator<Item = String>) {
        self.row(1, title, cells);
        if let Some(row) = self.rows.last_mut() {
            row.record = Some(id.to_owned());
        }
    }
}
