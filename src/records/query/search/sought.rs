//! The search for a text: it finds the records that have, for each of its words, a word that begins with it.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::index::{KeySpan, POS, by_place, in_all};
use super::{DaySpan, IndexKey, WordSource, letter, word_index, words};
use crate::db::{Db, Statement};
use crate::error::Result;
use crate::records::find::Condition;
use crate::records::query::Days;
use crate::text::{folded, words_in};

/// Of so many words that begin alike the entries are merged.
const MERGED: i64 = 32;

/// The entries of more words are put in order each time if they are no more than these.
const SORTED: i64 = 4_096;

/// A word of the text.
struct Term {
    beginning: String,
    /// The keys of all that it finds, in their order, if they are few.
    few: Option<Vec<i64>>,
}

/// A search for the records of a register that have, for each word of a text, a word that begins with it.
pub struct Search {
    terms: Vec<Term>,
    letter: Option<u8>,
    days: DaySpan,
}

/// The words of a text but those that others begin with: who has these has the former too.
fn sought(text: &str) -> Vec<String> {
    let mut words = words(text);
    words.sort_unstable();
    words.dedup();
    let next = words.iter().skip(1).map(String::as_str).chain([""]);
    let is_last: Vec<bool> = words.iter().zip(next).map(|(word, next)| !next.starts_with(word.as_str())).collect();
    words.into_iter().zip(is_last).filter_map(|(word, is_last)| is_last.then_some(word)).collect()
}

impl Search {
    /// The search for a text among the records of a register that were received in these days; of words with so many entries or
    /// fewer it knows all. `None` when nothing can be found.
    pub fn new(
        db: &mut Db,
        (text, few): (&str, i64),
        register: Option<&str>,
        (first, last): Days,
    ) -> Result<Option<Self>> {
        let day = |given: Option<NaiveDate>, else_in: i32| given.or(NaiveDate::from_ymd_opt(else_in, 1, 1));
        let days = (day(first, 1).unwrap_or_default(), day(last, 10_000).unwrap_or_default());
        let mut search = Search { terms: Vec::new(), letter: register.map(letter), days };
        let beginnings = sought(text);
        let few = search.few_of_each(db, &beginnings, few)?;
        let is_void = few.iter().any(|few| few.as_ref().is_some_and(Vec::is_empty));
        search.terms = beginnings.into_iter().zip(few).map(|(beginning, few)| Term { beginning, few }).collect();
        Ok((!search.terms.is_empty() && !is_void).then_some(search))
    }

    /// The keys of all that each word finds, if its entries are few.
    fn few_of_each(&self, db: &mut Db, beginnings: &[String], most: i64) -> Result<Vec<Option<Vec<i64>>>> {
        if beginnings.is_empty() {
            return Ok(Vec::new());
        }
        let index = word_index(db);
        let each = Statement::of_each(beginnings.iter().map(|beginning| index.some(beginning, most + 1)));
        let found: Vec<(i64, i64)> = each.giving::<(BigInt, BigInt)>().load(db)?;
        let span = self.span(self.days, false);
        let few = by_place(found, beginnings.len()).into_iter().map(|mut keys| {
            let is_few = keys.len() as i64 <= most;
            keys.retain(|key| span.has(*key));
            keys.sort_unstable();
            keys.dedup();
            is_few.then_some(keys)
        });
        Ok(few.collect())
    }

    /// The keys of what may be found, if that is little: what all words find of which each finds little.
    pub fn few(&self) -> Option<Vec<i64>> {
        in_all(self.terms.iter().filter_map(|term| term.few.as_ref()))
    }

    /// True if a record with this number and title is found.
    pub fn takes(&self, number: &str, title: &str) -> bool {
        let texts = [folded(number), folded(title)];
        let words = || texts.iter().flat_map(|text| words_in(text));
        self.terms.iter().all(|term| words().any(|word| word.starts_with(&term.beginning)))
    }

    /// The words and beginnings by which the index is gone through: of each word of the text, but of those that take a while
    /// only where there is no other.
    pub fn sources(&self, db: &mut Db) -> Result<Vec<WordSource>> {
        let index = word_index(db);
        let beginnings: Vec<String> = self.terms.iter().map(|term| term.beginning.clone()).collect();
        let is_as_it_is = |beginning: &&String| index.ordered(beginning).as_ref() == Some(beginning);
        let (ordered, others): (Vec<String>, Vec<String>) = beginnings.into_iter().partition(|one| is_as_it_is(&one));
        let known = known_words(db, &others)?;
        let mut all: Vec<WordSource> = ordered.into_iter().map(WordSource::Beginning).collect();
        for (beginning, known) in others.into_iter().zip(known) {
            all.push(source(db, beginning, known)?);
        }
        let (slow, quick): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|source| matches!(source, WordSource::Unordered(_)));
        Ok(if quick.is_empty() { slow } else { quick })
    }

    /// The days among which all that is found was received.
    pub fn days(&self) -> DaySpan {
        self.days
    }

    pub(super) fn span(&self, days: DaySpan, descending: bool) -> KeySpan {
        KeySpan::of(self.letter, days, descending)
    }

    /// The condition on a record that it is found.
    pub fn condition(&self, db: &Db) -> Condition {
        let beginnings: Vec<&str> = self.terms.iter().map(|term| term.beginning.as_str()).collect();
        word_index(db).found_by(&beginnings, self.span(self.days, false))
    }
}

/// The first words that begin with each of some texts.
fn known_words(db: &mut Db, beginnings: &[String]) -> Result<Vec<Vec<String>>> {
    if beginnings.is_empty() {
        return Ok(Vec::new());
    }
    let index = word_index(db);
    let each = Statement::of_each(beginnings.iter().map(|beginning| index.words(beginning, MERGED + 1)));
    let known: Vec<(i64, String)> = each.giving::<(BigInt, Text)>().load(db)?;
    Ok(by_place(known, beginnings.len()))
}

/// The words or the beginning by which the index finds what begins with a text; some words that do are known.
fn source(db: &mut Db, beginning: String, known: Vec<String>) -> Result<WordSource> {
    let index = word_index(db);
    if known.len() as i64 <= MERGED {
        return Ok(WordSource::Words(known));
    }
    let count: IndexKey = index.count(&beginning, SORTED + 1).get_result(db)?;
    if count.key <= SORTED {
        return Ok(WordSource::Beginning(beginning));
    }
    let ordered = index.ordered(&beginning);
    Ok(ordered.map_or(WordSource::Unordered(beginning), WordSource::Beginning))
}

/// The condition that a record, of a register if one is given, is at the place of one of these keys.
pub fn at(db: &Db, register: Option<&'static str>, keys: &[i64]) -> Condition {
    let places: Vec<String> = keys.iter().map(|key| (key & POS).to_string()).collect();
    word_index(db).at(register, &places.join(","))
}

#[cfg(test)]
mod tests {
    use super::sought;

    #[test]
    fn a_word_that_another_one_begins_with_is_not_looked_for() {
        assert_eq!(sought("daten Datenschutz d 2017 schule schule"), ["2017", "datenschutz", "schule"]);
        assert_eq!(sought("zug zu zürich"), ["zug", "zurich"]);
        assert!(sought("%").is_empty());
    }
}
