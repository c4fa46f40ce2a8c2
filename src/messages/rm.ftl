### The texts in Romansh (Rumantsch Grischun). NUMBER prints in groups of digits. {"\u00A0"} is a space at which no line is broken.
### A message that names registers has the authority's own word where it has one: `$cases-is` is "own" then, and
### `$cases-word` the word, a plural of any gender, around which nothing must agree with it.

## Languages and days

language-name = Rumantsch
language-day =
    { $day }{"\u00A0"}{ $month ->
        [1] da schaner
        [2] da favrer
        [3] da mars
        [4] d’avrigl
        [5] da matg
        [6] da zercladur
        [7] da fanadur
        [8] d’avust
        [9] da settember
        [10] d’october
        [11] da november
       *[12] da december
    } { $year }
language-label = { $label }: { $text }
language-erased = Stizzà

## Statistics

statistics-register =
    { $name ->
        [cases] Dumondas
        [projects] Projects
        [audits] Controllas da la protecziun da datas
        [events] Occurrenzas
        [media-requests] Dumondas da las medias
        [organisations] Organs publics
        [data-collections] Rimnadas da datas
        [proceedings] Proceduras
        [publications] Publicaziuns
        [memberships] Commembranzas
       *[other] { $name }
    }
statistics-status =
    { $status ->
        [OPEN] avert
        [IN_PROGRESS] en elavuraziun
        [SUSPENDED] sistì
        [CLOSED] liquidà
       *[other] { $status }
    }
statistics-column =
    { $name ->
        [code] Code (lingia)
        [label] Designaziun
        [line] Lingia
        [unit] Unitad
        [decimals] Decimalas
        [year] Onn
        [quarter] Quartal
        [month] Mais
        [value] Valur
        [status] Status
        [figure_status] Status dal dumber
        [basis] Basa
        [development] Svilup
        [development_percent] Svilup en %
        [footnotes] Annotaziuns
        [level] Stgalim
        [kind] Gener
        [id] Nr.
        [lines] Lingias
        [text] Text
        [register] Register
        [opening] Pendent al cumenzament
        [received] Entrads
        [closed] Liquidads
        [closing] Pendent a la fin
        [closed_share] Liquidads il medem onn
        [count] Dumber
        [group] Gruppa
        [mean] Media (dis)
        [median] Mediana (dis)
        [p90] 90 % entaifer (dis)
        [max] Maximum (dis)
        [pending] Pendent
        [pending_mean] Vegliadetgna media dals pendents
        [pending_max] Vegliadetgna maximala dals pendents
        [to_30] fin a 30 dis
        [to_90] 31 fin 90 dis
        [to_180] 91 fin 180 dis
        [to_365] 181 fin 365 dis
        [above_365] passa 365 dis
        [closed_status] Status dals liquidads
        [pending_status] Status dals pendents
        [projects]
            { $projects-is ->
                [own] { $projects-word }
               *[usual] Projects
            }
        [projects_pending]
            { $projects-is ->
                [own] Pendenzas ({ $projects-word })
               *[usual] Projects pendents
            }
        [audits]
            { $audits-is ->
                [own] { $audits-word }
               *[usual] Controllas
            }
        [findings] Constataziuns
        [findings_implemented] Da quai realisadas
        [implemented_share] Realisadas en %
        [trainings] Scolaziuns
        [training_participants] Participants a scolaziuns
        [lectures] Referats
        [lecture_participants] Participants a referats
        [participants_known]
            { $events-is ->
                [own] Dumber da participants enconuschent ({ $events-word })
               *[usual] Occurrenzas cun dumber da participants enconuschent
            }
        [positions_percent] Plazzas en %
        [new_cases] Novs cas
        [new_cases_per_position] Novs per plazza cumplaina
        [pending_per_position] Pendents per plazza cumplaina
        [requester] Dumandants
        [area] Sectur
        [channel] Chanal
        [filing] Archivaziun
        [role] Rolla
        [medium] Medium
        [responsible] Responsabel
        [organisation] Organ public
        [phase] Fasa
        [decision] Decisiun
        [measure] Mesira
       *[other] { $name }
    }
