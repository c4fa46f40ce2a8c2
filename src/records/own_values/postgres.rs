//! PostgreSQL's index of values: a row for each record, with all of its values as terms of one text, which an index takes apart. A
//! row for each value took four times as long, and four times the space.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

use super::{StoredOwnValues, ValueIndex, Wanted};
use crate::db::schema::{own_said, records};
use crate::db::{Db, DeferredRow, Dialect, InsertBatch, WriteTransaction, cached, insert_rows, upsert_rows};
use crate::error::Result;
use crate::records::find::Condition;
use crate::records::said::Said;
use crate::registers::BESIDE;

/// Stands between terms, and between a name and its value. Neither is in a code or in a name.
const BETWEEN: &str = ",";
const IS: char = '=';

diesel::define_sql_function! {
    /// The terms of a text.
    fn own_terms(said: Text) -> Array<Text>;
}

diesel::infix_operator!(Overlaps, " && ", Bool);

/// The terms of all that a record says: each value with its name, the name alone, and that of its list.
struct SaidTerms {
    record_id: String,
    said: String,
    /// True where it has a row already.
    is_held: bool,
}

impl DeferredRow for SaidTerms {
    const RANK: u8 = 1;

    fn insert<'r>(db: &mut Db, batch: &mut InsertBatch<'r>, rows: &'r [Self]) -> Result<()> {
        let (held, new): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.is_held);
        insert_rows!(db, batch, new, own_said(record_id, said))?;
        upsert_rows!(db, batch, held, own_said(record_id; said))
    }
}

/// The terms of values; nothing where there are none.
fn terms(said: &Said) -> String {
    let mut terms: BTreeSet<String> = BTreeSet::new();
    for (name, value) in said.iter().filter_map(|(name, (value, _))| Some((name, value.as_ref()?))) {
        let list = name.rsplit_once(BESIDE).map(|(list, _)| list).filter(|list| !list.is_empty());
        terms.extend(list.map(str::to_owned));
        terms.extend([name.clone(), format!("{name}{IS}{value}")]);
    }
    terms.into_iter().collect::<Vec<_>>().join(BETWEEN)
}

/// The table of terms.
pub(super) struct ValuesByRecord;

impl ValueIndex for ValuesByRecord {
    fn store(&self, tx: &mut WriteTransaction, id: &str, before: &Said, after: &Said) -> Result<()> {
        let (was, said) = (terms(before), terms(after));
        if said.is_empty() && !was.is_empty() {
            let stale = diesel::delete(own_said::table.find(id)).returning(own_said::record_id);
            cached(stale).load::<String>(tx.flushed_up_to::<SaidTerms>()?)?;
        } else if said != was {
            tx.flushed_if(|new: &SaidTerms| new.record_id == id)?;
            tx.defer(SaidTerms { record_id: id.to_owned(), said, is_held: !was.is_empty() });
        }
        Ok(())
    }

    fn condition(&self, _: &dyn Dialect, wanted: Wanted) -> Condition {
        let terms = match wanted {
            Wanted::Any(name) | Wanted::Listed(name) => name.to_owned(),
            Wanted::OneOf(name, values) => {
                let terms: Vec<String> = values.iter().map(|value| format!("{name}{IS}{value}")).collect();
                terms.join(BETWEEN)
            }
        };
        let has = Overlaps::new(own_terms(own_said::said), own_terms(terms));
        Box::new(records::id.eq_any(own_said::table.filter(has).select(own_said::record_id)))
    }

    fn count(&self, db: &mut Db) -> Result<i64> {
        Ok(own_said::table.count().get_result(db)?)
    }

    fn read(&self, db: &mut Db, records: &[(&str, Said)], stored: &mut StoredOwnValues) -> Result<()> {
        let of_documents: BTreeMap<&str, &Said> = records.iter().map(|(id, said)| (*id, said)).collect();
        let rows = own_said::table.filter(own_said::record_id.eq_any(of_documents.keys().copied()));
        let rows: Vec<(String, String)> = rows.select((own_said::record_id, own_said::said)).load(db)?;
        stored.count += rows.len() as i64;
        for (id, held) in rows {
            let Some(said) = of_documents.get(id.as_str()) else { continue };
            // Of other terms than the record's nothing is told.
            if terms(said) == held {
                let values = said.iter().filter(|(_, (value, _))| value.is_some());
                let values = values.map(|(name, said)| (name.clone(), said.clone()));
                stored.values.entry(id).or_default().extend(values);
            }
        }
        Ok(())
    }
}
