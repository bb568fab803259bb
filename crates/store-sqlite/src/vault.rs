//! Secrets and their versions.

use async_trait::async_trait;
use platform::limits::SECRET_VERSIONS_MAX;
use platform::list::{Cursor, Listed};
use platform::store::{
    SavedAnswer, Secret, SecretChange, SecretQuery, SecretRecord, SecretVersion, StoreError,
    Stored, VaultStore,
};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};

use crate::SqliteStore;
use crate::connection::failed;
use crate::retries;
use crate::rows::{duplicate, from_json, json};

const COLUMNS: &str = "id, compartment_id, name, description, tags, metadata, current_no, \
     previous_no, pending_no, latest_no, time_created_us, time_of_deletion_us, etag";

/// The current content of a secret that is not scheduled for deletion.
fn current(connection: &Connection, id: &str) -> Stored<Option<Secret>> {
    let sql = "SELECT s.id, s.name, v.content FROM vault_secret s
         JOIN vault_secret_version v ON v.secret_id = s.id AND v.no = s.current_no
         WHERE s.id = ? AND s.time_of_deletion_us IS NULL";
    let read =
        |row: &Row<'_>| Ok(Secret { id: row.get(0)?, name: row.get(1)?, content: row.get(2)? });
    let statement = connection.prepare_cached(sql);
    statement.and_then(|mut statement| statement.query_row([id], read).optional()).map_err(failed)
}

/// The secret of the first start, whatever has become of it since.
pub(crate) fn first(connection: &Connection, id: &str) -> Stored<Option<Secret>> {
    if let Some(secret) = current(connection, id)? {
        return Ok(Some(secret));
    }
    let gone = |record: SecretRecord| Secret { id: record.id, name: record.name, content: vec![] };
    Ok(find(connection, "id = ?", &[&id])?.map(gone))
}

fn read(row: &Row<'_>) -> rusqlite::Result<SecretRecord> {
    Ok(SecretRecord {
        id: row.get(0)?,
        compartment_id: row.get(1)?,
        name: row.get(2)?,
        description: row.get(3)?,
        tags: from_json(row, 4)?,
        metadata: from_json(row, 5)?,
        current_no: row.get(6)?,
        previous_no: row.get(7)?,
        pending_no: row.get(8)?,
        latest_no: row.get(9)?,
        time_created_us: row.get(10)?,
        time_of_deletion_us: row.get(11)?,
        etag: row.get(12)?,
    })
}

fn find(
    connection: &Connection,
    condition: &str,
    parameters: &[&dyn rusqlite::ToSql],
) -> Stored<Option<SecretRecord>> {
    let sql = format!("SELECT {COLUMNS} FROM vault_secret WHERE {condition}");
    let statement = connection.prepare_cached(&sql);
    statement
        .and_then(|mut statement| statement.query_row(parameters, read).optional())
        .map_err(failed)
}

