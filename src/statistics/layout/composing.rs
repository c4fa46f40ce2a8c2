//! The compositions of lines: sums and rests resolved, and refused where something would count twice or nothing counts.

use std::cell::RefCell;
use std::collections::HashMap;

use toml::Spanned;

use super::refusals::no_line;
use super::{Composition, LayoutLine, LineSource, Part, Quantity, Years};
use crate::source::{Refusal, refuse};

/// Lines whose composition is found.
pub(super) struct Composing<'a> {
    /// Their codes as they are written.
    pub(super) codes: &'a [&'a Spanned<String>],
    pub(super) lines: &'a [LayoutLine],
    pub(super) places: &'a HashMap<String, usize>,
    /// The compositions found so far, each kept since a line can be a part of many others.
    pub(super) found: RefCell<HashMap<usize, Composition>>,
}

impl Composing<'_> {
    /// The composition of a line that counts something in years in which it is collected, and nothing twice.
    pub(super) fn checked(&self, at: usize) -> Result<Composition, Refusal> {
        let content = self.content(at, &mut Vec::new())?;
        let (line, code) = (&self.lines[at], self.codes[at]);
        if line.is_heading() {
            return Ok(content);
        }
        if content.years().is_empty() {
            return refuse(code, format!("the line {} counts nothing", line.code));
        }
        if !line.collected.meets(&content.years()) {
            let reason = format!("the line {} counts nothing in the years in which it is collected", line.code);
            return refuse(code, reason);
        }
        Ok(content)
    }

    /// The composition; `path` leads to the line through those that are derived from it.
    fn content(&self, at: usize, path: &mut Vec<usize>) -> Result<Composition, Refusal> {
        if let Some(found) = self.found.borrow().get(&at) {
            return Ok(found.clone());
        }
        let (line, code) = (&self.lines[at], self.codes[at]);
        if path.contains(&at) {
            return refuse(code, format!("the line {} is a part of its own sum", line.code));
        }
        path.push(at);
        let content = self.content_of(at, path)?;
        path.pop();
        if content.overlaps_itself() {
            return refuse(code, twice(&line.code));
        }
        self.found.borrow_mut().insert(at, content.clone());
        Ok(content)
    }

    fn content_of(&self, at: usize, path: &mut Vec<usize>) -> Result<Composition, Refusal> {
        let (line, code) = (&self.lines[at], self.codes[at]);
        let mut all = Composition::default();
        match &line.source {
            LineSource::Count(selections, quantity) => {
                all.counted = selections.iter().map(|one| Part::of(one.clone(), quantity.clone())).collect();
            }
            LineSource::DaysMean(selections) | LineSource::DaysMedian(selections) => {
                all.counted = selections.iter().map(|one| Part::of(one.clone(), Quantity::Closed)).collect();
            }
            LineSource::Sum(parts) => {
                for part in parts {
                    let part = self.additive(part, code, path)?;
                    if all.overlaps(&part) {
                        return refuse(code, twice(&line.code));
                    }
                    all.extend(part);
                }
            }
            LineSource::Rest { of, less } => all = self.rest(at, of, less, path)?,
            LineSource::Share { of, whole } => {
                all = self.additive(of, code, path)?;
                let whole = self.additive(whole, code, path)?;
                if !whole.years().meets(&all.years()) {
                    return refuse(code, format!("the line {} is a share of what is not collected with it", line.code));
                }
            }
            LineSource::Entered => all.entered.push((line.code.clone(), Years::default())),
            LineSource::Heading => {}
        }
        Ok(all)
    }

    fn rest(&self, at: usize, of: &str, less: &[String], path: &mut Vec<usize>) -> Result<Composition, Refusal> {
        let (line, code) = (&self.lines[at], self.codes[at]);
        let whole = self.additive(of, code, path)?;
        let mut taken = Composition::default();
        for part in less {
            let composition = self.additive(part, code, path)?;
            if taken.overlaps(&composition) {
                let reason = format!("the rest {} could take a record away twice: lines of less overlap", line.code);
                return refuse(code, reason);
            }
            if whole.entered.is_empty() && composition.entered.is_empty() && !whole.overlaps(&composition) {
                return refuse(code, format!("the rest {}: nothing of {part} is in {of}", line.code));
            }
            taken.extend(composition);
        }
        if taken.years().is_empty() {
            return refuse(code, format!("the rest {} takes nothing away: name lines in less", line.code));
        }
        Ok(whole.without(&taken))
    }

    /// The composition of a line whose figures add up with others, in the years in which it is collected.
    fn additive(&self, code: &str, by: &Spanned<String>, path: &mut Vec<usize>) -> Result<Composition, Refusal> {
        let Some(at) = self.places.get(code) else { return no_line(by, self.places.keys()) };
        let line = &self.lines[*at];
        if !line.source.is_additive() {
            let reason =
                format!("the line {code} does not add up with others: {} needs lines that count", by.get_ref());
            return refuse(by, reason);
        }
        Ok(self.content(*at, path)?.within(&line.collected))
    }
}

fn twice(code: &str) -> String {
    format!("the line {code} could count a record twice: its selections overlap")
}
