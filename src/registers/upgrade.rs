//! The parts of a schema change that SQL cannot compute.

use diesel::prelude::*;

use super::record::RecordRow;
use super::references::{self, ORGANISATIONS};
use crate::db::schema::records;
use crate::db::{Db, WriteTransaction};
use crate::error::Result;
use crate::text;

/// Gives the records that are there what they are compared by, and links those that name a public body in another
/// spelling than its own. Where two records have one id of another system in two spellings, the second keeps its own:
/// `verify` tells of it.
pub fn fill_keys(tx: &mut WriteTransaction) -> Result<()> {
    let db = tx.unflushed();
    let mut after = 0;
    loop {
        let page: Vec<(i64, RecordRow)> = records::table
            .filter(records::pos.gt(after))
            .order(records::pos)
            .limit(1000)
            .select((records::pos, RecordRow::as_select()))
            .load(db)?;
        let Some((last, _)) = page.last() else { break };
        after = *last;
        for (pos, columns) in page.iter().filter(|(_, columns)| !columns.has_right_keys()) {
            fill(db, *pos, columns)?;
        }
    }
    let bodies: Vec<RecordRow> =
        records::table.filter(records::register.eq_any(ORGANISATIONS)).select(RecordRow::as_select()).load(db)?;
    bodies.iter().try_for_each(|body| references::link_records_naming(tx, body))
}

fn fill(db: &mut Db, pos: i64, columns: &RecordRow) -> Result<()> {
    let is_body = ORGANISATIONS.contains(&columns.register.as_str());
    let named = if is_body { Some(&columns.title) } else { columns.organisation.as_ref() };
    let number_key = Some(text::key(&columns.number)).filter(|key| *key != columns.number);
    let keys = (records::number_key.eq(number_key), records::organisation_key.eq(named.map(|name| text::key(name))));
    diesel::update(records::table.find(pos)).set(keys).execute(db)?;
    let (Some(system), Some(given)) = (&columns.external_system, &columns.external_id) else { return Ok(()) };
    let id = text::id_key(given);
    if id == *given {
        return Ok(());
    }
    let taken = records::table
        .filter(records::register.eq(&columns.register))
        .filter(records::external_system.eq(system))
        .filter(records::external_id.eq(&id));
    if taken.count().get_result::<i64>(db)? == 0 {
        let spelled = (records::external_id.eq(id), records::external_given.eq(given));
        diesel::update(records::table.find(pos)).set(spelled).execute(db)?;
    }
    Ok(())
}
