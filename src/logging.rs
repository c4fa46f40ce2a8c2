//! The log: a line for each event, as text or as JSON. What goes wrong again and again in the same words is summed up, so that
//! an outage does not bury everything else.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, SecondsFormat, Utc};
use env_logger::WriteStyle;
use log::kv::{Error as KvError, Key, Value, VisitSource};
use log::{Level, LevelFilter, Log, Metadata, Record};
use serde_json::Map;

use crate::config::LogFormat;
use crate::error::{Error, Result};

/// The key of a record that is an event of its own, such as a request: it is never summed up.
pub const EVENT: &str = "event";

/// The time for which what is said again is only counted.
const WINDOW: Duration = Duration::from_secs(10);

/// The most sayings that are known at a time; beyond them all is told.
const KNOWN: usize = 256;

/// Starts the log, with the levels of `RUST_LOG`.
pub fn start(format: LogFormat) -> Result<()> {
    let mut builder = env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("info"));
    // What these say below `info` holds whole addresses: those of webhooks can be secrets.
    ["ureq", "ureq_proto"].iter().for_each(|module| {
        builder.filter_module(module, LevelFilter::Info);
    });
    // It warns of each font and filter that a drawing does without.
    builder.filter_module("usvg", LevelFilter::Error);
    let is_seen = std::io::stderr().is_terminal();
    if !is_seen {
        // There is no style in it that would have to be taken out of each line.
        builder.write_style(WriteStyle::Always);
    }
    match format {
        LogFormat::Text => builder.format(move |out, record| {
            let style = if is_seen { out.default_level_style(record.level()) } else { Default::default() };
            writeln!(out, "[{} {style}{:<5}{style:#} {}] {}", time(), record.level(), record.target(), text(record))
        }),
        LogFormat::Json => builder.format(|out, record| writeln!(out, "{}", json(record))),
    };
    let inner = builder.build();
    let most = inner.filter();
    let started = log::set_boxed_logger(Box::new(Summed { inner, said: Mutex::default() }));
    started.map_err(|error| Error::Internal(error.to_string()))?;
    log::set_max_level(most);
    Ok(())
}

/// The time as the log has it: that of the machine, whatever the service's own clock says.
#[allow(clippy::disallowed_methods)]
fn time() -> String {
    DateTime::<Utc>::to_rfc3339_opts(&Utc::now(), SecondsFormat::Millis, true)
}

/// A message on one line, without what a terminal would obey.
fn line(record: &Record) -> String {
    let message = record.args().to_string();
    if !message.contains(char::is_control) {
        return message;
    }
    let lines = message.split(['\n', '\r']).map(|line| line.replace(char::is_control, " ").trim().to_owned());
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ")
}

/// A named value of a record.
enum Named<'v> {
    Number(u64),
    Text(Cow<'v, str>),
}

/// Shows each named value of a record, in their order; those that are empty are left out.
struct EachNamed<F>(F);

impl<'v, F: FnMut(&str, Named<'_>)> VisitSource<'v> for EachNamed<F> {
    fn visit_pair(&mut self, key: Key<'v>, value: Value<'v>) -> std::result::Result<(), KvError> {
        let text = match (value.to_borrowed_str(), value.to_u64()) {
            (Some(text), _) => Cow::Borrowed(text),
            (None, Some(number)) => {
                (self.0)(key.as_str(), Named::Number(number));
                return Ok(());
            }
            (None, None) => value.to_string().into(),
        };
        if !text.is_empty() {
            (self.0)(key.as_str(), Named::Text(text));
        }
        Ok(())
    }
}

