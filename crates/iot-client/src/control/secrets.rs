//! Retrieval of secrets, signed as requests to the control plane are.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use iot_api::vault::SecretBundleContent;
use serde::Deserialize;

use super::{Call, ControlClient};
use crate::ClientError;
use crate::exchange::{Repeat, base_url, below, segment};

/// Path of the retrieval API.
const SECRET_BUNDLES_PATH: &str = "/20190301/secretbundles";

/// What is read of an answer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bundle {
    secret_bundle_content: SecretBundleContent,
}

impl ControlClient {
    /// The current content of a secret; `vault` is `https://secrets.vaults.<region>.oci.<domain>`.
    pub async fn secret_content(
        &self,
        vault: &str,
        secret_id: &str,
    ) -> Result<Vec<u8>, ClientError> {
        let client = ControlClient { base: base_url(vault)?, ..self.clone() };
        let path = format!("{SECRET_BUNDLES_PATH}/{}", segment(secret_id)?);
        let call = Call::new(Method::GET, below(&client.base, &path, &[]));
        let answer = client.send(&call, Repeat::Always).await?;
        let bundle: Bundle = answer.json_secret()?;
        STANDARD
            .decode(bundle.secret_bundle_content.content)
            .map_err(|_| answer.protocol("the content of the secret is not base64"))
    }
}
