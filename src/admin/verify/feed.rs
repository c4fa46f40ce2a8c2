//! The change feed: no gap, and no entry without a history.

use diesel::prelude::*;

use crate::db::Db;
use crate::db::schema::{changes, history};
use crate::error::Result;
use crate::records::projections::history::end_of_feed;

/// Returns the places where the feed does not fit together, or tells of what no history tells.
pub fn differences(db: &mut Db) -> Result<Vec<String>> {
    let mut out = Vec::new();
    type FeedEntry = (i64, String, String, String, Option<(String, String)>);
    let mut expected: Option<i64> = None;
    let mut after = 0;
    loop {
        let page: Vec<FeedEntry> = changes::table
            .left_join(
                history::table
                    .on(history::record_id.eq(changes::record_id).and(history::revision.eq(changes::revision))),
            )
            .filter(changes::seq.gt(after))
            .order(changes::seq)
            .limit(10_000)
            .select((
                changes::seq,
                changes::record_id,
                changes::action,
                changes::register,
                (history::action, history::register).nullable(),
            ))
            .load(db)?;
        let Some(last) = page.last() else { break };
        after = last.0;
        for (seq, id, action, register, held) in &page {
            if let Some(expected) = expected.filter(|expected| expected != seq) {
                out.push(format!("change feed: entry {expected} is missing"));
            }
            expected = Some(seq + 1);
            if held.as_ref() != Some(&(action.clone(), register.clone())) {
                out.push(format!("change feed: entry {seq} differs from the history of record {id}"));
            }
        }
    }
    let counter = end_of_feed(db)?;
    if counter != after {
        out.push(format!("change feed: ends with {after}, its counter says {counter}"));
    }
    let (entries, total): (i64, i64) = (changes::table.count().get_result(db)?, history::table.count().get_result(db)?);
    if entries != total {
        out.push(format!("change feed: {entries} entries for {total} changes in the history"));
    }
    Ok(out)
}
