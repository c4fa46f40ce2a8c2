### The texts in German. NUMBER prints in groups of digits. {"\u00A0"} is a space at which no line is broken.
### A message that names registers has the authority's own word where it has one: `$cases-is` is "own" then, and
### `$cases-word` the word, a plural of any gender, around which nothing must agree with it.

## Languages and days

language-name = Deutsch
language-day =
    { $day }.{"\u00A0"}{ $month ->
        [1] Januar
        [2] Februar
        [3] März
        [4] April
        [5] Mai
        [6] Juni
        [7] Juli
        [8] August
        [9] September
        [10] Oktober
        [11] November
       *[12] Dezember
    } { $year }
language-label = { $label }: { $text }
language-erased = Gelöscht

## Statistics

statistics-register =
    { $name ->
        [cases] Anfragen
        [projects] Projekte
        [audits] Datenschutzkontrollen
        [events] Veranstaltungen
        [media-requests] Medienanfragen
        [organisations] Öffentliche Organe
        [data-collections] Datensammlungen
        [proceedings] Verfahren
        [publications] Publikationen
        [memberships] Mitgliedschaften
       *[other] { $name }
    }
statistics-status =
    { $status ->
        [OPEN] offen
        [IN_PROGRESS] in Arbeit
        [SUSPENDED] sistiert
        [CLOSED] erledigt
       *[other] { $status }
    }
statistics-column =
    { $name ->
        [code] Code
        [label] Bezeichnung
        [line] Zeile
        [unit] Einheit
        [decimals] Dezimalstellen
        [year] Jahr
        [quarter] Quartal
        [month] Monat
        [value] Wert
        [status] Status
        [figure_status] Status der Zahl
        [basis] Grundlage
        [development] Entwicklung
        [development_percent] Entwicklung in %
        [footnotes] Fussnoten
        [level] Stufe
        [kind] Art
        [id] Nr.
        [lines] Zeilen
        [text] Text
        [register] Register
        [opening] Zu Beginn pendent
        [received] Eingegangen
        [closed] Erledigt
        [closing] Am Ende pendent
        [closed_share] Im selben Jahr erledigt
        [count] Anzahl
        [group] Gruppe
        [mean] Mittelwert (Tage)
        [median] Median (Tage)
        [p90] 90 % innert (Tage)
        [max] Höchstwert (Tage)
        [pending] Pendent
        [pending_mean] Alter der Pendenzen, Mittelwert
        [pending_max] Alter der Pendenzen, Höchstwert
        [to_30] bis 30 Tage
        [to_90] 31 bis 90 Tage
        [to_180] 91 bis 180 Tage
        [to_365] 181 bis 365 Tage
        [above_365] über 365 Tage
        [closed_status] Status der erledigten
        [pending_status] Status der pendenten
        [projects]
            { $projects-is ->
                [own] { $projects-word }
               *[usual] Projekte
            }
        [projects_pending]
            { $projects-is ->
                [own] Pendent ({ $projects-word })
               *[usual] Pendente Projekte
            }
        [audits]
            { $audits-is ->
                [own] { $audits-word }
               *[usual] Kontrollen
            }
        [findings] Feststellungen
        [findings_implemented] Davon umgesetzt
        [implemented_share] Umgesetzt in %
        [trainings] Ausbildungen
        [training_participants] Teilnehmende an Ausbildungen
        [lectures] Vorträge
        [lecture_participants] Teilnehmende an Vorträgen
        [participants_known]
            { $events-is ->
                [own] Mit bekannter Teilnehmerzahl ({ $events-word })
               *[usual] Anlässe mit bekannter Teilnehmerzahl
            }
        [positions_percent] Stellenprozente
        [new_cases] Neue Geschäftsfälle
        [new_cases_per_position] Neu je Vollzeitstelle
        [pending_per_position] Pendent je Vollzeitstelle
        [requester] Anfragende
        [area] Bereich
        [channel] Kanal
        [filing] Ablage
        [role] Rolle
        [medium] Medium
        [responsible] Zuständig
        [organisation] Öffentliches Organ
        [phase] Phase
        [decision] Entscheid
        [measure] Messgrösse
       *[other] { $name }
    }
