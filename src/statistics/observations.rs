//! A table as rows: one for each line as people read it, or one for each line and year as programs do.

use std::collections::BTreeMap;

use super::provisional;
use super::status::{Basis, FigureStatus, Observation};
use super::table::{Table, TableLine};
use crate::formats::{Cell, Note, NoteKind, Sheet};

/// The columns of figures with a row for each line and year.
pub const COLUMNS: [&str; 6] = ["code", "year", "value", "status", "basis", "unit"];

impl Table {
    /// The state of a figure of a line, by the place of its year.
    pub(super) fn status(&self, line: &TableLine, index: usize) -> FigureStatus {
        let value = line.values.get(index).copied().flatten();
        let basis = line.basis.get(index).copied().unwrap_or(Basis::None);
        let is_provisional = self.years.get(index).is_some_and(|year| self.is_provisional(*year));
        match (value, basis) {
            _ if line.hides(index) => FigureStatus::Hidden,
            (_, Basis::None) => FigureStatus::None,
            (None, _) => FigureStatus::NotCollected,
            _ if is_provisional => FigureStatus::Provisional,
            (_, Basis::Published) => FigureStatus::Published,
            (_, Basis::Live) => FigureStatus::Live,
            (_, Basis::Entered) => FigureStatus::Entered,
        }
    }

    fn is_provisional(&self, year: i32) -> bool {
        self.sources.iter().any(|source| source.year == year && source.provisional)
    }

    /// The lines that have figures.
    fn with_figures(&self) -> impl Iterator<Item = &TableLine> {
        self.lines.iter().filter(|line| !line.heading)
    }

    /// The table with a row for each line and year in place of its lines.
    pub fn in_long_shape(self) -> Table {
        let of_line = |line: &TableLine| -> Vec<Observation> {
            let observed = |(index, year): (usize, &i32)| Observation {
                code: line.code.clone(),
                year: *year,
                value: line.values.get(index).copied().flatten(),
                status: self.status(line, index),
                basis: line.basis.get(index).copied().unwrap_or(Basis::None),
                unit: line.unit.clone(),
            };
            self.years.iter().enumerate().map(observed).collect()
        };
        let items = self.with_figures().flat_map(of_line).collect();
        Table { items, lines: Vec::new(), ..self }
    }

    /// A sheet with a row for each line and year.
    pub fn long_sheet(&self, name: &str) -> Sheet {
        let of_line = |line: &TableLine| -> Vec<Vec<Cell>> {
            let years = self.years.iter().enumerate().zip(line.cells());
            let row = |((index, year), value): ((usize, &i32), Cell)| {
                let basis = line.basis.get(index).copied().unwrap_or(Basis::None);
                let unit = line.unit.as_deref().map_or(Cell::Empty, Cell::from);
                let status = self.status(line, index).name().into();
                vec![line.code.as_str().into(), Cell::Number((*year).into()), value, status, basis.name().into(), unit]
            };
            years.map(row).collect()
        };
        Sheet {
            header: COLUMNS.map(str::to_owned).to_vec(),
            rows: self.with_figures().flat_map(of_line).collect(),
            keys: 2,
            attributes: 3,
            ..self.empty_sheet(name)
        }
    }

    /// A sheet with a row for each line.
    pub fn sheet(&self, name: &str) -> Sheet {
        let has_units = self.lines.iter().any(|line| line.unit.is_some() || line.decimals.is_some());
        let years = || self.years.iter().map(i32::to_string);
        let mut header = vec!["code".to_owned(), "label".to_owned()];
        header.extend(has_units.then(|| ["unit", "decimals"].map(str::to_owned)).into_iter().flatten());
        header.extend(years());
        header.extend(["development", "development_percent", "footnotes", "level"].map(str::to_owned));
        header.extend(years().map(|year| format!("{STATUS_OF}{year}")));
        Sheet {
            header,
            rows: self.lines.iter().map(|line| self.row(line, has_units)).collect(),
            keys: if has_units { 4 } else { 2 },
            attributes: 1 + self.years.len(),
            levels: self.lines.iter().map(|line| line.level).collect(),
            ..self.empty_sheet(name)
        }
    }

