//! The records of a page that words find.
//!
//! Words that find few lead: all of that is looked at, and nothing else. Else the postings of the words are gone through
//! together, day by day; where the index has them in another order, the list itself is, as long as many of its records have
//! the words. So no page costs what the commonest word finds. Each record is held against all words before it is given.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::filter::Filter;
use super::listing::{self, PageQuery, TitledRecord};
use super::order::Order;
use super::search::{DaySpan, NextDays, Postings, Search, WordSource, at};
use crate::db::Db;
use crate::db::schema::records;
use crate::error::Result;
use crate::records::find::Condition;
use crate::records::row::StoredRecord;
use crate::registers::Register;
use crate::registers::validation::parse_date;

/// Words with so many entries or fewer lead: all that they find is looked at.
const FEW: i64 = 64;

/// The same where records are only counted.
const FEW_TO_COUNT: i64 = 256;

/// So many records, or keys of them, are looked at in one step at first.
const FIRST: usize = 256;

/// So many records of a list are gone through in one step at the most, and so many keys gathered in all.
const STEP: usize = 32_768;
const GATHERED: usize = 65_536;

/// So many records of a list are gone through before much is put in order.
const WALKED: usize = 1_024;

/// A list is gone on with where one of so many records has the words.
const THICK: usize = 8;

/// The records of a page and one more, if there are, of those that the words of a text find.
pub(super) fn rows(db: &mut Db, request: &PageQuery, q: &str, after: Option<&[String]>) -> Result<Vec<StoredRecord>> {
    let wanted = request.limit as usize + 1;
    let Some(search) = request.filter.search(db, q, FEW)? else { return Ok(Vec::new()) };
    let list = FoundList { filter: &request.filter, order: &request.order, search: &search };
    if let Some(keys) = search.few() {
        return list.among(db, &keys, after, wanted);
    }
    let Some(register) = request.filter.register.filter(|_| request.order.is_indexed()) else {
        let conditions = request.filter.conditions(db)?;
        return listing::whole(db, &request.order, after, conditions, wanted as i64);
    };
    let mut page = UnfinishedPage { rows: Vec::new(), wanted, after: after.map(<[String]>::to_vec), is_end: false };
    let sources = search.sources(db)?;
    let is_unordered = sources.iter().all(|source| matches!(source, WordSource::Unordered(_)));
    let by_days = request.order.by_days();
    if is_unordered || by_days.is_none() {
        list.begin(db, register, &mut page)?;
    }
    if is_unordered && !page.is_done() {
        list.walk(db, register, None, &mut page, WALKED)?;
    }
    match by_days {
        _ if page.is_done() => {}
        Some(descending) => list.by_days(db, register, (&sources, descending), &mut page)?,
        None => list.race(db, register, (&sources, false), search.days(), &mut page)?,
    }
    Ok(page.rows)
}

/// The number of records that a filter takes, if some word of its text finds few.
pub(super) fn count_few(db: &mut Db, filter: &Filter, q: &str) -> Result<Option<i64>> {
    let Some(search) = filter.search(db, q, FEW_TO_COUNT)? else { return Ok(Some(0)) };
    let Some(keys) = search.few() else { return Ok(None) };
    let list = FoundList { filter, order: &Order::default(), search: &search };
    Ok(Some(list.places_among(db, &keys, None)?.len() as i64))
}

/// A page as far as it has been found.
struct UnfinishedPage {
    rows: Vec<StoredRecord>,
    wanted: usize,
    /// The place up to which the list has been gone through.
    after: Option<Vec<String>>,
    /// True if nothing comes after it.
    is_end: bool,
}

impl UnfinishedPage {
    fn missing(&self) -> usize {
        self.wanted.saturating_sub(self.rows.len())
    }

    fn is_done(&self) -> bool {
        self.is_end || self.missing() == 0
    }
}

/// A list of what words find.
struct FoundList<'a> {
    filter: &'a Filter,
    order: &'a Order,
    search: &'a Search,
}

