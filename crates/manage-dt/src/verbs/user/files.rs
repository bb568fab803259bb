//! `client/users/NAME/`: profile and private key of a user, readable by their owner only.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use oci_core::config::profile_from_ini;
use platform::identity::users::AddedUser;
use platform::store::Setup;

use crate::config::local::LOCAL_PROFILE;
use crate::failure::Failure;
use crate::serve::{failed, write_private};

/// Files of one user.
pub struct UserFiles {
    dir: PathBuf,
}

impl UserFiles {
    /// The files of the user with this name, which has been checked.
    pub fn of(client: &Path, name: &str) -> UserFiles {
        UserFiles { dir: client.join("users").join(name) }
    }

    /// The OCI configuration file.
    pub fn config(&self) -> PathBuf {
        self.dir.join("oci_config")
    }

    /// The private key.
    pub fn key(&self) -> PathBuf {
        self.dir.join("api_key.pem")
    }

    /// Writes both; the region is that of the platform's own profile.
    pub fn write(&self, client: &Path, setup: &Setup, added: &AddedUser) -> Result<(), Failure> {
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.dir);
        made.map_err(|error| failed(&self.dir, error))?;
        let pem = format!("{}\nOCI_API_KEY\n", added.private_key.to_pkcs8_pem().trim_end());
        write_private(&self.key(), pem.as_bytes())?;
        let fingerprint = added.key.key_id.rsplit('/').next().unwrap_or_default();
        let profile = |name: &str| {
            format!(
                "[{name}]\nuser={}\nfingerprint={fingerprint}\ntenancy={}\nregion={}\nkey_file={}\n",
                added.user.id,
                setup.tenancy_id,
                region(client),
                self.key().display()
            )
        };
        let text = format!("{}\n{}", profile("DEFAULT"), profile(LOCAL_PROFILE));
        write_private(&self.config(), text.as_bytes())
    }

    /// Removes what is there.
    pub fn remove(&self) -> Result<(), Failure> {
        match fs::remove_dir_all(&self.dir) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(failed(&self.dir, error)),
            _ => Ok(()),
        }
    }
}

fn region(client: &Path) -> String {
    let text = fs::read_to_string(client.join("oci_config")).unwrap_or_default();
    let profile = profile_from_ini(&text, LOCAL_PROFILE).ok();
    profile.and_then(|profile| profile.region).unwrap_or_else(|| "local-1".to_owned())
}
