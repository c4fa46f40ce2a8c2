//! The values that a faulty place allows, for who tells a fault in another language.

/// The values that would be right in a faulty place, as far as they can be named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    /// The least that can stand there, or the first year.
    pub least: Option<String>,
    /// The most that can stand there, or the last year.
    pub most: Option<String>,
    /// The values that can stand there.
    pub values: Option<String>,
}

impl Allowed {
    /// All that lies between these, if they are given.
    pub fn between(least: Option<impl ToString>, most: Option<impl ToString>) -> Allowed {
        let (least, most) = (least.map(|least| least.to_string()), most.map(|most| most.to_string()));
        Allowed { least, most, values: None }
    }

    /// One of these values.
    pub fn one_of(values: impl Into<String>) -> Allowed {
        Allowed { values: Some(values.into()), ..Allowed::default() }
    }
}
