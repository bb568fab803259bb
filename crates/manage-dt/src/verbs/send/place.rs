//! Where the messages go, and as whom: from the configuration, the files of a local platform, or
//! the control plane, whichever knows first.

use std::path::Path;

use iot_client::{ClientIdentity, Trust};
use oci_core::region;

use super::super::instances;
use crate::args::{GlobalArgs, SendArgs};
use crate::client_errors::failed;
use crate::config::local::{self, ClientDir};
use crate::config::{Environment, Twin};
use crate::device::{Credentials, Device, DeviceAddress};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::session::{self, Definition, Session};

/// Endpoint of a twin whose adapter names none.
const DEFAULT_ENDPOINT: &str = "telemetry";
/// Ports of the cloud (devices.md 1).
const CLOUD_HTTPS_PORT: u16 = 443;
const CLOUD_MQTTS_PORT: u16 = 8883;
/// Bytes of a password's file, at most.
const PASSWORD_BYTES_MAX: u64 = 64 * 1024;

/// What is known before anything is sent.
pub struct Place {
    /// Topic or path, without a leading slash.
    pub endpoint: String,
    external_key: String,
    auth_id: Option<String>,
    instance_id: Option<String>,
    trust: Trust,
    variables: Variables,
    address: Option<DeviceAddress>,
    password: Option<String>,
    session: Option<Session>,
}

impl Place {
    /// Reads the files; the control plane's profile only where it will be needed.
    pub fn read(
        args: &SendArgs,
        global: &GlobalArgs,
        environment: &Environment,
    ) -> Result<Place, Failure> {
        let definition = Definition::read(global, environment, &args.twin)?;
        let mut trust = session::trust(&definition.settings)?;
        trust.identity = identity(args)?;
        let variables = Variables::of(global, environment)?;
        let address = variables.address(&definition.domain_id);
        let password = match &args.password_file {
            Some(path) => Some(password_of(path)?),
            // None with `--local`, where the surrounding shell's is another platform's.
            None => definition.settings.environment.get("DEVICE_PASSWORD").map(str::to_owned),
        };
        let twin = &definition.twin;
        let external_key = twin.require("external_key")?.to_owned();
        let auth_id = twin.field("auth_id").map(str::to_owned);
        let endpoint = endpoint(args, twin, &definition.settings.data_dir)?;
        let signs_in = trust.identity.is_some() || password.is_some();
        let needs_session = args.explain || address.is_none() || !signs_in;
        let session = if needs_session { Some(definition.connect()?) } else { None };
        let instance_id = args.id.clone();
        Ok(Place {
            endpoint,
            external_key,
            auth_id,
            instance_id,
            trust,
            variables,
            address,
            password,
            session,
        })
    }

    /// The connection to control plane and data API.
    pub fn session(&self) -> Result<&Session, Failure> {
        self.session.as_ref().ok_or_else(|| Failure::usage("the profile has not been read"))
    }

    /// The device; asks the platform for what the files do not say.
    pub async fn device(&self) -> Result<Device, Failure> {
        let address = match &self.address {
            Some(address) => address.clone(),
            None => self.variables.address_of_host(device_host(self.session()?).await?),
        };
        let password = match (&self.password, &self.trust.identity) {
            (_, Some(_)) => None,
            (Some(password), None) => Some(password.clone()),
            (None, None) => Some(self.secret().await?),
        };
        let external_key = self.external_key.clone();
        Device::new(address, Credentials { external_key, password }, &self.trust)
    }

    /// The password from the vault.
    async fn secret(&self) -> Result<String, Failure> {
        let session = self.session()?;
        let auth_id = match &self.auth_id {
            Some(id) => id.clone(),
            None => {
                let candidates = instances::candidates(session).await?;
                let instance = instances::choose(candidates, self.instance_id.as_deref())?;
                instance.and_then(|instance| instance.auth_id).ok_or_else(|| {
                    Failure::usage("neither configuration nor instance name an auth_id")
                        .hint("give the password with --password-file or DEVICE_PASSWORD")
                })?
            }
        };
        if auth_id.starts_with("ocid1.certificate") {
            return Err(Failure::usage("the device signs in with a certificate")
                .hint("give it with --cert and --key; `device-cert issue` makes one"));
        }
        let region = session.region.as_deref().ok_or_else(|| {
            Failure::usage("no region is known, so the vault is not").hint("use --region")
        })?;
        let metadata = session.definition.settings.region_metadata.as_deref();
        let vault = region::endpoint("secrets.vaults", region, metadata).map_err(Failure::usage)?;
        tracing::debug!("Vault: {vault}");
        let content = session.control.secret_content(&vault, &auth_id).await;
        let content = content.map_err(|error| {
            failed("Cannot get the secret of the device", &error)
                .hint("or give the password with --password-file or DEVICE_PASSWORD")
        })?;
        String::from_utf8(content)
            .map_err(|_| Failure::new(ExitCode::Refused, "the secret is no text"))
    }
}

/// What a local platform wrote for its clients: its `env.sh`, or the shell that has read it.
struct Variables {
    env_sh: Option<String>,
    environment: Environment,
}

impl Variables {
    fn of(global: &GlobalArgs, environment: &Environment) -> Result<Variables, Failure> {
        let env_sh = match &global.local {
            None => None,
            Some(given) => {
                let state_dir = local::state_dir(given, environment);
                Some(ClientDir::of_state_dir(&state_dir)?.env_sh()?)
            }
        };
        Ok(Variables { env_sh, environment: environment.clone() })
    }

