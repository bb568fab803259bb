//! Connections: one writer thread, a pool of readers, and the schema's version.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use platform::store::{StoreError, Stored};
use rusqlite::backup::{Backup, StepResult};
use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use tokio::sync::{Semaphore, oneshot};

/// Migrations in order; the schema's version is how many of them ran.
const MIGRATIONS: &[&str] = &[
    include_str!("schema.sql"),
    include_str!("sessions_and_commands.sql"),
    include_str!("identity.sql"),
    include_str!("control_plane.sql"),
    include_str!("certificates.sql"),
    include_str!("held_packets.sql"),
    include_str!("revoked_certificates.sql"),
    include_str!("events.sql"),
    include_str!("history.sql"),
    include_str!("secret_version_deletion.sql"),
    include_str!("labels.sql"),
];

/// Older SQLite can corrupt a database whose log is reset (dependencies: fixed in 3.51.3).
const SQLITE_VERSION_MIN: i32 = 3_051_003;

/// Jobs that may wait for the writer; each is small or one batch.
const JOBS_WAITING_MAX: usize = 256;

/// Readers at work at once; more wait. A reader that takes its whole time is one of few.
const READERS_MAX: usize = 16;

/// Time that one read may take; it is stopped then. Clients give up after a minute.
const READ_TIME_MAX: Duration = Duration::from_secs(20);

/// Steps of SQLite's machine between two looks at the clock: about a tenth of a millisecond.
const STEPS_BETWEEN_LOOKS: i32 = 10_000;

/// Statements each connection keeps compiled.
const STATEMENTS_CACHED_MAX: usize = 64;

/// Work that shares a commit at most; more would keep the first of them waiting.
const JOBS_COMMITTED_MAX: usize = 64;

/// How long a copy waits for another process that writes, and the pause between two looks.
const COPY_WAIT_MAX: Duration = Duration::from_secs(5);
const COPY_PAUSE: Duration = Duration::from_millis(1);

/// Tells a caller what became of its work, once it is known whether the commit succeeded.
type Answer = Box<dyn FnOnce(Stored<()>) + Send>;

