//! The compliance suite of RFC 9535 against our JSON Paths. `JSONPATH_CTS` names its `cts.json`;
//! without it a file of our own in the same form is taken. Prints one line, `JSONPath N of M`,
//! then fails if a case is wrong that `DEVIATIONS` does not list.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use adapter::language::JsonPath;
use serde_json::Value;

/// Names of cases that are not as in the suite, and why.
const DEVIATIONS: [(&str, &str); 0] = [];

fn main() -> ExitCode {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/cases/jsonpath/own.json");
    let path = std::env::var_os("JSONPATH_CTS");
    let path = path.map_or_else(|| Path::new(own).to_owned(), PathBuf::from);
    let (mut right, mut surprises) = (0, Vec::new());
    let cases = read(&path).unwrap_or_else(|why| {
        surprises.push(format!("{}: {why}", path.display()));
        Vec::new()
    });
    for case in &cases {
        let name = case["name"].as_str().unwrap_or_default();
        let verdict = judge(case);
        right += usize::from(verdict.is_ok());
        let listed = DEVIATIONS.iter().any(|(known, _)| *known == name);
        if let Err(wrong) = verdict
            && !listed
        {
            surprises.push(format!("{name}: {wrong}"));
        }
    }
    println!("JSONPath {right} of {}", cases.len());
    surprises.iter().for_each(|surprise| eprintln!("{surprise}"));
    if surprises.is_empty() && !cases.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The cases of a suite's file.
fn read(path: &Path) -> Result<Vec<Value>, String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let suite: Value = serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| error.to_string())?;
    suite["tests"].as_array().cloned().ok_or_else(|| "has no list `tests`".to_owned())
}

fn judge(case: &Value) -> Result<(), String> {
    let selector = case["selector"].as_str().ok_or("no selector")?;
    let path = JsonPath::compile(selector);
    if case["invalid_selector"] == true {
        return match path {
            Ok(_) => Err(format!("{selector} compiles, but must not")),
            Err(_) => Ok(()),
        };
    }
    let path = path.map_err(|error| format!("{selector} does not compile: {error}"))?;
    let found = path.query(&case["document"].to_string())?;
    let found: Vec<Value> = found
        .iter()
        .map(|text| serde_json::from_str(text).map_err(|error| error.to_string()))
        .collect::<Result<_, _>>()?;
    let found = Value::Array(found);
    // Several results are right where the order of an object's members decides.
    let right = match &case["results"] {
        Value::Array(results) => results.contains(&found),
        _ => case["result"] == found,
    };
    if right { Ok(()) } else { Err(format!("{selector} gives {found}")) }
}
