//! `emulate`: an empty platform around a command, and what the command asks of it.

mod control;
mod seed;
mod wrapped;

use std::path::PathBuf;

use crate::args::{EmulateArgs, GlobalArgs, OutputFormat, Verb};
use crate::config::Environment;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::serve;
use crate::temporary_dir::TemporaryDir;
use wrapped::Signals;

/// Runs a command in a platform, or asks the platform around this process for something.
pub fn run(
    args: &EmulateArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<(), Failure> {
    if let Some(verb) = &args.control {
        crate::log::init(global.verbose, global.debug);
        return control::run(verb, global, environment);
    }
    if global.output != OutputFormat::Table {
        return Err(Failure::usage("what is printed is the command's; leave --output away"));
    }
    let level = match (global.verbose, global.debug) {
        (_, true) => "debug",
        (true, false) => "info",
        // The command has the terminal: what a client does wrong is told to that client.
        (false, false) => "error",
    };
    tracing_subscriber::fmt().with_env_filter(level).with_writer(std::io::stderr).init();
    let temporary = TemporaryDir::of("emulate");
    let state_dir = args.state_dir.clone().unwrap_or_else(|| temporary.path().to_owned());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(ExitCode::Refused, error))?;
    let outcome = runtime.block_on(around(args, state_dir, global, environment));
    // What is still open may not hold the process, nor a file of the directory that goes.
    runtime.shutdown_background();
    drop(temporary);
    outcome
}

/// Starts the platform, runs the command, stops the platform.
async fn around(
    args: &EmulateArgs,
    state_dir: PathBuf,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<(), Failure> {
    // From before anything is made: an interrupted start leaves nothing behind.
    let mut signals = Signals::listen()?;
    let seed = args.seed.as_deref().map(seed::Seed::read).transpose()?;
    let start = async {
        let running = serve::start(&serve_args(args, state_dir.clone())?).await?;
        if let Some(seed) = &seed {
            seed.plant(&running, &state_dir, global, environment).await?;
            running.mark_start().await?;
        }
        Ok(running)
    };
    let running = tokio::select! {
        running = start => running?,
        _ = signals.next() => return Err(Failure::new(ExitCode::Interrupted, "interrupted")),
    };
    let outcome = wrapped::run(&args.command, &running.client_dir, &mut signals).await;
    running.stop().await;
    match outcome? {
        0 => Ok(()),
        code => Err(Failure::reported(ExitCode::Command(code))),
    }
}

fn serve_args(args: &EmulateArgs, state_dir: PathBuf) -> Result<crate::args::ServeArgs, Failure> {
    let words = ["manage-dt", "serve", "--https-port", "0", "--mqtts-port", "0"];
    match crate::args::parse(words).map_err(Failure::usage)?.verb {
        Verb::Serve(serve) => {
            let allow_control = args.allow_control;
            Ok(crate::args::ServeArgs { state_dir, allow_control, ..serve })
        }
        _ => Err(Failure::usage("serve was not understood")),
    }
}
