//! The report as a value: what it says, in its order and in words. Pages and print are made from it and add nothing.

use serde::Serialize;

/// The statistical part of the activity report of a year.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The language (ISO 639-1).
    pub lang: &'static str,
    /// The title, with the year.
    pub title: String,
    /// The words below it: those of the layout.
    pub subtitle: String,
    /// The authority whose report it is.
    pub authority: String,
    /// The ways in which it is reached.
    pub address: Vec<String>,
    /// Its logo (SVG).
    pub logo: Option<String>,
    /// The law that the report is made by.
    pub law: Option<String>,
    /// The year.
    pub year: i32,
    /// The day on which it was drawn up, in words.
    pub date: String,
    /// The terms under which it may be used.
    pub terms: Option<String>,
    /// The note that the year is not over or has not begun, where that is so.
    pub status: Option<String>,
    /// The heading of the list of the sections.
    pub contents: String,
    /// The sections in their order.
    pub sections: Vec<Section>,
}

/// A part of the report under a heading.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Section {
    /// The name: that of a table, of one of the software's own sections, or the file of a chapter.
    pub name: String,
    /// The heading.
    pub title: String,
    /// The blocks below the heading.
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
    /// The figures that matter most.
    Figures {
        /// The figures.
        figures: Vec<KeyFigure>,
    },
    /// A table.
    Table(Grid),
    /// A chart.
    Chart {
        /// The caption, which says what is shown.
        title: String,
        /// Every value in words, for those who hear it.
        description: String,
        /// The drawing.
        svg: String,
        /// The same for a narrow screen.
        #[serde(skip)]
        narrow: String,
    },
    /// A heading within a chapter.
    Heading {
        /// The depth, from 1.
        level: u8,
        /// Its words.
        runs: Vec<Run>,
    },
    /// A paragraph of a chapter.
    Paragraph {
        /// Its words.
        runs: Vec<Run>,
    },
    /// A list in a chapter.
    Points {
        /// The number of the first point, where they are numbered.
        first: Option<u64>,
        /// The points.
        points: Vec<Vec<Block>>,
    },
    /// A quotation in a chapter.
    Quote {
        /// The quoted blocks.
        blocks: Vec<Block>,
    },
    /// Lines of a chapter as they were written.
    Verbatim {
        /// The lines.
        text: String,
    },
}

/// A figure that stands for itself.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KeyFigure {
    /// Its name.
    pub label: String,
    /// The figure as it is printed.
    pub value: String,
    /// The change from the year before in words, where it is known.
    pub change: Option<String>,
}

/// Words of a chapter that look the same. A line break stands alone.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Run {
    /// The words.
    pub text: String,
    /// True if they are strong.
    pub strong: bool,
    /// True if they are stressed.
    pub emphasis: bool,
    /// The address that they lead to.
    pub link: Option<String>,
}

/// A table, its cells as they are printed.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Grid {
    /// The caption, which says what is shown.
    pub caption: String,
    /// The columns; the first one names the rows.
    pub columns: Vec<GridColumn>,
    /// The rows.
    pub rows: Vec<GridRow>,
    /// The footnotes, the first of which is number 1.
    pub footnotes: Vec<String>,
    /// The remarks that a reader must know about the figures.
    pub remarks: Vec<String>,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GridColumn {
    /// The name as it is printed.
    pub name: String,
    /// The type of the column's cells.
    pub holds: ColumnType,
}

/// The type of the cells of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnType {
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
    /// The name as it is printed.
    pub label: String,
    /// The depth of the indentation: 0 for totals.
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
    pub fn of_numbers(
        caption: impl Into<String>,
        label: impl Into<String>,
        numbers: impl IntoIterator<Item = String>,
    ) -> Grid {
        let numbers = numbers.into_iter().map(|name| GridColumn { name, holds: ColumnType::Numbers });
        let columns =
            std::iter::once(GridColumn { name: label.into(), holds: ColumnType::Text }).chain(numbers).collect();
        Grid { caption: caption.into(), columns, ..Grid::default() }
    }

    /// A table without rows.
    pub fn of(caption: impl Into<String>, columns: impl IntoIterator<Item = (String, ColumnType)>) -> Grid {
        let columns = columns.into_iter().map(|(name, holds)| GridColumn { name, holds }).collect();
        Grid { caption: caption.into(), columns, ..Grid::default() }
    }

    /// True for a long list of entries, which may go over pages; all other tables stand on one page.
    pub fn is_list(&self) -> bool {
        self.rows.len() > 8 && self.columns.get(1).is_some_and(|column| column.holds != ColumnType::Numbers)
    }

    /// True for a table of few numbers, which needs no whole width.
    pub fn is_small(&self) -> bool {
        self.columns.len() <= 4 && self.columns.iter().skip(1).all(|column| column.holds == ColumnType::Numbers)
    }

    /// The caption below a heading: the part that repeats it, and the rest.
    pub fn caption_below(&self, heading: &str) -> (&str, &str) {
        match self.caption.strip_prefix(heading) {
            Some(rest) if rest.is_empty() || rest.starts_with([' ', ',', ';']) => {
                let rest = rest.trim_start_matches([' ', ',', ';']);
                (&self.caption[..self.caption.len() - rest.len()], rest)
            }
            _ => ("", &self.caption),
        }
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
