//! The command line: what can be asked for, and the help texts.
//!
//! Parsing is all that happens here; what an absent option means is decided in `config`.

mod adapter;
mod archive;
mod bulk;
mod command;
mod declare;
mod device_cert;
mod emulate;
mod global;
mod init;
mod model;
mod replay;
mod send;
mod serve;
mod simulate;
mod state;
mod time;
mod twins;
mod user;
mod watch;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::parser::ValueSource;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

pub use adapter::{AdapterArgs, AdapterVerb, LintArgs, SourceArgs, TestArgs, TryArgs};
pub use archive::{ArchiveArgs, Dataset, Format, Layout};
pub use bulk::BulkArgs;
pub use command::{CommandArgs, Payload};
pub use declare::{ApplyArgs, DriftArgs, ExportArgs, PlanArgs};
pub use device_cert::{CertifiedArgs, DeviceCertAction, DeviceCertArgs, IssueArgs, RevokeArgs};
pub use emulate::{ClockArgs, ClockVerb, EmulateArgs, EmulateVerb};
pub use global::{GlobalArgs, OutputFormat};
pub use init::InitArgs;
pub use model::{ModelCheckArgs, ModelDiffArgs, ModelVerb};
pub use replay::ReplayArgs;
pub use send::{SendArgs, Via};
pub use serve::{Limits, ServeArgs};
pub use simulate::{Fault, Load, SimulateArgs};
pub use state::{BackupArgs, RestoreArgs, SqlArgs, StateArgs};
pub use twins::{ConfigVerb, ShowArgs};
pub use user::{UserAddArgs, UserArgs, UserRemoveArgs, UserVerb};
pub use watch::{ContentArgs, DiffArgs, WatchArgs, WatchKind};

/// Longest look-back of `query`, a century in minutes.
const LAST_MINUTES_MAX: i64 = 100 * 366 * 24 * 60;

/// Manage digital twins on the OCI IoT Platform, or on a platform of your own
#[derive(Debug, Parser)]
#[command(
    name = "manage-dt",
    version,
    after_help = crate::exit_code::HELP,
    max_term_width = 100,
    disable_help_flag = true,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
    /// Options of every verb.
    #[command(flatten)]
    pub global: GlobalArgs,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Create a digital twin: model, adapter and instance
    #[command(
        override_usage = "manage-dt create [OPTIONS] <TWIN>",
        after_help = "\
What exists already is kept and the rest is created, so a create that was
interrupted is completed by running it again.

Examples:
  manage-dt create custom-adapter
  manage-dt --local create custom-adapter
  manage-dt --profile FRA -v create unstructured"
    )]
    Create(CreateArgs),
    /// Show content and recent data of a digital twin
    #[command(
        override_usage = "manage-dt query [OPTIONS] <TWIN>",
        after_help = "\
Content comes from the control plane; raw, historized, raw command and rejected
data come from the data API.

Examples:
  manage-dt query custom-adapter
  manage-dt query --last-minutes 60 custom-adapter
  manage-dt --output json query unstructured | jq '.rawData[].content'"
    )]
    Query(QueryArgs),
    /// Delete a digital twin: instance, adapter and model
    #[command(
        override_usage = "manage-dt delete [OPTIONS] <TWIN>",
        after_help = "\
A part that does not exist or cannot be deleted does not stop the others.

Examples:
  manage-dt delete custom-adapter
  manage-dt delete --id ocid1.iotdigitaltwininstance... custom-adapter"
    )]
    Delete(DeleteArgs),
    /// List the twins of the configuration file: what exists, what differs
    #[command(after_help = "\
Each twin exists, is partial (parts are missing), absent, drifted (an adapter or
the instance is not as the files have it), ambiguous or invalid. When a twin was
last heard comes from its content, for a twin without a model from its messages.

