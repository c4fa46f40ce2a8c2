//! The dimensions that records are counted and filtered by: their names, values and columns.

use super::vocabulary::OWN;

/// Hands the dimensions to a macro, in the order in which the cube's key lists them: each with its name, which is that of
/// its column in `records` and in `cube`, and whether a record always has a value in it.
macro_rules! dimensions {
    ($to:ident) => {
        $to! {
            /// The register a record belongs to, such as `cases`.
            Register register required;
            /// The kind of case or event.
            Kind kind optional;
            /// The type of the requester.
            Requester requester optional;
            /// The area that an inquiry is about.
            Area area optional;
            /// The channel by which an inquiry came in.
            Channel channel optional;
            /// The filing: with or without a dossier (distinguished until 2012 only).
            Filing filing optional;
            /// The part the authority takes in a project.
            Role role optional;
            /// The kind of medium that asked.
            Medium medium optional;
            /// The status of the record.
            Status status required;
            /// The person at the authority who is responsible.
            Responsible responsible optional;
        }
    };
}

pub(crate) use dimensions;

macro_rules! declare {
    ($($(#[$doc:meta])* $dimension:ident $name:ident $presence:ident;)*) => {
        /// A property of a record that is counted in the cube and can be filtered by.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Dimension {
            $($(#[$doc])* $dimension,)*
            /// A dimension beside the cube: one of the authority's own, by its name with the prefix `own.`, or a coded property that
            /// has no column, by its name behind a dot.
            Own(&'static str),
        }

        impl Dimension {
            /// The dimensions of the software, in the order in which the cube's key lists them.
            pub const ALL: [Dimension; Dimension::COUNT] = [$(Dimension::$dimension),*];

            /// The number of these.
            pub const COUNT: usize = [$(stringify!($dimension)),*].len();

            /// The name in queries, layouts and answers; also that of the column of a dimension of the software.
            pub fn name(self) -> &'static str {
                match self {
                    $(Dimension::$dimension => stringify!($name),)*
                    Dimension::Own(path) => path.strip_prefix(BESIDE).unwrap_or(path),
                }
            }

            /// True if a record can be without a value in this dimension.
            pub fn can_be_absent(self) -> bool {
                match self {
                    $(Dimension::$dimension => stringify!($presence) == "optional",)*
                    Dimension::Own(_) => true,
                }
            }
        }
    };
}

dimensions!(declare);

/// The beginning of the names under which coded properties without a column are kept beside the cube: no name of what is the
/// authority's own has it.
pub const BESIDE: char = '.';

/// The value that stands for "absent" in a filter, as in `area=NONE` (not classified).
pub const ABSENT: &str = "NONE";

/// Returns the value of a filter as it is counted: an absent one as `""`.
pub fn as_counted(value: impl AsRef<str>) -> String {
    Some(value.as_ref()).filter(|value| *value != ABSENT).unwrap_or_default().to_owned()
}

impl Dimension {
    /// The dimension of the software that has that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|d| d.name() == name)
    }

    /// The name under which values are kept beside the cube: that in `own`, or that of a coded property behind a dot.
    pub fn own_name(self) -> &'static str {
        if let Dimension::Own(path) = self { path.strip_prefix(OWN).unwrap_or(path) } else { "" }
    }

    /// True for a dimension beside the cube.
    pub fn is_own(self) -> bool {
        matches!(self, Dimension::Own(_))
    }
}
