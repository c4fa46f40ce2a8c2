### The texts in Italian. NUMBER prints in groups of digits. {"\u00A0"} is a space at which no line is broken.
### A message that names registers has the authority's own word where it has one: `$cases-is` is "own" then, and
### `$cases-word` the word, a plural of any gender, around which nothing must agree with it.

## Languages and days

language-name = Italiano
language-day =
    { $day ->
        [1] 1°
       *[other] { $day }
    }{"\u00A0"}{ $month ->
        [1] gennaio
        [2] febbraio
        [3] marzo
        [4] aprile
        [5] maggio
        [6] giugno
        [7] luglio
        [8] agosto
        [9] settembre
        [10] ottobre
        [11] novembre
       *[12] dicembre
    } { $year }
language-label = { $label }: { $text }
language-erased = Cancellato

## Statistics

statistics-register =
    { $name ->
        [cases] Richieste
        [projects] Progetti
        [audits] Controlli
        [events] Manifestazioni
        [media-requests] Richieste dei media
        [organisations] Organi pubblici
        [data-collections] Raccolte di dati
        [proceedings] Procedimenti
        [publications] Pubblicazioni
        [memberships] Affiliazioni
       *[other] { $name }
    }
statistics-status =
    { $status ->
        [OPEN] aperto
        [IN_PROGRESS] in corso
        [SUSPENDED] sospeso
        [CLOSED] concluso
       *[other] { $status }
    }
statistics-column =
    { $name ->
        [code] Codice
        [label] Designazione
        [line] Riga
        [unit] Unità
        [decimals] Decimali
        [year] Anno
        [quarter] Trimestre
        [month] Mese
        [value] Valore
        [status] Stato
        [figure_status] Stato del numero
        [basis] Base
        [development] Evoluzione
        [development_percent] Evoluzione in %
        [footnotes] Note
        [level] Livello
        [kind] Genere
        [id] N.
        [lines] Righe
        [text] Testo
        [register] Registro
        [opening] Pendenti all’inizio
        [received] Ricevuti
        [closed] Evasi
        [closing] Pendenti alla fine
        [closed_share] Evasi nello stesso anno
        [count] Numero
        [group] Gruppo
        [mean] Media (giorni)
        [median] Mediana (giorni)
        [p90] 90 % entro (giorni)
        [max] Massimo (giorni)
        [pending] Pendenti
        [pending_mean] Età media dei pendenti
        [pending_max] Età massima dei pendenti
        [to_30] fino a 30 giorni
        [to_90] da 31 a 90 giorni
        [to_180] da 91 a 180 giorni
        [to_365] da 181 a 365 giorni
        [above_365] oltre 365 giorni
        [closed_status] Stato degli evasi
        [pending_status] Stato dei pendenti
        [projects]
            { $projects-is ->
                [own] { $projects-word }
               *[usual] Progetti
            }
        [projects_pending]
            { $projects-is ->
                [own] In sospeso ({ $projects-word })
               *[usual] Progetti pendenti
            }
        [audits]
            { $audits-is ->
                [own] { $audits-word }
               *[usual] Controlli
            }
        [findings] Constatazioni
        [findings_implemented] Di cui attuate
        [implemented_share] Attuate in %
        [trainings] Formazioni
        [training_participants] Partecipanti alle formazioni
        [lectures] Relazioni
        [lecture_participants] Partecipanti alle relazioni
        [participants_known]
            { $events-is ->
                [own] Numero di partecipanti noto ({ $events-word })
               *[usual] Eventi con numero di partecipanti noto
            }
        [positions_percent] Posti in %
        [new_cases] Nuovi casi
        [new_cases_per_position] Nuovi per posto a tempo pieno
        [pending_per_position] Pendenti per posto a tempo pieno
        [requester] Richiedenti
        [area] Settore
        [channel] Canale
        [filing] Archiviazione
        [role] Ruolo
        [medium] Media
        [responsible] Responsabile
        [organisation] Organo pubblico
        [phase] Fase
        [decision] Decisione
        [measure] Misura
       *[other] { $name }
    }
statistics-not-classified = Non attribuito
statistics-as-of = Stato al { $day } (provvisorio)
statistics-hidden = { $sign }: non indicato per motivi di protezione dei dati (numeri da 1 a { $threshold }, e quelli che permetterebbero di calcolarli)
statistics-sum-mismatch = Le righe da «{ $first }» a «{ $last }» danno insieme { $sum }, «{ $whole }» è { $total }.
statistics-rest-negative =
    Per «{ $whole }» si sottrae più di quanto ci sia: { $sum } di { $total }, { $parts ->
        [1] «{ $first }»
       *[other] da «{ $first }» a «{ $last }»
    }; il resto figura come 0.