statistics-not-classified = Nicht zugeordnet
statistics-as-of = Stand { $day } (provisorisch)
statistics-hidden = { $sign }: aus Gründen des Datenschutzes nicht angegeben (Zahlen von 1 bis { $threshold }, und solche, aus denen sie sich errechnen liessen)
statistics-sum-mismatch = Die Zeilen «{ $first }» bis «{ $last }» ergeben zusammen { $sum }, «{ $whole }» ist { $total }.
statistics-rest-negative =
    Von «{ $whole }» wird mehr abgezogen, als da ist: { $sum } von { $total }, { $parts ->
        [1] «{ $first }»
       *[other] «{ $first }» bis «{ $last }»
    }; der Rest steht als 0.
statistics-body-unknown = «{ $label }» nennt eine öffentliche Stelle, die es im Verzeichnis nicht gibt; gezählt werden kann nicht.
statistics-bodies-meet = «{ $label }» zählt Stellen zusammen, von denen eine der anderen untersteht; ihre Geschäfte würden doppelt gezählt.
statistics-development-mismatch = Zu «{ $label }» wurde { $printed } gedruckt, richtig ist { $right }.
statistics-backlog = Pendente Geschäfte am Ende der Periode, je Register
statistics-visitors = Besucherinnen und Besucher
statistics-page-views = Seitenaufrufe
statistics-per-day = pro Tag

## The vocabulary

vocabulary-property =
    { $name ->
        [kind] Art
        [requester] Anfragende
        [area] Bereich
        [channel] Kanal
        [filing] Ablage
        [relation] Beziehung
        [role] Rolle
        [phase] Phase
        [severity] Schwere
        [medium] Medium
        [type] Art des Organs
        [decision] Entscheid
       *[other] { $name }
    }

## The catalogue of the statistics

dataset-services = Dienstleistungen nach Jahr
dataset-channels =
    { $cases-is ->
        [own] { $cases-word } nach Eingangskanal
       *[usual] Anfragen nach Eingangskanal
    }
dataset-media-requests =
    { $media-requests-is ->
        [own] { $media-requests-word } nach Medium
       *[usual] Medienanfragen nach Medium
    }
dataset-counts = Geschäfte, frei auszählbar
dataset-backlog = Pendente Geschäfte
dataset-durations = Bearbeitungsdauern
dataset-activities =
    { $projects-is ->
        [own] { $projects-word }
       *[usual] Projekte
    }, { $audits-is ->
        [own] { $audits-word }
       *[usual] Kontrollen
    }, Ausbildung und Vorträge
dataset-website = Nutzung der Website
dataset-staffing = Personal und Arbeitslast

## The page of the statistics

page-language = Sprache
page-up-to-year = Bis zum Jahr
page-footnote = Fussnote { $number }
page-download = Herunterladen
page-nothing-published = Noch ist kein Jahr veröffentlicht.
page-explanation = Gezeigt sind die veröffentlichten Jahre. Zahlen von 1 bis { $threshold } und solche, aus denen sie sich errechnen liessen, sind durch { $sign } ersetzt. Ein Strich steht, wo nichts veröffentlicht oder erhoben wurde.

## The pages for everybody

site-pages = Seiten
site-start = Startseite
site-skip = Zum Inhalt
site-published-here = Was veröffentlicht ist
site-statistics = Statistik
site-statistics-about = Die veröffentlichten Jahre in Tabellen und Grafiken, zum Herunterladen.
site-collections-about = Welche Personendaten die öffentlichen Organe bearbeiten, wozu und auf welcher Grundlage.
site-publications-about = Merkblätter, Stellungnahmen, Berichte und Mitteilungen.
site-feed =
    { $publications-is ->
        [own] { $publications-word } abonnieren (Atom)
       *[usual] Publikationen abonnieren (Atom)
    }
