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
mod labels;
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
use std::sync::{Arc, Mutex, PoisonError};

use platform::store::Stored;

use connection::Database;
pub use console::{Console, ConsoleError, ConsoleValue, Rows};
use labels::Labels;

/// The store of one state directory.
pub struct SqliteStore {
    database: Database,
    labels: Labels,
}

impl From<Database> for SqliteStore {
    fn from(database: Database) -> SqliteStore {
        SqliteStore { database, labels: Labels::default() }
    }
}

impl SqliteStore {
    /// Opens the file or creates it (mode 0600) and brings its schema up to date.
    ///
    /// # Errors
    /// [`platform::store::StoreError::Failed`] when the file cannot be opened, or was written by a
    /// newer version.
    pub fn open(path: &Path) -> Stored<SqliteStore> {
        Ok(Database::open(path)?.into())
    }

    /// Opens the file of a platform that runs in another process. Both may read and write; a write
    /// of one waits for that of the other.
    ///
    /// # Errors
    /// [`platform::store::StoreError::Failed`] when the file cannot be opened, or when its schema
    /// is not this version's: it is not changed under a running platform.
    pub fn open_beside(path: &Path) -> Stored<SqliteStore> {
        Ok(Database::open_beside(path)?.into())
    }

    /// Bytes of the whole state.
    ///
    /// # Errors
    /// [`platform::store::StoreError::Failed`] of SQLite.
    pub async fn bytes(&self) -> Stored<u64> {
        self.database.read(size).await
    }

    /// Copies the whole state into memory.
    ///
    /// # Errors
    /// [`platform::store::StoreError::Failed`] when there is no room.
    pub async fn snapshot(&self) -> Stored<MemorySnapshot> {
        Ok(MemorySnapshot(Arc::new(Mutex::new(self.database.snapshot().await?))))
    }

    /// Puts a snapshot in the place of the state, durably when this returns. The store that is
    /// returned goes on with it; this one can be read, but writes no more.
    ///
    /// # Errors
    /// [`platform::store::StoreError::Failed`]; nothing has changed then.
    pub async fn restore(&self, snapshot: &MemorySnapshot) -> Stored<SqliteStore> {
        Ok(self.database.restore(snapshot.0.clone()).await?.into())
    }
}

/// A whole state in memory.
#[derive(Clone)]
pub struct MemorySnapshot(Arc<Mutex<rusqlite::Connection>>);

impl MemorySnapshot {
    /// Bytes it takes.
    ///
    /// # Errors
    /// [`platform::store::StoreError::Failed`] of SQLite.
    pub fn bytes(&self) -> Stored<u64> {
        size(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Bytes of a database.
fn size(connection: &rusqlite::Connection) -> Stored<u64> {
    let pragma = |name: &str| {
        let sql = format!("PRAGMA {name}");
        connection.query_row(&sql, [], |row| row.get::<_, u32>(0)).map_err(connection::failed)
    };
    Ok(u64::from(pragma("page_count")?) * u64::from(pragma("page_size")?))
}