statistics-body-unknown = «{ $label }» nomina un organo pubblico che il registro non conosce; non si può contare nulla.
statistics-bodies-meet = «{ $label }» somma organi di cui uno è subordinato all’altro; i loro affari sarebbero contati due volte.
statistics-development-mismatch = Per «{ $label }» è stato stampato { $printed }; la cifra esatta è { $right }.
statistics-backlog = Pratiche pendenti alla fine del periodo, per registro
statistics-visitors = Visitatori
statistics-page-views = Pagine viste
statistics-per-day = al giorno

## The vocabulary

vocabulary-property =
    { $name ->
        [kind] Genere
        [requester] Richiedenti
        [area] Settore
        [channel] Canale
        [filing] Archiviazione
        [relation] Relazione
        [role] Ruolo
        [phase] Fase
        [severity] Gravità
        [medium] Mezzo
        [type] Tipo di organo
        [decision] Decisione
       *[other] { $name }
    }

## The catalogue of the statistics

dataset-services = Prestazioni per anno
dataset-channels =
    { $cases-is ->
        [own] { $cases-word } per canale
       *[usual] Richieste per canale
    }
dataset-media-requests =
    { $media-requests-is ->
        [own] { $media-requests-word } per mezzo
       *[usual] Richieste dei media per mezzo
    }
dataset-counts = Pratiche, conteggio libero
dataset-backlog = Pratiche pendenti
dataset-durations = Durate di trattamento
dataset-activities =
    { $projects-is ->
        [own] { $projects-word }
       *[usual] Progetti
    }, { $audits-is ->
        [own] { $audits-word }
       *[usual] controlli
    }, formazioni e conferenze
dataset-website = Uso del sito internet
dataset-staffing = Personale e carico di lavoro

## The page of the statistics

page-language = Lingua
page-up-to-year = Fino all’anno
page-footnote = Nota { $number }
page-download = Scaricare
page-nothing-published = Nessun anno è ancora stato pubblicato.
page-explanation = Sono riportati gli anni pubblicati. I numeri da 1 a { $threshold }, e quelli che permetterebbero di calcolarli, sono sostituiti da { $sign }. Un trattino indica che nulla è stato pubblicato o rilevato.

## The pages for everybody

site-pages = Pagine
site-start = Pagina iniziale
site-skip = Al contenuto
site-published-here = Che cosa è pubblicato
site-statistics = Statistica
site-statistics-about = Gli anni pubblicati in tabelle e grafici, da scaricare.
site-collections-about = Quali dati personali trattano gli organi pubblici, a quale scopo e su quale base.
site-publications-about = Promemoria, prese di posizione, rapporti e comunicati.
site-feed =
    { $publications-is ->
        [own] Abbonarsi: { $publications-word } (Atom)
       *[usual] Abbonarsi alle pubblicazioni (Atom)
    }
site-no-publications = Non è ancora stato pubblicato nulla.
site-contact = Contatto
site-terms = Condizioni d’uso
site-imprint = Impressum
site-source = Fonte: registro delle pratiche dell’autorità.
site-published-on = { $year }: pubblicato il { $day }
site-developers = Per sviluppatrici e sviluppatori
site-developers-about = Questo servizio tiene il registro delle pratiche e ne ricava la statistica del rapporto d’attività; tutto è disponibile anche tramite un’interfaccia (REST, JSON).
site-try = Provare l’interfaccia
site-document = Il documento dell’API
site-not-found = Questa pagina non esiste.
site-refused = Non è possibile rispondere a questa richiesta.
site-parameter = L’indicazione «{ $name }» nell’indirizzo non è valida qui.
site-failed = Il servizio non può rispondere al momento. Riprovare più tardi.
site-request = Richiesta { $id }

## The register of data collections

collections-title =
    { $data-collections-is ->
        [own] { $data-collections-word }
       *[usual] Registro delle collezioni di dati
    }
collections-search = Cercare
collections-search-in = Nome, organo, scopo o categoria
collections-all-bodies = Tutti gli organi
collections-show-all = Mostrare tutte le voci
collections-as-list = Come elenco
collections-in-full = Con tutte le indicazioni
collections-view = Vista
collections-hits =
    { $count ->
        [0] Nessuna voce
        [one] { NUMBER($count) } voce
       *[other] { NUMBER($count) } voci
    }
