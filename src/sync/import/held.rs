//! Lines of an exported file: changes of the records that they name by `id`, as of the `revision` that they were exported in.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::lines::LineContent;
use crate::context::OperationContext;
use crate::db::WriteTransaction;
use crate::error::{Error, Result};
use crate::records::document;
use crate::records::find;
use crate::records::references::UniqueValue;
use crate::records::row::RecordRow;
use crate::records::store::external::Outcome;
use crate::records::store::{Expected, update};
use crate::registers::{Register, Rules};

/// The change of a record that was exported.
pub struct ExportedChange {
    /// The record.
    id: String,
    /// The revision that was exported, where the line says it.
    revision: Option<i64>,
    /// The properties that the line gives; null where it clears one.
    patch: Value,
}

/// The names of a record's id and revision.
const ID: &str = "id";
const REVISION: &str = "revision";

impl ExportedChange {
    /// The change that a line makes, where it names a record by its id. What of a key in another system is blank is no change.
    pub fn of(header: &[String], content: &LineContent, mut patch: Map<String, Value>) -> Option<ExportedChange> {
        let text = |name: &str| match content {
            LineContent::Cells(cells) => {
                let place = header.iter().position(|column| column == name)?;
                cells.get(place).map(|cell| cell.trim().to_owned())
            }
            LineContent::Json(line) => {
                let line = serde_json::from_str::<Value>(line).ok()?;
                let value = line.get(name)?;
                value.as_str().map(str::to_owned).or_else(|| value.as_i64().map(|number| number.to_string()))
            }
            LineContent::Broken(..) => None,
        };
        let id = Uuid::parse_str(&text(ID)?).ok()?.to_string();
        let has_key = patch.get("external").and_then(|external| external.get("id")).is_some_and(|id| !id.is_null());
        if !has_key {
            patch.shift_remove("external");
        }
        Some(ExportedChange { id, revision: text(REVISION).and_then(|text| text.parse().ok()), patch: patch.into() })
    }

    /// Makes the change if the register has the record; none where it has not.
    pub fn store(
        &self,
        tx: &mut WriteTransaction,
        register: &Register,
        rules: &Rules,
        by: &OperationContext,
    ) -> Result<Option<(Outcome, RecordRow)>> {
        let before = match find::get(tx.flushed_if(|new: &RecordRow| new.id == self.id)?, register, &self.id) {
            Err(Error::NotFound(_)) => return Ok(None),
            before => before?.row,
        };
        let change = |_: &RecordRow, held| document::patched(register, held, &self.patch, true, rules);
        let after = update(tx, register, &self.id, &Expected::Any, change, by)?;
        if after.revision == before.revision {
            return Ok(Some((Outcome::Unchanged, after)));
        }
        // Said again it is no change; else it must be of the record as it was exported.
        if self.revision != Some(before.revision) {
            return Err(Error::Stale { held: before.revision });
        }
        tx.flushed_up_to::<UniqueValue>()?;
        Ok(Some((Outcome::Updated, after)))
    }
}
