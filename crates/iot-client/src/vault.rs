//! Retrieval of secrets, signed as requests to the control plane are.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use iot_api::vault::SecretBundleContent;
use oci_core::sign::Signer;
use serde::Deserialize;

use crate::ClientError;
use crate::control::ControlClient;

/// Path of the retrieval API.
const SECRET_BUNDLES_PATH: &str = "/20190301/secretbundles";

/// What is read of an answer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bundle {
    secret_bundle_content: SecretBundleContent,
}

/// The current content of a secret; `endpoint` is `https://secrets.vaults.<region>.oci.<domain>`.
pub async fn secret_content(
    http: reqwest::Client,
    endpoint: &str,
    signer: Arc<Signer>,
    secret_id: &str,
) -> Result<Vec<u8>, ClientError> {
    let client = ControlClient::below_path(http, endpoint, SECRET_BUNDLES_PATH, signer)?;
    let answer = client.read("", secret_id).await?;
    let bundle: Bundle = answer.json_secret()?;
    STANDARD
        .decode(bundle.secret_bundle_content.content)
        .map_err(|_| answer.protocol("the content of the secret is not base64"))
}
