//! Statements that a connection prepares once and keeps.

use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;

use super::{Backend, Db};

/// A statement that is kept prepared under its text. Diesel prepares updates, raw SQL and inserts of optional values
/// anew each time, because their text could be different each time. Here it is one of a few.
pub struct Prepared<S>(S);

/// Keeps a statement prepared.
pub fn prepared<S>(statement: S) -> Prepared<S> {
    Prepared(statement)
}

impl<S: QueryFragment<Backend>> QueryFragment<Backend> for Prepared<S> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        self.0.walk_ast(pass)
    }

    fn is_safe_to_cache_prepared(&self, _: &Backend) -> QueryResult<bool> {
        Ok(true)
    }
}

impl<S> QueryId for Prepared<S> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<S: Query> Query for Prepared<S> {
    type SqlType = S::SqlType;
}

impl<S> RunQueryDsl<Db> for Prepared<S> {}
