//! The reasons why a line is not kept, in the list's own words: the row, the name of the column, and the language asked for.

use std::collections::BTreeMap;

use super::broken::LineFault;
use crate::error::{Allowed, Error, Fault};
use crate::messages::Lang;
use crate::records::store;
use crate::sync::mapping::{ExpectedValue, Misread};
use crate::sync::reason;

/// The words of a list.
pub struct ListWords {
    lang: Lang,
    /// The names of the columns by the properties that they give.
    columns: BTreeMap<String, String>,
}

impl ListWords {
    /// The words of a list with these columns, each with its property.
    pub fn new(lang: Lang, header: &[String], columns: &[Option<String>]) -> ListWords {
        let named = header.iter().zip(columns).filter_map(|(name, property)| Some((property.clone()?, name.clone())));
        ListWords { lang, columns: named.collect() }
    }

    /// The place of a property: the column where there is one, else the property; and the row.
    fn place(&self, property: &str, row: u64) -> String {
        let column = self.columns.get(property).map_or(property, String::as_str);
        self.lang.message("import-place", &[("column", &column), ("row", &row.to_string())])
    }

    /// The reason for a text that is not understood.
    pub fn misread(&self, Misread { property, text, expected }: &Misread, row: u64) -> String {
        let (kind, values) = match expected {
            ExpectedValue::Choice(values) => ("choice", values.join(", ")),
            ExpectedValue::WholeNumber => ("whole", String::new()),
            ExpectedValue::Number => ("number", String::new()),
            ExpectedValue::Flag => ("flag", String::new()),
            ExpectedValue::Date => ("date", String::new()),
            ExpectedValue::List => ("list", String::new()),
        };
        let told = self.lang.message("import-misread", &[("text", text), ("kind", &kind), ("values", &values)]);
        format!("{}: {told}", self.place(property, row))
    }

    /// The reason for a row that has not as many cells as the header.
    pub fn cells(&self, row: u64, has: usize, known: usize) -> String {
        let row = self.lang.message("import-row", &[("row", &row.to_string())]);
        format!(
            "{row}: {}",
            self.lang.message("import-cells", &[("has", &has.to_string()), ("known", &known.to_string())])
        )
    }

    /// The reason for a row that is no record.
    pub fn broken(&self, row: u64, fault: &LineFault) -> String {
        format!("{}: {}", self.lang.message("import-row", &[("row", &row.to_string())]), fault.told(self.lang))
    }

    /// The reason for what somebody has changed here.
    pub fn changed_here(&self, number: &str) -> String {
        self.lang.message("import-changed-here", &[("number", &number)])
    }

    /// The reason for a line that says another matter than the record of its key, which has this title and day received.
    pub fn other_matter(&self, number: &str, (title, day): (&str, &str)) -> String {
        self.lang.message("import-other-matter", &[("number", &number), ("title", &title), ("day", &day)])
    }

    /// The reason for any other error.
    pub fn reason(&self, error: &Error, row: u64) -> String {
        let of_row =
            |told: String| format!("{}: {told}", self.lang.message("import-row", &[("row", &row.to_string())]));
        match error {
            Error::Validation(faults) => {
                let told: Vec<String> = faults.iter().map(|fault| self.fault(fault, row)).collect();
                told.join("; ")
            }
            Error::Conflict { detail, record, .. } => self.conflict(detail, record.as_deref(), row),
            Error::Stale { held } => of_row(self.lang.message("import-changed", &[("revision", &held.to_string())])),
            error => of_row(self.refusal(error)),
        }
    }

    /// The reason for a line in whose way a record is.
    fn conflict(&self, detail: &str, record: Option<&str>, row: u64) -> String {
        let id = record.unwrap_or_default();
        if let Some(property) = store::taken_property(detail) {
            return format!(
                "{}: {}",
                self.place(property, row),
                self.lang.message("import-value-taken", &[("id", &id)])
            );
        }
        let told = match (detail, record) {
            (store::NUMBER_TAKEN, _) => self.lang.message("import-number-taken", &[("id", &id)]),
            (store::KEY_TAKEN, _) => self.lang.message("import-key-taken", &[("id", &id)]),
            // What the import itself says is in the list's language.
            (told, Some(id)) => format!("{told} ({id})"),
            (told, None) => told.to_owned(),
        };
        format!("{}: {told}", self.lang.message("import-row", &[("row", &row.to_string())]))
    }

    /// The reason for a line that is no record, or one that was deleted.
    fn refusal(&self, error: &Error) -> String {
        let (kind, number) = match error {
            Error::Deleted { version, .. } => ("deleted", version.to_string()),
            Error::TooLarge(most) => ("large", most.to_string()),
            Error::Malformed(_) => ("malformed", String::new()),
            _ => ("other", String::new()),
        };
        let detail = reason(error);
        self.lang.message("import-refused", &[("kind", &kind), ("number", &number), ("detail", &detail)])
    }

