//! A file of the archive: written beside its place, digested on the way, put there when whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256};

use super::dataset::{Cell, Column};
use super::formats::Sink;
use crate::args::Format;
use crate::failure::Failure;
use crate::serve::failed;

/// A file that is being written; dropped unfinished it is removed.
pub struct PartFile {
    path: PathBuf,
    draft: PathBuf,
    sink: Option<Sink>,
}

/// What became of a file.
pub struct Finished {
    pub bytes: u64,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
}

/// Counts and digests what is written.
pub struct Digesting {
    file: BufWriter<File>,
    digest: Context,
    bytes: u64,
}

impl Write for Digesting {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.file.write(buffer)?;
        self.digest.update(&buffer[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl PartFile {
    /// Begins a file (mode 0600) that will stand at `path`.
    pub fn create(
        path: &Path,
        format: Format,
        columns: &'static [Column],
    ) -> Result<Self, Failure> {
        let draft = path.with_extension(format!("{}.draft", format.name()));
        let create = || -> io::Result<Sink> {
            if let Some(folder) = path.parent() {
                fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            }
            // What a killed run left may be anything.
            if fs::symlink_metadata(&draft).is_ok() {
                fs::remove_file(&draft)?;
            }
            let mut options = OpenOptions::new();
            let file = options.create_new(true).write(true).mode(0o600).open(&draft)?;
            let digest = Context::new(&SHA256);
            let out = Digesting { file: BufWriter::new(file), digest, bytes: 0 };
            Sink::begin(format, columns, out)
        };
        let sink = Some(create().map_err(|error| failed(path, error))?);
        Ok(PartFile { path: path.to_owned(), draft, sink })
    }

    /// Adds a row.
    pub fn row(&mut self, row: Vec<Cell>) -> Result<(), Failure> {
        match &mut self.sink {
            Some(sink) => sink.row(row).map_err(|error| failed(&self.path, error)),
            None => Ok(()),
        }
    }

    /// Completes the file and puts it in its place, durably.
    pub fn finish(mut self) -> Result<Finished, Failure> {
        let Some(sink) = self.sink.take() else {
            return Err(failed(&self.path, io::Error::other("it is finished already")));
        };
        let finish = || -> io::Result<Finished> {
            let out = sink.finish()?;
            let file = out.file.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.sync_all()?;
            fs::rename(&self.draft, &self.path)?;
            sync_folder(&self.path)?;
            let digest = out.digest.finish();
            let sha256 = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
            Ok(Finished { bytes: out.bytes, sha256 })
        };
        let finished = finish().map_err(|error| failed(&self.path, error));
        if finished.is_err() {
            // The first error is the one to tell.
            let _ = fs::remove_file(&self.draft);
        }
        finished
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        if self.sink.take().is_some() {
            // A draft that stays is overwritten by the next run.
            let _ = fs::remove_file(&self.draft);
        }
    }
}

/// A name in a folder outlives a crash only when the folder is synced.
fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}
