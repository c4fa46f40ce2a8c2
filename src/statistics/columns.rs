//! The columns of the statistics: their heads for readers, and what each holds, for programs.

use super::observations::STATUS_OF;
use crate::formats::{Words, note};
use crate::messages::Lang;

/// The kind of the values of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// Whole numbers.
    Integer,
    /// Numbers, with a point before their decimals.
    Number,
}

impl Kind {
    /// The type as Table Schema (Frictionless) calls it.
    pub fn table_schema_type(self) -> &'static str {
        match self {
            Kind::Text => "string",
            Kind::Integer => "integer",
            Kind::Number => "number",
        }
    }
}

/// What a column holds, by its name.
const COLUMNS: &[(&str, Kind, &str)] = &[
    ("code", Kind::Text, "The code of a line, the same in every language."),
    ("label", Kind::Text, "The name of the line in the language asked for."),
    ("line", Kind::Text, "The code of a line."),
    ("unit", Kind::Text, "The unit of the figures; empty where they are numbers of records."),
    (
        "decimals",
        Kind::Integer,
        "The decimals that the figures are shown with; empty where they are as many as a figure has.",
    ),
    ("year", Kind::Integer, "The year. Business years are named by the calendar year in which they begin."),
    ("quarter", Kind::Text, "The quarter, as 2017-Q1."),
    ("month", Kind::Text, "The month, as 2017-03."),
    ("value", Kind::Number, "The figure; empty where `status` says why there is none."),
    (
        "status",
        Kind::Text,
        "The state of the figure: PUBLISHED (as published), LIVE (counted from the records as they are now), ENTERED (by people), PROVISIONAL (not final), HIDDEN (not shown, because it is small), NOT_COLLECTED (nothing is known, which is not 0), NONE (a year without figures).",
    ),
    ("basis", Kind::Text, "The origin of the figure: PUBLISHED, LIVE, ENTERED or NONE."),
    ("development", Kind::Number, "The difference between the last two years."),
    (
        "development_percent",
        Kind::Number,
        "The same in percent of the year before, to two decimals; empty where that is 0.",
    ),
    ("footnotes", Kind::Text, "The numbers of the line's footnotes, separated by commas."),
    ("level", Kind::Integer, "The depth of the line's indentation: 0 for totals."),
    ("kind", Kind::Text, "The kind of a note (FOOTNOTE, WARNING, SOURCE, PROVISIONAL); of records their kind."),
    ("id", Kind::Integer, "The number of a footnote."),
    (
        "lines",
        Kind::Text,
        "The codes of the lines that a note is about, separated by commas; empty where it is about all.",
    ),
    ("text", Kind::Text, "The text of a note."),
    ("register", Kind::Text, "The register."),
    ("opening", Kind::Integer, "Pending at the beginning of the period."),
    ("received", Kind::Integer, "Received in the period."),
    ("closed", Kind::Integer, "Closed in the period."),
    ("closing", Kind::Integer, "Pending at the end of the period, today where it is not over."),
    (
        "closed_share",
        Kind::Number,
        "Percentage of what was received in the year that was closed by its end, to two decimals.",
    ),
    ("count", Kind::Integer, "The number of records."),
    ("group", Kind::Text, "The group; TOTAL is all together."),
    ("mean", Kind::Number, "Mean number of days from received to closed."),
    ("median", Kind::Number, "Median number of days."),
    ("p90", Kind::Integer, "Days within which nine of ten were closed."),
    ("max", Kind::Integer, "The most days."),
    ("pending", Kind::Integer, "The number of pending records."),
    ("pending_mean", Kind::Number, "Mean age of the pending in days."),
    ("pending_max", Kind::Integer, "Age of the oldest pending in days."),
    ("to_30", Kind::Integer, "Pending for up to 30 days."),
    ("to_90", Kind::Integer, "Pending for 31 to 90 days."),
    ("to_180", Kind::Integer, "Pending for 91 to 180 days."),
    ("to_365", Kind::Integer, "Pending for 181 to 365 days."),
    ("above_365", Kind::Integer, "Pending for more than 365 days."),
    (
        "closed_status",
        Kind::Text,
        "HIDDEN where the days of the closed are not told because there are few; else the state of the figures.",
    ),
    (
        "pending_status",
        Kind::Text,
        "HIDDEN where the days of the pending are not told because there are few; else the state of the figures.",
    ),
    ("projects", Kind::Integer, "Projects received in the year."),
    ("projects_pending", Kind::Integer, "Projects pending at the end of the year."),
    ("audits", Kind::Integer, "Audits received in the year."),
    ("findings", Kind::Integer, "Findings of these audits."),
    ("findings_implemented", Kind::Integer, "Findings that are implemented by now."),
    ("implemented_share", Kind::Number, "The same in percent, to two decimals."),
    ("trainings", Kind::Integer, "Trainings held."),
    ("training_participants", Kind::Integer, "People who took part in trainings."),
    ("lectures", Kind::Integer, "Lectures given."),
    ("lecture_participants", Kind::Integer, "People who heard lectures."),
    ("participants_known", Kind::Integer, "Events whose number of participants is known."),
    ("positions_percent", Kind::Integer, "Positions in percent: 180 is one full position and another of 80 percent."),
    ("new_cases", Kind::Integer, "New cases."),
    ("new_cases_per_position", Kind::Number, "New cases per full position, to one decimal."),
    ("pending_per_position", Kind::Number, "Pending per full position, to one decimal."),
    ("requester", Kind::Text, "Who asked."),
    ("area", Kind::Text, "The area that it is about."),
    ("channel", Kind::Text, "The channel by which it came in."),
];