collections-more = Altre
collections-yes = sì
collections-responsible-body = Organo responsabile
collections-purpose = Scopo
collections-legal-basis = Base legale
collections-categories-of-persons = Persone interessate
collections-categories-of-data = Categorie di dati
collections-sensitive-data = Dati degni di particolare protezione
collections-recipients = Destinatari
collections-retention = Conservazione
collections-outsourced-to = Trattamento da parte di terzi
collections-last-checked-on = Ultima verifica il

## The report: headings, captions and columns

report-title = Statistica del rapporto d’attività
report-contents = Indice
report-overview = In breve
report-inquiries-settled =
    { $cases-is ->
        [own] Concluso nell’anno ({ $cases-word })
       *[usual] Richieste concluse nell’anno
    }
report-inquiries-open =
    { $cases-is ->
        [own] In sospeso { $end } ({ $cases-word })
       *[usual] Richieste pendenti { $end }
    }
report-municipalities =
    { $cases-is ->
        [own] { $cases-word } per Comune
       *[usual] Richieste per Comune
    }
report-not-in-register = Non in elenco
report-municipality = Comune
report-load = Carico di lavoro per posto a tempo pieno
report-rubric = Rubrica
report-development = Evoluzione
report-development-of = Evoluzione { $before }/{ $after }
report-backlog = Pratiche pendenti
report-at-years-end = Pratiche pendenti a fine anno, per registro
report-register = Registro
report-all-events =
    { $events-is ->
        [own] { $events-word }
       *[usual] Manifestazioni
    }
report-opening = Al 1°{"\u00A0"}gennaio
report-received = Ricevute
report-closed = Concluse
report-closing = Al 31{"\u00A0"}dicembre
report-closing-today = Oggi
report-provisional = provvisorio
report-closed-share = Concluse nello stesso anno
report-durations =
    { $cases-is ->
        [own] Durata di trattamento fino alla conclusione ({ $cases-word })
       *[usual] Durata di trattamento delle richieste concluse
    }
report-days = in giorni civili
report-requester = Richiedenti
report-mean = Media
report-median = Mediana
report-ninety = 90{"\u00A0"}% entro
report-most = Massimo
report-ageing =
    { $cases-is ->
        [own] Anzianità delle pendenze ({ $cases-word })
       *[usual] Anzianità delle richieste pendenti
    }
report-age-to-30 = fino a 30 giorni
report-age-to-90 = 31 a 90
report-age-to-180 = 91 a 180
report-age-to-365 = 181 a 365
report-age-above-365 = oltre 365
report-projects =
    { $projects-is ->
        [own] { $projects-word }
       *[usual] Progetti
    }
report-project =
    { $projects-is ->
        [own] { $projects-word }
       *[usual] Progetto
    }
report-new-projects =
    { $projects-is ->
        [own] Nuove entrate ({ $projects-word })
       *[usual] Nuovi progetti
    }
report-organisation = Organo pubblico
report-role = Ruolo
report-phase = Fase
report-audits =
    { $audits-is ->
        [own] { $audits-word }
       *[usual] Controlli
    }
report-audit =
    { $audits-is ->
        [own] { $audits-word }
       *[usual] Controllo
    }
report-findings = Constatazioni
report-implemented = di cui attuate
report-events =
    { $events-is ->
        [own] { $events-word }
       *[usual] Formazioni e conferenze
    }
report-event =
    { $events-is ->
        [own] { $events-word }
       *[usual] Manifestazione
    }
report-date = Data
report-kind = Genere
report-audience = Pubblico
report-participants = Partecipanti
report-topics =
    { $media-requests-is ->
        [own] { $media-requests-word } per tema
       *[usual] Richieste dei media per tema
    }
report-topic = Tema
report-number = Numero
report-not-stated = Senza indicazione
report-proceedings =
    { $proceedings-is ->
        [own] { $proceedings-word }
       *[usual] Procedimenti
    }
report-subject = Oggetto
report-instance = Istanza
report-filed = Presentato
report-decision = Decisione
report-publications =
    { $publications-is ->
        [own] { $publications-word }
       *[usual] Pubblicazioni
    }
report-cooperation =
    { $memberships-is ->
        [own] { $memberships-word }
       *[usual] Collaborazione in gremi
    }
report-group = Gremio
report-meetings = Sedute
report-hours = Tempo in ore
report-website = Sito internet
report-downloads = Documenti più richiesti
report-document = Documento
report-staffing = Personale e carico di lavoro
report-year = Anno
report-positions = Percentuale dei posti
report-new-cases = Nuove pratiche
report-pending-cases = Pendenti
report-new-per-position = Nuove per posto a tempo pieno
report-pending-per-position = Pendenti per posto a tempo pieno
report-sources = Fonti e versioni
report-total = Totale

## The report: sentences

