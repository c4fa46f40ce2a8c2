//! Statements of SQL with values in between, and the insertion of rows: into SQLite many with one statement; to a server all at
//! once, each column an array, and those of several tables with one statement, for each is a way there and back.

use std::borrow::Cow;
use std::marker::PhantomData;

use diesel::expression::{AsExpression, Expression, TypedExpressionType, ValidGrouping, is_aggregate};
use diesel::pg::{Pg, PgConnection};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Array, BigInt, Bool, SingleValue, SqlType, Text, Untyped};

use super::connection::{Backend, Db};
use crate::error::Result;

/// SQL with values in between, which is kept prepared under its text however it is run. What it gives is loaded by the
/// names of the columns, or by their order once it is said what they are. Its SQL is put together of text that stands in
/// this program and of nothing else, so that what somebody sends can only be a value.
pub struct Statement<'f, Columns = Untyped> {
    parts: Vec<Piece<'f>>,
    columns: PhantomData<Columns>,
}

/// SQL, which goes on as long as no value comes in between, or a value.
enum Piece<'f> {
    Sql(Cow<'static, str>),
    Value(Box<dyn QueryFragment<Backend> + Send + 'f>),
}

impl<'f> Statement<'f> {
    /// Begins with SQL.
    pub fn new(sql: &'static str) -> Self {
        Statement { parts: Vec::new(), columns: PhantomData }.sql(sql)
    }

    /// Says what the columns are that it gives, so that they are loaded by their order.
    pub fn giving<Columns>(self) -> Statement<'f, Columns> {
        Statement { parts: self.parts, columns: PhantomData }
    }

    /// Goes on with SQL.
    pub fn sql(mut self, sql: &'static str) -> Self {
        match self.parts.last_mut() {
            Some(Piece::Sql(before)) if before.is_empty() => *before = sql.into(),
            Some(Piece::Sql(before)) => before.to_mut().push_str(sql),
            _ => self.parts.push(Piece::Sql(sql.into())),
        }
        self
    }

    /// Goes on with all of another one.
    pub fn append(mut self, other: Statement<'f>) -> Self {
        self.parts.extend(other.parts);
        self
    }

    /// One statement for the rows of several, each with the place of its own as `place`.
    pub fn of_each(all: impl IntoIterator<Item = Statement<'f>>) -> Self {
        let one = |statement: Self, (place, one)| {
            let statement = statement.sql(if place == 0 { "SELECT " } else { ") AS one UNION ALL SELECT " });
            statement.bind::<BigInt, _>(place as i64).sql(" AS place, one.* FROM (").append(one)
        };
        all.into_iter().enumerate().fold(Statement::new(""), one).sql(") AS one")
    }

    /// Goes on with names, of which each has a text before and behind it, and another before the next.
    pub fn names(
        self,
        names: impl IntoIterator<Item = &'static str>,
        [before, behind, between]: [&'static str; 3],
    ) -> Self {
        let one = |statement: Self, (index, name)| {
            let statement = statement.sql(if index == 0 { "" } else { between });
            statement.sql(before).sql(name).sql(behind)
        };
        names.into_iter().enumerate().fold(self, one)
    }

    /// Goes on with a value.
    pub fn bind<ST, V>(mut self, value: V) -> Self
    where
        ST: SqlType + SingleValue,
        V: AsExpression<ST>,
        V::Expression: Expression<SqlType = ST> + QueryFragment<Backend> + Send + 'f,
    {
        self.parts.push(Piece::Value(Box::new(value.as_expression())));
        self
    }

    /// Goes on with a part of one of Diesel's queries.
    fn fragment(mut self, fragment: impl QueryFragment<Backend> + Send + 'f) -> Self {
        self.parts.push(Piece::Value(Box::new(fragment)));
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

    /// The condition that there is one.
    pub fn is_there(self) -> Self {
        self.sql(" IS NOT NULL")
    }

    /// The condition that it is one of some texts.
    pub fn is_one_of(self, texts: impl IntoIterator<Item = String>) -> Self {
        self.sql(" IN ").texts(texts)
    }

    /// Goes on with the keyword for rows and the rows, each of the values that `row` binds.
    pub fn rows<R>(mut self, rows: &'f [R], row: impl Fn(Values<'f>, &'f R) -> Values<'f>) -> Self {
        self = self.sql(" VALUES ");
        for (index, one) in rows.iter().enumerate() {
            self = self.sql(if index == 0 { "" } else { ", " }).row(|values| row(values, one));
        }
        self
    }

    /// Goes on with the values in brackets that `row` binds.
    fn row(self, row: impl FnOnce(Values<'f>) -> Values<'f>) -> Self {
        row(Values { statement: self.sql("("), is_first: true }).statement.sql(")")
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
        V::Expression: Expression<SqlType = ST> + QueryFragment<Backend> + Send + 'f,
    {
        let statement = if self.is_first { self.statement } else { self.statement.sql(", ") };
        Values { statement: statement.bind::<ST, V>(value), is_first: false }
    }
}

impl<Columns> QueryFragment<Backend> for Statement<'_, Columns> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        for part in &self.parts {
            match part {
                Piece::Sql(sql) => pass.push_sql(sql),
                Piece::Value(value) => value.walk_ast(pass.reborrow())?,
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

impl Statement<'static> {
    /// Makes an expression of it, of this type, for one of Diesel's queries.
    pub fn expression<ST>(self) -> SqlExpression<ST> {
        SqlExpression(self.giving())
    }
}

/// An expression that Diesel has no words for.
pub struct SqlExpression<ST>(Statement<'static, ST>);

impl<ST: TypedExpressionType> Expression for SqlExpression<ST> {
    type SqlType = ST;
}

impl<ST, By> ValidGrouping<By> for SqlExpression<ST> {
    type IsAggregate = is_aggregate::Never;
}

impl<ST, Table> AppearsOnTable<Table> for SqlExpression<ST> where Self: Expression {}

impl<ST, Source> SelectableExpression<Source> for SqlExpression<ST> where Self: Expression {}

impl<ST> QueryFragment<Backend> for SqlExpression<ST> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        // A query that is to be kept prepared says so: see [`Cached`].
        pass.unsafe_to_cache_prepared();
        self.0.walk_ast(pass)
    }
}

impl<ST> QueryId for SqlExpression<ST> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

/// The condition that a column's value is one that a query gives, or another one, where there is that. (Diesel's union takes no
/// [`SqlExpression`].)
pub fn is_given_by(
    column: impl Column + QueryFragment<Backend> + Send + 'static,
    one: impl QueryFragment<Backend> + Send + 'static,
    other: Option<impl QueryFragment<Backend> + Send + 'static>,
) -> SqlExpression<Bool> {
    let given = Statement::new("").fragment(column).sql(" IN (").fragment(one);
    let given = match other {
        Some(other) => given.sql(" UNION ALL ").fragment(other),
        None => given,
    };
    given.sql(")").expression()
}

/// The condition that values come after others, in this order of all of them, or before: `(a, b) > (x, y)`. Both databases
/// begin an index at the very place.
pub fn is_beyond(
    values: impl FnOnce(Values<'static>) -> Values<'static>,
    descending: bool,
    place: impl FnOnce(Values<'static>) -> Values<'static>,
) -> SqlExpression<Bool> {
    Statement::new("").row(values).sql(if descending { " < " } else { " > " }).row(place).expression()
}

/// The most rows of a statement.
const MOST: usize = 256;

/// Slices of rows, each for a statement: of few different lengths (1, 2, 3, 4, 6, 8, 12 and so on), so that few different
/// statements are kept prepared.
pub fn statements<R>(mut rows: &[R]) -> impl Iterator<Item = &[R]> {
    std::iter::from_fn(move || {
        let power = 1 << rows.len().checked_ilog2()?;
        let length = MOST.min(if rows.len() >= power + power / 2 { power + power / 2 } else { power });
        let (first, rest) = rows.split_at(length);
        rows = rest;
        Some(first)
    })
}

/// Inserts rows of the values that `row` binds; `into` names the table and its columns, and `conflict` says what is done
/// with a row that is there already.
pub fn insert<R>(
    db: &mut Db,
    (into, conflict): (&'static str, &'static str),
    rows: &[R],
    row: impl for<'f> Fn(Values<'f>, &'f R) -> Values<'f>,
) -> Result<()> {
    statements(rows).try_for_each(|rows| {
        Statement::new("INSERT INTO ").sql(into).rows(rows, &row).sql(conflict).execute(db)?;
        Ok(())
    })
}

/// The same, with the columns that `columns` binds where the batch takes them.
pub fn insert_columns<'f, R>(
    db: &mut Db,
    batch: &mut InsertBatch<'f>,
    (into, conflict): (&'static str, &'static str),
    rows: &[R],
    row: impl for<'g> Fn(Values<'g>, &'g R) -> Values<'g>,
    columns: impl Fn(ColumnArrays<'f>, &[R]) -> ColumnArrays<'f>,
) -> Result<()> {
    let Some(server) = db.server() else { return insert(db, (into, conflict), rows, row) };
    batch.insert(server, rows, |rows| {
        columns(ColumnArrays::new(["INSERT INTO ", into, " SELECT * FROM unnest("], [")", conflict]), rows)
    })
}

/// Insertions that go to a server with one statement, in which none sees what another inserts. Into SQLite rows are inserted at
/// once: there it stays empty.
#[derive(Default)]
pub struct InsertBatch<'f>(Vec<ColumnArrays<'f>>);

impl<'f> InsertBatch<'f> {
    /// Leaves the insertion of rows to it, whose statement is the same for however many. Those that are too many for a statement
    /// go alone, behind what was left to it before, so that there are few different batches.
    pub fn insert<R>(
        &mut self,
        server: &mut PgConnection,
        rows: &[R],
        insertion: impl Fn(&[R]) -> ColumnArrays<'f>,
    ) -> Result<()> {
        match rows.len() {
            0 => {}
            1..=MOST => self.0.push(insertion(rows)),
            _ => {
                // They may refer to rows that were left to the batch.
                self.send_to(server)?;
                rows.chunks(MOST).try_for_each(|rows| insertion(rows).execute(server).map(|_| ()))?;
            }
        }
        Ok(())
    }

    /// Sends what was left to it.
    pub fn send(&mut self, db: &mut Db) -> Result<()> {
        db.server().map_or(Ok(()), |server| self.send_to(server))
    }

    fn send_to(&mut self, server: &mut PgConnection) -> Result<()> {
        let mut insertions = InsertBatch(std::mem::take(&mut self.0));
        // In an order of their own, so that there are few different batches.
        insertions.0.sort_by_key(|insertion| insertion.before);
        if !insertions.0.is_empty() {
            insertions.execute(server)?;
        }
        Ok(())
    }
}

impl QueryFragment<Pg> for InsertBatch<'_> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        for (place, insertion) in self.0.iter().enumerate() {
            if place + 1 < self.0.len() {
                pass.push_sql(if place == 0 { "WITH i" } else { ", i" });
                pass.push_sql(&place.to_string());
                pass.push_sql(" AS (");
                insertion.walk_ast(pass.reborrow())?;
                pass.push_sql(")");
            } else {
                pass.push_sql(" ");
                insertion.walk_ast(pass.reborrow())?;
            }
        }
        Ok(())
    }
}

impl QueryId for InsertBatch<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<PgConnection> for InsertBatch<'_> {}

/// SQL for a server over rows whose columns are arrays, with what stands before them and behind.
pub struct ColumnArrays<'f> {
    before: [&'static str; 3],
    arrays: Vec<Box<dyn QueryFragment<Pg> + Send + 'f>>,
    behind: [&'static str; 2],
}

impl<'f> ColumnArrays<'f> {
    /// Begins with what stands up to the bracket before the arrays, and behind them.
    pub fn new(before: [&'static str; 3], behind: [&'static str; 2]) -> Self {
        ColumnArrays { before, arrays: Vec::new(), behind }
    }

    /// Goes on with the values of a column.
    pub fn bind<ST, V>(mut self, values: impl Iterator<Item = V>) -> Self
    where
        ST: SqlType + 'static,
        Vec<V>: AsExpression<Array<ST>>,
        <Vec<V> as AsExpression<Array<ST>>>::Expression: QueryFragment<Pg> + Send + 'f,
    {
        let values: Vec<V> = values.collect();
        self.arrays.push(Box::new(values.as_expression()));
        self
    }
}

impl QueryFragment<Pg> for ColumnArrays<'_> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.before.iter().for_each(|sql| pass.push_sql(sql));
        for (index, array) in self.arrays.iter().enumerate() {
            pass.push_sql(if index == 0 { "" } else { ", " });
            array.walk_ast(pass.reborrow())?;
        }
        self.behind.iter().for_each(|sql| pass.push_sql(sql));
        Ok(())
    }
}

