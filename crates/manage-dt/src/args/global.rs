//! Options that every verb takes, before or behind it.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::path_parser;

/// Names of the options whose origin matters: a typed one wins over `--local`, which wins over
/// the environment.
pub(super) const IDS: [&str; 9] = [
    "profile",
    "auth",
    "data_dir",
    "config_file",
    "region",
    "endpoint",
    "cert_bundle",
    "local",
    "output",
];

/// Options of every verb. An absent one may still be given by the environment or by `--local`.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// Show what is done
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// Show what is done, and how
    #[arg(short, long, global = true)]
    pub debug: bool,
    /// Profile in the OCI configuration file [default: DEFAULT]
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        env = "OCI_CLI_PROFILE",
        hide_env_values = true
    )]
    pub profile: Option<String>,
    /// OCI configuration file [default: ~/.oci/config]
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "OCI_CLI_CONFIG_FILE",
        hide_env_values = true,
        value_parser = path_parser()
    )]
    pub config_file: Option<PathBuf>,
    /// How to sign in: api_key, security_token, instance_principal or resource_principal
    /// [default: api_key]
    #[arg(long, global = true, value_name = "TYPE", env = "OCI_CLI_AUTH", hide_env_values = true)]
    pub auth: Option<String>,
    /// Complete address that exchanges an instance's certificate for a token
    // Hidden, as the next two: options of the OCI CLI that few need (docs/signing-in.md).
    #[arg(
        long,
        global = true,
        hide = true,
        value_name = "URL",
        env = "OCI_CLI_FEDERATION_ENDPOINT",
        hide_env_values = true
    )]
    pub federation_endpoint: Option<String>,
    /// Most repetitions of a call that failed for a reason that may pass
    #[arg(long, global = true, hide = true, value_name = "N", conflicts_with = "no_retry",
          value_parser = clap::value_parser!(u32).range(0..=100))]
    pub max_retries: Option<u32>,
    /// No repetitions
    #[arg(long, global = true, hide = true)]
    pub no_retry: bool,
    /// Region [default: the profile's; for `serve`: local-1]
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        env = "OCI_CLI_REGION",
        hide_env_values = true
    )]
    pub region: Option<String>,
    /// Address of the control plane [default: the region's]
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "OCI_CLI_ENDPOINT",
        hide_env_values = true
    )]
    pub endpoint: Option<String>,
    /// Certificates to trust instead of the system's (also REQUESTS_CA_BUNDLE, SSL_CERT_FILE)
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "OCI_CLI_CERT_BUNDLE",
        hide_env_values = true,
        value_parser = path_parser()
    )]
    pub cert_bundle: Option<PathBuf>,
    /// Use the local platform with this state directory [default DIR: ./.manage-dt]
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "",
        value_parser = path_parser()
    )]
    pub local: Option<PathBuf>,
    /// Directory of the twins' configuration and definitions [default: ./data]
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "MANAGE_DT_DATA_DIR",
        hide_env_values = true,
        value_parser = path_parser()
    )]
    pub data_dir: Option<PathBuf>,
    /// The twins' configuration, relative to the data directory
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        default_value = "iot_config.yaml",
        value_parser = path_parser()
    )]
    pub iot_config_file: PathBuf,
    /// Form of the results
    #[arg(long, global = true, value_enum, value_name = "FORMAT", default_value_t)]
    pub output: OutputFormat,
    /// What to show of the JSON document, in JMESPath; implies --output json
    #[arg(long, global = true, value_name = "EXPRESSION")]
    pub query: Option<String>,
    /// A result that is one string without quotes; implies --output json
    #[arg(long, global = true)]
    pub raw_output: bool,
    /// No colours (also NO_COLOR)
    #[arg(long, global = true)]
    pub no_color: bool,
    /// Print help
    #[arg(short, long, global = true, action = clap::ArgAction::HelpShort)]
    help: Option<bool>,
    /// Which of the options in `IDS` were typed and do not come from the environment.
    #[arg(skip)]
    pub typed: Vec<&'static str>,
}

impl GlobalArgs {
    /// The same options of printing, for a platform of this state directory and its files.
    pub fn for_platform(&self, state_dir: &std::path::Path) -> GlobalArgs {
        let mut local = self.clone();
        local.local = Some(state_dir.to_owned());
        local.iot_config_file = "iot_config.yaml".into();
        local.typed = vec!["local"];
        local
    }
}

/// Forms of the results: tables and panels, one JSON document, or SARIF for code review.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "a comment would make every help text twice as long")]
pub enum OutputFormat {
    #[default]
    Table,
    Json,
    // Of the verbs that look for mistakes in files; their help names it.
    #[value(hide = true)]
    Sarif,
    // Of `sql`, whose help shows it.
    #[value(hide = true)]
    Csv,
}
