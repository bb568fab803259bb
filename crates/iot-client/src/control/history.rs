//! Rewriting history; only a platform of manage-dt has it (ARCHITECTURE.md).

use iot_api::history::{RewriteHistoryDetails, RewrittenHistory};
use iot_api::{CONTROL_PATH, PLATFORM_PATH};
use reqwest::Method;

use super::{Call, ControlClient};
use crate::ClientError;
use crate::exchange::Repeat;

impl ControlClient {
    /// Runs the kept messages of an instance through an adapter and replaces what became of them.
    pub async fn history_rewrite(
        &self,
        id: &str,
        details: &RewriteHistoryDetails,
    ) -> Result<RewrittenHistory, ClientError> {
        let mut base = self.base.clone();
        let path = base.path().strip_suffix(CONTROL_PATH).unwrap_or_default();
        let path = format!("{path}{PLATFORM_PATH}");
        base.set_path(&path);
        let body = serde_json::to_vec(details)
            .map_err(|error| ClientError::setup(format!("cannot write the request: {error}")))?;
        let path = format!("/digitalTwinInstances/{}/actions/rewriteHistory", super::segment(id)?);
        let url = super::below(&base, &path, &[]);
        let call = Call { body: Some(&body), ..Call::new(Method::POST, url) };
        // The same outcomes once more do no harm.
        self.send(&call, Repeat::Always).await?.json()
    }
}
