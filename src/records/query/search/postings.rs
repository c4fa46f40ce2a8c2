//! The keys that the index has for several words together, gone through in the order of the list.

use std::collections::VecDeque;

use chrono::NaiveDate;

use super::index::{KeySpan, POS, WordSource, day_of};
use super::{DaySpan, Search, word_index};
use crate::db::Db;
use crate::error::Result;

/// The keys that are looked at for a block at the least, and at the most.
const FIRST: i64 = 64;
const LARGEST: i64 = 8_192;

/// A block has at most so many times the keys of the one before.
const GROWTH: i64 = 4;

/// The keys that all of some sources have.
pub struct Postings {
    sources: Vec<WordSource>,
    span: KeySpan,
    /// The keys that were read and come next, turned so that they count upwards, as are the other places.
    keys: VecDeque<i64>,
    /// The key from which nothing is read yet, unless all is.
    unread: Option<i64>,
    /// The number of keys that were looked at in the last block; 0 if there is none that the next one is like.
    looked_at: i64,
    /// The number of keys that were found in it.
    hits: i64,
    from: i64,
    found: i64,
    wanted: i64,
    /// A day that has a crowd, and is to be told next.
    crowd: Option<NaiveDate>,
}

/// The next days of a list on which records may be found.
pub enum NextDays {
    /// The keys of all that may be found on some days.
    Keys(Vec<i64>),
    /// A day on which so many may be found that they are not gathered.
    Crowd(NaiveDate),
}

impl Postings {
    /// The keys that all sources have of a search's records of some days. `None` without a source.
    pub fn new(search: &Search, sources: &[WordSource], (days, descending): (DaySpan, bool)) -> Option<Self> {
        let span = search.span(days, descending);
        let from = span.turned(if descending { span.last } else { span.first });
        let (sources, keys, unread) = (sources.to_vec(), VecDeque::new(), Some(from));
        (!sources.is_empty()).then(|| {
            let (looked_at, hits, found, wanted) = (0, 0, 0, 0);
            Postings { sources, span, keys, unread, looked_at, hits, from, found, wanted, crowd: None }
        })
    }

    /// The next key, without going on.
    fn peek(&mut self, db: &mut Db) -> Result<Option<i64>> {
        loop {
            let passed = self.keys.partition_point(|key| *key < self.from);
            self.keys.drain(..passed);
            match (self.keys.front(), self.unread) {
                (Some(key), _) => return Ok(Some(*key)),
                (None, None) => return Ok(None),
                (None, Some(unread)) => self.read(db, unread.max(self.from))?,
            }
        }
    }

    /// Reads the next block: as many keys as it takes if as many of them are found as before, and a quarter more, for days are told
    /// as a whole.
    fn read(&mut self, db: &mut Db, from: i64) -> Result<()> {
        let rest = match self.span.descending {
            true => KeySpan { last: self.span.turned(from), ..self.span },
            false => KeySpan { first: from, ..self.span },
        };
        let index = word_index(db);
        let wanted = ((self.wanted - self.found) * 5 / 4).max(FIRST);
        let count = match (self.looked_at, self.hits) {
            (0, _) => index.to_look_at(self.sources.len(), wanted),
            (looked_at, hits) => (wanted * looked_at / hits.max(1)).min(looked_at * GROWTH),
        };
        let count = count.clamp(FIRST, LARGEST);
        let block = index.next_keys(db, &self.sources, rest, count)?;
        (self.looked_at, self.hits) = (count, block.keys.len() as i64);
        self.unread = block.reach.map(|last| self.span.turned(last) + 1);
        self.keys.extend(block.keys.into_iter().map(|key| self.span.turned(key)));
        if let Some(commonest) = block.commonest {
            self.sources.remove(commonest);
            self.looked_at = 0;
        }
        Ok(())
    }

    /// Goes on behind a key that was found.
    fn go_on(&mut self, key: i64) {
        self.from = key + 1;
        self.found += 1;
    }

    /// Gathers further keys until there are so many in all; true if these are all.
    pub fn gather(&mut self, db: &mut Db, keys: &mut Vec<i64>, count: usize) -> Result<bool> {
        self.wanted = count as i64;
        while let Some(key) = self.peek(db)? {
            if keys.len() >= count {
                return Ok(false);
            }
            keys.push(self.span.turned(key));
            self.go_on(key);
        }
        Ok(true)
    }

    /// The next days with as many keys as are wanted or more, or that are all that are left; or one with a crowd. `None` at
    /// the end.
    pub fn next_days(&mut self, db: &mut Db, wanted: usize, crowd: usize) -> Result<Option<NextDays>> {
        if let Some(day) = self.crowd.take() {
            return Ok(Some(NextDays::Crowd(day)));
        }
        let (mut keys, mut begun): (Vec<i64>, usize) = (Vec::new(), 0);
        self.wanted = self.found + wanted as i64;
        while let Some(turned_key) = self.peek(db)? {
            let key = self.span.turned(turned_key);
            if keys.last().is_some_and(|last| day_of(*last) != day_of(key)) {
                if keys.len() >= wanted {
                    break;
                }
                begun = keys.len();
            }
            if keys.len() - begun >= crowd {
                // The day's end; the days before come first.
                self.from = self.span.turned(if self.span.descending { key & !POS } else { key | POS }) + 1;
                keys.truncate(begun);
                self.crowd = Some(day_of(key));
                break;
            }
            keys.push(key);
            self.go_on(turned_key);
        }
        match (keys.is_empty(), self.crowd.take()) {
            (true, None) => Ok(None),
            (true, Some(day)) => Ok(Some(NextDays::Crowd(day))),
            (false, crowd) => {
                self.crowd = crowd;
                Ok(Some(NextDays::Keys(keys)))
            }
        }
    }
}
