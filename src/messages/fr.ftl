### The texts in French. NUMBER prints in groups of digits. {"\u00A0"} is a space at which no line is broken.
### A message that names registers has the authority's own word where it has one: `$cases-is` is "own" then, and
### `$cases-word` the word, a plural of any gender, around which nothing must agree with it.

## Languages and days

language-name = Français
language-day =
    { $day ->
        [1] 1er
       *[other] { $day }
    }{"\u00A0"}{ $month ->
        [1] janvier
        [2] février
        [3] mars
        [4] avril
        [5] mai
        [6] juin
        [7] juillet
        [8] août
        [9] septembre
        [10] octobre
        [11] novembre
       *[12] décembre
    } { $year }
language-label = { $label }{"\u00A0"}: { $text }
language-erased = Effacé

## Statistics

statistics-register =
    { $name ->
        [cases] Demandes
        [projects] Projets
        [audits] Contrôles
        [events] Manifestations
        [media-requests] Demandes des médias
        [organisations] Organes publics
        [data-collections] Fichiers de données
        [proceedings] Procédures
        [publications] Publications
        [memberships] Affiliations
       *[other] { $name }
    }
statistics-status =
    { $status ->
        [OPEN] ouvert
        [IN_PROGRESS] en cours
        [SUSPENDED] suspendu
        [CLOSED] clos
       *[other] { $status }
    }
statistics-column =
    { $name ->
        [code] Code (ligne)
        [label] Désignation
        [line] Ligne
        [unit] Unité
        [decimals] Décimales
        [year] Année
        [quarter] Trimestre
        [month] Mois
        [value] Valeur
        [status] Statut
        [figure_status] Statut du nombre
        [basis] Base
        [development] Évolution
        [development_percent] Évolution en %
        [footnotes] Notes
        [level] Niveau
        [kind] Genre
        [id] N°
        [lines] Lignes
        [text] Texte
        [register] Registre
        [opening] En suspens au début
        [received] Reçus
        [closed] Liquidés
        [closing] En suspens à la fin
        [closed_share] Liquidés la même année
        [count] Nombre
        [group] Groupe
        [mean] Moyenne (jours)
        [median] Médiane (jours)
        [p90] 90 % en (jours)
        [max] Maximum (jours)
        [pending] En suspens
        [pending_mean] Âge moyen des affaires en suspens
        [pending_max] Âge maximal des affaires en suspens
        [to_30] jusqu’à 30 jours
        [to_90] 31 à 90 jours
        [to_180] 91 à 180 jours
        [to_365] 181 à 365 jours
        [above_365] plus de 365 jours
        [closed_status] Statut des liquidés
        [pending_status] Statut des affaires en suspens
        [projects]
            { $projects-is ->
                [own] { $projects-word }
               *[usual] Projets
            }
        [projects_pending]
            { $projects-is ->
                [own] En suspens ({ $projects-word })
               *[usual] Projets en suspens
            }
        [audits]
            { $audits-is ->
                [own] { $audits-word }
               *[usual] Contrôles
            }
        [findings] Constatations
        [findings_implemented] Dont mises en œuvre
        [implemented_share] Mises en œuvre en %
        [trainings] Formations
        [training_participants] Participants aux formations
        [lectures] Exposés
        [lecture_participants] Participants aux exposés
        [participants_known]
            { $events-is ->
                [own] Nombre de participants connu ({ $events-word })
               *[usual] Manifestations dont le nombre de participants est connu
            }
        [positions_percent] Postes en %
        [new_cases] Nouvelles affaires
        [new_cases_per_position] Nouvelles par poste à plein temps
        [pending_per_position] En suspens par poste à plein temps
        [requester] Demandeurs
        [area] Domaine
        [channel] Canal
        [filing] Classement
        [role] Rôle
        [medium] Média
        [responsible] Responsable
        [organisation] Organe public
        [phase] Phase
        [decision] Décision
        [measure] Mesure
       *[other] { $name }
    }
