### The texts in English. NUMBER prints in groups of digits. {"\u00A0"} is a space at which no line is broken.
### A message that names registers has the authority's own word where it has one: `$cases-is` is "own" then, and
### `$cases-word` the word, a plural of any gender, around which nothing must agree with it.

## Languages and days

language-name = English
language-day =
    { $day }{"\u00A0"}{ $month ->
        [1] January
        [2] February
        [3] March
        [4] April
        [5] May
        [6] June
        [7] July
        [8] August
        [9] September
        [10] October
        [11] November
       *[12] December
    } { $year }
language-label = { $label }: { $text }
language-erased = Erased

## Statistics

statistics-register =
    { $name ->
        [cases] Inquiries
        [projects] Projects
        [audits] Audits
        [events] Events
        [media-requests] Media requests
        [organisations] Public bodies
        [data-collections] Data collections
        [proceedings] Proceedings
        [publications] Publications
        [memberships] Memberships
       *[other] { $name }
    }
statistics-status =
    { $status ->
        [OPEN] open
        [IN_PROGRESS] in progress
        [SUSPENDED] suspended
        [CLOSED] closed
       *[other] { $status }
    }
statistics-column =
    { $name ->
        [code] Code
        [label] Label
        [line] Line
        [unit] Unit
        [decimals] Decimals
        [year] Year
        [quarter] Quarter
        [month] Month
        [value] Value
        [status] Status
        [figure_status] Status of the number
        [basis] Basis
        [development] Development
        [development_percent] Development in %
        [footnotes] Footnotes
        [level] Level
        [kind] Kind
        [id] No.
        [lines] Lines
        [text] Text
        [register] Register
        [opening] Pending at the beginning
        [received] Received
        [closed] Closed
        [closing] Pending at the end
        [closed_share] Closed in the same year
        [count] Number
        [group] Group
        [mean] Mean (days)
        [median] Median (days)
        [p90] 90% within (days)
        [max] Maximum (days)
        [pending] Pending
        [pending_mean] Mean age of the pending
        [pending_max] Age of the oldest pending
        [to_30] up to 30 days
        [to_90] 31 to 90 days
        [to_180] 91 to 180 days
        [to_365] 181 to 365 days
        [above_365] more than 365 days
        [closed_status] Status of the closed
        [pending_status] Status of the pending
        [projects]
            { $projects-is ->
                [own] { $projects-word }
               *[usual] Projects
            }
        [projects_pending]
            { $projects-is ->
                [own] Pending ({ $projects-word })
               *[usual] Pending projects
            }
        [audits]
            { $audits-is ->
                [own] { $audits-word }
               *[usual] Audits
            }
        [findings] Findings
        [findings_implemented] Of which implemented
        [implemented_share] Implemented in %
        [trainings] Trainings
        [training_participants] Participants of trainings
        [lectures] Lectures
        [lecture_participants] Participants of lectures
        [participants_known]
            { $events-is ->
                [own] Known number of participants ({ $events-word })
               *[usual] Events with a known number of participants
            }
        [positions_percent] Positions in %
        [new_cases] New cases
        [new_cases_per_position] New per full position
        [pending_per_position] Pending per full position
        [requester] Requester
        [area] Area
        [channel] Channel
        [filing] Filing
        [role] Role
        [medium] Medium
        [responsible] Responsible
        [organisation] Public body
        [phase] Phase
        [decision] Decision
        [measure] Measure
       *[other] { $name }
    }
statistics-not-classified = Not classified
statistics-as-of = As of { $day } (provisional)
statistics-hidden = { $sign }: not given for reasons of data protection (numbers from 1 to { $threshold }, and those that they could be computed from)
statistics-sum-mismatch = The lines “{ $first }” to “{ $last }” add up to { $sum }, “{ $whole }” is { $total }.
statistics-rest-negative =
    For “{ $whole }” more is taken away than there is: { $sum } of { $total }, { $parts ->
        [1] “{ $first }”
       *[other] “{ $first }” to “{ $last }”
    }; the rest stands as 0.
statistics-body-unknown = “{ $label }” names a public body that the register does not have; nothing can be counted.
statistics-bodies-meet = “{ $label }” adds up bodies of which one lies under the other; their matters would count twice.
statistics-development-mismatch = For “{ $label }” { $printed } was printed; { $right } is right.
statistics-backlog = Pending at the end of the period, by register
statistics-visitors = Visitors
statistics-page-views = Page views
statistics-per-day = per day

## The vocabulary

vocabulary-property =
    { $name ->
        [kind] Kind
        [requester] Requester
        [area] Area
        [channel] Channel
        [filing] Filing
        [relation] Relation
        [role] Role
        [phase] Phase
        [severity] Severity
        [medium] Medium
        [type] Type of body
        [decision] Decision
       *[other] { $name }
    }