/// Work inside the transaction, or what to do when there is none.
type Change = Box<dyn FnOnce(Stored<&rusqlite::Transaction<'_>>) -> Answer + Send>;

/// Work of the writer thread.
enum Job {
    /// Shares a transaction with others.
    Change(Change),
    /// Has the connection to itself.
    Alone(Box<dyn FnOnce(&mut Connection) + Send>),
}

/// A hold on the database of one state directory. When a snapshot is restored, the earlier holds
/// can write no more: what they were about to write belongs to a state that is gone.
pub(crate) struct Database {
    shared: Arc<Shared>,
    generation: u64,
}

/// What all holds share.
struct Shared {
    /// Counts restored snapshots.
    generation: AtomicU64,
    path: PathBuf,
    jobs: Option<mpsc::SyncSender<Job>>,
    writer: Option<JoinHandle<()>>,
    readers: Arc<Mutex<Vec<Reader>>>,
    reading: Arc<Semaphore>,
}

/// A read-only connection that stops its work at a deadline.
struct Reader {
    connection: Connection,
    deadline: Arc<Mutex<Instant>>,
}

impl Database {
    /// Opens or creates the file, readable by its owner only, and brings its schema up to date.
    pub fn open(path: &Path) -> Stored<Database> {
        if rusqlite::version_number() < SQLITE_VERSION_MIN {
            return Err(StoreError::Failed(format!("SQLite {} is too old", rusqlite::version())));
        }
        create_private(path)?;
        let mut connection = Connection::open(path).map_err(failed)?;
        prepare(&connection, true).map_err(failed)?;
        migrate(&mut connection)?;
        Database::with_writer(path, connection)
    }

    /// Opens a file whose schema must be up to date.
    pub fn open_beside(path: &Path) -> Stored<Database> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
        prepare(&connection, true).map_err(failed)?;
        check_version(&connection)?;
        Database::with_writer(path, connection)
    }

    fn with_writer(path: &Path, mut connection: Connection) -> Stored<Database> {
        let (jobs, waiting) = mpsc::sync_channel::<Job>(JOBS_WAITING_MAX);
        let writer = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || {
                let mut next = None;
                while let Some(job) = next.take().or_else(|| waiting.recv().ok()) {
                    match job {
                        Job::Alone(work) => work(&mut connection),
                        Job::Change(first) => {
                            next = commit_together(&mut connection, first, &waiting);
                        }
                    }
                }
            })
            .map_err(|error| StoreError::Failed(format!("cannot start the writer: {error}")))?;
        let shared = Shared {
            generation: AtomicU64::new(0),
            path: path.to_owned(),
            jobs: Some(jobs),
            writer: Some(writer),
            readers: Arc::default(),
            reading: Arc::new(Semaphore::new(READERS_MAX)),
        };
        Ok(Database { shared: Arc::new(shared), generation: 0 })
    }

    /// Runs `work` on the writer thread, durably when this returns; nothing of it stays when it
    /// fails. Work that waits together is committed together: the disk is waited for once.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&rusqlite::Transaction<'_>) -> Stored<T> + Send + 'static,
    ) -> Stored<T> {
        let (answer, answered) = oneshot::channel();
        let (shared, generation) = (Arc::downgrade(&self.shared), self.generation);
        let is_current = move || {
            let now = shared.upgrade().map(|shared| shared.generation.load(Ordering::Acquire));
            now == Some(generation)
        };
        let job = Job::Change(Box::new(move |transaction| {
            let result = transaction.and_then(|transaction| match is_current() {
                true => by_itself(transaction, work),
                false => Err(StoreError::Failed("another state was restored".to_owned())),
            });
            Box::new(move |committed| {
                // The caller may be gone; what was committed stands.
                let _ = answer.send(committed.and(result));
            })
        }));
        self.hand_over(job).await?;
        answered.await.map_err(|_| gone())?
    }

    /// Runs `work` on the writer thread, between transactions.
    async fn alone<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Stored<T> + Send + 'static,
    ) -> Stored<T> {
        let (answer, answered) = oneshot::channel();
        let job = Job::Alone(Box::new(move |connection| {
            // The caller may be gone.
            let _ = answer.send(work(connection));
        }));
        self.hand_over(job).await?;
        answered.await.map_err(|_| gone())?
    }

    /// Copies the whole database into memory.
    pub async fn snapshot(&self) -> Stored<Connection> {
        self.alone(|connection| {
            let mut copy = Connection::open_in_memory().map_err(failed)?;
            copy_all(connection, &mut copy)?;
            Ok(copy)
        })
        .await
    }

    /// Puts a snapshot in the place of the database, durably when this returns; a new hold on it.
    pub async fn restore(&self, snapshot: Arc<Mutex<Connection>>) -> Stored<Database> {
        let shared = Arc::downgrade(&self.shared);
        let generation = self
            .alone(move |connection| {
                let shared = shared.upgrade().ok_or_else(gone)?;
                copy_all(&snapshot.lock().unwrap_or_else(PoisonError::into_inner), connection)?;
                // Nothing else is written meanwhile; what comes next belongs to the earlier state.
                Ok(shared.generation.fetch_add(1, Ordering::AcqRel) + 1)
            })
            .await?;
        Ok(Database { shared: self.shared.clone(), generation })
    }

    async fn hand_over(&self, job: Job) -> Stored<()> {
        let jobs = self.shared.jobs.clone().ok_or_else(gone)?;
        match jobs.try_send(job) {
            Ok(()) => {}
            Err(mpsc::TrySendError::Full(job)) => {
                let sent = tokio::task::spawn_blocking(move || jobs.send(job).is_ok()).await;
                if !sent.unwrap_or(false) {
                    return Err(gone());
                }
            }
            Err(mpsc::TrySendError::Disconnected(_)) => return Err(gone()),
        }
        Ok(())
    }

    /// Runs `work` on a read-only connection, off the async threads. What takes longer than
    /// [`READ_TIME_MAX`] is stopped.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Stored<T> + Send + 'static,
    ) -> Stored<T> {
        self.read_within(READ_TIME_MAX, work).await
    }

    /// Looks one thing up by its key: so little work that it is done where it is asked for, unless
    /// every reader is busy. A change of threads would cost more.
    pub async fn look_up<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Stored<T> + Send + 'static,
    ) -> Stored<T> {
        let idle = self.shared.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let Some(reader) = idle else { return self.read(work).await };
        reader.work_within(READ_TIME_MAX);
        let result = work(&reader.connection);
        self.shared.readers.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
        result
    }

    async fn read_within<T: Send + 'static>(
        &self,
        time_max: Duration,
        work: impl FnOnce(&Connection) -> Stored<T> + Send + 'static,
    ) -> Stored<T> {
        let (path, readers) = (self.shared.path.clone(), self.shared.readers.clone());
        let turn = self.shared.reading.clone().acquire_owned().await;
        let turn = turn.map_err(|error| StoreError::Failed(error.to_string()))?;
        let task = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let idle = readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let reader = match idle {
                Some(reader) => reader,
                None => Reader::open(&path)?,
            };
            reader.work_within(time_max);
            let result = work(&reader.connection);
            readers.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
            result
        });
        task.await.map_err(|error| StoreError::Failed(format!("a reader failed: {error}")))?
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // The writer closes last: only it can write the log back into the file.
        self.readers.lock().unwrap_or_else(PoisonError::into_inner).clear();
        drop(self.jobs.take());
        if let Some(writer) = self.writer.take() {
            // A panic of the writer was reported when it happened.
            let _ = writer.join();
        }
    }
}

