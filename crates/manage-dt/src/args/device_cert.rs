//! Options of `device-cert`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{DEFAULT_STATE_DIR, path_parser};

/// What to do with certificates of devices.
#[derive(Debug, Args)]
pub struct DeviceCertArgs {
    /// What to do.
    #[command(subcommand)]
    pub action: DeviceCertAction,
}

/// The actions.
#[derive(Debug, Subcommand)]
pub enum DeviceCertAction {
    /// Make a certificate for a twin, signed by the platform's own CA
    #[command(after_help = "\
Writes NAME.pem and NAME_key.pem (readable by you alone), NAME being the
external key. The twin takes certificates when its authId is the OCID in
DEVICE_CERTIFICATE_ID of client/env.sh. A new certificate does not end the older
ones; `device-cert revoke` does, and so does deleting the twin or changing its
authId or external key.

Examples:
  manage-dt device-cert issue custom-adapter
  manage-dt device-cert issue --external-key plant-7 --days 30 --out /etc/device --force")]
    Issue(IssueArgs),
    /// Take all certificates of a twin out of use that were issued until now
    #[command(after_help = "\
No device logs in with one of them any more; one that is connected stays until
its connection ends. Issue a new one afterwards. The platform may be running.
Asks first.

Examples:
  manage-dt device-cert revoke custom-adapter
  manage-dt device-cert revoke --external-key plant-7 --state-dir /var/lib/iot --yes")]
    Revoke(RevokeArgs),
}

/// Arguments of `device-cert revoke`.
#[derive(Debug, Args)]
pub struct RevokeArgs {
    /// Whose certificates, and where.
    #[command(flatten)]
    pub device: CertifiedArgs,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
}

/// Whose certificates, and where.
#[derive(Debug, Args)]
pub struct CertifiedArgs {
    /// Name of the twin in the configuration file
    #[arg(required_unless_present = "external_key", conflicts_with = "external_key")]
    pub twin: Option<String>,
    /// External key, for a twin that is in no configuration file
    #[arg(long, value_name = "KEY")]
    pub external_key: Option<String>,
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

/// Arguments of `device-cert issue`.
#[derive(Debug, Args)]
pub struct IssueArgs {
    /// Whose certificate, and where.
    #[command(flatten)]
    pub device: CertifiedArgs,
    /// Days it is valid
    #[arg(long, value_name = "N", default_value_t = 365,
        value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub days: u32,
    /// Folder for the two files
    #[arg(long, value_name = "DIR", default_value = ".", value_parser = path_parser())]
    pub out: PathBuf,
    /// Replace files that are there already
    #[arg(long)]
    pub force: bool,
}
