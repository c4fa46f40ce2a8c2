//! The sentences of the report in four languages. They follow from the figures, so that they cannot say anything else.

use chrono::NaiveDate;

use super::number_format;
use super::words::{Message, word};
use crate::registers;
use crate::statistics::backlog::register_name;
use crate::statistics::lang::Lang;
use crate::statistics::provisional;
use crate::statistics::table::Development;

/// One of two words, by how many there are.
fn plural(count: i64, one: &'static str, many: &'static str) -> &'static str {
    if count == 1 { one } else { many }
}

/// Returns a sentence on the change of a line from one year to the next.
pub fn development(lang: Lang, label: &str, year: i32, before: i64, after: i64) -> String {
    let before_year = year - 1;
    let (now, then) = (number_format::whole(lang, after), number_format::whole(lang, before));
    let change = Development::between(before, after);
    let more = number_format::whole(lang, change.absolute.abs());
    let what = match (lang, change.absolute.signum()) {
        (Lang::De, 0) => format!("unverändert gegenüber {before_year}"),
        (Lang::Fr, 0) => format!("inchangé par rapport à {before_year}"),
        (Lang::It, 0) => format!("invariato rispetto al {before_year}"),
        (Lang::En, 0) => format!("unchanged from {before_year}"),
        (_, sign) => {
            let how = share(lang, &change).map_or_else(|| more.clone(), |share| format!("{share} ({more})"));
            match (lang, sign) {
                (Lang::De, 1) => format!("Zunahme um {how} gegenüber {before_year} ({then})"),
                (Lang::De, _) => format!("Abnahme um {how} gegenüber {before_year} ({then})"),
                (Lang::Fr, 1) => format!("augmentation de {how} par rapport à {before_year} ({then})"),
                (Lang::Fr, _) => format!("diminution de {how} par rapport à {before_year} ({then})"),
                (Lang::It, 1) => format!("aumento di {how} rispetto al {before_year} ({then})"),
                (Lang::It, _) => format!("diminuzione di {how} rispetto al {before_year} ({then})"),
                (Lang::En, 1) => format!("an increase of {how} from {before_year} ({then})"),
                (Lang::En, _) => format!("a decrease of {how} from {before_year} ({then})"),
            }
        }
    };
    let colon = if lang == Lang::Fr { "\u{a0}:" } else { ":" };
    format!("{label}{colon} {now}, {what}.")
}

/// Returns a sentence with a line's figure in a year that is not over, beside the year before: there is no development
/// yet.
pub fn so_far(lang: Lang, label: &str, year: i32, (before, after): (i64, i64), stated: &str) -> String {
    let (now, then, before_year) = (number_format::whole(lang, after), number_format::whole(lang, before), year - 1);
    match lang {
        Lang::De => format!("{label}: {now}, {stated}; {before_year}: {then}."),
        Lang::Fr => format!("{label}\u{a0}: {now}, {stated}; {before_year}\u{a0}: {then}."),
        Lang::It | Lang::En => format!("{label}: {now}, {stated}; {before_year}: {then}."),
    }
}

/// Returns a sentence that a year has not begun, so that there can be no figures of it.
pub fn not_begun(lang: Lang, year: i32) -> String {
    match lang {
        Lang::De => format!("Das Jahr {year} hat noch nicht begonnen: Es gibt keine Zahlen dazu."),
        Lang::Fr => format!("L’année {year} n’a pas encore commencé\u{a0}: il n’y a pas de chiffres."),
        Lang::It => format!("L’anno {year} non è ancora iniziato: non ci sono cifre."),
        Lang::En => format!("The year {year} has not begun: there are no figures of it."),
    }
}

