//! `adapter test`: YAML files with messages and what they become.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use adapter::{Adapter, Explanation, Message, Outcome};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::source::Source;
use super::{junit, trace};
use crate::args::{GlobalArgs, SourceArgs, TestArgs};
use crate::config::{Environment, yaml};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::print::json_text::{one_line, plain};
use crate::print::{Report, Table};

/// Test files of one directory.
const FILES_MAX: usize = 10_000;

/// Time at which the messages of tests are received: 2026-01-01T00:00:00Z.
const TIME_RECEIVED_US: i64 = 1_767_225_600_000_000;

/// A test file.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct TestFile {
    model: PathBuf,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    with: Vec<PathBuf>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    envelope: Option<PathBuf>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    routes: Option<PathBuf>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    adapter: Option<PathBuf>,
    cases: Vec<Case>,
}

/// One message and what it becomes.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    endpoint: Option<String>,
    /// A value, or the text of a message that is no JSON.
    payload: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expect: Option<Map<String, Value>>,
}

/// The result of one case.
#[derive(Debug)]
pub struct Verdict {
    /// Name of the case.
    pub name: String,
    /// What differs, if it failed.
    pub failure: Option<String>,
}

/// The results of one file.
#[derive(Debug)]
pub struct FileVerdicts {
    /// The file.
    pub path: PathBuf,
    /// Its cases, in order.
    pub cases: Vec<Verdict>,
    routes: (usize, Vec<String>),
    elements: (usize, Vec<String>),
}

/// Runs the files of a directory.
pub fn run(args: &TestArgs, global: &GlobalArgs, environment: &Environment) -> Result<(), Failure> {
    let files = files(&args.dir)?;
    let tested = files.iter().map(|path| test_file(path, args.update));
    let tested = tested.collect::<Result<Vec<_>, _>>()?;
    if let Some(path) = &args.junit {
        std::fs::write(path, junit::report(&tested)).map_err(|error| {
            Failure::usage(format!("{} cannot be written: {error}", path.display()))
        })?;
    }
    let mut report = Report::on_stdout(global.output, environment);
    report.part("files", || list(&tested), |width| table(&tested, width));
    report.finish()?;
    let cases = tested.iter().flat_map(|file| &file.cases);
    let failed = cases.clone().filter(|case| case.failure.is_some()).count();
    match failed {
        0 => Ok(()),
        failed => {
            let text = format!("{failed} of {} cases failed", cases.count());
            Err(Failure::new(ExitCode::Refused, text)
                .hint("if the new behaviour is right, --update writes it into the files"))
        }
    }
}

fn files(dir: &Path) -> Result<Vec<PathBuf>, Failure> {
    let shown = dir.display();
    let entries = std::fs::read_dir(dir)
        .map_err(|error| Failure::usage(format!("directory {shown} cannot be read: {error}")))?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let is_yaml = |path: &PathBuf| path.extension().is_some_and(|e| e == "yaml" || e == "yml");
    let mut paths: Vec<PathBuf> = paths.filter(is_yaml).take(FILES_MAX).collect();
    paths.sort();
    match paths.is_empty() {
        true => Err(Failure::usage(format!("directory {shown} has no test file, *.yaml"))
            .hint("`manage-dt adapter test --help` shows one; --update fills in what to expect")),
        false => Ok(paths),
    }
}

