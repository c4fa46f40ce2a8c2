//! Files that hold a secret, as orchestrators hand them over.

use std::path::Path;

use crate::error::{Error, Result, reason_of};

/// The text of the file that a setting names; a refusal names the setting and the file, and nothing of what is in it.
pub(super) fn text(setting: &str, file: &Path) -> Result<String> {
    let refuse = |why: String| Error::Configuration(format!("{setting}: {why}"));
    let text = std::fs::read_to_string(file)
        .map_err(|error| refuse(format!("cannot read {}: {}", file.display(), reason_of(&error))))?;
    if text.trim().is_empty() { Err(refuse(format!("{} is empty", file.display()))) } else { Ok(text) }
}
