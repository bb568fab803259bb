//! `demo`: the whole story in one go, on a platform of its own in a temporary directory.

mod device;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use tokio::signal::unix::{SignalKind, signal};

use crate::args::{GlobalArgs, Verb};
use crate::config::Environment;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::temporary_dir::TemporaryDir;
use crate::{serve, verbs};
use device::Devices;

/// The sample twins, in the order of the story.
const TWINS: [&str; 3] = ["unstructured", "default-adapter", "custom-adapter"];

/// What an M5Stack with environment sensors sends.
const M5_PAYLOAD: &str = r#"{"sht_temperature":23.8,"qmp_temperature":24.1,"humidity":54.2,"pressure":1013.2,"count":1}"#;
/// Valid JSON without any field that the first route maps.
const UNMAPPED_PAYLOAD: &str = r#"{"battery":"low"}"#;

/// Tells the story.
pub fn run(global: &GlobalArgs) -> Result<(), Failure> {
    let directory = TemporaryDir::of("demo");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(ExitCode::Refused, error))?;
    leave_nothing_behind(&runtime, directory.path().to_owned())?;
    say("1. A platform of our own, on free ports, in a temporary directory");
    let running = runtime.block_on(serve::start(&serve_args(directory.path())?))?;
    say(&format!(
        "   https on port {}, MQTT/TLS on port {}",
        running.ports.https, running.ports.mqtts
    ));
    let story = story(&runtime, &running, directory.path(), global);
    runtime.block_on(running.stop());
    story?;
    say("8. Stopped, and the directory removed.\n");
    say("Go on with a platform that stays:");
    say("   manage-dt serve &");
    say("   eval \"$(manage-dt env)\"");
    say("   manage-dt create custom-adapter && manage-dt query custom-adapter");
    Ok(())
}

/// On SIGINT and SIGTERM the directory goes, and then the process: the platform in it is nobody's.
fn leave_nothing_behind(
    runtime: &tokio::runtime::Runtime,
    directory: PathBuf,
) -> Result<(), Failure> {
    let _inside = runtime.enter();
    let listen = |kind| signal(kind).map_err(|error| Failure::new(ExitCode::Refused, error));
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    runtime.spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        let _ = std::fs::remove_dir_all(directory);
        Failure::new(ExitCode::Interrupted, "interrupted; the temporary directory is removed")
            .tell();
        std::process::exit(ExitCode::Interrupted.code().into());
    });
    Ok(())
}

fn story(
    runtime: &tokio::runtime::Runtime,
    running: &serve::Running,
    state_dir: &Path,
    global: &GlobalArgs,
) -> Result<(), Failure> {
    let environment = Environment::of_process();
    let verb = |words: &[&str]| -> Result<(), Failure> {
        let local = format!("--local={}", state_dir.display());
        // `--local` wins over what the surrounding shell points at.
        let mut line = vec!["manage-dt", &local, "--output", "table"];
        line.extend(words);
        let line = line.into_iter().map(std::ffi::OsString::from).collect::<Vec<_>>();
        let mut cli = crate::args::parse(line).map_err(Failure::usage)?;
        cli.global.no_color = global.no_color;
        match &cli.verb {
            Verb::Create(args) => verbs::create::run(args, &cli.global, &environment),
            Verb::Query(args) => verbs::query::run(args, &cli.global, &environment),
            Verb::Delete(args) => verbs::delete::run(args, &cli.global, &environment),
            _ => Ok(()),
        }
    };
    say("\n2. Three digital twins, created through the signed control plane");
    for twin in TWINS {
        verb(&["create", twin])?;
    }
    let device = Devices::new(running)?;
    runtime.block_on(send(&device))?;
    for (step, twin) in TWINS.iter().enumerate() {
        say(&format!("\n{}. manage-dt query {twin}", step + 4));
        verb(&["query", twin])?;
    }
    say("\n   The rejected message is valid JSON, but has none of the fields that the");
    say("   adapter's first route maps; that route takes iot/v1/telemetry, so the second");
    say("   one is not tried. Nothing is lost: the raw data above has it, with the reason");
    say("   in the rejected data.");
    say("\n7. The twins are deleted");
    for twin in TWINS {
        verb(&["delete", twin])?;
    }
    Ok(())
}

async fn send(device: &Devices) -> Result<(), Failure> {
    say("\n3. Devices send, over MQTT/TLS (QoS 1) and over HTTPS");
    let (raw, default, custom) = ("01", "m5-env-dflt-01", "m5-env-cstm-01");
    device.mqtt(raw, &[("workshop/lathe", "anything goes here")]).await?;
    device.https(raw, "workshop/lathe", M5_PAYLOAD).await?;
    device.mqtt(default, &[("m5/telemetry", M5_PAYLOAD)]).await?;
    device
        .mqtt(custom, &[("iot/v1/telemetry", M5_PAYLOAD), ("iot/v1/telemetry", UNMAPPED_PAYLOAD)])
        .await?;
    device.https(custom, "iot/v1/system", UNMAPPED_PAYLOAD).await?;
    say("   6 messages acknowledged: each is on disk with its outcome");
    Ok(())
}

fn serve_args(directory: &Path) -> Result<crate::args::ServeArgs, Failure> {
    let state_dir = directory.display().to_string();
    let words =
        ["manage-dt", "serve", "--state-dir", &state_dir, "--https-port", "0", "--mqtts-port", "0"];
    let cli = crate::args::parse(words.map(std::ffi::OsString::from).to_vec());
    match cli.map_err(Failure::usage)?.verb {
        Verb::Serve(args) => Ok(args),
        _ => Err(Failure::usage("serve was not understood")),
    }
}

/// A reader that goes away is no error: the demo ends in silence, and removes what it made.
fn say(line: &str) {
    let _ = writeln!(anstream::stdout(), "{line}");
}
