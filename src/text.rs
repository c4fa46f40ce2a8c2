//! The one normal form of texts, and how they are compared. What looks the same is the same: whichever way a text comes in,
//! it is brought into this form before anything else looks at it.
//!
//! - A *line* (a name, a number, a code, a title) is in NFC, has no white space at its ends and single spaces within it, and one
//!   kind of hyphen: word processors put in others, which look the same.
//! - *Lines* (notes, findings) are in NFC too and keep their line breaks, as LF, and their spaces.
//! - Characters that nobody sees (soft hyphens, zero-width spaces, marks of direction) are taken away from both.
//! - Control characters are refused: to drop one without a word would change a text that somebody meant.
//!
//! [`key`] is what lines are compared by: case does not matter.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_normalization::{IsNormalized, is_nfc_quick};

use crate::faults::{Faults, escape};

/// The properties that are texts of several lines, wherever they stand. All others are one line.
const LINES: [&str; 8] =
    ["notes", "outcome", "contact", "finding", "recommendation", "purpose", "legal_basis", "retention"];

/// The most characters of a name that are repeated where its place is told.
const NAME: usize = 100;

/// The most characters that texts are sorted by.
const SORTED_BY: usize = 300;

/// Stands before what decides last in a [`sort_key`], and comes before all that a longer text could have there.
const LAST_LEVEL: char = '\u{1}';

/// A character that does not belong into a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unprintable(char);

impl std::fmt::Display for Unprintable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "must not contain the control character U+{:04X}", u32::from(self.0))
    }
}

/// Nobody sees it, and no text says anything else without it.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// A hyphen that is none of the keyboard, breaking or not. Dashes are others: they are seen, and mean something else.
fn is_hyphen(c: char) -> bool {
    matches!(c, '\u{2010}' | '\u{2011}')
}

fn is_unprintable(c: char) -> bool {
    c.is_control() || matches!(u32::from(c), 0xfdd0..=0xfdef) || u32::from(c) & 0xfffe == 0xfffe
}

/// True if a text is a line in normal form for sure.
fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.iter().all(|byte| matches!(byte, b' '..=b'~'))
        && bytes.first() != Some(&b' ')
        && bytes.last() != Some(&b' ')
        && !text.contains("  ")
}

fn nfc(text: String) -> String {
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => text,
        _ => text.nfc().collect(),
    }
}

/// A line in normal form; white space that is a control character, such as a tab or a line break, is a space.
pub fn line(text: &str) -> Result<Cow<'_, str>, Unprintable> {
    if is_plain(text) {
        return Ok(Cow::Borrowed(text));
    }
    let mut out = String::with_capacity(text.len());
    let mut space = false;
    for c in text.chars().filter(|c| !is_invisible(*c)) {
        if c.is_whitespace() {
            space = !out.is_empty();
            continue;
        }
        if is_unprintable(c) {
            return Err(Unprintable(c));
        }
        if std::mem::take(&mut space) {
            out.push(' ');
        }
        out.push(if is_hyphen(c) { '-' } else { c });
    }
    Ok(Cow::Owned(nfc(out)))
}

/// A text of several lines in normal form.
pub fn lines(text: &str) -> Result<Cow<'_, str>, Unprintable> {
    if is_plain(text) {
        return Ok(Cow::Borrowed(text));
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().filter(|c| !is_invisible(*c)).peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' if chars.peek() == Some(&'\n') => {}
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => out.push('\n'),
            '\t' => out.push(' '),
            c if is_unprintable(c) => return Err(Unprintable(c)),
            c => out.push(c),
        }
    }
    Ok(Cow::Owned(nfc(out.trim().to_owned())))
}

/// Returns the form that a line is compared by. A text that is no line is taken as it
/// stands.
pub fn key(text: &str) -> String {
    let line = line(text).unwrap_or(Cow::Borrowed(text));
    nfc(line.to_lowercase())
}

/// Returns a text in lower case, each letter without its marks: what is the same to who searches, or looks through a list.
pub fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let (plain, other) = rest.split_at(rest.find(|c: char| !c.is_ascii()).unwrap_or(rest.len()));
        out.extend(plain.chars().map(|c| c.to_ascii_lowercase()));
        let (other, behind) = other.split_at(other.find(|c: char| c.is_ascii()).unwrap_or(other.len()));
        fold(other, &mut out);
        rest = behind;
    }
    out
}