/// Adds a secret with its first version.
pub(crate) fn create(
    transaction: &Transaction<'_>,
    record: &SecretRecord,
    version: &SecretVersion,
) -> Stored<()> {
    erase_deleted(transaction, record.time_created_us).map_err(failed)?;
    let sql = format!(
        "INSERT INTO vault_secret ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    );
    let inserted = transaction.execute(
        &sql,
        params![
            record.id,
            record.compartment_id,
            record.name,
            record.description,
            json(&record.tags),
            json(&record.metadata),
            record.current_no,
            record.previous_no,
            record.pending_no,
            record.latest_no,
            record.time_created_us,
            record.time_of_deletion_us,
            record.etag
        ],
    );
    let taken = || format!("the vault has a secret with the secretName '{}' already", record.name);
    inserted.map_err(|error| duplicate(error, taken))?;
    add_version(transaction, &record.id, version)
}

fn add_version(transaction: &Transaction<'_>, id: &str, version: &SecretVersion) -> Stored<()> {
    let SecretVersion { no, name, content, time_created_us, .. } = version;
    let sql = "INSERT INTO vault_secret_version (secret_id, no, name, content, time_created_us)
         VALUES (?, ?, ?, ?, ?)";
    let inserted = transaction.execute(sql, params![id, no, name, content, time_created_us]);
    let taken = || {
        let name = name.as_deref().unwrap_or_default();
        format!("the secret has a version with the name '{name}' already")
    };
    inserted.map(drop).map_err(|error| duplicate(error, taken))
}

/// Erases what is due: contents go, names become free, the rest stays as a tombstone.
fn erase_deleted(transaction: &Transaction<'_>, now_us: i64) -> rusqlite::Result<()> {
    let due = "deleted = 0 AND time_of_deletion_us <= ?1";
    let sql = format!(
        "DELETE FROM vault_secret_version WHERE secret_id IN (SELECT id FROM vault_secret WHERE {due})"
    );
    transaction.execute(&sql, [now_us])?;
    let sql = "DELETE FROM vault_secret_version WHERE time_of_deletion_us <= ?1";
    transaction.execute(sql, [now_us])?;
    let sql = format!("UPDATE vault_secret SET deleted = 1 WHERE {due}");
    transaction.execute(&sql, [now_us]).map(drop)
}

fn change(transaction: &Transaction<'_>, change: &SecretChange) -> Stored<()> {
    erase_deleted(transaction, change.now_us).map_err(failed)?;
    let record = &change.record;
    let current: Option<String> = transaction
        .query_row(
            "SELECT etag FROM vault_secret WHERE id = ? AND deleted = 0",
            [&record.id],
            |row| row.get(0),
        )
        .optional()
        .map_err(failed)?;
    match current {
        None => return Err(StoreError::missing("secret", &record.id)),
        Some(etag) if etag != change.etag => return Err(StoreError::EtagMismatch),
        Some(_) => {}
    }
    let sql = "UPDATE vault_secret SET compartment_id = ?2, description = ?3, tags = ?4,
         metadata = ?5, current_no = ?6, previous_no = ?7, pending_no = ?8, latest_no = ?9,
         time_of_deletion_us = ?10, etag = ?11 WHERE id = ?1";
    transaction
        .execute(
            sql,
            params![
                record.id,
                record.compartment_id,
                record.description,
                json(&record.tags),
                json(&record.metadata),
                record.current_no,
                record.previous_no,
                record.pending_no,
                record.latest_no,
                record.time_of_deletion_us,
                record.etag
            ],
        )
        .map_err(failed)?;
    if let Some((no, at_us)) = change.version_deletion {
        let sql = "UPDATE vault_secret_version SET time_of_deletion_us = ?3
             WHERE secret_id = ?1 AND no = ?2";
        transaction.execute(sql, params![record.id, no, at_us]).map_err(failed)?;
    }
    let Some(version) = &change.version else { return Ok(()) };
    add_version(transaction, &record.id, version)?;
    forget_oldest(transaction, record).map_err(failed)
}

/// Keeps as many versions as are allowed, and those that are in use.
fn forget_oldest(transaction: &Transaction<'_>, record: &SecretRecord) -> rusqlite::Result<()> {
    let sql = "DELETE FROM vault_secret_version WHERE secret_id = ?1
         AND no NOT IN (?2, ifnull(?3, 0), ifnull(?4, 0), ?5)
         AND no NOT IN (SELECT no FROM vault_secret_version WHERE secret_id = ?1
             ORDER BY no DESC LIMIT ?6)";
    let kept = i64::try_from(SECRET_VERSIONS_MAX).unwrap_or(i64::MAX);
    let SecretRecord { id, current_no, previous_no, pending_no, latest_no, .. } = record;
    let parameters = params![id, current_no, previous_no, pending_no, latest_no, kept];
    transaction.execute(sql, parameters).map(drop)
}

fn versions(connection: &Connection, id: &str) -> Stored<Vec<SecretVersion>> {
    let sql = "SELECT no, name, content, time_created_us, time_of_deletion_us
         FROM vault_secret_version
         WHERE secret_id = ? ORDER BY no DESC";
    let read = |row: &Row<'_>| {
        Ok(SecretVersion {
            no: row.get(0)?,
            name: row.get(1)?,
            content: row.get(2)?,
            time_created_us: row.get(3)?,
            time_of_deletion_us: row.get(4)?,
        })
    };
    let mut statement = connection.prepare_cached(sql).map_err(failed)?;
    let rows = statement.query_map([id], read).map_err(failed)?;
    rows.collect::<Result<_, _>>().map_err(failed)
}

