//! What the archive holds and how far it is: `manifest.json`, rewritten after every file.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::args::{ArchiveArgs, Dataset};
use crate::failure::Failure;
use crate::serve::{failed, write_private};

/// Name of the manifest in the folder.
pub const MANIFEST: &str = "manifest.json";

/// The manifest.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Version of this form.
    pub version: u32,
    /// Who wrote it.
    pub program: String,
    pub source: Origin,
    /// What was asked for; a run that goes on asks for the same.
    pub asked: Asked,
    pub time_started: String,
    pub time_finished: Option<String>,
    pub datasets: Vec<DatasetEntry>,
}

/// Where the data comes from.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Origin {
    pub iot_domain_id: String,
    /// Address of the data API.
    pub data_api: String,
}

/// The options of the run.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
    pub data: Vec<String>,
    pub format: String,
    pub layout: String,
    pub since: Option<String>,
    pub until: Option<String>,
}

/// One kind of data.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DatasetEntry {
    pub name: String,
    /// The member that the range is about.
    pub time_member: String,
    /// First time of the range; null is the first there is.
    pub time_from: Option<String>,
    /// The first time behind the range.
    pub time_before: String,
    pub columns: Vec<ColumnEntry>,
    pub complete: bool,
    pub rows: u64,
    /// The last row that is in a finished file.
    pub cursor: Cursor,
    pub files: Vec<FileEntry>,
}

/// A column.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ColumnEntry {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: String,
}

/// Where reading goes on.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cursor {
    /// Id of the last row, of data whose ids are numbers.
    pub id: i64,
    /// Time of the last row, of commands.
    pub time: Option<String>,
    /// Ids of the commands of that time.
    pub ids: Vec<String>,
}

/// A finished file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileEntry {
    /// Relative to the folder.
    pub path: String,
    pub rows: u64,
    pub bytes: u64,
    pub sha256: String,
    pub first_id: String,
    pub last_id: String,
    pub time_first: Option<String>,
    pub time_last: Option<String>,
}

impl Asked {
    /// From the command line.
    pub fn of(args: &ArchiveArgs, datasets: &[Dataset]) -> Asked {
        Asked {
            data: datasets.iter().map(|dataset| dataset.name().to_owned()).collect(),
            format: args.format.name().to_owned(),
            layout: args.layout.name().to_owned(),
            since: args.since.clone(),
            until: args.until.clone(),
        }
    }
}

impl DatasetEntry {
    /// A kind of data of which nothing is written yet.
    pub fn new(dataset: Dataset, from: Option<jiff::Timestamp>, before: jiff::Timestamp) -> Self {
        let column = |(name, kind): &super::dataset::Column| ColumnEntry {
            name: (*name).to_owned(),
            kind: kind.name().to_owned(),
        };
        DatasetEntry {
            name: dataset.name().to_owned(),
            time_member: dataset.time().to_owned(),
            time_from: from.map(|time| format!("{time:.6}")),
            time_before: format!("{before:.6}"),
            columns: dataset.columns().iter().map(column).collect(),
            complete: false,
            rows: 0,
            cursor: Cursor::default(),
            files: Vec::new(),
        }
    }
}

impl Manifest {
    /// The manifest of a folder; none when it has none.
    pub fn read(path: &Path) -> Result<Option<Manifest>, Failure> {
        let text = match std::fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(path, error)),
        };
        serde_json::from_slice(&text).map(Some).map_err(|error| {
            Failure::usage(format!("{} is no manifest of an archive: {error}", path.display()))
                .hint("choose an empty folder")
        })
    }

    /// Writes it in one step.
    pub fn write(&self, path: &Path) -> Result<(), Failure> {
        let mut text = serde_json::to_vec_pretty(self)
            .map_err(|error| failed(path, std::io::Error::other(error)))?;
        text.push(b'\n');
        write_private(path, &text)
    }

    /// Finished files are as the manifest has them; a lost or shortened one is told.
    pub fn check_files(&self, folder: &Path) -> Result<(), Failure> {
        for file in self.datasets.iter().flat_map(|dataset| &dataset.files) {
            let path = folder.join(&file.path);
            let found = std::fs::metadata(&path).map_err(|error| failed(&path, error))?;
            if found.len() != file.bytes {
                let text = format!(
                    "{} has {} bytes, the manifest says {}",
                    path.display(),
                    found.len(),
                    file.bytes
                );
                return Err(
                    Failure::usage(text).hint("put the file back, or archive into another folder")
                );
            }
        }
        Ok(())
    }
}