fn gone() -> StoreError {
    StoreError::Failed("the writer thread ended".to_owned())
}

/// Runs the first change and all that wait behind it in one transaction, then answers them. A job
/// that has to be alone ends the row and is given back.
fn commit_together(
    connection: &mut Connection,
    first: Change,
    waiting: &mpsc::Receiver<Job>,
) -> Option<Job> {
    let transaction = match connection.transaction_with_behavior(TransactionBehavior::Immediate) {
        Ok(transaction) => transaction,
        Err(error) => {
            first(Err(failed(error)))(Ok(()));
            return None;
        }
    };
    let mut answers = vec![first(Ok(&transaction))];
    let mut next = None;
    while answers.len() < JOBS_COMMITTED_MAX
        && let Ok(job) = waiting.try_recv()
    {
        match job {
            Job::Change(change) => answers.push(change(Ok(&transaction))),
            alone => {
                next = Some(alone);
                break;
            }
        }
    }
    let committed = transaction.commit().map_err(failed);
    for answer in answers {
        answer(committed.clone());
    }
    next
}

/// Copies a whole database over another one, in one transaction of the latter.
fn copy_all(from: &Connection, to: &mut Connection) -> Stored<()> {
    to.flush_prepared_statement_cache();
    let backup = Backup::new(from, to).map_err(failed)?;
    let started = Instant::now();
    loop {
        match backup.step(-1).map_err(failed)? {
            StepResult::Done => return Ok(()),
            // Another process writes.
            _ if started.elapsed() < COPY_WAIT_MAX => std::thread::sleep(COPY_PAUSE),
            _ => return Err(StoreError::Failed("the database is locked".to_owned())),
        }
    }
}

/// Work inside a transaction that others share: when it fails, nothing of it stays.
fn by_itself<T>(
    transaction: &rusqlite::Transaction<'_>,
    work: impl FnOnce(&rusqlite::Transaction<'_>) -> Stored<T>,
) -> Stored<T> {
    let run = |sql: &str| {
        let mut statement = transaction.prepare_cached(sql)?;
        statement.execute([]).map(drop)
    };
    run("SAVEPOINT work").map_err(failed)?;
    let result = work(transaction);
    if result.is_err() {
        run("ROLLBACK TO work").map_err(failed)?;
    }
    run("RELEASE work").map_err(failed)?;
    result
}

pub(crate) fn create_private(path: &Path) -> Stored<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true).mode(0o600);
    let made = options.open(path).map(drop);
    made.map_err(|error| StoreError::Failed(format!("cannot open {}: {error}", path.display())))
}

impl Reader {
    /// Sets the time after which work that is still going on is stopped.
    fn work_within(&self, time_max: Duration) {
        *self.deadline.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now() + time_max;
    }

