//! The ways of each database: the statements that belong to an engine, and the expressions that one writes otherwise than
//! the other. Code that needs one takes it from [`Db::dialect`], and does not ask which database it is.

pub(super) mod postgres;
pub(super) mod sqlite;

use std::path::Path;
use std::time::Duration;

use diesel::result::QueryResult;
use diesel::sql_types::Date;

use super::connection::Db;
use super::old_pages::KeptPages;
use super::statement::{SqlExpression, Statement};
use crate::error::{Error, Result};

/// The ways of one database. What only one of them has to do does nothing on the other.
pub(crate) trait Dialect: Sync {
    /// The day after all others, as it stands in the indexes that sort absent days last.
    fn never(&self) -> SqlExpression<Date>;

    /// The year of a column of days.
    fn year(&self, column: &'static str) -> Statement<'static>;

    /// The month of a column of days, such as `201703`.
    fn month(&self, column: &'static str) -> Statement<'static>;

    /// The days from a column of days to another day.
    fn days_between(&self, column: &'static str, until: Statement<'static>) -> Statement<'static>;

    /// A property of the JSON objects in a column, as text or number; null where it is absent.
    fn json_property(&self, column: &'static str, property: &'static str) -> Statement<'static>;

    /// A list in the JSON objects of a column as a table of its elements, whose column is `value`.
    fn json_elements(&self, column: &'static str, list: &'static str, name: &'static str) -> Statement<'static>;

    /// A text in an object of the JSON objects in a column, by its name; null where there is none.
    fn json_text(&self, column: &'static str, object: &'static str, name: &str) -> Statement<'static>;

    /// A number there in ten-thousandths; null where there is none.
    fn json_parts(&self, column: &'static str, object: &'static str, name: &str) -> Statement<'static>;

    /// This text, where an element of a list in the JSON objects of a column has it in that part; null where none has.
    fn json_listed(
        &self,
        column: &'static str,
        list: &'static str,
        part: &'static str,
        text: &str,
    ) -> Statement<'static>;

    /// True where an element of a list in the JSON objects of a column has that part.
    fn json_any_listed(&self, column: &'static str, list: &'static str, part: &'static str) -> Statement<'static>;

    /// An object in the JSON objects of a column, by its name, as a table of its members with the columns `key` and `value`.
    fn json_members(&self, column: &'static str, object: &str, name: &'static str) -> Statement<'static>;

    /// An integer in the JSON lists in a column, by its place.
    fn json_integer(&self, column: &'static str, place: &'static str) -> Statement<'static>;

    /// True if values of new records are entered in their lists many at once, and are looked for in the records themselves until
    /// then. SQLite writes each page of an index that a row goes to, which costs as much as the record; a server plans a list well
    /// over one table only, and gets all rows of a group at once.
    fn enters_values_late(&self) -> bool;

    /// True if rows are to be counted where they are: fewer come from a server. SQLite sorts what it groups, and hands rows
    /// over faster than that.
    fn counts_rows(&self) -> bool;

    /// Lets each further statement run for as long as it takes.
    fn lift_time_limit(&self, _: &mut Db) -> QueryResult<()> {
        Ok(())
    }

    /// The number of the session at a server.
    fn session(&self, _: &mut Db) -> QueryResult<Option<i64>> {
        Ok(None)
    }

    /// The names of those who hold a lock that a session waits for.
    fn lock_holders(&self, _: &mut Db, _: i64) -> QueryResult<Vec<String>> {
        Ok(Vec::new())
    }

    /// Makes all that the transaction, which has just begun, will read one snapshot.
    fn hold_snapshot(&self, _: &mut Db) -> QueryResult<()> {
        Ok(())
    }

    /// Tells the planner of the tables that have grown.
    fn analyse_what_grew(&self, _: &mut Db) -> QueryResult<()> {
        Ok(())
    }

    /// Merges some of the pieces of the indexes of words; true if there may be more to merge.
    fn merge_a_little(&self, _: &mut Db) -> QueryResult<bool> {
        Ok(false)
    }

    /// Gives memory back that was for pages.
    fn shrink_memory(&self, _: &mut Db) -> QueryResult<()> {
        Ok(())
    }

    /// Takes what was erased from tables out of the places that old pages are kept in; what keeps some of them there after a
    /// while.
    fn forget_old_pages(&self, db: &mut Db, tables: &[&'static str]) -> Result<Option<KeptPages>>;

    /// Lets old pages be used again, without anybody waiting for it.
    fn free_old_pages(&self, db: &mut Db, tables: &[&'static str]) -> Result<()>;

    /// The time for which reads and writes stop while the tables of so many records are written anew; none where they are not.
    fn time_to_forget(&self, _: u64) -> Option<Duration> {
        None
    }

    /// Writes as much as a write may take, of which nothing is to be seen after the commit: where there is no room it fails.
    fn try_to_write(&self, db: &mut Db) -> QueryResult<()>;

    /// Copies the database as it is at one instant to a file. Only what is embedded can be copied.
    fn copy_to(&self, db: &mut Db, file: &Path) -> Result<()>;

    /// The seconds by which a replica is behind the database that it follows; none where there is nothing to follow.
    fn seconds_behind(&self, _: &mut Db) -> QueryResult<Option<f64>> {
        Ok(None)
    }

    /// The damage that the database itself finds in its files; none where it cannot look.
    fn damage(&self, _: &mut Db) -> QueryResult<Option<String>> {
        Ok(None)
    }

    /// Leaves no file beside that of the database when it is closed.
    fn leave_one_file(&self, _: &mut Db) -> QueryResult<()> {
        Ok(())
    }
}

fn cannot_connect(error: &dyn std::fmt::Display) -> Error {
    let said = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
    Error::Unavailable(format!("cannot connect to the database: {said}"))
}
