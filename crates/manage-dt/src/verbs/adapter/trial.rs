//! `adapter try`: messages through an adapter, every step told.

use adapter::{Message, Outcome};
use serde_json::{Value, json};

use super::source::Source;
use super::{payloads, trace};
use crate::args::{GlobalArgs, OutputFormat, TryArgs};
use crate::config::Environment;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::print::Report;

/// Tries the messages.
pub fn run(args: &TryArgs, global: &GlobalArgs, environment: &Environment) -> Result<(), Failure> {
    let (twin, messages) = match (&args.source.model, args.arguments.split_first()) {
        (Some(_), _) => (None, &args.arguments[..]),
        (None, Some((twin, messages))) => (Some(twin.as_str()), messages),
        (None, None) => (None, &[][..]),
    };
    let source = Source::read(&args.source, twin, global, environment)?;
    let adapter = source.compile()?;
    let endpoint = match &args.endpoint {
        Some(endpoint) => endpoint.trim_start_matches('/').to_owned(),
        None => source.reference_endpoint(),
    };
    let now_us = jiff::Timestamp::now().as_microsecond();
    let mut report = Report::on_stdout(global.output, environment);
    let mut documents = Vec::new();
    let (mut count, mut rejected) = (0, 0);
    payloads::each(messages, |content| {
        count += 1;
        let message = Message { endpoint: &endpoint, content, time_received_us: now_us };
        let explanation = adapter.explain(&message);
        rejected += usize::from(matches!(explanation.outcome, Outcome::Rejected(_)));
        match global.output {
            OutputFormat::Json => documents.push(trace::json(&explanation, adapter.model())),
            OutputFormat::Table | OutputFormat::Sarif | OutputFormat::Csv => report.part(
                "message",
                || Value::Null,
                |width| trace::text(count, &endpoint, &explanation, adapter.model(), width),
            ),
        }
        Ok(())
    })?;
    report.part("endpoint", || json!(endpoint), |_| String::new());
    report.part("messages", || Value::Array(documents), |_| String::new());
    report.finish()?;
    if count == 0 {
        return Err(Failure::usage("there is no message to try"));
    }
    match rejected {
        0 => Ok(()),
        _ => Err(Failure::new(
            ExitCode::Refused,
            format!("{rejected} of {count} messages would be rejected"),
        )),
    }
}
