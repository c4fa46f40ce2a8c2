//! The dimensions that records are counted and filtered by: their names, values and columns.

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
        }

        impl Dimension {
            /// All dimensions, in the order in which the cube's key lists them.
            pub const ALL: [Dimension; Dimension::COUNT] = [$(Dimension::$dimension),*];

            /// The number of dimensions.
            pub const COUNT: usize = [$(stringify!($dimension)),*].len();

            /// The name in queries, layouts and answers; also the name of the column.
            pub fn name(self) -> &'static str {
                match self {
                    $(Dimension::$dimension => stringify!($name),)*
                }
            }

            /// True if a record can be without a value in this dimension.
            pub fn can_be_absent(self) -> bool {
                match self {
                    $(Dimension::$dimension => stringify!($presence) == "optional",)*
                }
            }
        }
    };
}

dimensions!(declare);

/// The value that stands for "absent" in a filter, as in `area=NONE` (not classified).
pub const ABSENT: &str = "NONE";

/// Returns the value of a filter as it is counted: an absent one as `""`.
pub fn as_counted(value: impl AsRef<str>) -> String {
    Some(value.as_ref()).filter(|value| *value != ABSENT).unwrap_or_default().to_owned()
}

impl Dimension {
    /// The dimension of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|d| d.name() == name)
    }

    /// The values that the registers know in this dimension; `None` where any text is one.
    pub fn values(self) -> Option<Vec<&'static str>> {
        match self {
            Dimension::Responsible => None,
            Dimension::Register => Some(super::counted().map(|r| r.name).collect()),
            Dimension::Status => Some(super::common::Status::VALUES.to_vec()),
            _ => {
                let mut values: Vec<&'static str> = Vec::new();
                for (dimension, known) in super::counted().flat_map(|r| r.vocabulary) {
                    if *dimension == self {
                        values.extend(known.iter().filter(|v| !values.contains(v)).collect::<Vec<_>>());
                    }
                }
                Some(values)
            }
        }
    }

    /// True if `value` may be asked for in this dimension.
    pub fn knows(self, value: &str) -> bool {
        (value == ABSENT && self.can_be_absent()) || self.values().is_none_or(|values| values.contains(&value))
    }
}

/// A choice of records by dimension: every dimension named must have one of its values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection(pub Vec<(Dimension, Vec<String>)>);

impl Selection {
    /// True if a record of a register that is counted could be in the selection.
    pub fn is_possible(&self) -> bool {
        super::counted().any(|register| {
            let can = |(dimension, values): &(Dimension, Vec<String>)| {
                values.iter().any(|value| register.can_have(*dimension, value))
            };
            self.0.iter().all(can)
        })
    }

    /// True if no record can be in both selections.
    pub fn is_disjoint(&self, other: &Selection) -> bool {
        self.0.iter().any(|(dimension, mine)| {
            other.0.iter().any(|(d, theirs)| d == dimension && !mine.iter().any(|v| theirs.contains(v)))
        })
    }
}
