//! Deadlines as a calendar (iCalendar, RFC 5545): an entry over the whole day for each record that is due.

use chrono::{Days, NaiveDate, TimeDelta};
use icalendar::{Alarm, Calendar, Component, Event, EventLike, Property};

use crate::messages::Writing;
use crate::records::row::{RecordRow, StoredRecord};

/// The media type of iCalendar.
pub const MEDIA_TYPE: &str = "text/calendar";

/// The time after which programs should look again.
const REFRESH: TimeDelta = TimeDelta::hours(4);

/// The times before the day, which begins at midnight, at which it is remembered: at nine in the morning, a week before and on the
/// last day before.
const REMINDERS: [TimeDelta; 2] = [TimeDelta::hours(7 * 24 - 9), TimeDelta::hours(24 - 9)];

/// A calendar of deadlines.
pub struct DeadlineCalendar<'c> {
    /// The language of its words, and the authority's own.
    pub writing: Writing<'c>,
    /// The person whose deadlines they are.
    pub responsible: &'c str,
    /// True if titles are shown.
    pub titles: bool,
    /// The day on which it is read.
    pub today: NaiveDate,
    /// The address of the service, where records without one of their own are read.
    pub base: &'c str,
}

impl DeadlineCalendar<'_> {
    /// The calendar of records, as text.
    pub fn text(&self, rows: &[StoredRecord]) -> String {
        let name = printable(&self.writing.lang.labelled(&self.writing.text("deadlines-title"), self.responsible));
        let mut calendar = Calendar::empty();
        calendar
            .append_property(("VERSION", "2.0"))
            .append_property(Property::new(
                "PRODID",
                format!("-//aufsicht//deadlines//{}", self.writing.lang.code().to_uppercase()),
            ))
            .append_property(("METHOD", "PUBLISH"))
            .ttl(&REFRESH);
        for key in ["NAME", "X-WR-CALNAME"] {
            calendar.append_property(Property::new(key, &*name).add_parameter("VALUE", "TEXT").done());
        }
        calendar.extend(rows.iter().filter_map(|row| self.entry(&row.row)));
        calendar.to_string()
    }

    /// The entry of a record that is due; `None` for one that is not.
    fn entry(&self, columns: &RecordRow) -> Option<Event> {
        let due = columns.due_on?;
        let matter = self.matter(columns);
        let is_overdue = due < self.today;
        let summary = if is_overdue {
            self.writing.lang.labelled(&self.writing.text("deadlines-overdue"), &matter)
        } else {
            matter.clone()
        };
        let own = format!("{}/v1/{}/{}", self.base, columns.register, columns.id);
        let mut entry = Event::new();
        entry
            .uid(&format!("{}@aufsicht", columns.id))
            .timestamp(columns.updated_at.and_utc())
            .starts(due)
            .ends(due + Days::new(1))
            .summary(&printable(&summary))
            .url(&printable(columns.external_url.as_deref().unwrap_or(&own)))
            .add_property("TRANSP", "TRANSPARENT");
        if is_overdue {
            entry.priority(1);
        } else {
            for before in REMINDERS {
                let mut reminder = Alarm::display(&printable(&matter), -before);
                // Of its own the library would give it others each time, and the same would be another calendar.
                reminder.uid(&format!("{}-{}@aufsicht", columns.id, before.num_hours()));
                reminder.timestamp(columns.updated_at.and_utc());
                entry.alarm(reminder);
            }
        }
        Some(entry.done())
    }

    /// The number of a record with its title, or with its register.
    fn matter(&self, columns: &RecordRow) -> String {
        match self.titles {
            true => format!("{} {}", columns.number, columns.title),
            false => {
                format!("{} ({})", columns.number, self.writing.register(&columns.register))
            }
        }
    }
}

/// A text without control characters, which iCalendar does not know, and without what some readers take for the end of
/// a line. A space stands for each.
fn printable(text: &str) -> String {
    text.replace(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'), " ")
}

#[cfg(test)]
mod tests {
    use crate::api::calendar::*;
    use crate::messages::Lang;

    fn summary(text: &str) -> String {
        let mut calendar = Calendar::empty();
        calendar.push(Event::new().summary(&printable(text)).done());
        calendar.to_string()
    }

    #[test]
    fn long_lines_are_folded_between_characters() {
        for title in ["ä".repeat(60), "Aufsicht ".repeat(40), "x ä 老虎".repeat(30)] {
            let text = summary(&title);
            assert!(text.split("\r\n").all(|line| line.len() <= 75), "{text}");
            assert!(text.replace("\r\n ", "").contains(&format!("\r\nSUMMARY:{title}\r\n")), "{text}");
        }
    }

    #[test]
    fn what_separates_is_escaped_and_nothing_ends_a_line() {
        let text = summary("a,b;c\\d\u{85}END:VEVENT\r\n\u{2028}b\u{b}c");
        assert!(text.contains("\r\nSUMMARY:a\\,b\\;c\\\\d END:VEVENT   b c\r\n"), "{text}");
        assert_eq!(text.split(char::is_control).filter(|line| *line == "END:VEVENT").count(), 1);
    }

    #[test]
    fn the_name_of_a_calendar_is_a_text_too() {
        let today = NaiveDate::default();
        let calendar =
            DeadlineCalendar { writing: Lang::Fr.into(), responsible: "RF, Amt;\r\nx", titles: true, today, base: "" };
        let text = calendar.text(&[]);
        assert!(text.contains("\r\nX-WR-CALNAME;VALUE=TEXT:Échéances\u{a0}: RF\\, Amt\\;  x\r\n"), "{text}");
        assert!(text.contains("\r\nREFRESH-INTERVAL;VALUE=DURATION:PT14400S\r\n"), "{text}");
    }
}
