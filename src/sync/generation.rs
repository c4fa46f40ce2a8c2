//! The generation of the change feed: which of the histories it is that a database can have had. After a restore the feed
//! goes on from an earlier place, and what followers were told since has never been. So each restore begins a generation,
//! and stands in the audit trail, whose entry names it.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::audit::trail::{self, Author, NewTrailEntry, TrailKind};
use crate::db::schema::audit_trail;
use crate::db::{Db, exclusively};
use crate::digest;
use crate::error::Result;
use crate::identity::Identity;

/// The action on all data, in the words of the audit trail.
const RESTORED: &str = "RESTORED";

/// The subject of it. Few entries have this subject, so that they are found by it.
const SUBJECT: &str = "database";

/// The number of characters that name a generation: as many as nobody meets again by chance.
const LENGTH: usize = 16;

/// Begins a generation: whoever follows the feed is told to begin anew.
pub fn begin(db: &mut Db, at: NaiveDateTime) -> Result<()> {
    let request_id = uuid::Uuid::now_v7().to_string();
    exclusively(db, |tx| {
        let (_, before) = trail::head(tx.flushed()?)?;
        let digest = digest::of(&[RESTORED, &before]);
        let entry =
            NewTrailEntry { kind: TrailKind::Backup, action: RESTORED, subject: SUBJECT, revision: None, digest };
        trail::append_as(tx, &entry, Author { actor: &Identity::operator(), request_id: &request_id, at })
    })
}

/// The generation that the feed is in; empty before the first restore.
pub fn current(db: &mut Db) -> Result<String> {
    let of_restores = audit_trail::table
        .filter(audit_trail::subject.eq(SUBJECT))
        .filter(audit_trail::kind.eq(TrailKind::Backup.name()))
        .filter(audit_trail::action.eq(RESTORED));
    // Not in order: the index of subjects is to be used, and they are few.
    let restores: Vec<(i64, String)> = of_restores.select((audit_trail::seq, audit_trail::hash)).load(db)?;
    let last = restores.into_iter().max();
    Ok(last.map(|(_, hash)| hash.chars().take(LENGTH).collect()).unwrap_or_default())
}