    fn get(&self, name: &str) -> Option<String> {
        match &self.env_sh {
            Some(lines) => local::exported(lines, name),
            None => self.environment.get(name).map(str::to_owned),
        }
    }

    fn port(&self, name: &str) -> Option<u16> {
        self.get(name)?.parse().ok()
    }

    /// The address, when it is the configured domain's.
    fn address(&self, domain_id: &str) -> Option<DeviceAddress> {
        if self.get("IOT_DOMAIN_ID").is_some_and(|id| id != domain_id) {
            return None;
        }
        Some(self.address_of_host(self.get("IOT_DEVICE_HOST")?))
    }

    /// The platform's own ports for a host beside its first domain's, else the cloud's.
    fn address_of_host(&self, host: String) -> DeviceAddress {
        let behind = |host: &str| host.split_once('.').map(|(_, rest)| rest.to_owned());
        let known = self.get("IOT_DEVICE_HOST");
        let is_local = known.is_some_and(|known| behind(&known) == behind(&host));
        let port = |name, cloud| self.port(name).filter(|_| is_local).unwrap_or(cloud);
        DeviceAddress {
            https_port: port("IOT_HTTPS_PORT", CLOUD_HTTPS_PORT),
            mqtts_port: port("IOT_MQTTS_PORT", CLOUD_MQTTS_PORT),
            host,
        }
    }
}

async fn device_host(session: &Session) -> Result<String, Failure> {
    let domain = session
        .control
        .domain_get(&session.definition.domain_id)
        .await
        .map_err(|error| failed("Cannot get IoT Domain", &error))?;
    let host = domain.parts.and_then(|parts| parts.device_host);
    host.ok_or_else(|| {
        Failure::new(ExitCode::Refused, "the platform names no host of the domain's devices")
    })
}

fn identity(args: &SendArgs) -> Result<Option<ClientIdentity>, Failure> {
    let (Some(certificate), Some(key)) = (&args.cert, &args.key) else { return Ok(None) };
    let read = |path: &Path| std::fs::read(path).map_err(|error| unreadable(path, &error));
    Ok(Some(ClientIdentity { certificate_pem: read(certificate)?, key_pem: read(key)? }))
}

/// The first line of a file.
fn password_of(path: &Path) -> Result<String, Failure> {
    use std::io::Read as _;
    let file = std::fs::File::open(path).map_err(|error| unreadable(path, &error))?;
    let mut text = String::new();
    let read = file.take(PASSWORD_BYTES_MAX).read_to_string(&mut text);
    read.map_err(|error| unreadable(path, &error))?;
    let password = text.trim_end_matches(['\r', '\n']).to_owned();
    if password.is_empty() {
        return Err(Failure::usage(format!("{} holds no password", path.display())));
    }
    Ok(password)
}

/// As typed, else the envelope's, else the usual one; never with a leading slash.
pub fn endpoint(args: &SendArgs, twin: &Twin, data_dir: &Path) -> Result<String, Failure> {
    if let Some(typed) = &args.endpoint {
        if typed.starts_with("https://") || typed.starts_with("http://") {
            let text = format!("--endpoint {typed}: here it is the device's topic or path");
            return Err(Failure::usage(text)
                .hint("the control plane's address comes from --region or OCI_CLI_ENDPOINT"));
        }
        let endpoint = typed.trim_start_matches('/');
        if endpoint.is_empty() || endpoint.contains(['+', '#', '\0']) {
            let text = format!("--endpoint '{}' is no topic", typed.escape_debug());
            return Err(Failure::usage(text).hint("use a name such as iot/v1/telemetry"));
        }
        return Ok(endpoint.to_owned());
    }
    let Some(file) = twin.field("adapter_envelope") else {
        return Ok(DEFAULT_ENDPOINT.to_owned());
    };
    let path = data_dir.join(file);
    let text = std::fs::read(&path).map_err(|error| unreadable(&path, &error))?;
    let envelope: serde_json::Value = serde_json::from_slice(&text)
        .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
    let endpoint = envelope["referenceEndpoint"].as_str().unwrap_or_default();
    let endpoint = endpoint.trim_start_matches('/');
    Ok(if endpoint.is_empty() { DEFAULT_ENDPOINT } else { endpoint }.to_owned())
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!("{} cannot be read: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_follow_the_host() {
        let environment = Environment::of(&[
            ("IOT_DEVICE_HOST", "a.device.iot.local-1.oci.localhost"),
            ("IOT_DOMAIN_ID", "d"),
            ("IOT_HTTPS_PORT", "1443"),
            ("IOT_MQTTS_PORT", "1883"),
        ]);
        let variables = Variables { env_sh: None, environment };
        assert_eq!(variables.address("d").map(|address| address.mqtts_port), Some(1883));
        assert!(variables.address("other").is_none());
        let ports = |host: &str| {
            let address = variables.address_of_host(host.to_owned());
            (address.https_port, address.mqtts_port)
        };
        assert_eq!(ports("b.device.iot.local-1.oci.localhost"), (1443, 1883));
        assert_eq!(ports("b.device.iot.eu-frankfurt-1.oci.oraclecloud.com"), (443, 8883));
    }
}