statistics-not-classified = Betg attribuì
statistics-as-of = Stadi dals { $day } (provisoric)
statistics-hidden = { $sign }: betg inditgà per motivs da la protecziun da datas (dumbers dad 1 fin { $threshold } e quels che permettessan da calcular els)
statistics-sum-mismatch = Las lingias «{ $first }» fin «{ $last }» dattan ensemen { $sum }, «{ $whole }» è { $total }.
statistics-rest-negative =
    Da «{ $whole }» vegn tratg giu dapli che quai che exista: { $sum } da { $total }, { $parts ->
        [1] «{ $first }»
       *[other] «{ $first }» fin «{ $last }»
    }; il rest stat sco 0.
statistics-body-unknown = «{ $label }» numna in organ public ch’il register na cunuscha betg; i na po vegnir dumbrà nagut.
statistics-bodies-meet = «{ $label }» summescha organs dals quals in è suttamess a l’auter; lur fatschentas vegnissan dumbradas duas giadas.
statistics-development-mismatch = Per «{ $label }» è vegnì stampà { $printed }, correct è { $right }.
statistics-backlog = Fatschentas pendentas a la fin da la perioda, per register
statistics-visitors = Visitadras e visitaders
statistics-page-views = Paginas visitadas
statistics-per-day = per di

## The vocabulary

vocabulary-property =
    { $name ->
        [kind] Gener
        [requester] Dumandaders
        [area] Sectur
        [channel] Chanal
        [filing] Archivaziun
        [relation] Relaziun
        [role] Rolla
        [phase] Fasa
        [severity] Grevezza
        [medium] Medium
        [type] Gener d’organ
        [decision] Decisiun
       *[other] { $name }
    }

## The catalogue of the statistics

dataset-services = Prestaziuns per onn
dataset-channels =
    { $cases-is ->
        [own] { $cases-word } tenor chanal
       *[usual] Dumondas tenor chanal
    }
dataset-media-requests =
    { $media-requests-is ->
        [own] { $media-requests-word } tenor medium
       *[usual] Dumondas da las medias tenor medium
    }
dataset-counts = Fatschentas, da dumbrar libramain
dataset-backlog = Fatschentas pendentas
dataset-durations = Duradas da l’elavuraziun
dataset-activities =
    { $projects-is ->
        [own] { $projects-word }
       *[usual] Projects
    }, { $audits-is ->
        [own] { $audits-word }
       *[usual] controllas
    }, scolaziuns e referats
dataset-website = Utilisaziun da la pagina d’internet
dataset-staffing = Persunal e chargia da lavur

## The page of the statistics

page-language = Lingua
page-up-to-year = Fin a l’onn
page-footnote = Annotaziun { $number }
page-download = Telechargiar
page-nothing-published = Anc n’è publitgà nagin onn.
page-explanation = Mussads vegnan ils onns publitgads. Ils dumbers dad 1 fin { $threshold } e quels che permettessan da calcular els èn remplazzads tras { $sign }. In stritg stat là, nua che nagut n’è vegnì publitgà u registrà.

## The pages for everybody

site-pages = Paginas
site-start = Pagina da partenza
site-skip = Tar il cuntegn
site-published-here = Quai ch’è publitgà
site-statistics = Statistica
site-statistics-about = Ils onns publitgads en tabellas e graficas, da telechargiar.
site-collections-about = Tge datas persunalas ch’ils organs publics elavuran, per tge intent e sin tge basa.
site-publications-about = Fegls d’infurmaziun, posiziuns, rapports e communicaziuns.
site-feed =
    { $publications-is ->
        [own] Abunar: { $publications-word } (Atom)
       *[usual] Abunar las publicaziuns (Atom)
    }
