//! `plan`, `apply`, `drift`, `export`: one declarative file for what a domain holds.
//!
//! `file` reads what is to exist, `state` what exists, `plan` matches both by identity and says
//! what to do, `carry_out` does it, `show` prints it, `export` goes the other way.

mod carry_out;
mod diff;
mod export;
mod file;
mod links;
mod plan;
mod show;
mod state;

use std::path::PathBuf;

use iot_client::{ControlClient, Kind};

use self::file::Desired;
use self::plan::{Plan, Removal};
use crate::args::{ApplyArgs, DriftArgs, ExportArgs, GlobalArgs, PlanArgs};
use crate::config::{Environment, IotConfig, Settings};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::print::Report;
use crate::{runtime, session};

/// The file unless told otherwise, in the data directory.
const DEFAULT_FILE: &str = "twins.yaml";

/// Free-form tags of this program begin so.
const TAG_PREFIX: &str = "manage-dt-";
/// The tag that says to which file a resource belongs.
const OWNER_TAG: &str = "manage-dt-owner";
/// The tag that says which adapter or relationship of the file it is.
const KEY_TAG: &str = "manage-dt-key";

/// Requests at once: enough to hide the latency, not enough to be a burden.
const REQUESTS_AT_ONCE: usize = 8;

/// A kind in one word.
fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Model => "model",
        Kind::Adapter => "adapter",
        Kind::Instance => "instance",
        Kind::Relationship => "relationship",
    }
}

/// The file and the way to the platform.
struct Desk {
    desired: Desired,
    domain: String,
    control: ControlClient,
}

impl Desk {
    fn open(
        file: &Option<PathBuf>,
        global: &GlobalArgs,
        environment: &Environment,
    ) -> Result<Desk, Failure> {
        let settings = Settings::resolve(global, environment)?;
        let path = match file {
            Some(path) => path.clone(),
            None => settings.data_dir.join(DEFAULT_FILE),
        };
        let config = configuration(&settings)?;
        let desired = file::read(&path, config.as_ref())?;
        let domain = match (&desired.domain, &config) {
            (Some(domain), _) => domain.clone(),
            (None, Some(config)) => config.domain_id()?.to_owned(),
            (None, None) => {
                let missing = settings.iot_config_file.display();
                let text =
                    format!("{} names no `domain`, and there is no {missing}", path.display());
                return Err(
                    Failure::usage(text).hint("add `domain: ocid1.iotdomain...` to the file")
                );
            }
        };
        let control = session::connect(&settings)?.control;
        Ok(Desk { desired, domain, control })
    }

    fn plan(&self, removal: Removal) -> Result<Plan, Failure> {
        runtime::block_on(plan::make(&self.control, &self.domain, &self.desired, removal))
    }
}

/// The twins' configuration, for domain and placeholders; a file of its own can do without.
fn configuration(settings: &Settings) -> Result<Option<IotConfig>, Failure> {
    match settings.iot_config_file.exists() {
        true => IotConfig::read(&settings.iot_config_file).map(Some),
        false => Ok(None),
    }
}

fn removal(prune: bool, destroy: bool) -> Removal {
    match (prune, destroy) {
        (_, true) => Removal::All,
        (true, _) => Removal::Unlisted,
        _ => Removal::Nothing,
    }
}

/// Shows what `apply` would do.
pub fn plan(
    args: &PlanArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<(), Failure> {
    let desk = Desk::open(&args.file, global, environment)?;
    let plan = desk.plan(removal(args.prune, args.destroy))?;
    let mut report = Report::on_stdout(global.output, environment);
    show::plan(&mut report, &plan);
    report.finish()?;
    exit(&plan, args.detailed_exit_code)
}

/// Shows what is not as the file has it.
pub fn drift(
    args: &DriftArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<(), Failure> {
    let desk = Desk::open(&args.file, global, environment)?;
    let removal = match desk.desired.owner {
        Some(_) => Removal::Unlisted,
        None => Removal::Nothing,
    };
    let plan = desk.plan(removal)?;
    let mut report = Report::on_stdout(global.output, environment);
    show::drift(&mut report, &plan);
    report.finish()?;
    exit(&plan, args.detailed_exit_code)
}

fn exit(plan: &Plan, detailed: bool) -> Result<(), Failure> {
    match detailed && plan.has_changes() {
        true => Err(Failure::reported(ExitCode::Changes)),
        false => Ok(()),
    }
}

/// Shows the plan, asks, and carries it out.
pub fn apply(
    args: &ApplyArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<(), Failure> {
    let desk = Desk::open(&args.file, global, environment)?;
    let plan = desk.plan(removal(args.prune, args.destroy))?;
    let mut report = Report::on_stdout(global.output, environment);
    show::plan(&mut report, &plan);
    if args.dry_run || !plan.has_changes() {
        return report.finish();
    }
    if let Some(change) = plan.unowned_replacement() {
        report.finish()?;
        let what = format!("the {} `{}`", word(change.kind), change.key);
        let text = format!(
            "{what} would be replaced, but does not carry the file's owner; nothing has been changed"
        );
        return Err(Failure::new(ExitCode::Refused, text).hint(
            "adopt it first, by a file with `owner:` that leaves what cannot change as it is",
        ));
    }
    if plan.has_replacements() && !args.replace {
        report.finish()?;
        return Err(Failure::usage("the plan replaces resources; nothing has been changed")
            .hint("--replace carries it out: the old ones are deleted; or give what changed a new identity, such as a new version of the DTMI"));
    }
    if let Err(failure) = crate::confirm::confirmed(args.yes, "Carry out this plan?") {
        report.finish()?;
        return Err(failure);
    }
    let progress = carry_out::Progress::of(&plan);
    let work = carry_out::run(&desk.control, &desk.domain, &desk.desired, &plan, &progress);
    let outcome = runtime::block_on(work);
    show::outcome(&mut report, &plan, &progress, outcome.is_ok());
    report.finish()?;
    outcome.map_err(show::how_to_go_on)
}

/// Writes the file that describes what a domain holds.
pub fn export(
    args: &ExportArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<(), Failure> {
    let settings = Settings::resolve(global, environment)?;
    let Some(config) = configuration(&settings)? else {
        let missing = settings.iot_config_file.display();
        return Err(Failure::usage(format!(
            "{missing} does not exist, so the domain is not known"
        ))
        .hint("name its directory with --data-dir, or use a local platform with --local"));
    };
    let domain = config.domain_id()?.to_owned();
    let control = session::connect(&settings)?.control;
    let written = runtime::block_on(export::run(&control, &domain, args))?;
    let mut report = Report::on_stdout(global.output, environment);
    show::exported(&mut report, &written);
    report.finish()
}
