//! Regions, realms, and the addresses of services in them (control-plane.md 1.1, 2.10).

use serde::{Deserialize, Serialize};

/// Domain of regions that nothing else is known about: the commercial realm.
const DEFAULT_DOMAIN: &str = "oraclecloud.com";

/// A region that no client knows by itself, as in `OCI_REGION_METADATA` and in
/// `~/.oci/regions-config.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegionMetadata {
    /// Realm, such as `oc0`.
    pub realm_key: String,
    /// Domain of the realm, possibly with a port, such as `localhost:8443`.
    pub realm_domain_component: String,
    /// Short key of the region.
    pub region_key: String,
    /// Identifier of the region.
    pub region_identifier: String,
}

/// Why a region has no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegionError {
    /// Empty, or characters that no host name has.
    #[error("`{0}` is not a region: use letters, digits, `-` and `.`, such as `local-1`")]
    Name(String),
    /// The description of regions is not the JSON it should be.
    #[error(
        "the description of regions (OCI_REGION_METADATA, regions-config.json) must be JSON with \
         realmKey, realmDomainComponent, regionKey and regionIdentifier: {0}"
    )]
    Metadata(String),
    /// The domain would not make a host name.
    #[error("`{0}` is not a domain, as in `example.com` or `localhost:8443`")]
    Domain(String),
}

/// Numbers of the realms that clients know by themselves.
const REALMS: [u32; 20] =
    [1, 2, 3, 4, 8, 9, 10, 14, 15, 19, 20, 21, 23, 24, 26, 29, 35, 42, 51, 52];

/// Regions outside the commercial realm, with the number of their realm. A name that ends in `*`
/// stands for all that begin like it; the first that fits counts.
const REALM_OF_REGION: [(&str, u32); 31] = [
    ("us-langley-1", 2),
    ("us-luke-1", 2),
    ("us-gov-*", 3),
    ("uk-gov-*", 4),
    ("ap-chiyoda-1", 8),
    ("ap-ibaraki-1", 8),
    ("me-dcc-muscat-1", 9),
    ("me-ibri-1", 9),
    ("ap-dcc-canberra-1", 10),
    ("eu-dcc-zurich-1", 24),
    ("eu-crissier-1", 24),
    ("eu-dcc-*", 14),
    ("ap-dcc-gazipur-1", 15),
    ("eu-madrid-2", 19),
    ("eu-frankfurt-2", 19),
    ("eu-jovanovac-1", 20),
    ("me-dcc-doha-1", 21),
    ("me-alrayyan-1", 21),
    ("us-somerset-1", 23),
    ("us-thames-1", 23),
    ("me-abudhabi-3", 26),
    ("me-alain-1", 26),
    ("me-abudhabi-2", 29),
    ("me-abudhabi-4", 29),
    ("ap-seoul-2", 35),
    ("ap-suwon-1", 35),
    ("ap-chuncheon-2", 35),
    ("us-ashburn-2", 42),
    ("us-newark-1", 42),
    ("eu-budapest-1", 51),
    ("sa-riodejaneiro-1", 52),
];

/// Address of a service, `https://<service>.<region>.oci.<domain>`, without a path.
///
/// `metadata_json` is the text of `OCI_REGION_METADATA` or of `regions-config.json`, one object
/// or an array of them; of a region that neither it nor we know, the commercial realm is assumed.
/// A region that contains a dot is taken for a domain of its own.
///
/// ```
/// use oci_core::region::endpoint;
/// let metadata = r#"{"realmKey":"oc0","realmDomainComponent":"localhost:8443",
///                    "regionKey":"LOC","regionIdentifier":"local-1"}"#;
/// let address = endpoint("iot", "local-1", Some(metadata)).expect("known");
/// assert_eq!(address, "https://iot.local-1.oci.localhost:8443");
/// ```
pub fn endpoint(
    service: &str,
    region: &str,
    metadata_json: Option<&str>,
) -> Result<String, RegionError> {
    endpoint_with_default(service, region, metadata_json, None)
}

