//! Statistics over HTTP.

pub mod activities;
pub mod backlog;
pub mod cells;
pub mod counts;
pub mod data_package;
pub mod dcat;
pub mod differences;
pub mod durations;
pub mod figures;
pub mod notes;
pub mod public;
pub mod published;
pub mod request;
pub mod staffing;
pub mod tables;
pub mod year_figures;

use crate::api::endpoint::Endpoint;
use crate::registers::Vocabulary;

/// The endpoints of all statistics.
pub fn endpoints(vocabulary: &Vocabulary) -> Vec<Endpoint> {
    let mut all = tables::endpoints();
    all.extend(cells::endpoints(vocabulary));
    all.extend([counts::endpoint(vocabulary), backlog::endpoint(vocabulary), durations::endpoint(vocabulary)]);
    all.extend(published::endpoints());
    all.extend(figures::endpoints());
    all.push(differences::endpoint());
    all.extend(year_figures::endpoints());
    all.extend([staffing::endpoint(), activities::endpoint(vocabulary), dcat::endpoint()]);
    all.push(data_package::endpoint());
    let notes: Vec<Endpoint> = all.iter().filter(|endpoint| endpoint.has_notes).map(notes::endpoint).collect();
    all.extend(notes);
    all
}
