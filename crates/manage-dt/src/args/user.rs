//! Options of `user`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{DEFAULT_STATE_DIR, path_parser};

/// Arguments of `user`.
#[derive(Debug, Args)]
pub struct UserArgs {
    /// What to do.
    #[command(subcommand)]
    pub verb: UserVerb,
    /// State directory of the platform
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "MANAGE_DT_STATE_DIR",
        hide_env_values = true,
        default_value = DEFAULT_STATE_DIR,
        value_parser = path_parser()
    )]
    pub state_dir: PathBuf,
}

/// What `user` does.
#[derive(Debug, Subcommand)]
pub enum UserVerb {
    /// Add a user with an API key, a profile and policies
    #[command(after_help = "\
A policy statement has the form
  allow user NAME to VERB RESOURCES in tenancy
  allow user NAME to VERB RESOURCES in compartment COMPARTMENT
  allow user NAME to VERB RESOURCES in compartment id OCID
VERB is inspect (list), read (get), use (change, act on) or manage (create,
delete, move); each includes those before it. RESOURCES is all-resources,
iot-family, iot-domain-family, iot-digital-twin-family, secret-family, or one
type: iot-domain-group, iot-domain, iot-flow-runtime, iot-work-request,
iot-digital-twin-model, iot-digital-twin-adapter, iot-digital-twin-instance,
iot-digital-twin-relationship, secrets, secret-versions, secret-bundles.

Without --policy the user may manage iot-family and secret-family in its
compartment.

Examples:
  manage-dt user add ann --compartment plant
  manage-dt user add bob --policy 'allow user bob to read iot-family in tenancy'")]
    Add(UserAddArgs),
    /// List users, their keys and policies, and compartments
    #[command(after_help = "\
Examples:
  manage-dt user list
  manage-dt --output json user list | jq -r '.users[].name'")]
    List,
    /// Remove a user, its keys and its files
    #[command(after_help = "\
Asks first. A running platform refuses the user's keys within a second.

Examples:
  manage-dt user remove ann
  manage-dt user remove ann --yes")]
    Remove(UserRemoveArgs),
}

/// Arguments of `user add`.
#[derive(Debug, Args)]
pub struct UserAddArgs {
    /// Name of the user
    pub name: String,
    /// Compartment of the user; made unless it exists
    #[arg(long, value_name = "COMPARTMENT")]
    pub compartment: Option<String>,
    /// Policy statement about the user; may be given several times
    #[arg(long = "policy", value_name = "STATEMENT")]
    pub policies: Vec<String>,
}

/// Arguments of `user remove`.
#[derive(Debug, Args)]
pub struct UserRemoveArgs {
    /// Name of the user
    pub name: String,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
}