impl QueryId for ColumnArrays<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for ColumnArrays<'_> {
    type SqlType = Untyped;
}

impl RunQueryDsl<PgConnection> for ColumnArrays<'_> {}

/// Inserts rows into a table of the schema: `insert_rows!(db, rows, table(column, …))`, or leaves it to a batch:
/// `insert_rows!(db, batch, rows, table(column, …))`. Each column is a field of the rows and is bound as the column's type, so
/// that a name that is no column, or a value that does not fit, does not compile.
macro_rules! insert_rows {
    ($db:expr, $rows:expr, $table:ident($($columns:tt)*)) => {
        $crate::db::insert_rows!(@now $db, $rows, "", $table($($columns)*))
    };
    ($db:expr, $batch:expr, $rows:expr, $table:ident($($columns:tt)*)) => {
        $crate::db::insert_rows!(@ $db, $batch, $rows, "", $table($($columns)*))
    };
    (@now $db:expr, $rows:expr, $conflict:expr, $table:ident($($columns:tt)*)) => {
        match (&mut *$db, $rows) {
            (db, rows) => {
                let mut batch = $crate::db::InsertBatch::default();
                let inserted = $crate::db::insert_rows!(@ db, &mut batch, rows, $conflict, $table($($columns)*));
                inserted.and_then(|()| batch.send(db))
            }
        }
    };
    (@ $db:expr, $batch:expr, $rows:expr, $conflict:expr, $table:ident($first:ident $(, $column:ident)* $(,)?)) => {
        $crate::db::insert_columns(
            $db,
            $batch,
            (concat!(stringify!($table), " (", stringify!($first) $(, ", ", stringify!($column))*, ")"), $conflict),
            &$rows.into_iter().collect::<Vec<_>>(),
            |values, row| {
                use $crate::db::schema::$table as table;
                let values = values.bind::<diesel::dsl::SqlTypeOf<table::$first>, _>(&row.$first);
                $(let values = values.bind::<diesel::dsl::SqlTypeOf<table::$column>, _>(&row.$column);)*
                values
            },
            |columns, rows| {
                use $crate::db::schema::$table as table;
                let columns = columns.bind::<diesel::dsl::SqlTypeOf<table::$first>, _>(rows.iter().map(|row| &row.$first));
                $(let columns =
                    columns.bind::<diesel::dsl::SqlTypeOf<table::$column>, _>(rows.iter().map(|row| &row.$column));)*
                columns
            },
        )
    };
}

