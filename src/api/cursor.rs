//! Cursors: opaque marks of a place in a list, valid only for the list they were made for.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Makes and reads cursors. They are signed, so that what comes back is what was given out.
pub struct Cursors {
    key: [u8; 32],
}

const TAG: usize = 16;

impl Cursors {
    /// Cursors whose key follows from a secret, so that several instances understand each other's.
    pub fn new(secret: &str) -> Self {
        let tag = authenticate(secret.as_bytes(), &[b"aufsicht cursor key"]);
        Cursors { key: tag }
    }

    /// A cursor for a place in the list that `list` describes.
    pub fn write(&self, list: &str, place: &[String]) -> String {
        let payload = serde_json::Value::from(place.to_vec()).to_string();
        let tag = authenticate(&self.key, &[list.as_bytes(), b"\0", payload.as_bytes()]);
        URL_SAFE_NO_PAD.encode([&tag[..TAG], payload.as_bytes()].concat())
    }

    /// The place that a cursor marks; `None` when it was not made for this list.
    pub fn read(&self, list: &str, cursor: &str) -> Option<Vec<String>> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (tag, payload) = bytes.split_at_checked(TAG)?;
        let right = authenticate(&self.key, &[list.as_bytes(), b"\0", payload]);
        let same = right[..TAG].iter().zip(tag).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0;
        if !same {
            return None;
        }
        serde_json::from_slice(payload).ok()
    }
}

impl Cursors {
    /// A digest of texts that nobody can make without the secret: what is digested cannot be found by trying.
    pub fn digest(&self, parts: &[&[u8]]) -> String {
        let mut all: Vec<u8> = Vec::new();
        for part in parts {
            all.extend((part.len() as u64).to_be_bytes());
            all.extend(*part);
        }
        URL_SAFE_NO_PAD.encode(authenticate(&self.key, &[b"digest\0", &all]))
    }
}

fn authenticate(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    // HMAC takes keys of every length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}
