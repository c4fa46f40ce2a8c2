//! The codes of faults: for programs, which can say the same in other words.

use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema, openapi::RefOr};

/// A code of a fault, and what it says of the place that the fault names.
#[derive(Debug)]
pub struct FaultCode {
    /// As it stands in `errors`.
    pub code: &'static str,
    /// The meaning of the code.
    pub meaning: &'static str,
}

impl FaultCode {
    /// The code of that name.
    pub fn find(code: &str) -> Option<&'static FaultCode> {
        FAULT_CODES.iter().find(|known| known.code == code)
    }
}

impl PartialSchema for FaultCode {
    fn schema() -> RefOr<Schema> {
        let lines = FAULT_CODES.iter().map(|known| format!("- `{}`: {}", known.code, known.meaning));
        let text = format!("What is wrong, for programs:\n\n{}", lines.collect::<Vec<_>>().join("\n"));
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(text))
            .enum_values(Some(FAULT_CODES.iter().map(|known| known.code)))
            .into()
    }
}

impl ToSchema for FaultCode {}

macro_rules! fault_codes {
    ($($code:literal $meaning:literal;)*) => {
        /// Every code that a fault can have.
        pub const FAULT_CODES: &[FaultCode] = &[$(FaultCode { code: $code, meaning: $meaning }),*];
    };
}

fault_codes! {
    "required" "must be there, and is not";
    "unknown_property" "is no property of what was sent";
    "unknown_parameter" "is no parameter of this operation";
    "unknown_reference" "names a record that is not there";
    "unknown_line" "is no line of the layout";
    "invalid_type" "is of another kind than it must be, such as a text in place of a number";
    "invalid_value" "is none of the values that can stand there";
    "invalid_character" "has a character that no text may have";
    "invalid_date" "is no date";
    "invalid_instant" "is no instant";
    "invalid_number" "is no number";
    "invalid_id" "is no id";
    "invalid_cursor" "is no cursor of this list";
    "invalid_length" "is too short or too long";
    "malformed" "cannot be read";
    "out_of_range" "is less or more than it may be";
    "too_long" "is longer than it may be";
    "too_short" "is shorter than it may be";
    "too_many" "has more parts than it may have";
    "too_many_decimals" "has more decimals than are kept";
    "blank" "says nothing";
    "empty" "says nothing";
    "repeated" "is given more often than once";
    "duplicate" "is there already";
    "contradiction" "does not fit what another property says";
    "not_allowed" "cannot stand there as things are";
    "not_together" "cannot be given together with another one";
    "not_valid" "is a value that is not valid in that year";
    "not_public" "is not shown to everybody";
    "not_collected" "is a figure that was not collected in that year";
    "not_entered" "is a figure that is counted and not entered";
    "no_figures" "has no figures";
    "nothing_counted" "counts nothing";
    "in_future" "lies in the future";
    "before_received" "lies before the day received";
    "before_decided" "lies before the day decided";
    "before_valid_from" "lies before the day from which it is valid";
    "municipality_only" "belongs to municipalities only";
    "more_faults" "says how many more faults there are";
}
