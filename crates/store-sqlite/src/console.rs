//! SQL of a user's own, on views that say what the data API says. Nothing can be written.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use platform::clock::rfc3339;
use platform::data::payload_text;
use rusqlite::fallible_iterator::FallibleIterator as _;
use rusqlite::functions::FunctionFlags;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Batch, Connection, ErrorCode, OpenFlags};

use crate::connection;

/// The views.
const VIEWS: &str = include_str!("views.sql");

/// Longest text or blob that an expression may make, bytes.
const VALUE_BYTES_MAX: i32 = 64 << 20;

/// Steps of SQLite's machine between two looks at the clock: about a tenth of a millisecond.
const STEPS_BETWEEN_LOOKS: i32 = 10_000;

/// Why a query gave no result, or only a part of it.
#[derive(Debug)]
pub enum ConsoleError {
    /// The file cannot be read, or is of another version of the program.
    Database(String),
    /// SQLite does not take the text; what and where.
    Statement(String),
    /// It would change something, or looks at something that is none of the views.
    Denied(String),
    /// The time was over.
    TooSlow,
    /// The caller wanted it to stop.
    Stopped,
    /// Whoever takes the rows has failed.
    Output(std::io::Error),
}

/// A value of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum ConsoleValue {
    /// NULL.
    Null,
    /// An integer.
    Integer(i64),
    /// A floating-point number.
    Real(f64),
    /// A text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

/// Who takes the rows.
pub trait Rows {
    /// Names of the columns, before the first row.
    ///
    /// # Errors
    /// Whatever ends the query.
    fn columns(&mut self, names: Vec<String>) -> std::io::Result<()>;
    /// A row; false when no more are wanted.
    ///
    /// # Errors
    /// Whatever ends the query.
    fn row(&mut self, row: Vec<ConsoleValue>) -> std::io::Result<bool>;
}

/// A connection for the queries of a user, also beside a running platform.
pub struct Console {
    connection: Connection,
}

impl Console {
    /// Opens the file read only. A query ends after `time_max`, or when `stop` says so.
    ///
    /// # Errors
    /// [`ConsoleError::Database`]
    pub fn open(
        path: &Path,
        time_max: Duration,
        stop: Arc<AtomicBool>,
    ) -> Result<Console, ConsoleError> {
        let database = |error: rusqlite::Error| ConsoleError::Database(error.to_string());
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags).map_err(database)?;
        connection::check_version(&connection)
            .map_err(|error| ConsoleError::Database(format!("{error:?}")))?;
        prepare(&mut connection).map_err(database)?;
        let end = Instant::now() + time_max;
        let is_over = move || stop.load(Ordering::Relaxed) || Instant::now() > end;
        connection.progress_handler(STEPS_BETWEEN_LOOKS, Some(is_over)).map_err(database)?;
        Ok(Console { connection })
    }

    /// Runs one statement and hands on its rows.
    ///
    /// # Errors
    /// [`ConsoleError`]; rows that were handed on until then stand.
    pub fn run(
        &self,
        sql: &str,
        stop: &AtomicBool,
        out: &mut dyn Rows,
    ) -> Result<(), ConsoleError> {
        let failed = |error| explained(error, stop);
        let mut batch = Batch::new(&self.connection, sql);
        let nothing = || ConsoleError::Statement("there is no statement".to_owned());
        let mut statement = batch.next().map_err(failed)?.ok_or_else(nothing)?;
        // What follows must not pass in silence.
        if batch.next().map_err(failed)?.is_some() {
            let text = "there is more than one statement; give one at a time".to_owned();
            return Err(ConsoleError::Statement(text));
        }
        if !statement.readonly() || statement.column_count() == 0 {
            let text = "the statement reads nothing; only SELECT is possible".to_owned();
            return Err(ConsoleError::Denied(text));
        }
        let names = statement.column_names().map(ToString::to_string).collect();
        out.columns(names).map_err(ConsoleError::Output)?;
        let count = statement.column_count();
        let mut rows = statement.query([]).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            let value = |index| row.get_ref(index).map(owned);
            let row = (0..count).map(value).collect::<Result<_, _>>().map_err(failed)?;
            if !out.row(row).map_err(ConsoleError::Output)? {
                break;
            }
        }
        Ok(())
    }
}

fn prepare(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(5))?;
    // Views and sorting live in memory: nothing is written, not even beside the file.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "trusted_schema", "ON")?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX)?;
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("rfc3339", 1, flags, |context| {
        Ok(context.get::<Option<i64>>(0)?.map(rfc3339))
    })?;
    connection.create_scalar_function("payload_text", 2, flags, |context| {
        let content_type = context.get::<Option<String>>(1)?;
        let content = context.get_raw(0);
        Ok(match content {
            ValueRef::Blob(bytes) | ValueRef::Text(bytes) => {
                Some(payload_text(bytes, content_type.as_deref()))
            }
            _ => None,
        })
    })?;
    connection.create_scalar_function("us", 1, flags, |context| {
        let text = context.get::<Option<String>>(0)?;
        let Some(text) = text else { return Ok(None) };
        match platform::clock::parse_us(&text) {
            Some(us) => Ok(Some(us)),
            None => {
                let why = format!("us('{text}'): not a time such as 2026-01-05T08:00:00Z");
                Err(rusqlite::Error::UserFunctionError(why.into()))
            }
        }
    })?;
    connection.execute_batch(VIEWS)?;
    connection.pragma_update(None, "query_only", "ON")?;
    // Last, as it denies all of the above.
    connection.authorizer(Some(authorize))
}

/// Tables behind the views. They hold no secret, and nothing else can be read, by whatever detour: a
/// name that a query gives to a part of itself can be that of a view.
const TABLES: [&str; 7] = [
    "raw_data",
    "message_label",
    "rejected_data",
    "historized_data",
    "snapshot_data",
    "raw_command_data",
    "instance",
];

/// What a query may do: read views, and what needs no table.
fn authorize(context: AuthContext<'_>) -> Authorization {
    let allowed = match context.action {
        AuthAction::Select | AuthAction::Recursive => true,
        AuthAction::Read { table_name, column_name } => match context.database_name {
            Some("main") if ["json_each", "json_tree"].contains(&table_name) => true,
            // Without a column only rows are counted.
            Some("main") => {
                let is_through_view = context.accessor.is_some() || column_name.is_empty();
                is_through_view && TABLES.contains(&table_name)
            }
            // Views, and functions that are tables.
            _ => true,
        },
        AuthAction::Function { function_name } => {
            !function_name.eq_ignore_ascii_case("load_extension")
        }
        _ => false,
    };
    if allowed { Authorization::Allow } else { Authorization::Deny }
}

fn owned(value: ValueRef<'_>) -> ConsoleValue {
    match value {
        ValueRef::Null => ConsoleValue::Null,
        ValueRef::Integer(value) => ConsoleValue::Integer(value),
        ValueRef::Real(value) => ConsoleValue::Real(value),
        ValueRef::Text(text) => ConsoleValue::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => ConsoleValue::Blob(bytes.to_vec()),
    }
}

fn explained(error: rusqlite::Error, stop: &AtomicBool) -> ConsoleError {
    match error.sqlite_error_code() {
        Some(ErrorCode::OperationInterrupted) if stop.load(Ordering::Relaxed) => {
            ConsoleError::Stopped
        }
        Some(ErrorCode::OperationInterrupted) => ConsoleError::TooSlow,
        Some(ErrorCode::AuthorizationForStatementDenied | ErrorCode::ReadOnly) => {
            ConsoleError::Denied(error.to_string())
        }
        _ => ConsoleError::Statement(error.to_string()),
    }
}
