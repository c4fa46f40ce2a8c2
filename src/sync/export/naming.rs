//! The names that an export gives to what it holds.

/// The names that columns and values have in CSV and in spreadsheets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ColumnNaming {
    /// The API's: properties and codes
    #[default]
    Names,
    /// People's, in the language asked for, or else the authority's first one
    Labels,
}

impl ColumnNaming {
    /// The names of the ways, the usual one first.
    pub const ALL: [&str; 2] = ["NAMES", "LABELS"];

    /// The way of a name; the usual one for any other.
    pub fn parse(name: &str) -> ColumnNaming {
        if name == ColumnNaming::ALL[1] { ColumnNaming::Labels } else { ColumnNaming::Names }
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn the_ways_are_called_by_their_names() {
        assert_eq!(ColumnNaming::ALL.map(ColumnNaming::parse), ColumnNaming::value_variants());
        for (name, naming) in ColumnNaming::ALL.iter().zip(ColumnNaming::value_variants()) {
            assert_eq!(naming.to_possible_value().unwrap().get_name(), name.to_lowercase());
        }
    }
}
