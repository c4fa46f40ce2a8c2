//! Lines read into bodies: cells by the mapping of their columns, each line with the key that finds it again.

use std::collections::BTreeMap;

use chrono::Datelike;
use serde_json::{Map, Value, json};

use super::held::ExportedChange;
use super::lines::{LineContent, SourceFormat, SourceLine};
use super::{Import, LineOutcome, StoredLine, keys};
use crate::digest;
use crate::error::{Error, Result};
use crate::faults::Faults;
use crate::formats::unguarded;
use crate::json::{flat, parse_json};
use crate::records::personal::is_personal;
use crate::registers::validation::any_date;
use crate::sync::external::ValidatedLine;
use crate::sync::mapping::{ASKER, BODY, MappedColumn, Translator, put};
use crate::text;

/// The system of lines that name none, unless another name is given.
const SYSTEM: &str = "import";

/// A line that was read.
pub struct ReadLine {
    /// The line.
    pub line: SourceLine,
    /// The record that it is to become.
    pub checked: Result<ValidatedLine>,
    /// The change of a record that is there, where it names one.
    pub change: Option<ExportedChange>,
    /// The id that the record has where the file comes from, if it says so.
    pub former: Option<String>,
    /// The reason why it cannot be read, in the list's words.
    pub told: Option<String>,
    /// True if it came without a version.
    pub guarded: bool,
}

impl ReadLine {
    /// The line with what became of it; `stored` is nothing where it could not be read.
    pub(super) fn stored(mut self, stored: Result<Option<LineOutcome>>) -> StoredLine {
        let result = match stored {
            Ok(Some(kept)) => Ok(kept),
            Err(error) => Err(error),
            Ok(None) => Err(std::mem::replace(&mut self.checked, Err(unstored())).err().unwrap_or_else(unstored)),
        };
        StoredLine { read: self, result }
    }
}

fn unstored() -> Error {
    Error::Internal("a line was not stored".into())
}

/// The properties that a line gives, and those that it clears.
struct LineBody {
    given: Map<String, Value>,
    cleared: Vec<String>,
}

impl LineBody {
    /// The properties as a patch: null for those that are cleared.
    fn patch(&self) -> Map<String, Value> {
        let mut patch = self.given.clone();
        self.cleared.iter().for_each(|property| put(&mut patch, property, Value::Null));
        patch
    }
}

/// A line that cannot be read: why, or the reason in the list's words.
enum Unread {
    Error(Error),
    Told(String),
}

impl From<Error> for Unread {
    fn from(error: Error) -> Self {
        Unread::Error(error)
    }
}

