//! The words of an authority's own for its registers, and what is said with them.
//!
//! A message that names a register chooses by `$cases-is`, which is `own` where the authority has a word of its own for it, and
//! says `$cases-word` then. Without one it says what the software calls the register.

use std::collections::BTreeMap;

use super::bundle::Argument;
use super::{Labels, Lang, Writing};

/// The words that an authority has of its own for registers, in the plural, by the names of the registers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegisterWords(BTreeMap<String, RegisterWord>);

/// A word for a register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterWord {
    /// The word for people.
    pub label: Labels,
    /// The place of the register's name in the file: the number of bytes before it.
    pub place: usize,
}

/// No words of an authority's own.
static NONE: RegisterWords = RegisterWords(BTreeMap::new());

impl RegisterWords {
    /// Words by the names of registers.
    pub fn of(words: impl IntoIterator<Item = (String, RegisterWord)>) -> RegisterWords {
        RegisterWords(words.into_iter().collect())
    }

    /// All of them, by the names of registers.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &RegisterWord)> {
        self.0.iter().map(|(register, word)| (register.as_str(), word))
    }
}

impl From<Lang> for Writing<'static> {
    fn from(lang: Lang) -> Writing<'static> {
        Writing { lang, numbers: lang.into(), words: &NONE }
    }
}

impl Writing<'_> {
    /// The text of a message that speaks of nothing else, with the authority's words for registers.
    pub fn text(self, id: &'static str) -> String {
        self.message(id, &[])
    }

    /// The text of a message with the values of its variables and the authority's words for registers.
    pub fn message(self, id: &'static str, values: &[(&'static str, &dyn Argument)]) -> String {
        let words = self.words.iter().flat_map(|(register, word)| {
            [(format!("{register}-is"), "own"), (format!("{register}-word"), word.label.get(self.lang))]
        });
        self.lang.said(id, values, words)
    }

    /// The name of a register for people.
    pub fn register(self, name: &str) -> String {
        let own = self.words.0.get(name).map(|word| word.label.get(self.lang).to_owned());
        own.unwrap_or_else(|| self.lang.message("statistics-register", &[("name", &name)]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(written: &[(&str, &str)], lang: Lang) -> RegisterWords {
        let word = |text: &str| RegisterWord { label: Labels::of(&[lang], |_| text.to_owned()), place: 0 };
        RegisterWords::of(written.iter().map(|(register, text)| ((*register).to_owned(), word(text))))
    }

    #[test]
    fn a_message_has_the_word_of_the_authority_where_it_has_one() {
        let pending = |words: &RegisterWords| {
            let writing = Writing { words, ..Lang::De.into() };
            writing.message("report-inquiries-pending", &[("day", &"31.12."), ("pending", &12_i64)])
        };
        assert_eq!(pending(&NONE), "Am 31.12. waren 12 Anfragen pendent.");
        assert_eq!(pending(&words(&[("projects", "Vorhaben")], Lang::De)), "Am 31.12. waren 12 Anfragen pendent.");
        assert_eq!(pending(&words(&[("cases", "Geschäfte")], Lang::De)), "Pendent am 31.12.: 12 (Geschäfte).");
    }

    #[test]
    fn registers_are_named_one_by_one() {
        let own = words(&[("projects", "Mandats")], Lang::Fr);
        let writing = Writing { words: &own, ..Lang::Fr.into() };
        assert_eq!(["cases", "projects"].map(|name| writing.register(name)), ["Demandes", "Mandats"]);
        assert_eq!(writing.text("report-matters-pending"), "Pendantes\u{a0}: demandes, Mandats et contrôles.");
    }
    #[test]
    fn around_words_of_their_own_registers_are_not_called_otherwise() {
        const REGISTERS: [&str; 10] = [
            "cases",
            "projects",
            "audits",
            "events",
            "media-requests",
            "organisations",
            "data-collections",
            "proceedings",
            "publications",
            "memberships",
        ];
        for lang in Lang::ALL {
            let own = words(&REGISTERS.map(|register| (register, "Xyz")), lang);
            let writing = Writing { words: &own, ..lang.into() };
            let usual = REGISTERS.map(|name| lang.message("statistics-register", &[("name", &name)]).to_lowercase());
            let columns = ["projects", "projects_pending", "audits", "participants_known"];
            let columns = columns.map(|name| writing.message("statistics-column", &[("name", &name)]));
            let texts = [
                "dataset-channels",
                "dataset-media-requests",
                "dataset-activities",
                "site-feed",
                "collections-title",
                "report-inquiries-settled",
                "report-inquiries-open",
                "report-municipalities",
                "report-durations",
                "report-ageing",
                "report-projects",
                "report-project",
                "report-new-projects",
                "report-audits",
                "report-audit",
                "report-events",
                "report-event",
                "report-all-events",
                "report-topics",
                "report-proceedings",
                "report-publications",
                "report-cooperation",
                "report-inquiries-pending",
                "report-projects-of-year",
                "report-audits-of-year",
                "report-matters-pending",
                "report-municipalities-linked",
                "report-not-on-map",
            ];
            let one: i64 = 1;
            let values: [(&str, &dyn Argument); 4] =
                [("pending", &one), ("audits", &one), ("findings", &one), ("count", &one)];
            for said in texts.iter().map(|id| writing.message(id, &values)).chain(columns) {
                let lower = said.to_lowercase();
                assert!(said.contains("Xyz"), "{}: {said}", lang.code());
                assert!(usual.iter().all(|name| !lower.contains(name)), "{}: {said}", lang.code());
            }
        }
    }
}
