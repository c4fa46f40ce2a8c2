//! The audit trail: whether it follows from itself, and what it tells last of everything but records.

use std::collections::BTreeMap;

use crate::audit::trail::{self, Filter, Kept, Kind};
use crate::db::Db;
use crate::error::Result;

/// What the trail tells.
#[derive(Default)]
pub struct Told {
    /// How many entries it has.
    pub entries: i64,
    /// The hash of the last one.
    pub hash: String,
    /// How many of them tell of a change of a record, or of an erasure.
    pub of_records: i64,
    /// The last entry of each kind and subject.
    pub last: BTreeMap<(String, String), Kept>,
    /// The entries of publications, by subject and version.
    pub publications: BTreeMap<(String, i64), Kept>,
}

impl Told {
    /// The last entries of a kind, by subject.
    pub fn last_of(&self, kind: Kind) -> BTreeMap<&str, &Kept> {
        let of_kind = self.last.iter().filter(|((held, _), _)| held == kind.name());
        of_kind.map(|((_, subject), kept)| (subject.as_str(), kept)).collect()
    }

    fn add(&mut self, kept: Kept, out: &mut Vec<String>) {
        let is = |kind: Kind| kept.kind == kind.name();
        if is(Kind::Record) || is(Kind::Erasure) {
            self.of_records += 1;
        } else if is(Kind::Publication) {
            let name = (kept.subject.clone(), kept.revision.unwrap_or_default());
            if let Some(before) = self.publications.insert(name, kept) {
                out.push(format!("audit trail: entry {} is told again later", before.seq));
            }
        } else if Kind::NAMES.contains(&kept.kind.as_str()) {
            self.last.insert((kept.kind.clone(), kept.subject.clone()), kept);
        } else {
            out.push(format!("audit trail: entry {} is of no kind that there is", kept.seq));
        }
    }
}

/// Reads the trail and adds where it does not follow from itself.
pub fn read(db: &mut Db, out: &mut Vec<String>) -> Result<Told> {
    const PAGE: i64 = 5_000;
    let mut told = Told::default();
    loop {
        let page = trail::list(db, &Filter::default(), told.entries, PAGE)?;
        if page.is_empty() {
            return Ok(told);
        }
        for kept in page {
            if kept.seq != told.entries + 1 {
                out.push(format!("audit trail: entry {} is missing", told.entries + 1));
            } else if kept.chained(&told.hash) != kept.hash {
                out.push(format!("audit trail: entry {} does not follow from the one before", kept.seq));
            }
            told.entries = kept.seq;
            told.hash.clone_from(&kept.hash);
            told.add(kept, out);
        }
    }
}
