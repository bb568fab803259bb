//! Copying files of a state directory, readable by their owner only.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use crate::failure::Failure;
use crate::serve::failed;

/// A folder that is being filled (mode 0700); removed unless it is kept.
pub struct Draft {
    path: PathBuf,
    is_kept: bool,
}

impl Draft {
    /// A new one, in the folder in which `place` will stand.
    pub fn beside(place: &Path) -> Result<Draft, Failure> {
        let place = std::path::absolute(place).map_err(|error| failed(place, error))?;
        let (Some(parent), Some(name)) = (place.parent(), place.file_name()) else {
            return Err(Failure::usage(format!("{} cannot be made", place.display())));
        };
        let random = oci_core::ocid::random_text(6);
        let path = parent.join(format!(".{}.{random}.draft", name.to_string_lossy()));
        create_folder(parent, true).map_err(|error| failed(parent, error))?;
        create_folder(&path, false).map_err(|error| failed(&path, error))?;
        Ok(Draft { path, is_kept: false })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Puts it in its place in one step, durably.
    pub fn keep_as(mut self, place: &Path) -> Result<(), Failure> {
        let place = std::path::absolute(place).map_err(|error| failed(place, error))?;
        fs::rename(&self.path, &place).map_err(|error| failed(&place, error))?;
        self.is_kept = true;
        place.parent().map_or(Ok(()), sync_folder)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.is_kept
            && let Err(error) = fs::remove_dir_all(&self.path)
        {
            tracing::warn!("{} could not be removed: {error}", self.path.display());
        }
    }
}

fn create_folder(path: &Path, recursive: bool) -> io::Result<()> {
    fs::DirBuilder::new().recursive(recursive).mode(0o700).create(path)
}

/// Names in a folder outlive a crash only when it is synced.
pub fn sync_folder(path: &Path) -> Result<(), Failure> {
    let synced = File::open(path).and_then(|folder| folder.sync_all());
    synced.map_err(|error| failed(path, error))
}

/// Copies the files of a folder and of those below it; returns their paths below `from`. What is no
/// file, and drafts of files, stay behind.
pub fn copy_tree(from: &Path, to: &Path, stop: &AtomicBool) -> Result<Vec<String>, Failure> {
    let mut copied = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(below) = folders.pop() {
        let source = from.join(&below);
        let target = to.join(&below);
        create_folder(&target, true).map_err(|error| failed(&target, error))?;
        let entries = match fs::read_dir(&source) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(failed(&source, error)),
        };
        for entry in entries {
            super::check(stop)?;
            let entry = entry.map_err(|error| failed(&source, error))?;
            let path = below.join(entry.file_name());
            let kind = entry.file_type().map_err(|error| failed(&source, error))?;
            let name = path.to_str().map(ToOwned::to_owned);
            if kind.is_dir() {
                folders.push(path);
            } else if let (true, Some(name)) = (kind.is_file(), name)
                && !name.ends_with(".draft")
            {
                copy_file(&from.join(&path), &to.join(&path))?;
                copied.push(name);
            }
        }
        sync_folder(&target)?;
    }
    copied.sort();
    Ok(copied)
}

/// Copies a file to a new one (mode 0600), durably.
pub fn copy_file(from: &Path, to: &Path) -> Result<(), Failure> {
    let copy = || -> io::Result<()> {
        let mut source = File::open(from)?;
        let mut options = OpenOptions::new();
        let mut target = options.create_new(true).write(true).mode(0o600).open(to)?;
        io::copy(&mut source, &mut target)?;
        target.sync_all()
    };
    copy().map_err(|error| failed(to, error))
}
