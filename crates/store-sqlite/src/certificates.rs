//! Certificates of devices.

use platform::store::{Certificate, Stored};
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use crate::connection::failed;

/// The certificate that a column finds.
pub(crate) fn find(
    connection: &Connection,
    condition: &str,
    value: &str,
) -> Stored<Option<Certificate>> {
    let sql = format!("SELECT id, name FROM certificate WHERE {condition}");
    connection
        .prepare_cached(&sql)
        .and_then(|mut statement| {
            statement
                .query_row([value], |row| Ok(Certificate { id: row.get(0)?, name: row.get(1)? }))
                .optional()
        })
        .map_err(failed)
}

/// Keeps a certificate.
pub(crate) fn create(transaction: &Transaction<'_>, certificate: &Certificate) -> Stored<()> {
    transaction
        .execute("INSERT INTO certificate VALUES (?, ?)", [&certificate.id, &certificate.name])
        .map(drop)
        .map_err(failed)
}

/// Keeps since when certificates of this name hold.
pub(crate) fn revoke(
    transaction: &Transaction<'_>,
    common_name: &str,
    before_s: i64,
) -> Stored<()> {
    transaction
        .execute(
            "INSERT OR REPLACE INTO revoked_certificate VALUES (?, ?)",
            params![common_name, before_s],
        )
        .map(drop)
        .map_err(failed)
}

/// Since when certificates of this name hold.
pub(crate) fn revoked(connection: &Connection, common_name: &str) -> Stored<Option<i64>> {
    connection
        .prepare_cached("SELECT before_s FROM revoked_certificate WHERE common_name = ?")
        .and_then(|mut statement| statement.query_row([common_name], |row| row.get(0)).optional())
        .map_err(failed)
}