/// As [`endpoint`], with the domain of unknown regions given (`OCI_DEFAULT_REALM`).
pub fn endpoint_with_default(
    service: &str,
    region: &str,
    metadata_json: Option<&str>,
    default_domain: Option<&str>,
) -> Result<String, RegionError> {
    let (region, domain) = place(region, metadata_json, default_domain)?;
    Ok(match domain {
        Some(domain) => format!("https://{service}.{region}.oci.{domain}"),
        None => format!("https://{service}.{region}"),
    })
}

/// Address of the service that gives tokens, `https://auth.<region>.<domain>`: without the label
/// `oci` (control-plane.md 2.6, step 5). Otherwise as [`endpoint`].
pub fn auth_endpoint(region: &str, metadata_json: Option<&str>) -> Result<String, RegionError> {
    Ok(match place(region, metadata_json, None)? {
        (region, Some(domain)) => format!("https://auth.{region}.{domain}"),
        (region, None) => format!("https://auth.{region}"),
    })
}

/// Identifier and domain of a region; no domain when the region is one itself.
fn place(
    region: &str,
    metadata_json: Option<&str>,
    default_domain: Option<&str>,
) -> Result<(String, Option<String>), RegionError> {
    let region = region.trim().to_ascii_lowercase();
    if !is_host(&region) {
        return Err(RegionError::Name(region));
    }
    if region.contains('.') {
        return Ok((region, None));
    }
    let described = match metadata_json.filter(|json| !json.trim().is_empty()) {
        Some(json) => describe(&region, &read_metadata(json)?),
        None => None,
    };
    let (region, domain) = described.unwrap_or_else(|| {
        let domain = built_in_domain(&region)
            .unwrap_or_else(|| default_domain.unwrap_or(DEFAULT_DOMAIN).to_ascii_lowercase());
        (region, domain)
    });
    let (host, port) = domain.split_once(':').unwrap_or((&domain, "443"));
    if !is_host(&region) {
        return Err(RegionError::Name(region));
    }
    if !is_host(host) || port.parse::<u16>().is_err() {
        return Err(RegionError::Domain(domain));
    }
    Ok((region, Some(domain)))
}

/// Reads one description or an array of them.
fn read_metadata(json: &str) -> Result<Vec<RegionMetadata>, RegionError> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany {
        One(RegionMetadata),
        Many(Vec<RegionMetadata>),
    }
    let read = serde_json::from_str(json).map_err(|error| {
        // The untagged form hides what is missing; the plain form says it.
        let detail = serde_json::from_str::<RegionMetadata>(json).err().unwrap_or(error);
        RegionError::Metadata(detail.to_string())
    })?;
    Ok(match read {
        OneOrMany::One(metadata) => vec![metadata],
        OneOrMany::Many(metadata) => metadata,
    })
}

/// Identifier and domain of a region, found by identifier or key; values are lower-cased, as the
/// cloud's own clients do. A realm that clients know keeps
/// the domain they know for it.
fn describe(region: &str, metadata: &[RegionMetadata]) -> Option<(String, String)> {
    let named = |text: &str| text.eq_ignore_ascii_case(region);
    let found = metadata.iter().find(|m| named(&m.region_identifier) || named(&m.region_key))?;
    let realm = found.realm_key.to_ascii_lowercase();
    let domain = REALMS
        .iter()
        .find(|number| realm == format!("oc{number}"))
        .map(|&number| realm_domain(number))
        .unwrap_or_else(|| found.realm_domain_component.to_ascii_lowercase());
    Some((found.region_identifier.to_ascii_lowercase(), domain))
}

/// The domain of a region outside the commercial realm.
fn built_in_domain(region: &str) -> Option<String> {
    let fits = |pattern: &str| match pattern.strip_suffix('*') {
        Some(start) => region.starts_with(start),
        None => region == pattern,
    };
    let (_, realm) = REALM_OF_REGION.iter().find(|(pattern, _)| fits(pattern))?;
    Some(realm_domain(*realm))
}

