//! Runs `tests/cases/filters`: what each `q` means, which sample rows it selects, or why it is
//! refused. `UPDATE=1` rewrites the expectations; review the diff.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod render;
mod rows;

use std::fs;
use std::path::{Path, PathBuf};

use ords_filter::{FilterError, parse};
use serde_json::{Map, Value, json};

#[test]
fn every_case_file_holds() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut wrong = Vec::new();
    let mut count = 0;
    for path in case_files() {
        let text = fs::read_to_string(&path).unwrap();
        let cases: Vec<Map<String, Value>> = serde_json::from_str(&text).unwrap();
        let found: Vec<_> = cases.iter().map(outcome).collect();
        count += cases.len();
        if update {
            let lines: Vec<_> = found.iter().map(|case| json!(case)).collect();
            fs::write(&path, serde_json::to_string_pretty(&lines).unwrap() + "\n").unwrap();
            continue;
        }
        for (case, found) in cases.iter().zip(&found) {
            if case != found {
                wrong.push(format!(
                    "{}: expected\n{:#}\nfound\n{:#}",
                    path.display(),
                    json!(case),
                    json!(found)
                ));
            }
        }
    }
    assert!(count > 0, "no case was found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn case_files() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(rows::folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| is_case_file(path))
        .collect();
    files.sort();
    files
}

fn is_case_file(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "json") && !path.ends_with("rows.json")
}

/// The case with its expectations replaced by what the crate makes of it.
fn outcome(case: &Map<String, Value>) -> Map<String, Value> {
    let mut found = Map::new();
    for input in ["why", "collection", "q"] {
        if let Some(value) = case.get(input) {
            found.insert(input.to_owned(), value.clone());
        }
    }
    let collection = case.get("collection").and_then(Value::as_str).unwrap_or("rawData");
    let q = case["q"].as_str().unwrap();
    let columns = rows::columns(collection);
    match parse(q, columns) {
        Ok(query) => {
            found.insert("filter".to_owned(), render::filter(&query.filter, columns).into());
            if !query.order.is_empty() {
                found.insert("order".to_owned(), render::order(&query.order, columns).into());
            }
            found.insert("selects".to_owned(), rows::selected(collection, &query.filter));
        }
        Err(FilterError { position, message }) => {
            found.insert("error".to_owned(), json!({ "position": position, "message": message }));
        }
    }
    found
}
