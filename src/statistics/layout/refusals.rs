//! Refusals in a layout while it is read, and doubts about it.

use std::collections::BTreeMap;

use toml::Spanned;

use crate::source::{Refusal, did_you_mean, refuse};

/// A text as it is written, by language.
pub(super) type Written = Spanned<BTreeMap<String, String>>;

/// The refusals in a layout, as far as it was read, and the doubts about what is no fault.
#[derive(Default)]
pub(super) struct Refusals {
    pub(super) refused: Vec<Refusal>,
    pub(super) doubted: Vec<Refusal>,
}

impl Refusals {
    /// Notes a refusal.
    pub(super) fn note<T>(&mut self, read: Result<T, Refusal>) -> Option<T> {
        read.map_err(|refusal| self.refused.push(refusal)).ok()
    }
}

/// Refuses a line that is not there.
pub(super) fn no_line<T>(code: &Spanned<String>, known: impl Iterator<Item = impl AsRef<str>>) -> Result<T, Refusal> {
    let known: Vec<String> = known.map(|code| code.as_ref().to_owned()).collect();
    let meant = did_you_mean(code.get_ref(), known.iter().map(String::as_str));
    refuse(code, format!("there is no line {} in this table{meant}", code.get_ref()))
}