/// The end of the year within a sentence, or the day whose state its figures are.
pub fn at_end(lang: Lang, as_of: Option<NaiveDate>) -> String {
    let day = as_of.map(|day| provisional::day(lang, day));
    match (lang, day) {
        (Lang::De, None) => "am Jahresende".into(),
        (Lang::De, Some(day)) => format!("am {day}"),
        (Lang::Fr, None) => "à la fin de l’année".into(),
        (Lang::Fr, Some(day)) => format!("le {day}"),
        (Lang::It, None) => "a fine anno".into(),
        (Lang::It, Some(day)) => format!("il {day}"),
        (Lang::En, None) => "at the end of the year".into(),
        (Lang::En, Some(day)) => format!("on {day}"),
    }
}

/// Names the matters that are counted as pending beside the staff.
pub fn matters_pending(lang: Lang) -> &'static str {
    match lang {
        Lang::De => "Pendent: Anfragen, Projekte und Datenschutzkontrollen.",
        Lang::Fr => "Pendantes\u{a0}: demandes, projets et contrôles.",
        Lang::It => "Pendenti: richieste, progetti e controlli.",
        Lang::En => "Pending: inquiries, projects and audits.",
    }
}

/// A change in whole percent without its sign; none from 0, where there is no percentage.
fn share(lang: Lang, change: &Development) -> Option<String> {
    change.percent?;
    let whole = change.display.trim_start_matches(['+', '-']);
    if whole != "0%" {
        return Some(number_format::development(lang, whole));
    }
    let one = number_format::development(lang, "1%");
    Some(match lang {
        Lang::De => format!("weniger als {one}"),
        Lang::Fr => format!("moins de {one}"),
        Lang::It => format!("meno dell’{one}"),
        Lang::En => format!("less than {one}"),
    })
}

/// Says how many of a year's inquiries were closed by its end, and how many are pending.
pub fn backlog(lang: Lang, day: &str, pending: i64, received: i64, closed_share: Option<f64>) -> String {
    let number = number_format::whole(lang, pending);
    let left = match lang {
        Lang::De if pending == 0 => format!("Am {day} war keine Anfrage pendent."),
        Lang::De => format!("Am {day} {} pendent.", plural_of(&number, pending, "war", "Anfrage", "waren", "Anfragen")),
        Lang::Fr if pending == 0 => format!("Le {day}, aucune demande n’était pendante."),
        Lang::Fr => format!(
            "Le {day}, {number} {} {} {}.",
            plural(pending, "demande", "demandes"),
            plural(pending, "était", "étaient"),
            plural(pending, "pendante", "pendantes")
        ),
        Lang::It if pending == 0 => format!("Il {day} nessuna richiesta era pendente."),
        Lang::It => format!(
            "Il {day} {number} {} {} {}.",
            plural(pending, "richiesta", "richieste"),
            plural(pending, "era", "erano"),
            plural(pending, "pendente", "pendenti")
        ),
        Lang::En if pending == 0 => format!("On {day} no inquiry was pending."),
        Lang::En => format!("On {day} {number} {} pending.", plural(pending, "inquiry was", "inquiries were")),
    };
    let Some(_) = closed_share else { return left };
    let (all, share) = (number_format::whole(lang, received), number_format::share(lang, closed_share));
    let settled = match lang {
        Lang::De => format!("Von den Eingängen des Jahres ({all}) waren bis dahin {share} erledigt."),
        Lang::Fr => format!("À cette date, {share} des demandes reçues dans l’année ({all}) étaient closes."),
        Lang::It => format!("A quella data il {share} delle richieste giunte nell’anno ({all}) era concluso."),
        Lang::En => format!("By then {share} of those received in the year ({all}) had been closed."),
    };
    format!("{left} {settled}")
}

fn plural_of(number: &str, count: i64, was: &str, one: &str, were: &str, many: &str) -> String {
    if count == 1 { format!("{was} {number} {one}") } else { format!("{were} {number} {many}") }
}