report-change =
    { $label }: { $after }, { $direction ->
        [UP] aumento di { $change } rispetto al { $year } ({ $before })
        [DOWN] diminuzione di { $change } rispetto al { $year } ({ $before })
       *[NONE] invariato rispetto al { $year }
    }.
report-less-than = meno dell’{ $share }
report-calendar-years = { $title } (anni civili)
report-since = { $change } rispetto al { $year }
report-unchanged = invariato
report-points = { $points }{"\u00A0"}punti percentuali
report-largest =
    { $direction ->
        [UP] Aumento maggiore
       *[DOWN] Diminuzione maggiore
    }: { $label }, da { $before } a { $after } ({ $change }).
report-so-far = { $label }: { $after }, { $stated }; { $year }: { $before }.
report-not-begun = L’anno { $year } non è ancora iniziato: non ci sono cifre.
report-at-end = a fine anno
report-on-day = il { $day }
report-inquiries-pending =
    { $cases-is ->
        [own] In sospeso il { $day }: { NUMBER($pending) } ({ $cases-word }).
       *[usual]
            { $pending ->
                [0] Il { $day }, nessuna richiesta era pendente.
                [one] Il { $day }, { NUMBER($pending) } richiesta era pendente.
               *[other] Il { $day }, { NUMBER($pending) } richieste erano pendenti.
            }
    }
report-inquiries-closed =
    { $cases-is ->
        [own] A quella data, il { $share } di quanto giunto nell’anno ({ NUMBER($received) }) era concluso.
       *[usual] A quella data, il { $share } delle richieste giunte nell’anno ({ NUMBER($received) }) era concluso.
    }
report-projects-of-year =
    { $projects-is ->
        [own] Nuove entrate nel { $year }: { NUMBER($new) }; in corso { $end }: { NUMBER($pending) } ({ $projects-word }).
       *[usual]
            Nel { $year } { $new ->
                [one] si è aggiunto { NUMBER($new) } nuovo progetto
               *[other] si sono aggiunti { NUMBER($new) } nuovi progetti
            }; { $end }, { $pending ->
                [one] { NUMBER($pending) } progetto era
               *[other] { NUMBER($pending) } progetti erano
            } in corso.
    }
report-audits-of-year =
    { $audits-is ->
        [own]
            Nell’anno: { NUMBER($audits) } ({ $audits-word }); constatazioni: { NUMBER($findings) }{ $findings ->
                [0] .
               *[other] ; attuate: { NUMBER($implemented) } ({ $share }).
            }
       *[usual]
            { $audits ->
                [one] { NUMBER($audits) } controllo
               *[other] { NUMBER($audits) } controlli
            } con { $findings ->
                [one] { NUMBER($findings) } constatazione
               *[other] { NUMBER($findings) } constatazioni
            }{ $findings ->
                [0] .
               *[other] ; attuate: { NUMBER($implemented) } ({ $share }).
            }
    }
report-proceedings-of-year =
    { $proceedings-is ->
        [own] Inoltri nel { $year }: { NUMBER($filed) }; decisioni: { NUMBER($decided) }; in sospeso { $end }: { NUMBER($pending) } ({ $proceedings-word }).
       *[usual] Presentati nel { $year }: { NUMBER($filed) }; decisi: { NUMBER($decided) }; pendenti { $end }: { NUMBER($pending) }.
    }
report-publications-of-year =
    { $publications-is ->
        [own] Pubblicato nel { $year }: { NUMBER($count) }.
       *[usual] Apparse nel { $year }: { NUMBER($count) }.
    }
report-not-listed =
    { $count ->
        [one] { NUMBER($count) } altra voce non è elencata.
       *[other] { NUMBER($count) } altre voci non sono elencate.
    }
report-participants-known = Partecipanti noti per { $known } su { $all }.
report-matters-pending =
    Pendenti: { $cases-is ->
        [own] { $cases-word }
       *[usual] richieste
    }, { $projects-is ->
        [own] { $projects-word }
       *[usual] progetti
    } e { $audits-is ->
        [own] { $audits-word }
       *[usual] controlli
    }.
report-municipalities-linked =
    Sono contate le { $cases-is ->
        [own] pratiche ({ $cases-word })
       *[usual] richieste
    } collegate a un Comune { $organisations-is ->
        [own] del registro ({ $organisations-word })
       *[usual] dell’elenco degli organi pubblici
    }.
report-not-on-map =
    { $count ->
        [one] Sulla carta manca { NUMBER($count) } Comune con { $cases-is ->
                [own] pratiche ({ $cases-word })
               *[usual] richieste
            }.
       *[other] Sulla carta mancano { NUMBER($count) } Comuni con { $cases-is ->
                [own] pratiche ({ $cases-word })
               *[usual] richieste
            }.
    }
