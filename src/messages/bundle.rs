//! The messages of each language, read once.

use std::sync::LazyLock;

use chrono::{Datelike, NaiveDate};
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

use super::lang::Lang;
use super::number_format;
use crate::decimal::Decimal;

type Bundle = FluentBundle<FluentResource>;

static BUNDLES: LazyLock<[Bundle; Lang::ALL.len()]> = LazyLock::new(|| Lang::ALL.map(bundle));

/// The messages of a language. A message that cannot be read is left out, which the tests do not let happen.
fn bundle(lang: Lang) -> Bundle {
    let mut bundle = FluentBundle::new_concurrent(lang.code().parse().into_iter().collect());
    bundle.set_use_isolating(false);
    // A name that is not legal, or that is taken, would be refused: `NUMBER` is neither.
    let _ = bundle.add_function("NUMBER", move |values, _| match values {
        [FluentValue::Number(number)] => number_format::whole(lang, number.value as i64).into(),
        // With decimals it is printed already.
        [FluentValue::String(printed)] => printed.clone().into_owned().into(),
        _ => FluentValue::Error,
    });
    let resource = FluentResource::try_new(lang.source().to_owned()).unwrap_or_else(|(read, _)| read);
    bundle.add_resource_overriding(resource);
    bundle
}

impl Lang {
    /// The text of a message that speaks of nothing else.
    pub fn text(self, id: &'static str) -> String {
        self.message(id, &[])
    }

    /// The text of a message with the values of its variables. One that there is none of shows its id.
    pub fn message(self, id: &'static str, values: &[(&'static str, &dyn Argument)]) -> String {
        self.said(id, values, [])
    }

    /// The same with further variables that are texts.
    pub(super) fn said<'t>(
        self,
        id: &'static str,
        values: &[(&'static str, &dyn Argument)],
        more: impl IntoIterator<Item = (String, &'t str)>,
    ) -> String {
        let bundle = &BUNDLES[self as usize];
        let Some(pattern) = bundle.get_message(id).and_then(|message| message.value()) else { return id.to_owned() };
        let mut arguments: FluentArgs = values.iter().map(|(name, value)| (*name, value.value(self))).collect();
        more.into_iter().for_each(|(name, text)| arguments.set(name, text));
        bundle.format_pattern(pattern, Some(&arguments), &mut Vec::new()).into_owned()
    }

    /// A name with what it stands for.
    pub fn labelled(self, label: &dyn Argument, text: &str) -> String {
        self.message("language-label", &[("label", label), ("text", &text)])
    }

    /// A day in words.
    pub fn day(self, day: NaiveDate) -> String {
        let (number, month) = (i64::from(day.day()), i64::from(day.month()));
        self.message("language-day", &[("day", &number), ("month", &month), ("year", &day.year())])
    }
}

/// A value of a variable in a message.
pub trait Argument {
    /// The value as messages know it.
    fn value(&self, lang: Lang) -> FluentValue<'_>;
}

/// A text stands as it is.
impl Argument for &str {
    fn value(&self, _: Lang) -> FluentValue<'_> {
        (*self).into()
    }
}

/// A text stands as it is.
impl Argument for String {
    fn value(&self, _: Lang) -> FluentValue<'_> {
        self.as_str().into()
    }
}

/// A year stands as it is.
impl Argument for i32 {
    fn value(&self, _: Lang) -> FluentValue<'_> {
        (*self).into()
    }
}

/// A count is what plural forms are chosen by.
impl Argument for i64 {
    fn value(&self, _: Lang) -> FluentValue<'_> {
        (*self).into()
    }
}

/// A whole number is what plural forms are chosen by; one with decimals stands as it is printed.
impl Argument for Decimal {
    fn value(&self, lang: Lang) -> FluentValue<'_> {
        match self.whole() {
            Some(whole) => whole.into(),
            None => number_format::decimal(lang, *self, None).into(),
        }
    }
}

/// A day stands in words.
impl Argument for NaiveDate {
    fn value(&self, lang: Lang) -> FluentValue<'_> {
        lang.day(*self).into()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    const PLURAL_FORMS: [&str; 6] = ["zero", "one", "two", "few", "many", "other"];

