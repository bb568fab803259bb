//! How long the conformance cases take: parsing and checking all of them, on one core.
//!
//! `cargo run --release -p dtdl --example check_speed -- ../shared/conformance/dtdl-v3`

use std::path::{Path, PathBuf};
use std::time::Instant;

use dtdl::{LanguageOptions, check_language};
use serde_json::Value;

fn main() {
    let folder = std::env::args_os()
        .nth(1)
        .map_or_else(|| "../shared/conformance/dtdl-v3".into(), PathBuf::from);
    let mut sets = Vec::new();
    collect(&folder, &mut sets);
    let documents: usize = sets.iter().map(Vec::len).sum();
    let bytes: usize = sets.iter().flatten().map(String::len).sum();
    let start = Instant::now();
    let mut findings = 0;
    for set in &sets {
        let texts: Vec<_> = set.iter().map(String::as_str).collect();
        findings += check_language(&texts, LanguageOptions::default()).diagnostics.len();
    }
    let seconds = start.elapsed().as_secs_f64();
    let sets = sets.len();
    println!(
        "{sets} sets, {documents} documents, {bytes} bytes: {findings} findings in {seconds:.3} s"
    );
}

/// The documents of each case below a folder.
fn collect(folder: &Path, sets: &mut Vec<Vec<String>>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        eprintln!("cannot read {}", folder.display());
        return;
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            collect(&path, sets);
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let cases = serde_json::from_str(text.trim_start_matches('\u{feff}'));
        let cases = match cases {
            Ok(Value::Array(cases)) => cases,
            Ok(case) => vec![case],
            Err(_) => continue,
        };
        let inputs = cases.iter().filter_map(|case| case["input"].as_array());
        sets.extend(inputs.map(|input| input.iter().map(Value::to_string).collect()));
    }
}
