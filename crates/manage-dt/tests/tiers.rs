//! The map in ARCHITECTURE.md is true: every crate stands in it, and none imports what its tier
//! may not.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// Crates that are tools around the product, in no tier.
const OUTSIDE: &[&str] = &["bench"];

fn root() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Crate to tier, from the rows `| tier | `crate` | … |` of the map.
fn map() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let rows = text.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| ")?.split(" | ");
        let (tier, name) = (cells.next()?, cells.next()?);
        Some((name.strip_prefix('`')?.strip_suffix('`')?.to_owned(), tier.to_owned()))
    });
    rows.collect()
}

/// Whether a crate may have a dependency of the other tier outside its tests.
fn may_import(from: (&str, &str), to: (&str, &str)) -> bool {
    let ((name, tier), (_, imported)) = (from, to);
    match tier {
        "base" => imported == "base",
        "engine" => matches!(imported, "base" | "engine"),
        "edge" if name == "iot-client" => imported == "base",
        "service" => matches!(imported, "base" | "engine"),
        "backend" | "edge" => matches!(imported, "base" | "engine" | "service"),
        "program" => true,
        _ => false,
    }
}

#[test]
fn imports_follow_the_map() {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(metadata.status.success(), "{}", String::from_utf8_lossy(&metadata.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout).expect("JSON");
    let map = map();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for package in metadata["packages"].as_array().expect("packages") {
        let name = package["name"].as_str().expect("a name");
        if OUTSIDE.contains(&name) {
            continue;
        }
        let Some(tier) = map.get(name) else {
            wrong.push(format!("{name} is missing in the map of ARCHITECTURE.md"));
            continue;
        };
        seen += 1;
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            let imported = dependency["name"].as_str().expect("a name");
            let in_tests = dependency["kind"].as_str() == Some("dev");
            let Some(imported_tier) = map.get(imported) else { continue };
            if !in_tests && !may_import((name, tier), (imported, imported_tier)) {
                wrong.push(format!("{name} ({tier}) imports {imported} ({imported_tier})"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(seen, map.len(), "the map names a crate that does not exist");
}

#[test]
fn only_backends_hold_sql() {
    let mut wrong = Vec::new();
    let crates = std::fs::read_dir(root().join("crates")).expect("crates");
    for folder in crates {
        let folder = folder.expect("a folder").path();
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if name.starts_with("store-") {
            continue;
        }
        let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).expect("a manifest");
        let (own, _tests) =
            manifest.split_once("[dev-dependencies]").unwrap_or((manifest.as_str(), ""));
        for library in ["rusqlite", "tokio-postgres", "deadpool-postgres"] {
            if own.contains(library) {
                wrong.push(format!("{name} uses {library}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
