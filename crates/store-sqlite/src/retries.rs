//! Answers to requests with retry tokens.

use platform::limits::RETRY_TOKEN_US;
use platform::store::{SavedAnswer, Stored};
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use crate::connection::failed;
use crate::rows::json;

/// The answer kept under this key since then.
pub(crate) fn get(
    connection: &Connection,
    key: &str,
    since_us: i64,
) -> Stored<Option<SavedAnswer>> {
    let sql = "SELECT key, request_digest, time_us, status, headers, body FROM retry_token WHERE key = ? AND time_us >= ?";
    let find = || {
        connection
            .prepare_cached(sql)?
            .query_row(params![key, since_us], |row| {
                let headers: String = row.get(4)?;
                Ok(SavedAnswer {
                    key: row.get(0)?,
                    request_digest: row.get(1)?,
                    time_us: row.get(2)?,
                    status: row.get(3)?,
                    headers: serde_json::from_str(&headers).unwrap_or_default(),
                    body: row.get(5)?,
                })
            })
            .optional()
    };
    find().map_err(failed)
}

/// Keeps an answer, and forgets those whose time is over.
pub(crate) fn keep(transaction: &Transaction<'_>, answer: &SavedAnswer) -> Stored<()> {
    let write = || {
        transaction
            .prepare_cached("DELETE FROM retry_token WHERE time_us < ?")?
            .execute([answer.time_us - RETRY_TOKEN_US])?;
        let sql = "INSERT OR REPLACE INTO retry_token VALUES (?, ?, ?, ?, ?, ?)";
        transaction.prepare_cached(sql)?.execute(params![
            answer.key,
            answer.request_digest,
            answer.time_us,
            answer.status,
            json(&answer.headers),
            answer.body
        ])
    };
    write().map(drop).map_err(failed)
}