/// Inserts rows like [`insert_rows!`], or gives those that are there already, by the first column, the other values:
/// `upsert_rows!(db, rows, table(key; column, …))`, or the same with a batch.
macro_rules! upsert_rows {
    ($db:expr, $rows:expr, $table:ident($($columns:tt)*)) => {
        $crate::db::upsert_rows!(@ (@now $db) $rows, $table($($columns)*))
    };
    ($db:expr, $batch:expr, $rows:expr, $table:ident($($columns:tt)*)) => {
        $crate::db::upsert_rows!(@ (@ $db, $batch) $rows, $table($($columns)*))
    };
    (@ ($($to:tt)*) $rows:expr, $table:ident($key:ident; $first:ident $(, $column:ident)* $(,)?)) => {
        $crate::db::insert_rows!(
            $($to)*,
            $rows,
            concat!(
                " ON CONFLICT (", stringify!($key), ") DO UPDATE SET ",
                stringify!($first), " = excluded.", stringify!($first)
                $(, ", ", stringify!($column), " = excluded.", stringify!($column))*
            ),
            $table($key, $first $(, $column)*)
        )
    };
}

pub(crate) use {insert_rows, upsert_rows};

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use diesel::connection::InstrumentationEvent;
    use diesel::sql_types::{BigInt, Text};
    use diesel::sqlite::SqliteConnection;

    use super::{Statement, statements};
    use crate::db::{Db, cached};
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

    #[test]
    fn statements_are_of_few_lengths() {
        let lengths = |count: usize| statements(&vec![0; count]).map(<[i32]>::len).collect::<Vec<_>>();
        assert_eq!(lengths(0), [0_usize; 0]);
        assert_eq!(lengths(1), [1]);
        assert_eq!(lengths(15), [12, 3]);
        assert_eq!(lengths(500), [256, 192, 48, 4]);
        assert_eq!(lengths(1024), [256; 4]);
    }
}
