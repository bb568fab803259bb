//! The vault service's secrets on the wire: management of secrets (`20180608`) and retrieval of
//! their contents (`20190301`).

mod bundles;
mod operation;
mod secrets;

pub use bundles::{SecretBundle, SecretBundleContent, SecretBundleVersionSummary};
pub use operation::{Found, VaultOperation, find};
pub use secrets::{
    ChangeSecretCompartmentDetails, CreateSecretDetails, ScheduleSecretDeletionDetails, Secret,
    SecretContentDetails, SecretSummary, SecretVersion, SecretVersionSummary, UpdateSecretDetails,
};

/// Path prefix of the management of secrets.
pub const VAULTS_PATH: &str = "/20180608";
/// Path prefix of the retrieval of secrets.
pub const SECRET_BUNDLES_PATH: &str = "/20190301";