statistics-not-classified = Non attribué
statistics-as-of = État au { $day } (provisoire)
statistics-hidden = { $sign }{"\u00A0"}: non indiqué pour des raisons de protection des données (nombres de 1 à { $threshold }, et ceux qui permettraient de les calculer)
statistics-sum-mismatch = Les lignes «{"\u00A0"}{ $first }{"\u00A0"}» à «{"\u00A0"}{ $last }{"\u00A0"}» donnent ensemble { $sum }, «{"\u00A0"}{ $whole }{"\u00A0"}» est { $total }.
statistics-rest-negative =
    Pour «{"\u00A0"}{ $whole }{"\u00A0"}», on retranche plus qu’il n’y a{"\u00A0"}: { $sum } de { $total }, { $parts ->
        [1] «{"\u00A0"}{ $first }{"\u00A0"}»
       *[other] «{"\u00A0"}{ $first }{"\u00A0"}» à «{"\u00A0"}{ $last }{"\u00A0"}»
    }{"\u00A0"}; le reste figure comme 0.
statistics-body-unknown = «{"\u00A0"}{ $label }{"\u00A0"}» nomme un organe public que le registre ne connaît pas{"\u00A0"}; rien ne peut être compté.
statistics-bodies-meet = «{"\u00A0"}{ $label }{"\u00A0"}» additionne des organes dont l’un dépend de l’autre{"\u00A0"}; leurs affaires seraient comptées deux fois.
statistics-development-mismatch = Pour «{"\u00A0"}{ $label }{"\u00A0"}», { $printed } a été imprimé{"\u00A0"}; le chiffre exact est { $right }.
statistics-backlog = Affaires pendantes à la fin de la période, par registre
statistics-visitors = Visiteurs
statistics-page-views = Pages vues
statistics-per-day = par jour

## The vocabulary

vocabulary-property =
    { $name ->
        [kind] Genre
        [requester] Demandeurs
        [area] Domaine
        [channel] Canal
        [filing] Classement
        [relation] Relation
        [role] Rôle
        [phase] Phase
        [severity] Gravité
        [medium] Média
        [type] Type d’organe
        [decision] Décision
       *[other] { $name }
    }

## The catalogue of the statistics

dataset-services = Prestations par année
dataset-channels =
    { $cases-is ->
        [own] { $cases-word } par canal
       *[usual] Demandes par canal
    }
dataset-media-requests =
    { $media-requests-is ->
        [own] { $media-requests-word } par média
       *[usual] Demandes des médias par média
    }
dataset-counts = Affaires, à dénombrer librement
dataset-backlog = Affaires pendantes
dataset-durations = Durées de traitement
dataset-activities =
    { $projects-is ->
        [own] { $projects-word }
       *[usual] Projets
    }, { $audits-is ->
        [own] { $audits-word }
       *[usual] contrôles
    }, formations et exposés
dataset-website = Utilisation du site internet
dataset-staffing = Personnel et charge de travail

## The page of the statistics

page-language = Langue
page-up-to-year = Jusqu’à l’année
page-footnote = Note { $number }
page-download = Télécharger
page-nothing-published = Aucune année n’est encore publiée.
page-explanation = Seules les années publiées sont présentées. Les nombres de 1 à { $threshold }, et ceux qui permettraient de les calculer, sont remplacés par { $sign }. Un tiret indique que rien n’a été publié ou relevé.

## The pages for everybody

site-pages = Pages
site-start = Accueil
site-skip = Aller au contenu
site-published-here = Ce qui est publié
site-statistics = Statistique
site-statistics-about = Les années publiées en tableaux et en graphiques, à télécharger.
site-collections-about = Quelles données personnelles les organes publics traitent, dans quel but et sur quelle base.
site-publications-about = Aide-mémoire, prises de position, rapports et communiqués.
site-feed =
    { $publications-is ->
        [own] S’abonner{"\u00A0"}: { $publications-word } (Atom)
       *[usual] S’abonner aux publications (Atom)
    }
