//! Statements that a connection prepares once and keeps.

use std::borrow::Cow;
use std::marker::PhantomData;

use diesel::debug_query;
use diesel::expression::{AsExpression, Expression, ValidGrouping};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{SingleValue, SqlType, Text, Untyped};
use diesel::sqlite::Sqlite;

use super::{Backend, Db};

/// A query that is kept prepared under its text, for `load` and `get_result`. Diesel prepares updates and raw SQL anew
/// each time, because their text could be different each time. Here it is one of a few. (`execute` asks a reference to
/// the statement whether it can be kept, which does not know: use `returning` there, or a [`Statement`].)
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

/// SQL with values in between, which is kept prepared under its text however it is run. What it gives is loaded by the
/// names of the columns, or by their order once it is said what they are.
pub struct Statement<'f, Columns = Untyped> {
    parts: Vec<Part<'f>>,
    columns: PhantomData<Columns>,
}

enum Part<'f> {
    Sql(Cow<'static, str>),
    Value(Box<dyn QueryFragment<Backend> + 'f>),
}

impl<'f> Statement<'f> {
    /// Begins with SQL.
    pub fn new(sql: impl Into<Cow<'static, str>>) -> Self {
        Statement { parts: Vec::new(), columns: PhantomData }.sql(sql)
    }

    /// Says what the columns are that it gives, so that they are loaded by their order.
    pub fn giving<Columns>(self) -> Statement<'f, Columns> {
        Statement { parts: self.parts, columns: PhantomData }
    }

    /// Goes on with SQL.
    pub fn sql(mut self, sql: impl Into<Cow<'static, str>>) -> Self {
        self.parts.push(Part::Sql(sql.into()));
        self
    }

    /// Goes on with a value.
    pub fn bind<ST, V>(mut self, value: V) -> Self
    where
        ST: SqlType + SingleValue,
        V: AsExpression<ST>,
        V::Expression: Expression<SqlType = ST> + QueryFragment<Backend> + 'f,
    {
        self.parts.push(Part::Value(Box::new(value.as_expression())));
        self
    }

    /// Goes on with texts in brackets.
    pub fn texts(mut self, texts: impl IntoIterator<Item = String>) -> Self {
        self = self.sql("(");
        for (index, text) in texts.into_iter().enumerate() {
            self = self.sql(if index == 0 { "" } else { ", " }).bind::<Text, _>(text);
        }
        self.sql(")")
    }

    /// Goes on with the keyword for rows and the rows, each of the values that `row` binds.
    pub fn rows<R>(mut self, rows: &'f [R], row: impl Fn(Values<'f>, &'f R) -> Values<'f>) -> Self {
        self = self.sql(" VALUES ");
        for (index, one) in rows.iter().enumerate() {
            let values = Values { statement: self.sql(if index == 0 { "(" } else { ", (" }), is_first: true };
            self = row(values, one).statement.sql(")");
        }
        self
    }
}

/// The values of a row.
pub struct Values<'f> {
    statement: Statement<'f>,
    is_first: bool,
}

impl<'f> Values<'f> {
    /// Goes on with a value.
    pub fn bind<ST, V>(self, value: V) -> Self
    where
        ST: SqlType + SingleValue,
        V: AsExpression<ST>,
        V::Expression: Expression<SqlType = ST> + QueryFragment<Backend> + 'f,
    {
        let statement = if self.is_first { self.statement } else { self.statement.sql(", ") };
        Values { statement: statement.bind::<ST, V>(value), is_first: false }
    }
}

impl<Columns> QueryFragment<Backend> for Statement<'_, Columns> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        for part in &self.parts {
            match part {
                Part::Sql(sql) => pass.push_sql(sql),
                Part::Value(value) => value.walk_ast(pass.reborrow())?,
            }
        }
        Ok(())
    }
}

impl<Columns> QueryId for Statement<'_, Columns> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Columns> Query for Statement<'_, Columns> {
    type SqlType = Columns;
}

impl<Columns> RunQueryDsl<Db> for Statement<'_, Columns> {}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use diesel::connection::InstrumentationEvent;
    use diesel::sql_types::{BigInt, Text};
    use diesel::sqlite::SqliteConnection;

    use super::{Statement, cached};
    use crate::db::Db;
    use diesel::prelude::*;

    #[derive(QueryableByName)]
    struct Name {
        #[diesel(sql_type = Text)]
        name: String,
    }

    #[test]
    fn a_statement_is_prepared_once() {
        let kept = Arc::new(AtomicUsize::new(0));
        let seen = kept.clone();
        let mut connection = SqliteConnection::establish(":memory:").unwrap();
        connection.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::CacheQuery { .. } = event {
                seen.fetch_add(1, Ordering::SeqCst);
            }
        });
        let mut db = Db::Sqlite(connection);
        diesel::sql_query("CREATE TABLE things (number INTEGER, name TEXT)").execute(&mut db).unwrap();
        for number in 0..5_i64 {
            let insert = Statement::new("INSERT INTO things (number, name) VALUES (");
            let insert = insert.bind::<BigInt, _>(number).sql(", ").bind::<Text, _>("x").sql(")");
            assert_eq!(insert.execute(&mut db).unwrap(), 1);
            let rename = diesel::sql_query("UPDATE things SET name = $1 WHERE number = $2 RETURNING name");
            let names = cached(rename.bind::<Text, _>("y").bind::<BigInt, _>(number)).load::<Name>(&mut db).unwrap();
            assert_eq!(names[0].name, "y");
        }
        assert_eq!(kept.load(Ordering::SeqCst), 2);
    }
}
