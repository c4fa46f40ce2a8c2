//! The origin and the state of a figure.

use serde::Serialize;
use utoipa::ToSchema;

use crate::decimal::Decimal;

/// The origin of the values of a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Basis {
    /// As published; later entries do not change it.
    Published,
    /// Counted from the records as they are now.
    Live,
    /// Entered by people.
    Entered,
    /// There is nothing: a year before the first record, or one that has not begun, and not published.
    None,
}

impl Basis {
    /// As it stands in answers.
    pub fn name(self) -> &'static str {
        match self {
            Basis::Published => "PUBLISHED",
            Basis::Live => "LIVE",
            Basis::Entered => "ENTERED",
            Basis::None => "NONE",
        }
    }
}

/// The state of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FigureStatus {
    /// As published; later entries do not change it.
    Published,
    /// Counted from the records as they are now.
    Live,
    /// Entered by people.
    Entered,
    /// Not final: the year is not over, or it was published before it was.
    Provisional,
    /// Not shown, because it is small or a small one could be computed from it.
    Hidden,
    /// The rubric was not collected in the year, or nothing is known; that is not 0.
    NotCollected,
    /// There is nothing: a year before the first record, or one that has not begun.
    None,
}

impl FigureStatus {
    /// As it stands in answers.
    pub fn name(self) -> &'static str {
        match self {
            FigureStatus::Published => "PUBLISHED",
            FigureStatus::Live => "LIVE",
            FigureStatus::Entered => "ENTERED",
            FigureStatus::Provisional => "PROVISIONAL",
            FigureStatus::Hidden => "HIDDEN",
            FigureStatus::NotCollected => "NOT_COLLECTED",
            FigureStatus::None => "NONE",
        }
    }
}

/// The figure of a line in a year.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Observation {
    /// The line.
    #[schema(example = "inquiries.municipality")]
    pub code: String,
    /// The year.
    pub year: i32,
    /// The figure; null where `status` says why there is none.
    #[schema(value_type = Option<f64>, required = true)]
    pub value: Option<Decimal>,
    /// The state of the figure.
    #[schema(inline)]
    pub status: FigureStatus,
    /// The origin of the figure.
    pub basis: Basis,
    /// The unit of the figure; null where it is a number of records.
    #[schema(required = true)]
    pub unit: Option<String>,
}
