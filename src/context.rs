//! The context of an operation: who acts, when, in which request, and with which keys.

use chrono::NaiveDateTime;

use crate::error::Result;
use crate::identity::Identity;
use crate::seal::Keys;
use crate::trace::TraceParent;

/// The context of a change: who makes it, when, and in which request.
#[derive(Clone, Debug)]
pub struct OperationContext {
    /// The identity that acts.
    pub actor: Identity,
    /// The request id.
    pub request_id: String,
    /// The trace that the request belongs to.
    pub trace: Option<TraceParent>,
    /// The time of the change.
    pub at: NaiveDateTime,
    /// The keys that personal data is sealed with.
    pub keys: Keys,
    /// The registers that who acts is bound to; none for all of them.
    pub registers: Option<Vec<String>>,
}

impl OperationContext {
    /// Runs work, and again with the keys of records that it lacked: then it has written nothing. For threads that may wait.
    pub fn providing<T>(&self, mut work: impl FnMut(&OperationContext) -> Result<T>) -> Result<T> {
        self.keys.providing(|keys| work(&OperationContext { keys: keys.clone(), ..self.clone() }))
    }

    /// True if the actor may learn what the register holds.
    pub fn can_access(&self, register: &str) -> bool {
        self.registers.as_ref().is_none_or(|registers| registers.iter().any(|name| name == register))
    }
}