fn test_file(path: &Path, update: bool) -> Result<FileVerdicts, Failure> {
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("{shown} cannot be read: {error}")))?;
    let mut file: TestFile = yaml::from_text(&text).map_err(|error| {
        let place = format!("line {}, column {}", error.line, error.column);
        Failure::usage(format!("{shown}, {place}: {}\n{}", error.message, error.excerpt))
    })?;
    check_cases(&file.cases).map_err(|error| Failure::usage(format!("{shown}: {error}")))?;
    let dir = path.parent().unwrap_or(Path::new(""));
    let beside = |path: &Option<PathBuf>| path.as_ref().map(|path| dir.join(path));
    let args = SourceArgs {
        model: None,
        with: file.with.iter().map(|path| dir.join(path)).collect(),
        envelope: beside(&file.envelope),
        routes: beside(&file.routes),
        adapter: beside(&file.adapter),
    };
    let of_this_file = |mut failure: Failure| {
        failure.message = failure.message.map(|message| format!("{shown}: {message}"));
        failure
    };
    let source = Source::of_files(&dir.join(&file.model), &args).map_err(of_this_file)?;
    let adapter = source.compile().map_err(of_this_file)?;
    let endpoint = source.reference_endpoint();
    let mut covered = Covered::default();
    let (mut verdicts, mut changed) = (Vec::new(), false);
    for case in &mut file.cases {
        let explanation = explain(&adapter, case, &endpoint);
        covered.add(&explanation);
        let failure = judge(case, &explanation, &adapter);
        if update && failure.is_some() {
            case.expect = Some(becomes(&explanation, &adapter));
            changed = true;
        }
        let failure = failure.filter(|_| !update);
        verdicts.push(Verdict { name: case.name.clone(), failure });
    }
    if changed {
        let text = yaml::to_text(&file)
            .map_err(|error| Failure::usage(format!("{shown} cannot be written: {error}")))?;
        std::fs::write(path, text)
            .map_err(|error| Failure::usage(format!("{shown} cannot be written: {error}")))?;
    }
    Ok(covered.verdicts(path, verdicts, &adapter))
}

/// What a case can expect.
const EXPECTABLE: [&str; 4] = ["content", "timeObserved", "rejected", "delegated"];

/// Cases that could not fail, or never succeed, are mistakes in the file.
fn check_cases(cases: &[Case]) -> Result<(), String> {
    if cases.is_empty() {
        return Err("there are no cases; add one below `cases`".to_owned());
    }
    for case in cases {
        let mut names = case.expect.iter().flat_map(Map::keys);
        if let Some(stray) = names.find(|name| !EXPECTABLE.contains(&name.as_str())) {
            return Err(format!(
                "case `{}` expects `{stray}`, which no message gives; known are {}",
                case.name,
                EXPECTABLE.join(", ")
            ));
        }
    }
    Ok(())
}

fn explain(adapter: &Adapter, case: &Case, endpoint: &str) -> Explanation {
    let content = match &case.payload {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    let endpoint = case.endpoint.as_deref().unwrap_or(endpoint).trim_start_matches('/');
    let content = content.as_bytes();
    adapter.explain(&Message { endpoint, content, time_received_us: TIME_RECEIVED_US })
}

/// What a message became, in the form of `expect`.
fn becomes(explanation: &Explanation, adapter: &Adapter) -> Map<String, Value> {
    let mut out = Map::new();
    match &explanation.outcome {
        Outcome::Values(normalized) => {
            out.insert("content".to_owned(), trace::content(normalized, adapter.model()));
            let time = jiff::Timestamp::from_microsecond(normalized.time_observed_us);
            if let Ok(time) = time
                && normalized.time_observed_us != TIME_RECEIVED_US
            {
                out.insert("timeObserved".to_owned(), json!(format!("{time:.6}")));
            }
        }
        Outcome::Rejected(rejection) => {
            let rejected = json!({"code": rejection.code, "message": rejection.message});
            out.insert("rejected".to_owned(), rejected);
        }
        Outcome::Delegated(delegation) => {
            let content = String::from_utf8_lossy(&delegation.content);
            let content: Value = serde_json::from_str(&content).unwrap_or_default();
            let delegated = json!({"target": delegation.target, "content": content});
            out.insert("delegated".to_owned(), delegated);
        }
    }
    out
}

/// What differs between what is expected and what happened. What is not expected does not count,
/// so a case may leave the message or the time out.
fn judge(case: &Case, explanation: &Explanation, adapter: &Adapter) -> Option<String> {
    let found = becomes(explanation, adapter);
    let Some(expected) = case.expect.as_ref().filter(|expected| !expected.is_empty()) else {
        return Some("nothing is expected; --update writes what happens".to_owned());
    };
    for (name, expected) in expected {
        let found_part = found.get(name);
        let same = match (name.as_str(), expected, found_part) {
            ("rejected" | "delegated", Value::Object(expected), Some(found)) => {
                expected.iter().all(|(member, value)| equal(value, &found[member.as_str()]))
            }
            (_, expected, Some(found)) => equal(expected, found),
            (_, _, None) => false,
        };
        if !same {
            let found = one_line(&Value::Object(found));
            return Some(format!("expected {name}: {}, found {found}", one_line(expected)));
        }
    }
    None
}

/// Numbers are equal by value: YAML does not keep how they were written.
fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| equal(a, b)))
        }
        _ => a == b,
    }
}