site-no-publications = Rien n’est encore publié.
site-contact = Contact
site-terms = Conditions d’utilisation
site-imprint = Impressum
site-source = Source{"\u00A0"}: registre des affaires de l’autorité.
site-published-on = { $year }{"\u00A0"}: publié le { $day }
site-developers = Pour les développeuses et développeurs
site-developers-about = Ce service tient le registre des affaires et en tire la statistique du rapport d’activité{"\u00A0"}; tout est aussi accessible par une interface (REST, JSON).
site-try = Essayer l’interface
site-document = Le document de l’API
site-not-found = Cette page n’existe pas.
site-refused = Il n’est pas possible de répondre à cette demande.
site-parameter = L’indication «{"\u00A0"}{ $name }{"\u00A0"}» de l’adresse n’est pas valable ici.
site-failed = Le service ne peut pas répondre pour le moment. Veuillez réessayer plus tard.
site-request = Demande { $id }

## The register of data collections

collections-title =
    { $data-collections-is ->
        [own] { $data-collections-word }
       *[usual] Registre des fichiers
    }
collections-search = Rechercher
collections-search-in = Nom, organe, but ou catégorie
collections-all-bodies = Tous les organes
collections-show-all = Afficher toutes les entrées
collections-as-list = En liste
collections-in-full = Avec toutes les indications
collections-view = Affichage
collections-hits =
    { $count ->
        [0] Aucune entrée
        [one] { NUMBER($count) } entrée
       *[other] { NUMBER($count) } entrées
    }
collections-more = Suite
collections-yes = oui
collections-responsible-body = Organe responsable
collections-purpose = But
collections-legal-basis = Base légale
collections-categories-of-persons = Personnes concernées
collections-categories-of-data = Catégories de données
collections-sensitive-data = Données sensibles
collections-recipients = Destinataires
collections-retention = Conservation
collections-outsourced-to = Traitement par un tiers
collections-last-checked-on = Dernier contrôle le

## The report: headings, captions and columns

report-title = Statistique du rapport d’activité
report-contents = Table des matières
report-overview = En bref
report-inquiries-settled =
    { $cases-is ->
        [own] Clôture dans l’année ({ $cases-word })
       *[usual] Demandes closes dans l’année
    }
report-inquiries-open =
    { $cases-is ->
        [own] En suspens { $end } ({ $cases-word })
       *[usual] Demandes pendantes { $end }
    }
report-municipalities =
    { $cases-is ->
        [own] { $cases-word } par commune
       *[usual] Demandes par commune
    }
report-not-in-register = Hors liste
report-municipality = Commune
report-load = Charge de travail par poste à plein temps
report-rubric = Rubrique
report-development = Évolution
report-development-of = Évolution { $before }/{ $after }
report-backlog = Affaires pendantes
report-at-years-end = Affaires pendantes à la fin de l’année, par registre
report-register = Registre
report-all-events =
    { $events-is ->
        [own] { $events-word }
       *[usual] Manifestations
    }
report-opening = Au 1er{"\u00A0"}janvier
report-received = Reçues
report-closed = Closes
report-closing = Au 31{"\u00A0"}décembre
report-closing-today = Aujourd’hui
report-provisional = provisoire
report-closed-share = Closes la même année
report-durations =
    { $cases-is ->
        [own] Durée de traitement jusqu’à la clôture ({ $cases-word })
       *[usual] Durée de traitement des demandes closes
    }
report-days = en jours civils
report-requester = Demandeurs
report-mean = Moyenne
report-median = Médiane
report-ninety = 90{"\u00A0"}% en
report-most = Maximum
report-ageing =
    { $cases-is ->
        [own] Ancienneté des affaires en suspens ({ $cases-word })
       *[usual] Ancienneté des demandes pendantes
    }
report-age-to-30 = jusqu’à 30 jours
report-age-to-90 = 31 à 90
report-age-to-180 = 91 à 180
report-age-to-365 = 181 à 365
report-age-above-365 = plus de 365
report-projects =
    { $projects-is ->
        [own] { $projects-word }
       *[usual] Projets
    }
report-project =
    { $projects-is ->
        [own] { $projects-word }
       *[usual] Projet
    }
report-new-projects =
    { $projects-is ->
        [own] Nouvelles entrées ({ $projects-word })
       *[usual] Nouveaux projets
    }
report-organisation = Organe public
report-role = Rôle
report-phase = Phase
report-audits =
    { $audits-is ->
        [own] { $audits-word }
       *[usual] Contrôles
    }
