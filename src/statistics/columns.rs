//! The columns of the statistics: their heads for readers, and what each holds, for programs.

use super::observations::STATUS_OF;
use crate::formats::json_stat::MEASURE;
use crate::formats::{ReaderWords, note};
use crate::messages::Writing;
use crate::registers::Vocabulary;

/// The kind of the values of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Text.
    Text,
    /// Whole numbers.
    Integer,
    /// Numbers, with a point before their decimals.
    Number,
}

impl ColumnKind {
    /// The type as Table Schema (Frictionless) calls it.
    pub fn table_schema_type(self) -> &'static str {
        match self {
            ColumnKind::Text => "string",
            ColumnKind::Integer => "integer",
            ColumnKind::Number => "number",
        }
    }
}

/// The contents of a column, by its name.
const COLUMNS: &[(&str, ColumnKind, &str)] = &[
    ("code", ColumnKind::Text, "The code of a line, the same in every language."),
    ("label", ColumnKind::Text, "The name of the line in the language asked for."),
    ("line", ColumnKind::Text, "The code of a line."),
    ("unit", ColumnKind::Text, "The unit of the figures; empty where they are numbers of records."),
    (
        "decimals",
        ColumnKind::Integer,
        "The decimals that the figures are shown with; empty where they are as many as a figure has.",
    ),
    ("year", ColumnKind::Integer, "The year. Business years are named by the calendar year in which they begin."),
    ("quarter", ColumnKind::Text, "The quarter, as 2017-Q1."),
    ("month", ColumnKind::Text, "The month, as 2017-03."),
    ("value", ColumnKind::Number, "The figure; empty where `status` says why there is none."),
    (
        "status",
        ColumnKind::Text,
        "The state of the figure: PUBLISHED (as published), LIVE (counted from the records as they are now), ENTERED (by people), PROVISIONAL (not final), HIDDEN (not shown, because it is small), NOT_COLLECTED (nothing is known, which is not 0), NONE (a year without figures).",
    ),
    (
        "figure_status",
        ColumnKind::Text,
        "The state of the number, as in `status`: a column of its own, for records have a status too.",
    ),
    ("basis", ColumnKind::Text, "The origin of the figure: PUBLISHED, LIVE, ENTERED or NONE."),
    ("development", ColumnKind::Number, "The difference between the last two years."),
    (
        "development_percent",
        ColumnKind::Number,
        "The same in percent of the year before, to two decimals; empty where that is 0.",
    ),
    ("footnotes", ColumnKind::Text, "The numbers of the line's footnotes, separated by commas."),
    ("level", ColumnKind::Integer, "The depth of the line's indentation: 0 for totals."),
    ("kind", ColumnKind::Text, "The kind of a note (FOOTNOTE, WARNING, SOURCE, PROVISIONAL); of records their kind."),
    ("id", ColumnKind::Integer, "The number of a footnote."),
    (
        "lines",
        ColumnKind::Text,
        "The codes of the lines that a note is about, separated by commas; empty where it is about all.",
    ),
    ("text", ColumnKind::Text, "The text of a note."),
    ("register", ColumnKind::Text, "The register."),
    ("opening", ColumnKind::Integer, "Pending at the beginning of the period."),
    ("received", ColumnKind::Integer, "Received in the period."),
    ("closed", ColumnKind::Integer, "Closed in the period."),
    ("closing", ColumnKind::Integer, "Pending at the end of the period, today where it is not over."),
    (
        "closed_share",
        ColumnKind::Number,
        "Percentage of what was received in the year that was closed by its end, to two decimals.",
    ),
    ("count", ColumnKind::Integer, "The number of records."),
    ("group", ColumnKind::Text, "The group; TOTAL is all together."),
    ("mean", ColumnKind::Number, "Mean number of days from received to closed."),
    ("median", ColumnKind::Number, "Median number of days."),
    ("p90", ColumnKind::Integer, "Days within which nine of ten were closed."),
    ("max", ColumnKind::Integer, "The most days."),
    ("pending", ColumnKind::Integer, "The number of pending records."),
    ("pending_mean", ColumnKind::Number, "Mean age of the pending in days."),
    ("pending_max", ColumnKind::Integer, "Age of the oldest pending in days."),
    ("to_30", ColumnKind::Integer, "Pending for up to 30 days."),
    ("to_90", ColumnKind::Integer, "Pending for 31 to 90 days."),
    ("to_180", ColumnKind::Integer, "Pending for 91 to 180 days."),
    ("to_365", ColumnKind::Integer, "Pending for 181 to 365 days."),
    ("above_365", ColumnKind::Integer, "Pending for more than 365 days."),
    (
        "closed_status",
        ColumnKind::Text,
        "HIDDEN where the days of the closed are not told because there are few; else the state of the figures.",
    ),
    (
        "pending_status",
        ColumnKind::Text,
        "HIDDEN where the days of the pending are not told because there are few; else the state of the figures.",
    ),
    ("projects", ColumnKind::Integer, "Projects received in the year."),
    ("projects_pending", ColumnKind::Integer, "Projects pending at the end of the year."),
    ("audits", ColumnKind::Integer, "Audits received in the year."),
    ("findings", ColumnKind::Integer, "Findings of these audits."),
    ("findings_implemented", ColumnKind::Integer, "Findings that are implemented by now."),
    ("implemented_share", ColumnKind::Number, "The same in percent, to two decimals."),
    ("trainings", ColumnKind::Integer, "Trainings held."),
    ("training_participants", ColumnKind::Integer, "People who took part in trainings."),
    ("lectures", ColumnKind::Integer, "Lectures given."),
    ("lecture_participants", ColumnKind::Integer, "People who heard lectures."),
    ("participants_known", ColumnKind::Integer, "Events whose number of participants is known."),
    (
        "positions_percent",
        ColumnKind::Integer,
        "Positions in percent: 180 is one full position and another of 80 percent.",
    ),
    ("new_cases", ColumnKind::Integer, "New cases."),
    ("new_cases_per_position", ColumnKind::Number, "New cases per full position, to one decimal."),
    ("pending_per_position", ColumnKind::Number, "Pending per full position, to one decimal."),
    ("requester", ColumnKind::Text, "Who asked."),
    ("area", ColumnKind::Text, "The area that it is about."),
    ("channel", ColumnKind::Text, "The channel by which it came in."),
];

