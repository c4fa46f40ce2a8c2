//! The sender of a request, and the rights that the token of it gives.

use super::Scope;
use super::service_accounts::ServiceAccount;
use crate::error::{Error, Result};
use crate::identity::Identity;
use crate::records::view::View;
use crate::seal::Keys;

/// The sender of a request, as the token says.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The identity that the token vouches for, as it stands in the history.
    pub identity: Identity,
    /// The time when the token expires, in seconds since 1970.
    pub expires: i64,
    /// Set for a caller with no more rights than everybody: it sees what is published.
    pub is_anonymous: bool,
    /// The registers that it is bound to; none for all of them.
    pub registers: Option<Vec<String>>,
    pub(super) scopes: Vec<Scope>,
}

/// Narrows a choice of registers (empty: all of them) to those that may be seen (none: all of them).
pub fn restrict_registers(seen: Option<&[String]>, chosen: &mut Vec<String>) {
    let Some(registers) = seen else { return };
    if chosen.is_empty() {
        chosen.extend_from_slice(registers);
    }
    chosen.retain(|name| registers.contains(name));
    if chosen.is_empty() {
        // No register has this name: nothing is found, rather than everything.
        chosen.push("-".into());
    }
}

impl Caller {
    /// Returns what the caller may see and do, as text: the same for all who may the same.
    pub fn rights(&self) -> String {
        let mut scopes: Vec<&str> = self.scopes.iter().map(|scope| scope.as_str()).collect();
        scopes.sort();
        let registers = self.registers.as_ref().map_or_else(|| "all".to_owned(), |registers| registers.join(","));
        format!("{} {} {registers}", if self.is_anonymous { "everybody" } else { "known" }, scopes.join(","))
    }

    /// A caller inside the service itself, such as the import of the demonstration data.
    pub fn internal(subject: &str) -> Self {
        Caller {
            identity: Identity::system(subject),
            expires: i64::MAX,
            is_anonymous: false,
            registers: None,
            scopes: Scope::ALL.to_vec(),
        }
    }

    /// A caller without a token, or with one that does not allow more.
    pub fn anonymous() -> Self {
        Caller { scopes: Vec::new(), is_anonymous: true, ..Caller::internal("everybody") }
    }

    /// Returns how much of a record is shown, whatever the request was: one scope does not open what another guards.
    pub fn view<'a>(&self, keys: &'a Keys) -> View<'a> {
        match (self.is_anonymous, self.has(Scope::RegisterRead), self.sees_personal_data()) {
            (true, ..) => View::Public,
            (false, false, _) => View::Identity,
            (false, true, true) => View::Whole(keys),
            (false, true, false) => View::Impersonal,
        }
    }

    /// True if records of a register may be read.
    pub fn reads(&self, register: &str) -> bool {
        self.has(Scope::RegisterRead) && self.can_access(register)
    }

    /// True if the token has the scope.
    pub fn has(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// Fails with a 403 that names the scope unless the token has it.
    pub fn require(&self, scope: Scope) -> Result<()> {
        if self.has(scope) { Ok(()) } else { Err(Error::MissingScope(scope.as_str())) }
    }

    /// The same for a service account as it is now: with no more scopes than it has, bound to its registers.
    pub fn bound(mut self, client: &ServiceAccount) -> Self {
        self.scopes.retain(|scope| client.scopes.contains(scope));
        self.registers.clone_from(&client.registers);
        self
    }

    /// The key of its identity, which nobody else has, whatever they are called.
    pub fn account(&self) -> String {
        self.identity.key()
    }

    /// True if the caller is bound to no registers or to this one too, so that records of it may be seen and changed.
    pub fn can_access(&self, register: &str) -> bool {
        self.registers.as_ref().is_none_or(|registers| registers.iter().any(|name| name == register))
    }

    /// Narrows a choice of registers to those that may be seen.
    pub fn restrict_registers(&self, chosen: &mut Vec<String>) {
        restrict_registers(self.registers.as_deref(), chosen);
    }

    /// An error without what it tells of a record that may not be read.
    pub fn redact(&self, error: Error) -> Error {
        let hidden = |register: &Option<String>| register.as_ref().is_none_or(|name| !self.reads(name));
        match error {
            Error::Conflict { detail, register, .. } if hidden(&register) => {
                Error::Conflict { detail, record: None, register: None }
            }
            Error::StaleVersion { register, version, .. } if hidden(&register) => {
                Error::StaleVersion { record: None, register: None, version }
            }
            Error::Deleted { register, version, .. } if hidden(&register) => {
                Error::Deleted { record: None, register: None, version }
            }
            error => error,
        }
    }

    /// True if personal data may be seen in the records that may be read, and written in those that may be written.
    pub fn sees_personal_data(&self) -> bool {
        self.has(Scope::PersonalRead)
    }
}
