//! Digests: SHA-256 over texts, each with its length, so that no two lists of texts have the same.

use aws_lc_rs::digest::{Context, SHA256};
use chrono::{NaiveDateTime, SecondsFormat};

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
    let mut hash = Context::new(&SHA256);
    for part in parts {
        hash.update(&(part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hex(hash.finish().as_ref())
}

/// SHA-256 over bytes.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(aws_lc_rs::digest::digest(&SHA256, bytes).as_ref());
    out
}

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(bytes)
}
