//! Public bodies: their names and types, and which lies under which.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;

use crate::db::Db;
use crate::db::schema::{record_links, records};
use crate::error::Result;
use crate::registers::{ABSENT, Criterion, Selection, ValueSet};

/// A public body.
struct PublicBody {
    number: String,
    /// The name in lower case: how it is written does not matter.
    name: String,
    kind: Option<String>,
    parent: Option<String>,
}

impl PublicBody {
    /// True if that is its number, or in lower case its name.
    fn is_called(&self, name: &str, in_lower_case: &str) -> bool {
        self.number == name || self.name == in_lower_case
    }
}

/// The public bodies, with what selections ask of them.
#[derive(Default)]
pub struct PublicBodies {
    /// By their ids.
    bodies: BTreeMap<String, PublicBody>,
    /// Selections that ask for bodies, with their ids.
    resolved: BTreeMap<Selection, Selection>,
}

impl PublicBodies {
    /// Reads them, where one of the selections asks for any.
    pub fn read<'s>(db: &mut Db, selections: impl Iterator<Item = &'s Selection>) -> Result<PublicBodies> {
        let asking: BTreeSet<&Selection> = selections.filter(|selection| selection.is_of_body()).collect();
        if asking.is_empty() {
            return Ok(PublicBodies::default());
        }
        let mut all = PublicBodies { bodies: PublicBodies::all(db)?, resolved: BTreeMap::new() };
        let resolved = asking.into_iter().map(|selection| (selection.clone(), all.resolved(selection))).collect();
        all.resolved = resolved;
        Ok(all)
    }

    fn all(db: &mut Db) -> Result<BTreeMap<String, PublicBody>> {
        let rows: Vec<(String, String, String, Option<String>)> = records::table
            .filter(records::register.eq("organisations"))
            .select((records::id, records::number, records::title, records::kind))
            .load(db)?;
        let parents: Vec<(String, String)> = record_links::table
            .filter(record_links::property.eq("parent"))
            .select((record_links::source, record_links::target))
            .load(db)?;
        let mut parents: BTreeMap<String, String> = parents.into_iter().collect();
        let body = |(id, number, name, kind): (String, String, String, Option<String>)| {
            let parent = parents.remove(&id);
            (id, PublicBody { number, name: name.to_lowercase(), kind, parent })
        };
        Ok(rows.into_iter().map(body).collect())
    }

    /// The selection with the ids of the public bodies that it asks for.
    pub fn resolve<'s>(&'s self, selection: &'s Selection) -> Cow<'s, Selection> {
        match self.resolved.get(selection) {
            Some(known) => Cow::Borrowed(known),
            None if selection.is_of_body() => Cow::Owned(self.resolved(selection)),
            None => Cow::Borrowed(selection),
        }
    }

    /// The same of several.
    pub fn resolve_all<'s>(&'s self, selections: &'s [Selection]) -> Vec<Cow<'s, Selection>> {
        selections.iter().map(|selection| self.resolve(selection)).collect()
    }

    fn resolved(&self, selection: &Selection) -> Selection {
        let mut resolved = Selection::default();
        for (criterion, values) in &selection.0 {
            let of_body: &dyn Fn(&str, &str) -> bool = match criterion {
                Criterion::OrganisationType => &|id, value| self.kind(id) == value,
                Criterion::Under | Criterion::Outside => &|id, value| self.is_under(id, value),
                Criterion::Of(_) | Criterion::Body => {
                    resolved.narrow(*criterion, values);
                    continue;
                }
            };
            let is_named = |id: &&String| values.named().iter().any(|value| of_body(id, value));
            let mut ids: BTreeSet<String> = self.bodies.keys().filter(is_named).cloned().collect();
            ids.extend(values.named().iter().filter(|value| *value == ABSENT).cloned());
            let ids = match values {
                ValueSet::In(_) => ValueSet::In(ids),
                ValueSet::NotIn(_) => ValueSet::NotIn(ids),
            };
            resolved.narrow(Criterion::Body, &ids);
        }
        resolved
    }

    fn kind(&self, id: &str) -> &str {
        self.bodies.get(id).and_then(|body| body.kind.as_deref()).unwrap_or(ABSENT)
    }

    /// True if there are none, or nobody asked for them.
    pub fn is_empty(&self) -> bool {
        self.bodies.is_empty()
    }

    /// True if a selection names a public body that there is not.
    pub fn is_unknown(&self, selection: &Selection) -> bool {
        let mut named = selection.bodies().flat_map(ValueSet::named);
        named.any(|name| name != ABSENT && !self.has(name))
    }

    /// True if a body has the name or the number, or lies under one that has it.
    fn is_under(&self, id: &str, name: &str) -> bool {
        let (mut at, mut seen, lower) = (Some(id), BTreeSet::new(), name.to_lowercase());
        while let Some(body) = at.filter(|id| seen.insert(*id)).and_then(|id| self.bodies.get(id)) {
            if body.is_called(name, &lower) {
                return true;
            }
            at = body.parent.as_deref();
        }
        false
    }

    /// The ids of the bodies of a name.
    pub fn named(&self, name: Option<&str>) -> Vec<String> {
        let name = name.map(str::to_lowercase);
        let of_name = self.bodies.iter().filter(|(_, body)| Some(&body.name) == name.as_ref());
        of_name.map(|(id, _)| id.clone()).collect()
    }

    /// True if there is a body of that name or number.
    pub fn has(&self, name: &str) -> bool {
        let lower = name.to_lowercase();
        self.bodies.values().any(|body| body.is_called(name, &lower))
    }
}
