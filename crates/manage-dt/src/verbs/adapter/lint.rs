//! `adapter lint`: what is wrong with a definition, and where in its file.

use std::io::Write;

use adapter::lint::{Finding, Level, RULES, lint};
use serde_json::{Value, json};

use super::place::{Place, position};
use super::source::{Definition, JsonFile, Source};
use crate::args::{GlobalArgs, LintArgs, OutputFormat};
use crate::config::Environment;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::print::json_text::plain;
use crate::print::{Report, Table, sarif};

/// Checks the adapter.
pub fn run(args: &LintArgs, global: &GlobalArgs, environment: &Environment) -> Result<(), Failure> {
    let source = Source::read(&args.source, args.twin.as_deref(), global, environment)?;
    let findings = lint(&source.model, source.envelope(), source.routes());
    let placed: Vec<(&Finding, Place)> =
        findings.iter().map(|finding| (finding, place(&source, &finding.pointer))).collect();
    if global.output == OutputFormat::Sarif {
        let findings: Vec<_> = placed.iter().map(to_sarif).collect();
        // A reader that goes away is no error.
        let _ = writeln!(std::io::stdout().lock(), "{:#}", sarif::log(&findings, &RULES));
    } else {
        let mut report = Report::on_stdout(global.output, environment);
        report.part("findings", || list(&placed), |width| table(&placed, width));
        report.finish()?;
    }
    let errors = findings.iter().filter(|finding| finding.level == Level::Error).count();
    match errors {
        0 => Ok(()),
        1 => Err(Failure::new(ExitCode::Refused, "1 error in the adapter")),
        errors => Err(Failure::new(ExitCode::Refused, format!("{errors} errors in the adapter"))),
    }
}

/// The file a pointer is about and the place in it.
fn place(source: &Source, pointer: &str) -> Place {
    let split = |file: &JsonFile, inner: &str| {
        let (line, column) = position(&file.text, inner).unwrap_or((1, 1));
        let path = file.path.display().to_string();
        Place { path, pointer: inner.to_owned(), line, column }
    };
    match &source.definition {
        Definition::Whole(file) => split(file, pointer),
        Definition::Parts { envelope, routes } => {
            let envelope = envelope.as_ref().zip(pointer.strip_prefix("/inboundEnvelope"));
            let routes = routes.as_ref().zip(pointer.strip_prefix("/inboundRoutes"));
            match envelope.or(routes) {
                Some((file, inner)) => split(file, inner),
                None => generated(source, pointer),
            }
        }
        Definition::Default => generated(source, pointer),
    }
}

/// What was generated stands in no file; the model is where it comes from.
fn generated(source: &Source, pointer: &str) -> Place {
    let path = source.model_path.display().to_string();
    Place { path, pointer: pointer.to_owned(), line: 1, column: 1 }
}

fn level(finding: &Finding) -> &'static str {
    match finding.level {
        Level::Error => "error",
        Level::Warning => "warning",
    }
}

fn to_sarif((finding, place): &(&Finding, Place)) -> sarif::Finding {
    sarif::Finding {
        rule: finding.code.to_owned(),
        level: level(finding),
        message: finding.message.clone(),
        file: place.path.clone(),
        position: Some((place.line, place.column)),
        pointer: place.pointer.clone(),
    }
}

fn list(placed: &[(&Finding, Place)]) -> Value {
    let each = placed.iter().map(|(finding, place)| {
        json!({
            "code": finding.code,
            "level": level(finding),
            "file": place.path,
            "line": place.line,
            "column": place.column,
            "pointer": place.pointer,
            "message": finding.message,
        })
    });
    Value::Array(each.collect())
}

fn table(placed: &[(&Finding, Place)], width: Option<usize>) -> String {
    if placed.is_empty() {
        return "Nothing found.\n".to_owned();
    }
    let title = format!("{} finding(s)", placed.len());
    let mut table = Table::new(Some(title), &["Level", "Where", "Finding"]);
    for (finding, place) in placed {
        let at = format!("{}:{}:{} {}", place.path, place.line, place.column, place.pointer);
        let told = format!("{} ({})", finding.message, finding.code);
        table.row(vec![level(finding).to_owned(), plain(&at), plain(&told)]);
    }
    table.render(width)
}
