//! `show`: what a twin is on the platform, and its content with the times of its values.

mod view;

use iot_api::adapters::DigitalTwinAdapter;
use iot_api::instances::DigitalTwinInstance;
use iot_api::models::DigitalTwinModel;
use iot_client::ClientError;
use serde_json::{Value, json};

use super::instances;
use crate::args::{GlobalArgs, ShowArgs};
use crate::client_errors::failed;
use crate::config::Environment;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::print::Report;
use crate::runtime;
use crate::session::{Definition, Session};

/// What the platform has of one twin.
struct Shown {
    instance: DigitalTwinInstance,
    model: Option<DigitalTwinModel>,
    adapter: Option<DigitalTwinAdapter>,
    /// With `_metadata`; none without a model.
    content: Option<Value>,
}

/// Prints instance, model, adapter and content.
pub fn run(args: &ShowArgs, global: &GlobalArgs, environment: &Environment) -> Result<(), Failure> {
    instances::check_id(args.id.as_deref())?;
    let session = Definition::read(global, environment, &args.twin)?.connect()?;
    let shown = runtime::block_on(read(&session, args))?;
    let mut report = Report::on_stdout(global.output, environment);
    report.part("digitalTwin", || Value::from(args.twin.as_str()), |_| String::new());
    report.part("instance", || json!(shown.instance), |_| view::instance(&shown));
    report.part("model", || json!(shown.model), |_| view::model(&shown));
    report.part("adapter", || json!(shown.adapter), |_| view::adapter(&shown));
    report.part("content", || json!(shown.content), |width| view::content(&shown, width));
    report.finish()
}

/// Two round trips: the list has all of the instance, and the rest is read at once.
async fn read(session: &Session, args: &ShowArgs) -> Result<Shown, Failure> {
    let candidates = instances::candidates(session).await?;
    let Some(instance) = instances::choose(candidates, args.id.as_deref())? else {
        tracing::error!("Digital Twin Instance does not exist");
        return Err(Failure::reported(ExitCode::Refused)
            .hint(format!("`manage-dt create {}` creates it", args.twin)));
    };
    let control = &session.control;
    let (model, adapter, content) = tokio::try_join!(
        async {
            let Some(id) = &instance.digital_twin_model_id else { return Ok(None) };
            told("Cannot get Digital Twin Model", control.model_get(id).await)
        },
        async {
            let Some(id) = &instance.digital_twin_adapter_id else { return Ok(None) };
            told("Cannot get Digital Twin Adapter", control.adapter_get(id).await)
        },
        async {
            if instance.digital_twin_model_id.is_none() {
                return Ok(None);
            }
            let content = control.instance_content_with_metadata(&instance.id).await;
            told("Cannot get Digital Twin Instance content", content)
        },
    )?;
    Ok(Shown { instance, model, adapter, content })
}

fn told<T>(cannot: &str, answer: Result<T, ClientError>) -> Result<Option<T>, Failure> {
    answer.map(Some).map_err(|error| failed(cannot, &error))
}
