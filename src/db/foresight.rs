//! Foresight: the questions of writes, asked once for all that share a transaction.

use std::any::{Any, TypeId};
use std::collections::HashMap;

use super::transaction::WriteTransaction;
use crate::error::Result;

/// The questions of a write to the database, known before its turn: they are asked once for all writes that share a transaction.
pub trait Foresight: Send + 'static {
    /// Looks up what was foreseen and keeps it as [known](WriteTransaction::known).
    fn look_up(tx: &mut WriteTransaction, all: &[&Self]) -> Result<()>;
}

/// Foresight of whichever kind.
pub(super) struct AnyForesight {
    of: Box<dyn Any + Send>,
    look_up: LookUp,
}

type LookUp = fn(&mut WriteTransaction, &[&dyn Any]) -> Result<()>;

impl AnyForesight {
    pub(super) fn of<F: Foresight>(foresight: F) -> Self {
        let look_up: LookUp = |tx, all| {
            let of_kind: Vec<&F> = all.iter().filter_map(|of| of.downcast_ref()).collect();
            F::look_up(tx, &of_kind)
        };
        AnyForesight { of: Box::new(foresight), look_up }
    }

    /// Looks up what was foreseen, kind by kind.
    pub(super) fn look_up_all(tx: &mut WriteTransaction, foreseen: &[&AnyForesight]) -> Result<()> {
        let all: Vec<&dyn Any> = foreseen.iter().map(|foresight| foresight.of.as_ref() as &dyn Any).collect();
        let kinds: HashMap<TypeId, LookUp> = foreseen.iter().map(|of| (of.of.as_ref().type_id(), of.look_up)).collect();
        kinds.into_values().try_for_each(|look_up| look_up(tx, &all))
    }
}
