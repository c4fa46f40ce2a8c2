//! The words of the report in four languages: headings and labels.

use crate::statistics::lang::Lang;

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident = $texts:expr;)*) => {
        /// A heading or label of the report.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Message { $($(#[$doc])* $name),* }

        impl Message {
            /// All of them.
            #[cfg(test)]
            pub const ALL: &[Message] = &[$(Message::$name),*];

            fn texts(self) -> [&'static str; 4] {
                match self { $(Message::$name => $texts),* }
            }
        }
    };
}

words! {
    /// The title of the report.
    Title = ["Statistik zum Tätigkeitsbericht", "Statistique du rapport d’activité", "Statistica del rapporto d’attività", "Statistics of the activity report"];
    /// The list of the sections.
    Contents = ["Inhalt", "Table des matières", "Indice", "Contents"];
    /// The name for the rows of a statistics table.
    Line = ["Rubrik", "Rubrique", "Rubrica", "Rubric"];
    /// The change from the year before.
    Development = ["Entwicklung", "Évolution", "Evoluzione", "Development"];
    /// The label of the links to the page in other languages.
    Language = ["Sprache", "Langue", "Lingua", "Language"];
    /// The label of the links to other years.
    UpToYear = ["Bis zum Jahr", "Jusqu’à l’année", "Fino all’anno", "Up to the year"];
    /// The label of the files to download.
    Download = ["Herunterladen", "Télécharger", "Scaricare", "Download"];
    /// Nothing is public yet.
    NothingPublished = ["Noch ist kein Jahr veröffentlicht.", "Aucune année n’est encore publiée.", "Nessun anno è ancora stato pubblicato.", "No year has been published yet."];
    /// The services.
    Services = ["Dienstleistungen", "Prestations", "Prestazioni", "Services"];
    /// The channels by which inquiries came in.
    Channels = ["Wie die Anfragen eingingen", "Comment les demandes sont arrivées", "Come sono giunte le richieste", "How inquiries came in"];
    /// The backlog.
    Backlog = ["Pendente Geschäfte", "Affaires pendantes", "Pratiche pendenti", "Pending matters"];
    /// The course of the backlog.
    AtYearsEnd = ["Pendente Geschäfte am Jahresende, je Register", "Affaires pendantes à la fin de l’année, par registre", "Pratiche pendenti a fine anno, per registro", "Pending at the end of the year, by register"];
    /// A register.
    Register = ["Register", "Registre", "Registro", "Register"];
    /// The register of events.
    AllEvents = ["Veranstaltungen", "Manifestations", "Manifestazioni", "Events"];
    /// A requester.
    Municipalities = ["Gemeinden", "Communes", "Comuni", "Municipalities"];
    /// A requester.
    Canton = ["Kanton", "Canton", "Cantone", "Canton"];
    /// A requester.
    Private = ["Private", "Particuliers", "Privati", "Private persons"];
    /// Pending on 1 January.
    Opening = ["Am 1.\u{a0}Januar", "Au 1er\u{a0}janvier", "Al 1°\u{a0}gennaio", "On 1\u{a0}January"];
    /// Received in the year.
    Received = ["Eingegangen", "Reçues", "Ricevute", "Received"];
    /// Closed in the year.
    Closed = ["Erledigt", "Closes", "Concluse", "Closed"];
    /// Pending on 31 December.
    Closing = ["Am 31.\u{a0}Dezember", "Au 31\u{a0}décembre", "Al 31\u{a0}dicembre", "On 31\u{a0}December"];
    /// Pending today, in a year that is not over.
    ClosingToday = ["Heute", "Aujourd’hui", "Oggi", "Today"];
    /// Figures that are not final.
    Provisional = ["provisorisch", "provisoire", "provvisorio", "provisional"];
    /// The share of the year's matters that was closed in it.
    ClosedShare = ["Im selben Jahr erledigt", "Closes la même année", "Concluse nello stesso anno", "Closed in the same year"];
    /// The time that inquiries took.
    Durations = ["Bearbeitungsdauer der erledigten Anfragen", "Durée de traitement des demandes closes", "Durata di trattamento delle richieste concluse", "How long closed inquiries took"];
    /// The kind of days that are counted.
    Days = ["in Kalendertagen", "en jours civils", "in giorni civili", "in calendar days"];
    /// The requesters: those who asked.
    Requester = ["Anfragende", "Demandeurs", "Richiedenti", "Requesters"];
    /// The mean.
    Mean = ["Mittelwert", "Moyenne", "Media", "Mean"];
    /// The median.
    Median = ["Median", "Médiane", "Mediana", "Median"];
    /// The value that nine of ten do not exceed.
    Ninety = ["90\u{a0}% innert", "90\u{a0}% en", "90\u{a0}% entro", "90% within"];
    /// The most.
    Most = ["Höchstwert", "Maximum", "Massimo", "Most"];
    /// The age of what is pending.
    Ageing = ["Alter der pendenten Anfragen", "Ancienneté des demandes pendantes", "Anzianità delle richieste pendenti", "Age of pending inquiries"];
    /// The class of ages.
    To30 = ["bis 30 Tage", "jusqu’à 30 jours", "fino a 30 giorni", "to 30 days"];
    /// The class of ages.
    To90 = ["31 bis 90", "31 à 90", "31 a 90", "31 to 90"];
    /// The class of ages.
    To180 = ["91 bis 180", "91 à 180", "91 a 180", "91 to 180"];
    /// The class of ages.
    To365 = ["181 bis 365", "181 à 365", "181 a 365", "181 to 365"];
    /// The class of ages.
    Above365 = ["über 365", "plus de 365", "oltre 365", "above 365"];
    /// Projects.
    Projects = ["Projekte", "Projets", "Progetti", "Projects"];
    /// A project.
    Project = ["Projekt", "Projet", "Progetto", "Project"];
    /// Projects received in the year.
    NewProjects = ["Neue Projekte", "Nouveaux projets", "Nuovi progetti", "New projects"];
    /// The public body.
    Organisation = ["Öffentliches Organ", "Organe public", "Organo pubblico", "Public body"];
    /// The authority's part.
    Role = ["Rolle", "Rôle", "Ruolo", "Role"];
    /// It takes part.
    Participation = ["Mitarbeit", "Participation", "Partecipazione", "Participation"];
    /// It leads.
    Lead = ["Leitung", "Direction", "Direzione", "Lead"];
    /// The phase of a project.
    Phase = ["Phase", "Phase", "Fase", "Phase"];
    /// A phase.
    Initiation = ["Initialisierung", "Initialisation", "Inizializzazione", "Initiation"];
    /// A phase.
    Concept = ["Konzept", "Conception", "Concezione", "Concept"];
    /// A phase.
    Realisation = ["Realisierung", "Réalisation", "Realizzazione", "Realisation"];
    /// A phase.
    Introduction = ["Einführung", "Déploiement", "Introduzione", "Introduction"];
    /// A phase.
    Operation = ["Betrieb", "Exploitation", "Esercizio", "Operation"];
    /// Audits.
    Audits = ["Datenschutzkontrollen", "Contrôles", "Controlli", "Audits"];
    /// An audit.
    Audit = ["Kontrolle", "Contrôle", "Controllo", "Audit"];
    /// Findings.
    Findings = ["Feststellungen", "Constatations", "Constatazioni", "Findings"];
    /// Findings implemented.
    Implemented = ["davon umgesetzt", "dont mises en œuvre", "di cui attuate", "of which implemented"];
    /// Events.
    Events = ["Ausbildung und Vorträge", "Formations et exposés", "Formazioni e conferenze", "Trainings and lectures"];
    /// An event.
    Event = ["Veranstaltung", "Manifestation", "Manifestazione", "Event"];
    /// A day.
    Date = ["Datum", "Date", "Data", "Date"];
    /// The kind of an event or a publication.
    Kind = ["Art", "Genre", "Genere", "Kind"];
    /// It led a training.
    Training = ["Ausbildung", "Formation", "Formazione", "Training"];
    /// It gave a lecture.
    Lecture = ["Vortrag", "Exposé", "Conferenza", "Lecture"];
    /// For whom.
    Audience = ["Publikum", "Public", "Pubblico", "Audience"];
    /// The number of people who took part.
    Participants = ["Teilnehmende", "Participants", "Partecipanti", "Participants"];
    /// Media requests.
    Media = ["Medienanfragen", "Demandes des médias", "Richieste dei media", "Media requests"];
    /// The topics of the media requests.
    Topics = ["Medienanfragen nach Thema", "Demandes des médias par thème", "Richieste dei media per tema", "Media requests by topic"];
    /// The topic of a media request.
    Topic = ["Thema", "Thème", "Tema", "Topic"];
    /// A number of events, requests or downloads.
    Number = ["Anzahl", "Nombre", "Numero", "Number"];
    /// Without a topic.
    NotStated = ["Ohne Angabe", "Sans indication", "Senza indicazione", "Not stated"];
    /// Appeals and statements.
    Proceedings = ["Verfahren", "Procédures", "Procedimenti", "Proceedings"];
    /// The subject of a proceeding.
    Subject = ["Gegenstand", "Objet", "Oggetto", "Subject"];
    /// The instance that decides.
    Instance = ["Instanz", "Instance", "Istanza", "Instance"];
    /// The day on which a proceeding was filed.
    Filed = ["Eingereicht", "Déposée", "Presentato", "Filed"];
    /// The decision in a proceeding.
    Decision = ["Entscheid", "Décision", "Decisione", "Decision"];
    /// A decision.
    Upheld = ["gutgeheissen", "admise", "accolto", "upheld"];
    /// A decision.
    PartlyUpheld = ["teilweise gutgeheissen", "partiellement admise", "parzialmente accolto", "partly upheld"];
    /// A decision.
    Dismissed = ["abgewiesen", "rejetée", "respinto", "dismissed"];
    /// A decision.
    NotEntered = ["nicht eingetreten", "irrecevable", "inammissibile", "not entered"];
    /// A decision.
    Withdrawn = ["zurückgezogen", "retirée", "ritirato", "withdrawn"];
    /// The authority's publications.
    Publications = ["Publikationen", "Publications", "Pubblicazioni", "Publications"];
    /// A kind of publication.
    Opinion = ["Stellungnahme", "Prise de position", "Parere", "Opinion"];
    /// A kind of publication.
    Leaflet = ["Merkblatt", "Aide-mémoire", "Promemoria", "Leaflet"];
    /// A kind of publication.
    ReportKind = ["Bericht", "Rapport", "Rapporto", "Report"];
    /// A kind of publication.
    News = ["Mitteilung", "Communiqué", "Comunicato", "News"];
    /// A kind of publication.
    Form = ["Formular", "Formulaire", "Modulo", "Form"];
    /// Working groups and the association of the cantons.
    Cooperation = ["Zusammenarbeit in Gremien", "Collaboration au sein d’organes", "Collaborazione in gremi", "Working groups"];
    /// A working group.
    Group = ["Gremium", "Organe", "Gremio", "Group"];
    /// The number of times that a group met.
    Meetings = ["Sitzungen", "Séances", "Sedute", "Meetings"];
    /// The time that the work took, in hours.
    Hours = ["Aufwand in Stunden", "Temps en heures", "Tempo in ore", "Hours"];
    /// The website.
    Website = ["Website", "Site internet", "Sito internet", "Website"];
    /// The documents that were downloaded most.
    Downloads = ["Meistgefragte Dokumente", "Documents les plus demandés", "Documenti più richiesti", "Documents asked for most"];
    /// A document.
    Document = ["Dokument", "Document", "Documento", "Document"];
    /// Work and staff.
    Staffing = ["Personal und Arbeitslast", "Personnel et charge de travail", "Personale e carico di lavoro", "Staff and workload"];
    /// A year.
    Year = ["Jahr", "Année", "Anno", "Year"];
    /// Positions in percent.
    Positions = ["Stellenprozente", "Postes en pour cent", "Percentuale dei posti", "Positions in percent"];
    /// New cases.
    NewCases = ["Neue Geschäftsfälle", "Nouvelles affaires", "Nuove pratiche", "New cases"];
    /// Pending at the end of the year.
    PendingCases = ["Pendent", "Pendantes", "Pendenti", "Pending"];
    /// New cases for each full position.
    NewPerPosition = ["Neu je Vollzeitstelle", "Nouvelles par plein temps", "Nuove per posto a tempo pieno", "New per full position"];
    /// Pending for each full position.
    PendingPerPosition = ["Pendent je Vollzeitstelle", "Pendantes par plein temps", "Pendenti per posto a tempo pieno", "Pending per full position"];
    /// The sources of the figures.
    Sources = ["Quellen und Fassungen", "Sources et versions", "Fonti e versioni", "Sources and versions"];
    /// All of them.
    Total = ["Total", "Total", "Totale", "Total"];
    /// Not classified.
    Unclassified = ["Nicht zugeordnet", "Non attribué", "Non attribuito", "Not classified"];
}

/// A word in a language.
pub fn word(lang: Lang, word: Message) -> &'static str {
    word.texts()[lang as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_there_in_four_languages() {
        for word in Message::ALL {
            assert!(word.texts().iter().all(|text| !text.trim().is_empty()), "{word:?}");
        }
    }
}
