//! Rows of the control plane's tables to records and back: one implementation of [`Table`] for each
//! kind of resource.

mod resources;

use platform::store::{Common, Lifecycle, Resource, StoreError, Stored};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, Row, ToSql, Transaction};

use crate::connection::failed;

/// A resource that has a table.
pub(crate) trait Table: Resource {
    /// Name of the table.
    const TABLE: &'static str;
    /// Its own columns behind the common ones, in the order of [`Table::own`].
    const OWN: &'static str;
    /// Columns behind those that are only read.
    const READ_ONLY: &'static str = "";
    /// Column of the text beside the resource.
    const DOCUMENT: Option<&'static str> = None;

    /// Reads a row of [`select`]; its own columns begin at [`OWN_AT`].
    fn read(row: &Row<'_>) -> rusqlite::Result<Self>;
    /// Values of its own columns.
    fn own(&self) -> Vec<Value>;
    /// What it refers to must be ACTIVE.
    fn check_references(&self, _: &Transaction<'_>) -> Stored<()> {
        Ok(())
    }
    /// Nobody may refer to it any more.
    fn check_unused(&self, _: &Transaction<'_>) -> Stored<()> {
        Ok(())
    }
    /// Rows beside its own that follow it.
    fn write_beside(&self, _: &Transaction<'_>) -> Stored<()> {
        Ok(())
    }
    /// What a caller is told when another one has its identity.
    fn duplicate(&self) -> String {
        format!("a resource like '{}' is there already", self.common().id)
    }
}

/// Columns that every table has, in the order of [`common`].
const COMMON: &str = "id, parent_id, display_name, description, lifecycle, tags, time_created_us, time_updated_us, etag";
/// Where a resource's own columns begin.
const OWN_AT: usize = 9;

/// `SELECT … FROM …` of a resource.
pub(crate) fn select<R: Table>() -> String {
    format!("SELECT {COMMON}, {}{} FROM {}", R::OWN, R::READ_ONLY, R::TABLE)
}

/// The resource that a condition finds.
pub(crate) fn find<R: Table>(
    connection: &Connection,
    condition: &str,
    parameters: &[&dyn ToSql],
) -> Stored<Option<R>> {
    let sql = format!("{} WHERE {condition}", select::<R>());
    let mut statement = connection.prepare_cached(&sql).map_err(failed)?;
    statement.query_row(parameters, R::read).optional().map_err(failed)
}

/// All resources that a condition finds, oldest first.
pub(crate) fn all<R: Table>(connection: &Connection, condition: &str) -> Stored<Vec<R>> {
    let sql = format!("{} WHERE {condition} ORDER BY time_created_us, id", select::<R>());
    let mut statement = connection.prepare_cached(&sql).map_err(failed)?;
    let rows = statement.query_map([], R::read).map_err(failed)?;
    rows.collect::<Result<_, _>>().map_err(failed)
}

/// Inserts a resource with the text beside it.
pub(crate) fn insert<R: Table>(
    transaction: &Transaction<'_>,
    resource: &R,
    document: Option<&str>,
) -> Stored<()> {
    let mut columns = format!("{COMMON}, {}", R::OWN);
    let mut values = values(resource);
    if let Some(column) = R::DOCUMENT {
        columns.push_str(&format!(", {column}"));
        values.push(Value::Text(document.unwrap_or_default().to_owned()));
    }
    let marks = vec!["?"; values.len()].join(", ");
    let sql = format!("INSERT INTO {} ({columns}) VALUES ({marks})", R::TABLE);
    execute(transaction, &sql, values)
        .map_err(|error| duplicate(error, || resource.duplicate()))
        .map(drop)?;
    resource.write_beside(transaction)
}

/// Replaces the row whose etag is `etag`; false when there is none.
pub(crate) fn replace<R: Table>(
    transaction: &Transaction<'_>,
    resource: &R,
    etag: &str,
    document: Option<&str>,
) -> Stored<bool> {
    let mut columns = format!("{COMMON}, {}", R::OWN);
    let mut values = values(resource);
    if let (Some(column), Some(document)) = (R::DOCUMENT, document) {
        columns.push_str(&format!(", {column}"));
        values.push(Value::Text(document.to_owned()));
    }
    let marks = vec!["?"; values.len()].join(", ");
    values.push(Value::Text(resource.common().id.clone()));
    values.push(Value::Text(etag.to_owned()));
    let sql = format!("UPDATE {} SET ({columns}) = ({marks}) WHERE id = ? AND etag = ?", R::TABLE);
    let count = execute(transaction, &sql, values)
        .map_err(|error| duplicate(error, || resource.duplicate()))?;
    resource.write_beside(transaction)?;
    Ok(count > 0)
}

fn execute(
    transaction: &Transaction<'_>,
    sql: &str,
    values: Vec<Value>,
) -> rusqlite::Result<usize> {
    transaction.prepare_cached(sql)?.execute(rusqlite::params_from_iter(values))
}

/// Values of the common columns and of the resource's own.
fn values<R: Table>(resource: &R) -> Vec<Value> {
    let common = resource.common();
    let mut values = vec![
        Value::Text(common.id.clone()),
        Value::Text(common.parent_id.clone()),
        Value::Text(common.display_name.clone()),
        optional(common.description.as_deref()),
        text(common.lifecycle.as_str()),
        text(&json(&common.tags)),
        Value::Integer(common.time_created_us),
        Value::Integer(common.time_updated_us),
        Value::Text(common.etag.clone()),
    ];
    values.extend(resource.own());
    values
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn optional(text: Option<&str>) -> Value {
    text.map_or(Value::Null, |text| Value::Text(text.to_owned()))
}

/// Turns a broken uniqueness rule into [`StoreError::Duplicate`].
pub(crate) fn duplicate(error: rusqlite::Error, message: impl FnOnce() -> String) -> StoreError {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::ConstraintViolation) => StoreError::Duplicate(message()),
        _ => failed(error),
    }
}

/// JSON text of something that always has one.
pub(crate) fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Reads a JSON column.
pub(crate) fn from_json<T: serde::de::DeserializeOwned>(
    row: &Row<'_>,
    index: usize,
) -> rusqlite::Result<T> {
    let text: String = row.get(index)?;
    serde_json::from_str(&text).map_err(|error| unreadable(index, error.into()))
}

/// Reads a JSON column that may be NULL.
fn from_optional_json<T: serde::de::DeserializeOwned>(
    row: &Row<'_>,
    index: usize,
) -> rusqlite::Result<Option<T>> {
    match row.get_ref(index)? {
        rusqlite::types::ValueRef::Null => Ok(None),
        _ => from_json(row, index).map(Some),
    }
}

fn unreadable(index: usize, why: Box<dyn std::error::Error + Send + Sync>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(index, rusqlite::types::Type::Text, why)
}

/// Reads a life-cycle state.
pub(crate) fn lifecycle(row: &Row<'_>, index: usize) -> rusqlite::Result<Lifecycle> {
    let word: String = row.get(index)?;
    Lifecycle::from_word(&word).ok_or_else(|| unreadable(index, word.into()))
}

fn common(row: &Row<'_>) -> rusqlite::Result<Common> {
    Ok(Common {
        id: row.get(0)?,
        parent_id: row.get(1)?,
        display_name: row.get(2)?,
        description: row.get(3)?,
        lifecycle: lifecycle(row, 4)?,
        tags: from_json(row, 5)?,
        time_created_us: row.get(6)?,
        time_updated_us: row.get(7)?,
        etag: row.get(8)?,
    })
}
