//! The limit of detail for figures asked for without the scope `register:read`. Figures follow from single matters: the
//! more properties they are broken down by, the fewer matters stand behind each. And what each member of staff does is
//! no statistic of the authority's services.

use crate::auth::{Caller, Scope};
use crate::error::{Error, Result};
use crate::registers::Dimension;

/// By how many properties of matters figures are told to who may read the statistics alone.
const MOST: usize = 2;

/// The rule, for the API document.
pub const RULE: &str = "With `statistics:read` alone figures are told by two properties of the records at the most, as a \
    breakdown or a filter, besides the register and the year or quarter; the public body and the month count as one each. \
    More, and `responsible`, need `register:read` too.";

/// The properties that figures are asked by.
#[derive(Clone, Debug, Default)]
pub struct Detail {
    dimensions: Vec<Dimension>,
    others: usize,
}

impl Detail {
    /// Collects the dimensions that records are broken down by and chosen by; a dimension that is both counts once.
    pub fn of(dimensions: impl IntoIterator<Item = Dimension>) -> Self {
        let mut dimensions: Vec<Dimension> = dimensions.into_iter().collect();
        dimensions.sort();
        dimensions.dedup();
        dimensions.retain(|dimension| *dimension != Dimension::Register);
        Detail { dimensions, others: 0 }
    }

    /// The same with a further property that is no dimension, if so.
    pub fn and(mut self, further: bool) -> Self {
        self.others += usize::from(further);
        self
    }

    /// Fails with a 403 that names the scope where the figures would tell of single matters or single members of staff.
    pub fn permit(&self, caller: &Caller) -> Result<()> {
        let is_close = self.dimensions.contains(&Dimension::Responsible) || self.dimensions.len() + self.others > MOST;
        match is_close && !caller.has(Scope::RegisterRead) {
            true => Err(Error::MissingScope(Scope::RegisterRead.as_str())),
            false => Ok(()),
        }
    }
}

/// From how many matters on it is told how long they took. What is small for everybody is small here too.
pub fn least(threshold: u32, may_read: bool) -> i64 {
    if may_read { 0 } else { i64::from(threshold) + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registers::Dimension::*;

    #[test]
    fn two_properties_are_figures_and_three_are_matters() {
        let anybody = Caller::anonymous();
        let told = |detail: Detail| detail.permit(&anybody).is_ok();
        assert!(told(Detail::of([])) && told(Detail::of([Register, Area, Channel, Area])));
        assert!(told(Detail::of([Register, Area]).and(true).and(false)));
        assert!(!told(Detail::of([Area, Channel]).and(true)) && !told(Detail::of([Area, Channel, Requester])));
        assert!(!told(Detail::of([Responsible])));
        assert!(Detail::of(Dimension::ALL).and(true).permit(&Caller::internal("x")).is_ok());
    }
}