site-no-publications = Anc n’è publitgà nagut.
site-contact = Contact
site-terms = Cundiziuns d’utilisaziun
site-imprint = Impressum
site-source = Funtauna: register da fatschentas da l’autoritad.
site-published-on = { $year }: publitgà ils { $day }
site-developers = Per sviluppadras e sviluppaders
site-developers-about = Quest servetsch maina il register da las fatschentas e dumbra ord quel la statistica dal rapport d’activitad; tut è era disponibel sur in’interfatscha (REST, JSON).
site-try = Empruvar l’interfatscha
site-document = Il document da l’API
site-not-found = Questa pagina n’exista betg.
site-refused = I n’è betg pussaivel da respunder a questa dumonda.
site-parameter = L’indicaziun «{ $name }» en l’adressa na vala betg qua.
site-failed = Il servetsch na po betg respunder per il mument. Empruvai pli tard anc ina giada.
site-request = Dumonda { $id }

## The register of data collections

collections-title =
    { $data-collections-is ->
        [own] { $data-collections-word }
       *[usual] Register da las rimnadas da datas
    }
collections-search = Tschertgar
collections-search-in = Num, organ, intent u categoria
collections-all-bodies = Tut ils organs
collections-show-all = Mussar tut las endataziuns
collections-as-list = Sco glista
collections-in-full = Cun tut las indicaziuns
collections-view = Vista
collections-hits =
    { $count ->
        [0] Nagina endataziun
        [one] { NUMBER($count) } endataziun
       *[other] { NUMBER($count) } endataziuns
    }
collections-more = Dapli
collections-yes = gea
collections-responsible-body = Organ responsabel
collections-purpose = Intent
collections-legal-basis = Basa legala
collections-categories-of-persons = Persunas pertutgadas
collections-categories-of-data = Categorias da datas
collections-sensitive-data = Datas spezialmain sensiblas
collections-recipients = Destinaturs
collections-retention = Conservaziun
collections-outsourced-to = Elavuraziun tras terzas persunas
collections-last-checked-on = Controllà la davosa giada ils

## The report: headings, captions and columns

report-title = Statistica dal rapport d’activitad
report-contents = Cuntegn
report-overview = En curt
report-inquiries-settled =
    { $cases-is ->
        [own] Liquidà il medem onn ({ $cases-word })
       *[usual] Dumondas liquidadas il medem onn
    }
report-inquiries-open =
    { $cases-is ->
        [own] Pendenzas { $end } ({ $cases-word })
       *[usual] Dumondas pendentas { $end }
    }
report-municipalities =
    { $cases-is ->
        [own] { $cases-word } tenor vischnanca
       *[usual] Dumondas tenor vischnanca
    }
report-not-in-register = Betg en la glista
report-municipality = Vischnanca
report-load = Chargia da lavur per plazza cumplaina
report-rubric = Rubrica
report-development = Svilup
report-development-of = Svilup { $before }/{ $after }
report-backlog = Fatschentas pendentas
report-at-years-end = Fatschentas pendentas a la fin da l’onn, per register
report-register = Register
report-all-events =
    { $events-is ->
        [own] { $events-word }
       *[usual] Occurrenzas
    }
report-opening = Il prim da schaner
report-received = Entradas
report-closed = Liquidadas
report-closing = Ils 31{"\u00A0"}da december
report-closing-today = Oz
report-provisional = provisoric
report-closed-share = Liquidadas il medem onn
report-durations =
    { $cases-is ->
        [own] Durada da l’elavuraziun fin a la liquidaziun ({ $cases-word })
       *[usual] Durada da l’elavuraziun da las dumondas liquidadas
    }
report-days = en dis chalendars
report-requester = Dumandaders
report-mean = Media
report-median = Mediana
report-ninety = 90{"\u00A0"}% entaifer
report-most = Maximum
report-ageing =
    { $cases-is ->
        [own] Vegliadetgna da las pendenzas ({ $cases-word })
       *[usual] Vegliadetgna da las dumondas pendentas
    }
report-age-to-30 = fin 30 dis
report-age-to-90 = 31 fin 90
report-age-to-180 = 91 fin 180
report-age-to-365 = 181 fin 365
report-age-above-365 = sur 365
report-projects =
    { $projects-is ->
        [own] { $projects-word }
       *[usual] Projects
    }
