//! The sentences of the report that are more than one message. They follow from the figures, so that they cannot say
//! anything else.

use std::cmp::Ordering;

use chrono::NaiveDate;

use crate::decimal::Decimal;
use crate::messages::{Lang, Writing, number_format};
use crate::statistics::table::{Development, TableLine};

/// The change of a line from one year to the next.
pub fn change(writing: Writing, line: &TableLine, year: i32, before: Decimal, after: Decimal) -> String {
    let change = Development::between(before, after);
    let direction = match change.absolute.cmp(&Decimal::ZERO) {
        Ordering::Greater => "UP",
        Ordering::Equal => "NONE",
        Ordering::Less => "DOWN",
    };
    let size = change.absolute.max(Decimal::ZERO - change.absolute);
    let number = number_format::decimal(writing, size, line.decimals);
    let how = share(writing, &change).map_or_else(|| number.clone(), |share| format!("{share} ({number})"));
    let label = line.printed_name();
    writing.message(
        "report-change",
        &[
            ("label", &label),
            ("after", &shown(writing, line, after)),
            ("direction", &direction),
            ("change", &how),
            ("year", &(year - 1)),
            ("before", &shown(writing, line, before)),
        ],
    )
}

/// The largest rise or fall of a table's lines; none where the line has no development.
pub fn largest(writing: Writing, line: &TableLine) -> Option<String> {
    let (before, after) = line.last_two()?;
    let change = line.development.as_ref()?;
    let direction = if change.absolute > Decimal::ZERO { "UP" } else { "DOWN" };
    let percent = change.percent.map(|_| number_format::development(writing, &change.display));
    let sign = if change.absolute > Decimal::ZERO { "+" } else { "" };
    let size = percent.unwrap_or_else(|| format!("{sign}{}", shown(writing, line, change.absolute)));
    let [before, after] = [before, after].map(|figure| shown(writing, line, figure));
    let label = line.printed_name();
    Some(writing.message(
        "report-largest",
        &[("direction", &direction), ("label", &label), ("before", &before), ("after", &after), ("change", &size)],
    ))
}

/// A figure of a line as a sentence tells it.
pub fn shown(writing: Writing, line: &TableLine, figure: Decimal) -> String {
    number_format::decimal(writing, figure, line.decimals)
}

/// A change in whole percent without its sign; none from 0, where there is no percentage.
fn share(writing: Writing, change: &Development) -> Option<String> {
    change.percent?;
    let whole = change.display.trim_start_matches(['+', '-']);
    if whole != "0%" {
        return Some(number_format::development(writing, whole));
    }
    let one = number_format::development(writing, "1%");
    Some(writing.message("report-less-than", &[("share", &one)]))
}

/// The end of the year within a sentence, or the day whose state its figures are.
pub fn at_end(lang: Lang, as_of: Option<NaiveDate>) -> String {
    as_of.map_or_else(|| lang.text("report-at-end"), |day| lang.message("report-on-day", &[("day", &day)]))
}

/// The inquiries that are pending on a day, and how many of the year's were closed by then.
pub fn inquiries(writing: Writing, day: &str, pending: i64, received: i64, closed_share: Option<f64>) -> String {
    let left = writing.message("report-inquiries-pending", &[("day", &day), ("pending", &pending)]);
    if closed_share.is_none() {
        return left;
    }
    let share = number_format::share(writing, closed_share);
    let settled = writing.message("report-inquiries-closed", &[("received", &received), ("share", &share)]);
    format!("{left} {settled}")
}

/// The projects that came in, and those that go on at the end of the year or on a day.
pub fn projects(writing: Writing, year: i32, new: i64, pending: i64, at_end: &str) -> String {
    writing
        .message("report-projects-of-year", &[("year", &year), ("new", &new), ("end", &at_end), ("pending", &pending)])
}

/// The audits, and what became of their findings.
pub fn audits(writing: Writing, audits: i64, findings: i64, implemented: i64) -> String {
    let share = (findings > 0).then(|| 100.0 * implemented as f64 / findings as f64);
    let share = number_format::share(writing, share);
    writing.message(
        "report-audits-of-year",
        &[("audits", &audits), ("findings", &findings), ("implemented", &implemented), ("share", &share)],
    )
}