site-no-publications = Noch ist nichts veröffentlicht.
site-contact = Kontakt
site-terms = Nutzungsbedingungen
site-imprint = Impressum
site-source = Quelle: Geschäftsregister der Behörde.
site-published-on = { $year } veröffentlicht am { $day }
site-developers = Für Entwicklerinnen und Entwickler
site-developers-about = Dieser Dienst führt das Register der Geschäfte und zählt daraus die Statistik des Tätigkeitsberichts; alles ist auch über eine Schnittstelle (REST, JSON) zu haben.
site-try = Die Schnittstelle ausprobieren
site-document = Das API-Dokument
site-not-found = Diese Seite gibt es nicht.
site-refused = Das kann so nicht beantwortet werden.
site-parameter = Die Angabe «{ $name }» in der Adresse gilt hier nicht.
site-failed = Der Dienst kann gerade nicht antworten. Bitte versuchen Sie es später noch einmal.
site-request = Anfrage { $id }

## The register of data collections

collections-title =
    { $data-collections-is ->
        [own] { $data-collections-word }
       *[usual] Register der Datensammlungen
    }
collections-search = Suchen
collections-search-in = Name, Organ, Zweck oder Kategorie
collections-all-bodies = Alle Organe
collections-show-all = Alle Einträge zeigen
collections-as-list = Als Liste
collections-in-full = Mit allen Angaben
collections-view = Ansicht
collections-hits =
    { $count ->
        [0] Keine Einträge
        [one] { NUMBER($count) } Eintrag
       *[other] { NUMBER($count) } Einträge
    }
collections-more = Weitere
collections-yes = ja
collections-responsible-body = Verantwortliches Organ
collections-purpose = Zweck
collections-legal-basis = Rechtsgrundlage
collections-categories-of-persons = Betroffene Personen
collections-categories-of-data = Kategorien von Daten
collections-sensitive-data = Besonders schützenswerte Daten
collections-recipients = Empfänger
collections-retention = Aufbewahrung
collections-outsourced-to = Bearbeitung durch Dritte
collections-last-checked-on = Zuletzt geprüft am

## The report: headings, captions and columns

report-title = Statistik zum Tätigkeitsbericht
report-contents = Inhalt
report-overview = Auf einen Blick
report-inquiries-settled =
    { $cases-is ->
        [own] { $cases-word }, im selben Jahr erledigt
       *[usual] Anfragen, im selben Jahr erledigt
    }
report-inquiries-open =
    { $cases-is ->
        [own] { $cases-word }, pendent { $end }
       *[usual] Pendente Anfragen { $end }
    }
report-municipalities =
    { $cases-is ->
        [own] { $cases-word } nach Gemeinde
       *[usual] Anfragen nach Gemeinde
    }
report-not-in-register = Nicht im Verzeichnis
report-municipality = Gemeinde
report-load = Arbeitslast je Vollzeitstelle
report-rubric = Rubrik
report-development = Entwicklung
report-development-of = Entwicklung { $before }/{ $after }
report-backlog = Pendente Geschäfte
report-at-years-end = Pendente Geschäfte am Jahresende, je Register
report-register = Register
report-all-events =
    { $events-is ->
        [own] { $events-word }
       *[usual] Veranstaltungen
    }
report-opening = Am 1.{"\u00A0"}Januar
report-received = Eingegangen
report-closed = Erledigt
report-closing = Am 31.{"\u00A0"}Dezember
report-closing-today = Heute
report-provisional = provisorisch
report-closed-share = Im selben Jahr erledigt
report-durations =
    { $cases-is ->
        [own] Bearbeitungsdauer bis zur Erledigung ({ $cases-word })
       *[usual] Bearbeitungsdauer der erledigten Anfragen
    }
report-days = in Kalendertagen
report-requester = Anfragende
report-mean = Mittelwert
report-median = Median
report-ninety = 90{"\u00A0"}% innert
report-most = Höchstwert
report-ageing =
    { $cases-is ->
        [own] Alter der Pendenzen ({ $cases-word })
       *[usual] Alter der pendenten Anfragen
    }
report-age-to-30 = bis 30 Tage
report-age-to-90 = 31 bis 90
report-age-to-180 = 91 bis 180
report-age-to-365 = 181 bis 365
report-age-above-365 = über 365
report-projects =
    { $projects-is ->
        [own] { $projects-word }
       *[usual] Projekte
    }
