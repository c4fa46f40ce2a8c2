//! The texts for people, in their languages.
//!
//! A language is a file of messages (Project Fluent) beside this one, and its line in the list of [`Lang`]. Whoever has
//! something to say names the message: `lang.text("report-total")`, or with what it is about, `lang.message("report-on-day",
//! &[("day", &day)])`. A message that names registers is said by the [`Writing`] of the authority, which has its own words
//! for them.

mod bundle;
mod labels;
mod lang;
pub mod number_format;
mod words;

pub use bundle::Argument;
pub use labels::Labels;
pub use lang::{Lang, NumberStyle, Writing};
pub use words::{RegisterWord, RegisterWords};
