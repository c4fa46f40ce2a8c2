//! Parts of migrations that SQL has no words for.

use diesel::prelude::*;

use super::connection::Db;
use super::prepared::cached;
use super::schema::records;
use crate::error::Result;
use crate::text::sort_key;

/// The migration that adds what titles are sorted by.
const TITLE_ORDER: &str = "20261130110000";

/// The number of records that are read at once.
const STEP: i64 = 1000;

/// The number of records after which it is told how far it has come.
const TOLD: usize = 20_000;

/// Brings what was kept before into the form that migrations, which have just been applied, ask for.
pub(super) fn convert(db: &mut Db, applied: &[String]) -> Result<()> {
    if applied.iter().any(|version| version == TITLE_ORDER) {
        enter_title_keys(db)?;
    }
    Ok(())
}

fn enter_title_keys(db: &mut Db) -> Result<()> {
    let (mut last, mut entered) = (0, 0);
    loop {
        let next = records::table.filter(records::pos.gt(last)).order(records::pos).limit(STEP);
        let next: Vec<(i64, String)> = cached(next.select((records::pos, records::title))).load(db)?;
        for (pos, title) in &next {
            let with_key = diesel::update(records::table.find(pos)).set(records::title_key.eq(sort_key(title)));
            cached(with_key.returning(records::pos)).get_result::<i64>(db)?;
        }
        let Some((pos, _)) = next.last() else { return Ok(()) };
        (last, entered) = (*pos, entered + next.len());
        if entered.is_multiple_of(TOLD) {
            log::info!("{entered} records have what they are sorted by title by");
        }
    }
}