## The catalogue of the statistics

dataset-services = Services by year
dataset-channels =
    { $cases-is ->
        [own] { $cases-word } by channel
       *[usual] Inquiries by channel
    }
dataset-media-requests =
    { $media-requests-is ->
        [own] { $media-requests-word } by medium
       *[usual] Media requests by medium
    }
dataset-counts = Matters, counted freely
dataset-backlog = Pending matters
dataset-durations = Durations
dataset-activities =
    { $projects-is ->
        [own] { $projects-word }
       *[usual] Projects
    }, { $audits-is ->
        [own] { $audits-word }
       *[usual] audits
    }, trainings and lectures
dataset-website = Use of the website
dataset-staffing = Staff and workload

## The page of the statistics

page-language = Language
page-up-to-year = Up to the year
page-footnote = Footnote { $number }
page-download = Download
page-nothing-published = No year has been published yet.
page-explanation = The years shown are those that were published. Numbers from 1 to { $threshold }, and those that they could be computed from, are replaced by { $sign }. A dash stands where nothing was published or collected.

## The pages for everybody

site-pages = Pages
site-start = Start
site-skip = To the content
site-published-here = What is published
site-statistics = Statistics
site-statistics-about = The published years in tables and charts, to download.
site-collections-about = Which personal data the public bodies process, what for and on which basis.
site-publications-about = Leaflets, opinions, reports and news.
site-feed =
    { $publications-is ->
        [own] Subscribe: { $publications-word } (Atom)
       *[usual] Subscribe to the publications (Atom)
    }
site-no-publications = Nothing has been published yet.
site-contact = Contact
site-terms = Terms of use
site-imprint = Imprint
site-source = Source: the authority’s register of cases.
site-published-on = { $year }: published on { $day }
site-developers = For developers
site-developers-about = This service keeps the register of cases and counts the statistics of the activity report from it; all of it can be had through an interface (REST, JSON).
site-try = Try the API
site-document = The API document
site-not-found = There is no such page.
site-refused = This cannot be answered as it stands.
site-parameter = “{ $name }” in the address does not hold here.
site-failed = The service cannot answer just now. Please try again later.
site-request = Request { $id }

## The register of data collections

collections-title =
    { $data-collections-is ->
        [own] { $data-collections-word }
       *[usual] Register of data collections
    }
collections-search = Search
collections-search-in = Name, body, purpose or category
collections-all-bodies = All bodies
collections-show-all = Show all entries
collections-as-list = As a list
collections-in-full = In full
collections-view = View
collections-hits =
    { $count ->
        [0] No entries
        [one] { NUMBER($count) } entry
       *[other] { NUMBER($count) } entries
    }
collections-more = More
collections-yes = yes
collections-responsible-body = Responsible body
collections-purpose = Purpose
collections-legal-basis = Legal basis
collections-categories-of-persons = Persons concerned
collections-categories-of-data = Categories of data
collections-sensitive-data = Sensitive data
collections-recipients = Recipients
collections-retention = Retention
collections-outsourced-to = Processed by
collections-last-checked-on = Last checked on

## The report: headings, captions and columns

report-title = Statistics of the activity report
report-contents = Contents
report-overview = At a glance
report-inquiries-settled =
    { $cases-is ->
        [own] { $cases-word } closed within the year
       *[usual] Inquiries closed within the year
    }
report-inquiries-open =
    { $cases-is ->
        [own] { $cases-word } pending { $end }
       *[usual] Inquiries pending { $end }
    }
report-municipalities =
    { $cases-is ->
        [own] { $cases-word } by municipality
       *[usual] Inquiries by municipality
    }
report-not-in-register = Not in the list
report-municipality = Municipality
report-load = Workload for each full position
report-rubric = Rubric
report-development = Development
report-development-of = Development { $before }/{ $after }
report-backlog = Pending matters
report-at-years-end = Pending at the end of the year, by register
report-register = Register
report-all-events =
    { $events-is ->
        [own] { $events-word }
       *[usual] Events
    }
report-opening = On 1{"\u00A0"}January
report-received = Received
report-closed = Closed
report-closing = On 31{"\u00A0"}December
report-closing-today = Today
report-provisional = provisional
report-closed-share = Closed in the same year
report-durations =
    { $cases-is ->
        [own] Time taken to close ({ $cases-word })
       *[usual] How long closed inquiries took
    }
report-days = in calendar days
report-requester = Requesters
report-mean = Mean
report-median = Median
report-ninety = 90% within
report-most = Most
report-ageing =
    { $cases-is ->
        [own] Age of what is pending ({ $cases-word })
       *[usual] Age of pending inquiries
    }
