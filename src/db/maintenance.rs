//! Maintenance of the databases beside the writes. The writer does it: nobody else may write.

use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel::sqlite::SqliteConnection;

use super::Db;
use super::checkpoint::Checkpoints;
use crate::config::Target;
use crate::error::Result;

/// The number of pages of an index of words that are written at once while nobody writes.
const MERGED: usize = 64;

/// The maintenance that was done, and that is to be done.
pub(super) struct Maintenance {
    checkpoints: Option<Checkpoints>,
    commits: u64,
    is_wanted: bool,
}

impl Maintenance {
    pub(super) fn start(target: &Target, timeout: Duration) -> Result<Self> {
        Ok(Maintenance { checkpoints: Checkpoints::start(target, timeout)?, commits: 0, is_wanted: true })
    }

    /// Does the maintenance due after a commit.
    pub(super) fn committed(&mut self, db: &mut Db) {
        self.commits += 1;
        self.is_wanted = true;
        match db {
            Db::Sqlite(_) => self.checkpoints.iter_mut().for_each(|checkpoints| checkpoints.committed(db)),
            Db::Postgres(connection) if self.commits.is_power_of_two() => analyse_what_grew(connection),
            Db::Postgres(_) => {}
        }
    }

    /// True if there is anything to do while nobody writes.
    pub(super) fn is_wanted(&self) -> bool {
        self.is_wanted
    }

    /// Does a little of what there is to do when nobody writes.
    pub(super) fn idle(&mut self, db: &mut Db) {
        let Db::Sqlite(connection) = db else {
            self.is_wanted = false;
            return;
        };
        self.is_wanted = merge_a_little(connection).unwrap_or_else(|error| {
            log::warn!("the index of words was not merged: {error}");
            false
        });
        if self.is_wanted {
            self.checkpoints.iter_mut().for_each(|checkpoints| checkpoints.committed(db));
        } else if let Err(error) = db.batch_execute("PRAGMA shrink_memory") {
            log::warn!("the memory for pages was not given back: {error}");
        }
    }
}

#[derive(QueryableByName)]
struct IndexName {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct ChangeCount {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// SQLite adds a piece to its index of words with each commit, and who searches looks into all the pieces. It merges them
/// as it writes, but leaves some dozens. Merges some more; whether there may be more to merge.
fn merge_a_little(connection: &mut SqliteConnection) -> QueryResult<bool> {
    const INDEXES: &str = "SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE VIRTUAL TABLE % USING fts5 (%'";
    let changes = |connection: &mut SqliteConnection| {
        diesel::sql_query("SELECT total_changes() AS number").get_result::<ChangeCount>(connection)
    };
    let mut more = false;
    for IndexName { name } in diesel::sql_query(INDEXES).load::<IndexName>(connection)? {
        let before = changes(connection)?;
        connection.batch_execute(&format!("INSERT INTO {name} ({name}, rank) VALUES ('merge', {MERGED})"))?;
        // The statement alone counts for one.
        more |= changes(connection)?.number - before.number > 1;
    }
    Ok(more)
}

/// PostgreSQL plans by what it knows of the tables, and that comes late for tables that fill fast: of an empty one any
/// index is as good. So they are analysed after ever more writes, where that has not been done since they were half as
/// large.
fn analyse_what_grew(connection: &mut PgConnection) {
    const GROWN: &str = "DO $$ DECLARE grown TEXT; BEGIN \
        FOR grown IN SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' \
            AND relnamespace = current_schema()::regnamespace AND pg_relation_size(oid) > 2 * 8192 * greatest(relpages, 0)::bigint \
        LOOP EXECUTE 'ANALYZE ' || grown; END LOOP; END $$";
    if let Err(error) = connection.batch_execute(GROWN) {
        log::warn!("the tables were not analysed: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_writer_leaves_few_pieces_of_an_index() {
        let mut connection = SqliteConnection::establish(":memory:").unwrap();
        connection
            .batch_execute(
                "CREATE VIRTUAL TABLE things USING fts5 (words, content = '', detail = none); \
                 INSERT INTO things (things, rank) VALUES ('usermerge', 2)",
            )
            .unwrap();
        for number in 0..500 {
            let insert = format!("INSERT INTO things (rowid, words) VALUES ({number}, 'thing number{number}')");
            connection.batch_execute(&insert).unwrap();
        }
        let number = |db: &mut Db, sql: &str| diesel::sql_query(sql).get_result::<ChangeCount>(db).unwrap().number;
        let mut db = Db::Sqlite(connection);
        // The pages of a piece bear its number from the 38th bit on; those of the structure as a whole have none.
        let pieces = "SELECT count(DISTINCT id >> 37) AS number FROM things_data WHERE id >> 37 > 0";
        assert!(number(&mut db, pieces) > 5);
        let mut upkeep = Maintenance { checkpoints: None, commits: 0, is_wanted: true };
        while upkeep.is_wanted() {
            upkeep.idle(&mut db);
        }
        assert!(number(&mut db, pieces) <= 3);
        assert_eq!(number(&mut db, "SELECT count(*) AS number FROM things WHERE things MATCH 'thing'"), 500);
        upkeep.committed(&mut db);
        assert!(upkeep.is_wanted());
    }
}