/// The kind of the values of a column, and a description of them. A year is a column of figures; all else that is not known is text.
pub fn described(column: &str) -> (Kind, String) {
    if let Some((_, kind, description)) = COLUMNS.iter().find(|(name, ..)| *name == column) {
        return (*kind, (*description).to_owned());
    }
    match column.strip_prefix(STATUS_OF) {
        Some(year) => (Kind::Text, format!("The state of the figure of {year}, as in `status`.")),
        None if is_year(column) => (Kind::Number, format!("The figure of {column}.")),
        None => (Kind::Text, format!("The {}.", column.replace(['_', '.'], " "))),
    }
}

fn is_year(column: &str) -> bool {
    column.len() == 4 && column.bytes().all(|byte| byte.is_ascii_digit())
}

/// The head of a column in a language.
fn head(column: &str, lang: Lang) -> String {
    if let Some(year) = column.strip_prefix(STATUS_OF) {
        return format!("{} {year}", head("status", lang));
    }
    if let Some(codes) = column.strip_suffix("_label") {
        return format!("{} ({})", head(codes, lang), head("label", lang));
    }
    lang.message("statistics-column", &[("name", &column)])
}

/// The words that a sheet with these columns is shown to readers with.
pub fn words(title: String, header: &[String], lang: Lang) -> Words {
    let columns = header.iter().map(String::as_str).chain(note::COLUMNS);
    Words { title, heads: columns.map(|column| (column.to_owned(), head(column, lang))).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_column_holds_is_known() {
        assert_eq!(described("2017"), (Kind::Number, "The figure of 2017.".into()));
        assert_eq!(described("status_2017").0, Kind::Text);
        assert_eq!(described("closed_share").0, Kind::Number);
        assert_eq!(described("own.jurisdiction"), (Kind::Text, "The own jurisdiction.".into()));
        for column in note::COLUMNS {
            assert!(COLUMNS.iter().any(|(name, ..)| *name == column), "{column}");
        }
    }

    #[test]
    fn every_column_has_a_head_in_every_language() {
        for lang in Lang::ALL {
            for (column, ..) in COLUMNS {
                assert_ne!(head(column, lang), *column, "{column} in {}", lang.code());
            }
            assert_eq!(head("2017", lang), "2017");
            assert!(head("status_2017", lang).ends_with(" 2017"));
        }
    }
}
