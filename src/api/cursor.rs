//! Cursors: opaque marks of a place in a list, valid only for the list they were made for.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::seal::authenticate;

/// Makes and reads cursors. They are signed, so that what comes back is what was given out.
pub struct Cursors {
    key: [u8; 32],
    /// What the key is called in the cursors that it signs.
    id: [u8; ID],
}

const ID: usize = 4;
const TAG: usize = 16;

impl Cursors {
    /// Cursors that are signed with a key: who has the same one understands them.
    pub fn new(key: &[u8; 32]) -> Self {
        let mut id = [0; ID];
        id.copy_from_slice(&authenticate(key, &[b"id of a cursor key"])[..ID]);
        Cursors { key: *key, id }
    }

    fn tag(&self, list: &str, payload: &[u8]) -> [u8; 32] {
        authenticate(&self.key, &[list.as_bytes(), b"\0", payload])
    }

    /// A cursor for a place in the list that `list` describes.
    pub fn write(&self, list: &str, place: &[String]) -> String {
        let payload = serde_json::Value::from(place.to_vec()).to_string();
        let tag = self.tag(list, payload.as_bytes());
        URL_SAFE_NO_PAD.encode([&self.id, &tag[..TAG], payload.as_bytes()].concat())
    }

    /// The place that a cursor marks; `None` when it was not made for this list.
    pub fn read(&self, list: &str, cursor: &str) -> Option<Vec<String>> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (tag, payload) = bytes.strip_prefix(&self.id)?.split_at_checked(TAG)?;
        let right = self.tag(list, payload);
        let same = right[..TAG].iter().zip(tag).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0;
        if !same {
            return None;
        }
        serde_json::from_slice(payload).ok()
    }

    /// Whether a text looks like a cursor that was signed with another key, as one of another database is. (Those from
    /// before cursors named their key look so too.)
    pub fn is_foreign(&self, cursor: &str) -> bool {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(cursor) else { return false };
        let is_cursor = bytes.len() >= ID + TAG && !bytes.is_ascii() && bytes.ends_with(b"\"]");
        is_cursor && !bytes.starts_with(&self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_good_for_its_list_and_key_only() {
        let (own, other) = (Cursors::new(&[1; 32]), Cursors::new(&[2; 32]));
        let place = vec!["2017-03-14".to_owned(), "7".to_owned()];
        let cursor = own.write("/v1/cases", &place);
        assert_eq!(own.read("/v1/cases", &cursor), Some(place));
        assert_eq!(own.read("/v1/projects", &cursor), None);
        assert_eq!(other.read("/v1/cases", &cursor), None);
        assert!(other.is_foreign(&cursor) && !own.is_foreign(&cursor));
        for nonsense in ["", "nonsense", "c2VxMQ", "%", &cursor[..8], &cursor[8..]] {
            assert_eq!(own.read("/v1/cases", nonsense), None, "{nonsense}");
        }
        assert!(
            !own.is_foreign("nonsense") && !own.is_foreign(&URL_SAFE_NO_PAD.encode("[\"a text that is no cursor\"]"))
        );
    }
}
