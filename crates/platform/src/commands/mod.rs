//! Raw commands: invoked on the control plane, delivered on MQTT sessions, answered on an endpoint
//! (devices.md 7).
//!
//! Every transition is durable before anything follows from it. What is not settled is in memory,
//! without payloads; after a restart it is read back and its time goes on.

mod book;
mod delivery;
mod details;

use std::sync::Arc;

use bytes::Bytes;
use iot_api::commands::InvokeRawCommandDetails;

use crate::changes::Target;
use crate::error::Refusal;
use crate::limits::COMMANDS_OPEN_MAX;
use crate::platform::Platform;
use crate::store::{
    CommandResponse, DeliveryStatus, Instance, Lifecycle, NewCommand, OpenCommand, TwinNo,
};
use crate::validate::Asked;

pub(crate) use delivery::Commands;

impl Platform {
    /// Keeps a command and sends it, if its device listens; where its record can be read.
    ///
    /// # Errors
    /// `InvalidParameter` with every finding, `NotAuthorizedOrNotFound`, `Conflict` when too many
    /// commands of the instance are open.
    pub async fn command_invoke(
        &self,
        target: Target<'_>,
        asked: Asked<InvokeRawCommandDetails>,
        created_by: Option<String>,
    ) -> Result<String, Refusal> {
        let instance: Instance = self.live(target.id, None).await?;
        let request = details::check(asked)?;
        let now_us = self.now_us();
        let id = oci_core::ocid::random_hex(16).to_ascii_lowercase();
        let location = self.command_location(&instance, &id).await?;
        let headers = || vec![("location".to_owned(), location.clone())];
        let command = NewCommand {
            open: OpenCommand {
                id,
                twin: instance.no,
                via: self.command_via(&instance).await?,
                request_endpoint: request.endpoint,
                request_content_type: request.content_type,
                response_endpoint: request.response_endpoint,
                response_us: request.response_us,
                deadline_us: now_us + request.request_us,
                status: DeliveryStatus::Accepted,
                delivery: None,
            },
            request_duration: request.request_duration,
            request_data_format: request.format,
            request_data: request.payload,
            response_duration: request.response_duration,
            created_by,
            time_created_us: now_us,
            answer: target.attempt.map(|attempt| attempt.answer(202, headers(), Vec::new())),
        };
        if self.commands.open_of(instance.no).await >= COMMANDS_OPEN_MAX {
            return Err(Refusal::new(
                iot_api::ErrorCode::Conflict,
                format!(
                    "{COMMANDS_OPEN_MAX} commands of this digital twin instance are not settled; wait until some are"
                ),
            ));
        }
        self.commands.invoke(command).await?;
        Ok(location)
    }

    /// Twins on whose sessions a command for this one may go: its own, or its gateways'.
    async fn command_via(&self, instance: &Instance) -> Result<Vec<TwinNo>, Refusal> {
        let mut via = Vec::new();
        match instance.connectivity_type.as_str() {
            "DIRECT" | "GATEWAY" => via.push(instance.no),
            "INDIRECT" => {
                for gateway in &instance.gateways {
                    let gateway = self.instance_get(gateway).await?;
                    if gateway.common.lifecycle == Lifecycle::Active {
                        via.push(gateway.no);
                    }
                }
            }
            _ => {}
        }
        Ok(via)
    }

    /// Where the record of a command can be read: its URL in the data API (control-plane.md 1.3).
    async fn command_location(
        &self,
        instance: &Instance,
        command_id: &str,
    ) -> Result<String, Refusal> {
        let domain = self.domain_get(&instance.common.parent_id).await?;
        let group = self.domain_group_get(&domain.group_id).await?;
        let host = self.names().with_port(&self.names().data(&group.short_id));
        let short_id = domain.short_id;
        Ok(format!("https://{host}/ords/{short_id}/20250531/rawCommandData/{command_id}"))
    }

    /// The device acknowledged a command (by its name in [`crate::sessions::CommandMessage`]), or
    /// did not take it.
    pub async fn command_acknowledged(&self, command: u64, taken: bool) {
        self.commands.acknowledged(command, taken).await;
    }

    /// Completes a command, if this message is the answer to one; it is not telemetry then.
    pub(crate) async fn command_answered(
        &self,
        twin: TwinNo,
        endpoint: &str,
        content_type: Option<&str>,
        content: &Bytes,
    ) -> bool {
        self.commands.expects(twin, endpoint)
            && self.commands.answered(twin, endpoint, content_type, content).await
    }
}

/// The answer as it is kept; `None` for one that is not what its content type says.
fn response(content_type: Option<&str>, content: &Bytes) -> Option<CommandResponse> {
    let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(content).is_ok();
    let says_json = content_type.is_some_and(|text| text.starts_with("application/json"));
    let is_text = std::str::from_utf8(content).is_ok();
    let says_text = content_type.is_some_and(|text| text.starts_with("text/"));
    if says_json && !is_json || says_text && !is_text {
        return None;
    }
    let (format, implied) = match (is_json, is_text) {
        (true, _) => ("JSON", "application/json"),
        (false, true) => ("TEXT", "text/plain"),
        (false, false) => ("BINARY", "application/octet-stream"),
    };
    Some(CommandResponse {
        format,
        content_type: Some(content_type.unwrap_or(implied).to_owned()),
        content: content.to_vec(),
    })
}

/// Starts what watches over deadlines; it ends with the platform.
pub(crate) fn watch_deadlines(commands: &Arc<Commands>) {
    let commands = Arc::downgrade(commands);
    tokio::spawn(delivery::watch_deadlines(commands));
}