fn list(connection: &Connection, query: &SecretQuery) -> Stored<Listed<SecretRecord>> {
    let mut sql = format!("SELECT {COLUMNS} FROM vault_secret WHERE compartment_id = ?");
    let mut parameters = vec![Value::Text(query.compartment_id.clone())];
    if let Some(name) = &query.name {
        sql.push_str(" AND name = ?");
        parameters.push(Value::Text(name.clone()));
    }
    if let Some(state) = &query.lifecycle_state {
        sql.push_str(
            " AND iif(time_of_deletion_us IS NULL, 'ACTIVE',
                 iif(time_of_deletion_us > ?, 'PENDING_DELETION', 'DELETED')) = ?",
        );
        parameters.push(Value::Integer(query.now_us));
        parameters.push(Value::Text(state.clone()));
    }
    let column = if query.by_name { "name" } else { "time_created_us" };
    let (sign, direction) = if query.descending { ("<", "DESC") } else { (">", "ASC") };
    if let Some(after) = &query.after {
        sql.push_str(&format!(" AND ({column}, id) {sign} (?, ?)"));
        parameters.push(match query.by_name {
            true => Value::Text(after.key.clone()),
            false => Value::Integer(after.key.parse().unwrap_or_default()),
        });
        parameters.push(Value::Text(after.id.clone()));
    }
    sql.push_str(&format!(" ORDER BY {column} {direction}, id {direction} LIMIT ?"));
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX - 1);
    parameters.push(Value::Integer(limit + 1));
    let mut statement = connection.prepare_cached(&sql).map_err(failed)?;
    let rows = statement.query_map(rusqlite::params_from_iter(parameters), read);
    let mut items: Vec<SecretRecord> = rows.and_then(Iterator::collect).map_err(failed)?;
    let more = items.len() > query.limit;
    items.truncate(query.limit);
    let next = items.last().filter(|_| more).map(|last| Cursor {
        key: if query.by_name { last.name.clone() } else { last.time_created_us.to_string() },
        id: last.id.clone(),
    });
    Ok(Listed { items, next })
}

#[async_trait]
impl VaultStore for SqliteStore {
    async fn secret_get(&self, id: &str) -> Stored<Option<Secret>> {
        let id = id.to_owned();
        self.database.look_up(move |connection| current(connection, &id)).await
    }

    async fn secret_create(
        &self,
        record: &SecretRecord,
        version: &SecretVersion,
        answer: Option<&SavedAnswer>,
    ) -> Stored<()> {
        let (record, version, answer) = (record.clone(), version.clone(), answer.cloned());
        self.database
            .write(move |transaction| {
                create(transaction, &record, &version)?;
                answer.iter().try_for_each(|answer| retries::keep(transaction, answer))
            })
            .await
    }

    async fn secret_record(&self, id: &str) -> Stored<Option<SecretRecord>> {
        let id = id.to_owned();
        self.database.read(move |connection| find(connection, "id = ?", &[&id])).await
    }

    async fn secret_by_name(&self, name: &str, now_us: i64) -> Stored<Option<SecretRecord>> {
        let name = name.to_owned();
        let alive =
            "name = ? AND deleted = 0 AND ifnull(time_of_deletion_us, 9223372036854775807) > ?";
        self.database.read(move |connection| find(connection, alive, &[&name, &now_us])).await
    }

    async fn secret_list(&self, query: &SecretQuery) -> Stored<Listed<SecretRecord>> {
        let query = query.clone();
        self.database.read(move |connection| list(connection, &query)).await
    }

    async fn secret_change(&self, wanted: &SecretChange) -> Stored<()> {
        let wanted = wanted.clone();
        self.database.write(move |transaction| change(transaction, &wanted)).await
    }

    async fn secret_versions(&self, id: &str) -> Stored<Vec<SecretVersion>> {
        let id = id.to_owned();
        self.database.read(move |connection| versions(connection, &id)).await
    }
}
