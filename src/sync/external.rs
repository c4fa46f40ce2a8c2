//! Records by the key that they have in another system: read, and created or replaced by its deliveries.

use serde_json::{Value, json};

use crate::auth::{Caller, Scope};
use crate::context::OperationContext;
use crate::db::WriteTransaction;
use crate::error::{Error, Fault, Result};
use crate::records::Document;
use crate::records::document;
use crate::records::references::UniqueValue;
use crate::records::row::RecordRow;
use crate::records::store;
use crate::records::store::external::{ExternalRecord, Outcome, upsert};
use crate::registers::{Register, Rules};
use crate::text;

/// The terms of a delivery: the rights of the one that delivers, and the day.
#[derive(Clone, Debug)]
pub struct Sender {
    /// True if personal data may be delivered; otherwise the personal data that is held stays as it is.
    pub sees_personal_data: bool,
    /// True if each record must say the day received; otherwise a record that is there keeps its own.
    pub must_say_day: bool,
    /// The rules that the deliveries are checked by.
    pub rules: Rules,
}

impl Sender {
    /// The caller of a request.
    pub fn of(caller: &Caller, rules: Rules) -> Self {
        Sender { sees_personal_data: caller.sees_personal_data(), must_say_day: false, rules }
    }
}

/// Checks a body that another system delivers; `key` is the one in the path, where there is one.
pub fn check(
    register: &Register,
    sender: &Sender,
    key: Option<(String, String)>,
    mut body: Value,
) -> Result<(ExternalRecord, Document)> {
    let mut faults = key.map(|key| complete_key(&mut body, key)).unwrap_or_default();
    let external = body.get("external").filter(|external| external.is_object());
    if external.is_some_and(|external| external.get("version").is_none_or(Value::is_null)) {
        let detail = "is required: a number that grows with every change in the other system";
        faults.push(Fault::at("/external/version", "required", detail));
    }
    let says_day = document::says_day(register, &body);
    if sender.must_say_day && !says_day {
        faults.push(document::no_day(register));
    }
    let (document, doubts) = match read(register, sender, &body) {
        Err(Error::Validation(more)) => return Err(Error::Validation(faults.into_iter().chain(more).collect())),
        Err(error) => return Err(error),
        Ok(_) if !faults.is_empty() => return Err(Error::Validation(faults)),
        Ok(read) => read,
    };
    let sees_personal_data = sender.sees_personal_data;
    if !sees_personal_data && store::touches_personal_data(&body) {
        return Err(Error::MissingScope(Scope::PersonalRead.as_str()));
    }
    let of_key = |part: &str| document["external"][part].as_str().unwrap_or_default();
    let delivery = ExternalRecord {
        new_id: store::new_id(),
        former_id: None,
        system: of_key("system").to_owned(),
        external_id: text::id_key(of_key("id")),
        version: document["external"]["version"].as_i64().unwrap_or_default(),
        body,
        sees_personal_data,
        says_day,
        rules: sender.rules.clone(),
        doubts,
    };
    Ok((delivery, document))
}

/// Reads a body that is delivered. The faults of values that only a record which is there may still have are doubts: whether it
/// is, the writer knows. The document is without these values then.
fn read(register: &Register, sender: &Sender, body: &Value) -> Result<(Document, Vec<Fault>)> {
    let faults = match document::read_delivered(register, body.clone(), &sender.rules) {
        Err(Error::Validation(faults)) => faults,
        read => return Ok((read?, Vec::new())),
    };
    let mut rest = body.clone();
    for fault in &faults {
        let place = fault.pointer.as_deref().unwrap_or_default();
        let may_be_held = is_of_vocabulary(register, place);
        let outer = place.rsplit_once('/').and_then(|(outer, name)| Some((rest.pointer_mut(outer)?, name)));
        match outer.filter(|_| may_be_held) {
            Some((Value::Object(outer), name)) => _ = outer.shift_remove(name),
            _ => return Err(Error::Validation(faults)),
        }
    }
    match document::read_delivered(register, rest, &sender.rules) {
        Ok(document) => Ok((document, faults)),
        Err(_) => Err(Error::Validation(faults)),
    }
}