report-project =
    { $projects-is ->
        [own] { $projects-word }
       *[usual] Project
    }
report-new-projects =
    { $projects-is ->
        [own] Novas entradas ({ $projects-word })
       *[usual] Novs projects
    }
report-organisation = Organ public
report-role = Rolla
report-phase = Fasa
report-audits =
    { $audits-is ->
        [own] { $audits-word }
       *[usual] Controllas da la protecziun da datas
    }
report-audit =
    { $audits-is ->
        [own] { $audits-word }
       *[usual] Controlla
    }
report-findings = Constataziuns
report-implemented = da quai realisadas
report-events =
    { $events-is ->
        [own] { $events-word }
       *[usual] Scolaziuns e referats
    }
report-event =
    { $events-is ->
        [own] { $events-word }
       *[usual] Occurrenza
    }
report-date = Data
report-kind = Gener
report-audience = Public
report-participants = Participantas e participants
report-topics =
    { $media-requests-is ->
        [own] { $media-requests-word } tenor tema
       *[usual] Dumondas da las medias tenor tema
    }
report-topic = Tema
report-number = Dumber
report-not-stated = Senza indicaziun
report-proceedings =
    { $proceedings-is ->
        [own] { $proceedings-word }
       *[usual] Proceduras
    }
report-subject = Object
report-instance = Instanza
report-filed = Inoltrà
report-decision = Decisiun
report-publications =
    { $publications-is ->
        [own] { $publications-word }
       *[usual] Publicaziuns
    }
report-cooperation =
    { $memberships-is ->
        [own] { $memberships-word }
       *[usual] Collavuraziun en gremis
    }
report-group = Gremi
report-meetings = Sesidas
report-hours = Lavur en uras
report-website = Pagina d’internet
report-downloads = Documents ils pli dumandads
report-document = Document
report-staffing = Persunal e chargia da lavur
report-year = Onn
report-positions = Pertschient da las plazzas
report-new-cases = Novas fatschentas
report-pending-cases = Pendentas
report-new-per-position = Novas per plazza cumplaina
report-pending-per-position = Pendentas per plazza cumplaina
report-sources = Funtaunas e versiuns
report-total = Total

## The report: sentences

report-change =
    { $label }: { $after }, { $direction ->
        [UP] augment da { $change } cumpareglià cun { $year } ({ $before })
        [DOWN] diminuziun da { $change } cumpareglià cun { $year } ({ $before })
       *[NONE] nunmidà cumpareglià cun { $year }
    }.
report-less-than = main che { $share }
report-calendar-years = { $title } (onns chalendars)
report-since = { $change } cumpareglià cun { $year }
report-unchanged = nunmidà
report-points = { $points }{"\u00A0"}puncts procentuals
report-largest =
    { $direction ->
        [UP] Pli grond augment
       *[DOWN] Pli gronda diminuziun
    }: { $label }, da { $before } a { $after } ({ $change }).
report-so-far = { $label }: { $after }, { $stated }; { $year }: { $before }.
report-not-begun = L’onn { $year } n’ha anc betg cumenzà: i na dat naginas cifras.
report-at-end = a la fin da l’onn
report-on-day = ils { $day }
report-inquiries-pending =
    { $cases-is ->
        [own] Pendenzas ils { $day }: { NUMBER($pending) } ({ $cases-word }).
       *[usual]
            { $pending ->
                [0] Ils { $day } n’era nagina dumonda pendenta.
                [one] Ils { $day } era { NUMBER($pending) } dumonda pendenta.
               *[other] Ils { $day } eran { NUMBER($pending) } dumondas pendentas.
            }
    }
