//! MQTT sessions and raw commands.

use platform::store::{
    CommandResponse, Delivery, DeliveryStatus, NewCommand, OpenCommand, SessionRecord, StoreError,
    Stored, TwinNo,
};
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};

use crate::connection::failed;
use crate::rows::json;
use crate::{held, retries};

/// All kept sessions.
pub(crate) fn sessions(connection: &Connection) -> Stored<Vec<SessionRecord>> {
    let read = |row: &Row<'_>| -> rusqlite::Result<SessionRecord> {
        let subscriptions: String = row.get(3)?;
        Ok(SessionRecord {
            twin: TwinNo(row.get(0)?),
            client_id: row.get(1)?,
            expiry_s: row.get(2)?,
            subscriptions: from_json(3, &subscriptions)?,
            ended_us: row.get(4)?,
            begun_us: row.get(5)?,
        })
    };
    let all = || -> rusqlite::Result<Vec<SessionRecord>> {
        let mut statement = connection.prepare(
            "SELECT twin, client_id, expiry_s, subscriptions, ended_us, begun_us FROM session ORDER BY twin, client_id",
        )?;
        statement.query_map([], read)?.collect()
    };
    all().map_err(failed)
}

/// Keeps a session.
pub(crate) fn session_put(transaction: &Transaction<'_>, session: &SessionRecord) -> Stored<()> {
    let (twin, client_id) = (session.twin, &session.client_id);
    held::release_all(transaction, twin, client_id, Some(session.begun_us)).map_err(failed)?;
    transaction
        .prepare_cached("INSERT OR REPLACE INTO session VALUES (?, ?, ?, ?, ?, ?)")
        .and_then(|mut statement| {
            statement.execute(params![
                session.twin.0,
                session.client_id,
                session.expiry_s,
                json(&session.subscriptions),
                session.ended_us,
                session.begun_us
            ])
        })
        .map(drop)
        .map_err(failed)
}

/// Forgets a session; one that began later has its name now, and stays.
pub(crate) fn session_delete(
    transaction: &Transaction<'_>,
    twin: TwinNo,
    client_id: &str,
    begun_us: i64,
) -> Stored<()> {
    let forget = || -> rusqlite::Result<()> {
        let session = params![twin.0, client_id, begun_us];
        let deleted = transaction
            .prepare_cached(
                "DELETE FROM session WHERE twin = ? AND client_id = ? AND begun_us <= ?",
            )?
            .execute(session)?;
        if deleted > 0 {
            held::release_all(transaction, twin, client_id, None)?;
        }
        Ok(())
    };
    forget().map_err(failed)
}

/// Keeps a new command: its row of the collection, and what settling it needs.
pub(crate) fn command_create(transaction: &Transaction<'_>, command: &NewCommand) -> Stored<()> {
    let open = &command.open;
    let row = params![
        open.id,
        open.twin.0,
        open.request_endpoint,
        command.request_duration,
        command.request_data_format,
        command.request_data,
        open.request_content_type,
        open.response_endpoint,
        command.response_duration,
        open.status.as_str(),
        command.created_by,
        command.time_created_us,
    ];
    transaction
        .execute(
            "INSERT INTO raw_command_data (id, twin, request_endpoint, request_duration, request_data_format, request_data, request_content_type, response_endpoint, response_duration, delivery_status, created_by, time_created_us, time_updated_us)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?12)",
            row,
        )
        .and_then(|_| {
            transaction.execute(
                "INSERT INTO open_command (id, via, response_us, deadline_us) VALUES (?, ?, ?, ?)",
                params![open.id, via_json(&open.via), open.response_us, open.deadline_us],
            )
        })
        .map_err(failed)?;
    command.answer.iter().try_for_each(|answer| retries::keep(transaction, answer))
}

