//! `sql`: a query of a user's own on the embedded store, read only, also while a platform runs.

mod output;

use std::io::{IsTerminal as _, Read as _};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use store_sqlite::{Console, ConsoleError};

use self::output::Output;
use crate::args::{GlobalArgs, SqlArgs};
use crate::config::Environment;
use crate::config::local::{self, ClientDir};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::runtime;

/// Longest query, bytes.
const QUERY_BYTES_MAX: u64 = 1 << 20;

/// Runs the query.
pub fn run(args: &SqlArgs, global: &GlobalArgs, environment: &Environment) -> Result<(), Failure> {
    let state_dir = match &global.local {
        Some(given) => local::state_dir(given, environment),
        None => local::state_dir(&args.state.state_dir, environment),
    };
    ClientDir::of_state_dir(&state_dir)?;
    let query = query(args)?;
    let time_max = Duration::from_secs(args.timeout);
    let mut output = Output::on_stdout(global.output, environment);
    runtime::interruptible(move |stop| {
        let database = state_dir.join("platform.db");
        let console = Console::open(&database, time_max, stop.clone());
        let run = |console: Console| {
            let stop: &AtomicBool = &stop;
            console.run(&query, stop, &mut output)?;
            output.finish().map_err(ConsoleError::Output)
        };
        console.and_then(run).or_else(|error| told(error, time_max))
    })
}

fn query(args: &SqlArgs) -> Result<String, Failure> {
    if let Some(query) = args.statement.as_deref().filter(|query| *query != "-") {
        return Ok(query.to_owned());
    }
    let stdin = std::io::stdin();
    if args.statement.is_none() && stdin.is_terminal() {
        return Err(Failure::usage("there is no query")
            .hint("manage-dt sql 'SELECT * FROM rawData ORDER BY id DESC LIMIT 5'"));
    }
    let mut query = String::new();
    let read = stdin.lock().take(QUERY_BYTES_MAX + 1).read_to_string(&mut query);
    read.map_err(|error| Failure::usage(format!("the query on stdin cannot be read: {error}")))?;
    if query.len() as u64 > QUERY_BYTES_MAX {
        return Err(Failure::usage(format!("the query is longer than {QUERY_BYTES_MAX} bytes")));
    }
    Ok(query)
}

fn told(error: ConsoleError, time_max: Duration) -> Result<(), Failure> {
    let views = "the views are rawData, historizedData, rejectedData, rawCommandData, \
                 snapshotData and digitalTwinInstances (docs/sql.md)";
    Err(match error {
        ConsoleError::Output(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            return Ok(());
        }
        ConsoleError::Output(error) => {
            Failure::new(ExitCode::Refused, format!("cannot write the results: {error}"))
        }
        ConsoleError::Database(why) => {
            Failure::new(ExitCode::Refused, format!("the state directory's database: {why}"))
        }
        ConsoleError::Statement(why) => Failure::usage(why).hint(views),
        ConsoleError::Denied(why) => {
            Failure::usage(format!("{why}: only the views can be read, and nothing be changed"))
                .hint(views)
        }
        ConsoleError::TooSlow => Failure::new(
            ExitCode::Refused,
            format!("the query took longer than {} s and was stopped", time_max.as_secs()),
        )
        .hint(
            "narrow it by digital_twin_instance_id and a range of time_…_us, which have an index, \
             or give it more with --timeout",
        ),
        ConsoleError::Stopped => Failure::new(ExitCode::Interrupted, "interrupted"),
    })
}
