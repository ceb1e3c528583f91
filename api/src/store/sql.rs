//! SQL as text, with bound parameters and a cached prepared statement.
//!
//! Diesel's own `sql_query` is prepared and planned anew at each call; this is not. Placeholders
//! are `{}`, each one parameter, in order. Use Diesel's query builder for what it expresses well,
//! and this for what is clearer as SQL.

use std::marker::PhantomData;

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::serialize::ToSql;
use diesel::sql_types::{HasSqlType, Untyped};

/// A statement whose parameters are not all bound yet, or are.
#[derive(Clone, Copy, Debug)]
pub struct Sql<B> {
    text: &'static str,
    binds: B,
}

/// A statement without parameters so far.
pub const fn sql(text: &'static str) -> Sql<Nothing> {
    Sql {
        text,
        binds: Nothing,
    }
}

impl<B> Sql<B> {
    /// Binds the next placeholder to a value of SQL type `T`.
    pub fn bind<T, V>(self, value: V) -> Sql<Bound<B, T, V>> {
        Sql {
            text: self.text,
            binds: Bound {
                before: self.binds,
                value,
                sql_type: PhantomData,
            },
        }
    }
}

/// No parameter.
#[derive(Clone, Copy, Debug)]
pub struct Nothing;

/// One more parameter.
#[derive(Clone, Copy, Debug)]
pub struct Bound<B, T, V> {
    before: B,
    value: V,
    sql_type: PhantomData<T>,
}

type Pieces = std::str::Split<'static, &'static str>;

/// Writes the text between the parameters, and the parameters.
pub trait Binds {
    /// Writes everything up to and with the last parameter.
    fn walk<'b>(&'b self, pieces: &mut Pieces, out: AstPass<'_, 'b, Pg>) -> QueryResult<()>;
}

impl Binds for Nothing {
    fn walk<'b>(&'b self, _pieces: &mut Pieces, _out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        Ok(())
    }
}

impl<B, T, V> Binds for Bound<B, T, V>
where
    B: Binds,
    Pg: HasSqlType<T>,
    V: ToSql<T, Pg>,
{
    fn walk<'b>(&'b self, pieces: &mut Pieces, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.before.walk(pieces, out.reborrow())?;
        out.push_sql(pieces.next().unwrap_or_default());
        out.push_bind_param::<T, V>(&self.value)
    }
}

impl<B: Binds> QueryFragment<Pg> for Sql<B> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let mut pieces = self.text.split("{}");
        self.binds.walk(&mut pieces, out.reborrow())?;
        out.push_sql(pieces.next().unwrap_or_default());
        match pieces.next() {
            None => Ok(()),
            Some(_) => Err(diesel::result::Error::QueryBuilderError(
                "a placeholder is not bound".into(),
            )),
        }
    }
}

impl<B> QueryId for Sql<B> {
    type QueryId = ();
    // Without a static id the cache goes by the text, which tells these statements apart.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<B> Query for Sql<B> {
    type SqlType = Untyped;
}

impl<B, C> diesel::RunQueryDsl<C> for Sql<B> {}

#[cfg(test)]
mod tests {
    use diesel::sql_types::{BigInt, Text};

    use super::*;

    #[test]
    fn placeholders_become_numbered_parameters() {
        let query = sql("SELECT {} + {}, 'x'")
            .bind::<BigInt, _>(1_i64)
            .bind::<BigInt, _>(2_i64);
        let text = diesel::debug_query::<Pg, _>(&query).to_string();
        assert!(text.starts_with("SELECT $1 + $2, 'x'"), "{text}");
    }

    #[test]
    fn a_placeholder_without_a_value_is_an_error() {
        let query = sql("SELECT {}, {}").bind::<Text, _>("a");
        let mut builder = diesel::pg::PgQueryBuilder::default();
        assert!(query.to_sql(&mut builder, &Pg).is_err());
    }
}
