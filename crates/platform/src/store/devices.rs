//! What is kept of MQTT sessions and of raw commands.

use serde::{Deserialize, Serialize};

use super::TwinNo;
use super::work::SavedAnswer;

/// A certificate that twins name as their `authId`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// OCID.
    pub id: String,
    /// Name, one of a kind.
    pub name: String,
}

/// A subscription of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// Topic filter.
    pub filter: String,
    /// Granted QoS.
    pub qos: u8,
    /// Subscription identifier of MQTT 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u32>,
}

/// A session that outlives its connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRecord {
    /// Whose session.
    pub twin: TwinNo,
    /// Client id.
    pub client_id: String,
    /// Seconds it outlives its connection; `u32::MAX` is for ever.
    pub expiry_s: u32,
    /// What it is subscribed to.
    pub subscriptions: Vec<Subscription>,
    /// When its connection ended; `None` while there is one.
    pub ended_us: Option<i64>,
    /// When it began anew: tells it from an earlier session of the same client id.
    pub begun_us: i64,
}

/// A packet id of QoS 2 that the device of a lasting session has not released: its message is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldPacket {
    /// The session's twin.
    pub twin: TwinNo,
    /// The session's client id.
    pub client_id: String,
    /// [`SessionRecord::begun_us`] of the session.
    pub begun_us: i64,
    /// The packet id.
    pub packet_id: u16,
}

/// Where a raw command stands (devices.md 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryStatus {
    /// Stored.
    Accepted,
    /// About to be given to a session.
    Prepared,
    /// A session with a matching subscription exists, its device is away.
    Pending,
    /// Sent to the device.
    Sent,
    /// The answer is here and kept.
    Responded,
    /// Acknowledged, or answered if an answer was expected.
    Completed,
    /// Nobody subscribes to its endpoint, or the twin cannot receive.
    Rejected,
    /// Not delivered in time.
    Expired,
    /// The device did not take it.
    Refused,
    /// Not answered in time.
    NotResponded,
    /// Answered with something that cannot be kept.
    BadResponse,
}

impl DeliveryStatus {
    /// The wire's word.
    pub fn as_str(self) -> &'static str {
        match self {
            DeliveryStatus::Accepted => "ACCEPTED",
            DeliveryStatus::Prepared => "PREPARED",
            DeliveryStatus::Pending => "PENDING",
            DeliveryStatus::Sent => "SENT",
            DeliveryStatus::Responded => "RESPONDED",
            DeliveryStatus::Completed => "COMPLETED",
            DeliveryStatus::Rejected => "REJECTED",
            DeliveryStatus::Expired => "EXPIRED",
            DeliveryStatus::Refused => "REFUSED",
            DeliveryStatus::NotResponded => "NOT_RESPONDED",
            DeliveryStatus::BadResponse => "BAD_RESPONSE",
        }
    }

    /// The status of a word that is not terminal.
    pub fn open(word: &str) -> Option<DeliveryStatus> {
        [
            DeliveryStatus::Accepted,
            DeliveryStatus::Prepared,
            DeliveryStatus::Pending,
            DeliveryStatus::Sent,
            DeliveryStatus::Responded,
        ]
        .into_iter()
        .find(|status| status.as_str() == word)
    }

    /// Whether nothing more happens to the command.
    pub fn is_terminal(self) -> bool {
        DeliveryStatus::open(self.as_str()).is_none()
    }
}

/// A new raw command.
#[derive(Debug, Clone, PartialEq)]
pub struct NewCommand {
    /// What is kept in memory too.
    pub open: OpenCommand,
    /// `requestDuration` in force.
    pub request_duration: String,
    /// `JSON`, `TEXT` or `BINARY`.
    pub request_data_format: String,
    /// The bytes as they go to the device.
    pub request_data: Vec<u8>,
    /// `responseDuration` in force.
    pub response_duration: Option<String>,
    /// OCID of the user who invoked it.
    pub created_by: Option<String>,
    /// Creation.
    pub time_created_us: i64,
    /// The answer, if the request has a retry token.
    pub answer: Option<SavedAnswer>,
}

/// A command that is not settled: everything about it but its payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenCommand {
    /// Id of the record.
    pub id: String,
    /// Whose command.
    pub twin: TwinNo,
    /// Twins on whose sessions it may go: its own, or its gateways.
    pub via: Vec<TwinNo>,
    /// Topic.
    pub request_endpoint: String,
    /// Content type of the payload.
    pub request_content_type: String,
    /// Topic of the answer.
    pub response_endpoint: Option<String>,
    /// Time for the answer, microseconds from the delivery.
    pub response_us: i64,
    /// When its time is up: for the delivery, and for the answer once it is delivered.
    pub deadline_us: i64,
    /// Where it stands.
    pub status: DeliveryStatus,
    /// The session it was sent on.
    pub delivery: Option<Delivery>,
}

/// On which session a command was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The session's twin.
    pub via: TwinNo,
    /// The session's client id.
    pub client_id: String,
    /// Packet id; `None` at QoS 0.
    pub packet_id: Option<u16>,
    /// Acknowledged by the device.
    pub acknowledged: bool,
}

/// The answer to a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandResponse {
    /// `JSON`, `TEXT` or `BINARY`.
    pub format: &'static str,
    /// Content type.
    pub content_type: Option<String>,
    /// The bytes as received.
    pub content: Vec<u8>,
}
