//! `watch`: events of twins as they happen.

mod poll;
mod sink;
mod view;

use std::time::Duration;

use iot_client::{ClientError, DataClient, EventStream, StreamEvent, StreamStart};

use self::sink::{Sink, say};
use super::instances;
use crate::args::{GlobalArgs, WatchArgs, WatchKind};
use crate::client_errors::failed_with_body;
use crate::config::Environment;
use crate::data_access::{self, Renew};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::runtime;
use crate::session::{Definition, Session};

/// Pause before a lost connection is made again; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(500);
/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(15);

/// A twin that is watched.
struct Watched {
    /// Its name in the configuration file.
    name: String,
    /// OCID of its instance.
    id: String,
}

/// What is wanted of whom.
struct Wanted {
    twins: Vec<Watched>,
    kinds: Vec<WatchKind>,
}

/// Watches until Ctrl-C, or until nobody reads what is written.
pub fn run(
    args: &WatchArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<(), Failure> {
    instances::check_id(args.id.as_deref())?;
    if args.id.is_some() && args.twins.len() > 1 {
        let failure = Failure::usage("--id says which instance of one twin, and several are named");
        return Err(failure.hint("watch that twin alone"));
    }
    let definition = Definition::read(global, environment, &args.twins[0])?;
    let mut devices = Vec::new();
    for name in &args.twins {
        let twin = definition.config.twin(name)?;
        devices.push((name.clone(), twin.require("device_name")?.to_owned()));
    }
    let session = definition.connect()?;
    let mut sink = Sink::on_stdout(global.output, environment);
    let watched = runtime::block_on(async {
        let wanted = wanted(&session, args, &devices).await?;
        tokio::select! {
            watched = watch(&session, args, &wanted, &mut sink) => watched,
            () = sink::nobody_reads() => Ok(()),
        }
    });
    match watched {
        // Ctrl-C is how this verb ends: nothing went wrong.
        Err(failure) if failure.exit == ExitCode::Interrupted => {
            sink.end();
            Err(Failure::reported(ExitCode::Interrupted))
        }
        other => other,
    }
}

async fn wanted(
    session: &Session,
    args: &WatchArgs,
    devices: &[(String, String)],
) -> Result<Wanted, Failure> {
    let mut twins: Vec<Watched> = Vec::new();
    for (name, device_name) in devices {
        let found = instances::named(session, device_name).await?;
        let Some(instance) = instances::choose(found, args.id.as_deref())? else {
            tracing::error!("Digital Twin Instance does not exist");
            return Err(Failure::reported(ExitCode::Refused)
                .hint(format!("`manage-dt create {name}` creates it")));
        };
        if !twins.iter().any(|twin| twin.id == instance.id) {
            twins.push(Watched { name: name.clone(), id: instance.id });
        }
    }
    let kinds = match args.kinds.is_empty() {
        true => WatchKind::ALL.to_vec(),
        false => WatchKind::ALL.into_iter().filter(|kind| args.kinds.contains(kind)).collect(),
    };
    Ok(Wanted { twins, kinds })
}

async fn watch(
    session: &Session,
    args: &WatchArgs,
    wanted: &Wanted,
    sink: &mut Sink,
) -> Result<(), Failure> {
    let mut start = match (&args.after, args.since) {
        (Some(position), _) => StreamStart::After(position.clone()),
        (None, Some(since)) => StreamStart::Since(format!("{since:.6}")),
        (None, None) => StreamStart::Now,
    };
    let mut client = data_access::obtain(session, Renew::Nothing).await?;
    let (mut was_open, mut failures) = (false, 0);
    loop {
        let error = match open(&client, wanted, &start).await {
            Ok(mut stream) => {
                if failures > 0 {
                    say("connected again");
                }
                (was_open, failures) = (true, 0);
                let ended = follow(&mut stream, wanted, sink).await;
                if let Some(position) = stream.position() {
                    start = StreamStart::After(position.to_owned());
                }
                match ended {
                    Ok(true) => return Ok(()),
                    Ok(false) => None,
                    Err(error) => Some(error),
                }
            }
            Err(error) if error.status() == Some(404) && !was_open => {
                return poll::run(session, args, wanted, sink).await;
            }
            Err(error) => {
                failures += 1;
                Some(error)
            }
        };
        let renew = match &error {
            Some(error) => renewal(error, was_open, failures)?,
            None => Renew::Nothing,
        };
        if let Some(error) = &error {
            tracing::info!("{error}");
            if was_open && failures == 0 {
                say("the connection is lost; connecting again (-v says why)");
                failures = 1;
            }
        }
        tokio::time::sleep(pause(failures)).await;
        client = match data_access::obtain(session, renew).await {
            // A platform that is not there yet: it was there before.
            Err(failure) if was_open && failure.exit == ExitCode::Unreachable => client,
            obtained => obtained?,
        };
    }
}

async fn open(
    client: &DataClient,
    wanted: &Wanted,
    start: &StreamStart,
) -> Result<EventStream, ClientError> {
    let kinds: Vec<String> = wanted.kinds.iter().map(|kind| kind.name().to_owned()).collect();
    let ids: Vec<String> = wanted.twins.iter().map(|twin| twin.id.clone()).collect();
    client.events(&kinds, &ids, start).await
}

/// Passes on what comes until the stream ends; true when nobody reads it any more.
async fn follow(
    stream: &mut EventStream,
    wanted: &Wanted,
    sink: &mut Sink,
) -> Result<bool, ClientError> {
    while let Some(event) = stream.next().await? {
        let StreamEvent { kind, position, data } = event;
        if !sink.event(&wanted.twins, &kind, Some(&position), &data) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What to ask for anew before the next try, if there is to be one: what once worked is tried for
/// as long as it takes.
fn renewal(error: &ClientError, was_open: bool, failures: u32) -> Result<Renew, Failure> {
    let is_first = failures <= 1;
    match error {
        ClientError::Service { status: 401, .. } if is_first => Ok(Renew::Token),
        ClientError::Unreachable { .. } if is_first && !was_open => Ok(Renew::All),
        ClientError::Unreachable { .. } if was_open => Ok(Renew::Nothing),
        ClientError::Service { status: 429 | 500.., .. } if was_open => Ok(Renew::Nothing),
        error => Err(failed_with_body("Unable to watch", error)),
    }
}

fn pause(failures: u32) -> Duration {
    match failures {
        0 => PAUSE,
        failures => PAUSE.saturating_mul(1 << failures.min(6)).min(PAUSE_MAX),
    }
}
