//! One run of a client verb: what the configuration says, and the connection to the platform.

use iot_client::{ControlClient, Trust, http_client};
use oci_core::region;

use crate::args::GlobalArgs;
use crate::auth::{self, SignIn};
use crate::client_errors;
use crate::config::{Environment, IotConfig, Settings, Twin};
use crate::failure::Failure;

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

    /// Reads the configuration for a verb about all twins; `twin` is the first of them.
    pub fn read_first(args: &GlobalArgs, environment: &Environment) -> Result<Definition, Failure> {
        let settings = Settings::resolve(args, environment)?;
        let config = IotConfig::read(&settings.iot_config_file)?;
        let Some(first) = config.twin_names().next() else {
            let path = settings.iot_config_file.display();
            let failure = Failure::usage(format!("{path} defines no digital twins"));
            return Err(failure.hint("add one under `digital_twins`"));
        };
        let twin = config.twin(first)?;
        let domain_id = config.domain_id()?.to_owned();
        Ok(Definition { settings, config, twin, domain_id })
    }

    /// Reads the configuration for a verb about the domain as a whole: it may define no twins, and
    /// the `twin` is one without name and fields.
    pub fn read_domain(
        args: &GlobalArgs,
        environment: &Environment,
    ) -> Result<Definition, Failure> {
        let settings = Settings::resolve(args, environment)?;
        let config = IotConfig::read(&settings.iot_config_file)?;
        let domain_id = config.domain_id()?.to_owned();
        let twin = config.nobody();
        Ok(Definition { settings, config, twin, domain_id })
    }

    /// Prepares the connection: who signs, address, certificates. Sends nothing, but for an
    /// instance principal, which asks its own machine for its region.
    pub fn connect(self) -> Result<Session, Failure> {
        let Connection { control, http, region } = connect(&self.settings)?;
        Ok(Session { definition: self, control, http, region })
    }
}

/// The means to act on a platform.
pub struct Connection {
    /// The control plane.
    pub control: ControlClient,
    /// Connections for the other services.
    pub http: reqwest::Client,
    /// Region of options and profile.
    pub region: Option<String>,
}

/// Prepares a connection: who signs, address, certificates.
pub fn connect(settings: &Settings) -> Result<Connection, Failure> {
    let http = http(settings)?;
    let sign_in = auth::sign_in(settings, &http)?;
    let (control, region) = control(settings, http.clone(), sign_in)?;
    Ok(Connection { control, http, region })
}

/// The control plane that the settings mean, and its region.
pub fn control(
    settings: &Settings,
    http: reqwest::Client,
    sign_in: SignIn,
) -> Result<(ControlClient, Option<String>), Failure> {
    let SignIn { identity, region, region_metadata, origin } = sign_in;
    let endpoint = match (&settings.endpoint, &region) {
        (Some(endpoint), _) => endpoint.clone(),
        (None, Some(name)) => {
            region::endpoint("iot", name, region_metadata.as_deref()).map_err(Failure::usage)?
        }
        (None, None) => {
            let text = format!("{origin} names no region");
            return Err(Failure::usage(text).hint("give one with --region or OCI_CLI_REGION"));
        }
    };
    tracing::debug!("Control plane: {endpoint}");
    let control = ControlClient::new(http, &endpoint, identity)
        .map_err(|error| client_errors::failed("Cannot connect", &error))?;
    Ok((control.with_retry(settings.retry), region))
}

/// Connections that trust what the settings say.
pub fn http(settings: &Settings) -> Result<reqwest::Client, Failure> {
    http_client(&trust(settings)?).map_err(|error| client_errors::failed("Cannot connect", &error))
}

/// The certificates that the settings name.
pub fn trust(settings: &Settings) -> Result<Trust, Failure> {
    let Some(path) = &settings.cert_bundle else {
        return Ok(Trust::default());
    };
    let pem = crate::files::read(path).map_err(|error| {
        let text = format!("certificate bundle {} cannot be read: {error}", path.display());
        Failure::usage(text).hint(
            "--cert-bundle, OCI_CLI_CERT_BUNDLE, REQUESTS_CA_BUNDLE or SSL_CERT_FILE names it",
        )
    })?;
    Ok(Trust { ca_pem: Some(pem), identity: None })
}