Examples:
  manage-dt list
  manage-dt --local list
  manage-dt --output json list | jq -r '.digitalTwins[] | .name + \" \" + .state'")]
    List,
    /// Show a twin: instance, model, adapter, content with times
    #[command(
        override_usage = "manage-dt show [OPTIONS] <TWIN>",
        after_help = "\
Examples:
  manage-dt show custom-adapter
  manage-dt --output json show custom-adapter | jq .content"
    )]
    Show(ShowArgs),
    /// Watch twins live: values, messages, rejections, commands
    #[command(
        override_usage = "manage-dt watch [OPTIONS] <TWIN>...",
        after_help = "\
In a terminal a line for each event, numbers with a sparkline of the last ones;
piped or with --output json one JSON document a line, with the position to go
on behind it (--after). A connection that is lost is made again and goes on
where it was. A platform without a stream of events, as the cloud, has its data
API asked every few seconds instead: values that are not historized, and steps
of commands in between, are not seen then.

Examples:
  manage-dt watch custom-adapter
  manage-dt watch default-adapter custom-adapter --kind rejected --since 10m
  manage-dt watch unstructured | jq -r 'select(.kind == \"raw\") | .data.endpoint'"
    )]
    Watch(WatchArgs),
    /// Show the content of a twin as it was at an instant
    #[command(
        override_usage = "manage-dt content [OPTIONS] <TWIN>",
        after_help = "\
For each content path the latest value that was observed until then. On the cloud
it is rebuilt from historized data: what is not historized, or older than the
retention, cannot be known and is named.

Examples:
  manage-dt content custom-adapter --at 2h
  manage-dt content custom-adapter --at 2026-01-18T08:00:00Z --output json | jq .content"
    )]
    Content(ContentArgs),
    /// Show how the content of a twin differs between two instants
    #[command(
        override_usage = "manage-dt diff [OPTIONS] --from <TIME> <TWIN>",
        after_help = "\
Examples:
  manage-dt diff custom-adapter --from 1h
  manage-dt diff custom-adapter --from 2026-01-18T00:00:00Z --to 2026-01-19T00:00:00Z"
    )]
    Diff(DiffArgs),
    /// Show what `apply` would do to make a domain as a file has it
    #[command(
        override_usage = "manage-dt plan [OPTIONS] [FILE]",
        after_help = "\
The file has models, adapters, instances, relationships and their tags. What
exists is found by DTMI, by external key, and by a tag with the file's owner;
what belongs to nobody is adopted.

Examples:
  manage-dt plan
  manage-dt plan plant.yaml --prune
  manage-dt plan plant.yaml --detailed-exit-code
  manage-dt --output json plan plant.yaml | jq .summary"
    )]
    Plan(PlanArgs),
    /// Make a domain as a file has it
    #[command(
        override_usage = "manage-dt apply [OPTIONS] [FILE]",
        after_help = "\
Shows the plan and asks. What was changed since the plan was made is refused.
A run that failed or was interrupted says what is done; the next goes on.
Only --prune, --destroy and --replace delete.

Examples:
  manage-dt apply plant.yaml
  manage-dt apply plant.yaml --dry-run
  manage-dt apply plant.yaml --prune --yes
  manage-dt apply plant.yaml --destroy"
    )]
    Apply(ApplyArgs),
    /// Show what in a domain is not as a file has it
    #[command(
        override_usage = "manage-dt drift [OPTIONS] [FILE]",
        after_help = "\
A resource is missing, differs, is unowned (it lacks the owner's tag), or
unlisted (it has the tag and is not in the file).

Examples:
  manage-dt drift plant.yaml
  manage-dt drift plant.yaml --detailed-exit-code
  manage-dt --output json drift plant.yaml | jq '.changes[].state'"
    )]
    Drift(DriftArgs),
    /// Write the file of `plan` and `apply` from what a domain holds
    #[command(
        override_usage = "manage-dt export [OPTIONS] <DIR>",
        after_help = "\
`plan` on what it wrote has nothing to do.

Examples:
  manage-dt export plant
  manage-dt export plant --owner plant-a --force
  manage-dt export plant && manage-dt plan plant/twins.yaml"
    )]
    Export(ExportArgs),
    /// Create many instances from a CSV file
    #[command(
        override_usage = "manage-dt bulk [OPTIONS] <TWIN> <FILE.csv>",
        after_help = "\
Columns: external_key, and if wanted name, description, auth_id,
connectivity_type, gateways (OCIDs, with ; between them), tag.KEY and
defined_tag.NAMESPACE.KEY. All rows are checked before one is created. The
report has a line for each row; the same command goes on with what is not done,
also after Ctrl-C.

