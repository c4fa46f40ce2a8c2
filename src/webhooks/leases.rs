//! The right to do a work for all instances, which one of them has at a time.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::db::WriteTransaction;
use crate::db::schema::leases;
use crate::error::Result;

/// Takes or keeps the right to do a work for all instances; false when another has it.
pub(super) fn take(
    tx: &mut WriteTransaction,
    name: &str,
    holder: &str,
    now: NaiveDateTime,
    until: NaiveDateTime,
) -> Result<bool> {
    let held: Option<(String, NaiveDateTime)> =
        leases::table.find(name).select((leases::holder, leases::until)).first(tx.unflushed()).optional()?;
    match held {
        Some((other, lasts)) if other != holder && lasts > now => return Ok(false),
        Some(_) => {
            diesel::update(leases::table.find(name))
                .set((leases::holder.eq(holder), leases::until.eq(until)))
                .execute(tx.unflushed())?;
        }
        None => {
            let row = (leases::name.eq(name), leases::holder.eq(holder), leases::until.eq(until));
            diesel::insert_into(leases::table).values(row).execute(tx.unflushed())?;
        }
    }
    Ok(true)
}

/// Gives the right up.
pub(super) fn release(tx: &mut WriteTransaction, name: &str, holder: &str) -> Result<()> {
    diesel::delete(leases::table.find(name).filter(leases::holder.eq(holder))).execute(tx.unflushed())?;
    Ok(())
}
