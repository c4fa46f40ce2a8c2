//! A text in the languages of an authority.

use std::collections::BTreeMap;

use serde::de::Error;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use super::Lang;
use crate::text;

/// A text in the languages that an authority works in, the usual one first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels(Vec<(Lang, String)>);

/// The most characters of a text, which can be a footnote: who prints a line of any length does not come to its end.
const LONGEST: usize = 3000;

impl Labels {
    /// Reads what is written by language: a line in each of these languages, and in no other.
    pub fn read(written: &BTreeMap<String, String>, languages: &[Lang]) -> Result<Labels, String> {
        let codes = || languages.iter().map(|lang| lang.code()).collect::<Vec<_>>().join(", ");
        if let Some(other) = written.keys().find(|code| !languages.iter().any(|lang| lang.code() == *code)) {
            return Err(format!("a text in the language {other} is not asked for here; the languages are {}", codes()));
        }
        let line = |lang: Lang| {
            let about = format!("the text in the language {}", lang.code());
            let text = written.get(lang.code()).map_or("", String::as_str);
            match text::line(text) {
                Ok(line) if line.is_empty() => Err(format!("{about} is missing")),
                Ok(line) if line.chars().count() > LONGEST => {
                    Err(format!("{about} has more than {LONGEST} characters"))
                }
                Ok(line) => Ok((lang, line.into_owned())),
                Err(why) => Err(format!("{about} {why}")),
            }
        };
        let (mut texts, mut faults) = (Vec::new(), Vec::new());
        for lang in languages {
            match line(*lang) {
                Ok(text) => texts.push(text),
                Err(fault) => faults.push(fault),
            }
        }
        if faults.is_empty() { Ok(Labels(texts)) } else { Err(faults.join("; ")) }
    }

    /// A text of the software in these languages.
    pub fn of(languages: &[Lang], text: impl Fn(Lang) -> String) -> Labels {
        Labels(languages.iter().map(|lang| (*lang, text(*lang))).collect())
    }

    /// The text in a language; in the usual one where it is not in this one.
    pub fn get(&self, lang: Lang) -> &str {
        let own = self.0.iter().find(|(of, _)| *of == lang).or(self.0.first());
        own.map_or("", |(_, text)| text)
    }

    /// The texts of all languages.
    pub fn all(&self) -> impl Iterator<Item = (Lang, &str)> {
        self.0.iter().map(|(lang, text)| (*lang, text.as_str()))
    }

    /// The schema of a text in these languages.
    pub fn schema_in(languages: &[Lang]) -> Schema {
        let text = |lang: &Lang| ObjectBuilder::new().schema_type(Type::String).description(Some(lang.description()));
        let object = ObjectBuilder::new()
            .description(Some("A text in the languages that the authority works in."))
            .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)));
        let with = |object: ObjectBuilder, lang: &Lang| object.property(lang.code(), text(lang)).required(lang.code());
        languages.iter().fold(object, with).into()
    }
}

impl Serialize for Labels {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        self.0.iter().try_for_each(|(lang, text)| map.serialize_entry(lang.code(), text))?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for Labels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = serde_json::Map::<String, serde_json::Value>::deserialize(deserializer)?;
        let read = |(code, text): (String, serde_json::Value)| {
            let lang = Lang::parse(&code).ok_or_else(|| D::Error::custom(format!("{code} is no language")))?;
            let text = text.as_str().ok_or_else(|| D::Error::custom(format!("{code} is no text")))?;
            Ok((lang, text.to_owned()))
        };
        written.into_iter().map(read).collect::<Result<_, _>>().map(Labels)
    }
}

impl PartialSchema for Labels {
    fn schema() -> RefOr<Schema> {
        Labels::schema_in(&Lang::ALL).into()
    }
}

impl ToSchema for Labels {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_without_a_language_is_read_in_the_usual_one() {
        let labels: Labels = serde_json::from_str(r#"{"fr": "Année", "de": "Jahr"}"#).unwrap();
        assert_eq!(Lang::ALL.map(|lang| labels.get(lang)), ["Jahr", "Année", "Année", "Année", "Année"]);
        assert_eq!(serde_json::to_string(&labels).unwrap(), r#"{"fr":"Année","de":"Jahr"}"#);
        assert!(serde_json::from_str::<Labels>(r#"{"de": "Jahr", "xx": "?"}"#).is_err());
    }

    #[test]
    fn what_is_written_is_in_the_languages_of_the_authority() {
        let written = |text: &str| serde_json::from_str::<BTreeMap<String, String>>(text).unwrap();
        let read = |text: &str| {
            Labels::read(&written(text), &[Lang::Fr, Lang::De]).map(|labels| labels.get(Lang::It).to_owned())
        };
        assert_eq!(read(r#"{"de": "Jahr", "fr": " Année"}"#).as_deref(), Ok("Année"));
        assert_eq!(read(r#"{"de": "Jahr"}"#).unwrap_err(), "the text in the language fr is missing");
        let long = |length: usize| read(&format!(r#"{{"de": "Jahr", "fr": "{}"}}"#, "x".repeat(length)));
        assert!(long(LONGEST).is_ok());
        assert_eq!(long(LONGEST + 1).unwrap_err(), "the text in the language fr has more than 3000 characters");
        assert!(
            read(r#"{"de": "Jahr", "fr": "Année", "en": "year"}"#).unwrap_err().ends_with("the languages are fr, de")
        );
    }
}
