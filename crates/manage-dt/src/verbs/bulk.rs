//! `bulk`: instances from a CSV file, many at once, that can be interrupted and gone on with.

mod report_file;
mod rows;

use std::cell::RefCell;
use std::collections::HashMap;

use futures_util::{StreamExt as _, stream};
use iot_api::instances::CreateDigitalTwinInstanceDetails;
use iot_client::{ClientError, InstanceQuery};
use serde_json::{Value, json};

use self::report_file::{Entry, ReportFile, Status};
use self::rows::{Problem, Row};
use super::create::plan::Plan;
use super::{create, instances};
use crate::args::{BulkArgs, GlobalArgs};
use crate::client_errors::failed;
use crate::config::Environment;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::print::Report;
use crate::print::json_text::plain;
use crate::print::progress::Progress;
use crate::runtime;
use crate::session::{Definition, Session};

/// Bad rows, or rows that failed, that are told at once.
const TOLD_MAX: usize = 50;

/// Error code of a second instance with the same external key (control-plane.md 5.5).
const EXISTS: &str = "NotAuthorizedOrResourceAlreadyExists";

/// Checks all rows, then creates what is not done.
pub fn run(args: &BulkArgs, global: &GlobalArgs, environment: &Environment) -> Result<(), Failure> {
    let definition = Definition::read(global, environment, &args.twin)?;
    let plan = Plan::of(&definition.twin, &definition.settings.data_dir)?;
    let (rows, problems) = rows::read(&args.file)?;
    let mut report = Report::on_stdout(global.output, environment);
    if !problems.is_empty() {
        tell_problems(args, &problems, &mut report);
        report.finish()?;
        return Err(Failure::usage(format!(
            "{} of the file's values cannot be; nothing was created",
            problems.len()
        )));
    }
    if args.dry_run {
        let text = format!("{} rows can be created\n", rows.len());
        report.part("rows", || json!(rows.len()), |_| text);
        report.part("problems", || json!([]), |_| String::new());
        return report.finish();
    }
    let path = args.report.clone().unwrap_or_else(|| {
        let mut name = args.file.clone().into_os_string();
        name.push(".report.ndjson");
        name.into()
    });
    let file = ReportFile::open(&path)?;
    let session = definition.connect()?;
    let work = Work {
        args,
        rows: &rows,
        plan: &plan,
        file: RefCell::new(file),
        counts: RefCell::default(),
    };
    let outcome = runtime::block_on(work.run(&session));
    work.summary(&path.display().to_string(), &mut report);
    report.finish()?;
    outcome.map_err(|failure| {
        let again = "the same command goes on with the rows that are not done";
        let hint = failure.hint.as_ref().map_or(again.into(), |hint| format!("{hint}; {again}"));
        failure.hint(hint)
    })?;
    work.verdict()
}

fn tell_problems(args: &BulkArgs, problems: &[Problem], report: &mut Report) {
    let file = args.file.display();
    let mut text = String::new();
    for problem in problems.iter().take(TOLD_MAX) {
        text.push_str(&format!("{file}:{problem}\n"));
    }
    if problems.len() > TOLD_MAX {
        text.push_str(&format!("and {} more; --output json has all\n", problems.len() - TOLD_MAX));
    }
    let all = || Value::Array(problems.iter().map(Problem::json).collect());
    report.part("problems", all, |_| text);
}

/// How many rows ended how.
#[derive(Debug, Default)]
struct Counts {
    created: u64,
    kept: u64,
    skipped: u64,
    failures: Vec<Entry>,
}

/// One run.
struct Work<'a> {
    args: &'a BulkArgs,
    rows: &'a [Row],
    plan: &'a Plan,
    file: RefCell<ReportFile>,
    counts: RefCell<Counts>,
}