Examples:
  manage-dt bulk custom-adapter pumps.csv --dry-run
  manage-dt bulk custom-adapter pumps.csv --parallel 16
  jq -r 'select(.status==\"failed\") | .error' pumps.csv.report.ndjson"
    )]
    Bulk(BulkArgs),
    /// Check and compare digital twin models, offline
    #[command(
        subcommand,
        after_help = "\
Examples:
  manage-dt model check my_model.json
  manage-dt model diff my_model_1.json my_model_2.json"
    )]
    Model(ModelVerb),
    /// Try, check and test adapters offline
    #[command(after_help = "\
Examples:
  manage-dt adapter try custom-adapter '{\"humidity\":54.2}'
  manage-dt adapter lint custom-adapter
  manage-dt adapter test cases/")]
    Adapter(AdapterArgs),
    /// Run recorded messages through a new adapter: what changes
    #[command(
        override_usage = "manage-dt replay [OPTIONS] <TWIN>",
        after_help = "\
Stored raw data goes through the twin's present adapter and through the new one,
here, with the model the twin has. Nothing is changed on the platform, unless
--apply is given: then a platform of manage-dt replaces, in one step, what
became of the messages and the content; the raw data and the twin's adapter stay.
Without an option that names the new adapter it is made of the files that the
configuration names for the twin. Exit code 1 says that messages which are
accepted today would be rejected.

Examples:
  manage-dt replay custom-adapter
  manage-dt replay custom-adapter --routes new_routes.json --since 7d
  manage-dt replay custom-adapter --adapter new.json \\
      --since 2026-01-18T00:00:00Z --until 2026-01-19T00:00:00Z --output json
  manage-dt --local replay custom-adapter --adapter new.json --apply"
    )]
    Replay(ReplayArgs),
    /// Write data of a range of time into files: Parquet, CSV or NDJSON
    #[command(
        override_usage = "manage-dt archive [OPTIONS] <FOLDER>",
        after_help = "\
Raw, historized, rejected and command data come from the data API, of the cloud
or of a local platform; manifest.json says what each file holds, with digests.
Run again with the same options it goes on where it was interrupted. A file in
it is never written twice. Layout archive-domain archives what is about to
expire, under the object names of Oracle's archive-domain, and remembers the
last run in _state/checkpoint.json.

Examples:
  manage-dt --local archive january --since 2026-01-01T00:00:00Z \\
      --until 2026-02-01T00:00:00Z
  manage-dt archive today --since 24h --data historized --format csv
  manage-dt archive /srv/bucket --layout archive-domain"
    )]
    Archive(ArchiveArgs),
    /// Run a platform of your own: control plane, devices, data API
    #[command(after_help = "\
Examples:
  manage-dt serve
  manage-dt serve --state-dir /var/lib/manage-dt --https-port 443
  manage-dt --local create custom-adapter    (in another terminal)")]
    Serve(ServeArgs),
    /// Run a command with an empty platform around it, as in CI
    #[command(
        override_usage = "manage-dt emulate [OPTIONS] -- <COMMAND>...\n       \
                          manage-dt emulate <reset|snapshot|restore|forget|snapshots|clock> ...",
        after_help = "\
The platform has free ports and a temporary directory. The command gets the
environment of client/env.sh, and its exit code is this one's: 128 and the
number of the signal that ended it, 126 or 127 when it cannot be run.

Examples:
  manage-dt emulate -- pytest tests
  manage-dt emulate --seed twins.yaml -- sh -c 'manage-dt query pump | grep 42'
  manage-dt emulate --allow-control -- ./check.sh
  manage-dt emulate reset                            (within ./check.sh)"
    )]
    Emulate(EmulateArgs),
    /// See it all once: a platform, three twins, telemetry, queries
    #[command(after_help = "\
Example:
  manage-dt demo")]
    Demo,
    /// Send a raw command to the device of a digital twin
    #[command(
        override_usage = "manage-dt command [OPTIONS] <TWIN> <TOPIC> --json|--text|--file <PAYLOAD>",
        after_help = "\
Without --wait the id of the command is printed as soon as the platform has it;
its record is among the raw command data that `query` shows. With --wait the exit
code is 1 unless the command is COMPLETED.

