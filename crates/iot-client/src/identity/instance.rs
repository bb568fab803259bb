//! Instance principals: the certificate of a compute instance for a token (control-plane.md 2.6).

use std::sync::OnceLock;

use http::HeaderValue;
use oci_core::date::imf_fixdate;
use oci_core::federation::{CertificateError, LeafCertificate, exchange_body};
use oci_core::key::PrivateKey;
use oci_core::sign::{Signer, token_key_id};
use reqwest::Url;
use serde::Deserialize;

use super::InstanceMetadata;
use crate::answer::now_s;
use crate::exchange::{Repeat, Tries, base_url, exchange};
use crate::limits::FEDERATION_FAILURES_MAX;
use crate::{ClientError, RetryPolicy};

/// Path of the exchange, where only the host of the service is known.
const PATH: &str = "/v1/x509";

/// The compute instance that this is.
pub struct InstancePrincipal {
    metadata: InstanceMetadata,
    http: reqwest::Client,
    url: Url,
    tries: Tries,
    /// The tenancy of the first certificate: an instance does not change it.
    tenancy_id: OnceLock<String>,
}

impl InstancePrincipal {
    /// `federation` is where certificates are exchanged: the complete address, or the host alone
    /// with or without `https://`.
    pub fn new(
        metadata: InstanceMetadata,
        http: reqwest::Client,
        federation: &str,
    ) -> Result<InstancePrincipal, ClientError> {
        let federation = federation.trim();
        let mut url = match federation.contains("://") {
            true => base_url(federation)?,
            false => base_url(&format!("https://{federation}"))?,
        };
        if url.path() == "/" {
            url.set_path(PATH);
        }
        let policy = RetryPolicy { failures_max: FEDERATION_FAILURES_MAX, ..RetryPolicy::BRIEF };
        let tries = Tries::new(policy);
        Ok(InstancePrincipal { metadata, http, url, tries, tenancy_id: OnceLock::new() })
    }

    /// A new session key and the token for it.
    pub(super) async fn sign_in(&self) -> Result<Signer, ClientError> {
        let (certificate, key, intermediate) = tokio::try_join!(
            self.metadata.text("/identity/cert.pem"),
            self.metadata.text("/identity/key.pem"),
            self.metadata.text("/identity/intermediate.pem"),
        )?;
        let unusable = |what: &str, error: &dyn std::fmt::Display| {
            ClientError::setup(format!("metadata service, /identity/{what}: {error}"))
        };
        let leaf = LeafCertificate::from_pem(&certificate)
            .map_err(|error| unusable("cert.pem", &error))?;
        self.same_tenancy(&leaf)?;
        let leaf_key =
            PrivateKey::from_pem(&key, None).map_err(|error| unusable("key.pem", &error))?;
        let session_key = PrivateKey::generate();
        let body = exchange_body(&leaf, &session_key.public(), &intermediate)
            .map_err(|error: CertificateError| unusable("intermediate.pem", &error))?;
        tracing::debug!("Exchanging the instance's certificate for a token at {}", self.url);
        let token = self.exchange(&Signer::new(leaf.key_id(), leaf_key), &body).await?;
        Ok(Signer::new(token_key_id(&token), session_key))
    }

    fn same_tenancy(&self, leaf: &LeafCertificate) -> Result<(), ClientError> {
        let known = self.tenancy_id.get_or_init(|| leaf.tenancy_id().to_owned());
        if known == leaf.tenancy_id() {
            return Ok(());
        }
        let now = leaf.tenancy_id();
        Err(ClientError::setup(format!(
            "the instance's certificate has changed from tenancy {known} to {now}; start again"
        )))
    }

    async fn exchange(&self, signer: &Signer, body: &[u8]) -> Result<String, ClientError> {
        #[derive(Deserialize)]
        struct TokenAnswer {
            token: String,
        }
        let build = || {
            let date = imf_fixdate(now_s());
            let headers = signer.sign_without_host(
                "POST",
                self.url.path(),
                &date,
                (body, "application/json"),
            );
            let mut request = self.http.post(self.url.clone()).header("accept", "*/*");
            for (name, value) in headers {
                let mut value = HeaderValue::from_str(&value).map_err(|_| {
                    ClientError::setup("the tenancy of the instance's certificate is no OCID")
                })?;
                value.set_sensitive(name == "authorization");
                request = request.header(name, value);
            }
            Ok(request.body(body.to_vec()))
        };
        let answer = exchange(&self.url, Repeat::Always, &self.tries, build).await;
        let answer = answer.and_then(|answer| answer.json_secret::<TokenAnswer>());
        answer
            .map(|answer| answer.token)
            .map_err(|error| error.about(&format!("exchange of the certificate at {}", self.url)))
    }
}