/// The kind of the values of a column, and a description of them. A year is a column of figures; all else that is not known is text.
pub fn described(column: &str) -> (ColumnKind, String) {
    if let Some((_, kind, description)) = COLUMNS.iter().find(|(name, ..)| *name == column) {
        return (*kind, (*description).to_owned());
    }
    match column.strip_prefix(STATUS_OF) {
        Some(year) => (ColumnKind::Text, format!("The state of the figure of {year}, as in `status`.")),
        None if is_year(column) => (ColumnKind::Number, format!("The figure of {column}.")),
        None => (ColumnKind::Text, format!("The {}.", column.replace(['_', '.'], " "))),
    }
}

fn is_year(column: &str) -> bool {
    column.len() == 4 && column.bytes().all(|byte| byte.is_ascii_digit())
}

/// The head of a column in a language; that of what is the authority's own is its label.
fn head(column: &str, vocabulary: &Vocabulary, writing: Writing) -> String {
    if let Some(year) = column.strip_prefix(STATUS_OF) {
        return format!("{} {year}", head("status", vocabulary, writing));
    }
    if let Some(codes) = column.strip_suffix("_label") {
        return format!("{} ({})", head(codes, vocabulary, writing), head("label", vocabulary, writing));
    }
    let dimension = vocabulary.own_dimension(column).map(|own| &own.label);
    let number = || vocabulary.numbers.iter().find(|own| own.path == column).map(|own| &own.label);
    match dimension.or_else(number) {
        Some(label) => label.get(writing.lang).to_owned(),
        None => writing.message("statistics-column", &[("name", &column)]),
    }
}

/// The words that a sheet with these columns is shown to readers with.
pub fn words(title: String, header: &[String], vocabulary: &Vocabulary, writing: Writing) -> ReaderWords {
    let columns = header.iter().map(String::as_str).chain(note::COLUMNS).chain([MEASURE]);
    ReaderWords { title, heads: columns.map(|column| (column.to_owned(), head(column, vocabulary, writing))).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::Lang;
    use crate::registers::Dimension;

    #[test]
    fn what_a_column_holds_is_known() {
        assert_eq!(described("2017"), (ColumnKind::Number, "The figure of 2017.".into()));
        assert_eq!(described("status_2017").0, ColumnKind::Text);
        assert_eq!(described("closed_share").0, ColumnKind::Number);
        assert_eq!(described("own.jurisdiction"), (ColumnKind::Text, "The own jurisdiction.".into()));
        for column in note::COLUMNS {
            assert!(COLUMNS.iter().any(|(name, ..)| *name == column), "{column}");
        }
    }

    #[test]
    fn every_column_has_a_head_in_every_language() {
        let none = Vocabulary::default();
        for lang in Lang::ALL {
            let dimensions = Dimension::ALL.into_iter().map(Dimension::name);
            for column in COLUMNS.iter().map(|(column, ..)| *column).chain(dimensions).chain([MEASURE]) {
                assert_ne!(head(column, &none, lang.into()), column, "{column} in {}", lang.code());
            }
            assert_eq!(head("2017", &none, lang.into()), "2017");
            assert!(head("status_2017", &none, lang.into()).ends_with(" 2017"));
        }
    }
}
