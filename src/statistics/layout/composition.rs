//! Compositions: the records and the entered figures that a line is made of, with the sums and rests above them resolved, so that
//! it can be proved that nothing counts twice.

use super::Years;
use crate::registers::Selection;

/// A quantity of records.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quantity {
    /// The records received in the year.
    Received,
    /// The records closed in the year.
    Closed,
    /// The records pending at its beginning.
    Opening,
    /// The records pending at its end.
    Pending,
    /// The records received in the year and closed by its end.
    Settled,
    /// A number that those received in the year have, by its name.
    Number(String),
}

impl Quantity {
    /// The name in layouts.
    pub fn name(&self) -> &str {
        match self {
            Quantity::Received => "received",
            Quantity::Closed => "closed",
            Quantity::Opening => "opening",
            Quantity::Pending => "pending",
            Quantity::Settled => "settled",
            Quantity::Number(name) => name,
        }
    }

    /// True if a record could count by both in one year.
    fn meets(&self, other: &Quantity) -> bool {
        use Quantity::{Closed, Number, Opening, Pending, Received, Settled};
        match (self, other) {
            (Number(one), Number(another)) => one == another,
            (Number(_), _) | (_, Number(_)) => false,
            // A record was there before the year or came in it, and was closed in it or is pending at its end.
            (Received | Settled, Opening) | (Opening, Received | Settled) => false,
            (Closed | Settled, Pending) | (Pending, Closed | Settled) => false,
            _ => true,
        }
    }
}

/// Records that count in a line.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The selection that they are in.
    pub selection: Selection,
    /// The selections that are taken away, with the years.
    except: Vec<(Selection, Years)>,
    /// The quantity of them.
    pub quantity: Quantity,
    /// The years in which they count.
    pub years: Years,
}

impl Part {
    /// The records of a selection in all years.
    pub fn of(selection: Selection, quantity: Quantity) -> Part {
        Part { selection, except: Vec::new(), quantity, years: Years::default() }
    }

    /// The selections that are taken away in a year.
    pub fn except(&self, year: i32) -> impl Iterator<Item = &Selection> {
        self.except.iter().filter(move |(_, years)| years.contains(year)).map(|(selection, _)| selection)
    }

    /// The years of what is taken away.
    pub fn except_years(&self) -> impl Iterator<Item = &Years> {
        self.except.iter().map(|(_, years)| years)
    }

    fn overlaps(&self, other: &Part) -> bool {
        let years = self.years.intersection(&other.years);
        if years.is_empty() || !self.quantity.meets(&other.quantity) {
            return false;
        }
        let Some(both) = self.selection.and(&other.selection) else { return false };
        let taken = self.except.iter().chain(&other.except).filter(|(_, of)| of.covers(&years));
        let taken: Vec<Selection> = taken.map(|(selection, _)| selection.clone()).collect();
        self.quantity != other.quantity || !both.is_covered(&taken)
    }
}

/// The parts of a line.
#[derive(Clone, Debug, Default)]
pub struct Composition {
    /// The records.
    pub counted: Vec<Part>,
    /// The codes of entered figures.
    pub entered: Vec<(String, Years)>,
}

impl Composition {
    /// The years in which there is any of it.
    pub fn years(&self) -> Years {
        let counted = self.counted.iter().map(|part| &part.years);
        Years::union(counted.chain(self.entered.iter().map(|(_, years)| years)))
    }

    /// The parts that count in these years.
    pub fn within(mut self, span: &Years) -> Composition {
        for part in &mut self.counted {
            part.years = part.years.intersection(span);
        }
        for (_, years) in &mut self.entered {
            *years = years.intersection(span);
        }
        self.counted.retain(|part| !part.years.is_empty());
        self.entered.retain(|(_, years)| !years.is_empty());
        self
    }

    /// Adds what another one is made of.
    pub fn extend(&mut self, other: Composition) {
        self.counted.extend(other.counted);
        self.entered.extend(other.entered);
    }

    /// The rest without others.
    pub fn without(mut self, less: &Composition) -> Composition {
        for part in &mut self.counted {
            // Of what is itself a rest it is not known where it lies: it is not taken away, so that proofs stay on the safe side.
            let taken = less.counted.iter().filter(|taken| taken.quantity == part.quantity && taken.except.is_empty());
            part.except.extend(taken.map(|taken| (taken.selection.clone(), taken.years.clone())));
        }
        self.entered.retain(|(code, years)| !less.entered.iter().any(|(other, of)| other == code && of.covers(years)));
        self
    }

    /// True if a record or a figure could be in both in the same year.
    pub fn overlaps(&self, other: &Composition) -> bool {
        let same =
            |(mine, years): &(String, Years), (theirs, others): &(String, Years)| mine == theirs && years.meets(others);
        self.counted.iter().any(|one| other.counted.iter().any(|another| one.overlaps(another)))
            || self.entered.iter().any(|one| other.entered.iter().any(|another| same(one, another)))
    }

    /// True if a record or a figure could be in it twice in the same year.
    pub fn overlaps_itself(&self) -> bool {
        let earlier = |index: usize| self.counted.iter().take(index);
        self.counted.iter().enumerate().any(|(index, part)| earlier(index).any(|other| other.overlaps(part)))
    }
}
