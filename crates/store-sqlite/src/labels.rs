//! Endpoint and content type of messages, kept once for all messages that have the same.
//!
//! A row names its label by a small number instead of repeating two texts. Labels are committed
//! before the rows that name them and are never removed, so what is known of them stays true.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use platform::store::{MessageRow, Stored};
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use crate::connection::{Database, failed};

/// Labels at most, and what is remembered of those that may become one. Rows beyond repeat the texts.
const LABELS_MAX: usize = 65_536;

/// Content types of one endpoint that get a label.
const CONTENT_TYPES_MAX: usize = 8;

/// Longest endpoint and content type together that get a label, bytes.
const LABEL_BYTES_MAX: usize = 255;

/// Endpoint, content type.
type Label = (String, Option<String>);

/// What is committed, by endpoint.
#[derive(Default)]
struct Known {
    numbers: HashMap<String, Vec<(Option<String>, i64)>>,
    count: usize,
    /// What came once lately.
    seen: HashSet<u64>,
    hashes: RandomState,
}

/// The labels of one store.
#[derive(Default)]
pub(crate) struct Labels(Mutex<Option<Known>>);

impl Labels {
    /// The number of each row's label, in their order; `None` for rows that keep their texts.
    pub async fn of(&self, database: &Database, rows: &[MessageRow]) -> Stored<Vec<Option<i64>>> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        if self.lock().is_none() {
            let known = database.read(read).await?;
            *self.lock() = Some(known);
        }
        let (numbers, missing) = self.look_up(rows);
        if missing.is_empty() {
            return Ok(numbers);
        }
        let written = database.write(move |transaction| write(transaction, missing)).await?;
        let mut known = self.lock();
        let Some(known) = &mut *known else { return Ok(numbers) };
        written.into_iter().for_each(|(label, no)| known.add(label, no));
        Ok(known.numbers(rows))
    }

    /// Numbers of the labels that are known, and what should get one.
    fn look_up(&self, rows: &[MessageRow]) -> (Vec<Option<i64>>, Vec<Label>) {
        let mut known = self.lock();
        let Some(known) = &mut *known else { return (vec![None; rows.len()], Vec::new()) };
        let numbers = known.numbers(rows);
        let mut missing: Vec<Label> = Vec::new();
        for (row, _) in rows.iter().zip(&numbers).filter(|(_, number)| number.is_none()) {
            if known.has_room(row, missing.len()) && known.is_seen_again(row) {
                missing.push((row.endpoint.clone(), row.content_type.clone()));
            }
        }
        missing.sort_unstable();
        missing.dedup();
        (numbers, missing)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn numbers(&self, rows: &[MessageRow]) -> Vec<Option<i64>> {
        rows.iter().map(|row| self.number(&row.endpoint, row.content_type.as_deref())).collect()
    }

    fn number(&self, endpoint: &str, content_type: Option<&str>) -> Option<i64> {
        let types = self.numbers.get(endpoint)?;
        types.iter().find(|(known, _)| known.as_deref() == content_type).map(|(_, no)| *no)
    }

    fn has_room(&self, row: &MessageRow, more: usize) -> bool {
        let bytes = row.endpoint.len() + row.content_type.as_ref().map_or(0, String::len);
        let types = self.numbers.get(&row.endpoint).map_or(0, Vec::len);
        bytes <= LABEL_BYTES_MAX && types < CONTENT_TYPES_MAX && self.count + more < LABELS_MAX
    }

    /// Whether the texts came before. Those that come once are not worth a label.
    fn is_seen_again(&mut self, row: &MessageRow) -> bool {
        if self.seen.len() >= LABELS_MAX {
            self.seen.clear();
        }
        !self.seen.insert(self.hashes.hash_one((&row.endpoint, &row.content_type)))
    }

    fn add(&mut self, (endpoint, content_type): Label, no: i64) {
        if self.number(&endpoint, content_type.as_deref()).is_none() {
            self.numbers.entry(endpoint).or_default().push((content_type, no));
            self.count += 1;
        }
    }
}

fn read(connection: &Connection) -> Stored<Known> {
    let read = || -> rusqlite::Result<Known> {
        let mut known = Known::default();
        let mut statement =
            connection.prepare("SELECT endpoint, content_type, no FROM message_label")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            known.add((row.get(0)?, row.get(1)?), row.get(2)?);
        }
        Ok(known)
    };
    read().map_err(failed)
}

/// Gives numbers to labels. Another process may have done so in the meantime.
fn write(transaction: &Transaction<'_>, labels: Vec<Label>) -> Stored<Vec<(Label, i64)>> {
    let number = |label: Label| -> rusqlite::Result<(Label, i64)> {
        let found = transaction
            .prepare_cached(
                "SELECT no FROM message_label WHERE endpoint = ?1 AND content_type IS ?2",
            )?
            .query_row(params![label.0, label.1], |row| row.get(0))
            .optional()?;
        if let Some(no) = found {
            return Ok((label, no));
        }
        transaction
            .prepare_cached("INSERT INTO message_label (endpoint, content_type) VALUES (?1, ?2)")?
            .execute(params![label.0, label.1])?;
        Ok((label, transaction.last_insert_rowid()))
    };
    labels.into_iter().map(number).collect::<Result<_, _>>().map_err(failed)
}