/// Says how many projects came in, and how many go on at the end of the year or on a day.
pub fn projects(lang: Lang, year: i32, new: i64, pending: i64, at_end: &str) -> String {
    let (number, open) = (number_format::whole(lang, new), number_format::whole(lang, pending));
    match lang {
        Lang::De => {
            let came = plural(new, "kam 1 Projekt", "kamen {} Projekte").replace("{}", &number);
            let goes = plural(pending, "war 1 Projekt", "waren {} Projekte").replace("{}", &open);
            format!("Im Jahr {year} {came} neu hinzu; {at_end} {goes} in Arbeit.")
        }
        Lang::Fr => {
            let came = plural(new, "1 nouveau projet s’est ajouté", "{} nouveaux projets se sont ajoutés")
                .replace("{}", &number);
            let goes = plural(pending, "1 projet était", "{} projets étaient").replace("{}", &open);
            format!("En {year}, {came}; {at_end}, {goes} en cours.")
        }
        Lang::It => {
            let came = plural(new, "si è aggiunto 1 nuovo progetto", "si sono aggiunti {} nuovi progetti")
                .replace("{}", &number);
            let goes = plural(pending, "1 progetto era", "{} progetti erano").replace("{}", &open);
            format!("Nel {year} {came}; {at_end} {goes} in corso.")
        }
        Lang::En => {
            let came = plural(new, "1 project was", "{} projects were").replace("{}", &number);
            let goes = plural(pending, "1 was", "{} were").replace("{}", &open);
            format!("In {year} {came} added; {at_end} {goes} under way.")
        }
    }
}

/// Says how many audits there were, and what became of their findings.
pub fn audits(lang: Lang, audits: i64, findings: i64, implemented: i64) -> String {
    let share = (findings > 0).then(|| 100.0 * implemented as f64 / findings as f64);
    let share = number_format::share(lang, share);
    let [audited, found, done] = [audits, findings, implemented].map(|number| number_format::whole(lang, number));
    let (of_audits, of_findings) = match lang {
        Lang::De => (plural(audits, "Kontrolle", "Kontrollen"), plural(findings, "Feststellung", "Feststellungen")),
        Lang::Fr => (plural(audits, "contrôle", "contrôles"), plural(findings, "constatation", "constatations")),
        Lang::It => (plural(audits, "controllo", "controlli"), plural(findings, "constatazione", "constatazioni")),
        Lang::En => (plural(audits, "audit", "audits"), plural(findings, "finding", "findings")),
    };
    let result = match lang {
        Lang::De => format!("{audited} {of_audits} mit {found} {of_findings}"),
        Lang::Fr => format!("{audited} {of_audits} avec {found} {of_findings}"),
        Lang::It => format!("{audited} {of_audits} con {found} {of_findings}"),
        Lang::En => format!("{audited} {of_audits} with {found} {of_findings}"),
    };
    if findings == 0 {
        return format!("{result}.");
    }
    match lang {
        Lang::De => format!("{result}; davon umgesetzt: {done} ({share})."),
        Lang::Fr => format!("{result}; mises en œuvre\u{a0}: {done} ({share})."),
        Lang::It => format!("{result}; attuate: {done} ({share})."),
        Lang::En => format!("{result}; implemented: {done} ({share})."),
    }
}

/// Says how many proceedings were filed and decided in a year, and how many are pending at its end or on a day.
pub fn proceedings(lang: Lang, year: i32, numbers: [i64; 3], at_end: &str) -> String {
    let [filed, decided, pending] = numbers.map(|number| number_format::whole(lang, number));
    match lang {
        Lang::De => format!("{year} eingereicht: {filed}; entschieden: {decided}; {at_end} hängig: {pending}."),
        Lang::Fr => format!(
            "Déposées en {year}\u{a0}: {filed}; tranchées\u{a0}: {decided}; pendantes {at_end}\u{a0}: {pending}."
        ),
        Lang::It => format!("Presentati nel {year}: {filed}; decisi: {decided}; pendenti {at_end}: {pending}."),
        Lang::En => format!("Filed in {year}: {filed}; decided: {decided}; pending {at_end}: {pending}."),
    }
}

