//! `query`: content of a twin, and what has lately been recorded of it.

mod reasons;
mod rows;
mod view;

use iot_api::data::DataCollection;
use iot_api::instances::DigitalTwinInstance;
use serde_json::{Value, json};

use self::rows::{Rows, Window};
use super::instances;
use crate::args::{GlobalArgs, QueryArgs};
use crate::client_errors::failed;
use crate::config::Environment;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::print::Report;
use crate::runtime;
use crate::session::{Definition, Session};

/// Prints the twin's content and its recent data.
pub fn run(
    args: &QueryArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<(), Failure> {
    instances::check_id(args.id.as_deref())?;
    let session = Definition::read(global, environment, &args.twin)?.connect()?;
    let mut report = Report::on_stdout(global.output, environment);
    report.part("digitalTwin", || Value::from(args.twin.as_str()), |_| String::new());
    let outcome = runtime::block_on(query(&session, args, &mut report));
    let written = report.finish();
    outcome?;
    written
}

async fn query(session: &Session, args: &QueryArgs, report: &mut Report) -> Result<(), Failure> {
    let candidates = instances::candidates(session).await?;
    let Some(instance) = instances::choose(candidates, args.id.as_deref())? else {
        tracing::error!("Digital Twin Instance does not exist");
        return Err(Failure::reported(ExitCode::Refused)
            .hint(format!("`manage-dt create {}` creates it", args.twin)));
    };
    let instance = session
        .control
        .instance_get(&instance.id)
        .await
        .map_err(|error| failed("Cannot get Digital Twin Instance", &error))?;
    tracing::info!("Digital Twin Instance retrieved");
    report.part("instance", || json!(instance), |_| String::new());

    let mut worst = None;
    if session.definition.twin.is_structured() {
        tracing::info!("Query Digital Twin Instance '{}'", args.twin);
        worst = content(session, &instance.id, report).await?;
    }
    let window = Window::of_last_minutes(instance.id.clone(), args.last_minutes);
    let recorded = recorded(session, &instance, &window, report).await;
    worst.or(recorded.err()).map_or(Ok(()), Err)
}

/// Shows the content. A refusal is told and given back, because the data API may still answer;
/// a platform that cannot be reached will not.
async fn content(
    session: &Session,
    id: &str,
    report: &mut Report,
) -> Result<Option<Failure>, Failure> {
    match session.control.instance_content(id).await {
        Ok(content) => {
            tracing::info!("Digital Twin Instance content retrieved");
            report.part("content", || content.clone(), |width| view::content(&content, width));
            Ok(None)
        }
        Err(error) => {
            let failure = failed("Cannot get Digital Twin Instance content", &error);
            report.part("content", || Value::Null, |_| String::new());
            if failure.exit == ExitCode::Unreachable { Err(failure) } else { Ok(Some(failure)) }
        }
    }
}

/// The four collections. A list that fails is told and left out; the others go on.
async fn recorded(
    session: &Session,
    instance: &DigitalTwinInstance,
    window: &Window,
    report: &mut Report,
) -> Result<(), Failure> {
    let rows = Rows::fetch(session, window).await?;
    let mut worst = None;
    for collection in rows::COLLECTIONS {
        match rows.of(collection).await {
            Ok(records) => {
                let name = collection.name();
                let shown = &records;
                report.part(name, || json!(shown), |width| text(collection, shown, width));
                if collection == DataCollection::RejectedData && report.is_text() {
                    let reasons = reasons::of(session, instance, &rows, shown).await;
                    report.part(name, || json!(shown), |_| reasons);
                }
            }
            Err(failure) => {
                report.part(collection.name(), || Value::Null, |_| String::new());
                worst = worst.or(Some(failure));
            }
        }
    }
    worst.map_or(Ok(()), Err)
}

fn text(collection: DataCollection, records: &[rows::Record], width: Option<usize>) -> String {
    match collection {
        DataCollection::RawData => view::raw_data(records, width),
        DataCollection::HistorizedData => view::historized_data(records, width),
        DataCollection::RawCommandData => view::raw_command_data(records, width),
        DataCollection::RejectedData => view::rejected_data(records, width),
        // Not among the collections of this verb: its values are the twin's content.
        DataCollection::SnapshotData => String::new(),
    }
}
