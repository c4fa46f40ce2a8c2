//! Years in which something was collected: any number of spans.

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::calendar::YEARS;

/// Spans of years, each with its first and its last one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Years(Vec<(i32, i32)>);

impl Default for Years {
    /// All years.
    fn default() -> Self {
        Years(vec![(i32::MIN, i32::MAX)])
    }
}

impl Years {
    /// True if the year is among them.
    pub fn contains(&self, year: i32) -> bool {
        self.0.iter().any(|(first, last)| (*first..=*last).contains(&year))
    }

    /// True if there are no years.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The years that are in both.
    pub fn intersection(&self, other: &Years) -> Years {
        let both = self
            .0
            .iter()
            .flat_map(|(first, last)| other.0.iter().map(move |(from, to)| (*first.max(from), *last.min(to))));
        Years(both.filter(|(first, last)| first <= last).collect())
    }

    /// True if a year is in both.
    pub fn meets(&self, other: &Years) -> bool {
        !self.intersection(other).is_empty()
    }

    /// True if all years of another are among them.
    pub fn covers(&self, other: &Years) -> bool {
        other.0.iter().all(|(first, last)| self.0.iter().any(|(from, to)| from <= first && last <= to))
    }

    /// The years of one span.
    pub fn span(from: Option<i32>, to: Option<i32>) -> Years {
        Years(vec![(from.unwrap_or(i32::MIN), to.unwrap_or(i32::MAX))])
    }

    /// The years that are in any.
    pub fn union<'a>(all: impl Iterator<Item = &'a Years>) -> Years {
        Years(all.flat_map(|years| years.0.iter().copied()).collect())
    }

    /// The first year between two spans that is among others.
    pub fn gap(&self, others: &Years) -> Option<i32> {
        let ends = self.0.iter().filter_map(|(_, last)| last.checked_add(1));
        let gaps = ends.filter(|year| !self.contains(*year)).filter_map(|from| {
            let next = self.0.iter().map(|(first, _)| *first).filter(|first| *first > from).min()?;
            others.intersection(&Years(vec![(from, next - 1)])).0.first().map(|(first, _)| *first)
        });
        gaps.min()
    }

    /// The year among them that is nearest.
    pub fn nearest(&self, year: i32) -> i32 {
        let of_span = self.0.iter().map(|(first, last)| year.clamp(*first, *last));
        of_span.min_by_key(|near| near.abs_diff(year)).unwrap_or(year)
    }

    /// The years that begin a span or follow one.
    pub fn turns(&self) -> impl Iterator<Item = i32> {
        self.0.iter().flat_map(|(first, last)| [Some(*first), last.checked_add(1)]).flatten()
    }

    /// A span that ends before it begins, meets another one, or names a year that nothing is of.
    pub fn fault(&self) -> Option<String> {
        if self.0.is_empty() {
            return Some("collected has no span of years; leave it out where a rubric was always collected".into());
        }
        if self.0.iter().any(|(first, last)| first > last) {
            return Some("collected.from must not be after collected.to".into());
        }
        let mut ends = self.0.iter().flat_map(|(first, last)| [*first, *last]);
        if let Some(year) = ends.find(|year| ![i32::MIN, i32::MAX].contains(year) && !YEARS.contains(year)) {
            return Some(format!("collected names {year}; years are from {} to {}", YEARS.start(), YEARS.end()));
        }
        let meet = |(index, one): (usize, &(i32, i32))| {
            self.0[..index].iter().any(|other| one.0 <= other.1 && other.0 <= one.1)
        };
        self.0.iter().enumerate().any(meet).then(|| "the spans of collected must not meet".into())
    }
}

/// A span as a layout writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct YearSpan {
    from: Option<i32>,
    to: Option<i32>,
}

impl YearSpan {
    fn years(self) -> (i32, i32) {
        (self.from.unwrap_or(i32::MIN), self.to.unwrap_or(i32::MAX))
    }
}

impl<'de> Deserialize<'de> for Years {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(YearsVisitor)
    }
}

/// Reads one span, or a list of them.
struct YearsVisitor;

impl<'de> Visitor<'de> for YearsVisitor {
    type Value = Years;

    fn expecting(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        formatter.write_str("a span of years such as { from = 2012 }, or a list of spans")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Years, A::Error> {
        let span = YearSpan::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Years(vec![span.years()]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Years, A::Error> {
        let spans: Vec<YearSpan> = Deserialize::deserialize(SeqAccessDeserializer::new(seq))?;
        Ok(Years(spans.into_iter().map(YearSpan::years).collect()))
    }
}
