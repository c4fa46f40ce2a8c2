//! A group of writes that share a transaction: run one after the other, and answered when it is known how the transaction ended.
//!
//! A failure of one write of a group must take back only what that write did. A write that can be run again needs
//! nothing for that: if it fails after it has written, the group is taken back and each of them runs alone. All others
//! run in a savepoint.

use std::collections::VecDeque;
use std::time::Instant;

use super::connection::Db;
use super::deadline::StatementClock;
use super::engine::begin_writing;
use super::foresight::AnyForesight;
use super::measures::WriterMeasures;
use super::transaction::{TransactionMemory, WriteError, WriteTransaction, commit_exclusive, roll_back_exclusive};
use super::write_job::{Isolation, QueuedWrite, TransactionState, refuse};
use super::writing_connection::WritingPlace;
use crate::error::Error;

/// The end of a group's transaction.
enum Ending {
    /// It was committed; or its only write was refused, and it was taken back.
    Answered,
    /// It was taken back, and its writes are to run alone as far as they can run again.
    RunAlone,
    /// It was taken back, for the rows that its only write had deferred were refused.
    Refused(Error),
    /// Nothing of it is kept, and the connection is of no more use.
    Lost(Error),
    /// Nobody knows whether it is kept, and the connection is of no more use.
    Unknown(String),
}

/// Ends the transaction of a group; `alone` tells a group of one.
fn end(db: &mut Db, memory: &mut TransactionMemory, state: TransactionState, alone: bool) -> Ending {
    let ended = match state {
        TransactionState::Sound => commit_exclusive(db, &mut memory.deferred),
        TransactionState::Undone | TransactionState::Poisoned => roll_back_exclusive(db),
        TransactionState::Lost => Err(Error::Unavailable("the transaction was lost".into())),
    };
    match (ended.map_err(WriteError::from), state) {
        (Ok(()), TransactionState::Poisoned) => Ending::RunAlone,
        (Ok(()), _) => Ending::Answered,
        (Err(WriteError::Poisoned(refused)), TransactionState::Sound) => {
            log::error!("deferred rows were refused: {refused}");
            match roll_back_exclusive(db) {
                Ok(()) if alone => Ending::Refused(refused),
                Ok(()) => Ending::RunAlone,
                Err(error) => Ending::Lost(error),
            }
        }
        (Err(WriteError::ConnectionLost(Error::OutcomeUnknown(text))), _) => Ending::Unknown(text),
        (Err(error), _) => Ending::Lost(error.into()),
    }
}

/// The fate of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GroupFate {
    /// Something of it is kept.
    Kept,
    /// All of it was refused for reasons of its own.
    Refused,
    /// The connection is of no more use.
    Lost,
}

/// Runs a group in the transaction that has begun and answers all of it; after a failure its writes run again alone.
pub(super) fn write_group(
    (db, place): (&mut Db, &WritingPlace),
    clock: &StatementClock,
    group: Vec<QueuedWrite>,
) -> GroupFate {
    let (mut fate, again) = write_together((db, &place.measures), clock, group);
    for write in again {
        if fate == GroupFate::Lost || begin_writing(db, &place.newest).is_err() {
            fate = GroupFate::Lost;
            refuse(write, "the connection was lost");
            continue;
        }
        match write_together((db, &place.measures), clock, vec![write]).0 {
            GroupFate::Refused => {}
            decided => fate = decided,
        }
    }
    fate
}

/// The fate of a group whose transaction has ended.
fn fate_of(ending: &Ending, state: TransactionState, done: &[QueuedWrite]) -> GroupFate {
    match ending {
        Ending::Lost(_) | Ending::Unknown(_) => GroupFate::Lost,
        Ending::Answered if state == TransactionState::Sound && done.iter().any(|write| write.write.has_written()) => {
            GroupFate::Kept
        }
        Ending::Answered | Ending::RunAlone | Ending::Refused(_) => GroupFate::Refused,
    }
}

/// The error that a text becomes for each write of a group that was not kept.
type WriteFailure = fn(String) -> Error;