/// Appends a text of other signs than ASCII, [`folded`].
fn fold(text: &str, out: &mut String) {
    for c in text.nfkd().filter(|c| !is_combining_mark(*c)) {
        match c {
            'ß' | 'ẞ' => out.push_str("ss"),
            'æ' | 'Æ' => out.push_str("ae"),
            'œ' | 'Œ' => out.push_str("oe"),
            'ø' | 'Ø' => out.push('o'),
            c => out.extend(c.to_lowercase().filter(|c| !is_combining_mark(*c))),
        }
    }
}

/// The words of a text, [`folded`].
pub fn words(text: &str) -> Vec<String> {
    words_in(&folded(text)).map(str::to_owned).collect()
}

/// The words of a folded text: everything but letters and digits separates.
pub fn words_in(folded: &str) -> impl Iterator<Item = &str> {
    folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// Returns the form that lists for people are in the order of, character by character. They go by the words, so that a letter
/// with a mark stands with the letter itself, as in Swiss lists. Where those are the same, the characters decide that do
/// not stand among them so, such as capitals. No more of it counts than a database's index takes.
pub fn sort_key(text: &str) -> String {
    let mut key = words(text).join(" ");
    let otherwise = |c: &char| !matches!(c, 'a'..='z' | '0'..='9' | ' ');
    if text.contains(|c| otherwise(&c)) {
        key.push(LAST_LEVEL);
        key.extend(text.chars().filter(otherwise));
    }
    key.chars().take(SORTED_BY).collect()
}

/// Returns the form that an id of another system is compared by: a GUID is written in many ways, all other ids in one.
pub fn id_key(id: &str) -> String {
    let bare = id.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(id);
    match uuid::Uuid::try_parse(bare) {
        Ok(guid) => guid.hyphenated().to_string(),
        Err(_) => id.to_owned(),
    }
}

/// Brings all texts of a body into normal form, and notes those that cannot be.
pub fn normalise(body: &mut Value, faults: &mut Faults) {
    normalise_at(body, &mut String::new(), false, faults);
}

/// The same of the properties of an object.
pub fn normalise_object(body: &mut Map<String, Value>, faults: &mut Faults) {
    normalise_parts(body, &mut String::new(), faults);
}

/// `place` grows on the way in and shrinks on the way out: to spell each place anew would take longer the longer the names
/// above it are.
fn normalise_at(value: &mut Value, place: &mut String, many: bool, faults: &mut Faults) {
    match value {
        Value::String(text) => match if many { lines(text) } else { line(text) } {
            Ok(Cow::Borrowed(_)) => {}
            Ok(Cow::Owned(normal)) => *text = normal,
            Err(unprintable) => faults.add(place.as_str(), "invalid_character", unprintable.to_string()),
        },
        Value::Array(items) => {
            let above = place.len();
            for (index, item) in items.iter_mut().enumerate() {
                place.push_str(&format!("/{index}"));
                normalise_at(item, place, many, faults);
                place.truncate(above);
            }
        }
        Value::Object(map) => normalise_parts(map, place, faults),
        _ => {}
    }
}

fn normalise_parts(map: &mut Map<String, Value>, place: &mut String, faults: &mut Faults) {
    let above = place.len();
    for (name, value) in map.iter_mut() {
        // Names of properties are known ones, or refused as they are; what could not be shown is not repeated, nor is what
        // is longer than any name.
        let shown: String = name.chars().take(NAME).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        place.push('/');
        place.push_str(&escape(&shown));
        normalise_at(value, place, LINES.contains(&name.as_str()), faults);
        place.truncate(above);
    }
}

/// The characters that are encoded where a text becomes part of an address: all but the unreserved ones (RFC 3986).
const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Percent-encodes everything but unreserved characters.
pub fn percent_encoded(text: &str) -> String {
    utf8_percent_encode(text, &RESERVED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn spellings_that_look_the_same_are_the_same() {
        let spellings = [
            "Gemeinde Küssnacht",
            "Gemeinde Ku\u{308}ssnacht",
            " Gemeinde Küssnacht\u{a0}",
            "Gemeinde\u{a0}\u{2009} Küssnacht\u{200b}",
            "Gemeinde\tKüss\u{ad}nacht\r\n",
            "\u{feff}Gemeinde\u{2028}Küssnacht",
        ];
        for text in spellings {
            assert_eq!(line(text).unwrap(), "Gemeinde Küssnacht", "{text:?}");
        }
        assert_eq!(line("  \u{ad}").unwrap(), "");
        assert_eq!(key("GEMEINDE  KU\u{308}SSNACHT"), "gemeinde küssnacht");
        assert_eq!(key("GV/Ä-1"), key("gv/a\u{308}-1 "));
        assert_eq!(line("GV\u{2011}1 Bau\u{2010} und Umwelt").unwrap(), "GV-1 Bau- und Umwelt");
        assert_eq!(line("2016–2017").unwrap(), "2016–2017");
        for (text, code) in [("a\u{7}b", "U+0007"), ("\0", "U+0000"), ("x\u{fffe}", "U+FFFE"), ("\u{9b}", "U+009B")] {
            assert!(line(text).unwrap_err().to_string().ends_with(code) && lines(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn letters_are_folded_as_in_the_whole_text() {
        for (text, is) in [
            ("Gemeinde KÜSSNACHT", "gemeinde kussnacht"),
            ("Ku\u{308}ssnacht, e\u{301}\u{327}t", "kussnacht, et"),
            ("Straße ǅ ﬁn Œuvre", "strasse dz fin oeuvre"),
            ("İstanbul K", "istanbul k"),
        ] {
            assert_eq!(folded(text), is, "{text}");
        }
    }

    #[test]
    fn lines_keep_their_breaks() {
        assert_eq!(lines(" a\r\nb\u{b}\rc  d\t\u{2028}u\u{308} \n").unwrap(), "a\nb\n\nc  d \nü");
        assert_eq!(lines("einfach").unwrap(), "einfach");
    }

    #[test]
    fn texts_are_in_the_order_of_swiss_lists() {
        let sorted = [
            "«Abfall» in Aarau",
            "Abfall in Ägeri",
            "Abfall in Zug",
            "Abfallgebühr",
            "apfel",
            "Apfel",
            "Äpfel",
            "äpfel",
            "Apfelbaum",
            "E-Mail",
            "E-Mail an alle",
            "ebenso",
            "Œuvre",
            "Ofen",
            "Öfen",
            "Øresund",
            "Strasse",
            "Straße",
            "Straße 2",
            "Strassen",
            "Teil 1",
            "Zürich",
            "Zürichsee",
        ];
        let mut texts = sorted;
        texts.reverse();
        texts.sort_by_cached_key(|text| sort_key(text));
        assert_eq!(texts, sorted);
        assert_eq!(sort_key("Ａｒｚｔ"), sort_key("Arzt").replace('A', "Ａｒｚｔ"), "the wide letters are the same");
        let long = "ﷺ".repeat(300);
        assert!(sort_key(&long).len() <= 1200 && sort_key("?") > String::new());
    }

    #[test]
    fn a_guid_has_one_form() {
        let guid = "3f2504e0-4f89-11d3-9a0c-0305e82c3301";
        for spelling in
            [guid, "{3F2504E0-4F89-11D3-9A0C-0305E82C3301}", "3F2504E04F8911D39A0C0305E82C3301", &format!("({guid})")]
        {
            assert_eq!(id_key(spelling), guid);
        }
        assert_eq!(id_key("G-2017-4712"), "G-2017-4712");
    }

    #[test]
    fn bodies_are_brought_into_it_whole() {
        let mut body =
            json!({"title": " a\nb ", "notes": " a\r\nb ", "findings": [{"finding": "c\nd"}, {"x": "\u{1}"}], "n": 1});
        let mut faults = Faults::default();
        normalise(&mut body, &mut faults);
        let expected =
            json!({"title": "a b", "notes": "a\nb", "findings": [{"finding": "c\nd"}, {"x": "\u{1}"}], "n": 1});
        assert_eq!(body, expected);
        let told = faults.into_result().unwrap_err().to_string();
        assert!(told.contains("/findings/1/x") && told.contains("U+0001"), "{told}");
    }
}