Examples:
  manage-dt command custom-adapter iot/v1/cmd/k1 --json '{\"led\":true}'
  manage-dt command custom-adapter iot/v1/cmd/k2 --text reboot --wait \\
      --response-endpoint iot/v1/rsp/k2 --response-duration PT30S"
    )]
    Command(CommandArgs),
    /// Send messages as the device of a digital twin
    #[command(after_help = "\
Credentials are the twin's own: its external key, and password or certificate.
A file or stdin is one message, with --ndjson one a line. The control plane's
address, if it is needed, comes from the region or OCI_CLI_ENDPOINT.

With --explain it waits for what became of each message, and exits with 1 when
one was rejected; values shown are those of the historized data.

Examples:
  manage-dt send custom-adapter '{\"humidity\":54.2,\"count\":1}' --explain
  manage-dt send unstructured photo.bin --via https --endpoint workshop/camera
  mosquitto_sub ... | manage-dt send default-adapter --ndjson --rate 10 -")]
    Send(SendArgs),
    /// Run a fleet of devices: payloads that the adapter accepts, and faults
    #[command(after_help = "\
The adapter's reference payload is varied as far as the adapter accepts it;
twins without adapter of their own get payloads made of the model. The summary
tells what was acknowledged and accepted, what was rejected and why, and how
long it took. Exit code 1 says that messages were not acknowledged.

Examples:
  manage-dt simulate custom-adapter --duration 30s
  manage-dt simulate custom-adapter -n 1000 --create --delete --rate 0.5 \\
      --load diurnal --duration 10m --fault late=0.01 --fault malformed=0.001
  manage-dt simulate default-adapter --dry-run --duration 10s --seed 7")]
    Simulate(SimulateArgs),
    /// Certificates for devices of a local platform
    #[command(after_help = "\
Examples:
  manage-dt --local device-cert issue custom-adapter
  manage-dt --local device-cert revoke custom-adapter")]
    DeviceCert(DeviceCertArgs),
    /// Print the shell lines that point OCI tools at a local platform
    #[command(after_help = "\
Examples:
  eval \"$(manage-dt env)\"
  eval \"$(manage-dt env --state-dir /var/lib/manage-dt)\"")]
    Env(EnvArgs),
    /// Ask a local platform's store in SQL, read only
    #[command(after_help = "\
One SELECT on views that have the members of the data API: rawData,
historizedData, rejectedData, rawCommandData, snapshotData, and
digitalTwinInstances (docs/sql.md). The platform may be running.

Examples:
  manage-dt sql 'SELECT * FROM rawData ORDER BY id DESC LIMIT 5'
  manage-dt sql --output csv < report.sql > report.csv
  manage-dt sql 'SELECT reason_message, count(*) FROM rejectedData GROUP BY 1'")]
    Sql(SqlArgs),
    /// Copy a local platform's state, also while it runs
    #[command(after_help = "\
Database, keys, certificates and files for clients go into a new folder, with
their digests. All that was acknowledged before is in it. The folder holds
secrets: it is readable by its owner only.

Examples:
  manage-dt backup /backup/monday
  manage-dt backup --state-dir /var/lib/manage-dt /backup/monday")]
    Backup(BackupArgs),
    /// Put a backup in the place of a local platform's state
    #[command(after_help = "\
The backup is checked first. A state directory that is not empty is moved aside,
after a question or with --force; while a platform runs on it, it is refused.

Examples:
  manage-dt restore /backup/monday
  manage-dt restore --dry-run /backup/monday
  manage-dt restore --state-dir /var/lib/manage-dt --force /backup/monday")]
    Restore(RestoreArgs),
    /// Manage the users of a local platform: keys and policies
    #[command(
        subcommand_required = true,
        arg_required_else_help = true,
        disable_help_subcommand = true,
        after_help = "\
The platform may be running; a change holds when the command ends.