impl FoundList<'_> {
    /// The conditions that the filter sets besides those of the words, and another one.
    fn conditions(&self, db: &Db, further: Condition) -> Vec<Condition> {
        let mut all = self.filter.further(db.dialect());
        all.push(further);
        all
    }

    fn at(&self, db: &Db, keys: &[i64]) -> Vec<Condition> {
        self.conditions(db, at(db, self.filter.register.map(|register| register.name), keys))
    }

    /// The places of the records after a place of the list, among those with these keys, that the words find.
    fn places_among(&self, db: &mut Db, keys: &[i64], after: Option<&[String]>) -> Result<Vec<i64>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let conditions = self.at(db, keys);
        let found = listing::titled(db, self.order, after, conditions, keys.len() as i64)?;
        Ok(self.taken(found))
    }

    fn taken(&self, found: Vec<TitledRecord>) -> Vec<i64> {
        let taken = found.into_iter().filter(|(_, number, title)| self.search.takes(number, title));
        taken.map(|(pos, ..)| pos).collect()
    }

    /// The first records after a place of the list, among those with these keys, that the words find.
    fn among(&self, db: &mut Db, keys: &[i64], after: Option<&[String]>, wanted: usize) -> Result<Vec<StoredRecord>> {
        if keys.len() > 2 * wanted {
            let mut places = self.places_among(db, keys, after)?;
            places.truncate(wanted);
            return self.at_places(db, &places);
        }
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let conditions = self.at(db, keys);
        let mut rows = listing::whole(db, self.order, after, conditions, keys.len() as i64)?;
        rows.retain(|row| self.search.takes(&row.row.number, &row.row.title));
        rows.truncate(wanted);
        Ok(rows)
    }

    /// The records at these places, in the order of the list.
    fn at_places(&self, db: &mut Db, places: &[i64]) -> Result<Vec<StoredRecord>> {
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let conditions = vec![at(db, None, places)];
        listing::whole(db, self.order, None, conditions, places.len() as i64)
    }

    /// Goes through the beginning of the list: as much as the page is to have, and further if many of that are found.
    fn begin(&self, db: &mut Db, register: &Register, page: &mut UnfinishedPage) -> Result<()> {
        let looked_at = page.wanted;
        self.walk(db, register, None, page, looked_at)?;
        let found = page.rows.len();
        if !page.is_done() && found * THICK >= looked_at {
            // As many as it takes if as many of the next are found, and half more.
            let next = page.missing() * looked_at / found * 3 / 2 + 1;
            self.walk(db, register, None, page, next)?;
        }
        Ok(())
    }

    /// Goes through the next records of the list, or of a day of it.
    fn walk(
        &self,
        db: &mut Db,
        register: &Register,
        day: Option<NaiveDate>,
        page: &mut UnfinishedPage,
        count: usize,
    ) -> Result<()> {
        let mut conditions = self.conditions(db, Box::new(records::register.eq(register.name)));
        conditions.extend(day.map(|day| -> Condition { Box::new(records::received_on.eq(day)) }));
        let found = listing::titled(db, self.order, page.after.as_deref(), conditions, count as i64)?;
        page.is_end = found.len() < count;
        let last = found.last().map(|(pos, ..)| *pos);
        let mut places = self.taken(found);
        places.truncate(page.missing());
        // The list goes on after the last one, be it taken or not.
        let further = last.filter(|last| places.len() < page.missing() && !places.contains(last));
        let mut rows = self.at_places(db, &places.iter().copied().chain(further).collect::<Vec<_>>())?;
        page.after = rows.last().map(|row| self.order.place(row)).or(page.after.take());
        rows.truncate(places.len());
        page.rows.extend(rows);
        Ok(())
    }

    /// Goes on by the days received.
    fn by_days(
        &self,
        db: &mut Db,
        register: &Register,
        (sources, descending): (&[WordSource], bool),
        page: &mut UnfinishedPage,
    ) -> Result<()> {
        let (mut first, mut last) = self.search.days();
        let reached = page.after.as_ref().and_then(|place| parse_date(place.first()?));
        match descending {
            true => last = reached.map_or(last, |day| last.min(day)),
            false => first = reached.map_or(first, |day| first.max(day)),
        }
        let Some(mut postings) = Postings::new(self.search, sources, ((first, last), descending)) else {
            return self.race(db, register, (sources, descending), (first, last), page);
        };
        let (mut wanted, crowd) = (page.missing(), FIRST.max(2 * page.wanted));
        while page.missing() > 0
            && let Some(next) = postings.next_days(db, wanted, crowd)?
        {
            match next {
                NextDays::Keys(keys) => {
                    let rows = self.among(db, &keys, page.after.as_deref(), page.missing())?;
                    page.rows.extend(rows);
                }
                NextDays::Crowd(day) => self.race(db, register, (sources, descending), (day, day), page)?,
            }
            wanted = (wanted * 4).min(STEP);
        }
        Ok(())
    }

    /// Goes on with some days of which nobody knows whether many of their records are found or few: gathers what is found and
    /// goes through the list, in turns and each time further, until one of both comes to its end.
    fn race(
        &self,
        db: &mut Db,
        register: &Register,
        (sources, descending): (&[WordSource], bool),
        days: DaySpan,
        page: &mut UnfinishedPage,
    ) -> Result<()> {
        let day = (days.0 == days.1).then_some(days.0);
        let (begun, place) = (page.rows.len(), page.after.clone());
        let mut postings = Postings::new(self.search, sources, (days, descending));
        let (mut keys, mut count) = (Vec::new(), FIRST.max(2 * page.wanted));
        loop {
            if let Some(postings) = &mut postings
                && postings.gather(db, &mut keys, count.min(GATHERED))?
            {
                page.rows.truncate(begun);
                let rows = self.among(db, &keys, place.as_deref(), page.missing())?;
                page.rows.extend(rows);
                return Ok(());
            }
            self.walk(db, register, day, page, count.min(STEP))?;
            if page.is_done() {
                return Ok(());
            }
            count = count.saturating_mul(4);
        }
    }
}
