//! Digests: SHA-256 over texts, each with its length, so that no two lists of texts have the same.

use chrono::{NaiveDateTime, SecondsFormat};
use sha2::{Digest, Sha256};

/// An instant as digests cover it.
pub fn instant(at: NaiveDateTime) -> String {
    at.and_utc().to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// A text that may be absent, as digests cover it: an absent one differs from every text.
pub fn optional(text: Option<&str>) -> String {
    text.map_or_else(|| "-".to_owned(), |text| format!("+{text}"))
}

/// A digest of texts: SHA-256 over each with its length, in hexadecimal.
pub fn of(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
