//! Texts that people write in files, such as the files of a profile: what is wrong with one, and where it stands.

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeValue, ValueDeserializer};
use validator::ValidateEmail;

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

/// Refuses what is no email address.
pub fn check_email<T>(at: &Spanned<T>, address: &str) -> Result<(), Refusal> {
    match address.validate_email() {
        true => Ok(()),
        false => refuse(at, format!("{address} is no email address; write for example info@authority.example")),
    }
}

/// The refusal of what TOML or serde cannot read.
pub fn unreadable(error: &toml::de::Error) -> Refusal {
    (error.span().map_or(0, |span| span.start), in_words(error.message()))
}

/// The sentence on a name that is none of those known.
pub fn unknown<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let meant = did_you_mean(name, known.iter().copied());
    match known.as_slice() {
        [] => format!("{name} is not known here"),
        _ => format!("{name} is not known here{meant}; known are {}", known.join(", ")),
    }
}

/// Kinds of values as serde calls them, and as people do.
const KINDS: [(&str, &str); 9] = [
    ("a sequence", "a list, in [ and ]"),
    ("a map", "a table, in { and }"),
    ("map", "a table"),
    ("struct ", "a table, in { and }"),
    ("a string", "a text, in quotation marks"),
    ("string", "a text"),
    ("a boolean", "true or false"),
    ("boolean", "true or false"),
    ("f64", "a number"),
];

/// A kind of values in words: whole numbers are `u32`, `i64` and so on.
fn kind(serde: &str) -> String {
    let known = KINDS.iter().find(|(name, _)| serde.starts_with(name) && (name.ends_with(' ') || serde == *name));
    let is_integer = serde
        .strip_prefix(['i', 'u'])
        .is_some_and(|width| width == "size" || width.bytes().all(|b| b.is_ascii_digit()));
    match known {
        Some((_, words)) => (*words).to_owned(),
        None if is_integer && serde.starts_with('u') => "a whole number, at least 0".to_owned(),
        None if is_integer => "a whole number".to_owned(),
        None => serde.to_owned(),
    }
}

/// A message of TOML or serde in the words of those who write files.
fn in_words(message: &str) -> String {
    let quoted = |text: &str| text.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let names = quoted(message);
    let known = || names.iter().skip(1).map(String::as_str);
    match (message.split_once(", expected "), names.first()) {
        _ if message.starts_with("unknown field `") || message.starts_with("unknown variant `") => {
            unknown(names.first().map_or("", String::as_str), known())
        }
        (_, Some(name)) if message.starts_with("missing field `") => format!("{name} is missing"),
        (Some((found, "a map")), _) if found.starts_with("invalid type: string ") => {
            "this must be a table, in { and }; where it is a text, one for each language, as in { de = \"…\" }"
                .to_owned()
        }
        (Some((_, expected)), _) if message.starts_with("invalid type: ") || message.starts_with("invalid value: ") => {
            format!("this must be {}", kind(expected))
        }
        _ => syntax(message),
    }
}

/// Faults of syntax of which the reader of TOML speaks in terms of its own work, and their meaning for a person who writes.
const SYNTAX: [(&str, &str); 5] = [
    ("duplicate key", "this key is there twice; leave one out"),
    ("cannot recurse further", "this lies too deep within brackets or braces"),
    ("recursion limit", "something lies too deep within brackets, braces or dots"),
    (
        "carriage return must be followed by newline",
        "a line ends in a carriage return alone; save the file with the line ends of Windows or Unix",
    ),
    (
        "invalid basic string",
        "a text is not closed in its line, or has a control character; both are written as in \"a\\nb\"",
    ),
];

/// A sentence on the syntax of TOML.
fn syntax(message: &str) -> String {
    let known = SYNTAX.iter().find(|(says, _)| message.starts_with(says));
    known.map_or(message, |(_, means)| means).to_owned()
}

/// A value as a type; its fault is noted.
pub fn typed<T: DeserializeOwned>(value: Spanned<DeValue>, refusals: &mut Vec<Refusal>) -> Option<T> {
    let place = value.span().start;
    let read = T::deserialize(ValueDeserializer::from(value));
    read.map_err(|error| refusals.push((error.span().map_or(place, |span| span.start), in_words(error.message())))).ok()
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
    fn what_serde_says_is_told_in_the_words_of_who_writes_files() {
        for (serde, told) in [
            (
                "unknown field `totl`, expected `total` or `parts`",
                "totl is not known here; did you mean total?; known are total, parts",
            ),
            ("unknown field `x`, there are no fields", "x is not known here"),
            ("missing field `total`", "total is missing"),
            ("invalid type: integer `5`, expected struct HolidaysSource", "this must be a table, in { and }"),
            ("invalid type: string \"de\", expected a sequence", "this must be a list, in [ and ]"),
            ("invalid value: integer `-1`, expected u32", "this must be a whole number, at least 0"),
            ("invalid type: string \"x\", expected i64", "this must be a whole number"),
            ("invalid value: integer `-10`, expected usize", "this must be a whole number, at least 0"),
            (
                "missing comma between key-value pairs, expected `,`",
                "missing comma between key-value pairs, expected `,`",
            ),
        ] {
            assert_eq!(in_words(serde), told);
        }
    }

    #[test]
    fn names_what_was_meant() {
        assert_eq!(did_you_mean("POLISE", ["IT", "POLICE"]), "; did you mean POLICE?");
        assert_eq!(did_you_mean("aera", ["area", "kind"]), "; did you mean area?");
        assert_eq!(did_you_mean("TAXES", ["IT", "POLICE"]), "");
    }
}