report-audit =
    { $audits-is ->
        [own] { $audits-word }
       *[usual] Contrôle
    }
report-findings = Constatations
report-implemented = dont mises en œuvre
report-events =
    { $events-is ->
        [own] { $events-word }
       *[usual] Formations et exposés
    }
report-event =
    { $events-is ->
        [own] { $events-word }
       *[usual] Manifestation
    }
report-date = Date
report-kind = Genre
report-audience = Public
report-participants = Participants
report-topics =
    { $media-requests-is ->
        [own] { $media-requests-word } par thème
       *[usual] Demandes des médias par thème
    }
report-topic = Thème
report-number = Nombre
report-not-stated = Sans indication
report-proceedings =
    { $proceedings-is ->
        [own] { $proceedings-word }
       *[usual] Procédures
    }
report-subject = Objet
report-instance = Instance
report-filed = Déposée
report-decision = Décision
report-publications =
    { $publications-is ->
        [own] { $publications-word }
       *[usual] Publications
    }
report-cooperation =
    { $memberships-is ->
        [own] { $memberships-word }
       *[usual] Collaboration au sein d’organes
    }
report-group = Organe
report-meetings = Séances
report-hours = Temps en heures
report-website = Site internet
report-downloads = Documents les plus demandés
report-document = Document
report-staffing = Personnel et charge de travail
report-year = Année
report-positions = Postes en pour cent
report-new-cases = Nouvelles affaires
report-pending-cases = Pendantes
report-new-per-position = Nouvelles par plein temps
report-pending-per-position = Pendantes par plein temps
report-sources = Sources et versions
report-total = Total

## The report: sentences

report-change =
    { $label }{"\u00A0"}: { $after }, { $direction ->
        [UP] augmentation de { $change } par rapport à { $year } ({ $before })
        [DOWN] diminution de { $change } par rapport à { $year } ({ $before })
       *[NONE] inchangé par rapport à { $year }
    }.
report-less-than = moins de { $share }
report-calendar-years = { $title } (années civiles)
report-since = { $change } par rapport à { $year }
report-unchanged = inchangé
report-points = { $points }{"\u00A0"}points de pourcentage
report-largest =
    { $direction ->
        [UP] Plus forte augmentation
       *[DOWN] Plus forte diminution
    }{"\u00A0"}: { $label }, de { $before } à { $after } ({ $change }).
report-so-far = { $label }{"\u00A0"}: { $after }, { $stated }{"\u00A0"}; { $year }{"\u00A0"}: { $before }.
report-not-begun = L’année { $year } n’a pas encore commencé{"\u00A0"}: il n’y a pas de chiffres.
report-at-end = à la fin de l’année
report-on-day = le { $day }
report-inquiries-pending =
    { $cases-is ->
        [own] En suspens le { $day }{"\u00A0"}: { NUMBER($pending) } ({ $cases-word }).
       *[usual]
            { $pending ->
                [0] Le { $day }, aucune demande n’était pendante.
                [one] Le { $day }, { NUMBER($pending) } demande était pendante.
               *[other] Le { $day }, { NUMBER($pending) } demandes étaient pendantes.
            }
    }
report-inquiries-closed =
    { $cases-is ->
        [own] À cette date, { $share } des entrées de l’année ({ NUMBER($received) }) étaient closes.
       *[usual] À cette date, { $share } des demandes reçues dans l’année ({ NUMBER($received) }) étaient closes.
    }
report-projects-of-year =
    { $projects-is ->
        [own] Nouvelles entrées en { $year }{"\u00A0"}: { NUMBER($new) }{"\u00A0"}; en cours { $end }{"\u00A0"}: { NUMBER($pending) } ({ $projects-word }).
       *[usual]
            En { $year }, { $new ->
                [one] { NUMBER($new) } nouveau projet s’est ajouté
               *[other] { NUMBER($new) } nouveaux projets se sont ajoutés
            }{"\u00A0"}; { $end }, { $pending ->
                [one] { NUMBER($pending) } projet était
               *[other] { NUMBER($pending) } projets étaient
            } en cours.
    }
