//! `model check`: findings of both layers, the language and the platform.

use std::io::Write;
use std::path::PathBuf;

use dtdl::{DIAGNOSTICS_MAX, Diagnostic, Interface, LanguageOptions, check_language};
use serde_json::{Value, json};

use super::{Document, PLACEHOLDER, PLACEHOLDER_HINT, read, read_with};
use crate::args::{ModelCheckArgs, OutputFormat};
use crate::config::Environment;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::print::{Report, sarif};

/// Checks the files and tells what is wrong with them.
pub fn run(
    args: &ModelCheckArgs,
    format: OutputFormat,
    environment: &Environment,
) -> Result<(), Failure> {
    let (files, unreadable) = read_all(&args.files)?;
    let with = read_with(&args.with, &args.files.iter().collect::<Vec<_>>())?;
    let (findings, elsewhere) = check(&files, &with);
    if elsewhere > 0 {
        tracing::warn!("{elsewhere} finding(s) in the files of --with; check those as well");
    }
    match format {
        OutputFormat::Sarif => {
            let findings: Vec<_> = findings.iter().map(|f| to_sarif(f, &files)).collect();
            // A reader that goes away is no error.
            let _ = writeln!(std::io::stdout().lock(), "{:#}", sarif::log(&findings, &[]));
        }
        _ => {
            let mut report = Report::on_stdout(format, environment);
            report.part(
                "findings",
                || findings.iter().map(|finding| to_json(finding, &files)).collect(),
                |_| findings.iter().map(|finding| to_text(finding, &files)).collect(),
            );
            let (count, checked) = (findings.len(), files.len());
            if let Some(file) = cut_off(&findings, &files) {
                tracing::warn!("{file}: only the first {DIAGNOSTICS_MAX} findings are told");
            }
            report.part("findingCount", || json!(count), |_| summary(count, checked));
            report.finish()?;
        }
    }
    let exit = match (unreadable, findings.is_empty()) {
        (0, true) => return Ok(()),
        (0, false) => ExitCode::Refused,
        // What was not looked at weighs more than what was found.
        _ => ExitCode::Usage,
    };
    Err(with_hint(Failure::reported(exit), &findings, &files))
}

/// The files that can be read, and how many cannot: each of those is told, and the others are
/// checked all the same.
fn read_all(paths: &[PathBuf]) -> Result<(Vec<Document>, usize), Failure> {
    let (mut files, mut failures) = (Vec::new(), Vec::new());
    for path in paths {
        match read(path) {
            Ok(file) => files.push(file),
            Err(failure) => failures.push(failure),
        }
    }
    match failures.pop() {
        Some(last) if files.is_empty() && failures.is_empty() => Err(last),
        last => {
            failures.extend(last);
            failures.iter().for_each(Failure::tell);
            Ok((files, failures.len()))
        }
    }
}

/// The sample models leave their DTMI to the configuration, which no finding can know.
fn with_hint(failure: Failure, findings: &[Diagnostic], files: &[Document]) -> Failure {
    let is_left = |finding: &Diagnostic| {
        let file: Option<Value> = serde_json::from_str(&files[finding.document].text).ok();
        finding.pointer == "/@id" && file.is_some_and(|file| file["@id"] == PLACEHOLDER)
    };
    match findings.iter().any(is_left) {
        true => failure.hint(PLACEHOLDER_HINT),
        false => failure,
    }
}

/// Findings in the files, ordered by file and place, and how many there are in those of `--with`.
fn check(files: &[Document], with: &[Document]) -> (Vec<Diagnostic>, usize) {
    let texts: Vec<&str> = files.iter().chain(with).map(|d| d.text.as_str()).collect();
    let report = check_language(&texts, LanguageOptions::default());
    let all = report.diagnostics.into_iter().chain(report.missing);
    let (mut findings, elsewhere): (Vec<_>, Vec<_>) =
        all.partition(|finding| finding.document < files.len());
    for (document, file) in files.iter().enumerate() {
        let platform = match Interface::parse(&file.text) {
            Ok(interface) => interface.check_platform(),
            // Mostly what the language layer has found; the rest is about single models.
            Err(found) => Err(found),
        };
        let found = platform.err().map(|found| found.located(&file.text).0).unwrap_or_default();
        for finding in found {
            let is_known = findings.iter().any(|known| {
                known.document == document
                    && known.pointer == finding.pointer
                    && known.code == finding.code
            });
            if !is_known {
                findings.push(Diagnostic { document, ..finding });
            }
        }
    }
    findings.sort_by_key(|finding| (finding.document, finding.position));
    (findings, elsewhere.len())
}

/// The first file with so many findings that there may be more.
fn cut_off<'f>(findings: &[Diagnostic], files: &'f [Document]) -> Option<&'f str> {
    let count = |document| findings.iter().filter(|f| f.document == document).count();
    (0..files.len()).find(|d| count(*d) >= DIAGNOSTICS_MAX).map(|d| files[d].name.as_str())
}

/// The short form of a code: what follows the name space of the language's findings.
fn short(code: &str) -> &str {
    code.rsplit(':').next().unwrap_or(code)
}

fn to_text(finding: &Diagnostic, files: &[Document]) -> String {
    let red = anstyle::AnsiColor::Red.on_default().bold();
    let bold = anstyle::Style::new().bold();
    let file = &files[finding.document].name;
    let place = match finding.position {
        Some(position) => format!("{file}:{}:{}", position.line, position.column),
        None => file.clone(),
    };
    let pointer = match finding.pointer.as_str() {
        "" => String::new(),
        pointer => format!("\n    at {pointer}"),
    };
    let (code, message) = (short(finding.code), printable(&finding.message));
    format!("{bold}{place}:{bold:#} {red}{code}{red:#}: {message}{pointer}\n")
}

/// Messages quote the file; a quoted control character must not reach the terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn summary(count: usize, checked: usize) -> String {
    let files = if checked == 1 { "1 file".to_owned() } else { format!("{checked} files") };
    match count {
        0 => format!("{files} checked, nothing to complain about\n"),
        1 => format!("{files} checked, 1 finding\n"),
        count => format!("{files} checked, {count} findings\n"),
    }
}

fn to_json(finding: &Diagnostic, files: &[Document]) -> Value {
    json!({
        "file": files[finding.document].name,
        "line": finding.position.map(|position| position.line),
        "column": finding.position.map(|position| position.column),
        "pointer": finding.pointer,
        "code": finding.code,
        "message": finding.message,
    })
}

fn to_sarif(finding: &Diagnostic, files: &[Document]) -> sarif::Finding {
    sarif::Finding {
        rule: finding.code.to_owned(),
        level: "error",
        message: finding.message.clone(),
        file: files[finding.document].name.clone(),
        position: finding.position.map(|position| (position.line, position.column)),
        pointer: finding.pointer.clone(),
    }
}