report-inquiries-closed = Da las entradas da l’onn ({ NUMBER($received) }) eran fin lura { $share } liquidadas.
report-projects-of-year =
    { $projects-is ->
        [own] Novas entradas l’onn { $year }: { NUMBER($new) }; en lavur { $end }: { NUMBER($pending) } ({ $projects-word }).
       *[usual]
            L’onn { $year } { $new ->
                [one] è vegnì vitiers { NUMBER($new) } nov project
               *[other] èn vegnids vitiers { NUMBER($new) } novs projects
            }; { $end } { $pending ->
                [one] era { NUMBER($pending) } project
               *[other] eran { NUMBER($pending) } projects
            } en lavur.
    }
report-audits-of-year =
    { $audits-is ->
        [own]
            En l’onn: { NUMBER($audits) } ({ $audits-word }); constataziuns: { NUMBER($findings) }{ $findings ->
                [0] .
               *[other] ; da quai realisadas: { NUMBER($implemented) } ({ $share }).
            }
       *[usual]
            { $audits ->
                [one] { NUMBER($audits) } controlla
               *[other] { NUMBER($audits) } controllas
            } cun { $findings ->
                [one] { NUMBER($findings) } constataziun
               *[other] { NUMBER($findings) } constataziuns
            }{ $findings ->
                [0] .
               *[other] ; da quai realisadas: { NUMBER($implemented) } ({ $share }).
            }
    }
report-proceedings-of-year =
    { $proceedings-is ->
        [own] Inoltraziuns il { $year }: { NUMBER($filed) }; decisiuns: { NUMBER($decided) }; pendenzas { $end }: { NUMBER($pending) } ({ $proceedings-word }).
       *[usual] Inoltradas il { $year }: { NUMBER($filed) }; decididas: { NUMBER($decided) }; pendentas { $end }: { NUMBER($pending) }.
    }
report-publications-of-year =
    { $publications-is ->
        [own] Publitgà l’onn { $year }: { NUMBER($count) }.
       *[usual] Cumparidas l’onn { $year }: { NUMBER($count) }.
    }
report-not-listed =
    { $count ->
        [one] { NUMBER($count) } autra endataziun n’è betg inditgada.
       *[other] { NUMBER($count) } autras endataziuns n’èn betg inditgadas.
    }
report-participants-known = Participants enconuschents tar { $known } da { $all }.
report-matters-pending =
    Pendentas: { $cases-is ->
        [own] { $cases-word }
       *[usual] dumondas
    }, { $projects-is ->
        [own] { $projects-word }
       *[usual] projects
    } e { $audits-is ->
        [own] { $audits-word }
       *[usual] controllas da la protecziun da datas
    }.
report-municipalities-linked =
    Dumbradas èn las { $cases-is ->
        [own] fatschentas ({ $cases-word })
       *[usual] dumondas
    } colliadas cun ina vischnanca { $organisations-is ->
        [own] dal register ({ $organisations-word })
       *[usual] da la glista dals organs publics
    }.
report-not-on-map =
    { $count ->
        [one] Sin la charta manca { NUMBER($count) } vischnanca cun { $cases-is ->
                [own] entradas ({ $cases-word })
               *[usual] dumondas
            }.
       *[other] Sin la charta mancan { NUMBER($count) } vischnancas cun { $cases-is ->
                [own] entradas ({ $cases-word })
               *[usual] dumondas
            }.
    }
report-published = { $year }: sco publitgà ils { $day } (versiun { $version }{ $source }).
report-live = { $years }: dumbrà ord ils registers ils { $day }.
report-counted = Pendenzas, duradas e glistas: ord ils registers ils { $day }.
report-made-by = Fatg cun aufsicht { $version } tenor la structura da tabellas «{ $layout }».

## Deadlines as a calendar

deadlines-title = Termins
deadlines-overdue = Surpassà

## Lists that are imported

