//! One run of a client verb: what the configuration says, and the connection to the platform.

use std::sync::Arc;

use iot_client::{ControlClient, Trust, http_client};
use oci_core::region;

use crate::args::GlobalArgs;
use crate::config::{Environment, IotConfig, Settings, Twin, oci_profile};
use crate::failure::Failure;
use crate::{auth, client_errors};

/// What the files say about one twin. Nothing has been sent yet.
#[derive(Debug)]
pub struct Definition {
    /// The options, decided.
    pub settings: Settings,
    /// The configuration file.
    pub config: IotConfig,
    /// The twin that the verb is about.
    pub twin: Twin,
    /// OCID of the domain.
    pub domain_id: String,
}

/// A definition and the means to act on it.
pub struct Session {
    /// What the files say.
    pub definition: Definition,
    /// The control plane.
    pub control: ControlClient,
    /// Connections for the other services.
    pub http: reqwest::Client,
    /// Region of options and profile.
    pub region: Option<String>,
}

impl Definition {
    /// Reads the configuration of the twin with this name.
    pub fn read(
        args: &GlobalArgs,
        environment: &Environment,
        twin: &str,
    ) -> Result<Definition, Failure> {
        let settings = Settings::resolve(args, environment)?;
        tracing::debug!("Loading configuration");
        let config = IotConfig::read(&settings.iot_config_file)?;
        let twin = config.twin(twin)?;
        let domain_id = config.domain_id()?.to_owned();
        Ok(Definition { settings, config, twin, domain_id })
    }

    /// Prepares the connection: profile, key, address, certificates. Sends nothing.
    pub fn connect(self) -> Result<Session, Failure> {
        let settings = &self.settings;
        let found = oci_profile::find(settings)?;
        let signer = auth::signer(settings, &found)?;
        let endpoint = match (&settings.endpoint, &found.profile.region) {
            (Some(endpoint), _) => endpoint.clone(),
            (None, Some(name)) => {
                region::endpoint("iot", name, settings.region_metadata.as_deref())
                    .map_err(Failure::usage)?
            }
            (None, None) => {
                let text = format!("{} names no region", found.origin);
                return Err(Failure::usage(text).hint("give one with --region or OCI_CLI_REGION"));
            }
        };
        tracing::debug!("Control plane: {endpoint}");
        let setup = |error| client_errors::failed("Cannot connect", &error);
        let http = http_client(&trust(settings)?).map_err(setup)?;
        let control =
            ControlClient::new(http.clone(), &endpoint, Arc::new(signer)).map_err(setup)?;
        let region = found.profile.region;
        Ok(Session { definition: self, control, http, region })
    }
}

/// The certificates that the settings name.
pub fn trust(settings: &Settings) -> Result<Trust, Failure> {
    let Some(path) = &settings.cert_bundle else {
        return Ok(Trust::default());
    };
    let pem = std::fs::read(path).map_err(|error| {
        let text = format!("certificate bundle {} cannot be read: {error}", path.display());
        Failure::usage(text).hint(
            "--cert-bundle, OCI_CLI_CERT_BUNDLE, REQUESTS_CA_BUNDLE or SSL_CERT_FILE names it",
        )
    })?;
    Ok(Trust { ca_pem: Some(pem), identity: None })
}
