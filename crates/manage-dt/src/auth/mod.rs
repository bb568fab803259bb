//! In whose name the control plane is asked, and in which region. Keys and tokens stay inside.

mod instance;
mod profile;
mod resource;

use iot_client::Identity;

use crate::config::settings::AuthType;
use crate::config::{Settings, oci_profile};
use crate::failure::Failure;

/// What signing in needs to know.
pub struct SignIn {
    /// Who signs.
    pub identity: Identity,
    /// The region that goes with it, unless there is none.
    pub region: Option<String>,
    /// Description of regions that nobody knows by itself.
    pub region_metadata: Option<String>,
    /// Where it comes from, for messages.
    pub origin: String,
}

/// Finds what the settings ask for. An instance asks its metadata service for its region;
/// everything else is read from files and variables.
pub fn sign_in(settings: &Settings, http: &reqwest::Client) -> Result<SignIn, Failure> {
    match settings.auth {
        AuthType::ApiKey | AuthType::SecurityToken => {
            let found = oci_profile::find(settings)?;
            let signer = profile::signer(settings, &found)?;
            Ok(SignIn {
                identity: signer.into(),
                region: found.profile.region,
                region_metadata: settings.region_metadata.clone(),
                origin: found.origin,
            })
        }
        AuthType::InstancePrincipal => instance::sign_in(settings, http),
        AuthType::ResourcePrincipal => resource::sign_in(settings),
    }
}
