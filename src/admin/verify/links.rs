//! The links from records to public bodies against the names that the bodies have had.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;

use crate::db::Db;
use crate::db::schema::{record_links, records};
use crate::error::Result;
use crate::records::projections::history::Flat;
use crate::records::projections::history_row::HistoryRow;
use crate::registers::Register;
use crate::registers::{ORGANISATION, ORGANISATIONS};
use crate::text;

/// The names and numbers that public bodies have and had, with the ids of those that had them.
#[derive(Default)]
pub struct Bodies {
    ever: BTreeMap<String, BTreeSet<String>>,
    /// Of bodies whose former names were erased nothing can be said.
    erased: BTreeSet<String>,
}

impl Bodies {
    /// Adds the names of a body after a change.
    pub fn add(&mut self, register: &Register, row: &HistoryRow, state: &Flat) {
        if !ORGANISATIONS.contains(&register.name) {
            return;
        }
        let title = register.property_name("title").unwrap_or_default();
        for name in ["number", title].iter().filter_map(|property| state.get(*property)?.as_str()) {
            self.ever.entry(text::key(name)).or_default().insert(row.record_id.clone());
        }
        if row.has_erased(title) {
            self.erased.insert(row.record_id.clone());
        }
    }

    /// Returns the fault of the link that a name has, if there is one. Where several bodies have had a name, nothing
    /// says which one was meant.
    fn fault(&self, name: &str, target: Option<&str>, now: &BTreeMap<String, Vec<String>>) -> Option<&'static str> {
        let name = text::key(name);
        let had: Vec<&String> = self.ever.get(&name).into_iter().flatten().collect();
        match target {
            Some(target) if self.erased.contains(target) || had.iter().any(|id| *id == target) => None,
            Some(_) => Some("is linked to a public body that it does not name"),
            None => match (had.as_slice(), now.get(&name).map(Vec::as_slice)) {
                ([ever], Some([now])) if *ever == now => Some("is not linked to the public body that it names"),
                _ => None,
            },
        }
    }
}

/// Records that name a public body and are linked to another one, or to none.
pub fn differences(db: &mut Db, bodies: &Bodies) -> Result<Vec<String>> {
    type Naming = (i64, String, String, Option<String>, Option<String>);
    let titles = records::table.filter(records::register.eq_any(ORGANISATIONS)).select((records::title, records::id));
    let mut now: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (title, id) in titles.load::<(String, String)>(db)? {
        now.entry(text::key(&title)).or_default().push(id);
    }
    let mut out = Vec::new();
    let mut after = 0;
    loop {
        let link = record_links::source.eq(records::id).and(record_links::property.eq(ORGANISATION));
        let page: Vec<Naming> = records::table
            .left_join(record_links::table.on(link))
            .filter(records::organisation.is_not_null())
            .filter(records::pos.gt(after))
            .order(records::pos)
            .limit(10_000)
            .select((
                records::pos,
                records::id,
                records::register,
                records::organisation,
                record_links::target.nullable(),
            ))
            .load(db)?;
        let Some(last) = page.last() else { return Ok(out) };
        after = last.0;
        for (_, id, register, name, target) in &page {
            let fault = bodies.fault(name.as_deref().unwrap_or_default(), target.as_deref(), &now);
            out.extend(fault.map(|fault| format!("record {id} ({register}): {fault}")));
        }
    }
}
