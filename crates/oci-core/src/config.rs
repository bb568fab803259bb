//! The OCI configuration file, `~/.oci/config`, as text: profiles and what they inherit
//! (control-plane.md 2.8), and the environment variables that go before it (2.9).
//!
//! Reading the files that a profile names is the caller's business.

mod ini;
mod profile;

pub use profile::{ConfigError, Profile, profile_from_ini};