impl Work<'_> {
    async fn run(&self, session: &Session) -> Result<(), Failure> {
        let todo: Vec<&Row> =
            self.rows.iter().filter(|row| !self.file.borrow().has_done(row)).collect();
        self.counts.borrow_mut().skipped = (self.rows.len() - todo.len()) as u64;
        if todo.is_empty() {
            return Ok(());
        }
        let adapter_id = create::adapter_of(session, self.plan).await?;
        let existing = existing(session).await?;
        let progress = Progress::of("rows", todo.len() as u64);
        let calls = todo.iter().map(|row| self.one(session, &adapter_id, &existing, row));
        let mut calls = stream::iter(calls).buffer_unordered(self.args.parallel.into());
        while let Some(outcome) = calls.next().await {
            // What concerns all rows ends the run; each row so far is on file.
            outcome?;
            progress.step();
        }
        Ok(())
    }

    async fn one(
        &self,
        session: &Session,
        adapter_id: &Option<String>,
        existing: &HashMap<String, String>,
        row: &Row,
    ) -> Result<(), Failure> {
        if let Some(id) = existing.get(&row.external_key) {
            return self.note(row.entry(Status::Kept, Some(id.clone()), None));
        }
        let details = CreateDigitalTwinInstanceDetails {
            iot_domain_id: session.definition.domain_id.clone(),
            external_key: Some(row.external_key.clone()),
            display_name: Some(row.name.clone().unwrap_or_else(|| row.external_key.clone())),
            description: row.description.clone(),
            auth_id: self.auth_id(row),
            connectivity_type: row.connectivity_type.clone(),
            gateways: row.gateways.clone(),
            digital_twin_adapter_id: adapter_id.clone(),
            freeform_tags: (!row.freeform_tags.is_empty()).then(|| row.freeform_tags.clone()),
            defined_tags: (!row.defined_tags.is_empty()).then(|| row.defined_tags.clone()),
            ..CreateDigitalTwinInstanceDetails::default()
        };
        // The same row of the same report is the same request, also in a later run: a create whose
        // answer was lost is not made twice.
        let token = self.file.borrow().retry_token(row);
        match session.control.instance_create_as(&details, &token).await {
            Ok(instance) => self.note(row.entry(Status::Created, Some(instance.id), None)),
            Err(ClientError::Service { code, .. }) if code == EXISTS => {
                self.note(row.entry(Status::Kept, None, None))
            }
            // What the platform says of the credentials, it says of all rows.
            Err(ClientError::Service { status, code, message, .. }) if status != 401 => {
                let why = plain(&format!("{status} {code}: {message}"));
                self.note(row.entry(Status::Failed, None, Some(why)))
            }
            Err(error) => Err(failed("Cannot create Digital Twin Instance", &error)),
        }
    }

    /// A twin behind a gateway, or without a device, has no credentials unless its row names some.
    fn auth_id(&self, row: &Row) -> Option<String> {
        let has_none = matches!(row.connectivity_type.as_deref(), Some("INDIRECT" | "NONE"))
            || row.gateways.is_some();
        let usual = || (!has_none).then(|| self.plan.instance.auth_id.clone());
        row.auth_id.clone().or_else(usual)
    }

    /// Keeps the outcome of a row on file, then counts it.
    fn note(&self, entry: Entry) -> Result<(), Failure> {
        self.file.borrow_mut().add(&entry)?;
        let mut counts = self.counts.borrow_mut();
        match entry.status {
            Status::Created => counts.created += 1,
            Status::Kept => counts.kept += 1,
            Status::Failed => counts.failures.push(entry),
        }
        Ok(())
    }

    fn summary(&self, path: &str, report: &mut Report) {
        let counts = self.counts.borrow();
        let Counts { created, kept, skipped, failures } = &*counts;
        let done = created + kept + skipped + failures.len() as u64;
        let left = self.rows.len() as u64 - done;
        let mut text = String::new();
        for entry in failures.iter().take(TOLD_MAX) {
            let (line, key) = (entry.line, plain(&entry.external_key));
            let why = entry.error.as_deref().unwrap_or_default();
            text.push_str(&format!("{}:{line}: {key}: {why}\n", self.args.file.display()));
        }
        text.push_str(&format!("{created} created, {kept} kept, {} failed", failures.len()));
        if *skipped > 0 {
            text.push_str(&format!(", {skipped} done before"));
        }
        if left > 0 {
            text.push_str(&format!(", {left} left"));
        }
        text.push_str(&format!("; each row is in {path}\n"));
        report.part("created", || json!(created), |_| String::new());
        report.part("kept", || json!(kept), |_| String::new());
        report.part("failed", || json!(failures.len()), |_| String::new());
        report.part("skipped", || json!(skipped), |_| String::new());
        report.part("left", || json!(left), |_| String::new());
        report.part("failures", || json!(failures), |_| String::new());
        report.part("report", || json!(path), |_| text);
    }

    fn verdict(&self) -> Result<(), Failure> {
        match self.counts.borrow().failures.len() {
            0 => Ok(()),
            count => Err(Failure::new(
                ExitCode::Refused,
                format!("{count} of {} rows failed", self.rows.len()),
            )
            .hint("the same command tries them again")),
        }
    }
}

/// The ACTIVE instances of the domain: external key to OCID.
async fn existing(session: &Session) -> Result<HashMap<String, String>, Failure> {
    let query = InstanceQuery {
        iot_domain_id: &session.definition.domain_id,
        lifecycle_state: Some(instances::ACTIVE),
        ..InstanceQuery::default()
    };
    let found = session.control.instance_list(&query).await;
    let found = found.map_err(|error| failed("Cannot get Digital Twin Instances", &error))?;
    let pair = |instance: iot_api::instances::DigitalTwinInstance| {
        Some((instance.external_key?, instance.id))
    };
    Ok(found.into_iter().filter_map(pair).collect())
}
