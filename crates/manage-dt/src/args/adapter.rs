//! Arguments of `adapter`: try, check and test adapters without a platform.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::path_parser;

/// Arguments of `adapter`.
#[derive(Debug, Args)]
pub struct AdapterArgs {
    /// What to do with the adapter.
    #[command(subcommand)]
    pub verb: AdapterVerb,
}

/// What can be done with an adapter.
#[derive(Debug, Subcommand)]
pub enum AdapterVerb {
    /// Send messages through an adapter and see every step
    #[command(
        override_usage = "manage-dt adapter try [OPTIONS] <TWIN> [PAYLOAD]...\n       \
                          manage-dt adapter try [OPTIONS] --model <FILE> [PAYLOAD]...",
        after_help = "\
A payload is JSON text, or a file with one JSON value a line, or - for stdin;
without any, stdin is read. Nothing is sent anywhere. Exit code 1 says that a
message would be rejected.

Examples:
  manage-dt adapter try custom-adapter '{\"humidity\": 56.1, \"count\": 1}'
  manage-dt adapter try --model pump.json --adapter adapter.json messages.ndjson
  mosquitto_sub ... | manage-dt adapter try custom-adapter --endpoint m5/env -"
    )]
    Try(TryArgs),
    /// Find mistakes in an adapter before messages do
    #[command(after_help = "\
Exit code 1 says that there are errors; warnings alone are no failure. With
--output sarif the findings have the form that code reviews read (SARIF 2.1.0).

Examples:
  manage-dt adapter lint custom-adapter
  manage-dt adapter lint --model pump.json --envelope e.json --routes r.json
  manage-dt adapter lint custom-adapter --output sarif > adapter.sarif")]
    Lint(LintArgs),
    /// Run golden tests of adapters: YAML files with messages and what they become
    #[command(after_help = "\
A file names a model and an adapter, relative to itself, and lists cases:

  model: pump.json
  adapter: adapter.json        (or envelope: and routes:, or neither)
  cases:
    - name: a reading
      endpoint: pumps/7
      payload: {flow: 22.1}
      expect: {content: {flow: 22.1}}
    - name: nothing to map
      payload: {}
      expect: {rejected: {code: 500, message: Normalization output is empty}}

Examples:
  manage-dt adapter test tests/adapters
  manage-dt adapter test tests/adapters --junit report.xml
  manage-dt adapter test tests/adapters --update")]
    Test(TestArgs),
}

/// Where model and adapter come from, unless a twin of the configuration names them.
#[derive(Debug, Clone, Default, Args)]
pub struct SourceArgs {
    /// The model, a DTDL document
    #[arg(long, value_name = "FILE", value_parser = path_parser())]
    pub model: Option<PathBuf>,
    /// Another model that it extends or embeds; may be repeated
    #[arg(long, value_name = "FILE", requires = "model", value_parser = path_parser())]
    pub with: Vec<PathBuf>,
    /// Envelope of the adapter [default: generated for the model]
    #[arg(long, value_name = "FILE", requires = "model", value_parser = path_parser())]
    pub envelope: Option<PathBuf>,
    /// Routes of the adapter [default: generated for the model]
    #[arg(long, value_name = "FILE", requires = "model", value_parser = path_parser())]
    pub routes: Option<PathBuf>,
    /// Envelope and routes in one file, in the API's form
    #[arg(
        long,
        value_name = "FILE",
        requires = "model",
        conflicts_with_all = ["envelope", "routes"],
        value_parser = path_parser()
    )]
    pub adapter: Option<PathBuf>,
}

/// Arguments of `adapter try`.
#[derive(Debug, Args)]
pub struct TryArgs {
    /// Name of the twin in the configuration file (without --model), then messages
    #[arg(value_name = "TWIN|PAYLOAD")]
    pub arguments: Vec<String>,
    /// Model and adapter.
    #[command(flatten)]
    pub source: SourceArgs,
    /// Endpoint the messages come from [default: the envelope's reference endpoint]
    #[arg(id = "endpoint", long, value_name = "ENDPOINT")]
    pub endpoint: Option<String>,
}

/// Arguments of `adapter lint`.
#[derive(Debug, Args)]
pub struct LintArgs {
    /// Name of the twin in the configuration file
    #[arg(required_unless_present = "model", conflicts_with = "model")]
    pub twin: Option<String>,
    /// Model and adapter.
    #[command(flatten)]
    pub source: SourceArgs,
}

/// Arguments of `adapter test`.
#[derive(Debug, Args)]
pub struct TestArgs {
    /// Directory with the test files, *.yaml
    #[arg(value_name = "DIR", value_parser = path_parser())]
    pub dir: PathBuf,
    /// Write a report that build servers read
    #[arg(long, value_name = "FILE", value_parser = path_parser())]
    pub junit: Option<PathBuf>,
    /// Write what happens into the files as what is expected; comments in them are lost
    #[arg(long)]
    pub update: bool,
}
