//! Dimensions and numbers of the authority's own that had other names: what records carry, and what is sent or asked for under a
//! former name, is the same thing.

use serde_json::{Map, Value};

use super::{OWN, Vocabulary};
use crate::registers::Register;

/// A name in `own` that is another now.
#[derive(Clone, Copy, Debug)]
pub struct Renaming<'v> {
    /// The former name.
    pub was: &'v str,
    /// The name now.
    pub name: &'static str,
    /// The registers whose records have it.
    pub registers: &'v [&'static str],
}

impl Vocabulary {
    /// The names that are others now.
    pub fn renamings(&self) -> impl Iterator<Item = Renaming<'_>> {
        let dimensions = self.dimensions.iter().map(|own| (own.name(), &own.was, &own.registers));
        let numbers = self.numbers.iter().map(|own| (own.name(), &own.was, &own.registers));
        dimensions.chain(numbers).flat_map(|(name, was, registers)| {
            was.iter().map(move |was| Renaming { was, name, registers: registers.as_slice() })
        })
    }

    /// Gives what stands under a former name in the `own` of a record the name that it has now, unless something else stands there.
    pub fn rename(&self, register: &Register, own: &mut Map<String, Value>) {
        for Renaming { was, name, .. } in self.renamings_of(register) {
            let is_free = own.get(name).is_none_or(|held| own.get(was) == Some(held));
            if let Some(value) = if is_free { own.shift_remove(was) } else { None } {
                own.insert(name.to_owned(), value);
            }
        }
    }

    /// The name that a name in the `own` of a register's records is now; none where it was no other.
    pub fn name_now(&self, register: &Register, name: &str) -> Option<&'static str> {
        self.renamings_of(register).find(|renaming| renaming.was == name).map(|renaming| renaming.name)
    }

    /// The former names with their prefix, each with the one that it is now.
    pub fn former_paths(&self) -> Vec<(String, String)> {
        self.renamings().map(|Renaming { was, name, .. }| (format!("{OWN}{was}"), format!("{OWN}{name}"))).collect()
    }

    /// The path that a former one is now; none where it was no other.
    pub fn path_now(&self, path: &str) -> Option<String> {
        self.former_paths().into_iter().find(|(was, _)| was == path).map(|(_, now)| now)
    }

    fn renamings_of(&self, register: &Register) -> impl Iterator<Item = Renaming<'_>> {
        self.renamings().filter(|renaming| renaming.registers.contains(&register.name))
    }
}
