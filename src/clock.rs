//! The one place that asks what time it is, so that tests can say it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, SubsecRound, TimeDelta, Utc};
use chrono_tz::Europe::Zurich;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Tells the present instant: the system's, or one that a test has set.
#[derive(Clone, Debug)]
pub struct Clock {
    /// Microseconds since 1970, where the time has been set.
    set_to: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Clock { set_to: None }
    }

    /// A clock that stands still at `instant` until it is set again.
    pub fn fixed(instant: DateTime<Utc>) -> Self {
        Clock { set_to: Some(Arc::new(AtomicI64::new(instant.timestamp_micros()))) }
    }

    /// Sets a fixed clock, and all its clones; the system's clock is left as it is.
    pub fn set(&self, instant: DateTime<Utc>) {
        if let Some(micros) = &self.set_to {
            micros.store(instant.timestamp_micros(), Ordering::SeqCst);
        }
    }

    /// The present instant in UTC, in whole microseconds (what both databases keep).
    #[allow(clippy::disallowed_methods)]
    pub fn now(&self) -> NaiveDateTime {
        let set_to = self.set_to.as_ref().and_then(|m| DateTime::from_timestamp_micros(m.load(Ordering::SeqCst)));
        set_to.unwrap_or_else(Utc::now).trunc_subsecs(6).naive_utc()
    }

    /// Today's civil date in Europe/Zurich: what "received today" means at the authority.
    pub fn today(&self) -> NaiveDate {
        self.now().and_utc().with_timezone(&Zurich).date_naive()
    }
}

/// The age that an entry must have before what is kept for a time is deleted by it. A clock that is ahead makes all of it old
/// at once; what is deleted is reckoned from the newest entry of this age, therefore, which nobody writes before the
/// clock has been ahead for so long.
pub const SETTLED: TimeDelta = TimeDelta::days(7);

/// An instant as it stands in answers: RFC 3339 in UTC.
pub fn instant(at: NaiveDateTime) -> String {
    at.and_utc().to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// Writes an instant as it stands in answers.
pub fn write_instant<S: Serializer>(at: &NaiveDateTime, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&instant(*at))
}

/// Reads an instant that [`write_instant`] has written.
pub fn read_instant<'de, D: Deserializer<'de>>(from: D) -> Result<NaiveDateTime, D::Error> {
    let instant = DateTime::parse_from_rfc3339(&String::deserialize(from)?);
    instant.map(|at| at.naive_utc()).map_err(serde::de::Error::custom)
}

/// The same for one that need not be.
pub fn write_optional_instant<S: Serializer>(at: &Option<NaiveDateTime>, to: S) -> Result<S::Ok, S::Error> {
    at.map(instant).serialize(to)
}
