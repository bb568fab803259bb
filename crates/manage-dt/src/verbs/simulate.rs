//! `simulate`: a fleet of devices that sends what its adapter accepts, and what goes wrong besides.

mod fleet;
mod outcomes;
mod random;
mod recipe;
mod schedule;
mod tally;
mod twins;
mod view;

use std::cell::Cell;
use std::io::{BufWriter, ErrorKind, Write as _};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use self::fleet::{Fleet, Keys};
use self::outcomes::{Mark, Rejections};
use self::recipe::Recipe;
use self::schedule::Schedule;
use self::tally::{Tally, get};
use self::twins::Twins;
use super::adapter::source::{JsonFile, Source};
use super::send::place::{self, Place};
use crate::args::{Fault, GlobalArgs, SimulateArgs, Via};
use crate::config::Environment;
use crate::device::{Credentials, Device, DeviceAddress};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::print::{Report, progress::Progress};
use crate::runtime;
use crate::session::Definition;

/// Pause between two words about the progress.
const WORD_EVERY: Duration = Duration::from_millis(500);

/// Runs the fleet and tells what became of it, whatever the end.
pub fn run(
    args: &SimulateArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<(), Failure> {
    if args.dry_run {
        let definition = Definition::read(global, environment, &args.twin)?;
        return dry_run(args, &definition, global, environment);
    }
    let place = Place::read(&args.as_send(), global, environment)?;
    let session = place.session()?;
    let recipe = recipe(args, &session.definition, &place.endpoint, global, environment)?;
    check_faults(args, &recipe)?;
    let mut report = Report::on_stdout(global.output, environment);
    let outcome = runtime::block_on_to_the_end(simulate(args, &place, recipe, &mut report));
    let written = report.finish();
    outcome?;
    written
}

/// How the payloads are made.
fn recipe(
    args: &SimulateArgs,
    definition: &Definition,
    endpoint: &str,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<Recipe, Failure> {
    if !definition.twin.is_structured() {
        if args.payload.is_some() {
            return Err(Failure::usage("--payload is for twins with a model")
                .hint("messages of a twin without one are taken as they are; `send` sends files"));
        }
        return Ok(Recipe::unstructured());
    }
    let source = Source::of_twin(&args.twin, global, environment)?;
    let adapter = source.compile()?;
    let reference = source.envelope().map(|envelope| &envelope["referencePayload"]["data"]);
    let base = match (&args.payload, reference) {
        (Some(path), _) => JsonFile::read(path)?.value,
        (None, Some(Value::Null)) => {
            return Err(Failure::usage("the adapter's envelope has no reference payload")
                .hint("name a payload with --payload FILE"));
        }
        (None, Some(data)) => data.clone(),
        (None, None) => Recipe::base_of_model(&adapter, endpoint),
    };
    Recipe::of(&adapter, endpoint, &base)
}

/// Refuses faults that these messages or this protocol cannot have.
fn check_faults(args: &SimulateArgs, recipe: &Recipe) -> Result<(), Failure> {
    let wants = |fault| args.faults.iter().any(|(wanted, share)| *wanted == fault && *share > 0.0);
    if wants(Fault::Late) && !recipe.has_time() {
        return Err(Failure::usage("--fault late: the payload does not say when it was observed")
            .hint("`timeObserved` in the adapter's envelope says where it stands"));
    }
    if wants(Fault::OutOfRange) && !recipe.has_spoiler() {
        return Err(Failure::usage("--fault out-of-range: no value was found that is rejected"));
    }
    if args.via == Via::Https && (wants(Fault::Reconnect) || wants(Fault::Storm)) {
        return Err(Failure::usage("--fault reconnect and storm are for connections that stay")
            .hint("use --via mqtt or wss"));
    }
    Ok(())
}

fn fleet(
    args: &SimulateArgs,
    definition: &Definition,
    device: Device,
    endpoint: String,
    recipe: Recipe,
) -> Result<Fleet, Failure> {
    Ok(Fleet {
        device,
        keys: keys(args, definition)?,
        endpoint,
        via: args.via,
        recipe,
        schedule: Schedule::new(args.load, args.duration),
        rate: args.rate,
        faults: args.faults.clone(),
        seed: args.seed,
        connections: args.connections,
        tally: Tally::default(),
    })
}

fn keys(args: &SimulateArgs, definition: &Definition) -> Result<Keys, Failure> {
    let own = definition.twin.require("external_key")?;
    let pattern = match (&args.keys, args.devices) {
        (Some(pattern), _) => pattern.clone(),
        (None, 1) => own.to_owned(),
        (None, _) => format!("{own}-{{}}"),
    };
    Ok(Keys { pattern, count: args.devices })
}

async fn simulate(
    args: &SimulateArgs,
    place: &Place,
    recipe: Recipe,
    report: &mut Report,
) -> Result<(), Failure> {
    let session = place.session()?;
    let keys = keys(args, &session.definition)?;
    let mut twins = Twins::default();
    let gathered = tokio::select! {
        biased;
        () = interrupted() => Err(Failure::new(ExitCode::Interrupted, "interrupted")),
        gathered = twins.gather(session, &keys, args.create) => gathered,
    };
    let outcome = match gathered {
        Ok(()) => at_work(args, place, recipe, &twins, report).await,
        Err(failure) => Err(failure),
    };
    // Whatever the end: what was made for the run goes with it. A second Ctrl-C means now.
    let deleted = match args.delete {
        true => tokio::select! {
            deleted = twins.delete(session) => deleted,
            () = interrupted() => Err(Failure::new(
                ExitCode::Interrupted,
                "interrupted; not all twins that were created are deleted",
            )),
        },
        false => Ok(()),
    };
    outcome.and(deleted)
}

async fn at_work(
    args: &SimulateArgs,
    place: &Place,
    recipe: Recipe,
    twins: &Twins,
    report: &mut Report,
) -> Result<(), Failure> {
    let session = place.session()?;
    let device = place.device().await?;
    let fleet = fleet(args, &session.definition, device, place.endpoint.clone(), recipe)?;
    let fleet = Arc::new(fleet);
    let mark = Mark::take(session).await;
    let started = tokio::time::Instant::now();
    let is_interrupted = Cell::new(false);
    let end = async {
        let time = args.duration.unwrap_or(Duration::MAX);
        tokio::select! {
            () = tokio::time::sleep(time) => {}
            () = interrupted() => is_interrupted.set(true),
        }
    };
    tokio::select! {
        biased;
        ended = fleet.run(end) => ended?,
        () = tell(&fleet) => {}
    }
    let took = started.elapsed();
    let rejections = rejections(mark, &fleet, twins).await;
    view::report(args, &fleet, took, &rejections, report);
    if is_interrupted.get() {
        return Err(Failure::new(ExitCode::Interrupted, "interrupted"));
    }
    match get(&fleet.tally.sent) - get(&fleet.tally.acknowledged) {
        0 => Ok(()),
        missing => Err(Failure::new(
            ExitCode::Refused,
            format!("{missing} messages were not acknowledged"),
        )),
    }
}

async fn rejections(
    mark: Result<Mark, Failure>,
    fleet: &Fleet,
    twins: &Twins,
) -> Result<Rejections, Failure> {
    let is_structured = fleet.recipe.is_structured();
    let of = |fault| fleet.tally.faults_of(fault);
    let both = if is_structured { of(Fault::Malformed).max(of(Fault::OutOfRange)) } else { 0 };
    mark?.rejections(&twins.by_id, both).await
}

/// Says on a terminal how far it is, for ever.
async fn tell(fleet: &Fleet) {
    let progress = Progress::of("sent", 0);
    loop {
        tokio::time::sleep(WORD_EVERY).await;
        let tally = &fleet.tally;
        let (sent, acknowledged) = (get(&tally.sent), get(&tally.acknowledged));
        let failed: u64 = tally.failures().values().sum();
        let p99 = tally.latency_ms(0.99).unwrap_or_default();
        progress.say(|| {
            format!("{sent} sent, {acknowledged} acknowledged, {failed} failed, p99 {p99:.1} ms")
        });
    }
}

async fn interrupted() {
    // Without a handler the signal ends the process by itself.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Prints what would be sent, device after device, message after message.
fn dry_run(
    args: &SimulateArgs,
    definition: &Definition,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<(), Failure> {
    let endpoint =
        place::endpoint(&args.as_send(), &definition.twin, &definition.settings.data_dir)?;
    let recipe = recipe(args, definition, &endpoint, global, environment)?;
    check_faults(args, &recipe)?;
    let nowhere = DeviceAddress { host: "localhost".to_owned(), https_port: 0, mqtts_port: 0 };
    let nobody = Credentials { external_key: String::new(), password: None };
    let device = Device::new(nowhere, nobody, &crate::session::trust(&definition.settings)?)?;
    let fleet = fleet(args, definition, device, endpoint, recipe)?;
    // One each, unless a time says how many.
    let each = args.duration.map_or(1, |time| {
        (0_u64..)
            .take_while(|n| fleet.schedule.due_s(*n as f64 / fleet.rate) < time.as_secs_f64())
            .count() as u64
    });
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut write = || -> std::io::Result<()> {
        for number in 0..each {
            for device in 0..fleet.keys.count {
                let now_us = jiff::Timestamp::now().as_microsecond();
                let made = fleet.message(device, number, now_us);
                let copies = 1 + usize::from(made.flaws.contains(&Fault::Duplicate));
                for _ in 0..copies {
                    out.write_all(&made.payload)?;
                    out.write_all(b"\n")?;
                }
            }
        }
        out.flush()
    };
    match write() {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::new(ExitCode::Refused, format!("cannot write the payloads: {error}")))
        }
        // A reader that has seen enough is no error.
        _ => Ok(()),
    }
}
