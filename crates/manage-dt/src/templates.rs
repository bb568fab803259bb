//! The sample configuration and the four sample definitions, as they stand in `data/`.
//!
//! The first start of a local platform writes them for its clients, so that the directory a user
//! fills in by hand and the one a platform fills in are the same text.

/// Model of the sample twin `default-adapter`.
pub const MODEL_DEFAULT: &str = include_str!("../../../data/m5_model_default.json");
/// Model of the sample twin `custom-adapter`.
pub const MODEL_CUSTOM: &str = include_str!("../../../data/m5_model_custom.json");
/// Envelope of the sample twin `custom-adapter`.
pub const ADAPTER_ENVELOPE: &str = include_str!("../../../data/m5_adapter_envelope.json");
/// Routes of the sample twin `custom-adapter`.
pub const ADAPTER_ROUTES: &str = include_str!("../../../data/m5_adapter_routes.json");

/// The four definitions with the file names by which the configuration knows them.
pub const DEFINITIONS: [(&str, &str); 4] = [
    ("m5_model_default.json", MODEL_DEFAULT),
    ("m5_model_custom.json", MODEL_CUSTOM),
    ("m5_adapter_envelope.json", ADAPTER_ENVELOPE),
    ("m5_adapter_routes.json", ADAPTER_ROUTES),
];

const IOT_CONFIG: &str = include_str!("../../../data/iot_config.distr.yaml");

/// What a user would put into the template.
#[derive(Clone)]
pub struct IotConfigValues<'v> {
    /// OCID of the domain.
    pub domain_id: &'v str,
    /// Client id of the confidential application.
    pub app_client_id: &'v str,
    /// Client secret of the confidential application.
    pub app_client_secret: &'v str,
    /// User of the identity domain.
    pub user: &'v str,
    /// Password of the user.
    pub password: &'v str,
    /// Lower-case letters and digits, a letter first: it becomes part of a DTMI.
    pub device_key: &'v str,
    /// OCID of the vault secret with the devices' password.
    pub auth_id: &'v str,
}

/// First line of the configuration that a platform writes.
pub const LOCAL_TITLE: &str = "# Configuration of manage-dt for the local platform.";

/// The template, filled in, below a title.
pub fn iot_config(title: &str, values: &IotConfigValues<'_>) -> String {
    let places = [
        ("<IoT domain OCID>", values.domain_id),
        ("<client id>", values.app_client_id),
        ("<client secret>", values.app_client_secret),
        ("<user name>", values.user),
        ("<password>", values.password),
        ("<short id>", values.device_key),
        ("<vault secret OCID>", values.auth_id),
    ];
    // The head tells how to fill in the template.
    let body = IOT_CONFIG.split_once("\n\n").map_or(IOT_CONFIG, |(_, body)| body);
    let mut out =
        format!("{title}\n#\n# Keep it to yourself: it holds a password and a client secret.\n\n");
    for line in body.lines() {
        let place = places.iter().find(|(place, _)| line.ends_with(place));
        match place.filter(|_| !line.trim_start().starts_with('#')) {
            Some((place, value)) => {
                out.push_str(line.trim_end_matches(place));
                out.push_str(&scalar(value));
            }
            None => out.push_str(line),
        }
        out.push('\n');
    }
    out
}

/// A YAML scalar: plain where that is safe, else in double quotes, whose escapes are JSON's.
fn scalar(value: &str) -> String {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    match value.starts_with(|c: char| c.is_ascii_alphabetic()) && value.bytes().all(is_plain) {
        true => value.to_owned(),
        false => serde_json::Value::from(value).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::Value;

    use super::*;
    use crate::config::IotConfig;

    const VALUES: IotConfigValues<'_> = IotConfigValues {
        domain_id: "ocid1.iotdomain.oc0.local-1.abc",
        app_client_id: "app",
        app_client_secret: "s: #'\"x",
        user: "me@example.com",
        password: "12345\\ä水",
        device_key: "k1",
        auth_id: "ocid1.vaultsecret.oc0.local-1.abc",
    };

    #[test]
    fn filled_template_is_read_back() {
        let text = iot_config(LOCAL_TITLE, &VALUES);
        let config = IotConfig::from_text(Path::new("c.yaml"), &text).unwrap();
        assert_eq!(config.domain_id().unwrap(), VALUES.domain_id);
        assert_eq!(config.identity("app_client_id").unwrap(), VALUES.app_client_id);
        assert_eq!(config.identity("app_client_secret").unwrap(), VALUES.app_client_secret);
        assert_eq!(config.identity("user").unwrap(), VALUES.user);
        assert_eq!(config.identity("password").unwrap(), VALUES.password);
        let twin = config.twin("custom-adapter").unwrap();
        assert_eq!(twin.field("device_name"), Some("k1-m5-env-cstm-01"));
        assert_eq!(twin.field("model_name"), Some("dtmi:com:oracle:k1:m5:env:cstm;1"));
        assert_eq!(twin.field("auth_id"), Some(VALUES.auth_id));
        assert_eq!(config.twin("unstructured").unwrap().field("external_key"), Some("k1-01"));
    }

    #[test]
    fn unfilled_template_is_told_apart() {
        let config = IotConfig::from_text(Path::new("c.yaml"), IOT_CONFIG).unwrap();
        assert!(config.domain_id().is_err());
        for (_, text) in DEFINITIONS {
            assert!(serde_json::from_str::<Value>(text).is_ok());
        }
        for twin in ["default-adapter", "custom-adapter"] {
            let twin = config.twin(twin).unwrap();
            for field in ["model_dtdl", "adapter_envelope", "adapter_routes"] {
                let named = twin.field(field).into_iter();
                for file in named {
                    assert!(DEFINITIONS.iter().any(|(name, _)| *name == file), "{file}");
                }
            }
        }
    }
}
