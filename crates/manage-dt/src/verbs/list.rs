//! `list`: every twin of the configuration file, and how much of it the platform has.

mod compare;

use futures_util::{StreamExt, TryStreamExt, stream};
use iot_api::data::DataCollection;
use serde_json::{Value, json};

use self::compare::{State, Twin};
use super::{create::plan::Plan, instances, structure};
use crate::args::GlobalArgs;
use crate::client_errors::{failed, failed_with_body};
use crate::config::Environment;
use crate::data_access::{self, Renew};
use crate::failure::Failure;
use crate::print::Report;
use crate::print::json_text::plain;
use crate::print::table::Table;
use crate::print::time::short;
use crate::runtime;
use crate::session::{Definition, Session};

/// Twins looked up at once: enough to hide the latency, not enough to be a burden.
const TWINS_AT_ONCE: usize = 4;

/// Prints one line per twin.
pub fn run(global: &GlobalArgs, environment: &Environment) -> Result<(), Failure> {
    let session = Definition::read_first(global, environment)?.connect()?;
    let twins = runtime::block_on(twins(&session))?;
    let mut report = Report::on_stdout(global.output, environment);
    let as_json = || twins.iter().map(Twin::to_json).collect();
    report.part("digitalTwins", as_json, |width| table(&twins).render(width));
    report.finish()
}

fn table(twins: &[Twin]) -> Table {
    let mut table = Table::new(None, &["Twin", "State", "Remarks", "Last heard (UTC)"]);
    for twin in twins {
        let heard = match (&twin.last_heard, &twin.instance) {
            (Some(time), _) => short(time),
            (None, Some(_)) => "never".to_owned(),
            (None, None) => String::new(),
        };
        let state = twin.state().word().to_owned();
        table.row(vec![plain(&twin.name), state, plain(&twin.remarks()), plain(&heard)]);
    }
    table
}

async fn twins(session: &Session) -> Result<Vec<Twin>, Failure> {
    let names = session.definition.config.twin_names();
    let all = stream::iter(names).map(|name| look_up(session, name)).buffered(TWINS_AT_ONCE);
    let mut twins: Vec<Twin> = all.try_collect().await?;
    messages_without_model(session, &mut twins).await?;
    Ok(twins)
}

/// What the platform has of one twin, beside what the files say about it.
async fn look_up(session: &Session, name: &str) -> Result<Twin, Failure> {
    let definition = &session.definition;
    let twin = definition.config.twin(name)?;
    let plan = match Plan::of(&twin, &definition.settings.data_dir) {
        Ok(plan) => plan,
        Err(failure) => {
            let reason = failure.message.unwrap_or_default();
            return Ok(Twin { invalid: Some(reason), ..Twin::named(name) });
        }
    };
    let found = instances::named(session, &plan.instance.device_name);
    let Some(wanted) = &plan.structure else {
        return Ok(Twin::named(name).with_instances(&plan, found.await?));
    };
    let (found, models, adapters) = tokio::try_join!(
        found,
        structure::models(session, &wanted.model_name),
        structure::adapters(session, &wanted.adapter_name),
    )?;
    let mut twin = Twin::named(name).with_instances(&plan, found);
    twin.missing_model = models.is_empty();
    twin.missing_adapter = adapters.is_empty();
    if let Some(adapter) = adapters.first() {
        let whole = session.control.adapter_get(&adapter.id).await;
        let whole = whole.map_err(|error| failed("Cannot get Digital Twin Adapter", &error))?;
        twin.compare_adapter(wanted, &whole);
    }
    if let (Some(instance), State::Exists | State::Drifted) = (&twin.instance, twin.state()) {
        let content = session.control.instance_content_with_metadata(&instance.id).await;
        let content =
            content.map_err(|error| failed("Cannot get Digital Twin Instance content", &error))?;
        let heard = content.pointer("/_metadata/timeLastHeard").and_then(Value::as_str);
        twin.last_heard = heard.map(str::to_owned);
    }
    Ok(twin)
}

/// Twins without a model have no content that says when they were heard; their messages do. The
/// data API is asked for such twins only, because it wants a token of its own.
async fn messages_without_model(session: &Session, twins: &mut [Twin]) -> Result<(), Failure> {
    let is_plain = |twin: &Twin| {
        twin.instance.as_ref().is_some_and(|instance| instance.digital_twin_model_id.is_none())
    };
    if !twins.iter().any(is_plain) {
        return Ok(());
    }
    let mut client = data_access::obtain(session, Renew::Nothing).await?;
    for twin in twins.iter_mut().filter(|twin| is_plain(twin)) {
        let Some(instance) = &twin.instance else { continue };
        let filter = json!({"digital_twin_instance_id": instance.id, "$orderby": {"id": "desc"}})
            .to_string();
        let mut page = client.list(DataCollection::RawData, &filter, 1, 0).await;
        if page.as_ref().is_err_and(|error| error.status() == Some(401)) {
            client = data_access::obtain(session, Renew::Token).await?;
            page = client.list(DataCollection::RawData, &filter, 1, 0).await;
        }
        let page = page.map_err(|error| failed_with_body("Unable to query data API", &error))?;
        let time = page.items.first().and_then(|row| row.get("time_received")?.as_str());
        twin.last_heard = time.map(str::to_owned);
    }
    Ok(())
}
