//! Queries of Diesel's that a connection prepares once and keeps, and columns whose SQL is put together once.

use std::marker::PhantomData;

use diesel::debug_query;
use diesel::expression::{Expression, ValidGrouping};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sqlite::Sqlite;

use super::connection::{Backend, Db};

/// A query that is kept prepared under its text, for `load` and `get_result`. Diesel prepares updates and raw SQL anew
/// each time, because their text could be different each time. Here it is one of a few. (`execute` asks a reference to
/// the statement whether it can be kept, which does not know: use `returning` there, or a [`Statement`](super::Statement).)
pub struct Cached<S>(S);

/// Keeps a query prepared.
pub fn cached<S>(statement: S) -> Cached<S> {
    Cached(statement)
}

impl<S: QueryFragment<Backend>> QueryFragment<Backend> for Cached<S> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        self.0.walk_ast(pass)
    }

    fn is_safe_to_cache_prepared(&self, _: &Backend) -> QueryResult<bool> {
        Ok(true)
    }
}

impl<S> QueryId for Cached<S> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<S: Query> Query for Cached<S> {
    type SqlType = S::SqlType;
}

impl<S> RunQueryDsl<Db> for Cached<S> {}

/// Columns whose SQL is put together once, by [`static_sql`]. Diesel puts it together for each query: for the many columns of
/// a record that takes as long as to look for the record.
pub struct StaticColumns<Columns> {
    sql: &'static str,
    columns: PhantomData<Columns>,
}

/// The SQL of columns, for both databases: their names need no quotes.
pub fn static_sql(columns: impl QueryFragment<Sqlite>) -> String {
    let sql = debug_query::<Sqlite, _>(&columns).to_string().replace('`', "");
    sql.split(" -- binds").take(1).collect()
}

impl<Columns> StaticColumns<Columns> {
    /// These columns, as this SQL has them.
    pub fn new(sql: &'static str) -> Self {
        StaticColumns { sql, columns: PhantomData }
    }
}

impl<Columns: Expression> Expression for StaticColumns<Columns> {
    type SqlType = Columns::SqlType;
}

impl<Columns: ValidGrouping<By>, By> ValidGrouping<By> for StaticColumns<Columns> {
    type IsAggregate = Columns::IsAggregate;
}

impl<Columns: AppearsOnTable<Table>, Table> AppearsOnTable<Table> for StaticColumns<Columns> {}

impl<Columns: SelectableExpression<Source>, Source> SelectableExpression<Source> for StaticColumns<Columns> {}

impl<Columns> QueryFragment<Backend> for StaticColumns<Columns> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        pass.push_sql(self.sql);
        Ok(())
    }
}

impl<Columns> QueryId for StaticColumns<Columns> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
