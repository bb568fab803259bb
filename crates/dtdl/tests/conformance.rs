//! The public conformance cases of the language, judged by the language layer alone. The folder
//! comes from `DTDL_CASES`; by default it is the one beside the checkout.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use dtdl::{Dtmi, LanguageOptions, check_language};
use serde_json::Value;

/// Names the folder of cases.
const FOLDER_VARIABLE: &str = "DTDL_CASES";

/// Where the cases are unless told otherwise, from the root of the workspace.
const FOLDER_DEFAULT: &str = "../shared/conformance/dtdl-v3";

/// Decisions that are wrong on purpose: beginning of the file's name, decision of the suite, why.
const DEVIATIONS: [(&str, bool, &str); 1] =
    [("mqtt", true, "the MQTT extension is not supported, so its context is unknown")];

/// A case that was decided differently from the suite.
struct Wrong {
    file: String,
    case: usize,
    expected: bool,
    why: String,
}

fn main() -> ExitCode {
    let folder = folder();
    if std::env::var_os(FOLDER_VARIABLE).is_none() && !folder.is_dir() {
        // The suite is not part of the project: a clone by itself has nothing to judge.
        println!("0 of 0 decisions right");
        eprintln!("skipped: no {}; {FOLDER_VARIABLE} names a folder of cases", folder.display());
        return ExitCode::SUCCESS;
    }
    let (mut right, mut total) = (0, 0);
    let mut wrong = Vec::new();
    // What cannot be read has no cases to count; it is told after the line, and the test fails.
    let mut unreadable = Vec::new();
    for path in files(&folder, &mut unreadable) {
        let file = path.strip_prefix(&folder).expect("found there").display().to_string();
        let cases = match read(&path) {
            Ok(cases) => cases,
            Err(why) => {
                unreadable.push(format!("{file}: {why}"));
                continue;
            }
        };
        for (case, value) in cases.iter().enumerate() {
            let Some(expected) = value["valid"].as_bool() else {
                continue;
            };
            total += 1;
            match decide(value) {
                Ok(()) => right += 1,
                Err(why) => wrong.push(Wrong { file: file.clone(), case, expected, why }),
            }
        }
    }
    println!("{right} of {total} decisions right");
    let unlisted: Vec<_> = wrong.iter().filter(|wrong| !is_listed(wrong)).map(text).collect();
    if total == 0 {
        let folder = folder.display();
        eprintln!("no cases below {folder}; {FOLDER_VARIABLE} names a folder of cases");
    }
    for problem in unreadable.iter().chain(&unlisted) {
        eprintln!("{problem}");
    }
    let is_right = total > 0 && unreadable.is_empty() && unlisted.is_empty();
    if is_right { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn folder() -> PathBuf {
    match std::env::var_os(FOLDER_VARIABLE) {
        Some(folder) => folder.into(),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(FOLDER_DEFAULT),
    }
}

/// The cases of a file: an array of them, or one.
fn read(path: &Path) -> Result<Vec<Value>, String> {
    let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
    let value = serde_json::from_str(text.trim_start_matches('\u{feff}'));
    match value.map_err(|error: serde_json::Error| error.to_string())? {
        Value::Array(cases) => Ok(cases),
        value => Ok(vec![value]),
    }
}

/// All JSON files below a folder, in the order of their names.
fn files(folder: &Path, unreadable: &mut Vec<String>) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) => {
                unreadable.push(format!("{}: {error}", folder.display()));
                continue;
            }
        };
        for entry in entries {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "json") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Decides one case; the error says in what the decision differs from the suite's.
fn decide(case: &Value) -> Result<(), String> {
    if let Some(text) = case["idText"].as_str() {
        return decide_dtmi(text, case);
    }
    let option =
        |name: &str| case["options"].as_array().into_iter().flatten().any(|option| option == name);
    let options =
        LanguageOptions { allow_undefined_extensions: option("AllowUndefinedExtensions") };
    let documents = |key: &str| -> Vec<String> {
        case[key].as_array().into_iter().flatten().map(Value::to_string).collect()
    };
    let mut texts = documents("input");
    texts.extend(documents("resolution"));
    let texts: Vec<_> = texts.iter().map(String::as_str).collect();
    let report = check_language(&texts, options);
    let expected = case["valid"] == true;
    if report.is_valid() == expected {
        return Ok(());
    }
    let found: Vec<_> = report.diagnostics.iter().map(|d| format!("{d}")).collect();
    Err(format!("found {found:?}, {} references missing", report.missing.len()))
}

fn decide_dtmi(text: &str, case: &Value) -> Result<(), String> {
    let parsed = Dtmi::parse_any(text);
    let dtmi = match (parsed, case["valid"] == true) {
        (Err(_), false) => return Ok(()),
        (Ok(dtmi), true) => dtmi,
        (parsed, _) => return Err(format!("{text}: {parsed:?}")),
    };
    let expect = &case["expect"];
    let (major, minor) = dtmi.version();
    let found = serde_json::json!({
        "MajorVersion": major,
        "MinorVersion": minor,
        "CompleteVersion": f64::from(major) + f64::from(minor) / 1e6,
        "Versionless": format!("{}{}", dtmi.path(), dtmi.fragment()),
        "Labels": dtmi.labels().collect::<Vec<_>>(),
        "IsReserved": dtmi.is_system(),
        "Fragment": dtmi.fragment(),
    });
    let differs = |(key, value): &(&String, &Value)| match (value.as_f64(), found[*key].as_f64()) {
        (Some(a), Some(b)) => (a - b).abs() > 1e-9 * a.abs().max(1.0),
        _ => found[*key] != **value,
    };
    match expect.as_object().into_iter().flatten().find(differs) {
        Some((key, value)) => Err(format!("{text}: {key} is {}, not {value}", found[key])),
        None => Ok(()),
    }
}

/// Is the wrong decision a listed deviation?
fn is_listed(wrong: &Wrong) -> bool {
    let name = wrong.file.rsplit(['/', '\\']).next().unwrap_or_default();
    DEVIATIONS
        .iter()
        .any(|(prefix, expected, _)| name.starts_with(prefix) && *expected == wrong.expected)
}

fn text(wrong: &Wrong) -> String {
    let expected = if wrong.expected { "valid" } else { "invalid" };
    format!("{} case {}: {expected} in the suite; {}", wrong.file, wrong.case, wrong.why)
}