report-age-to-30 = to 30 days
report-age-to-90 = 31 to 90
report-age-to-180 = 91 to 180
report-age-to-365 = 181 to 365
report-age-above-365 = above 365
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
        [own] New ({ $projects-word })
       *[usual] New projects
    }
report-organisation = Public body
report-role = Role
report-phase = Phase
report-audits =
    { $audits-is ->
        [own] { $audits-word }
       *[usual] Audits
    }
report-audit =
    { $audits-is ->
        [own] { $audits-word }
       *[usual] Audit
    }
report-findings = Findings
report-implemented = of which implemented
report-events =
    { $events-is ->
        [own] { $events-word }
       *[usual] Trainings and lectures
    }
report-event =
    { $events-is ->
        [own] { $events-word }
       *[usual] Event
    }
report-date = Date
report-kind = Kind
report-audience = Audience
report-participants = Participants
report-topics =
    { $media-requests-is ->
        [own] { $media-requests-word } by topic
       *[usual] Media requests by topic
    }
report-topic = Topic
report-number = Number
report-not-stated = Not stated
report-proceedings =
    { $proceedings-is ->
        [own] { $proceedings-word }
       *[usual] Proceedings
    }
report-subject = Subject
report-instance = Instance
report-filed = Filed
report-decision = Decision
report-publications =
    { $publications-is ->
        [own] { $publications-word }
       *[usual] Publications
    }
report-cooperation =
    { $memberships-is ->
        [own] { $memberships-word }
       *[usual] Working groups
    }
report-group = Group
report-meetings = Meetings
report-hours = Hours
report-website = Website
report-downloads = Documents asked for most
report-document = Document
report-staffing = Staff and workload
report-year = Year
report-positions = Positions in percent
report-new-cases = New cases
report-pending-cases = Pending
report-new-per-position = New per full position
report-pending-per-position = Pending per full position
report-sources = Sources and versions
report-total = Total

## The report: sentences

report-change =
    { $label }: { $after }, { $direction ->
        [UP] an increase of { $change } from { $year } ({ $before })
        [DOWN] a decrease of { $change } from { $year } ({ $before })
       *[NONE] unchanged from { $year }
    }.
report-less-than = less than { $share }
report-calendar-years = { $title } (calendar years)
report-since = { $change } from { $year }
report-unchanged = unchanged
report-points = { $points }{"\u00A0"}percentage points
report-largest =
    { $direction ->
        [UP] Largest rise
       *[DOWN] Largest fall
    }: { $label }, from { $before } to { $after } ({ $change }).
report-so-far = { $label }: { $after }, { $stated }; { $year }: { $before }.
report-not-begun = The year { $year } has not begun: there are no figures of it.
report-at-end = at the end of the year
report-on-day = on { $day }
report-inquiries-pending =
    { $cases-is ->
        [own] Pending on { $day }: { NUMBER($pending) } ({ $cases-word }).
       *[usual]
            { $pending ->
                [0] On { $day }, no inquiry was pending.
                [one] On { $day }, { NUMBER($pending) } inquiry was pending.
               *[other] On { $day }, { NUMBER($pending) } inquiries were pending.
            }
    }
report-inquiries-closed = By then, { $share } of those received in the year ({ NUMBER($received) }) had been closed.
report-projects-of-year =
    { $projects-is ->
        [own] New in { $year }: { NUMBER($new) }; under way { $end }: { NUMBER($pending) } ({ $projects-word }).
       *[usual]
            In { $year }, { $new ->
                [one] { NUMBER($new) } project was
               *[other] { NUMBER($new) } projects were
            } added; { $end }, { $pending ->
                [one] { NUMBER($pending) } was
               *[other] { NUMBER($pending) } were
            } under way.
    }
report-audits-of-year =
    { $audits-is ->
        [own]
            In the year: { NUMBER($audits) } ({ $audits-word }); findings: { NUMBER($findings) }{ $findings ->
                [0] .
               *[other] ; implemented: { NUMBER($implemented) } ({ $share }).
            }
       *[usual]
            { $audits ->
                [one] { NUMBER($audits) } audit
               *[other] { NUMBER($audits) } audits
            } with { $findings ->
                [one] { NUMBER($findings) } finding
               *[other] { NUMBER($findings) } findings
            }{ $findings ->
                [0] .
               *[other] ; implemented: { NUMBER($implemented) } ({ $share }).
            }
    }
report-proceedings-of-year = Filed in { $year }: { NUMBER($filed) }; decided: { NUMBER($decided) }; pending { $end }: { NUMBER($pending) }.
report-publications-of-year = Published in { $year }: { NUMBER($count) }.
report-not-listed =
    { $count ->
        [one] { NUMBER($count) } more entry is not listed.
       *[other] { NUMBER($count) } more entries are not listed.
    }