report-project =
    { $projects-is ->
        [own] { $projects-word }
       *[usual] Projekt
    }
report-new-projects =
    { $projects-is ->
        [own] Neu: { $projects-word }
       *[usual] Neue Projekte
    }
report-organisation = Öffentliches Organ
report-role = Rolle
report-phase = Phase
report-audits =
    { $audits-is ->
        [own] { $audits-word }
       *[usual] Datenschutzkontrollen
    }
report-audit =
    { $audits-is ->
        [own] { $audits-word }
       *[usual] Kontrolle
    }
report-findings = Feststellungen
report-implemented = davon umgesetzt
report-events =
    { $events-is ->
        [own] { $events-word }
       *[usual] Ausbildung und Vorträge
    }
report-event =
    { $events-is ->
        [own] { $events-word }
       *[usual] Veranstaltung
    }
report-date = Datum
report-kind = Art
report-audience = Publikum
report-participants = Teilnehmende
report-topics =
    { $media-requests-is ->
        [own] { $media-requests-word } nach Thema
       *[usual] Medienanfragen nach Thema
    }
report-topic = Thema
report-number = Anzahl
report-not-stated = Ohne Angabe
report-proceedings =
    { $proceedings-is ->
        [own] { $proceedings-word }
       *[usual] Verfahren
    }
report-subject = Gegenstand
report-instance = Instanz
report-filed = Eingereicht
report-decision = Entscheid
report-publications =
    { $publications-is ->
        [own] { $publications-word }
       *[usual] Publikationen
    }
report-cooperation =
    { $memberships-is ->
        [own] { $memberships-word }
       *[usual] Zusammenarbeit in Gremien
    }
report-group = Gremium
report-meetings = Sitzungen
report-hours = Aufwand in Stunden
report-website = Website
report-downloads = Meistgefragte Dokumente
report-document = Dokument
report-staffing = Personal und Arbeitslast
report-year = Jahr
report-positions = Stellenprozente
report-new-cases = Neue Geschäftsfälle
report-pending-cases = Pendent
report-new-per-position = Neu je Vollzeitstelle
report-pending-per-position = Pendent je Vollzeitstelle
report-sources = Quellen und Fassungen
report-total = Total

## The report: sentences

report-change =
    { $label }: { $after }, { $direction ->
        [UP] Zunahme um { $change } gegenüber { $year } ({ $before })
        [DOWN] Abnahme um { $change } gegenüber { $year } ({ $before })
       *[NONE] unverändert gegenüber { $year }
    }.
report-less-than = weniger als { $share }
report-calendar-years = { $title } (Kalenderjahre)
report-since = { $change } gegenüber { $year }
report-unchanged = unverändert
report-points = { $points }{"\u00A0"}Prozentpunkte
report-largest =
    { $direction ->
        [UP] Grösste Zunahme
       *[DOWN] Grösste Abnahme
    }: { $label }, von { $before } auf { $after } ({ $change }).
report-so-far = { $label }: { $after }, { $stated }; { $year }: { $before }.
report-not-begun = Das Jahr { $year } hat noch nicht begonnen: Es gibt keine Zahlen dazu.
report-at-end = am Jahresende
report-on-day = am { $day }
report-inquiries-pending =
    { $cases-is ->
        [own] Pendent am { $day }: { NUMBER($pending) } ({ $cases-word }).
       *[usual]
            { $pending ->
                [0] Am { $day } war keine Anfrage pendent.
                [one] Am { $day } war { NUMBER($pending) } Anfrage pendent.
               *[other] Am { $day } waren { NUMBER($pending) } Anfragen pendent.
            }
    }