report-published = { $year }: come pubblicato il { $day } (versione { $version }{ $source }).
report-live = { $years }: conteggiati dai registri il { $day }.
report-counted = Pendenze, durate ed elenchi: dai registri il { $day }.
report-made-by = Allestito con aufsicht { $version } secondo la struttura «{ $layout }».

## Deadlines as a calendar

deadlines-title = Scadenze
deadlines-overdue = Scaduto

## Lists that are imported

import-place = { $column } (riga { $row })
import-row = riga { $row }
import-cells = la riga ha { $has } celle e l’intestazione { $known }
import-changed = la voce è stata modificata qui dopo l’esportazione (ora revisione { $revision }): esportare di nuovo e correggere lì
import-number-taken = il numero è già di un’altra voce ({ $id }): un elenco i cui numeri ricominciano si importa con un nome proprio con --system
import-changed-here = la voce { $number } è stata modificata qui dopo l’importazione
import-other-matter = titolo e data di ricezione sono quelli di un affare diverso da quello tenuto qui con questa chiave, { $number } del { $day } ({ $title }): importare l’elenco con un nome proprio con --system, indicare con --mapping quale colonna è la chiave, o correggere la voce a mano
import-key-taken = la chiave nell’altro sistema è già di un’altra voce ({ $id })
import-value-taken = il valore è già di un’altra voce ({ $id })
import-refused =
    { $kind ->
        [deleted] è stata eliminata qui nella versione { $number } e non torna, se non con una external.version più recente
        [large] la riga ha più di { $number } byte
        [malformed] la riga non è leggibile ({ $detail })
       *[other] non è stata ripresa ({ $detail })
    }
import-broken =
    { $kind ->
        [unclosed] una virgoletta apre una cella alla riga { $opened } e il file finisce prima che sia chiusa
        [endless] una virgoletta apre una cella alla riga { $opened } e dopo { $most } caratteri non è chiusa
        [within] la riga { $line } contiene una virgoletta in una cella che non è tra virgolette: mettere la cella tra virgolette e raddoppiare quelle al suo interno
        [early] la virgoletta che apre una cella alla riga { $opened } è chiusa alla riga { $line } prima della fine della cella: raddoppiare le virgolette che fanno parte del testo
        [stray] delle virgolette fanno di { $lines } righe intere della lista una sola cella: raddoppiare le virgolette che fanno parte del testo
        [long] la riga { $line } ha più di { $most } caratteri
       *[cell] una cella contiene l’errore { $text }
    }
import-misread =
    «{ $text }» { $kind ->
        [choice] non è nessuno di { $values }
        [whole] non è un numero intero
        [number] non è un numero come 1'250.50
        [flag] non è né sì né no
        [date] non è una data come 31.12.2017 o 2017-12-31
       *[list] non è un elenco in JSON
    }
import-fault =
    { $kind ->
        [required] manca
        [in_future] è più di un giorno nel futuro
        [before_received] precede la ricezione
        [before_decided] precede la decisione
        [before_valid_from] precede l’inizio della validità
        [unknown_property] non può essere indicato qui
        [unknown_reference] indica una voce che non esiste
        [invalid_type] non è del genere richiesto qui
        [invalid_value] non è un valore ammesso
        [invalid_value-of] non è un valore ammesso; possibili: { $values }
        [invalid_date] non è una data
        [invalid_character] contiene un carattere che nessun testo può avere
        [out_of_range-between] non è compreso tra { $least } e { $most }
        [out_of_range-from] è inferiore a { $least }
        [too_long-between] è troppo lungo: al massimo { $most }
        [too_long-to] è troppo lungo: al massimo { $most }
        [too_short-between] è troppo corto: almeno { $least }
        [too_short-from] è troppo corto: almeno { $least }
        [too_many_decimals-to] ha troppi decimali (al massimo { $most })
        [blank] è vuoto
        [duplicate] compare più volte
        [contradiction] contraddice un’altra indicazione
        [not_together-of] non va insieme a un’altra indicazione; è richiesto: { $values }
        [not_valid-between] ha un valore che vale solo per ciò che è ricevuto dal { $least } al { $most }
        [not_valid-from] ha un valore che vale solo per ciò che è ricevuto dal { $least }
        [not_valid-to] ha un valore che vale solo per ciò che è ricevuto fino al { $most }
        [municipality_only] esiste solo per i comuni
        [more_faults] ci sono altri errori
       *[other] non è valido ({ $detail })
    }

## Registers that are exported

export-flag =
    { $value ->
        [true] sì
       *[false] no
    }