/// Runs a group in the transaction that has begun and answers it, but for the writes that are to run again alone, which it
/// returns.
fn write_together(
    (db, measures): (&mut Db, &WriterMeasures),
    clock: &StatementClock,
    group: Vec<QueuedWrite>,
) -> (GroupFate, Vec<QueuedWrite>) {
    let alone = group.len() == 1;
    let mut memory = TransactionMemory::default();
    let Ran { done, waiting, state } = run_in_turn(db, &mut memory, clock, group);
    let begun = Instant::now();
    let ending = end(db, &mut memory, state, alone);
    if state == TransactionState::Sound && matches!(ending, Ending::Answered) {
        measures.committed(begun.elapsed());
    }
    let fate = fate_of(&ending, state, &done);
    let failure: Option<(WriteFailure, String)> = match &ending {
        Ending::RunAlone => {
            let (again, once): (Vec<QueuedWrite>, Vec<QueuedWrite>) = done.into_iter().partition(|write| write.again);
            once.into_iter().for_each(|write| refuse(write, "another write of the same transaction failed"));
            return (GroupFate::Refused, again.into_iter().chain(waiting).collect());
        }
        Ending::Answered => None,
        Ending::Refused(Error::Internal(text)) => Some((Error::Internal, text.clone())),
        Ending::Refused(error) => Some((Error::Internal, error.to_string())),
        Ending::Lost(error) => {
            log::error!("a group of {} writes was not kept: {error}", done.len());
            Some((Error::Unavailable, error.to_string()))
        }
        Ending::Unknown(text) => {
            log::error!("nobody knows whether a group of {} writes was kept: {text}", done.len());
            Some((Error::OutcomeUnknown, text.clone()))
        }
    };
    for write in done.into_iter().chain(waiting) {
        write.write.reply(failure.as_ref().map(|(kind, text)| kind(text.clone())));
    }
    (fate, Vec::new())
}

/// A group that ran in one transaction.
struct Ran {
    /// The writes that ran.
    done: Vec<QueuedWrite>,
    /// The writes behind the one that ended the run.
    waiting: VecDeque<QueuedWrite>,
    state: TransactionState,
}

/// Looks up once what the writes of a group will ask for, where each question would be a way to a server and back.
fn look_up(db: &mut Db, memory: &mut TransactionMemory, group: &[QueuedWrite]) -> TransactionState {
    if db.server().is_none() {
        return TransactionState::Sound;
    }
    let foreseen: Vec<&AnyForesight> = group.iter().filter_map(|write| write.foreseen.as_ref()).collect();
    match AnyForesight::look_up_all(&mut WriteTransaction::new(db, memory), &foreseen) {
        Ok(()) => TransactionState::Sound,
        Err(error) => {
            log::error!("what writes will ask for cannot be looked up: {error}");
            TransactionState::after(error)
        }
    }
}

/// Runs the writes of a group one after the other, as long as the transaction is sound.
fn run_in_turn(db: &mut Db, memory: &mut TransactionMemory, clock: &StatementClock, group: Vec<QueuedWrite>) -> Ran {
    let alone = group.len() == 1;
    let mut state = if alone { TransactionState::Sound } else { look_up(db, memory, &group) };
    let (mut done, mut waiting) = (Vec::with_capacity(group.len()), VecDeque::from(group));
    while state == TransactionState::Sound
        && let Some(mut write) = waiting.pop_front()
    {
        if Instant::now() > write.deadline {
            refuse(write, "the write waited too long for its turn");
            continue;
        }
        write.turn.begin(clock);
        let isolation = match write.again {
            _ if alone => Isolation::Alone,
            true => Isolation::Together,
            false => Isolation::InSavepoint,
        };
        // A write in a savepoint may read what the others have deferred, and is not to fail with it.
        if isolation == Isolation::InSavepoint
            && let Err(error) = memory.deferred.write_up_to(u8::MAX, db)
        {
            log::error!("deferred rows were refused: {error}");
            state = TransactionState::after(error);
            waiting.push_front(write);
            break;
        }
        state = write.write.run(&mut WriteTransaction::new(db, memory), isolation);
        done.push(write);
    }
    Ran { done, waiting, state }
}

#[cfg(test)]
mod tests {
    use diesel::connection::SimpleConnection;
    use diesel::prelude::*;
    use diesel::sql_types::BigInt;
    use diesel::sqlite::SqliteConnection;

    use std::time::Duration;

    use tokio::sync::oneshot;

    use super::super::deadline::QueueTicket;
    use super::super::write_job::PendingJob;
    use super::super::{DeferredRow, InsertBatch, Statement};
    use super::*;
    use crate::error::Result;

    #[derive(QueryableByName)]
    struct Number {
        #[diesel(sql_type = BigInt)]
        number: i64,
    }

    fn database() -> Db {
        let mut connection = SqliteConnection::establish(":memory:").unwrap();
        connection
            .batch_execute(
                "CREATE TABLE numbers (number INTEGER PRIMARY KEY CHECK (number < 100));
            CREATE TABLE __diesel_schema_migrations (version TEXT)",
            )
            .unwrap();
        Db::Sqlite(connection)
    }

    fn put(db: &mut Db, number: i64) -> Result<()> {
        Statement::new("INSERT INTO numbers VALUES (").bind::<BigInt, _>(number).sql(")").execute(db)?;
        Ok(())
    }

    fn numbers(db: &mut Db) -> Vec<i64> {
        let held = diesel::sql_query("SELECT number FROM numbers ORDER BY number").load::<Number>(db);
        held.unwrap().into_iter().map(|row| row.number).collect()
    }