report-inquiries-closed = Von den Eingängen des Jahres ({ NUMBER($received) }) waren bis dahin { $share } erledigt.
report-projects-of-year =
    { $projects-is ->
        [own] Neu im Jahr { $year }: { NUMBER($new) }; { $end } in Arbeit: { NUMBER($pending) } ({ $projects-word }).
       *[usual]
            Im Jahr { $year } { $new ->
                [one] kam { NUMBER($new) } Projekt
               *[other] kamen { NUMBER($new) } Projekte
            } neu hinzu; { $end } { $pending ->
                [one] war { NUMBER($pending) } Projekt
               *[other] waren { NUMBER($pending) } Projekte
            } in Arbeit.
    }
report-audits-of-year =
    { $audits-is ->
        [own]
            Im Jahr: { NUMBER($audits) } ({ $audits-word }); Feststellungen: { NUMBER($findings) }{ $findings ->
                [0] .
               *[other] ; davon umgesetzt: { NUMBER($implemented) } ({ $share }).
            }
       *[usual]
            { $audits ->
                [one] { NUMBER($audits) } Kontrolle
               *[other] { NUMBER($audits) } Kontrollen
            } mit { $findings ->
                [one] { NUMBER($findings) } Feststellung
               *[other] { NUMBER($findings) } Feststellungen
            }{ $findings ->
                [0] .
               *[other] ; davon umgesetzt: { NUMBER($implemented) } ({ $share }).
            }
    }
report-proceedings-of-year = { $year } eingereicht: { NUMBER($filed) }; entschieden: { NUMBER($decided) }; { $end } hängig: { NUMBER($pending) }.
report-publications-of-year = Im Jahr { $year } erschienen: { NUMBER($count) }.
report-not-listed =
    { $count ->
        [one] { NUMBER($count) } weiterer Eintrag ist nicht aufgeführt.
       *[other] { NUMBER($count) } weitere Einträge sind nicht aufgeführt.
    }
report-participants-known = Teilnehmende bekannt bei { $known } von { $all }.
report-matters-pending =
    Pendent: { $cases-is ->
        [own] { $cases-word }
       *[usual] Anfragen
    }, { $projects-is ->
        [own] { $projects-word }
       *[usual] Projekte
    } und { $audits-is ->
        [own] { $audits-word }
       *[usual] Datenschutzkontrollen
    }.
report-municipalities-linked =
    Gezählt sind die { $cases-is ->
        [own] Eingänge ({ $cases-word })
       *[usual] Anfragen
    }, die mit einer Gemeinde im { $organisations-is ->
        [own] Register ({ $organisations-word })
       *[usual] Verzeichnis der öffentlichen Organe
    } verbunden sind.
report-not-on-map =
    { $count ->
        [one] Auf der Karte fehlt { NUMBER($count) } Gemeinde mit { $cases-is ->
                [own] Eingängen ({ $cases-word })
               *[usual] Anfragen
            }.
       *[other] Auf der Karte fehlen { NUMBER($count) } Gemeinden mit { $cases-is ->
                [own] Eingängen ({ $cases-word })
               *[usual] Anfragen
            }.
    }
report-published = { $year }: wie am { $day } veröffentlicht (Fassung { $version }{ $source }).
report-live = { $years }: gezählt aus den Registern am { $day }.
report-counted = Pendenzen, Dauern und Verzeichnisse: aus den Registern am { $day }.
report-made-by = Erstellt mit aufsicht { $version } nach dem Tabellenaufbau «{ $layout }».

## Deadlines as a calendar

deadlines-title = Fristen
deadlines-overdue = Überfällig

## Lists that are imported

import-place = { $column } (Zeile { $row })
import-row = Zeile { $row }
import-cells = die Zeile hat { $has } Zellen und der Kopf { $known }
import-changed = der Eintrag wurde hier seit dem Export geändert (jetzt Revision { $revision }): neu exportieren und die Korrektur dort eintragen
import-number-taken = die Nummer hat schon ein anderer Eintrag ({ $id }): Wo die Nummern einer Liste neu beginnen, wird sie mit --system unter einem eigenen Namen importiert
import-changed-here = der Eintrag { $number } wurde hier seit dem Import geändert
import-other-matter = Titel und Eingang sind die eines anderen Geschäfts als des hier unter diesem Schlüssel geführten, { $number } vom { $day } ({ $title }): die Liste mit --system unter einem eigenen Namen importieren, mit --mapping angeben, welche Spalte der Schlüssel ist, oder den Eintrag von Hand berichtigen
import-key-taken = den Schlüssel im anderen System hat schon ein anderer Eintrag ({ $id })
import-value-taken = den Wert hat schon ein anderer Eintrag ({ $id })
import-refused =
    { $kind ->
        [deleted] wurde hier in der Version { $number } gelöscht und kommt nicht zurück, ausser mit einer neueren external.version
        [large] die Zeile hat mehr als { $number } Bytes
        [malformed] die Zeile ist nicht lesbar ({ $detail })
       *[other] wurde nicht übernommen ({ $detail })
    }
