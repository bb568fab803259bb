//! Packet ids of QoS 2 that lasting sessions hold.

use platform::store::{HeldPacket, Stored, TwinNo};
use rusqlite::{Connection, Row, Transaction, params};

use crate::connection::failed;

/// All of them.
pub(crate) fn all(connection: &Connection) -> Stored<Vec<HeldPacket>> {
    let read = |row: &Row<'_>| -> rusqlite::Result<HeldPacket> {
        Ok(HeldPacket {
            twin: TwinNo(row.get(0)?),
            client_id: row.get(1)?,
            packet_id: row.get(2)?,
            begun_us: row.get(3)?,
        })
    };
    let all = || -> rusqlite::Result<Vec<HeldPacket>> {
        let mut statement = connection.prepare(
            "SELECT twin, client_id, packet_id, begun_us FROM held_packet JOIN session USING (twin, client_id)
             ORDER BY twin, client_id, packet_id",
        )?;
        statement.query_map([], read)?.collect()
    };
    all().map_err(failed)
}

/// Holds a packet id, if its session is still the same.
pub(crate) fn hold(transaction: &Transaction<'_>, held: &HeldPacket) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT OR IGNORE INTO held_packet SELECT twin, client_id, ?4 FROM session WHERE twin = ?1 AND client_id = ?2 AND begun_us = ?3",
        )?
        .execute(params![held.twin.0, held.client_id, held.begun_us, held.packet_id])
        .map(drop)
}

/// Frees a packet id, if its session is still the same.
pub(crate) fn release(transaction: &Transaction<'_>, held: &HeldPacket) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "DELETE FROM held_packet WHERE twin = ?1 AND client_id = ?2 AND packet_id = ?4
             AND EXISTS (SELECT 1 FROM session WHERE twin = ?1 AND client_id = ?2 AND begun_us = ?3)",
        )?
        .execute(params![held.twin.0, held.client_id, held.begun_us, held.packet_id])
        .map(drop)
}

/// Frees what a session holds, unless it is the one that began then.
pub(crate) fn release_all(
    transaction: &Transaction<'_>,
    twin: TwinNo,
    client_id: &str,
    unless_begun_us: Option<i64>,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "DELETE FROM held_packet WHERE twin = ?1 AND client_id = ?2
             AND NOT EXISTS (SELECT 1 FROM session WHERE twin = ?1 AND client_id = ?2 AND begun_us = ?3)",
        )?
        .execute(params![twin.0, client_id, unless_begun_us])
        .map(drop)
}