impl Import<'_> {
    /// Reads and checks a line.
    pub fn read(&mut self, line: SourceLine, longest: usize) -> ReadLine {
        self.read += 1;
        let body = match &line.content {
            LineContent::Cells(cells) => self.cells(cells, line.number),
            LineContent::Broken(_, fault) => Err(Unread::Told(self.words.broken(line.number, fault))),
            LineContent::Json(text) if text.len() > longest => Err(Error::TooLarge(longest).into()),
            LineContent::Json(text) => self.json(text).map_err(Unread::from),
        };
        let keyed = body.and_then(|mut body| {
            let mut faults = Faults::default();
            text::normalise_object(&mut body.given, &mut faults);
            faults.into_result()?;
            let change = ExportedChange::of(&self.given, &line.content, body.patch());
            let mut body = body.given;
            self.translator.complete(&mut body);
            let guarded = self.key(&mut body);
            Ok((Value::Object(body), change, guarded))
        });
        let unread = |error, told| (Err(error), None, told, false);
        let (checked, change, told, guarded) = match keyed {
            Ok((body, change, guarded)) => {
                (ValidatedLine::read(self.register, &self.sender, body), change, None, guarded)
            }
            Err(Unread::Error(error)) => unread(error, None),
            Err(Unread::Told(told)) => unread(Error::Malformed(told.clone()), Some(told)),
        };
        let former = change.as_ref().and_then(ExportedChange::former_id);
        let checked = checked.map(|checked| former.iter().fold(checked, |checked, id| checked.known_as(id)));
        ReadLine { line, checked, change, former, told, guarded }
    }

    fn cells(&self, cells: &[String], row: u64) -> std::result::Result<LineBody, Unread> {
        let (has, known) = (cells.len(), self.columns.len());
        let beyond = cells.iter().skip(known).any(|cell| !cell.trim().is_empty());
        if beyond || has < known {
            return Err(Unread::Told(self.words.cells(row, has, known)));
        }
        let (mut body, mut reasons) = (LineBody { given: Map::new(), cleared: Vec::new() }, Vec::new());
        let mut bodies = Vec::new();
        for (property, text) in
            self.columns.iter().zip(cells).filter_map(|(column, text)| Some((column.as_ref()?, text)))
        {
            let text = if self.format == SourceFormat::Csv { unguarded(text) } else { text };
            match self.translator.read(property, text) {
                Ok(Some(value)) => put(&mut body.given, property, value),
                Ok(None) => body.cleared.push(property.clone()),
                Err(misread) => match self.translator.asker_and_body(text).filter(|_| property == ASKER) {
                    Some((asker, named)) => {
                        put(&mut body.given, ASKER, asker);
                        bodies.push(named);
                    }
                    None => reasons.push(self.words.misread(&misread, row)),
                },
            }
        }
        // A column of public bodies goes before what stands beside the kind of who asked.
        let has_body = body.given.get("requester").is_some_and(|requester| requester.get("organisation").is_some());
        for named in bodies.into_iter().filter(|_| !has_body) {
            put(&mut body.given, BODY, named.into());
            body.cleared.retain(|property| property != BODY);
        }
        if reasons.is_empty() { Ok(body) } else { Err(Unread::Told(reasons.join("; "))) }
    }

    fn json(&self, text: &str) -> Result<LineBody> {
        let Value::Object(mut given) = parse_json(text.as_bytes())? else {
            return Err(Error::Malformed("the line is not a JSON object".into()));
        };
        // What the service itself gives, as in a file that it has exported.
        given.retain(|name, _| !matches!(self.translator.column(name), Some(MappedColumn::Ignored)));
        let cleared = given.iter().filter(|(_, value)| value.is_null()).map(|(name, _)| name.clone()).collect();
        given.retain(|_, value| !value.is_null());
        Ok(LineBody { given, cleared })
    }

    /// Gives a line a key, where it has none; true when it came without a version.
    fn key(&mut self, body: &mut Map<String, Value>) -> bool {
        let given =
            |part: &str| body.get("external").and_then(|external| external.get(part)).is_some_and(|v| !v.is_null());
        let (has_id, has_system, guarded) = (given("id"), given("system"), !given("version"));
        if !has_id {
            let id = self.number_key(body).unwrap_or_else(|| self.digest(body));
            put(body, "external.id", id.into());
        }
        if !has_system {
            put(body, "external.system", self.options.system.as_deref().unwrap_or(SYSTEM).into());
        }
        if guarded {
            put(body, "external.version", 1.into());
        }
        guarded
    }

    /// The key that follows from a line's business number. A running number that begins anew each year is none without the
    /// year received; in a list under a name of its own it is the list's key, and no business number.
    fn number_key(&self, body: &mut Map<String, Value>) -> Option<String> {
        let number = body.get("number").and_then(Value::as_str)?.to_owned();
        let days = ["held_on", self.register.property_name("received_on").unwrap_or_default()];
        let day = days.iter().find_map(|name| any_date(body.get(*name)?.as_str()?));
        if self.register.series.is_some() || day.is_none_or(|day| keys::has_year(&number, day)) {
            return Some(number);
        }
        if self.options.system.is_some() {
            body.shift_remove("number");
            return Some(number);
        }
        day.map(|day| format!("{}/{number}", day.year()))
    }

    /// A digest of what a line says, personal data aside, so that it can be erased without a trace. Lines that say the
    /// same are told apart by their order.
    fn digest(&mut self, body: &Map<String, Value>) -> String {
        let open: BTreeMap<String, Value> =
            flat(body).into_iter().filter(|(property, _)| !is_personal(property)).collect();
        let digest: String = digest::of(&[&json!(open).to_string()]).chars().take(32).collect();
        let place = self.seen.entry(digest.clone()).or_default();
        *place += 1;
        format!("{digest}-{place}")
    }
}

/// The properties of the columns of a header. Every column must be known, so that none is lost by a slip.
pub fn columns(translator: &Translator, header: &[String]) -> Result<Vec<Option<String>>> {
    let mut columns = Vec::with_capacity(header.len());
    let (mut unknown, mut taken) = (Vec::new(), BTreeMap::new());
    for name in header {
        match translator.column(name) {
            Some(MappedColumn::Property(property)) => {
                if let Some(other) = taken.insert(property.clone(), name) {
                    return Err(Error::Configuration(format!(
                        "the columns \"{other}\" and \"{name}\" are both {property}: say by --mapping which is"
                    )));
                }
                columns.push(Some(property.clone()));
            }
            Some(MappedColumn::Ignored) => columns.push(None),
            // A nameless column is one that a spreadsheet left behind; what it holds is not lost unseen.
            None if name.is_empty() => unknown.push("(without a name)".to_owned()),
            None => unknown.push(format!("\"{name}\"")),
        }
    }
    if unknown.is_empty() {
        return Ok(columns);
    }
    Err(Error::Configuration(format!(
        "columns that are not known: {}. Say by --mapping what they are, or that they are to be ignored; --guess \
         proposes a mapping",
        unknown.join(", ")
    )))
}