/// Says how much was published in a year.
pub fn publications(lang: Lang, year: i32, number: i64) -> String {
    let count = number_format::whole(lang, number);
    match lang {
        Lang::De => format!("Im Jahr {year} erschienen: {count}."),
        Lang::Fr => format!("Parues en {year}\u{a0}: {count}."),
        Lang::It => format!("Apparse nel {year}: {count}."),
        Lang::En => format!("Published in {year}: {count}."),
    }
}

/// Says that a list was cut, and how many entries are left out.
pub fn more(lang: Lang, number: i64) -> String {
    let count = number_format::whole(lang, number);
    match lang {
        Lang::De => {
            format!("{count} {} nicht aufgeführt.", plural(number, "weiterer Eintrag ist", "weitere Einträge sind"))
        }
        Lang::Fr => {
            format!("{count} {}.", plural(number, "autre entrée n’est pas citée", "autres entrées ne sont pas citées"))
        }
        Lang::It => format!("{count} {}.", plural(number, "altra voce non è elencata", "altre voci non sono elencate")),
        Lang::En => format!("{count} more {} not listed.", plural(number, "entry is", "entries are")),
    }
}

/// Says for how many events the number of participants is known, where it is not known for all.
pub fn known_of(lang: Lang, known: i64, all: i64) -> String {
    match lang {
        Lang::De => format!("Teilnehmende bekannt bei {known} von {all}."),
        Lang::Fr => format!("Participants connus pour {known} sur {all}."),
        Lang::It => format!("Partecipanti noti per {known} su {all}."),
        Lang::En => format!("Participants known for {known} of {all}."),
    }
}

/// The names of the registers that the report tells of, in the plural.
pub fn register(lang: Lang, name: &str) -> Option<&'static str> {
    registers::counted().find(|register| register.name == name).map(|register| register_name(lang, register.name))
}

/// The values of dimensions and properties; one that is not known stands for itself.
pub fn value(lang: Lang, name: &str) -> &str {
    let named = match name {
        "MUNICIPALITY" => Message::Municipalities,
        "CANTON" => Message::Canton,
        "PRIVATE" => Message::Private,
        "PARTICIPATION" => Message::Participation,
        "LEAD" => Message::Lead,
        "INITIATION" => Message::Initiation,
        "CONCEPT" => Message::Concept,
        "REALISATION" => Message::Realisation,
        "INTRODUCTION" => Message::Introduction,
        "OPERATION" => Message::Operation,
        "TRAINING" => Message::Training,
        "LECTURE" => Message::Lecture,
        "UPHELD" => Message::Upheld,
        "PARTLY_UPHELD" => Message::PartlyUpheld,
        "DISMISSED" => Message::Dismissed,
        "NOT_ENTERED" => Message::NotEntered,
        "WITHDRAWN" => Message::Withdrawn,
        "OPINION" => Message::Opinion,
        "LEAFLET" => Message::Leaflet,
        "REPORT" => Message::ReportKind,
        "NEWS" => Message::News,
        "FORM" => Message::Form,
        "" => Message::Unclassified,
        other => return other,
    };
    word(lang, named)
}

/// Says which publication a published year's figures rest on.
pub fn published(lang: Lang, year: i32, version: i64, on: &str, source: Option<&str>) -> String {
    let source = source.map(|source| format!(", {source}")).unwrap_or_default();
    match lang {
        Lang::De => format!("{year}: wie am {on} veröffentlicht (Fassung {version}{source})."),
        Lang::Fr => format!("{year}\u{a0}: tel que publié le {on} (version {version}{source})."),
        Lang::It => format!("{year}: come pubblicato il {on} (versione {version}{source})."),
        Lang::En => format!("{year}: as published on {on} (version {version}{source})."),
    }
}

