//! Options of `init`.

use std::path::PathBuf;

use clap::Args;

use super::path_parser;

/// Arguments of `init`: an answer that is given is not asked for.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// OCID of the IoT domain
    #[arg(long, value_name = "OCID", env = "IOT_DOMAIN_ID", hide_env_values = true)]
    pub domain_id: Option<String>,
    /// Compartment whose domains are offered [default: the profile's tenancy]
    #[arg(long, value_name = "OCID", env = "IOT_COMPARTMENT_ID", hide_env_values = true)]
    pub compartment_id: Option<String>,
    /// Client id of the confidential application
    #[arg(long, value_name = "ID", env = "IAM_APP_CLIENT_ID", hide_env_values = true)]
    pub app_client_id: Option<String>,
    /// File with its client secret (also IAM_APP_CLIENT_SECRET)
    #[arg(long, value_name = "FILE", value_parser = path_parser())]
    pub app_client_secret_file: Option<PathBuf>,
    /// User of the identity domain
    #[arg(long, value_name = "NAME", env = "IAM_USER", hide_env_values = true)]
    pub user: Option<String>,
    /// File with the user's password (also IAM_PASSWORD)
    #[arg(long, value_name = "FILE", value_parser = path_parser())]
    pub password_file: Option<PathBuf>,
    /// Short id of your devices: lower-case letters and digits [default: a random one]
    #[arg(long, value_name = "ID")]
    pub device_key: Option<String>,
    /// OCID of the vault secret with the devices' password
    #[arg(long, value_name = "OCID", env = "DEVICE_SECRET_ID", hide_env_values = true)]
    pub auth_id: Option<String>,
    /// Replace a configuration that exists
    #[arg(long)]
    pub overwrite: bool,
}