    fn open(path: &Path) -> Stored<Reader> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags).map_err(failed)?;
        prepare(&connection, false).map_err(failed)?;
        let deadline = Arc::new(Mutex::new(Instant::now() + READ_TIME_MAX));
        let until = deadline.clone();
        let is_over =
            move || Instant::now() > *until.lock().unwrap_or_else(PoisonError::into_inner);
        connection.progress_handler(STEPS_BETWEEN_LOOKS, Some(is_over)).map_err(failed)?;
        Ok(Reader { connection, deadline })
    }
}

fn prepare(connection: &Connection, writer: bool) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED_MAX);
    if writer {
        connection.pragma_update(None, "page_size", 8192)?;
        // Only a new file takes it: retention gives pages back to the file system.
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "wal_autocheckpoint", 4000)?;
        connection.pragma_update(None, "cache_size", -64_000)?;
    }
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    // The filter language's own rules: SQLite's LIKE and lower() differ from them.
    connection.create_scalar_function("ords_like", 2, flags, |context| {
        Ok(match (text(context, 0), text(context, 1)) {
            (Some(text), Some(pattern)) => Some(ords_filter::like(text, pattern)),
            _ => None,
        })
    })?;
    connection.create_scalar_function("ords_contains", 2, flags, |context| {
        Ok(match (text(context, 0), text(context, 1)) {
            (Some(text), Some(needle)) => Some(ords_filter::contains_ignoring_case(text, needle)),
            _ => None,
        })
    })
}

fn text<'a>(context: &'a rusqlite::functions::Context<'_>, index: usize) -> Option<&'a str> {
    context.get_raw(index).as_str().ok()
}

fn version(connection: &Connection) -> Stored<u32> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(failed)
}

/// The schema is this program's own.
pub(crate) fn check_version(connection: &Connection) -> Stored<()> {
    let found = version(connection)?;
    if found as usize == MIGRATIONS.len() {
        return Ok(());
    }
    Err(StoreError::Failed(format!(
        "the platform's database has schema version {found}, this program needs {}; use the program that runs the platform, or start it with this one first",
        MIGRATIONS.len()
    )))
}

/// The schema is one that this program knows, maybe an older one.
pub(crate) fn check_readable(connection: &Connection) -> Stored<()> {
    let found = version(connection)?;
    if (1..=MIGRATIONS.len()).contains(&(found as usize)) {
        return Ok(());
    }
    Err(StoreError::Failed(format!(
        "the database has schema version {found}, this program knows {} at most; use a newer program",
        MIGRATIONS.len()
    )))
}

fn migrate(connection: &mut Connection) -> Stored<()> {
    let version = version(connection)?;
    if version as usize > MIGRATIONS.len() {
        return Err(StoreError::Failed(format!(
            "the database has schema version {version}, this program knows {} at most; use a newer program",
            MIGRATIONS.len()
        )));
    }
    for (index, migration) in MIGRATIONS.iter().enumerate().skip(version as usize) {
        let transaction = connection.transaction().map_err(failed)?;
        transaction.execute_batch(migration).map_err(failed)?;
        transaction.pragma_update(None, "user_version", index as i64 + 1).map_err(failed)?;
        transaction.commit().map_err(failed)?;
    }
    Ok(())
}

/// An error of SQLite that no caller can do anything about.
pub(crate) fn failed(error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::OperationInterrupted) => StoreError::TooSlow,
        _ => StoreError::Failed(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_read_that_takes_too_long_is_stopped() {
        let dir = tempfile::tempdir().expect("a directory");
        let database = Database::open(&dir.path().join("db")).expect("a database");
        let count = |to: u64| {
            move |connection: &Connection| {
                let sql = format!(
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {to}) SELECT max(i) FROM n"
                );
                connection.query_row(&sql, [], |row| row.get::<_, i64>(0)).map_err(failed)
            }
        };
        let stopped = database.read_within(Duration::from_millis(50), count(u64::MAX / 2)).await;
        assert_eq!(stopped, Err(StoreError::TooSlow));
        // The same connection serves the next one.
        assert_eq!(database.read(count(100_000)).await, Ok(100_000));
    }
}
