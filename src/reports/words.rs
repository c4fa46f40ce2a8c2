//! The words of the report in four languages. Sentences follow from the figures, so that they cannot say anything else.

use crate::statistics::lang::Lang;
use crate::statistics::table::Development;

/// A heading or label of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// The title of the report.
    Title,
    /// What was developed how.
    Development,
    /// The backlog.
    Backlog,
    /// Pending on 1 January.
    Opening,
    /// Received in the year.
    Received,
    /// Closed in the year.
    Closed,
    /// Pending on 31 December.
    Closing,
    /// What of the year's matters was closed in it.
    ClosedShare,
    /// How long matters took.
    Durations,
    /// The group.
    Requester,
    /// The mean.
    Mean,
    /// The median.
    Median,
    /// Nine of ten.
    Ninety,
    /// The most.
    Most,
    /// In days.
    Days,
    /// Audits.
    Audits,
    /// Findings.
    Findings,
    /// Findings implemented.
    Implemented,
    /// The website.
    Website,
    /// Remarks.
    Remarks,
    /// Sources.
    Sources,
    /// All of them.
    Total,
    /// Not classified.
    Unclassified,
    /// A register or line.
    Line,
    /// Media requests.
    Media,
    /// Channels.
    Channels,
    /// Services.
    Services,
}

/// A word in a language.
pub fn word(lang: Lang, word: Word) -> &'static str {
    let all = match word {
        Word::Title => [
            "Statistik zum Tätigkeitsbericht",
            "Statistique du rapport d'activité",
            "Statistica del rapporto d'attività",
            "Statistics of the activity report",
        ],
        Word::Development => ["Entwicklung", "Évolution", "Evoluzione", "Development"],
        Word::Backlog => ["Pendente Geschäfte", "Affaires pendantes", "Pratiche pendenti", "Pending matters"],
        Word::Opening => ["Am 1. Januar", "Au 1er janvier", "Al 1° gennaio", "On 1 January"],
        Word::Received => ["Eingegangen", "Reçues", "Ricevute", "Received"],
        Word::Closed => ["Erledigt", "Closes", "Concluse", "Closed"],
        Word::Closing => ["Am 31. Dezember", "Au 31 décembre", "Al 31 dicembre", "On 31 December"],
        Word::ClosedShare => {
            ["Im selben Jahr erledigt", "Closes la même année", "Concluse nello stesso anno", "Closed in the same year"]
        }
        Word::Durations => [
            "Bearbeitungsdauer der erledigten Anfragen",
            "Durée de traitement des demandes closes",
            "Durata di trattamento delle richieste concluse",
            "How long closed inquiries took",
        ],
        Word::Requester => ["Anfragende", "Demandeurs", "Richiedenti", "Requesters"],
        Word::Mean => ["Mittel", "Moyenne", "Media", "Mean"],
        Word::Median => ["Median", "Médiane", "Mediana", "Median"],
        Word::Ninety => ["Neun von zehn", "Neuf sur dix", "Nove su dieci", "Nine of ten"],
        Word::Most => ["Höchstens", "Maximum", "Massimo", "Most"],
        Word::Days => ["in Kalendertagen", "en jours", "in giorni", "in calendar days"],
        Word::Audits => ["Kontrollen", "Contrôles", "Controlli", "Audits"],
        Word::Findings => ["Feststellungen", "Constatations", "Constatazioni", "Findings"],
        Word::Implemented => ["davon umgesetzt", "dont mises en œuvre", "di cui attuate", "of which implemented"],
        Word::Website => ["Website", "Site internet", "Sito internet", "Website"],
        Word::Remarks => [
            "Hinweise zu den Zahlen",
            "Remarques sur les chiffres",
            "Osservazioni sulle cifre",
            "Remarks on the figures",
        ],
        Word::Sources => ["Quellen", "Sources", "Fonti", "Sources"],
        Word::Total => ["Total", "Total", "Totale", "Total"],
        Word::Unclassified => ["Nicht zugeordnet", "Non attribué", "Non attribuito", "Not classified"],
        Word::Line => ["Rubrik", "Rubrique", "Rubrica", "Rubric"],
        Word::Media => ["Medienanfragen", "Demandes des médias", "Richieste dei media", "Media requests"],
        Word::Channels => [
            "Wie die Anfragen eingingen",
            "Comment les demandes sont arrivées",
            "Come sono giunte le richieste",
            "How inquiries came in",
        ],
        Word::Services => ["Dienstleistungen", "Prestations", "Prestazioni", "Services"],
    };
    all[lang as usize]
}