    fn fault(&self, fault: &Fault, row: u64) -> String {
        let pointer = fault.pointer.as_deref().unwrap_or_default().trim_start_matches('/').replace('/', ".");
        let Allowed { least, most, values } = &fault.allowed;
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let (least, most, values) = (text(least), text(most), text(values));
        let detail = self.lang.message(
            "import-fault",
            &[
                ("kind", &kind_of(fault)),
                ("detail", &fault.detail),
                ("least", &least),
                ("most", &most),
                ("values", &values),
            ],
        );
        if pointer.is_empty() {
            return format!("{}: {detail}", self.lang.message("import-row", &[("row", &row.to_string())]));
        }
        format!("{}: {detail}", self.place(&pointer, row))
    }
}

/// The kind of sentence that a fault is told in: its code, and what it names of what would be right.
fn kind_of(Fault { code, allowed: Allowed { least, most, values }, .. }: &Fault) -> String {
    let has_values = values.as_ref().is_some_and(|values| !values.is_empty());
    let named = match (least, most) {
        (Some(_), Some(_)) => "-between",
        (Some(_), None) => "-from",
        (None, Some(_)) => "-to",
        (None, None) if has_values => "-of",
        (None, None) => "",
    };
    format!("{code}{named}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The codes of faults that a record can have, with and without what would be right.
    const CODES: [&str; 23] = [
        "required",
        "in_future",
        "before_received",
        "before_decided",
        "before_valid_from",
        "unknown_property",
        "unknown_reference",
        "invalid_type",
        "invalid_value",
        "invalid_value-of",
        "invalid_date",
        "invalid_character",
        "out_of_range-between",
        "too_long-between",
        "too_long-to",
        "too_short-between",
        "too_many_decimals-to",
        "blank",
        "duplicate",
        "contradiction",
        "not_together-of",
        "municipality_only",
        "more_faults",
    ];

    fn fault(code: &str) -> Fault {
        let (code, named) = code.split_once('-').unwrap_or((code, ""));
        let allowed = match named {
            "between" => Allowed::between(Some(1), Some(9)),
            "from" => Allowed::between(Some(1), None::<i64>),
            "to" => Allowed::between(None::<i64>, Some(9)),
            "of" => Allowed::one_of("IT, POLICE"),
            _ => Allowed::default(),
        };
        Fault::at("/title", code, "must be ENGLISH").allowing(allowed)
    }

    #[test]
    fn every_fault_is_told_in_the_language_of_the_list() {
        let spans = ["not_valid-between", "not_valid-from", "not_valid-to", "out_of_range-from", "too_short-from"];
        for lang in Lang::ALL.into_iter().filter(|lang| *lang != Lang::En) {
            let words = ListWords::new(lang, &["Titel".into()], &[Some("title".into())]);
            for code in CODES.into_iter().chain(spans) {
                let told = words.reason(&Error::Validation(vec![fault(code)]), 7);
                assert!(told.starts_with("Titel (") && !told.contains("ENGLISH"), "{lang:?} {code}: {told}");
            }
            // What has no sentence of its own says so with the detail.
            let told = words.reason(&Error::Validation(vec![fault("malformed")]), 7);
            assert!(told.contains("(must be ENGLISH)"), "{told}");
        }
    }

    #[test]
    fn what_would_be_right_is_told() {
        let words = ListWords::new(Lang::De, &[], &[]);
        let told = |code: &str| words.reason(&Error::Validation(vec![fault(code)]), 7);
        assert_eq!(told("out_of_range-between"), "title (Zeile 7): liegt nicht zwischen 1 und 9");
        assert_eq!(told("invalid_value-of"), "title (Zeile 7): ist kein zulässiger Wert; möglich: IT, POLICE");
        assert_eq!(told("not_valid-from"), "title (Zeile 7): hat einen Wert, der erst für Eingänge ab 1 gilt");
        let conflict = |detail: &str| {
            let record = Some("R".to_owned());
            words.reason(&Error::Conflict { detail: detail.into(), record, register: None }, 7)
        };
        assert_eq!(
            conflict(store::KEY_TAKEN),
            "Zeile 7: den Schlüssel im anderen System hat schon ein anderer Eintrag (R)"
        );
        let taken = conflict("the value of `bfs_number` is taken by another record");
        assert_eq!(taken, "bfs_number (Zeile 7): den Wert hat schon ein anderer Eintrag (R)");
        let told = words.reason(&Error::Deleted { record: None, register: None, version: 3 }, 7);
        assert!(told.starts_with("Zeile 7: wurde hier in der Version 3 gelöscht"), "{told}");
    }
}