Examples:
  manage-dt user add ann --compartment plant
  manage-dt user list
  manage-dt user remove ann"
    )]
    User(UserArgs),
    /// Write a configuration by asking: domain, sign-in, devices
    #[command(after_help = "\
What an option or its variable gives is not asked for; without a terminal
nothing is. The domains of the compartment are offered if the platform can be
asked.

Examples:
  manage-dt init
  manage-dt --profile FRA init --data-dir plant
  manage-dt init --domain-id ocid1.iotdomain... --auth-id ocid1.vaultsecret... \\
      --app-client-id app --app-client-secret-file secret \\
      --user me --password-file password")]
    Init(InitArgs),
    /// Find what is wrong: from the profile to the token of the data API
    #[command(after_help = "\
Names the first broken step and the fix, and the traps that lead other OCI tools
astray beside a local platform.

Examples:
  manage-dt doctor
  manage-dt --local doctor
  manage-dt --output json doctor | jq .healthy")]
    Doctor,
    /// Show the settings in force and where they come from
    #[command(subcommand)]
    Config(ConfigVerb),
    /// Write the manual pages into a directory
    #[command(hide = true)]
    Man {
        /// The directory.
        #[arg(value_parser = path_parser())]
        dir: PathBuf,
    },
    /// Print a completion script for a shell
    #[command(after_help = "\
Example:
  manage-dt completions bash > ~/.local/share/bash-completion/completions/manage-dt")]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// Arguments of `create`.
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// Name of the twin in the configuration file
    pub twin: String,
}

/// Arguments of `query`.
#[derive(Debug, Args)]
pub struct QueryArgs {
    /// Name of the twin in the configuration file
    pub twin: String,
    /// How far to look back
    #[arg(
        short = 'l',
        long,
        value_name = "MINUTES",
        default_value_t = 5,
        value_parser = clap::value_parser!(i64).range(1..=LAST_MINUTES_MAX)
    )]
    pub last_minutes: i64,
    /// Which instance, when several have the twin's name
    #[arg(long, value_name = "OCID")]
    pub id: Option<String>,
}

/// Arguments of `delete`.
#[derive(Debug, Args)]
pub struct DeleteArgs {
    /// Name of the twin in the configuration file
    pub twin: String,
    /// Which instance, when several have the twin's name
    #[arg(long, value_name = "OCID")]
    pub id: Option<String>,
}

/// Arguments of `env`.
#[derive(Debug, Args)]
pub struct EnvArgs {
    /// State directory of the platform
    #[arg(
        long,
        value_name = "DIR",
        env = "MANAGE_DT_STATE_DIR",
        hide_env_values = true,
        default_value = DEFAULT_STATE_DIR,
        value_parser = path_parser()
    )]
    pub state_dir: PathBuf,
}

/// Where `serve` keeps its state unless told otherwise.
pub const DEFAULT_STATE_DIR: &str = "./.manage-dt";

/// Region of the platform that `serve` runs unless told otherwise.
const DEFAULT_SERVE_REGION: &str = "local-1";

/// Takes a path; an empty environment variable is no error and counts as unset later.
fn path_parser() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

