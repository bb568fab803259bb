//! Rows of the control plane's tables to records and back.

use iot_api::Tags;
use platform::store::{
    Adapter, Common, Domain, DomainGroup, Instance, Lifecycle, Model, StoreError, Stored, TwinNo,
};
use rusqlite::{Connection, OptionalExtension as _, Row, ToSql, Transaction};

use crate::connection::failed;

/// A record that has a table.
pub(crate) trait Record: Sized {
    /// Name of the table.
    const TABLE: &'static str;
    /// Words for messages.
    const KIND: &'static str;
    /// Its own columns, behind the common ones.
    const COLUMNS: &'static str;
    /// Reads a row of [`select`].
    fn read(row: &Row<'_>) -> rusqlite::Result<Self>;
    /// The common members.
    fn common(&self) -> &Common;
}

/// Columns that every table has, in the order of [`common`].
const COMMON: &str = "id, parent_id, display_name, description, lifecycle, tags, time_created_us, time_updated_us, etag";
/// Where a record's own columns begin.
const OWN: usize = 9;

/// `SELECT … FROM …` of a record.
pub(crate) fn select<R: Record>() -> String {
    format!("SELECT {COMMON}, {} FROM {}", R::COLUMNS, R::TABLE)
}

/// The record that a condition finds.
pub(crate) fn find<R: Record>(
    connection: &Connection,
    condition: &str,
    parameters: &[&dyn ToSql],
) -> Stored<Option<R>> {
    let sql = format!("{} WHERE {condition}", select::<R>());
    let mut statement = connection.prepare_cached(&sql).map_err(failed)?;
    statement.query_row(parameters, R::read).optional().map_err(failed)
}

/// Inserts the common members and the record's own columns.
pub(crate) fn insert<R: Record>(
    transaction: &Transaction<'_>,
    record: &R,
    columns: &str,
    own: &[&dyn ToSql],
) -> rusqlite::Result<()> {
    let common = record.common();
    let tags = json(&common.tags);
    let lifecycle = common.lifecycle.as_str();
    let mut parameters: Vec<&dyn ToSql> = vec![
        &common.id,
        &common.parent_id,
        &common.display_name,
        &common.description,
        &lifecycle,
        &tags,
        &common.time_created_us,
        &common.time_updated_us,
        &common.etag,
    ];
    parameters.extend(own);
    let marks = vec!["?"; parameters.len()].join(", ");
    let sql = format!("INSERT INTO {} ({COMMON}, {columns}) VALUES ({marks})", R::TABLE);
    transaction.prepare_cached(&sql)?.execute(parameters.as_slice()).map(drop)
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
    serde_json::from_str(&text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(index, rusqlite::types::Type::Text, error.into())
    })
}

fn common(row: &Row<'_>) -> rusqlite::Result<Common> {
    let lifecycle: String = row.get(4)?;
    Ok(Common {
        id: row.get(0)?,
        parent_id: row.get(1)?,
        display_name: row.get(2)?,
        description: row.get(3)?,
        lifecycle: if lifecycle == "ACTIVE" { Lifecycle::Active } else { Lifecycle::Deleted },
        tags: from_json::<Tags>(row, 5)?,
        time_created_us: row.get(6)?,
        time_updated_us: row.get(7)?,
        etag: row.get(8)?,
    })
}

impl Record for Model {
    const TABLE: &'static str = "model";
    const KIND: &'static str = "digital twin model";
    const COLUMNS: &'static str = "spec_uri, refs";

    fn read(row: &Row<'_>) -> rusqlite::Result<Model> {
        let references = from_json(row, OWN + 1)?;
        Ok(Model { common: common(row)?, spec_uri: row.get(OWN)?, references })
    }

    fn common(&self) -> &Common {
        &self.common
    }
}

impl Record for Adapter {
    const TABLE: &'static str = "adapter";
    const KIND: &'static str = "digital twin adapter";
    const COLUMNS: &'static str = "model_id, spec_uri, envelope, routes";

    fn read(row: &Row<'_>) -> rusqlite::Result<Adapter> {
        Ok(Adapter {
            common: common(row)?,
            model_id: row.get(OWN)?,
            spec_uri: row.get(OWN + 1)?,
            envelope: row.get(OWN + 2)?,
            routes: row.get(OWN + 3)?,
        })
    }

    fn common(&self) -> &Common {
        &self.common
    }
}

impl Record for Instance {
    const TABLE: &'static str = "instance";
    const KIND: &'static str = "digital twin instance";
    const COLUMNS: &'static str =
        "no, connectivity_type, auth_id, external_key, model_id, spec_uri, adapter_id";

    fn read(row: &Row<'_>) -> rusqlite::Result<Instance> {
        Ok(Instance {
            common: common(row)?,
            no: TwinNo(row.get(OWN)?),
            connectivity_type: row.get(OWN + 1)?,
            auth_id: row.get(OWN + 2)?,
            external_key: row.get(OWN + 3)?,
            model_id: row.get(OWN + 4)?,
            spec_uri: row.get(OWN + 5)?,
            adapter_id: row.get(OWN + 6)?,
        })
    }

    fn common(&self) -> &Common {
        &self.common
    }
}

impl Record for DomainGroup {
    const TABLE: &'static str = "domain_group";
    const KIND: &'static str = "IoT domain group";
    const COLUMNS: &'static str = "short_id";

    fn read(row: &Row<'_>) -> rusqlite::Result<DomainGroup> {
        Ok(DomainGroup { common: common(row)?, short_id: row.get(OWN)? })
    }

    fn common(&self) -> &Common {
        &self.common
    }
}

impl Record for Domain {
    const TABLE: &'static str = "domain";
    const KIND: &'static str = "IoT domain";
    const COLUMNS: &'static str = "group_id, short_id, retention";

    fn read(row: &Row<'_>) -> rusqlite::Result<Domain> {
        let retention = from_json(row, OWN + 2)?;
        let (group_id, short_id) = (row.get(OWN)?, row.get(OWN + 1)?);
        Ok(Domain { common: common(row)?, group_id, short_id, retention })
    }

    fn common(&self) -> &Common {
        &self.common
    }
}
