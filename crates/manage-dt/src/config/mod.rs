//! What the program is told besides its arguments: the twins' configuration file, the OCI
//! profile, the environment, and a local platform's `client` directory.

pub mod environment;
pub mod iot_config;
pub mod local;
pub mod oci_profile;
pub mod settings;
pub mod substitute;
pub mod yaml;

pub use environment::Environment;
pub use iot_config::{IotConfig, Twin};
pub use settings::Settings;
