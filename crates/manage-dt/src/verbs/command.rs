//! `command`: sends a raw command, and waits for what becomes of it if asked to.

use std::time::Duration;

use base64::Engine as _;
use iot_api::commands::InvokeRawCommandDetails;
use iot_api::data::DataCollection;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};

use super::instances;
use crate::args::{CommandArgs, GlobalArgs, Payload};
use crate::client_errors::{failed, failed_with_body};
use crate::config::Environment;
use crate::data_access::{self, Renew};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::print::Report;
use crate::runtime;
use crate::session::{Definition, Session};

/// Pause between two looks at the record.
const LOOK: Duration = Duration::from_millis(300);

/// The statuses after which nothing more happens (devices.md 7).
const SETTLED: [&str; 6] =
    ["COMPLETED", "REJECTED", "EXPIRED", "REFUSED", "NOT_RESPONDED", "BAD_RESPONSE"];

/// Sends the command and tells its id, or its record.
pub fn run(
    args: &CommandArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<(), Failure> {
    instances::check_id(args.id.as_deref())?;
    let details = details(args)?;
    let session = Definition::read(global, environment, &args.twin)?.connect()?;
    let mut report = Report::on_stdout(global.output, environment);
    let outcome = runtime::block_on(command(&session, args, &details, &mut report));
    let written = report.finish();
    outcome?;
    written
}

async fn command(
    session: &Session,
    args: &CommandArgs,
    details: &InvokeRawCommandDetails,
    report: &mut Report,
) -> Result<(), Failure> {
    let candidates = instances::candidates(session).await?;
    let Some(instance) = instances::choose(candidates, args.id.as_deref())? else {
        tracing::error!("Digital Twin Instance does not exist");
        return Err(Failure::reported(ExitCode::Refused)
            .hint(format!("`manage-dt create {}` creates it", args.twin)));
    };
    let id = session
        .control
        .raw_command_invoke(&instance.id, details)
        .await
        .map_err(|error| failed("Cannot invoke raw command", &error))?;
    tracing::info!("Raw command invoked");
    if !args.wait {
        report.part("id", || json!(id), |_| format!("{id}\n"));
        return Ok(());
    }
    let record = settled(session, &id).await?;
    let status = record.get("delivery_status").and_then(Value::as_str).unwrap_or("?").to_owned();
    report.part("rawCommandData", || json!(record), |_| text(&record));
    if status == "COMPLETED" {
        return Ok(());
    }
    Err(Failure::new(ExitCode::Refused, format!("the command ended as {status}"))
        .hint(advice(&status)))
}

/// The record once it is settled. The platform bounds the time.
async fn settled(session: &Session, id: &str) -> Result<Map<String, Value>, Failure> {
    let mut client = data_access::obtain(session, Renew::Nothing).await?;
    let mut renewed = false;
    loop {
        match client.get(DataCollection::RawCommandData, id).await {
            Ok(record) => {
                let status = record.get("delivery_status").and_then(Value::as_str);
                if status.is_some_and(|status| SETTLED.contains(&status)) {
                    return Ok(record);
                }
            }
            // The token of the cache may be another platform's, or ended while we waited.
            Err(error) if error.status() == Some(401) && !renewed => {
                client = data_access::obtain(session, Renew::Token).await?;
                renewed = true;
                continue;
            }
            Err(error) => {
                let what = format!("Unable to query raw command data by ID ({id})");
                return Err(failed_with_body(&what, &error));
            }
        }
        renewed = false;
        tokio::time::sleep(LOOK).await;
    }
}

fn text(record: &Map<String, Value>) -> String {
    let shown = [
        "id",
        "delivery_status",
        "request_endpoint",
        "time_created",
        "time_finished",
        "response_endpoint",
        "response_data",
    ];
    let line = |name: &&str| match record.get(*name) {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(format!("{name}: {text}\n")),
        Some(other) => Some(format!("{name}: {other}\n")),
    };
    shown.iter().filter_map(line).collect()
}

fn advice(status: &str) -> &'static str {
    match status {
        "REJECTED" => {
            "no session of the device subscribes to the topic; it connects with clean session 0 \
             and subscribes before it can be sent commands while it is away"
        }
        "EXPIRED" => "the device did not come in time; --request-duration gives it more",
        "NOT_RESPONDED" => {
            "the device took it but did not answer; --response-duration waits longer"
        }
        "REFUSED" => "the device's MQTT client did not take it",
        _ => "the answer could not be kept: too large, or not what its content type says",
    }
}

fn details(args: &CommandArgs) -> Result<InvokeRawCommandDetails, Failure> {
    let (format, data) = payload(&args.payload)?;
    Ok(InvokeRawCommandDetails {
        request_data_format: format.to_owned(),
        request_endpoint: args.topic.clone(),
        request_duration: args.request_duration.clone(),
        response_endpoint: args.response_endpoint.clone(),
        response_duration: args.response_duration.clone(),
        request_data_content_type: args.content_type.clone(),
        request_data: data,
    })
}

/// Format and data of the payload.
fn payload(payload: &Payload) -> Result<(&'static str, Option<Box<RawValue>>), Failure> {
    if let Some(text) = &payload.json {
        let value = RawValue::from_string(text.clone());
        let value = value.map_err(|error| Failure::usage(format!("--json: {error}")))?;
        if !value.get().trim_start().starts_with('{') {
            return Err(Failure::usage("--json takes a JSON object").hint("such as '{\"a\":1}'"));
        }
        return Ok(("JSON", Some(value)));
    }
    if let Some(text) = &payload.text {
        return Ok(("TEXT", Some(to_raw_value(text).map_err(Failure::usage)?)));
    }
    if let Some(path) = &payload.file {
        let bytes = crate::files::read(path)
            .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
        let text = base64::engine::general_purpose::STANDARD.encode(bytes);
        return Ok(("BINARY", Some(to_raw_value(&text).map_err(Failure::usage)?)));
    }
    Ok(("TEXT", None))
}
