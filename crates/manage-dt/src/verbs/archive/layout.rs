//! Names and places: the flat folder, and the objects of Oracle's archive-domain (data-api.md 6.2).

use std::fs;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::manifest::{MANIFEST, Manifest};
use crate::args::{ArchiveArgs, Dataset, Layout};
use crate::failure::Failure;
use crate::serve::{failed, write_private};

const PREFIX: &str = "iot-archive";
const MANIFESTS: &str = "_manifests";
const CHECKPOINT: &str = "_state/checkpoint.json";
/// The manifest of a run that is under way.
const RUN: &str = "_state/run.json";
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Where the manifest of a run stands while it is under way.
pub fn manifest_path(folder: &Path, layout: Layout) -> PathBuf {
    match layout {
        Layout::Flat => folder.join(MANIFEST),
        Layout::ArchiveDomain => folder.join(RUN),
    }
}

/// Path of a file, relative to the folder; `number` counts from 1.
pub fn file(
    args: &ArchiveArgs,
    dataset: Dataset,
    domain: &str,
    started: Timestamp,
    number: usize,
) -> String {
    let name = format!("{}-{number:05}.{}", dataset.name(), args.format.name());
    if args.layout == Layout::Flat {
        return name;
    }
    let zone = if dataset == Dataset::Historized { "silver" } else { "bronze" };
    let hour = started.strftime("year=%Y/month=%m/day=%d/hour=%H");
    let dataset = dataset.name();
    let run = run_id(started);
    format!("{PREFIX}/domain={domain}/zone={zone}/dataset={dataset}/{hour}/run_id={run}/{name}")
}

/// The id of a run that started then.
pub fn run_id(started: Timestamp) -> String {
    started.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// What archive-domain archives: `[from, before)` of a kind of data that is kept for `days`.
pub fn window(
    args: &ArchiveArgs,
    now: Timestamp,
    days: u32,
    checkpoint: Option<Timestamp>,
) -> (Timestamp, Timestamp) {
    let kept = SignedDuration::from_hours(24 * i64::from(days));
    let (since, until) = args.times();
    let boundary = now.checked_sub(kept).unwrap_or(Timestamp::MIN);
    let before = until.unwrap_or(boundary);
    let from = since.unwrap_or_else(|| match checkpoint {
        Some(last) => last.checked_sub(kept).unwrap_or(Timestamp::MIN),
        None => boundary.checked_sub(DAY).unwrap_or(Timestamp::MIN),
    });
    (from, before)
}

/// When the last run ended well.
pub fn checkpoint(folder: &Path) -> Result<Option<Timestamp>, Failure> {
    let path = folder.join(CHECKPOINT);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(&path, error)),
    };
    let document: Option<Value> = serde_json::from_str(&text).ok();
    let time = document.as_ref().and_then(|document| document["last_successful_run_at"].as_str());
    match time.and_then(|time| time.parse().ok()) {
        Some(time) => Ok(Some(time)),
        None => {
            Err(Failure::usage(format!("{} does not say last_successful_run_at", path.display()))
                .hint("remove the file to begin one day before what expires next"))
        }
    }
}

/// Ends a run: its manifest under its own name, and the checkpoint when it went well.
pub fn end_run(
    folder: &Path,
    manifest: &Manifest,
    checkpoint_before: Option<Timestamp>,
    started: Timestamp,
    error: Option<&str>,
) -> Result<(), Failure> {
    let second = |time: Timestamp| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    // Members stand sorted, as in the original.
    let result = |entry: &super::manifest::DatasetEntry| {
        let object = |file: &super::manifest::FileEntry| Value::String(file.path.clone());
        let first = entry.files.first().map(|file| file.path.as_str()).unwrap_or_default();
        let prefix = first.rsplit_once('/').map_or("", |(prefix, _)| prefix);
        json!({
            "error_message": if entry.complete { None } else { error },
            "export_format": manifest.asked.format,
            "export_mode": "sql",
            "files": entry.files,
            "name": entry.name,
            "object_names": entry.files.iter().map(object).collect::<Vec<_>>(),
            "object_prefix": prefix,
            "status": if entry.complete { "succeeded" } else { "failed" },
        })
    };
    let document = json!({
        "checkpoint_before": checkpoint_before.map(second),
        "dataset_results": manifest.datasets.iter().map(result).collect::<Vec<_>>(),
        "run_id": run_id(started),
        "selected_datasets": manifest.asked.data,
    });
    let path = folder.join(MANIFESTS).join(format!("run_id={}.json", run_id(started)));
    write_document(&path, &document)?;
    if error.is_none() {
        let checkpoint = json!({"last_successful_run_at": second(started)});
        write_document(&folder.join(CHECKPOINT), &checkpoint)?;
        let run = folder.join(RUN);
        fs::remove_file(&run).map_err(|error| failed(&run, error))?;
    }
    Ok(())
}

fn write_document(path: &Path, document: &Value) -> Result<(), Failure> {
    if let Some(folder) = path.parent() {
        super::make_folder(folder)?;
    }
    write_private(path, format!("{document:#}\n").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(line: &str) -> ArchiveArgs {
        let line = format!("manage-dt archive {line} /tmp/x");
        match crate::args::parse(line.split_whitespace()).unwrap().verb {
            crate::args::Verb::Archive(args) => args,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn objects_have_the_names_of_archive_domain() {
        let started: Timestamp = "2026-01-05T08:09:10.5Z".parse().unwrap();
        let name = |dataset, line: &str| file(&args(line), dataset, "d1", started, 1);
        assert_eq!(
            name(Dataset::Historized, "--layout archive-domain"),
            "iot-archive/domain=d1/zone=silver/dataset=historized/year=2026/month=01/day=05/hour=08/run_id=20260105T080910Z/historized-00001.parquet"
        );
        assert_eq!(name(Dataset::Raw, "--format csv"), "raw-00001.csv");
    }

    #[test]
    fn windows_end_where_retention_begins() {
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        let now = time("2026-02-01T00:00:00Z");
        let window = |line, last| window(&args(line), now, 16, last);
        assert_eq!(window("", None), (time("2026-01-15T00:00:00Z"), time("2026-01-16T00:00:00Z")));
        assert_eq!(window("", Some(time("2026-01-30T00:00:00Z"))).0, time("2026-01-14T00:00:00Z"));
        let given = "--since 2026-01-01T00:00:00Z --until 2026-01-02T00:00:00Z";
        assert_eq!(
            window(given, None),
            (time("2026-01-01T00:00:00Z"), time("2026-01-02T00:00:00Z"))
        );
    }
}
