//! Messages that a gateway sends for another twin (devices.md 6).

use std::sync::Arc;

use adapter::{Delegation, Message};

use super::accept::{PublishRefused, normalise, off_the_sockets};
use super::twins::Twin;
use crate::platform::Platform;
use crate::store::{MessageRow, RowOutcome};

impl Platform {
    /// The row of the twin that a part of a gateway's message belongs to. Without such a twin, or
    /// when it does not name this gateway, the gateway's own row becomes a rejection.
    pub(super) async fn delegate(
        &self,
        gateway: &Twin,
        row: &mut MessageRow,
        delegation: Delegation,
    ) -> Result<Option<MessageRow>, PublishRefused> {
        let target = &delegation.target;
        let found = self.twin(&gateway.domain_id, target).await;
        let Some(child) = found.map_err(|_| PublishRefused::Unavailable)? else {
            let message = format!("Target digital twin instance '{target}' not found");
            row.outcome = RowOutcome::Rejected { code: 404, message };
            return Ok(None);
        };
        let is_associated =
            child.connectivity_type == "INDIRECT" && child.gateways.contains(&gateway.id);
        if !is_associated {
            let message = format!(
                "Target digital twin instance '{target}' is not associated with this gateway"
            );
            row.outcome = RowOutcome::Rejected { code: 403, message };
            return Ok(None);
        }
        let outcome = self.outcome_of_child(&child, row, &delegation).await;
        Ok(Some(MessageRow {
            twin: child.no,
            endpoint: row.endpoint.clone(),
            content_type: Some("application/json".to_owned()),
            content: delegation.content.into(),
            time_received_us: row.time_received_us,
            outcome,
            held: None,
        }))
    }

    /// Runs the child's own adapter on the endpoint that the gateway used; it inherits the time
    /// that the gateway observed.
    async fn outcome_of_child(
        &self,
        child: &Arc<Twin>,
        row: &MessageRow,
        delegation: &Delegation,
    ) -> RowOutcome {
        let Some(adapter) = &child.adapter else { return RowOutcome::RawOnly };
        let message = Message {
            endpoint: &row.endpoint,
            content: &delegation.content,
            time_received_us: delegation.time_observed_us.unwrap_or(row.time_received_us),
        };
        let (outcome, onward) = if child.adapter_is_slow() {
            let _turn = self.ingest.slow_turn().await;
            off_the_sockets(|| normalise(child, adapter, &message))
        } else {
            normalise(child, adapter, &message)
        };
        match onward {
            None => outcome,
            // An indirect twin's adapter has no target; there is one level of gateways only.
            Some(Delegation { target, .. }) => RowOutcome::Rejected {
                code: 404,
                message: format!("Target digital twin instance '{target}' not found"),
            },
        }
    }
}
