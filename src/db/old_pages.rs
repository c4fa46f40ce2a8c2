//! Old pages: a database keeps what was there before until it writes its tables anew.

use std::fmt::{self, Display};

use diesel::prelude::*;

use super::connection::Db;
use super::schema::records;
use crate::error::Result;

/// The pages of before that a database still has.
#[derive(Debug)]
pub struct KeptPages {
    /// The reasons for which they are still there, a clause each.
    pub(super) reasons: Vec<String>,
    /// The statements that finish it.
    pub(super) remedy: String,
}

impl Display for KeptPages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}. When nothing of this is in the way any more, finish it with an account that owns the tables: {}",
            self.reasons.join("; "),
            self.remedy
        )
    }
}

/// Takes what was erased from tables, or sealed anew, out of the places that old pages are kept in; what keeps some of them
/// there.
pub fn forget_old_pages(db: &mut Db, tables: &[&'static str]) -> Result<Option<KeptPages>> {
    db.dialect().lift_time_limit(db)?;
    db.dialect().forget_old_pages(db, tables)
}

/// Lets old pages be used again that nobody can read: nobody waits for that.
pub fn free_old_pages(db: &mut Db, tables: &[&'static str]) -> Result<()> {
    db.dialect().lift_time_limit(db)?;
    db.dialect().free_old_pages(db, tables)
}

/// Says for how long the tables of records will be closed when they are written anew, where they are.
pub fn foretell_rewriting(db: &mut Db) -> Result<()> {
    let number: i64 = records::table.count().get_result(db)?;
    if let Some(time) = db.dialect().time_to_forget(number.unsigned_abs()) {
        log::info!(
            "the tables of {number} records will be written anew, so that their files keep nothing of before: reads and writes \
             stop for about {} s",
            time.as_secs().max(1)
        );
    }
    Ok(())
}
