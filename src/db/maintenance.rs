//! Maintenance of the databases beside the writes. The writer does it: nobody else may write.

use super::deadline::StatementTimes;

use super::checkpoint::Checkpoints;
use super::connection::Db;
use crate::config::Target;
use crate::error::Result;

/// The maintenance that was done, and that is to be done.
pub(super) struct Maintenance {
    checkpoints: Option<Checkpoints>,
    commits: u64,
    is_wanted: bool,
}

impl Maintenance {
    pub(super) fn start(target: &Target, times: StatementTimes) -> Result<Self> {
        Ok(Maintenance { checkpoints: Checkpoints::start(target, times)?, commits: 0, is_wanted: true })
    }

    /// Does the maintenance due after a commit.
    pub(super) fn committed(&mut self, db: &mut Db) {
        self.commits += 1;
        self.is_wanted = true;
        if let Some(checkpoints) = &mut self.checkpoints {
            checkpoints.committed(db);
        }
        // After ever more writes: the tables grow by the same part in between.
        if self.commits.is_power_of_two()
            && let Err(error) = db.dialect().analyse_what_grew(db)
        {
            log::warn!("the tables were not analysed: {error}");
        }
    }

    /// True if there is anything to do while nobody writes.
    pub(super) fn is_wanted(&self) -> bool {
        self.is_wanted
    }

    /// Does a little of what there is to do when nobody writes.
    pub(super) fn idle(&mut self, db: &mut Db) {
        self.is_wanted = db.dialect().merge_a_little(db).unwrap_or_else(|error| {
            log::warn!("the index of words was not merged: {error}");
            false
        });
        if self.is_wanted {
            self.checkpoints.iter_mut().for_each(|checkpoints| checkpoints.committed(db));
        } else if let Err(error) = db.dialect().shrink_memory(db) {
            log::warn!("the memory for pages was not given back: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use diesel::connection::SimpleConnection;
    use diesel::prelude::*;
    use diesel::sql_types::BigInt;

    use super::*;

    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = BigInt)]
        number: i64,
    }

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
        let number = |db: &mut Db, sql: &str| diesel::sql_query(sql).get_result::<Found>(db).unwrap().number;
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
