//! The state directory: private, and used by one process at a time.

use std::fs::{self, File, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// An opened state directory; the lock goes with it.
pub struct StateDir {
    path: PathBuf,
    _lock: File,
}

impl StateDir {
    /// Makes the directory (mode 0700) and takes its lock.
    pub fn open(path: &Path) -> Result<StateDir, Failure> {
        StateDir::open_if_free(path)?.ok_or_else(|| {
            Failure::new(
                ExitCode::Refused,
                format!(
                    "the state directory {} is in use by another `manage-dt serve`; stop it, or choose another with --state-dir",
                    path.display()
                ),
            )
        })
    }

    /// The same, and `None` when a platform runs there.
    pub fn open_if_free(path: &Path) -> Result<Option<StateDir>, Failure> {
        create(path)?;
        let path = fs::canonicalize(path).map_err(|error| failed(path, error))?;
        create(&path.join("client"))?;
        create(&path.join("tls"))?;
        let lock_file = path.join("lock");
        let lock = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&lock_file)
            .map_err(|error| failed(&lock_file, error))?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(StateDir { path, _lock: lock })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(failed(&lock_file, error)),
        }
    }

    /// Its absolute path.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn create(path: &Path) -> Result<(), Failure> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| {
        let text = format!("cannot make the directory {}: {error}", path.display());
        Failure::new(ExitCode::Refused, text).hint("choose another with --state-dir")
    })
}

/// Writes a file (mode 0600) in one step: a reader sees the old or the new content.
pub fn write_private(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let draft = path.with_extension("draft");
    let write = || -> std::io::Result<()> {
        let mut options = fs::OpenOptions::new();
        let mut file = options.create(true).write(true).truncate(true).mode(0o600).open(&draft)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&draft, path)
    };
    write().map_err(|error| failed(path, error))
}

/// A file or directory that cannot be used.
pub fn failed(path: &Path, error: std::io::Error) -> Failure {
    Failure::new(ExitCode::Refused, format!("{}: {error}", path.display()))
}
