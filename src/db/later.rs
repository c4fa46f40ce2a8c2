//! What is done once at the end of a transaction, however many savepoints there were in it.
//!
//! SQLite's search index writes what it holds back at every savepoint: with one for each record it wrote a piece of
//! index for each record. So a transaction notes whose words may have changed, and writes them at its end.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::Db;
use crate::error::Result;

/// Brings what follows from a row up to date, whether or not the row is there.
type Work = fn(&mut Db, i64) -> Result<()>;

thread_local! {
    /// The rows, of the transaction that this thread is in.
    static NOTED: RefCell<BTreeMap<i64, Work>> = const { RefCell::new(BTreeMap::new()) };
}

/// Notes that `work` is to be done for a row before the transaction of this thread is committed. What a savepoint takes
/// back stays noted: the work looks at what there is.
pub fn later(row: i64, work: Work) {
    NOTED.with_borrow_mut(|noted| noted.insert(row, work));
}

/// Does what was noted.
pub(super) fn catch_up(db: &mut Db) -> Result<()> {
    let noted = NOTED.take();
    noted.into_iter().try_for_each(|(row, work)| work(db, row))
}

/// Forgets what a transaction has noted that was taken back.
pub(super) fn forget() {
    NOTED.take();
}
