//! `replay`: recorded messages through the present and a new adapter, and what would change.

mod apply;
mod compare;
mod stored;
mod view;

use adapter::Adapter;
use iot_api::history::RewriteHistoryDetails;
use jiff::Timestamp;
use serde_json::{Value, json};

use self::compare::Changes;
use self::stored::Stored;
use super::adapter::source::{self, Definition as Files};
use super::instances;
use super::present_adapter::{self, PresentAdapter, Unavailable};
use crate::args::{GlobalArgs, ReplayArgs};
use crate::client_errors::failed;
use crate::config::Environment;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::print::Report;
use crate::runtime;
use crate::session::{Definition, Session};

/// Replays and shows what would change.
pub fn run(
    args: &ReplayArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<(), Failure> {
    instances::check_id(args.id.as_deref())?;
    if let (Some(since), Some(until)) = (args.since, args.until)
        && until <= since
    {
        return Err(Failure::usage("--until is not after --since, so there is no message between")
            .hint("ages count back from now: --since 7d --until 1d is six days"));
    }
    let definition = Definition::read(global, environment, &args.twin)?;
    let files = new_files(args, &definition)?;
    let session = definition.connect()?;
    let mut report = Report::on_stdout(global.output, environment);
    let changes = runtime::block_on(replay(&session, args, &files, &mut report))?;
    report.finish()?;
    match changes.newly_rejected {
        // Who applied it has seen and wanted it.
        _ if args.apply => Ok(()),
        0 => Ok(()),
        1 => Err(Failure::new(ExitCode::Refused, "1 message would be newly rejected")),
        count => Err(Failure::new(
            ExitCode::Refused,
            format!("{count} messages would be newly rejected"),
        )),
    }
}

/// The files of the new adapter, read before anything is asked of the platform.
fn new_files(args: &ReplayArgs, definition: &Definition) -> Result<Files, Failure> {
    match Files::read(&args.envelope, &args.routes, &args.adapter)? {
        Files::Default => Files::of_twin(&definition.twin, &definition.settings.data_dir),
        files => Ok(files),
    }
}

async fn replay(
    session: &Session,
    args: &ReplayArgs,
    files: &Files,
    report: &mut Report,
) -> Result<Changes, Failure> {
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
    let present = present_adapter::fetch(session, &instance).await;
    let present = present.map_err(Unavailable::into_failure)?;
    let details = details(args, files, &present);
    let (envelope, routes) = (&details.inbound_envelope, &details.inbound_routes);
    let new = source::compile(present.adapter.model(), envelope.as_ref(), routes.as_ref())?;
    if args.apply {
        apply::check(session, &instance.id, &details).await?;
    }
    let changes = compare(session, args, &instance.id, (&present.adapter, &new)).await?;
    report.part("digitalTwin", || json!(args.twin), |_| String::new());
    report.part("summary", || view::summary_json(&changes), |_| String::new());
    report.part("changes", || view::json(&changes), |width| view::text(&changes, width));
    if args.apply {
        crate::confirm::confirmed(args.yes, &apply::question(&args.twin, &changes))?;
        let done = apply::rewrite(session, &instance.id, &details).await?;
        report.part("rewritten", || json!(done), |_| apply::text(&done));
    }
    Ok(changes)
}

/// Every stored message through both adapters.
async fn compare(
    session: &Session,
    args: &ReplayArgs,
    instance_id: &str,
    (old, new): (&Adapter, &Adapter),
) -> Result<Changes, Failure> {
    let mut changes = Changes::of(old.model().clone());
    let mut stored = Stored::open(session, instance_id, args.since, args.until).await?;
    while let Some(messages) = stored.next().await? {
        for message in messages {
            let outcomes = (old.normalise(&message.message()), new.normalise(&message.message()));
            changes.add(message, &outcomes.0, &outcomes.1);
        }
        stored.tell(changes.messages);
    }
    stored.tell_end();
    Ok(changes)
}

/// The new adapter, and which messages go through it. A half that no option names stays the
/// present one, unless both come from the configuration.
fn details(args: &ReplayArgs, files: &Files, present: &PresentAdapter) -> RewriteHistoryDetails {
    let half = |given: Option<&'_ Value>, stays: bool, old: &Option<Value>| match stays {
        true => old.clone(),
        false => given.cloned(),
    };
    let (envelope, routes) = (args.envelope.is_some(), args.routes.is_some());
    let time = |time: Option<Timestamp>| time.map(|time| format!("{time:.6}"));
    RewriteHistoryDetails {
        inbound_envelope: half(files.envelope(), routes && !envelope, &present.envelope),
        inbound_routes: half(files.routes(), envelope && !routes, &present.routes),
        time_received_since: time(args.since),
        time_received_before: time(args.until),
    }
}