fn each_named(record: &Record, show: impl FnMut(&str, Named<'_>)) {
    // What cannot be read is left out.
    let _ = record.key_values().visit(&mut EachNamed(show));
}

fn text(record: &Record) -> String {
    let mut out = line(record);
    each_named(record, |key, value| {
        out.extend([" ", key, "="]);
        let is_word =
            |text: &str| !text.contains(|sign: char| sign.is_whitespace() || sign.is_control() || "\"=".contains(sign));
        match value {
            Named::Number(number) => out += &number.to_string(),
            Named::Text(text) if is_word(&text) => out += &text,
            Named::Text(text) => out += &serde_json::Value::from(text).to_string().replace(char::is_control, " "),
        }
    });
    out
}

fn json(record: &Record) -> String {
    let mut out = Map::new();
    out.insert("time".into(), time().into());
    out.insert("level".into(), record.level().as_str().into());
    out.insert("target".into(), record.target().into());
    out.insert("message".into(), line(record).into());
    each_named(record, |key, value| {
        let value = match value {
            Named::Number(number) => number.into(),
            Named::Text(text) => text.into(),
        };
        out.insert(key.into(), value);
    });
    serde_json::Value::Object(out).to_string()
}

/// A log that sums up.
struct Summed<L> {
    inner: L,
    said: Mutex<HashMap<String, Saying>>,
}

/// Something that was said.
struct Saying {
    at: Instant,
    level: Level,
    again: u64,
}

impl<L: Log> Summed<L> {
    fn said(&self) -> MutexGuard<'_, HashMap<String, Saying>> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True if a record is to be written: it was not said just now.
    fn is_new(&self, record: &Record) -> bool {
        if record.level() > Level::Warn || record.key_values().get(Key::from_str(EVENT)).is_some() {
            return true;
        }
        let (text, mut said) = (line(record), self.said());
        match said.get_mut(&text) {
            Some(saying) => {
                saying.again += 1;
                false
            }
            None => {
                if said.len() < KNOWN {
                    said.insert(text, Saying { at: Instant::now(), level: record.level(), again: 0 });
                }
                true
            }
        }
    }

    /// Tells how often was said again what is longer ago than the window.
    fn sum_up(&self, window: Duration) {
        let mut over = Vec::new();
        self.said().retain(|text, saying| {
            let is_over = saying.at.elapsed() >= window;
            if is_over && saying.again > 0 {
                over.push((text.clone(), saying.level, saying.again));
            }
            !is_over
        });
        for (text, level, again) in over {
            let words = format_args!("{again} times more within {} s: {text}", WINDOW.as_secs()).to_string();
            self.inner
                .log(&Record::builder().level(level).target(module_path!()).args(format_args!("{words}")).build());
        }
    }
}

impl<L: Log> Log for Summed<L> {
    fn enabled(&self, metadata: &Metadata) -> bool {
        self.inner.enabled(metadata)
    }

    fn log(&self, record: &Record) {
        if !self.inner.enabled(record.metadata()) {
            return;
        }
        self.sum_up(WINDOW);
        if self.is_new(record) {
            self.inner.log(record);
        }
    }

    fn flush(&self) {
        self.sum_up(Duration::ZERO);
        self.inner.flush();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// Keeps what is written.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<String>>>);

    impl Log for Kept {
        fn enabled(&self, _: &Metadata) -> bool {
            true
        }

        fn log(&self, record: &Record) {
            self.0.lock().unwrap().push(text(record));
        }

        fn flush(&self) {}
    }

    #[test]
    fn what_goes_wrong_again_is_summed_up_and_events_are_not() {
        let kept = Kept::default();
        let log = Summed { inner: kept.clone(), said: Mutex::default() };
        let say = |level, text: &str| log.log(&Record::builder().level(level).args(format_args!("{text}")).build());
        (0..3).for_each(|_| say(Level::Error, "the database\n  is\tgone\u{1b}"));
        (0..2).for_each(|_| say(Level::Info, "hello"));
        let event = [(EVENT, "login_failed"), ("account", ""), ("subject", "A B\u{1b}[2J")];
        for _ in 0..2 {
            log.log(&Record::builder().level(Level::Warn).args(format_args!("no")).key_values(&event).build());
        }
        log.flush();
        let lines = [
            "the database; is gone",
            "hello",
            "hello",
            "no event=login_failed subject=\"A B\\u001b[2J\"",
            "no event=login_failed subject=\"A B\\u001b[2J\"",
            "2 times more within 10 s: the database; is gone",
        ];
        assert_eq!(*kept.0.lock().unwrap(), lines);
        say(Level::Error, "the database is gone");
        assert_eq!(kept.0.lock().unwrap().len(), lines.len() + 1, "a new outage is told at once");
    }

    #[test]
    fn a_line_of_json_has_the_named_values() {
        let values = [("status", Value::from(503)), ("route", Value::from("/v1/cases/{id}"))];
        let record = Record::builder()
            .level(Level::Info)
            .target("t")
            .args(format_args!("a \"b\"\nc"))
            .key_values(&values)
            .build();
        let line: serde_json::Value = serde_json::from_str(&json(&record)).unwrap();
        assert_eq!(
            (&line["message"], &line["status"], &line["level"]),
            (&"a \"b\"; c".into(), &503.into(), &"INFO".into())
        );
        assert_eq!(line["route"], "/v1/cases/{id}");
    }
}