report-audits-of-year =
    { $audits-is ->
        [own]
            Dans l’année{"\u00A0"}: { NUMBER($audits) } ({ $audits-word }){"\u00A0"}; constatations{"\u00A0"}: { NUMBER($findings) }{ $findings ->
                [0] .
               *[other]{"\u00A0"}; mises en œuvre{"\u00A0"}: { NUMBER($implemented) } ({ $share }).
            }
       *[usual]
            { $audits ->
                [one] { NUMBER($audits) } contrôle
               *[other] { NUMBER($audits) } contrôles
            } avec { $findings ->
                [one] { NUMBER($findings) } constatation
               *[other] { NUMBER($findings) } constatations
            }{ $findings ->
                [0] .
               *[other]{"\u00A0"}; mises en œuvre{"\u00A0"}: { NUMBER($implemented) } ({ $share }).
            }
    }
report-proceedings-of-year =
    { $proceedings-is ->
        [own] Dépôts en { $year }{"\u00A0"}: { NUMBER($filed) }{"\u00A0"}; décisions{"\u00A0"}: { NUMBER($decided) }{"\u00A0"}; en suspens { $end }{"\u00A0"}: { NUMBER($pending) } ({ $proceedings-word }).
       *[usual] Déposées en { $year }{"\u00A0"}: { NUMBER($filed) }{"\u00A0"}; tranchées{"\u00A0"}: { NUMBER($decided) }{"\u00A0"}; pendantes { $end }{"\u00A0"}: { NUMBER($pending) }.
    }
report-publications-of-year =
    { $publications-is ->
        [own] Parutions en { $year }{"\u00A0"}: { NUMBER($count) }.
       *[usual] Parues en { $year }{"\u00A0"}: { NUMBER($count) }.
    }
report-not-listed =
    { $count ->
        [one] { NUMBER($count) } autre entrée n’est pas citée.
       *[other] { NUMBER($count) } autres entrées ne sont pas citées.
    }
report-participants-known = Participants connus pour { $known } sur { $all }.
report-matters-pending =
    Pendantes{"\u00A0"}: { $cases-is ->
        [own] { $cases-word }
       *[usual] demandes
    }, { $projects-is ->
        [own] { $projects-word }
       *[usual] projets
    } et { $audits-is ->
        [own] { $audits-word }
       *[usual] contrôles
    }.
report-municipalities-linked =
    Sont comptées les { $cases-is ->
        [own] affaires ({ $cases-word })
       *[usual] demandes
    } liées à une commune { $organisations-is ->
        [own] du registre ({ $organisations-word })
       *[usual] de la liste des organes publics
    }.
report-not-on-map =
    { $count ->
        [one] Sur la carte, il manque { NUMBER($count) } commune avec { $cases-is ->
                [own] des entrées ({ $cases-word })
               *[usual] des demandes
            }.
       *[other] Sur la carte, il manque { NUMBER($count) } communes avec { $cases-is ->
                [own] des entrées ({ $cases-word })
               *[usual] des demandes
            }.
    }
report-published = { $year }{"\u00A0"}: tel que publié le { $day } (version { $version }{ $source }).
report-live = { $years }{"\u00A0"}: comptées à partir des registres le { $day }.
report-counted = Affaires pendantes, durées et listes{"\u00A0"}: tirées des registres le { $day }.
report-made-by = Établi avec aufsicht { $version } selon la structure de tableaux «{"\u00A0"}{ $layout }{"\u00A0"}».

## Deadlines as a calendar

deadlines-title = Échéances
deadlines-overdue = En retard

## Lists that are imported

