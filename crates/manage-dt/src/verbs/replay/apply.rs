//! `replay --apply`: the platform rewrites its history with the new adapter.

use iot_api::history::{RewriteHistoryDetails, RewrittenHistory};
use iot_client::ClientError;

use super::compare::Changes;
use crate::client_errors::failed;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::session::Session;

const CANNOT: &str = "Cannot rewrite the history of the Digital Twin Instance";

/// Whether the platform can do it, for this caller and with this adapter: asked with a range of no
/// time, before anything is read or said.
pub async fn check(
    session: &Session,
    instance_id: &str,
    details: &RewriteHistoryDetails,
) -> Result<(), Failure> {
    let no_time = Some("1970-01-01T00:00:00Z".to_owned());
    let nothing = RewriteHistoryDetails {
        time_received_since: no_time.clone(),
        time_received_before: no_time,
        ..details.clone()
    };
    match session.control.history_rewrite(instance_id, &nothing).await {
        Ok(_) => Ok(()),
        Err(ClientError::Service { status: 404 | 405, .. }) => Err(Failure::new(
            ExitCode::Refused,
            format!("{CANNOT}: this platform does not offer it"),
        )
        .hint(
            "only `manage-dt serve` rewrites history, for callers who may manage the \
                     instance; without --apply the changes are shown",
        )),
        Err(error) => Err(failed(CANNOT, &error)),
    }
}

/// Rewrites.
pub async fn rewrite(
    session: &Session,
    instance_id: &str,
    details: &RewriteHistoryDetails,
) -> Result<RewrittenHistory, Failure> {
    let done = session.control.history_rewrite(instance_id, details).await;
    done.map_err(|error| failed(CANNOT, &error))
}

/// What is asked before.
pub fn question(twin: &str, changes: &Changes) -> String {
    format!(
        "Rewrite the history of '{twin}': {} messages, {} of them with another outcome?",
        changes.messages,
        changes.newly_accepted + changes.newly_rejected + changes.different
    )
}

/// One line.
pub fn text(done: &RewrittenHistory) -> String {
    let RewrittenHistory { messages, normalized, rejected, left_alone } = done;
    format!(
        "History rewritten: {messages} messages, {normalized} normalised, {rejected} rejected, {left_alone} left as they were\n"
    )
}