/// What became of a line from one year to the next, in a sentence.
pub fn development(lang: Lang, label: &str, year: i32, before: i64, after: i64) -> String {
    let Development { absolute, display, .. } = Development::between(before, after);
    let share = if before == 0 { String::new() } else { format!(" ({display})") };
    let more = absolute.abs();
    match (lang, absolute.signum()) {
        (Lang::De, 0) => format!("{label}: {after}, unverändert gegenüber {}.", year - 1),
        (Lang::De, 1) => format!("{label}: {after}, eine Zunahme um {more} gegenüber {}{share}.", year - 1),
        (Lang::De, _) => format!("{label}: {after}, eine Abnahme um {more} gegenüber {}{share}.", year - 1),
        (Lang::Fr, 0) => format!("{label}: {after}, inchangé par rapport à {}.", year - 1),
        (Lang::Fr, 1) => format!("{label}: {after}, soit {more} de plus qu'en {}{share}.", year - 1),
        (Lang::Fr, _) => format!("{label}: {after}, soit {more} de moins qu'en {}{share}.", year - 1),
        (Lang::It, 0) => format!("{label}: {after}, invariato rispetto al {}.", year - 1),
        (Lang::It, 1) => format!("{label}: {after}, {more} in più rispetto al {}{share}.", year - 1),
        (Lang::It, _) => format!("{label}: {after}, {more} in meno rispetto al {}{share}.", year - 1),
        (Lang::En, 0) => format!("{label}: {after}, unchanged from {}.", year - 1),
        (Lang::En, 1) => format!("{label}: {after}, {more} more than in {}{share}.", year - 1),
        (Lang::En, _) => format!("{label}: {after}, {more} fewer than in {}{share}.", year - 1),
    }
}

/// The names of registers, in the plural.
pub fn register(lang: Lang, name: &str) -> &str {
    let all = match name {
        "cases" => ["Anfragen", "Demandes", "Richieste", "Inquiries"],
        "projects" => ["Projekte", "Projets", "Progetti", "Projects"],
        "audits" => ["Kontrollen", "Contrôles", "Controlli", "Audits"],
        "events" => ["Veranstaltungen", "Manifestations", "Eventi", "Events"],
        "media-requests" => ["Medienanfragen", "Demandes des médias", "Richieste dei media", "Media requests"],
        other => return other,
    };
    all[lang as usize]
}

/// The types of requesters.
pub fn requester(lang: Lang, name: &str) -> &str {
    let all = match name {
        "MUNICIPALITY" => ["Gemeinden", "Communes", "Comuni", "Municipalities"],
        "CANTON" => ["Kanton", "Canton", "Cantone", "Canton"],
        "PRIVATE" => ["Private", "Particuliers", "Privati", "Private persons"],
        "" => return word(lang, Word::Unclassified),
        other => return other,
    };
    all[lang as usize]
}

/// What a published year's figures rest on.
pub fn published(lang: Lang, year: i32, version: i64, on: &str, source: Option<&str>) -> String {
    let source = source.map(|source| format!(", {source}")).unwrap_or_default();
    match lang {
        Lang::De => format!("{year}: wie am {on} veröffentlicht (Fassung {version}{source})."),
        Lang::Fr => format!("{year}: tel que publié le {on} (version {version}{source})."),
        Lang::It => format!("{year}: come pubblicato il {on} (versione {version}{source})."),
        Lang::En => format!("{year}: as published on {on} (version {version}{source})."),
    }
}

/// What all other years rest on.
pub fn live(lang: Lang, on: &str) -> String {
    match lang {
        Lang::De => format!("Übrige Jahre: gezählt aus den Registern am {on}."),
        Lang::Fr => format!("Autres années: comptées à partir des registres le {on}."),
        Lang::It => format!("Altri anni: conteggiati dai registri il {on}."),
        Lang::En => format!("Other years: counted from the registers on {on}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_right_for_more_less_the_same_and_nothing() {
        assert_eq!(
            development(Lang::De, "Total", 2017, 249, 295),
            "Total: 295, eine Zunahme um 46 gegenüber 2016 (+18%)."
        );
        assert_eq!(development(Lang::De, "Total", 2017, 2, 1), "Total: 1, eine Abnahme um 1 gegenüber 2016 (-50%).");
        assert_eq!(development(Lang::De, "Total", 2017, 5, 5), "Total: 5, unverändert gegenüber 2016.");
        assert_eq!(development(Lang::De, "Total", 2017, 0, 0), "Total: 0, unverändert gegenüber 2016.");
        assert_eq!(development(Lang::En, "Total", 2017, 0, 1), "Total: 1, 1 more than in 2016.");
    }
}