fn realm_domain(realm: u32) -> String {
    match realm {
        1 => DEFAULT_DOMAIN.to_owned(),
        2 | 3 => "oraclegovcloud.com".to_owned(),
        4 => "oraclegovcloud.uk".to_owned(),
        19 => "oraclecloud.eu".to_owned(),
        number => format!("oraclecloud{number}.com"),
    }
}

/// Labels of letters, digits and hyphens, separated by dots.
fn is_host(text: &str) -> bool {
    text.len() <= 253
        && text.split('.').all(|label| {
            !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCAL: &str = r#"{"realmKey":"OC0","realmDomainComponent":"localhost:8443","regionKey":"LOC","regionIdentifier":"local-1"}"#;

    #[test]
    fn built_in_realms() {
        let is = |region: &str, host: &str| {
            assert_eq!(endpoint("iot", region, None), Ok(format!("https://iot.{host}")));
        };
        is("eu-frankfurt-1", "eu-frankfurt-1.oci.oraclecloud.com");
        is("unknown-9", "unknown-9.oci.oraclecloud.com");
        is("US-GOV-ashburn-1", "us-gov-ashburn-1.oci.oraclegovcloud.com");
        is("us-luke-1", "us-luke-1.oci.oraclegovcloud.com");
        is("uk-gov-london-1", "uk-gov-london-1.oci.oraclegovcloud.uk");
        is("eu-madrid-2", "eu-madrid-2.oci.oraclecloud.eu");
        is("eu-dcc-zurich-1", "eu-dcc-zurich-1.oci.oraclecloud24.com");
        is("eu-dcc-milan-2", "eu-dcc-milan-2.oci.oraclecloud14.com");
        is("cloud.example.com", "cloud.example.com");
    }

    #[test]
    fn described_regions() {
        let is = |region: &str, metadata: &str, host: &str| {
            assert_eq!(endpoint("iot", region, Some(metadata)), Ok(format!("https://iot.{host}")));
        };
        is("local-1", LOCAL, "local-1.oci.localhost:8443");
        is("loc", LOCAL, "local-1.oci.localhost:8443");
        is("local-1", &format!("[{LOCAL}]"), "local-1.oci.localhost:8443");
        is("local-2", LOCAL, "local-2.oci.oraclecloud.com");
        is("local-1", &LOCAL.replace("OC0", "oc1"), "local-1.oci.oraclecloud.com");
        is("local-1", "", "local-1.oci.oraclecloud.com");
        let auth = |region, metadata| auth_endpoint(region, metadata);
        assert_eq!(auth("LOC", Some(LOCAL)).as_deref(), Ok("https://auth.local-1.localhost:8443"));
        let frankfurt = auth("eu-frankfurt-1", None);
        assert_eq!(frankfurt.as_deref(), Ok("https://auth.eu-frankfurt-1.oraclecloud.com"));
        assert_eq!(auth("a.example", None).as_deref(), Ok("https://auth.a.example"));
        let unknown = endpoint_with_default("iot", "local-2", Some(LOCAL), Some("Corp.example:1"));
        assert_eq!(unknown.as_deref(), Ok("https://iot.local-2.oci.corp.example:1"));
    }

    #[test]
    fn what_makes_no_address_is_refused() {
        for region in ["", "a b", "a/b", "a..b", "user@host", "a:1"] {
            assert!(matches!(endpoint("iot", region, None), Err(RegionError::Name(_))), "{region}");
        }
        let is_bad_json =
            |json| matches!(endpoint("iot", "x", Some(json)), Err(RegionError::Metadata(_)));
        assert!(is_bad_json("{"));
        assert!(is_bad_json("{}"));
        assert!(is_bad_json("[1]"));
        let message = endpoint("iot", "x", Some("{}")).unwrap_err().to_string();
        assert!(message.contains("missing field `realmKey`"), "{message}");
        for domain in ["localhost:", "localhost:70000", "a b", "x/y", ""] {
            let metadata = LOCAL.replace("localhost:8443", domain);
            let result = endpoint("iot", "local-1", Some(&metadata));
            assert!(matches!(result, Err(RegionError::Domain(_))), "{domain}");
        }
    }
}
