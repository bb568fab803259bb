//! The embedded backend: one SQLite file, one writer thread, a few readers.
//!
//! Every write is one transaction on the writer thread, durable when it returns (`synchronous` is
//! FULL). Only this crate knows SQL of the embedded store.

mod batch;
mod certificates;
mod connection;
mod console;
mod copy;
mod data;
mod devices;
mod held;
mod history;
mod identity;
mod lists;
mod references;
mod resources;
mod retention;
mod retries;
mod rows;
mod setup;
mod store;
mod vault;
mod work;

use std::path::Path;

use platform::store::Stored;

use connection::Database;
pub use console::{Console, ConsoleError, ConsoleValue, Rows};

/// The store of one state directory.
pub struct SqliteStore {
    database: Database,
}

impl SqliteStore {
    /// Opens the file or creates it (mode 0600) and brings its schema up to date.
    ///
    /// # Errors
    /// [`platform::store::StoreError::Failed`] when the file cannot be opened, or was written by a
    /// newer version.
    pub fn open(path: &Path) -> Stored<SqliteStore> {
        Ok(SqliteStore { database: Database::open(path)? })
    }

    /// Opens the file of a platform that runs in another process. Both may read and write; a write
    /// of one waits for that of the other.
    ///
    /// # Errors
    /// [`platform::store::StoreError::Failed`] when the file cannot be opened, or when its schema
    /// is not this version's: it is not changed under a running platform.
    pub fn open_beside(path: &Path) -> Stored<SqliteStore> {
        Ok(SqliteStore { database: Database::open_beside(path)? })
    }
}