/// Says what the figures of the years that were not published rest on: the registers as they were on a day.
pub fn live(lang: Lang, years: &str, on: &str) -> String {
    match lang {
        Lang::De => format!("{years}: gezählt aus den Registern am {on}."),
        Lang::Fr => format!("{years}\u{a0}: comptées à partir des registres le {on}."),
        Lang::It => format!("{years}: conteggiati dai registri il {on}."),
        Lang::En => format!("{years}: counted from the registers on {on}."),
    }
}

/// Says what backlog, durations and lists rest on in every year: the registers as they were on a day.
pub fn counted(lang: Lang, on: &str) -> String {
    match lang {
        Lang::De => format!("Pendenzen, Dauern und Verzeichnisse: aus den Registern am {on}."),
        Lang::Fr => format!("Affaires pendantes, durées et listes\u{a0}: tirées des registres le {on}."),
        Lang::It => format!("Pendenze, durate ed elenchi: dai registri il {on}."),
        Lang::En => format!("Backlog, durations and lists: from the registers on {on}."),
    }
}

/// By what it was made.
pub fn made_by(lang: Lang, layout: &str) -> String {
    let version = env!("CARGO_PKG_VERSION");
    match lang {
        Lang::De => format!("Erstellt mit aufsicht {version} nach dem Tabellenaufbau «{layout}»."),
        Lang::Fr => format!("Établi avec aufsicht {version} selon la structure de tableaux «\u{a0}{layout}\u{a0}»."),
        Lang::It => format!("Allestito con aufsicht {version} secondo la struttura «{layout}»."),
        Lang::En => format!("Made by aufsicht {version} from the layout “{layout}”."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_right_for_more_less_the_same_and_nothing() {
        let say = |before, after| development(Lang::De, "Total", 2017, before, after);
        assert_eq!(say(249, 295), "Total: 295, Zunahme um 18\u{a0}% (46) gegenüber 2016 (249).");
        assert_eq!(say(2, 1), "Total: 1, Abnahme um 50\u{a0}% (1) gegenüber 2016 (2).");
        assert_eq!(say(5, 5), "Total: 5, unverändert gegenüber 2016.");
        assert_eq!(say(0, 0), "Total: 0, unverändert gegenüber 2016.");
        assert_eq!(say(0, 1), "Total: 1, Zunahme um 1 gegenüber 2016 (0).");
        assert_eq!(say(1, 0), "Total: 0, Abnahme um 100\u{a0}% (1) gegenüber 2016 (1).");
        assert_eq!(say(1000, 1001), "Total: 1’001, Zunahme um weniger als 1\u{a0}% (1) gegenüber 2016 (1’000).");
        assert_eq!(
            development(Lang::Fr, "Total", 2017, 10, 5),
            "Total\u{a0}: 5, diminution de 50\u{a0}% (5) par rapport à 2016 (10)."
        );
    }

    #[test]
    fn singular_and_plural_follow_the_number() {
        let say = |pending| backlog(Lang::De, "31. Dezember 2017", pending, 10, None);
        assert_eq!(say(0), "Am 31. Dezember 2017 war keine Anfrage pendent.");
        assert_eq!(say(1), "Am 31. Dezember 2017 war 1 Anfrage pendent.");
        assert_eq!(say(2), "Am 31. Dezember 2017 waren 2 Anfragen pendent.");
        assert_eq!(
            projects(Lang::De, 2017, 1, 1, &at_end(Lang::De, None)),
            "Im Jahr 2017 kam 1 Projekt neu hinzu; am Jahresende war 1 Projekt in Arbeit."
        );
        assert_eq!(audits(Lang::De, 1, 2, 1), "1 Kontrolle mit 2 Feststellungen; davon umgesetzt: 1 (50.0\u{a0}%).");
        assert_eq!(audits(Lang::En, 2, 0, 0), "2 audits with 0 findings.");
        assert_eq!(more(Lang::De, 1), "1 weiterer Eintrag ist nicht aufgeführt.");
    }
}
