//! `POST /platform/v1/digitalTwinInstances/{id}/actions/rewriteHistory` on the host of the control
//! plane, signed like its requests. OCI has no such path.

use std::sync::Arc;

use http::request::Parts;
use hyper::body::Incoming;
use iot_api::history::RewriteHistoryDetails;
use iot_api::{ErrorCode, PLATFORM_PATH};
use platform::identity::authorize::Named;
use platform::identity::rules::Rule;
use platform::{Platform, Refusal};

use crate::answer::{Answer, error, json, refused, set};
use crate::query::decode;
use crate::signed::{self, Signed};

/// Whether a path is one of this module's.
pub(crate) fn is_meant(path: &str) -> bool {
    below(path).is_some()
}

/// What follows [`PLATFORM_PATH`].
fn below(path: &str) -> Option<&str> {
    path.trim_start_matches('/').strip_prefix(&PLATFORM_PATH[1..])?.strip_prefix('/')
}

/// Answers a request.
pub(crate) async fn answer(
    platform: &Arc<Platform>,
    parts: &Parts,
    incoming: &mut Incoming,
) -> Answer {
    let signed = match signed::receive(platform, parts, incoming).await {
        Ok(signed) => signed,
        Err(answer) => return *answer,
    };
    let path: Vec<&str> = below(parts.uri.path()).unwrap_or_default().split('/').collect();
    let ["digitalTwinInstances", id, "actions", "rewriteHistory"] = path.as_slice() else {
        return error(ErrorCode::NotFound, "no operation has this path");
    };
    if parts.method != http::Method::POST {
        let mut answer = error(ErrorCode::MethodNotAllowed, "this path takes POST");
        set(&mut answer, "allow", "POST");
        return answer;
    }
    rewrite(platform, &signed, &decode(id, false)).await.unwrap_or_else(|refusal| refused(&refusal))
}

async fn rewrite(platform: &Platform, signed: &Signed, id: &str) -> Result<Answer, Refusal> {
    let named = Named {
        path_id: id,
        compartment_id: None,
        iot_domain_id: None,
        secret_name: None,
        body: &signed.body,
    };
    platform.authorize(&signed.caller, Rule::REWRITE_HISTORY, &named).await?;
    let details: RewriteHistoryDetails = serde_json::from_slice(&signed.body)
        .map_err(|error| Refusal::invalid(format!("the body: {error}")))?;
    // Beside no other change: the model that it normalises for stays until it has written.
    let _turn = platform.turn_alone().await;
    Ok(json(200, &platform.history_rewrite(id, &details).await?))
}
