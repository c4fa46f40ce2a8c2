//! Texts that people write in files, such as the files of a profile: what is wrong with one, and where it stands.

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeValue, ValueDeserializer};

/// A fault of a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct SourceFault {
    /// The file.
    pub file: String,
    /// The line in it, from 1; 0 for the file as a whole.
    pub line: usize,
    /// The fault, and its remedy.
    pub reason: String,
}

impl std::fmt::Display for SourceFault {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let SourceFault { file, line, reason } = self;
        match line {
            0 => write!(out, "{file}: {reason}"),
            _ => write!(out, "{file}:{line}: {reason}"),
        }
    }
}

/// A reason at a place in a text, which is the number of bytes before it.
pub type Refusal = (usize, String);

/// Refuses what is written at a place.
pub fn refuse<T, R>(at: &Spanned<T>, reason: impl Into<String>) -> Result<R, Refusal> {
    Err((at.span().start, reason.into()))
}

/// The refusal of what TOML or serde cannot read.
pub fn unreadable(error: &toml::de::Error) -> Refusal {
    (error.span().map_or(0, |span| span.start), error.message().to_owned())
}

/// A value as a type; its fault is noted.
pub fn typed<T: DeserializeOwned>(value: Spanned<DeValue>, refusals: &mut Vec<Refusal>) -> Option<T> {
    let place = value.span().start;
    let read = T::deserialize(ValueDeserializer::from(value));
    read.map_err(|error| refusals.push((error.span().map_or(place, |span| span.start), error.message().to_owned())))
        .ok()
}

/// The elements of a list.
pub fn items<'v>(value: Spanned<DeValue<'v>>, refusals: &mut Vec<Refusal>) -> Vec<Spanned<DeValue<'v>>> {
    let place = value.span().start;
    match value.into_inner() {
        DeValue::Array(items) => items.into_iter().collect(),
        _ => {
            refusals.push((place, "this is a list: it has [ and ], or a block in [[ and ]] for each element".into()));
            Vec::new()
        }
    }
}

/// The elements of a list as a type each; a fault of one leaves the others as they are.
pub fn each<T: DeserializeOwned>(value: Spanned<DeValue>, refusals: &mut Vec<Refusal>) -> Vec<T> {
    items(value, refusals).into_iter().filter_map(|item| typed(item, refusals)).collect()
}

/// The fault in a file that a refusal tells of.
pub fn located(file: &str, text: &str, (place, reason): Refusal) -> SourceFault {
    let line = text.get(..place).unwrap_or(text).matches('\n').count() + 1;
    SourceFault { file: file.to_owned(), line, reason }
}

/// True for lower-case words of letters, digits, hyphens and underscores.
pub fn is_word(text: &str) -> bool {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    text.starts_with(|c: char| c.is_ascii_lowercase()) && text.chars().all(legal)
}

/// True for a code, such as `PRIOR_CHECK`.
pub fn is_code(text: &str) -> bool {
    let legal = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    text.starts_with(|c: char| c.is_ascii_uppercase()) && text.chars().all(legal)
}

/// A further sentence that names what was probably meant, where anything known is like what is written.
pub fn did_you_mean<'k>(written: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    const LIKE: f64 = 0.8;
    let written = written.to_lowercase();
    let likeness = |known: &'k str| (strsim::jaro_winkler(&written, &known.to_lowercase()), known);
    let best = known.into_iter().map(likeness).filter(|(likeness, _)| *likeness >= LIKE);
    best.max_by(|one, other| one.0.total_cmp(&other.0))
        .map_or_else(String::new, |(_, known)| format!("; did you mean {known}?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_was_meant() {
        assert_eq!(did_you_mean("POLISE", ["IT", "POLICE"]), "; did you mean POLICE?");
        assert_eq!(did_you_mean("aera", ["area", "kind"]), "; did you mean area?");
        assert_eq!(did_you_mean("TAXES", ["IT", "POLICE"]), "");
    }
}
