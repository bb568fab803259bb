//! What became of each row, one JSON object a line, written as it happens.
//!
//! The first line names the run; it makes the retry tokens of all its rows. A file that is there
//! already is gone on with. A last line that was not finished counts for nothing.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::rows::Row;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// Bytes of one line.
const LINE_BYTES_MAX: u64 = 64 * 1024;

/// How a row ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Status {
    /// It was created.
    Created,
    /// An instance with its external key existed.
    Kept,
    /// It was not created.
    Failed,
}

/// The outcome of one row.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Line in the CSV file.
    pub line: u64,
    /// External key.
    pub external_key: String,
    /// How it ended.
    pub status: Status,
    /// OCID of the instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Why it was not created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Digest of the row.
    pub row: String,
}

#[derive(Serialize, Deserialize)]
struct Head {
    run: String,
}

/// The report, open for more.
pub struct ReportFile {
    path: PathBuf,
    file: File,
    run: String,
    done: HashSet<String>,
}

impl ReportFile {
    /// Opens a report, or begins one.
    pub fn open(path: &Path) -> Result<ReportFile, Failure> {
        let mut options = std::fs::OpenOptions::new();
        let opened = options.read(true).append(true).create(true).mode(0o600).open(path);
        let file = opened.map_err(|error| failed(path, &error))?;
        let run = oci_core::ocid::random_text(12);
        let mut report = ReportFile { path: path.to_owned(), file, run, done: HashSet::new() };
        match report.read()? {
            Some(run) => report.run = run,
            None => report.write(&Head { run: report.run.clone() })?,
        }
        Ok(report)
    }

    /// Reads what is there; the name of its run.
    fn read(&mut self) -> Result<Option<String>, Failure> {
        let path = self.path.clone();
        let mut reader = BufReader::new(&self.file);
        let (mut run, mut line) = (None, Vec::new());
        loop {
            line.clear();
            let read = reader.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line);
            if read.map_err(|error| failed(&path, &error))? == 0 {
                return Ok(run);
            }
            if run.is_none() {
                let head = serde_json::from_slice::<Head>(&line).map_err(|_| {
                    Failure::usage(format!("{} is not a report of `bulk`", path.display()))
                        .hint("name another file with --report")
                })?;
                run = Some(head.run);
            } else if !line.ends_with(b"\n") {
                // It was broken off; what comes next begins a line of its own.
                (&self.file).write_all(b"\n").map_err(|error| failed(&path, &error))?;
            } else if let Ok(entry) = serde_json::from_slice::<Entry>(&line) {
                match entry.status {
                    Status::Created | Status::Kept => self.done.insert(entry.row),
                    Status::Failed => self.done.remove(&entry.row),
                };
            }
        }
    }

    /// Whether a row, as it is now, was done before.
    pub fn has_done(&self, row: &Row) -> bool {
        self.done.contains(&row.digest)
    }

    /// What makes a create of this row the same request whenever it is sent.
    pub fn retry_token(&self, row: &Row) -> String {
        format!("{}-{}", self.run, row.digest)
    }

    /// Adds the outcome of a row.
    pub fn add(&mut self, entry: &Entry) -> Result<(), Failure> {
        self.write(entry)
    }

    fn write(&mut self, line: &impl Serialize) -> Result<(), Failure> {
        let mut text = serde_json::to_vec(line).map_err(Failure::usage)?;
        text.push(b'\n');
        self.file.write_all(&text).map_err(|error| failed(&self.path, &error))
    }
}

fn failed(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(ExitCode::Refused, format!("the report {}: {error}", path.display()))
        .hint("name another file with --report")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(key: &str) -> Row {
        Row { external_key: key.to_owned(), digest: format!("d-{key}"), ..Row::default() }
    }

    #[test]
    fn a_report_is_gone_on_with() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("r.ndjson");
        let (a, b, c) = (row("a"), row("b"), row("c"));
        let mut report = ReportFile::open(&path).unwrap();
        report.add(&a.entry(Status::Created, Some("id".into()), None)).unwrap();
        report.add(&b.entry(Status::Failed, None, Some("why".into()))).unwrap();
        let token = report.retry_token(&b);
        drop(report);
        // A run that was killed in the middle of a line.
        let mut text = std::fs::read_to_string(&path).unwrap();
        text.push_str("{\"line\":3,\"externalKey\":\"c\",\"sta");
        std::fs::write(&path, text).unwrap();
        let mut report = ReportFile::open(&path).unwrap();
        assert!(report.has_done(&a) && !report.has_done(&b) && !report.has_done(&c));
        assert_eq!(report.retry_token(&b), token);
        report.add(&c.entry(Status::Created, None, None)).unwrap();
        drop(report);
        assert!(ReportFile::open(&path).unwrap().has_done(&c));
    }

    #[test]
    fn another_file_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        std::fs::write(&path, "precious\n").unwrap();
        assert!(ReportFile::open(&path).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious\n");
    }
}
