//! A copy of the database while it is written to.

use std::path::Path;
use std::time::Duration;

use platform::store::{StoreError, Stored};
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use crate::connection::{create_private, failed};
use crate::{SqliteStore, connection};

/// Pages copied between two looks at whether to go on: 8 MiB.
const PAGES_PER_STEP: i32 = 1024;

impl SqliteStore {
    /// Copies the database at `from` to a new file (mode 0600) as it is at this moment: all that is
    /// committed by now is in it, nothing that comes later, however long it takes. Writers are not
    /// held up; their log grows meanwhile. `go_on` hears how many of how many pages are done, and
    /// ends the copy with false.
    ///
    /// # Errors
    /// [`StoreError::Failed`]; [`StoreError::TooSlow`] when `go_on` ended it.
    pub fn copy(from: &Path, to: &Path, mut go_on: impl FnMut(u64, u64) -> bool) -> Stored<()> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let source = Connection::open_with_flags(from, flags).map_err(failed)?;
        source.busy_timeout(Duration::from_secs(5)).map_err(failed)?;
        connection::check_version(&source)?;
        create_private(to)?;
        let mut target = Connection::open(to).map_err(failed)?;
        // A copy that is not complete is thrown away: it is synced once, at its end.
        target.pragma_update(None, "synchronous", "OFF").map_err(failed)?;
        // The read transaction is what holds the moment.
        let moment = source.unchecked_transaction().map_err(failed)?;
        moment
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))
            .map_err(failed)?;
        {
            let backup = Backup::new(&source, &mut target).map_err(failed)?;
            loop {
                let step = backup.step(PAGES_PER_STEP).map_err(failed)?;
                let progress = backup.progress();
                let total = u64::try_from(progress.pagecount).unwrap_or(0);
                let rest = u64::try_from(progress.remaining).unwrap_or(0);
                if !go_on(total.saturating_sub(rest), total) {
                    return Err(StoreError::TooSlow);
                }
                match step {
                    StepResult::Done => break,
                    StepResult::More => {}
                    _ => std::thread::sleep(Duration::from_millis(10)),
                }
            }
        }
        target.close().map_err(|(_, error)| failed(error))?;
        let file = std::fs::File::open(to);
        let synced = file.and_then(|file| file.sync_all());
        synced.map_err(|error| StoreError::Failed(format!("{}: {error}", to.display())))
    }

    /// Looks whether a copy can be used: its structure, and that this program knows its schema.
    ///
    /// # Errors
    /// [`StoreError::Failed`] says what is wrong.
    pub fn copy_check(path: &Path) -> Stored<()> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let copy = Connection::open_with_flags(path, flags).map_err(failed)?;
        connection::check_readable(&copy)
    }
}
