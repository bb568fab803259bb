//! `backup.json`: what a backup holds.

use std::fs::File;
use std::io::Read as _;
use std::path::{Component, Path};
use std::sync::atomic::AtomicBool;

use aws_lc_rs::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::serve::{failed, write_private};

/// Its name.
const RECORD: &str = "backup.json";
/// Bytes read at once.
const CHUNK_BYTES: usize = 1 << 20;

/// The record of a backup.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Version of this form.
    version: u32,
    program: String,
    /// The moment; all that was acknowledged before is in the backup.
    pub time: String,
    /// Where the platform kept its state, absolute.
    pub state_dir: String,
    /// What is in it, in the order in which it was copied.
    pub files: Vec<FileRecord>,
}

/// A file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileRecord {
    /// Relative to the backup.
    pub path: String,
    #[serde(flatten)]
    pub digest: Digest,
}

/// What a file must be.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    pub bytes: u64,
    /// In hexadecimal.
    pub sha256: String,
}

impl Record {
    /// The record of a backup that begins now.
    pub fn begin(state_dir: &Path) -> Record {
        Record {
            version: 1,
            program: concat!("manage-dt ", env!("CARGO_PKG_VERSION")).to_owned(),
            time: format!("{:.6}", jiff::Timestamp::now()),
            state_dir: state_dir.display().to_string(),
            files: Vec::new(),
        }
    }

    /// Adds a file.
    pub fn add(&mut self, path: &str, digest: Digest) {
        self.files.push(FileRecord { path: path.to_owned(), digest });
    }

    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.digest.bytes).sum()
    }

    /// Writes it into the folder.
    pub fn write(&self, folder: &Path) -> Result<(), Failure> {
        let path = folder.join(RECORD);
        let mut text = serde_json::to_vec_pretty(self)
            .map_err(|error| failed(&path, std::io::Error::other(error)))?;
        text.push(b'\n');
        write_private(&path, &text)
    }

    /// Reads that of a folder. Its paths lead nowhere else.
    pub fn read(folder: &Path) -> Result<Record, Failure> {
        let path = folder.join(RECORD);
        let no_backup = |why: String| {
            Failure::usage(format!("{} is no backup: {why}", folder.display()))
                .hint("name a folder that `manage-dt backup` made")
        };
        let text = std::fs::read(&path).map_err(|error| no_backup(format!("{RECORD}: {error}")))?;
        let record: Record = serde_json::from_slice(&text)
            .map_err(|error| no_backup(format!("{RECORD}: {error}")))?;
        if record.version != 1 {
            return Err(no_backup(format!("{RECORD} has version {}", record.version)));
        }
        let is_inside = |path: &str| {
            let mut parts = Path::new(path).components();
            !path.is_empty() && parts.all(|part| matches!(part, Component::Normal(_)))
        };
        if let Some(file) = record.files.iter().find(|file| !is_inside(&file.path)) {
            return Err(no_backup(format!("{RECORD} names '{}'", file.path.escape_debug())));
        }
        Ok(record)
    }
}

/// Reads a file through.
pub fn digest(path: &Path, stop: &AtomicBool) -> Result<Digest, Failure> {
    let mut file = File::open(path).map_err(|error| failed(path, error))?;
    let (mut context, mut bytes) = (Context::new(&SHA256), 0);
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        super::check(stop)?;
        let read = file.read(&mut chunk).map_err(|error| failed(path, error))?;
        if read == 0 {
            break;
        }
        context.update(&chunk[..read]);
        bytes += read as u64;
    }
    let sha256 = context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Digest { bytes, sha256 })
}
