//! The audit trail: whether it follows from itself, and what it tells last of everything but records.

use std::collections::BTreeMap;

use crate::audit::trail::{self, TrailEntry, TrailFilter, TrailKind};
use crate::db::Db;
use crate::error::Result;

/// A summary of the trail.
#[derive(Default)]
pub struct TrailSummary {
    /// The number of its entries.
    pub entries: i64,
    /// The hash of the last one.
    pub hash: String,
    /// The number of entries that tell of a change of a record, or of an erasure.
    pub of_records: i64,
    /// The last entry of each kind and subject.
    pub last: BTreeMap<(String, String), TrailEntry>,
    /// The entries of publications, by subject and version.
    pub publications: BTreeMap<(String, i64), TrailEntry>,
}

impl TrailSummary {
    /// The last entries of a kind, by subject.
    pub fn last_of(&self, kind: TrailKind) -> BTreeMap<&str, &TrailEntry> {
        let of_kind = self.last.iter().filter(|((held, _), _)| held == kind.name());
        of_kind.map(|((_, subject), kept)| (subject.as_str(), kept)).collect()
    }

    fn add(&mut self, kept: TrailEntry, out: &mut Vec<String>) {
        let is = |kind: TrailKind| kept.kind == kind.name();
        if is(TrailKind::Record) || is(TrailKind::Erasure) {
            self.of_records += 1;
        } else if is(TrailKind::Publication) {
            let name = (kept.subject.clone(), kept.revision.unwrap_or_default());
            if let Some(before) = self.publications.insert(name, kept) {
                out.push(format!("audit trail: entry {} is told again later", before.seq));
            }
        } else if TrailKind::VALUES.contains(&kept.kind.as_str()) {
            self.last.insert((kept.kind.clone(), kept.subject.clone()), kept);
        } else {
            out.push(format!("audit trail: entry {} is of no kind that there is", kept.seq));
        }
    }
}

/// Reads the trail and adds where it does not follow from itself.
pub fn read(db: &mut Db, out: &mut Vec<String>) -> Result<TrailSummary> {
    const PAGE: i64 = 5_000;
    let mut told = TrailSummary::default();
    loop {
        let page = trail::list(db, &TrailFilter::default(), told.entries, PAGE)?;
        if page.is_empty() {
            return Ok(told);
        }
        for kept in page {
            if kept.seq != told.entries + 1 {
                out.push(format!("audit trail: entry {} is missing", told.entries + 1));
            } else if kept.chain_hash(&told.hash) != kept.hash {
                out.push(format!("audit trail: entry {} does not follow from the one before", kept.seq));
            }
            told.entries = kept.seq;
            told.hash.clone_from(&kept.hash);
            told.add(kept, out);
        }
    }
}
