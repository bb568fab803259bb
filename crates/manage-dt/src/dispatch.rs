//! From a command line to an exit code.

use std::ffi::OsString;

use crate::args::{self, AdapterArgs, AdapterVerb, Cli, ModelVerb, OutputFormat, Verb};
use crate::config::Environment;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::{log, verbs};

/// Runs one command line, program name first, and tells its failure.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match args::parse(arguments.into_iter().collect::<Vec<_>>()) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version end here too.
            return match error.print() {
                _ if error.use_stderr() => ExitCode::Usage,
                Err(broken) if broken.kind() != std::io::ErrorKind::BrokenPipe => ExitCode::Refused,
                _ => ExitCode::Done,
            };
        }
    };
    if cli.global.no_color {
        anstream::ColorChoice::Never.write_global();
    }
    match verb(&cli) {
        Ok(()) => ExitCode::Done,
        Err(failure) => {
            failure.tell();
            failure.exit
        }
    }
}

fn verb(cli: &Cli) -> Result<(), Failure> {
    let global = &cli.global;
    let environment = Environment::of_process();
    // Verbs with a platform in them set up logging of their own.
    if !matches!(cli.verb, Verb::Serve(_) | Verb::Demo | Verb::Emulate(_)) {
        log::init(global.verbose, global.debug);
    }
    let writes_sarif = matches!(
        cli.verb,
        Verb::Model(ModelVerb::Check(_))
            | Verb::Adapter(AdapterArgs { verb: AdapterVerb::Lint(_) })
    );
    if global.output == OutputFormat::Sarif && !writes_sarif {
        let message = "`--output sarif` is for verbs that look for mistakes in files";
        return Err(Failure::usage(message).hint("use `--output json`"));
    }
    if global.output == OutputFormat::Csv && !matches!(cli.verb, Verb::Sql(_)) {
        let message = "`--output csv` is for `sql`";
        return Err(Failure::usage(message).hint("use `--output json`"));
    }
    if global.query.is_some() || global.raw_output {
        if global.output != OutputFormat::Json {
            let message = "--query and --raw-output are for JSON";
            return Err(Failure::usage(message).hint("leave --output away, or use --output json"));
        }
        crate::print::filter::set(global.query.as_deref(), global.raw_output)?;
    }
    match &cli.verb {
        Verb::Adapter(args) => verbs::adapter::run(args, global, &environment),
        Verb::Archive(args) => verbs::archive::run(args, global, &environment),
        Verb::Bulk(args) => verbs::bulk::run(args, global, &environment),
        Verb::Create(args) => verbs::create::run(args, global, &environment),
        Verb::Query(args) => verbs::query::run(args, global, &environment),
        Verb::Replay(args) => verbs::replay::run(args, global, &environment),
        Verb::Delete(args) => verbs::delete::run(args, global, &environment),
        Verb::Command(args) => verbs::command::run(args, global, &environment),
        Verb::Send(args) => verbs::send::run(args, global, &environment),
        Verb::DeviceCert(args) => verbs::device_cert::run(args, global, &environment),
        Verb::Init(args) => verbs::init::run(args, global, &environment),
        Verb::List => verbs::list::run(global, &environment),
        Verb::Watch(args) => verbs::watch::run(args, global, &environment),
        Verb::Content(args) => verbs::past::content(args, global, &environment),
        Verb::Diff(args) => verbs::past::diff(args, global, &environment),
        Verb::Simulate(args) => verbs::simulate::run(args, global, &environment),
        Verb::Show(args) => verbs::show::run(args, global, &environment),
        Verb::Plan(args) => verbs::declare::plan(args, global, &environment),
        Verb::Apply(args) => verbs::declare::apply(args, global, &environment),
        Verb::Drift(args) => verbs::declare::drift(args, global, &environment),
        Verb::Export(args) => verbs::declare::export(args, global, &environment),
        Verb::Doctor => verbs::doctor::run(global, &environment),
        Verb::Config(args) => verbs::config::run(args, global, &environment),
        Verb::Man { dir } => verbs::man::run(dir),
        Verb::Sql(args) => verbs::sql::run(args, global, &environment),
        Verb::Backup(args) => verbs::backup::run(args, global, &environment),
        Verb::Restore(args) => verbs::backup::restore(args, global, &environment),
        Verb::Emulate(args) => verbs::emulate::run(args, global, &environment),
        Verb::Env(args) => verbs::env::run(args, global, &environment),
        Verb::User(args) => verbs::user::run(args, global, &environment),
        Verb::Completions { shell } => verbs::completions::run(*shell),
        Verb::Model(args) => verbs::model::run(args, global, &environment),
        Verb::Serve(args) => only_text(global).and_then(|()| verbs::serve::run(args, global)),
        Verb::Demo => only_text(global).and_then(|()| verbs::demo::run(global)),
    }
}

/// Refuses `--output json` for a verb that tells a story and has no document to print.
fn only_text(global: &crate::args::GlobalArgs) -> Result<(), Failure> {
    match global.output {
        crate::args::OutputFormat::Table => Ok(()),
        _ => Err(Failure::usage(
            "this verb prints text only; leave --output, --query and --raw-output away",
        )),
    }
}
