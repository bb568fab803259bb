//! What `archive` prints.

use std::path::Path;

use serde_json::{Value, json};

use super::manifest::{DatasetEntry, Manifest};
use crate::print::{Report, Table};

/// What a run would write.
pub fn planned(report: &mut Report, manifest: &Manifest) {
    report.part(
        "planned",
        || manifest.datasets.iter().map(range).collect::<Vec<Value>>().into(),
        |width| {
            let title = "Would be archived".to_owned();
            let mut table = Table::new(Some(title), &["Data", "From", "Before", "Written"]);
            for entry in &manifest.datasets {
                let from = entry.time_from.clone().unwrap_or_else(|| "the first".to_owned());
                let written = match entry.complete {
                    true => "complete".to_owned(),
                    false => format!("{} rows", entry.rows),
                };
                table.row(vec![entry.name.clone(), from, entry.time_before.clone(), written]);
            }
            table.render(width)
        },
    );
}

fn range(entry: &DatasetEntry) -> Value {
    json!({
        "name": entry.name, "timeFrom": entry.time_from, "timeBefore": entry.time_before,
        "complete": entry.complete, "rows": entry.rows,
    })
}

/// What is in the folder.
pub fn written(report: &mut Report, folder: &Path, manifest: &Manifest) {
    report.part("folder", || json!(folder.display().to_string()), |_| String::new());
    report.part(
        "datasets",
        || json!(manifest.datasets),
        |width| {
            let title = format!("Archived to {}", folder.display());
            let mut table = Table::new(Some(title), &["Data", "Rows", "Files", "Bytes"]);
            for entry in &manifest.datasets {
                let bytes: u64 = entry.files.iter().map(|file| file.bytes).sum();
                table.row(vec![
                    entry.name.clone(),
                    entry.rows.to_string(),
                    entry.files.len().to_string(),
                    bytes.to_string(),
                ]);
            }
            table.render(width)
        },
    );
}
