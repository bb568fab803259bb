//! The metadata service of a compute instance (control-plane.md 2.6, steps 1 and 2).

use oci_core::region::RegionMetadata;
use reqwest::Url;

use crate::connect::metadata_client;
use crate::exchange::{Repeat, Tries, base_url, below, exchange};
use crate::{ClientError, RetryPolicy};

/// Where the service is for every instance, by either version of the internet protocol.
const BASES: [&str; 2] = ["http://169.254.169.254/opc/v2", "http://[fd00:c1::a9fe:a9fe]/opc/v2"];

/// What every request of the service must carry, so that no browser can be led to it.
const AUTHORIZATION: &str = "Bearer Oracle";

/// Short keys that the service names two old regions by, where it does not describe the region.
const SHORT_KEYS: [(&str, &str); 4] = [
    ("phx", "us-phoenix-1"),
    ("iad", "us-ashburn-1"),
    ("fra", "eu-frankfurt-1"),
    ("lhr", "uk-london-1"),
];

const ADVICE: &str = "instance principals exist on compute instances of the cloud only: sign in \
                      with --auth api_key elsewhere, or name the service with \
                      OCI_METADATA_BASE_URL";

/// The region that an instance is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceRegion {
    /// Identifier.
    pub name: String,
    /// What the service says about region and realm, as JSON.
    pub described: Option<RegionMetadata>,
}

/// Client of the metadata service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct InstanceMetadata {
    http: reqwest::Client,
    bases: Vec<Url>,
}

impl InstanceMetadata {
    /// The service at `base`, the value of `OCI_METADATA_BASE_URL`, else where it is for every
    /// instance. No proxy is asked for it.
    pub fn new(base: Option<&str>) -> Result<InstanceMetadata, ClientError> {
        let bases = match base {
            Some(base) => vec![base_url(base)?],
            None => BASES.iter().map(|base| base_url(base)).collect::<Result<_, _>>()?,
        };
        Ok(InstanceMetadata { http: metadata_client()?, bases })
    }

    /// The region of the instance.
    pub async fn region(&self) -> Result<InstanceRegion, ClientError> {
        match self.text("/instance/regionInfo").await {
            Ok(text) => {
                let described: RegionMetadata = serde_json::from_str(&text).map_err(|error| {
                    let text = format!("metadata service, /instance/regionInfo: {error}");
                    ClientError::setup(text)
                })?;
                let name = described.region_identifier.clone();
                Ok(InstanceRegion { name, described: Some(described) })
            }
            Err(error) if error.status() == Some(404) => {
                let name = self.text("/instance/region").await?.trim().to_ascii_lowercase();
                let long = SHORT_KEYS.iter().find(|(short, _)| *short == name);
                let name = long.map_or(name, |(_, long)| (*long).to_owned());
                Ok(InstanceRegion { name, described: None })
            }
            Err(error) => Err(error),
        }
    }

    /// The text at a path below the base.
    pub(super) async fn text(&self, path: &str) -> Result<String, ClientError> {
        let mut outcome = Err(ClientError::setup("no address of the metadata service"));
        for base in &self.bases {
            outcome = self.text_at(&below(base, path, &[])).await;
            if !matches!(outcome, Err(ClientError::Unreachable { .. })) {
                break;
            }
        }
        outcome.map_err(|error| match error {
            ClientError::Unreachable { host, cause, .. } => {
                let host = format!("the metadata service {host}");
                ClientError::Unreachable { host, cause, advice: ADVICE }
            }
            other => other.about(&format!("metadata service, {path}")),
        })
    }

    async fn text_at(&self, url: &Url) -> Result<String, ClientError> {
        let build = || Ok(self.http.get(url.clone()).header("authorization", AUTHORIZATION));
        exchange(url, Repeat::Always, &Tries::new(RetryPolicy::BRIEF), build).await?.text()
    }
}