report-participants-known = Participants known for { $known } of { $all }.
report-matters-pending =
    Pending: { $cases-is ->
        [own] { $cases-word }
       *[usual] inquiries
    }, { $projects-is ->
        [own] { $projects-word }
       *[usual] projects
    } and { $audits-is ->
        [own] { $audits-word }
       *[usual] audits
    }.
report-municipalities-linked =
    Counted are the { $cases-is ->
        [own] matters ({ $cases-word })
       *[usual] inquiries
    } that are linked to a municipality in the { $organisations-is ->
        [own] register ({ $organisations-word })
       *[usual] list of public bodies
    }.
report-not-on-map =
    { $count ->
        [one] { NUMBER($count) } municipality with { $cases-is ->
                [own] matters ({ $cases-word })
               *[usual] inquiries
            } is not on the map.
       *[other] { NUMBER($count) } municipalities with { $cases-is ->
                [own] matters ({ $cases-word })
               *[usual] inquiries
            } are not on the map.
    }
report-published = { $year }: as published on { $day } (version { $version }{ $source }).
report-live = { $years }: counted from the registers on { $day }.
report-counted = Backlog, durations and lists: from the registers on { $day }.
report-made-by = Made by aufsicht { $version } from the layout “{ $layout }”.

## Deadlines as a calendar

deadlines-title = Deadlines
deadlines-overdue = Overdue

## Lists that are imported

import-place = { $column } (row { $row })
import-row = row { $row }
import-cells = the line has { $has } cells and the header { $known }
import-changed = the record was changed here since it was exported (now revision { $revision }): export it again and correct it there
import-number-taken = the number is taken by another record: where a list's numbers begin anew, import it under a name of its own with --system ({ $id })
import-changed-here = the record { $number } was changed here since it was imported
import-other-matter = title and day received are those of another matter than the one held under this key, { $number } of { $day } ({ $title }): import the list under a name of its own with --system, say by --mapping which column is the key, or correct the record by hand
import-key-taken = the key in the other system is taken by another record ({ $id })
import-value-taken = the value is taken by another record ({ $id })
import-refused =
    { $kind ->
        [deleted] it was deleted here in version { $number } and does not come back: give a newer external.version if it is to
        [large] the line has more than { $number } bytes
        [malformed] { $detail }
       *[other] { $detail }
    }
import-broken =
    { $kind ->
        [unclosed] a quotation mark opens a cell in line { $opened } and the file ends before it is closed
        [endless] a quotation mark opens a cell in line { $opened } and is not closed within { $most } characters
        [within] line { $line } has a quotation mark within a cell that is not in quotation marks: put the cell into quotation marks and double those within it
        [early] the quotation mark that opens a cell in line { $opened } is closed in line { $line } before the cell ends: double the marks that are meant as text
        [stray] quotation marks make one cell of { $lines } lines that are whole lines of the list: double the marks that are meant as text
        [long] line { $line } has more than { $most } characters
       *[cell] a cell holds the error { $text }
    }
import-misread =
    "{ $text }" { $kind ->
        [choice] is not one of { $values }
        [whole] is not a whole number
        [number] is not a number such as 1'250.50
        [flag] is neither yes nor no
        [date] is not a date such as 31.12.2017 or 2017-12-31
       *[list] is not a list in JSON
    }
import-fault =
    { $kind ->
        [required] { $detail }
        [in_future] must not lie more than a day in the future
        [before_received] must not be before the day received
        [before_decided] { $detail }
        [before_valid_from] { $detail }
        [unknown_property] { $detail }
        [unknown_reference] { $detail }
        [invalid_type] { $detail }
        [invalid_value] { $detail }
        [invalid_value-of] must be one of { $values }
        [invalid_date] { $detail }
        [invalid_character] { $detail }
        [out_of_range-between] must be from { $least } to { $most }
        [out_of_range-from] must be at least { $least }
        [too_long-between] must not be longer than { $most }
        [too_long-to] must not be longer than { $most }
        [too_short-between] must not be shorter than { $least }
        [too_short-from] must not be shorter than { $least }
        [too_many_decimals-to] { $detail }
        [blank] { $detail }
        [duplicate] { $detail }
        [contradiction] { $detail }
        [not_together-of] { $detail }
        [not_valid-between] { $detail }
        [not_valid-from] { $detail }
        [not_valid-to] { $detail }
        [municipality_only] { $detail }
        [more_faults] { $detail }
       *[other] { $detail }
    }

## Registers that are exported

export-flag =
    { $value ->
        [true] yes
       *[false] no
    }