import-place = { $column } (ligne { $row })
import-row = ligne { $row }
import-cells = la ligne a { $has } cellules et l’en-tête { $known }
import-changed = l’entrée a été modifiée ici depuis l’exportation (maintenant révision { $revision }){"\u00A0"}: exporter à nouveau et y porter la correction
import-number-taken = le numéro est déjà pris par une autre entrée ({ $id }){"\u00A0"}: une liste dont les numéros recommencent s’importe sous un nom à elle avec --system
import-changed-here = l’entrée { $number } a été modifiée ici depuis son importation
import-other-matter = le titre et la date de réception sont ceux d’une autre affaire que celle tenue ici sous cette clé, { $number } du { $day } ({ $title }){"\u00A0"}: importer la liste sous un nom à elle avec --system, indiquer avec --mapping quelle colonne est la clé, ou corriger l’entrée à la main
import-key-taken = la clé dans l’autre système est déjà celle d’une autre entrée ({ $id })
import-value-taken = la valeur est déjà celle d’une autre entrée ({ $id })
import-refused =
    { $kind ->
        [deleted] a été supprimée ici dans la version { $number } et ne revient pas, sauf avec une external.version plus récente
        [large] la ligne a plus de { $number } octets
        [malformed] la ligne n’est pas lisible ({ $detail })
       *[other] n’a pas été reprise ({ $detail })
    }
import-broken =
    { $kind ->
        [unclosed] un guillemet ouvre une cellule à la ligne { $opened } et le fichier se termine avant qu’il soit fermé
        [endless] un guillemet ouvre une cellule à la ligne { $opened } et n’est pas fermé après { $most } caractères
        [within] la ligne { $line } contient un guillemet dans une cellule qui n’est pas entre guillemets{"\u00A0"}: mettre la cellule entre guillemets et doubler ceux qu’elle contient
        [early] le guillemet qui ouvre une cellule à la ligne { $opened } est fermé à la ligne { $line } avant la fin de la cellule{"\u00A0"}: doubler les guillemets qui font partie du texte
        [stray] des guillemets font une seule cellule de { $lines } lignes entières de la liste{"\u00A0"}: doubler les guillemets qui font partie du texte
        [long] la ligne { $line } a plus de { $most } caractères
       *[cell] une cellule contient l’erreur { $text }
    }
import-misread =
    «{"\u00A0"}{ $text }{"\u00A0"}» { $kind ->
        [choice] n’est aucun de { $values }
        [whole] n’est pas un nombre entier
        [number] n’est pas un nombre comme 1'250.50
        [flag] n’est ni oui ni non
        [date] n’est pas une date comme 31.12.2017 ou 2017-12-31
       *[list] n’est pas une liste en JSON
    }
import-fault =
    { $kind ->
        [required] manque
        [in_future] est à plus d’un jour dans l’avenir
        [before_received] précède la réception
        [before_decided] précède la décision
        [before_valid_from] précède le début de la validité
        [unknown_property] ne peut pas être indiqué ici
        [unknown_reference] désigne une entrée qui n’existe pas
        [invalid_type] n’est pas du genre demandé ici
        [invalid_value] n’est pas une valeur admise
        [invalid_value-of] n’est pas une valeur admise; possibles{"\u00A0"}: { $values }
        [invalid_date] n’est pas une date
        [invalid_character] contient un caractère qu’aucun texte ne peut avoir
        [out_of_range-between] n’est pas compris entre { $least } et { $most }
        [out_of_range-from] est inférieur à { $least }
        [too_long-between] est trop long{"\u00A0"}: { $most } au plus
        [too_long-to] est trop long{"\u00A0"}: { $most } au plus
        [too_short-between] est trop court{"\u00A0"}: { $least } au moins
        [too_short-from] est trop court{"\u00A0"}: { $least } au moins
        [too_many_decimals-to] a trop de décimales ({ $most } au plus)
        [blank] est vide
        [duplicate] figure plusieurs fois
        [contradiction] contredit une autre indication
        [not_together-of] ne va pas avec une autre indication; il faut{"\u00A0"}: { $values }
        [not_valid-between] a une valeur qui ne vaut que pour les réceptions de { $least } à { $most }
        [not_valid-from] a une valeur qui ne vaut que pour les réceptions à partir de { $least }
        [not_valid-to] a une valeur qui ne vaut que pour les réceptions jusqu’en { $most }
        [municipality_only] n’existe que pour les communes
        [more_faults] il y a d’autres erreurs
       *[other] n’est pas valable ({ $detail })
    }

## Registers that are exported

export-flag =
    { $value ->
        [true] oui
       *[false] non
    }
