//! The faults of one input, collected with their places.

use crate::error::{Allowed, Error, Fault, FaultList, Result};

/// The faults of one body, collected.
#[derive(Debug, Default)]
pub struct Faults(pub(crate) FaultList);

impl Faults {
    /// Notes a fault, unless its place has one already.
    pub fn add(&mut self, pointer: impl Into<String>, code: &str, detail: impl Into<String>) {
        self.0.add(Fault::at(pointer, code, detail));
    }

    /// The same with what would be right.
    pub fn add_allowing(
        &mut self,
        pointer: impl Into<String>,
        code: &str,
        detail: impl Into<String>,
        allowed: Allowed,
    ) {
        self.0.add(Fault::at(pointer, code, detail).allowing(allowed));
    }

    /// Takes in the faults of other properties, under the names that `called` gives them.
    pub fn take_in(&mut self, others: Faults, called: impl Fn(&str) -> Option<&'static str>) {
        self.0.take_in(others.0, |fault| {
            let pointer = fault.pointer.unwrap_or_default();
            let mut parts = pointer.splitn(3, '/').skip(1);
            let name = parts.next().map(|name| format!("/{}", called(name).unwrap_or(name))).unwrap_or_default();
            let rest = parts.next().map(|rest| format!("/{rest}")).unwrap_or_default();
            Fault { pointer: Some(name + &rest), ..fault }
        });
    }

    /// Says more of some faults.
    pub fn tell_more(&mut self, more: impl Fn(&mut Fault)) {
        self.0.told_mut().for_each(more);
    }

    /// Fails if there is any fault.
    pub fn into_result(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Validation(self.0.into_faults())) }
    }
}

/// Escapes a key for a JSON Pointer.
pub fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