/// The number of entries that a list leaves out.
pub fn not_listed(lang: Lang, count: i64) -> String {
    lang.message("report-not-listed", &[("count", &count)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_right_for_more_less_the_same_and_nothing() {
        let line = TableLine::of("total".into(), "Total".into(), 0, Default::default());
        let say = |before: i64, after: i64| change(Lang::De.into(), &line, 2017, before.into(), after.into());
        assert_eq!(say(249, 295), "Total: 295, Zunahme um 18\u{a0}% (46) gegenüber 2016 (249).");
        assert_eq!(say(2, 1), "Total: 1, Abnahme um 50\u{a0}% (1) gegenüber 2016 (2).");
        assert_eq!(say(5, 5), "Total: 5, unverändert gegenüber 2016.");
        assert_eq!(say(0, 0), "Total: 0, unverändert gegenüber 2016.");
        assert_eq!(say(0, 1), "Total: 1, Zunahme um 1 gegenüber 2016 (0).");
        assert_eq!(say(1, 0), "Total: 0, Abnahme um 100\u{a0}% (1) gegenüber 2016 (1).");
        assert_eq!(say(1000, 1001), "Total: 1’001, Zunahme um weniger als 1\u{a0}% (1) gegenüber 2016 (1’000).");
        assert_eq!(
            change(Lang::Fr.into(), &line, 2017, 10.into(), 5.into()),
            "Total\u{a0}: 5, diminution de 50\u{a0}% (5) par rapport à 2016 (10)."
        );
    }

    #[test]
    fn singular_and_plural_follow_the_number() {
        let say = |pending| inquiries(Lang::De.into(), "31. Dezember 2017", pending, 10, None);
        assert_eq!(say(0), "Am 31. Dezember 2017 war keine Anfrage pendent.");
        assert_eq!(say(1), "Am 31. Dezember 2017 war 1 Anfrage pendent.");
        assert_eq!(say(2), "Am 31. Dezember 2017 waren 2 Anfragen pendent.");
        assert_eq!(
            projects(Lang::De.into(), 2017, 1, 1, &at_end(Lang::De, None)),
            "Im Jahr 2017 kam 1 Projekt neu hinzu; am Jahresende war 1 Projekt in Arbeit."
        );
        assert_eq!(
            audits(Lang::De.into(), 1, 2, 1),
            "1 Kontrolle mit 2 Feststellungen; davon umgesetzt: 1 (50.0\u{a0}%)."
        );
        assert_eq!(audits(Lang::En.into(), 2, 0, 0), "2 audits with 0 findings.");
        assert_eq!(not_listed(Lang::De, 1), "1 weiterer Eintrag ist nicht aufgeführt.");
    }

    #[test]
    fn the_largest_change_is_told_in_every_language() {
        let line = |before: i64, after: i64| TableLine {
            values: vec![Some(before.into()), Some(after.into())],
            development: Some(Development::between(before, after)),
            ..TableLine::of("canton".into(), "Kanton".into(), 1, Default::default())
        };
        let said = |lang: Lang| largest(lang.into(), &line(101, 127));
        let said = [Lang::De, Lang::Fr, Lang::It, Lang::Rm, Lang::En].map(said);
        assert_eq!(
            said.map(Option::unwrap_or_default),
            [
                "Grösste Zunahme: Kanton, von 101 auf 127 (+26\u{a0}%).",
                "Plus forte augmentation\u{a0}: Kanton, de 101 à 127 (+26\u{a0}%).",
                "Aumento maggiore: Kanton, da 101 a 127 (+26\u{a0}%).",
                "Pli grond augment: Kanton, da 101 a 127 (+26\u{a0}%).",
                "Largest rise: Kanton, from 101 to 127 (+26%).",
            ]
        );
        let de = |before, after| largest(Lang::De.into(), &line(before, after)).unwrap_or_default();
        assert_eq!(de(31, 16), "Grösste Abnahme: Kanton, von 31 auf 16 (−48\u{a0}%).");
        assert_eq!(de(0, 3), "Grösste Zunahme: Kanton, von 0 auf 3 (+3).");
    }

    #[test]
    fn nothing_one_and_many_are_right_in_every_language() {
        const LANGUAGES: [Lang; 5] = [Lang::De, Lang::Fr, Lang::It, Lang::Rm, Lang::En];
        let audits_with = |lang: Lang, findings| audits(lang.into(), 1, findings, 0);
        assert_eq!(
            LANGUAGES.map(|lang| audits_with(lang, 0)),
            [
                "1 Kontrolle mit 0 Feststellungen.",
                // In French nothing is singular.
                "1 contrôle avec 0 constatation.",
                "1 controllo con 0 constatazioni.",
                "1 controlla cun 0 constataziuns.",
                "1 audit with 0 findings.",
            ]
        );
        assert_eq!(
            LANGUAGES.map(|lang| projects(lang.into(), 2017, 0, 2, &at_end(lang, None))),
            [
                "Im Jahr 2017 kamen 0 Projekte neu hinzu; am Jahresende waren 2 Projekte in Arbeit.",
                "En 2017, 0 nouveau projet s’est ajouté\u{a0}; à la fin de l’année, 2 projets étaient en cours.",
                "Nel 2017 si sono aggiunti 0 nuovi progetti; a fine anno, 2 progetti erano in corso.",
                "L’onn 2017 èn vegnids vitiers 0 novs projects; a la fin da l’onn eran 2 projects en lavur.",
                "In 2017, 0 projects were added; at the end of the year, 2 were under way.",
            ]
        );
        assert_eq!(
            LANGUAGES.map(|lang| inquiries(lang.into(), "1.1.", 1, 3, Some(50.0))),
            [
                "Am 1.1. war 1 Anfrage pendent. Von den Eingängen des Jahres (3) waren bis dahin 50.0\u{a0}% erledigt.",
                "Le 1.1., 1 demande était pendante. À cette date, 50,0\u{a0}% des demandes reçues dans l’année (3) étaient closes.",
                "Il 1.1., 1 richiesta era pendente. A quella data, il 50.0\u{a0}% delle richieste giunte nell’anno (3) era concluso.",
                "Ils 1.1. era 1 dumonda pendenta. Da las entradas da l’onn (3) eran fin lura 50.0\u{a0}% liquidadas.",
                "On 1.1., 1 inquiry was pending. By then, 50.0% of those received in the year (3) had been closed.",
            ]
        );
    }
}
