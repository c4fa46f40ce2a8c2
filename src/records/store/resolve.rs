//! References of a document to other records, looked up: the records that it names, and the values that only one can have.

use std::collections::BTreeSet;

use diesel::prelude::*;

use crate::context::OperationContext;
use crate::db::WriteTransaction;
use crate::db::schema::records;
use crate::error::{Error, Fault, Result};
use crate::records::document::{body_path, unique_values};
use crate::records::find::Match;
use crate::records::lookups;
use crate::records::projections::Record;
use crate::records::references::{References, StaleLinks, named, places};
use crate::records::row::RecordRow;
use crate::records::{Document, find};
use crate::registers::{ORGANISATION, ORGANISATIONS, Reference, Register};
use crate::text;

/// The code of a reference to a record that is not there.
pub const UNKNOWN_REFERENCE: &str = "unknown_reference";

fn fault(pointer: String, why: &str) -> Error {
    Error::Validation(vec![Fault::at(pointer, UNKNOWN_REFERENCE, why)])
}

/// Looks up the records that a document names and puts their ids in the place of numbers and names. Records of registers
/// that `by` may not see are not there for it; a reference that the record has already stays.
pub fn resolve(
    tx: &mut WriteTransaction,
    register: &Register,
    held: Option<&Record>,
    document: &mut Document,
    by: &OperationContext,
) -> Result<References> {
    let (mut found, mut before) = (BTreeSet::new(), BTreeSet::new());
    for reference in register.references {
        let named_before = held.map(|held| named(reference, &held.document)).unwrap_or_default();
        before.extend(named_before.iter().map(|id| (reference.property, (*id).to_owned())));
        for (pointer, value) in places(reference, document) {
            let text = value.as_str().unwrap_or_default().to_owned();
            let id = match named_before.contains(&text.as_str()) {
                true => text,
                false => referred(tx, reference, &text, by)?.map_err(|why| fault(pointer.clone(), &why))?,
            };
            if held.is_some_and(|held| held.row.id == id) {
                return Err(fault(pointer, "must not be the record itself"));
            }
            *value = id.clone().into();
            found.insert((reference.property, id));
        }
    }
    let (body, is_same) = organisation(tx, register, held.map(|held| &held.row), document, by)?;
    let stale = match (held, is_same) {
        (None, _) => StaleLinks::None,
        (Some(_), true) if found.is_empty() && before.is_empty() => StaleLinks::None,
        (Some(_), true) => StaleLinks::AllButOrganisation,
        (Some(_), false) => StaleLinks::All,
    };
    found.extend(body.map(|id| (ORGANISATION, id)));
    Ok(References { found, stale })
}

/// The id of the record that a reference names, or why it names none.
fn referred(
    tx: &mut WriteTransaction,
    reference: &Reference,
    text: &str,
    by: &OperationContext,
) -> Result<std::result::Result<String, String>> {
    let seen: Vec<&str> = reference.to.iter().copied().filter(|register| by.can_access(register)).collect();
    Ok(match find::match_for(tx, text, &seen)? {
        Match::One(id) => Ok(id),
        Match::Ambiguous => Err("is the name of several records; give the id".into()),
        Match::NoMatch => Err(format!("is the id, number or name of no record of {}", reference.to.join(", "))),
    })
}

/// The public body that a document names, and whether it is the one named before. A body can be named that is in no
/// register; an id must be one's, and its name is kept.
fn organisation(
    tx: &mut WriteTransaction,
    register: &Register,
    held: Option<&RecordRow>,
    document: &mut Document,
    by: &OperationContext,
) -> Result<(Option<String>, bool)> {
    let (pointer, value) = match body_path(register) {
        (Some(outer), name) => {
            (format!("/{outer}/{name}"), document.get_mut(outer).and_then(|part| part.get_mut(name)))
        }
        (None, name) => (format!("/{name}"), document.get_mut(name)),
    };
    let Some(value) = value else { return Ok((None, held.is_some_and(|held| held.organisation_key.is_none()))) };
    let text = value.as_str().unwrap_or_default().to_owned();
    if held.is_some_and(|held| held.organisation_key == Some(text::key(&text))) {
        return Ok((None, true));
    }
    let is_id = uuid::Uuid::try_parse(&text).is_ok();
    // For an id the body's name is shown: not to who may not see it.
    let is_hidden = is_id && !ORGANISATIONS.iter().all(|register| by.can_access(register));
    match if is_hidden { Match::NoMatch } else { lookups::organisation(tx, &text)? } {
        Match::One(id) => {
            if is_id {
                let title = records::table.filter(records::id.eq(&id)).select(records::title);
                *value = title.first::<String>(tx.flushed_up_to::<RecordRow>()?)?.into();
            }
            Ok((Some(id), false))
        }
        Match::NoMatch if is_id => Err(fault(pointer, "is the id of no organisation")),
        Match::NoMatch | Match::Ambiguous => Ok((None, false)),
    }
}

/// The property, and the record that has its value already.
pub fn taken_value(
    tx: &mut WriteTransaction,
    register: &Register,
    id: Option<&str>,
    document: &Document,
) -> Result<Option<(&'static str, String)>> {
    for (property, value) in unique_values(register, document) {
        if let Some(holder) =
            lookups::unique_value_holder(tx, register, property, &value)?.filter(|holder| Some(holder.as_str()) != id)
        {
            return Ok(Some((property, holder)));
        }
    }
    Ok(None)
}
