//! Cursors: opaque marks of a place in a list, valid only for the list they were made for.

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::{Error, Result};
use crate::seal::authenticate;

/// Makes and reads cursors. They are sealed: what comes back is what was given out, and a place tells nothing of what
/// lies there, or of how much lies before it.
pub struct Cursors {
    key: LessSafeKey,
    /// The key that the nonces follow from: the same place has the same cursor.
    nonces: [u8; 32],
    /// The bytes that every cursor of this key begins with.
    head: [u8; HEAD],
}

/// The bytes that every cursor begins with, whatever its key.
const MAGIC: [u8; 2] = [0xa7, 0x1f];

/// The above, and the key's id.
const HEAD: usize = 6;

impl Cursors {
    /// Cursors that are sealed with a key: who has the same one understands them.
    pub fn new(key: &[u8; 32]) -> Result<Self> {
        let refused = |_| Error::Internal("a key of cursors was refused".into());
        let sealing = UnboundKey::new(&AES_256_GCM_SIV, &authenticate(key, &[b"cursors"])).map_err(refused)?;
        let [a, b, c, d, ..] = authenticate(key, &[b"id"]);
        let head = [MAGIC[0], MAGIC[1], a, b, c, d];
        Ok(Cursors { key: LessSafeKey::new(sealing), nonces: authenticate(key, &[b"nonces"]), head })
    }

    /// A cursor for a place in the list that `list` describes.
    pub fn write(&self, list: &str, place: &[String]) -> String {
        let mut payload = serde_json::Value::from(place.to_vec()).to_string().into_bytes();
        let mut nonce = [0; NONCE_LEN];
        nonce.copy_from_slice(&authenticate(&self.nonces, &[list.as_bytes(), b"\0", &payload])[..NONCE_LEN]);
        let sealed = self.key.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(list.as_bytes()),
            &mut payload,
        );
        // What is sealed is short: it does not fail, and an empty cursor would be refused.
        if sealed.is_err() {
            payload.clear();
        }
        URL_SAFE_NO_PAD.encode([&self.head, &nonce[..], &payload].concat())
    }

    /// The place that a cursor marks; `None` when it was not made for this list.
    pub fn read(&self, list: &str, cursor: &str) -> Option<Vec<String>> {
        let mut bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (head, rest) = bytes.split_at_mut_checked(HEAD)?;
        let (nonce, payload) = rest.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok().filter(|_| *head == self.head)?;
        let opened = self.key.open_in_place(nonce, Aad::from(list.as_bytes()), payload).ok()?;
        serde_json::from_slice(opened).ok()
    }

    /// True if a text is a cursor of another key, as those of another database are.
    pub fn is_foreign(&self, cursor: &str) -> bool {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(cursor) else { return false };
        bytes.len() > HEAD + NONCE_LEN && bytes.starts_with(&MAGIC) && !bytes.starts_with(&self.head)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_good_for_its_list_and_key_only_and_tells_nothing() {
        let (own, other) = (Cursors::new(&[1; 32]).unwrap(), Cursors::new(&[2; 32]).unwrap());
        let place = vec!["2017-03-14".to_owned(), "7".to_owned()];
        let cursor = own.write("/v1/cases", &place);
        assert_eq!(own.write("/v1/cases", &place), cursor, "the same place has the same cursor");
        let bytes = URL_SAFE_NO_PAD.decode(&cursor).unwrap();
        assert!(!bytes.windows(10).any(|window| window == b"2017-03-14"));
        assert_eq!(own.read("/v1/cases", &cursor), Some(place));
        assert_eq!(own.read("/v1/projects", &cursor), None);
        assert_eq!(other.read("/v1/cases", &cursor), None);
        assert!(other.is_foreign(&cursor) && !own.is_foreign(&cursor));
        for place in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[place] ^= 1;
            assert_eq!(own.read("/v1/cases", &URL_SAFE_NO_PAD.encode(altered)), None, "{place}");
        }
        for nonsense in ["", "nonsense", "c2VxMQ", "%", &cursor[..8], &cursor[8..]] {
            assert_eq!(own.read("/v1/cases", nonsense), None, "{nonsense}");
        }
        assert!(!own.is_foreign("nonsense") && !own.is_foreign(&"nonsense".repeat(20)));
    }
}
