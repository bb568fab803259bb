//! A private directory that goes with its owner.

use std::path::{Path, PathBuf};

/// A name in the system's temporary directory that nobody else has; whoever uses it makes it.
#[derive(Debug)]
pub struct TemporaryDir(PathBuf);

impl TemporaryDir {
    /// A directory for this verb.
    pub fn of(verb: &str) -> TemporaryDir {
        let name = format!("manage-dt-{verb}-{}", oci_core::ocid::random_text(12));
        TemporaryDir(std::env::temp_dir().join(name))
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TemporaryDir {
    fn drop(&mut self) {
        // What cannot be removed is in the system's temporary directory.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
