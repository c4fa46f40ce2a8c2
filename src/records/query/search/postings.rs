//! The keys that the index has for several words, gone through together.
//!
//! Each word's keys come in blocks, in the order of the list, and whatever key one of them is at the others go on to: those
//! with few keys lead. A word that has far more keys in one place than another is left out, for it would be asked anew for
//! each of the other's: who shows a record looks whether it has all words.

use std::collections::VecDeque;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::index::{KeySpan, POS, WordSource, day_of};
use super::{DaySpan, IndexKey, Search, word_index};
use crate::db::Db;
use crate::error::Result;

/// The keys of the first block, and of the largest one.
const FIRST: i64 = 128;
const LARGEST: i64 = 8_192;

/// A block has at most so many times the keys of the one before.
const GROWTH: i64 = 4;

/// A source with so many times the keys of another, in one place, is left out.
const FAR_MORE: usize = 8;

/// The keys count upwards from now on: those of a list that goes down are turned round.
fn turned(span: KeySpan, key: i64) -> i64 {
    if span.descending { -key } else { key }
}

/// The keys of one source that are still to come.
struct KeyStream {
    source: WordSource,
    keys: VecDeque<i64>,
    is_exhausted: bool,
    block: i64,
    /// The number of keys that were passed.
    passed: i64,
}

impl KeyStream {
    fn new(source: WordSource) -> Self {
        KeyStream { source, keys: VecDeque::new(), is_exhausted: false, block: FIRST, passed: 0 }
    }

    /// Goes on to the first key that is not before this one.
    fn seek(&mut self, db: &mut Db, (span, progress): (KeySpan, Tally), from: i64) -> Result<Option<i64>> {
        loop {
            let passed = self.keys.partition_point(|key| *key < from);
            self.keys.drain(..passed);
            self.passed += passed as i64;
            if let Some(key) = self.keys.front() {
                return Ok(Some(*key));
            }
            if self.is_exhausted {
                return Ok(None);
            }
            self.fill(db, (span, progress), from)?;
        }
    }

    /// Reads the next block: as many keys as it takes if as many of them are found as before, and a quarter more.
    fn fill(&mut self, db: &mut Db, (span, progress): (KeySpan, Tally), from: i64) -> Result<()> {
        let needed = progress.missing().saturating_mul(self.passed) / progress.found.max(1) * 5 / 4;
        if self.passed > 0 {
            self.block = needed.clamp(FIRST, (self.block * GROWTH).min(LARGEST));
        }
        let rest = match span.descending {
            true => KeySpan { last: turned(span, from), ..span },
            false => KeySpan { first: from, ..span },
        };
        let found: Vec<IndexKey> = word_index(db).keys(&self.source, rest, self.block).load(db)?;
        self.is_exhausted = (found.len() as i64) < self.block;
        self.keys.extend(found.into_iter().map(|found| turned(span, found.key)));
        Ok(())
    }

    /// The key up to which its keys are known.
    fn reach(&self) -> i64 {
        self.keys.back().copied().filter(|_| !self.is_exhausted).unwrap_or(i64::MAX)
    }
}

/// The number of keys that were found, and of those that are wanted in all.
#[derive(Clone, Copy, Default)]
struct Tally {
    found: i64,
    wanted: i64,
}

impl Tally {
    fn missing(self) -> i64 {
        (self.wanted - self.found).max(0)
    }
}

/// The keys that all of some sources have.
pub struct Postings {
    streams: Vec<KeyStream>,
    span: KeySpan,
    from: i64,
    progress: Tally,
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
    pub fn new(
        db: &mut Db,
        search: &Search,
        sources: &[WordSource],
        (days, descending): (DaySpan, bool),
    ) -> Result<Option<Self>> {
        let span = search.span(days, descending);
        let streams = sources.iter().cloned().map(KeyStream::new).collect();
        let from = turned(span, if descending { span.last } else { span.first });
        let mut postings = Postings { streams, span, from, progress: Tally::default(), crowd: None };
        postings.leave_out_common_sources(db)?;
        Ok((!postings.streams.is_empty()).then_some(postings))
    }

    /// Begins where all sources have begun, and leaves out those that have far more keys from there on than another.
    fn leave_out_common_sources(&mut self, db: &mut Db) -> Result<()> {
        for _ in 0..2 {
            for stream in &mut self.streams {
                match stream.seek(db, (self.span, self.progress), self.from)? {
                    Some(key) => self.from = self.from.max(key),
                    None => self.from = i64::MAX,
                }
            }
        }
        let leading = self.streams.iter().min_by_key(|stream| (-stream.reach(), stream.keys.len()));
        let lead: Vec<i64> = leading.map(|stream| stream.keys.iter().copied().collect()).unwrap_or_default();
        let is_as_rare = |stream: &KeyStream| {
            let reached = lead.partition_point(|key| *key <= stream.reach());
            reached * FAR_MORE >= lead.len()
        };
        self.streams.retain(is_as_rare);
        self.streams.sort_by_key(|stream| -stream.reach());
        Ok(())
    }

    /// The next key that all have, without going on.
    fn peek(&mut self, db: &mut Db) -> Result<Option<i64>> {
        'next: loop {
            for stream in &mut self.streams {
                match stream.seek(db, (self.span, self.progress), self.from)? {
                    None => return Ok(None),
                    Some(key) if key > self.from => {
                        self.from = key;
                        continue 'next;
                    }
                    Some(_) => {}
                }
            }
            return Ok(Some(self.from));
        }
    }

    /// Goes on behind a key that was found.
    fn go_on(&mut self, key: i64) {
        self.from = key + 1;
        self.progress.found += 1;
    }

    /// Gathers further keys until there are so many in all; true if these are all.
    pub fn gather(&mut self, db: &mut Db, keys: &mut Vec<i64>, count: usize) -> Result<bool> {
        self.progress.wanted = count as i64;
        while let Some(key) = self.peek(db)? {
            if keys.len() >= count {
                return Ok(false);
            }
            keys.push(turned(self.span, key));
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
        self.progress.wanted = self.progress.found + wanted as i64;
        while let Some(turned_key) = self.peek(db)? {
            let key = turned(self.span, turned_key);
            if keys.last().is_some_and(|last| day_of(*last) != day_of(key)) {
                if keys.len() >= wanted {
                    break;
                }
                begun = keys.len();
            }
            if keys.len() - begun >= crowd {
                // The day's end; the days before come first.
                self.from = turned(self.span, if self.span.descending { key & !POS } else { key | POS }) + 1;
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
