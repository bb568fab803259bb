//! Options of `serve`.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{DEFAULT_STATE_DIR, path_parser};

/// How the local platform is to run.
#[derive(Debug, Clone, Args)]
pub struct ServeArgs {
    /// Everything the platform keeps: database, keys, certificates, client files
    #[arg(
        long,
        value_name = "DIR",
        env = "MANAGE_DT_STATE_DIR",
        hide_env_values = true,
        default_value = DEFAULT_STATE_DIR,
        value_parser = path_parser()
    )]
    pub state_dir: PathBuf,
    /// Address of all listeners
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1")]
    pub bind: IpAddr,
    /// Control plane, data API, tokens, secrets, devices over HTTPS; 0 picks a free port
    #[arg(long, value_name = "N", default_value_t = 8443)]
    pub https_port: u16,
    /// MQTT over TLS; 0 picks a free port
    #[arg(long, value_name = "N", default_value_t = 8883)]
    pub mqtts_port: u16,
    /// MQTT without TLS; off unless given
    #[arg(long, value_name = "N")]
    pub mqtt_port: Option<u16>,
    /// Allow MQTT without TLS on an address that others reach
    #[arg(long)]
    pub allow_insecure: bool,
    /// End of every host name of the platform
    #[arg(long, value_name = "NAME", default_value = "localhost")]
    pub host_suffix: String,
    /// Limits on devices and requests: the cloud's documented ones, or none
    #[arg(long, value_enum, value_name = "SET", default_value_t)]
    pub limits: Limits,
    /// Messages a second that each device may send; 0 is any number
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub device_rate: u32,
    /// For tests: allow snapshots, reset and a clock that goes ahead (docs/ci.md)
    #[arg(long)]
    pub allow_control: bool,
    /// Where data is kept: `sqlite` in the state directory, or postgres://...
    #[arg(long, value_name = "URL", default_value = "sqlite", hide_default_value = true)]
    pub database: String,
    /// How several nodes talk to each other: nats://...; in process unless given
    #[arg(long, value_name = "URL")]
    pub bus: Option<String>,
    /// Region identifier; given by the global `--region`.
    #[arg(skip)]
    pub region: String,
}

/// Which limits apply: the cloud's documented ones, or none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "a comment would make the help text twice as long")]
pub enum Limits {
    Oci,
    #[default]
    Open,
}
