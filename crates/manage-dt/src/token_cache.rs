//! `data_access.json` in the data directory: where the data API is and the token for it.
//!
//! The shape is the original tool's, so that both may use one directory. The file is a secret:
//! only its owner may read it, and it is replaced as a whole.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// A token that ends within this time is not used any more.
pub const TOKEN_GRACE_SECONDS: i64 = 60;

/// Name of the file.
const FILE_NAME: &str = "data_access.json";

/// Content of the file.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataAccess {
    /// OCID of the domain that the rest belongs to.
    pub iot_domain_id: String,
    /// Base address of the data API, version included.
    pub iot_data_endpoint: String,
    /// Address of the token endpoint.
    pub oauth_endpoint: String,
    /// Scope of the token.
    pub scope: String,
    /// The token.
    pub token: String,
    /// When the token ends, seconds since 1970.
    pub expires: i64,
}

/// The file.
#[derive(Debug)]
pub struct TokenCache {
    path: PathBuf,
}

impl TokenCache {
    /// The file of a data directory.
    pub fn of_data_dir(data_dir: &Path) -> TokenCache {
        TokenCache { path: data_dir.join(FILE_NAME) }
    }

    /// What the file says about a domain. A file that is absent, malformed or of another domain
    /// says nothing.
    pub fn read(&self, iot_domain_id: &str) -> Option<DataAccess> {
        let text = std::fs::read(&self.path).ok()?;
        let access: DataAccess = match serde_json::from_slice(&text) {
            Ok(access) => access,
            Err(_) => {
                let path = self.path.display();
                tracing::debug!("{path} is not a data access file and will be replaced");
                return None;
            }
        };
        (access.iot_domain_id == iot_domain_id).then_some(access)
    }

    /// Replaces the file.
    pub fn write(&self, access: &DataAccess) -> io::Result<()> {
        let mut name = self.path.as_os_str().to_owned();
        name.push(format!(".{}.tmp", std::process::id()));
        let temporary = PathBuf::from(name);
        let written = write_private(&temporary, access)
            .and_then(|()| std::fs::rename(&temporary, &self.path));
        if written.is_err() {
            let _ = std::fs::remove_file(&temporary);
        }
        written
    }
}

impl DataAccess {
    /// Whether the token is still good at a time in seconds since 1970.
    pub fn is_fresh(&self, now: i64) -> bool {
        self.expires > now.saturating_add(TOKEN_GRACE_SECONDS) && !self.token.is_empty()
    }
}

fn write_private(path: &Path, access: &DataAccess) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let mut text = serde_json::to_vec_pretty(access)?;
    text.push(b'\n');
    file.write_all(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access() -> DataAccess {
        DataAccess {
            iot_domain_id: "domain".to_owned(),
            iot_data_endpoint: "https://data/ords/d/20250531".to_owned(),
            oauth_endpoint: "https://identity/oauth2/v1/token".to_owned(),
            scope: "/g/iot/d".to_owned(),
            token: "a.b.c".to_owned(),
            expires: 1_000,
        }
    }

    #[test]
    fn written_file_is_read_back_for_its_domain_only() {
        let dir = tempfile::tempdir().unwrap();
        let cache = TokenCache::of_data_dir(dir.path());
        assert!(cache.read("domain").is_none());
        cache.write(&access()).unwrap();
        cache.write(&access()).unwrap();
        assert!(cache.read("domain") == Some(access()));
        assert!(cache.read("other").is_none());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        std::fs::write(dir.path().join(FILE_NAME), "{").unwrap();
        assert!(cache.read("domain").is_none());
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_the_file() {
        use std::os::unix::fs::PermissionsExt;

        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE_NAME);
        std::fs::write(&path, "{}").unwrap();
        TokenCache::of_data_dir(dir.path()).write(&access()).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_token_about_to_end_is_not_fresh() {
        assert!(access().is_fresh(939));
        assert!(!access().is_fresh(940));
        assert!(!access().is_fresh(i64::MAX));
    }
}
