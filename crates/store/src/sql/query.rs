//! A statement and its values.
//!
//! `$1`, `$2` … name the values by their place, as PostgreSQL has it. SQLite takes such words for
//! names and numbers them as they come, so each is looked up by its name. Statements stay prepared.

use std::borrow::Cow;

use rusqlite::{
    CachedStatement, Connection as Database, ToSql,
    types::{ToSqlOutput, ValueRef},
};
use uuid::Uuid;

use super::{Fault, values::Columns};

/// A statement with what is to be put into it.
pub(super) struct Query<'q> {
    sql: Cow<'static, str>,
    values: Vec<Value<'q>>,
}

/// What a column may hold.
pub(super) enum Value<'q> {
    Null,
    Number(i64),
    Text(Cow<'q, str>),
    Bytes(Cow<'q, [u8]>),
    Id(Uuid),
}

pub(super) fn query<'q>(sql: impl Into<Cow<'static, str>>) -> Query<'q> {
    Query { sql: sql.into(), values: Vec::with_capacity(8) }
}

impl<'q> Query<'q> {
    /// Gives the next value.
    pub(super) fn bind(mut self, value: impl Into<Value<'q>>) -> Self {
        self.push(value);
        self
    }

    /// Gives the next value, of a statement that is put together step by step.
    pub(super) fn push(&mut self, value: impl Into<Value<'q>>) {
        self.values.push(value.into());
    }

    /// More of the statement.
    pub(super) fn and(&mut self, sql: &str) -> &mut Self {
        self.sql.to_mut().push_str(sql);
        self
    }

    /// More of the statement: a value.
    pub(super) fn and_value(&mut self, value: impl Into<Value<'q>>) -> &mut Self {
        self.push(value);
        self.sql.to_mut().push_str(&format!("${}", self.values.len()));
        self
    }

    /// Runs it; gives how many rows it touched.
    pub(super) fn run(self, database: &Database) -> Result<u64, Fault> {
        let rows = self.prepared(database)?.raw_execute()?;
        Ok(u64::try_from(rows).unwrap_or(u64::MAX))
    }

    /// What is read from each row.
    pub(super) fn all<T>(
        self,
        database: &Database,
        mut read: impl FnMut(&mut Columns<'_>) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        let mut statement = self.prepared(database)?;
        let mut rows = statement.raw_query();
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(read(&mut Columns::of(row))?);
        }
        Ok(all)
    }

    /// What is read from the first row, if there is one.
    pub(super) fn maybe<T>(
        self,
        database: &Database,
        read: impl FnOnce(&mut Columns<'_>) -> Result<T, Fault>,
    ) -> Result<Option<T>, Fault> {
        let mut statement = self.prepared(database)?;
        let mut rows = statement.raw_query();
        rows.next()?.map(|row| read(&mut Columns::of(row))).transpose()
    }

    /// What is read from the one row that there is.
    pub(super) fn one<T>(
        self,
        database: &Database,
        read: impl FnOnce(&mut Columns<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.maybe(database, read)?.ok_or_else(|| rusqlite::Error::QueryReturnedNoRows.into())
    }

    fn prepared<'d>(&self, database: &'d Database) -> Result<CachedStatement<'d>, Fault> {
        let mut statement = database.prepare_cached(&self.sql)?;
        for place in 1..=statement.parameter_count() {
            let name = statement.parameter_name(place).and_then(|name| name.strip_prefix('$'));
            let number = name.and_then(|number| number.parse::<usize>().ok());
            let value = number.and_then(|number| self.values.get(number.checked_sub(1)?));
            let value = value.ok_or(rusqlite::Error::InvalidParameterCount(
                self.values.len(),
                statement.parameter_count(),
            ))?;
            statement.raw_bind_parameter(place, value)?;
        }
        Ok(statement)
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Number(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
            Self::Id(id) => ValueRef::Blob(id.as_bytes()),
        }))
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for Value<'_> {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl<'q> From<&'q str> for Value<'q> {
    fn from(text: &'q str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl<'q> From<&'q [u8]> for Value<'q> {
    fn from(bytes: &'q [u8]) -> Self {
        Self::Bytes(bytes.into())
    }
}

impl From<Vec<u8>> for Value<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes.into())
    }
}

impl From<Uuid> for Value<'_> {
    fn from(id: Uuid) -> Self {
        Self::Id(id)
    }
}

impl<'q, T: Into<Value<'q>>> From<Option<T>> for Value<'q> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