import-broken =
    { $kind ->
        [unclosed] ein Anführungszeichen öffnet in Zeile { $opened } eine Zelle, und die Datei endet, bevor es geschlossen ist
        [endless] ein Anführungszeichen öffnet in Zeile { $opened } eine Zelle und ist nach { $most } Zeichen nicht geschlossen
        [within] in Zeile { $line } steht ein Anführungszeichen in einer Zelle, die nicht in Anführungszeichen steht: die Zelle in Anführungszeichen setzen und jene darin verdoppeln
        [early] das Anführungszeichen, das in Zeile { $opened } eine Zelle öffnet, wird in Zeile { $line } vor dem Ende der Zelle geschlossen: Zeichen, die zum Text gehören, verdoppeln
        [stray] Anführungszeichen machen { $lines } ganze Zeilen der Liste zu einer Zelle: Zeichen, die zum Text gehören, verdoppeln
        [long] Zeile { $line } hat mehr als { $most } Zeichen
       *[cell] eine Zelle enthält den Fehler { $text }
    }
import-misread =
    «{ $text }» { $kind ->
        [choice] ist keines von { $values }
        [whole] ist keine ganze Zahl
        [number] ist keine Zahl wie 1'250.50
        [flag] ist weder ja noch nein
        [date] ist kein Datum wie 31.12.2017 oder 2017-12-31
       *[list] ist keine Liste in JSON
    }
import-fault =
    { $kind ->
        [required] fehlt
        [in_future] liegt mehr als einen Tag in der Zukunft
        [before_received] liegt vor dem Eingang
        [before_decided] liegt vor dem Entscheid
        [before_valid_from] liegt vor dem Beginn der Gültigkeit
        [unknown_property] kann hier nicht angegeben werden
        [unknown_reference] nennt einen Eintrag, den es nicht gibt
        [invalid_type] ist nicht von der Art, die hier verlangt ist
        [invalid_value] ist kein zulässiger Wert
        [invalid_value-of] ist kein zulässiger Wert; möglich: { $values }
        [invalid_date] ist kein Datum
        [invalid_character] enthält ein Zeichen, das in keinem Text stehen darf
        [out_of_range-between] liegt nicht zwischen { $least } und { $most }
        [out_of_range-from] ist kleiner als { $least }
        [too_long-between] ist zu lang: höchstens { $most } sind zulässig
        [too_long-to] ist zu lang: höchstens { $most } sind zulässig
        [too_short-between] ist zu kurz: mindestens { $least } sind nötig
        [too_short-from] ist zu kurz: mindestens { $least } sind nötig
        [too_many_decimals-to] hat zu viele Dezimalstellen (höchstens { $most })
        [blank] ist leer
        [duplicate] kommt mehrfach vor
        [contradiction] widerspricht einer anderen Angabe
        [not_together-of] passt nicht zu einer anderen Angabe; verlangt: { $values }
        [not_valid-between] hat einen Wert, der nur für Eingänge von { $least } bis { $most } gilt
        [not_valid-from] hat einen Wert, der erst für Eingänge ab { $least } gilt
        [not_valid-to] hat einen Wert, der nur für Eingänge bis { $most } gilt
        [municipality_only] gibt es nur bei Gemeinden
        [more_faults] es gibt weitere Fehler
       *[other] ist ungültig ({ $detail })
    }

## Registers that are exported

export-flag =
    { $value ->
        [true] ja
       *[false] nein
    }
