//! The texts for people, in their languages.
//!
//! A language is a file of messages (Project Fluent) beside this one, and its line in the list of [`Lang`]. Whoever has
//! something to say names the message: `lang.text("report-total")`, or with what it is about, `lang.message("report-on-day",
//! &[("day", &day)])`.

mod bundle;
mod labels;
mod lang;
pub mod number_format;

pub use bundle::Argument;
pub use labels::Labels;
pub use lang::{Lang, NumberStyle, Writing};