/// Parses a command line, program name first.
pub fn parse(
    arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>,
) -> Result<Cli, clap::Error> {
    let matches = Cli::command().try_get_matches_from(arguments)?;
    let mut cli = Cli::from_arg_matches(&matches)?;
    let typed = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
    cli.global.typed = global::IDS.iter().copied().filter(|id| typed(id)).collect();
    if (cli.global.query.is_some() || cli.global.raw_output) && !typed("output") {
        cli.global.output = OutputFormat::Json;
    }
    if let Verb::Adapter(AdapterArgs { verb: AdapterVerb::Try(trial) }) = &mut cli.verb {
        // OCI_CLI_ENDPOINT is an address of the control plane, not one of a device.
        trial.endpoint = trial.endpoint.take().filter(|_| typed("endpoint"));
    }
    if let Verb::Send(send) = &mut cli.verb {
        // As above; typed, it is the device's, and the control plane's is the environment's.
        send.endpoint = send.endpoint.take().filter(|_| typed("endpoint"));
        if send.endpoint.is_some() {
            cli.global.endpoint = std::env::var("OCI_CLI_ENDPOINT").ok();
            cli.global.typed.retain(|id| *id != "endpoint");
        }
    }
    if let Verb::Simulate(simulate) = &mut cli.verb {
        simulate.endpoint = simulate.endpoint.take().filter(|_| typed("endpoint"));
        if simulate.endpoint.is_some() {
            cli.global.endpoint = std::env::var("OCI_CLI_ENDPOINT").ok();
            cli.global.typed.retain(|id| *id != "endpoint");
        }
    }
    if let Verb::Serve(serve) = &mut cli.verb {
        // OCI_CLI_REGION says where a client looks; only `--region` names what is served.
        let region = cli.global.region.clone().filter(|_| typed("region"));
        serve.region = region.unwrap_or_else(|| DEFAULT_SERVE_REGION.to_owned());
    }
    Ok(cli)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Cli {
        parse(line.split(' ')).unwrap_or_else(|error| panic!("{line}: {error}"))
    }

    #[test]
    fn definition_is_sound() {
        Cli::command().debug_assert();
    }

    /// The library takes two arguments of one name for one, and says nothing.
    #[test]
    fn no_verb_has_an_argument_with_the_name_of_a_global_one() {
        fn clashes(
            path: &str,
            command: &clap::Command,
            global: &[String],
            found: &mut Vec<String>,
        ) {
            for verb in command.get_subcommands() {
                let path = format!("{path} {}", verb.get_name());
                let names = verb.get_arguments().map(|argument| argument.get_id().as_str());
                let same = names.filter(|name| global.iter().any(|known| known == name));
                found.extend(same.map(|name| format!("{path}: {name}")));
                clashes(&path, verb, global, found);
            }
        }
        let command = Cli::command();
        let ids = command.get_arguments().filter(|argument| argument.is_global_set());
        let global: Vec<String> = ids.map(|argument| argument.get_id().to_string()).collect();
        assert!(global.iter().any(|name| name == "query"), "{global:?}");
        let mut found = Vec::new();
        clashes("", &command, &global, &mut found);
        // A topic there; `parse` tells the two apart.
        assert_eq!(found, [" adapter try: endpoint", " send: endpoint", " simulate: endpoint"]);
    }

    #[test]
    fn global_options_stand_on_either_side_of_the_verb() {
        for line in [
            "manage-dt --profile P -v --output json query t",
            "manage-dt query --profile P -v --output json t",
            "manage-dt query t --output=json --profile=P --verbose",
        ] {
            let cli = parsed(line);
            assert_eq!(cli.global.profile.as_deref(), Some("P"), "{line}");
            assert!(cli.global.verbose, "{line}");
            assert_eq!(cli.global.output, OutputFormat::Json, "{line}");
            assert!(cli.global.typed.contains(&"profile"), "{line}");
        }
    }

    #[test]
    fn local_never_swallows_the_verb() {
        let cli = parsed("manage-dt --local create t");
        assert_eq!(cli.global.local, Some(PathBuf::new()));
        assert!(matches!(cli.verb, Verb::Create(CreateArgs { twin }) if twin == "t"));
        let cli = parsed("manage-dt query t --local=/srv/state");
        assert_eq!(cli.global.local, Some(PathBuf::from("/srv/state")));
    }

    #[test]
    fn serve_has_a_region_of_its_own() {
        let region = |line: &str| match parsed(line).verb {
            Verb::Serve(serve) => serve.region,
            other => panic!("{other:?}"),
        };
        assert_eq!(region("manage-dt serve"), "local-1");
        assert_eq!(region("manage-dt serve --region plant-2"), "plant-2");
        assert_eq!(region("manage-dt --region plant-2 serve"), "plant-2");
    }

    #[test]
    fn last_minutes_is_a_positive_number() {
        assert!(matches!(parsed("manage-dt query t").verb, Verb::Query(q) if q.last_minutes == 5));
        assert!(
            matches!(parsed("manage-dt query -l 60 t").verb, Verb::Query(q) if q.last_minutes == 60)
        );
        for bad in ["0", "-1", "x", "99999999999"] {
            assert!(parse(["manage-dt", "query", "-l", bad, "t"]).is_err(), "{bad}");
        }
    }
}
