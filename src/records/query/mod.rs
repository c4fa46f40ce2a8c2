//! Lists of records: filtered, searched, in pages.

pub mod filter;
mod found;
mod listing;
mod order;
pub mod page;
pub mod search;

use chrono::NaiveDate;

/// The first and the last day of a span, each of which may be open.
pub type Days = (Option<NaiveDate>, Option<NaiveDate>);