    fn row(&self, line: &TableLine, has_units: bool) -> Vec<Cell> {
        let mut row: Vec<Cell> = vec![line.code.as_str().into(), line.label.as_str().into()];
        let unit = || [line.unit.as_deref().map_or(Cell::Empty, Cell::from), line.decimals.map(i64::from).into()];
        row.extend(has_units.then(unit).into_iter().flatten());
        row.extend(line.cells());
        let change = line.development.as_ref().map(|development| development.absolute);
        row.push(Cell::figure(change, line.decimals));
        row.push(Cell::percent(line.development.as_ref().and_then(|development| development.percent)));
        let footnotes: Vec<String> = line.footnotes.iter().map(u32::to_string).collect();
        row.extend([footnotes.join(",").into(), Cell::Number(line.level.into())]);
        let status = |index: usize| if line.heading { Cell::Empty } else { self.status(line, index).name().into() };
        row.extend((0..self.years.len()).map(status));
        row
    }

    /// The table for formats that have dimensions, not columns; `parts` are the lines that another one is the sum of.
    pub fn by_year(&self, name: &str, parts: BTreeMap<String, Vec<String>>) -> Sheet {
        let long = self.long_sheet(name);
        let labels = self.lines.iter().map(|line| (line.code.clone(), line.label.clone()));
        let is_shown = |code: &String| self.with_figures().any(|line| line.code == *code);
        let shown = |(whole, parts): (String, Vec<String>)| {
            let parts: Vec<String> = parts.into_iter().filter(is_shown).collect();
            (is_shown(&whole) && !parts.is_empty()).then_some((whole, parts))
        };
        Sheet {
            header: ["line", "year", "value", "status"].map(str::to_owned).to_vec(),
            rows: long.rows.iter().map(|row| row[..4].to_vec()).collect(),
            attributes: 1,
            labels: [("line".to_owned(), labels.collect())].into(),
            parts: parts.into_iter().filter_map(shown).collect(),
            units: self.lines.iter().filter_map(|line| Some((line.code.clone(), line.measure()?))).collect(),
            ..long
        }
    }

    fn empty_sheet(&self, name: &str) -> Sheet {
        Sheet { name: name.to_owned(), notes: self.notes(), as_of: self.last_day(), ..Sheet::default() }
    }

    /// The day of the latest publication, where all there is was published.
    fn last_day(&self) -> Option<chrono::NaiveDate> {
        let told = self.sources.iter().filter(|source| source.basis != Basis::None);
        let days: Option<Vec<_>> = told.map(|source| source.as_of.or(source.published_on)).collect();
        days?.into_iter().max()
    }

    /// Footnotes, warnings and sources.
    fn notes(&self) -> Vec<Note> {
        let with = |id: u32| self.lines.iter().filter(move |line| line.footnotes.contains(&id));
        let footnotes = self.footnotes.iter().map(|note| Note {
            kind: NoteKind::Footnote,
            id: Some(note.id),
            code: None,
            lines: with(note.id).map(|line| line.code.clone()).collect(),
            year: note.year,
            text: note.text.clone(),
        });
        let warnings = self.warnings.iter().map(|warning| Note {
            code: Some(warning.code.clone()),
            lines: vec![warning.line.clone()],
            ..Note::on_year(NoteKind::Warning, warning.year, warning.detail.clone())
        });
        let sources = self.sources.iter().map(|source| {
            let version = source.version.map(|version| format!("version {version}"));
            let day = source.published_on.map(|day| day.to_string());
            let said = [Some(source.basis.name().to_owned()), version, day, source.source.clone()];
            Note::on_year(NoteKind::Source, source.year, said.into_iter().flatten().collect::<Vec<_>>().join(", "))
        });
        let provisional = self.provisional().map(|(year, as_of)| provisional::note(self.lang, year, as_of));
        footnotes.chain(warnings).chain(sources).chain(provisional).collect()
    }
}

/// The beginning of the names of columns with the states of the figures of a year.
pub const STATUS_OF: &str = "status_";
