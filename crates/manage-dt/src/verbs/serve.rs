//! `serve`: the platform in one process, until SIGTERM or SIGINT.

use std::io::Write as _;

use tokio::signal::unix::{SignalKind, signal};

use crate::args::{GlobalArgs, ServeArgs};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::serve::{self, client_files};

/// Runs the platform until it is told to stop.
pub fn run(args: &ServeArgs, global: &GlobalArgs) -> Result<(), Failure> {
    let level = match (global.verbose, global.debug) {
        (_, true) => "debug",
        (true, false) => "info",
        (false, false) => "warn",
    };
    tracing_subscriber::fmt().with_env_filter(level).with_writer(std::io::stderr).init();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(ExitCode::Refused, error))?;
    runtime.block_on(until_told(args))
}

async fn until_told(args: &ServeArgs) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::new(ExitCode::Refused, error);
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let running = serve::start(args).await?;
    let ports = running.ports;
    let plain = ports.mqtt.map(|port| format!(" mqtt={port}")).unwrap_or_default();
    // Who started it may not listen any more; the platform serves all the same.
    let _ = writeln!(
        anstream::stdout(),
        "ready https={} mqtts={}{plain} client={}",
        ports.https,
        ports.mqtts,
        running.client_dir.display()
    );
    let state_dir = client_files::quoted(&args.state_dir.display().to_string());
    anstream::eprintln!("Point a shell at it: eval \"$(manage-dt env --state-dir {state_dir})\"");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tokio::select! {
        () = running.stop() => Ok(()),
        // A second signal means now.
        _ = terminate.recv() => Err(Failure::reported(ExitCode::Interrupted)),
        _ = interrupt.recv() => Err(Failure::reported(ExitCode::Interrupted)),
    }
}