import-place = { $column } (lingia { $row })
import-row = lingia { $row }
import-cells = la lingia ha { $has } cellas ed il chau { $known }
import-changed = l’endataziun è vegnida midada qua dapi l’export (ussa revisiun { $revision }): exportar danovamain e curreger là
import-number-taken = il numer ha gia ina autra endataziun ({ $id }): ina glista cun numers che cumenzan danovamain vegn importada cun in agen num cun --system
import-changed-here = l’endataziun { $number } è vegnida midada qua dapi l’import
import-other-matter = titel ed entrada èn quels d’ina autra fatschenta che quella che vegn manada qua sut questa clav, { $number } dals { $day } ({ $title }): importar la glista cun in agen num cun --system, inditgar cun --mapping tge colonna ch’è la clav, u curreger l’endataziun a maun
import-key-taken = la clav en l’auter sistem ha gia ina autra endataziun ({ $id })
import-value-taken = la valur ha gia ina autra endataziun ({ $id })
import-refused =
    { $kind ->
        [deleted] è vegnida stizzada qua en la versiun { $number } e na turna betg, danor cun ina external.version pli nova
        [large] la lingia ha dapli che { $number } bytes
        [malformed] la lingia n’è betg legibla ({ $detail })
       *[other] n’è betg vegnida surpigliada ({ $detail })
    }
import-broken =
    { $kind ->
        [unclosed] in segn da citaziun avra ina cella en la lingia { $opened }, e la datoteca finescha avant ch’el è serrà
        [endless] in segn da citaziun avra ina cella en la lingia { $opened } e n’è betg serrà suenter { $most } segns
        [within] la lingia { $line } cuntegna in segn da citaziun en ina cella che n’è betg tranter segns da citaziun: metter la cella tranter segns da citaziun e dublegiar quels laden
        [early] il segn da citaziun che avra ina cella en la lingia { $opened } vegn serrà en la lingia { $line } avant la fin da la cella: dublegiar ils segns che tutgan tar il text
        [stray] segns da citaziun fan da { $lines } lingias entiras da la glista ina suletta cella: dublegiar ils segns che tutgan tar il text
        [long] la lingia { $line } ha dapli che { $most } segns
       *[cell] ina cella cuntegna l’errur { $text }
    }
import-misread =
    «{ $text }» { $kind ->
        [choice] n’è nagin da { $values }
        [whole] n’è betg in numer entir
        [number] n’è betg in numer sco 1'250.50
        [flag] n’è ni gea ni na
        [date] n’è betg ina data sco 31.12.2017 u 2017-12-31
       *[list] n’è betg ina glista en JSON
    }
import-fault =
    { $kind ->
        [required] manca
        [in_future] è dapli ch’in di en il futur
        [before_received] è avant l’entrada
        [before_decided] è avant la decisiun
        [before_valid_from] è avant il cumenzament da la valaivladad
        [unknown_property] na po betg vegnir inditgà qua
        [unknown_reference] numna in’endataziun che n’exista betg
        [invalid_type] n’è betg da la sort che vegn pretendida qua
        [invalid_value] n’è betg ina valur lubida
        [invalid_value-of] n’è betg ina valur lubida; pussaivel: { $values }
        [invalid_date] n’è betg ina data
        [invalid_character] cuntegna in segn che nagin text na dastga avair
        [out_of_range-between] n’è betg tranter { $least } e { $most }
        [out_of_range-from] è pli pitschen che { $least }
        [too_long-between] è memia lung: il maximum è { $most }
        [too_long-to] è memia lung: il maximum è { $most }
        [too_short-between] è memia curt: il minimum è { $least }
        [too_short-from] è memia curt: il minimum è { $least }
        [too_many_decimals-to] ha memia bleras decimalas (il maximum è { $most })
        [blank] è vid
        [duplicate] cumpara pliras giadas
        [contradiction] cuntradi ad in’autra indicaziun
        [not_together-of] na va betg ensemen cun in’autra indicaziun; pretendì: { $values }
        [not_valid-between] ha ina valur che vala mo per entradas da { $least } fin { $most }
        [not_valid-from] ha ina valur che vala pir per entradas a partir da { $least }
        [not_valid-to] ha ina valur che vala mo per entradas fin { $most }
        [municipality_only] datti mo tar vischnancas
        [more_faults] i dat ulteriurs sbagls
       *[other] n’è betg valaivel ({ $detail })
    }

## Registers that are exported

export-flag =
    { $value ->
        [true] gea
       *[false] na
    }
