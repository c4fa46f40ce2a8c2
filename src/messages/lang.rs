//! The languages of the people who read, and texts in all of them.

use super::RegisterWords;

/// The way that numbers are written, in a language as in Switzerland (Unicode CLDR) unless an authority writes them otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberStyle {
    /// The mark before the decimals.
    pub decimal: char,
    /// The mark between groups of three digits.
    pub group: char,
    /// The percent sign, with what stands before it.
    pub percent: &'static str,
}

macro_rules! languages {
    ($($name:ident = $code:ident, $alpha3:literal, $decimal:literal $group:literal $percent:literal, $doc:literal;)*) => {
        /// A language of the people who read.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Lang { $(#[doc = $doc] $name),* }

        impl Lang {
            /// All languages; the first one is the usual one.
            pub const ALL: [Lang; [$($alpha3),*].len()] = [$(Lang::$name),*];

            /// The code (ISO 639-1).
            pub const fn code(self) -> &'static str {
                match self { $(Lang::$name => stringify!($code)),* }
            }

            /// The language in words, for the API document.
            pub const fn description(self) -> &'static str {
                match self { $(Lang::$name => $doc),* }
            }

            /// The code of three letters (ISO 639-2/T), in upper case.
            pub const fn alpha3(self) -> &'static str {
                match self { $(Lang::$name => $alpha3),* }
            }

            /// The way that numbers are written.
            pub const fn number_style(self) -> NumberStyle {
                match self {
                    $(Lang::$name => NumberStyle { decimal: $decimal, group: $group, percent: $percent }),*
                }
            }

            /// The messages (Project Fluent).
            pub(super) const fn source(self) -> &'static str {
                match self { $(Lang::$name => include_str!(concat!(stringify!($code), ".ftl"))),* }
            }
        }
    };
}

languages! {
    De = de, "DEU", '.' '’' "\u{a0}%", "German.";
    Fr = fr, "FRA", ',' '\u{202f}' "\u{a0}%", "French.";
    It = it, "ITA", '.' '’' "\u{a0}%", "Italian.";
    Rm = rm, "ROH", '.' '’' "\u{a0}%", "Romansh.";
    En = en, "ENG", '.' '’' "%", "English.";
}

impl From<Lang> for NumberStyle {
    fn from(lang: Lang) -> NumberStyle {
        lang.number_style()
    }
}

/// A language with the way that an authority writes in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Writing<'w> {
    /// The language.
    pub lang: Lang,
    /// The way that numbers are written.
    pub numbers: NumberStyle,
    /// The words of the authority's own for registers.
    pub words: &'w RegisterWords,
}

impl From<Writing<'_>> for NumberStyle {
    fn from(writing: Writing<'_>) -> NumberStyle {
        writing.numbers
    }
}

impl Default for Lang {
    fn default() -> Self {
        Lang::ALL[0]
    }
}

impl Lang {
    /// The language of a code.
    pub fn parse(code: &str) -> Option<Lang> {
        Lang::ALL.into_iter().find(|lang| lang.code() == code)
    }

    /// The codes of all languages, as they are enumerated in a sentence.
    pub fn codes() -> String {
        Lang::list(&Lang::ALL)
    }

    /// The codes of languages, as they are enumerated in a sentence.
    pub fn list(languages: &[Lang]) -> String {
        languages.iter().map(|lang| lang.code()).collect::<Vec<_>>().join(", ")
    }

    /// The best of these languages by an `Accept-Language` header (RFC 9110, section 12.5.4): `de-CH` is German, `*` is
    /// the first of them.
    pub fn accepted(header: &str, languages: &[Lang]) -> Option<Lang> {
        let mut best: Option<(Lang, f32)> = None;
        for range in header.split(',') {
            let (tag, parameters) = range.split_once(';').unwrap_or((range, "q=1"));
            let quality: f32 = parameters.trim().strip_prefix("q=").and_then(|q| q.parse().ok()).unwrap_or(0.0);
            let primary = tag.trim().split('-').next().unwrap_or_default().to_ascii_lowercase();
            let lang = languages.iter().find(|lang| primary == "*" || lang.code() == primary);
            if let Some(&lang) = lang
                && quality > best.map_or(0.0, |(_, quality)| quality)
            {
                best = Some((lang, quality));
            }
        }
        best.map(|(lang, _)| lang)
    }
}

#[cfg(test)]
mod tests {
    use super::Lang;

    #[test]
    fn takes_the_best_language_of_a_header() {
        let accepted = |header: &str| Lang::accepted(header, &[Lang::Fr, Lang::De, Lang::It]);
        assert_eq!(accepted("de-CH, fr;q=0.9"), Some(Lang::De));
        assert_eq!(accepted("en-GB;q=0.9, fr-CH;q=0.8"), Some(Lang::Fr));
        assert_eq!(accepted("eo, *;q=0.1"), Some(Lang::Fr));
        assert_eq!(accepted("eo"), None);
        assert_eq!(accepted("it;q=0"), None);
    }
}
