//! `client/`: what a user and their tools need to reach the platform (interface.md 2).

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use platform::Platform;
use platform::names::HostNames;
use platform::store::Setup;

use super::Ports;
use super::state_dir::write_private;
use crate::failure::Failure;
use crate::templates::{DEFINITIONS, IotConfigValues, LOCAL_TITLE, iot_config};

/// Where systems keep their roots.
const SYSTEM_ROOTS: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// What the files are made of.
pub struct ClientFiles<'a> {
    /// `client/`, absolute.
    pub dir: PathBuf,
    /// What the first start made.
    pub setup: &'a Setup,
    /// OCID of the certificate that twins with certificates name.
    pub certificate_id: &'a str,
    /// Host names.
    pub names: &'a HostNames,
    /// Ports as bound.
    pub ports: Ports,
    /// What control of an emulation takes, if it is allowed.
    pub emulation_token: Option<&'a str>,
}

impl ClientFiles<'_> {
    /// Writes what follows the options anew, and what is missing besides.
    pub fn write(&self, ca_pem: &str) -> Result<(), Failure> {
        self.put("ca.pem", ca_pem)?;
        self.put("ca-bundle.pem", &format!("{ca_pem}{}", system_roots()))?;
        self.put("env.sh", &self.env())?;
        self.put("oci_config", &self.oci_config())?;
        let device_key = format!("d{}", oci_core::ocid::random_text(7));
        let app = &self.setup.app;
        let config = iot_config(
            LOCAL_TITLE,
            &IotConfigValues {
                domain_id: &self.setup.domain.common.id,
                app_client_id: &app.client_id,
                app_client_secret: &app.client_secret,
                user: &app.user,
                password: &app.password,
                device_key: &device_key,
                auth_id: &self.setup.secret.id,
            },
        );
        self.put_missing("iot_config.yaml", &config)?;
        for (name, text) in DEFINITIONS {
            self.put_missing(name, text)?;
        }
        Ok(())
    }

    fn put(&self, name: &str, text: &str) -> Result<(), Failure> {
        put(&self.dir.join(name), text)
    }

    fn put_missing(&self, name: &str, text: &str) -> Result<(), Failure> {
        let path = self.dir.join(name);
        if path.exists() { Ok(()) } else { write_private(&path, text.as_bytes()) }
    }

    fn path(&self, name: &str) -> String {
        self.dir.join(name).display().to_string()
    }

    fn oci_config(&self) -> String {
        let setup = self.setup;
        let fingerprint = setup.api_key.key_id.rsplit('/').next().unwrap_or_default();
        let profile = |name: &str| {
            format!(
                "[{name}]\nuser={}\nfingerprint={fingerprint}\ntenancy={}\nregion={}\nkey_file={}\n",
                setup.user_id,
                setup.tenancy_id,
                self.names.region,
                self.path("api_key.pem")
            )
        };
        format!("{}\n{}", profile("DEFAULT"), profile("LOCAL"))
    }

    fn env(&self) -> String {
        let (setup, names) = (self.setup, self.names);
        let data_host = names.with_port(&names.data(&setup.group.short_id));
        let identity_host = names.with_port(&names.identity(&setup.app.identity_id));
        let (group, domain) = (&setup.group.short_id, &setup.domain.short_id);
        let bundle = self.path("ca-bundle.pem");
        let region = serde_json::json!({
            "realmKey": "oc0",
            "realmDomainComponent": format!("{}:{}", names.suffix, self.ports.https),
            "regionKey": platform::first_start::REGION_KEY,
            "regionIdentifier": names.region,
        });
        let secret = String::from_utf8_lossy(&setup.secret.content).into_owned();
        let mut lines = vec![
            ("OCI_CLI_CONFIG_FILE", self.path("oci_config")),
            ("OCI_CONFIG_FILE", self.path("oci_config")),
            ("OCI_CLI_PROFILE", "LOCAL".to_owned()),
            ("OCI_CLI_REGION", names.region.clone()),
            ("OCI_REGION_METADATA", region.to_string()),
            ("REQUESTS_CA_BUNDLE", bundle.clone()),
            ("SSL_CERT_FILE", bundle.clone()),
            ("CURL_CA_BUNDLE", bundle.clone()),
            ("OCI_CLI_CERT_BUNDLE", bundle),
            ("NODE_EXTRA_CA_CERTS", self.path("ca.pem")),
            ("MANAGE_DT_DATA_DIR", self.dir.display().to_string()),
            ("IOT_COMPARTMENT_ID", setup.compartment_id.clone()),
            ("IOT_DOMAIN_ID", setup.domain.common.id.clone()),
            ("IOT_DOMAIN_GROUP_ID", setup.group.common.id.clone()),
            ("IOT_DEVICE_HOST", names.device(domain)),
            ("IOT_DATA_ENDPOINT", format!("https://{data_host}/ords/{domain}/20250531")),
            ("OAUTH_ENDPOINT", format!("https://{identity_host}/oauth2/v1/token")),
            ("IAM_APP_CLIENT_ID", setup.app.client_id.clone()),
            ("IAM_APP_CLIENT_SECRET", setup.app.client_secret.clone()),
            ("IAM_USER", setup.app.user.clone()),
            ("IAM_PASSWORD", setup.app.password.clone()),
            ("IOT_SCOPE", format!("/{group}/iot/{domain}")),
            ("DEVICE_SECRET_ID", setup.secret.id.clone()),
            ("DEVICE_PASSWORD", secret),
            ("DEVICE_CERTIFICATE_ID", self.certificate_id.to_owned()),
            ("VAULT_ID", platform::vault::vault_id(setup)),
            ("KEY_ID", platform::vault::key_id(setup)),
            ("IOT_HTTPS_PORT", self.ports.https.to_string()),
            ("IOT_MQTTS_PORT", self.ports.mqtts.to_string()),
        ];
        if let Some(port) = self.ports.mqtt {
            lines.push(("IOT_MQTT_PORT", port.to_string()));
        }
        if let Some(token) = self.emulation_token {
            let url = format!("https://localhost:{}/emulation", self.ports.https);
            lines.push(("MANAGE_DT_EMULATION_URL", url));
            lines.push(("MANAGE_DT_EMULATION_TOKEN", token.to_owned()));
        }
        lines.iter().map(|(name, value)| format!("export {name}={}\n", quoted(value))).collect()
    }
}

/// Writes `hosts`: a line for each host name of the platform, with those of all groups and domains.
pub fn write_hosts(
    dir: &Path,
    platform: &Platform,
    bind: IpAddr,
    of_domains: &[String],
) -> Result<(), Failure> {
    let names = platform.names();
    let address = if bind.is_unspecified() { "127.0.0.1".to_owned() } else { bind.to_string() };
    let fixed = [
        names.control(),
        names.identity(platform.identity_id()),
        names.vaults(),
        names.secret_bundles(),
    ];
    let lines = fixed.iter().chain(of_domains).map(|name| format!("{address} {name}\n"));
    put(&dir.join("hosts"), &lines.collect::<String>())
}

/// Writes a file unless it has this text already.
fn put(path: &Path, text: &str) -> Result<(), Failure> {
    if fs::read(path).is_ok_and(|old| old == text.as_bytes()) {
        return Ok(());
    }
    write_private(path, text.as_bytes())
}

/// In single quotes for a POSIX shell.
pub fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', "'\\''"))
}

fn system_roots() -> String {
    SYSTEM_ROOTS
        .iter()
        .find_map(|path| fs::read_to_string(Path::new(path)).ok())
        .unwrap_or_default()
}
