//! The statistical part of the yearly activity report, as a page that people read and print.

pub mod handlers;
mod html;
mod words;
