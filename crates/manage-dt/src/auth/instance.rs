//! `--auth instance_principal`: the compute instance that this is (control-plane.md 2.6).

use iot_client::{Identity, InstanceMetadata, InstancePrincipal, InstanceRegion};
use oci_core::region::{self, RegionMetadata};
use serde_json::{Value, json};

use super::SignIn;
use crate::client_errors;
use crate::config::Settings;
use crate::failure::Failure;
use crate::runtime;

/// Prepares the exchange of the instance's certificate. Only the region is asked for here, and
/// only when nothing else says where to go.
pub fn sign_in(settings: &Settings, http: &reqwest::Client) -> Result<SignIn, Failure> {
    tracing::debug!("OCI authentication: Instance principal");
    let cannot = |error| client_errors::failed("Cannot sign in as this instance", &error);
    let base = settings.environment.get("OCI_METADATA_BASE_URL");
    let metadata = InstanceMetadata::new(base).map_err(cannot)?;
    let is_known = settings.endpoint.is_some() && settings.federation_endpoint.is_some();
    let found = match is_known {
        true => None,
        false => Some(runtime::block_on(async { metadata.region().await.map_err(cannot) })?),
    };
    let region_metadata = described(settings.region_metadata.as_deref(), found.as_ref());
    let region = settings.region.clone().or(found.map(|found| found.name));
    let federation = match (&settings.federation_endpoint, &region) {
        (Some(endpoint), _) => endpoint.clone(),
        (None, Some(region)) => {
            region::auth_endpoint(region, region_metadata.as_deref()).map_err(Failure::usage)?
        }
        (None, None) => return Err(Failure::usage("the metadata service names no region")),
    };
    let principal = InstancePrincipal::new(metadata, http.clone(), &federation).map_err(cannot)?;
    Ok(SignIn {
        identity: Identity::instance(principal),
        region,
        region_metadata,
        origin: "the metadata service".to_owned(),
    })
}

/// The descriptions of regions that the user gave, and behind them the instance's own.
fn described(given: Option<&str>, found: Option<&InstanceRegion>) -> Option<String> {
    let own: Option<&RegionMetadata> = found.and_then(|found| found.described.as_ref());
    let Some(own) = own else { return given.map(str::to_owned) };
    let mut all = match given.map(serde_json::from_str) {
        None => Vec::new(),
        Some(Ok(Value::Array(many))) => many,
        Some(Ok(one)) => vec![one],
        // Left as it is, so that the error names it.
        Some(Err(_)) => return given.map(str::to_owned),
    };
    all.push(json!(own));
    Some(Value::Array(all).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_of_regions_come_together() {
        let text = r#"{"realmKey":"oc0","realmDomainComponent":"d","regionKey":"K","regionIdentifier":"r"}"#;
        let described_by = |json: &str| serde_json::from_str::<RegionMetadata>(json).unwrap();
        let found = InstanceRegion { name: "r".to_owned(), described: Some(described_by(text)) };
        assert_eq!(described(None, Some(&found)), Some(format!("[{text}]")));
        assert_eq!(described(Some("{}"), Some(&found)), Some(format!("[{{}},{text}]")));
        assert_eq!(described(Some("[1]"), Some(&found)), Some(format!("[1,{text}]")));
        assert_eq!(described(Some("{"), Some(&found)), Some("{".to_owned()));
        let old = InstanceRegion { name: "r".to_owned(), described: None };
        assert_eq!(described(Some("{}"), Some(&old)), Some("{}".to_owned()));
        assert_eq!(described(None, None), None);
    }
}
