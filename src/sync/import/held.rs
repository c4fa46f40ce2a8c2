//! Lines of an exported file: changes of the records that they name by `id`, as of the `revision` that they were exported in.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDateTime};
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
use crate::sync::mapping::Translator;

/// The columns of a file with what the service itself gave, as in one that was exported.
pub struct GivenColumns {
    places: HashMap<&'static str, usize>,
    /// The columns with the names of records, by the property that names them.
    names: HashMap<&'static str, usize>,
}

impl GivenColumns {
    /// The columns among those of a header.
    pub fn of(register: &Register, translator: &Translator, header: &[String]) -> GivenColumns {
        let given = header.iter().enumerate().rev();
        let names = register.properties_to_itself().filter_map(|property| {
            let column = header.iter().position(|column| column.strip_suffix("_label") == Some(property))?;
            Some((property, column))
        });
        let places = given.filter_map(|(place, name)| Some((translator.given(name)?, place))).collect();
        GivenColumns { places, names: names.collect() }
    }

    /// The name of the record that a line names by a property, as an export tells it beside the id.
    pub fn name(&self, content: &LineContent, property: &str) -> Option<String> {
        let name = match content {
            LineContent::Cells(cells) => cells.get(*self.names.get(property)?)?.trim().to_owned(),
            LineContent::Json(line) => {
                let line = serde_json::from_str::<Value>(line).ok()?;
                line.get("labels")?.get(property)?.as_str()?.to_owned()
            }
            LineContent::Broken(..) => return None,
        };
        (!name.is_empty()).then_some(name)
    }

    /// The text of a line in one of them.
    fn text(&self, content: &LineContent, name: &str) -> Option<String> {
        match content {
            LineContent::Cells(cells) => cells.get(*self.places.get(name)?).map(|cell| cell.trim().to_owned()),
            LineContent::Json(line) => {
                let line = serde_json::from_str::<Value>(line).ok()?;
                let value = line.get(name)?;
                value.as_str().map(str::to_owned).or_else(|| value.as_i64().map(|number| number.to_string()))
            }
            LineContent::Broken(..) => None,
        }
    }
}

/// The change of a record that was exported.
pub struct ExportedChange {
    /// The record.
    id: Uuid,
    /// The revision that was exported, where the line says it.
    revision: Option<i64>,
    /// The instant at which the record was entered, where the line says it.
    created_at: Option<NaiveDateTime>,
    /// The properties that the line gives; null where it clears one.
    patch: Value,
}

impl ExportedChange {
    /// The change that a line makes, where it names a record by its id. What of a key in another system is blank is no change.
    pub fn of(given: &GivenColumns, content: &LineContent, mut patch: Map<String, Value>) -> Option<ExportedChange> {
        let text = |name: &str| given.text(content, name);
        let id = Uuid::parse_str(&text("id")?).ok()?;
        let has_key = patch.get("external").and_then(|external| external.get("id")).is_some_and(|id| !id.is_null());
        if !has_key {
            patch.shift_remove("external");
        }
        let created_at = text("created_at").and_then(|text| DateTime::parse_from_rfc3339(&text).ok());
        Some(ExportedChange {
            id,
            revision: text("revision").and_then(|text| text.parse().ok()),
            created_at: created_at.map(|at| at.naive_utc()),
            patch: patch.into(),
        })
    }

    /// The id that the record has where it was exported; none if no service gives such ids.
    pub fn former_id(&self) -> Option<String> {
        (self.id.get_version_num() == 7).then(|| self.id.to_string())
    }

    /// Makes the change if it is one of a record of this register; none where there is no such record, or where it came here
    /// from elsewhere, as the file does: then revisions of there say nothing of those here.
    pub fn store(
        &self,
        tx: &mut WriteTransaction,
        register: &Register,
        rules: &Rules,
        by: &OperationContext,
    ) -> Result<Option<(Outcome, RecordRow)>> {
        let id = self.id.to_string();
        let before = match find::get(tx.flushed_if(|new: &RecordRow| new.id == id)?, register, &id) {
            Err(Error::NotFound(_)) => return Ok(None),
            before => before?.row,
        };
        if self.created_at.is_some_and(|at| at != before.created_at) {
            return Ok(None);
        }
        let change = |_: &RecordRow, held| document::patched(register, held, &self.patch, true, rules);
        let after = update(tx, register, &id, &Expected::Any, change, by)?;
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