    /// The messages of a file, each with its variables and the texts that it chooses by.
    fn signatures(lang: Lang) -> BTreeMap<&'static str, BTreeSet<&'static str>> {
        let mut found: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let mut id = "";
        for line in lang.source().lines().filter(|line| !line.starts_with('#')) {
            if let Some((name, _)) = line.split_once(" =").filter(|_| !line.starts_with(' ')) {
                assert!(found.insert(name, BTreeSet::new()).is_none(), "{}: {name} stands twice", lang.code());
                id = name;
            }
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            let variables = line.split('$').skip(1).map(|rest| rest.split(|c| !is_name(c)).next().unwrap_or_default());
            let key = line.trim_start_matches([' ', '*']).strip_prefix('[').and_then(|rest| rest.split(']').next());
            let key = key.filter(|key| !PLURAL_FORMS.contains(key) && key.parse::<u32>().is_err());
            found.entry(id).or_default().extend(variables.chain(key));
        }
        found.remove("");
        found
    }

    #[test]
    fn every_language_has_the_same_messages_with_the_same_variables() {
        let usual = signatures(Lang::default());
        assert!(usual.len() > 100 && usual["language-day"] == BTreeSet::from(["day", "month", "year"]), "{usual:?}");
        assert!(usual["statistics-register"].contains("media-requests"));
        // A sentence that names a register in one language need not do so in another.
        let compared = |lang: Lang| -> BTreeMap<&str, BTreeSet<&str>> {
            let is_of_message = |name: &&str| !name.ends_with("-is") && !name.ends_with("-word");
            let is_choice = |name: &&str| !["own", "usual"].contains(name);
            let names =
                |names: BTreeSet<&'static str>| names.into_iter().filter(is_of_message).filter(is_choice).collect();
            signatures(lang).into_iter().map(|(id, found)| (id, names(found))).collect()
        };
        for lang in Lang::ALL {
            assert_eq!(compared(lang), compared(Lang::default()), "{}", lang.code());
        }
    }

    #[test]
    fn every_message_can_be_said() {
        for lang in Lang::ALL {
            let bundle = bundle(lang);
            assert!(FluentResource::try_new(lang.source().to_owned()).is_ok(), "{}", lang.code());
            for (id, variables) in signatures(lang) {
                for (number, of_words) in [0_i64, 1, 2, 1000].into_iter().flat_map(|n| [(n, "usual"), (n, "own")]) {
                    let mut values: FluentArgs = variables.iter().map(|name| (*name, number)).collect();
                    variables.iter().filter(|name| name.ends_with("-is")).for_each(|name| values.set(*name, of_words));
                    let pattern = bundle.get_message(id).and_then(|message| message.value()).expect(id);
                    let mut errors = Vec::new();
                    let said = bundle.format_pattern(pattern, Some(&values), &mut errors);
                    assert!(errors.is_empty() && !said.trim().is_empty(), "{} {id}: {said} {errors:?}", lang.code());
                }
            }
        }
    }

    #[test]
    fn in_french_no_line_is_broken_before_a_colon_or_within_quotation_marks() {
        let bundle = bundle(Lang::Fr);
        for (id, variables) in signatures(Lang::Fr) {
            let values = |of_words: &'static str| -> FluentArgs {
                let value = |name: &str| if name.ends_with("-is") { of_words } else { "x" };
                variables.iter().map(|name| (*name, value(name))).collect()
            };
            let pattern = bundle.get_message(id).and_then(|message| message.value()).expect(id);
            let said = ["usual", "own"]
                .map(|words| bundle.format_pattern(pattern, Some(&values(words)), &mut Vec::new()).into_owned())
                .join(" ");
            let chars: Vec<char> = std::iter::once(' ').chain(said.chars()).chain([' ']).collect();
            for three in chars.windows(3) {
                let is_right = match three[1] {
                    ':' => three[0] == '\u{a0}',
                    '«' => three[2] == '\u{a0}',
                    '»' => three[0] == '\u{a0}',
                    '\'' => false,
                    _ => true,
                };
                assert!(is_right, "{id}: {said}");
            }
        }
    }

    #[test]
    fn a_message_that_there_is_none_of_shows_its_id() {
        assert_eq!(Lang::De.text("report-nothing"), "report-nothing");
    }

    #[test]
    fn numbers_are_printed_as_the_language_does() {
        let said = [Lang::De, Lang::Fr, Lang::It, Lang::En]
            .map(|lang| lang.message("report-not-listed", &[("count", &12_345_i64)]));
        assert_eq!(
            said,
            [
                "12’345 weitere Einträge sind nicht aufgeführt.",
                "12\u{202f}345 autres entrées ne sont pas citées.",
                "12’345 altre voci non sono elencate.",
                "12’345 more entries are not listed."
            ]
        );
    }
}