/// Commands that are not settled, in the order of their creation.
pub(crate) fn command_open(connection: &Connection) -> Stored<Vec<OpenCommand>> {
    let all = || -> rusqlite::Result<Vec<OpenCommand>> {
        let mut statement = connection.prepare(
            "SELECT c.id, c.twin, o.via, c.request_endpoint, c.request_content_type, c.response_endpoint, o.response_us, o.deadline_us, c.delivery_status, o.sent_via, o.client_id, o.packet_id, o.acknowledged
             FROM open_command o JOIN raw_command_data c ON c.id = o.id ORDER BY c.time_created_us, c.rowid",
        )?;
        statement.query_map([], open_command)?.collect()
    };
    all().map_err(failed)
}

fn open_command(row: &Row<'_>) -> rusqlite::Result<OpenCommand> {
    let (via, status): (String, String) = (row.get(2)?, row.get(8)?);
    let via: Vec<i64> = from_json(2, &via)?;
    let sent_via: Option<i64> = row.get(9)?;
    let delivery = match sent_via {
        None => None,
        Some(via) => Some(Delivery {
            via: TwinNo(via),
            client_id: row.get(10)?,
            packet_id: row.get(11)?,
            acknowledged: row.get(12)?,
        }),
    };
    Ok(OpenCommand {
        id: row.get(0)?,
        twin: TwinNo(row.get(1)?),
        via: via.into_iter().map(TwinNo).collect(),
        request_endpoint: row.get(3)?,
        request_content_type: row.get(4)?,
        response_endpoint: row.get(5)?,
        response_us: row.get(6)?,
        deadline_us: row.get(7)?,
        status: DeliveryStatus::open(&status).unwrap_or(DeliveryStatus::Accepted),
        delivery,
    })
}

/// The payload of a command.
pub(crate) fn command_payload(connection: &Connection, id: &str) -> Stored<Vec<u8>> {
    let payload = connection
        .prepare_cached("SELECT request_data FROM raw_command_data WHERE id = ?")
        .and_then(|mut statement| statement.query_row([id], |row| row.get(0)).optional())
        .map_err(failed)?;
    payload.ok_or_else(|| StoreError::missing("raw command", id))
}

/// Keeps the newer state of a command; a settled one is open no more.
pub(crate) fn command_update(
    transaction: &Transaction<'_>,
    command: &OpenCommand,
    response: Option<&CommandResponse>,
    now_us: i64,
) -> Stored<()> {
    let is_settled = command.status.is_terminal();
    let update = || -> rusqlite::Result<()> {
        transaction
            .prepare_cached(
                "UPDATE raw_command_data SET delivery_status = ?2, time_updated_us = CASE WHEN delivery_status = ?2 THEN time_updated_us ELSE ?3 END, time_finished_us = ?4 WHERE id = ?1",
            )?
            .execute(params![command.id, command.status.as_str(), now_us, is_settled.then_some(now_us)])?;
        if let Some(response) = response {
            transaction.execute(
                "UPDATE raw_command_data SET response_data_format = ?2, response_data = ?3, response_content_type = ?4 WHERE id = ?1",
                params![command.id, response.format, response.content, response.content_type],
            )?;
        }
        if is_settled {
            return transaction
                .prepare_cached("DELETE FROM open_command WHERE id = ?")?
                .execute([&command.id])
                .map(drop);
        }
        let delivery = command.delivery.as_ref();
        transaction
            .prepare_cached(
                "UPDATE open_command SET deadline_us = ?2, sent_via = ?3, client_id = ?4, packet_id = ?5, acknowledged = ?6 WHERE id = ?1",
            )?
            .execute(params![
                command.id,
                command.deadline_us,
                delivery.map(|delivery| delivery.via.0),
                delivery.map(|delivery| &delivery.client_id),
                delivery.and_then(|delivery| delivery.packet_id),
                delivery.is_some_and(|delivery| delivery.acknowledged),
            ])
            .map(drop)
    };
    update().map_err(failed)
}

fn via_json(via: &[TwinNo]) -> String {
    json(&via.iter().map(|twin| twin.0).collect::<Vec<i64>>())
}

fn from_json<T: serde::de::DeserializeOwned>(index: usize, text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(index, rusqlite::types::Type::Text, error.into())
    })
}
