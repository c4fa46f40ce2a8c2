//! The reasons why a line is not kept, in the list's own words: the row, the name of the column, and the language asked for.

use std::collections::BTreeMap;

use super::broken::LineFault;
use crate::error::{Error, Fault};
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

    /// The reason for any other error.
    pub fn reason(&self, error: &Error, row: u64) -> String {
        let of_row =
            |told: String| format!("{}: {told}", self.lang.message("import-row", &[("row", &row.to_string())]));
        match error {
            Error::Validation(faults) => {
                let told: Vec<String> = faults.iter().map(|fault| self.fault(fault, row)).collect();
                told.join("; ")
            }
            Error::Conflict { detail, record, .. } if detail == store::NUMBER_TAKEN => {
                let id = record.as_deref().unwrap_or_default();
                of_row(self.lang.message("import-number-taken", &[("id", &id)]))
            }
            Error::Stale { held } => of_row(self.lang.message("import-changed", &[("revision", &held.to_string())])),
            error => of_row(reason(error)),
        }
    }

    fn fault(&self, fault: &Fault, row: u64) -> String {
        let pointer = fault.pointer.as_deref().unwrap_or_default().trim_start_matches('/').replace('/', ".");
        let detail = self.lang.message("import-fault", &[("code", &fault.code), ("detail", &fault.detail)]);
        if pointer.is_empty() {
            return format!("{}: {detail}", self.lang.message("import-row", &[("row", &row.to_string())]));
        }
        format!("{}: {detail}", self.place(&pointer, row))
    }
}