/// What the cases of a file reached.
#[derive(Default)]
struct Covered {
    routes: BTreeSet<usize>,
    route_count: usize,
    conditions: Vec<String>,
    elements: BTreeSet<usize>,
}

impl Covered {
    fn add(&mut self, explanation: &Explanation) {
        self.routes.extend(explanation.matched_route());
        if self.conditions.is_empty() {
            self.route_count = explanation.routes.len();
            let conditions = explanation.routes.iter().map(|route| route.condition.clone());
            self.conditions = conditions.collect();
        }
        if let Outcome::Values(normalized) = &explanation.outcome {
            self.elements.extend(normalized.values.iter().map(|value| value.element));
        }
    }

    fn verdicts(self, path: &Path, cases: Vec<Verdict>, adapter: &Adapter) -> FileVerdicts {
        let open = |index: &usize| !self.routes.contains(index);
        let routes = (0..self.route_count).filter(open);
        let routes = routes.map(|i| format!("route {i} ({})", self.conditions[i])).collect();
        let elements = adapter.model().elements.iter().enumerate();
        let elements = elements.filter(|(index, _)| !self.elements.contains(index));
        FileVerdicts {
            path: path.to_owned(),
            cases,
            routes: (self.route_count, routes),
            elements: (
                adapter.model().elements.len(),
                elements.map(|(_, element)| element.path.to_string()).collect(),
            ),
        }
    }
}

fn list(files: &[FileVerdicts]) -> Value {
    let coverage = |(total, open): &(usize, Vec<String>)| json!({"total": total, "covered": total - open.len(), "open": open});
    let each = files.iter().map(|file| {
        let cases = file.cases.iter().map(|case| {
            json!({"name": case.name, "passed": case.failure.is_none(), "failure": case.failure})
        });
        json!({
            "file": file.path.display().to_string(),
            "cases": cases.collect::<Vec<_>>(),
            "routes": coverage(&file.routes),
            "fields": coverage(&file.elements),
        })
    });
    Value::Array(each.collect())
}

fn table(files: &[FileVerdicts], width: Option<usize>) -> String {
    let heads = ["File", "Cases", "Failed", "Routes covered", "Fields covered"];
    let mut table = Table::new(None, &heads);
    let covered =
        |(total, open): &(usize, Vec<String>)| format!("{} of {total}", total - open.len());
    let mut details = String::new();
    for file in files {
        let shown = plain(&file.path.display().to_string());
        let failed = file.cases.iter().filter(|case| case.failure.is_some()).count();
        table.row(vec![
            shown.clone(),
            file.cases.len().to_string(),
            failed.to_string(),
            covered(&file.routes),
            covered(&file.elements),
        ]);
        for case in &file.cases {
            if let Some(failure) = &case.failure {
                details.push_str(&format!(
                    "FAILED {shown}: {}\n  {}\n",
                    plain(&case.name),
                    plain(failure)
                ));
            }
        }
        let open: Vec<_> = file.routes.1.iter().chain(&file.elements.1).cloned().collect();
        if !open.is_empty() {
            details.push_str(&format!("not covered in {shown}: {}\n", plain(&open.join(", "))));
        }
    }
    format!("{}{details}", table.render(width))
}
