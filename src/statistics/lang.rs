//! The languages of labels.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A language of labels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    /// German.
    #[default]
    De,
    /// French.
    Fr,
    /// Italian.
    It,
    /// English.
    En,
}

impl Lang {
    /// All languages.
    pub const ALL: [Lang; 4] = [Lang::De, Lang::Fr, Lang::It, Lang::En];

    /// The code (ISO 639-1).
    pub fn code(self) -> &'static str {
        match self {
            Lang::De => "de",
            Lang::Fr => "fr",
            Lang::It => "it",
            Lang::En => "en",
        }
    }

    /// The language of a code.
    pub fn parse(code: &str) -> Option<Lang> {
        Lang::ALL.into_iter().find(|lang| lang.code() == code)
    }

    /// The best language of an `Accept-Language` header (RFC 9110, section 12.5.4): `de-CH` is German, `*` is any.
    pub fn accepted(header: &str) -> Option<Lang> {
        let mut best: Option<(Lang, f32)> = None;
        for range in header.split(',') {
            let (tag, parameters) = range.split_once(';').unwrap_or((range, "q=1"));
            let quality: f32 = parameters.trim().strip_prefix("q=").and_then(|q| q.parse().ok()).unwrap_or(0.0);
            let primary = tag.trim().split('-').next().unwrap_or_default().to_ascii_lowercase();
            let lang = if primary == "*" { Some(Lang::default()) } else { Lang::parse(&primary) };
            if let Some(lang) = lang
                && quality > best.map_or(0.0, |(_, quality)| quality)
            {
                best = Some((lang, quality));
            }
        }
        best.map(|(lang, _)| lang)
    }
}

/// A text in every language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Labels {
    /// German.
    pub de: String,
    /// French.
    pub fr: String,
    /// Italian.
    pub it: String,
    /// English.
    pub en: String,
}

impl Labels {
    /// The text in a language.
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::De => &self.de,
            Lang::Fr => &self.fr,
            Lang::It => &self.it,
            Lang::En => &self.en,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Lang;

    #[test]
    fn takes_the_best_language_of_a_header() {
        assert_eq!(Lang::accepted("de-CH, fr;q=0.9"), Some(Lang::De));
        assert_eq!(Lang::accepted("en-GB;q=0.5, fr-CH;q=0.8"), Some(Lang::Fr));
        assert_eq!(Lang::accepted("rm, *;q=0.1"), Some(Lang::De));
        assert_eq!(Lang::accepted("rm"), None);
        assert_eq!(Lang::accepted("it;q=0"), None);
    }
}
