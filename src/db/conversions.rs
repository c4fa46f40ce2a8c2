//! Parts of migrations that SQL has no words for.

use diesel::prelude::*;

use super::connection::Db;
use super::schema::records;
use super::statement::cached;
use crate::error::Result;
use crate::text::sort_key;

/// The migration that adds what titles are sorted by.
const TITLE_ORDER: &str = "20261130110000";

/// The number of records that are read at once.
const STEP: i64 = 1000;

/// Brings what was kept before into the form that migrations, which have just been applied, ask for.
pub(super) fn convert(db: &mut Db, applied: &[String]) -> Result<()> {
    if applied.iter().any(|version| version == TITLE_ORDER) {
        enter_title_keys(db)?;
    }
    Ok(())
}

fn enter_title_keys(db: &mut Db) -> Result<()> {
    let mut last = 0;
    loop {
        let next = records::table.filter(records::pos.gt(last)).order(records::pos).limit(STEP);
        let next: Vec<(i64, String)> = cached(next.select((records::pos, records::title))).load(db)?;
        for (pos, title) in &next {
            let entered = diesel::update(records::table.find(pos)).set(records::title_key.eq(sort_key(title)));
            cached(entered.returning(records::pos)).get_result::<i64>(db)?;
        }
        match next.last() {
            Some((pos, _)) => last = *pos,
            None => return Ok(()),
        }
    }
}