    /// A number that is inserted at the end.
    struct Late(i64);

    impl DeferredRow for Late {
        const RANK: u8 = 0;

        fn insert<'r>(db: &mut Db, _: &mut InsertBatch<'r>, rows: &'r [Self]) -> Result<()> {
            rows.iter().try_for_each(|Late(number)| put(db, *number))
        }
    }

    type Answer = oneshot::Receiver<Result<()>>;

    fn task(
        again: bool,
        work: impl FnMut(&mut WriteTransaction<'_>) -> Result<()> + Send + 'static,
    ) -> (QueuedWrite, Answer) {
        let (answer, answered) = oneshot::channel();
        let write = Box::new(PendingJob::new(work, answer));
        let deadline = Instant::now() + Duration::from_secs(60);
        (QueuedWrite { deadline, turn: QueueTicket::default(), again, foreseen: None, write }, answered)
    }

    /// Runs a group; what each was answered: `None` when it was kept.
    fn run(db: &mut Db, group: Vec<(QueuedWrite, Answer)>) -> (bool, Vec<Option<Error>>) {
        let (tasks, answers): (Vec<QueuedWrite>, Vec<Answer>) = group.into_iter().unzip();
        begin_writing(db, "1").unwrap();
        let place = WritingPlace::for_tests("1");
        let usable = write_group((db, &place), &StatementClock::default(), tasks) != GroupFate::Lost;
        let told = answers.into_iter().map(|mut answer| answer.try_recv().unwrap().err());
        (usable, told.collect())
    }

    #[test]
    fn what_is_refused_before_it_writes_harms_no_other() {
        let mut db = database();
        let refused = task(true, |tx| {
            tx.defer(Late(2));
            Err(Error::InProgress)
        });
        let group = vec![task(true, |tx| put(tx.unflushed(), 1)), refused, task(true, |tx| put(tx.unflushed(), 3))];
        let (usable, told) = run(&mut db, group);
        assert!(usable && matches!(told[..], [None, Some(Error::InProgress), None]));
        assert_eq!(numbers(&mut db), [1, 3]);
    }

    #[test]
    fn what_fails_after_it_wrote_is_taken_back_alone() {
        let mut db = database();
        let broken = |tx: &mut WriteTransaction<'_>| {
            put(tx.unflushed(), 2)?;
            Err(Error::Internal("broken".into()))
        };
        let late = |tx: &mut WriteTransaction<'_>| {
            tx.defer(Late(4));
            Ok(())
        };
        let group = vec![
            task(true, |tx| put(tx.unflushed(), 1)),
            task(false, |tx| put(tx.unflushed(), 10)),
            task(true, broken),
            task(true, |tx| put(tx.unflushed(), 3)),
            task(false, |tx| put(tx.unflushed(), 11)),
            task(true, late),
        ];
        let (usable, told) = run(&mut db, group);
        assert!(usable);
        let [None, Some(Error::Unavailable(_)), Some(Error::Internal(_)), None, None, None] = &told[..] else {
            panic!("{told:?}");
        };
        assert_eq!(numbers(&mut db), [1, 3, 4, 11]);
    }

    #[test]
    fn what_is_refused_at_the_end_is_found_out() {
        let mut db = database();
        let note = |number| {
            task(true, move |tx| {
                tx.defer(Late(number));
                Ok(())
            })
        };
        let (usable, told) = run(&mut db, vec![note(1), note(100), note(2)]);
        assert!(usable && matches!(told[..], [None, Some(Error::Internal(_)), None]), "{told:?}");
        let (usable, told) = run(&mut db, vec![note(3), note(100), task(false, |tx| put(tx.unflushed(), 4))]);
        assert!(usable && matches!(told[..], [None, Some(Error::Internal(_)), None]), "{told:?}");
        assert_eq!(numbers(&mut db), [1, 2, 3, 4]);
    }

    #[test]
    fn a_panic_harms_no_other() {
        let mut db = database();
        let panics = |_: &mut WriteTransaction<'_>| panic!("on purpose");
        let (_, told) = run(&mut db, vec![task(true, |tx| put(tx.unflushed(), 1)), task(true, panics)]);
        assert!(matches!(told[..], [None, Some(Error::Internal(_))]), "{told:?}");
        assert_eq!(numbers(&mut db), [1]);
    }

    #[test]
    fn a_savepoint_takes_back_what_was_refused_in_it() {
        let mut db = database();
        let refused = |tx: &mut WriteTransaction<'_>| {
            put(tx.unflushed(), 2)?;
            Err(Error::InProgress)
        };
        let (usable, told) = run(&mut db, vec![task(true, |tx| put(tx.unflushed(), 1)), task(false, refused)]);
        assert!(usable && matches!(told[..], [None, Some(Error::InProgress)]));
        assert_eq!(numbers(&mut db), [1]);
    }
}