/// True if the vocabulary says which values there are at a place: of a coded property, or of one of the authority's own.
fn is_of_vocabulary(register: &Register, place: &str) -> bool {
    let parts = place.split('/').filter(|part| !part.is_empty() && part.parse::<usize>().is_err());
    let path = parts.collect::<Vec<_>>().join(".");
    place.starts_with("/own/") || register.coded.iter().any(|property| property.path == path)
}

/// Gives a body the key in the path, where it does not say it itself. Returns the contradictions between them.
fn complete_key(body: &mut Value, (system, id): (String, String)) -> Vec<Fault> {
    let mut faults = Vec::new();
    let Some(map) = body.as_object_mut() else { return faults };
    let external = map.entry("external").or_insert(Value::Null);
    if external.is_null() {
        *external = json!({});
    }
    let Some(external) = external.as_object_mut() else { return faults };
    for (part, value) in [("system", &system), ("id", &id)] {
        let given = external.entry(part).or_insert(Value::Null);
        let same = |text: &str| text::line(text).is_ok_and(|line| text::id_key(&line) == text::id_key(value));
        if given.is_null() {
            *given = value.as_str().into();
        } else if !given.as_str().is_some_and(same) {
            let detail = "must be what the path says; it may be left out";
            faults.push(Fault::at(format!("/external/{part}"), "contradiction", detail));
        }
    }
    faults
}

/// A record that was read and checked: another system's, or a new one.
#[derive(Clone)]
pub enum ValidatedLine {
    /// Under a key in another system.
    Delivered(Box<ExternalRecord>, Document),
    /// Without one: the id that it gets, and what it says.
    New(String, Document),
}

impl ValidatedLine {
    /// Checks a body.
    pub fn read(register: &Register, sender: &Sender, body: Value) -> Result<ValidatedLine> {
        if body.get("external").is_none_or(Value::is_null) {
            return Ok(ValidatedLine::New(store::new_id(), document::read(register, body, &sender.rules)?));
        }
        let (delivery, document) = check(register, sender, None, body)?;
        Ok(ValidatedLine::Delivered(Box::new(delivery), document))
    }

    /// Gives a new record the id that it had where it comes from, so that what names it by that id still does.
    pub(crate) fn known_as(mut self, id: &str) -> ValidatedLine {
        if let ValidatedLine::Delivered(delivery, _) = &mut self {
            delivery.former_id = Some(id.to_owned());
        }
        self
    }

    /// Changes what it says in place.
    pub(crate) fn edit(&mut self, edit: impl Fn(&mut Document)) {
        let (ValidatedLine::Delivered(_, document) | ValidatedLine::New(_, document)) = self;
        edit(document);
        if let ValidatedLine::Delivered(delivery, _) = self
            && let Some(body) = delivery.body.as_object_mut()
        {
            edit(body);
        }
    }

    /// The faults that are none where a record is there and has the same values.
    pub(crate) fn doubts(&self) -> &[Fault] {
        match self {
            ValidatedLine::Delivered(delivery, _) => &delivery.doubts,
            ValidatedLine::New(..) => &[],
        }
    }

    pub(crate) fn document(&self) -> &Document {
        let (ValidatedLine::Delivered(_, document) | ValidatedLine::New(_, document)) = self;
        document
    }

    /// Keeps it, in a savepoint of its own.
    pub fn store(
        &self,
        tx: &mut WriteTransaction,
        register: &Register,
        by: &OperationContext,
    ) -> Result<(Outcome, RecordRow)> {
        tx.savepoint(|tx| {
            let stored = self.store_among(tx, register, by)?;
            // What the database refuses is refused here, where it can be taken back alone.
            tx.flushed_up_to::<UniqueValue>()?;
            Ok(stored)
        })
    }

    pub(crate) fn store_among(
        &self,
        tx: &mut WriteTransaction,
        register: &Register,
        by: &OperationContext,
    ) -> Result<(Outcome, RecordRow)> {
        let document = self.document().clone();
        match self {
            ValidatedLine::New(id, _) => {
                let created = store::create(tx, register, (id.clone(), document), by)?;
                Ok((Outcome::Created, created))
            }
            ValidatedLine::Delivered(record, _) => upsert(tx, register, record, document, None, by),
        }
    }
}
