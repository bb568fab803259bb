//! `model diff`: what a new version of a model breaks, and the version it needs.

use std::collections::HashMap;
use std::sync::Arc;

use dtdl::{Change, Difference, Dtmi, Interface, Model, diff};
use serde_json::{Value, json};

use super::{Document, read, read_with};
use crate::args::{ModelDiffArgs, OutputFormat};
use crate::config::Environment;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::print::{Report, Table};

/// Compares two versions of a model.
pub fn run(
    args: &ModelDiffArgs,
    format: OutputFormat,
    environment: &Environment,
) -> Result<(), Failure> {
    let (old, new) = (read(&args.old)?, read(&args.new)?);
    let with = read_with(&args.with, &[&args.old, &args.new])?;
    let others: HashMap<Dtmi, Arc<Interface>> = with
        .iter()
        .filter_map(|document| Interface::parse(&document.text).ok())
        .map(|interface| (interface.id.clone(), Arc::new(interface)))
        .collect();
    let (old, new) = (model(&old, &others)?, model(&new, &others)?);
    let difference = diff(&old, &new);
    let mut report = Report::on_stdout(format, environment);
    tell(&old, &new, &difference, &mut report);
    report.finish()?;
    match difference.version {
        Ok(()) => Ok(()),
        Err(_) => Err(Failure::reported(ExitCode::Refused)),
    }
}

fn model(document: &Document, others: &HashMap<Dtmi, Arc<Interface>>) -> Result<Model, Failure> {
    let interface = Interface::parse(&document.text);
    let model =
        interface.and_then(|interface| Model::resolve(interface, &|id| others.get(id).cloned()));
    model.map_err(|found| {
        let name = &document.name;
        Failure::usage(format!("{name} is no model that can be compared:\n{found}")).hint(format!(
            "see `manage-dt model check {name}`; models it refers to come with `--with`"
        ))
    })
}

fn tell(old: &Model, new: &Model, difference: &Difference, report: &mut Report) {
    report.part("old", || json!(old.id.as_str()), |_| String::new());
    report.part("new", || json!(new.id.as_str()), |_| String::new());
    let changes = &difference.changes;
    report.part(
        "changes",
        || changes.iter().map(to_json).collect(),
        |width| match changes.is_empty() {
            true => "No changes\n".to_owned(),
            false => table(old, new, changes).render(width),
        },
    );
    let level = difference.level.as_str();
    report.part(
        "level",
        || json!(level),
        |_| match difference.level {
            dtdl::Level::Same => String::new(),
            _ => format!("The changes are {level} ones.\n"),
        },
    );
    let fits = difference.version.is_ok();
    report.part("versionFits", || json!(fits), |_| String::new());
    let advice = difference.version.as_ref().err();
    report.part(
        "advice",
        || json!(advice),
        |_| match advice {
            None => format!("{} fits\n", new.id),
            Some(advice) => format!("{} does not fit; {advice}\n", new.id),
        },
    );
}

fn table(old: &Model, new: &Model, changes: &[Change]) -> Table {
    let title = Some(format!("{} to {} - {} change(s)", old.id, new.id, changes.len()));
    let mut table = Table::new(title, &["Element", "What", "Change", "Breaks"]);
    for change in changes {
        let cells =
            vec![change.path.clone(), change.what.into(), change.message.clone(), breaks(change)];
        table.row(cells.into_iter().map(printable).collect());
    }
    table
}

fn breaks(change: &Change) -> String {
    let names: Vec<_> = change.breaks.iter().map(ToString::to_string).collect();
    names.join(", ")
}

/// Enum values and texts come from the files.
fn printable(text: String) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn to_json(change: &Change) -> Value {
    let breaks: Vec<_> = change.breaks.iter().map(ToString::to_string).collect();
    json!({
        "path": change.path,
        "what": change.what,
        "message": change.message,
        "breaks": breaks,
        "level": change.level.as_str(),
    })
}
