//! `replay`: recorded messages through the present and a new adapter, and what would change.

mod compare;
mod stored;
mod view;

use adapter::Adapter;
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
    let definition = Definition::read(global, environment, &args.twin)?;
    let files = new_files(args, &definition)?;
    let session = definition.connect()?;
    let changes = runtime::block_on(replay(&session, args, &files))?;
    let mut report = Report::on_stdout(global.output, environment);
    report.part("digitalTwin", || json!(args.twin), |_| String::new());
    report.part("summary", || view::summary_json(&changes), |_| String::new());
    report.part("changes", || view::json(&changes), |width| view::text(&changes, width));
    report.finish()?;
    match changes.newly_rejected {
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

async fn replay(session: &Session, args: &ReplayArgs, files: &Files) -> Result<Changes, Failure> {
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
    let new = new_adapter(args, files, &present)?;
    let mut changes = Changes::of(present.adapter.model().clone());
    let mut stored = Stored::open(session, &instance.id, args.since, args.until).await?;
    while let Some(messages) = stored.next().await? {
        for message in messages {
            let (old, new) =
                (present.adapter.normalise(&message.message()), new.normalise(&message.message()));
            changes.add(message, &old, &new);
        }
        stored.tell(changes.messages);
    }
    stored.tell_end();
    Ok(changes)
}

/// The new adapter for the model that the twin has. A half that no option names stays the present
/// one, unless both come from the configuration.
fn new_adapter(
    args: &ReplayArgs,
    files: &Files,
    present: &PresentAdapter,
) -> Result<Adapter, Failure> {
    let half = |given: Option<&'_ Value>, named: bool, old: &Option<Value>| match named {
        true => old.clone(),
        false => given.cloned(),
    };
    let envelope =
        half(files.envelope(), args.routes.is_some() && args.envelope.is_none(), &present.envelope);
    let routes =
        half(files.routes(), args.envelope.is_some() && args.routes.is_none(), &present.routes);
    source::compile(present.adapter.model(), envelope.as_ref(), routes.as_ref())
}
