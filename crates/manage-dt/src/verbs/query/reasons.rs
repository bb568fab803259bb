//! Why messages had nothing to map: the platform's reason does not say which route matched and what
//! the message lacks (adapters-and-models.md A9), so the twin's adapter is asked here.

use futures_util::{StreamExt, stream};
use iot_api::data::DataCollection;
use iot_api::instances::DigitalTwinInstance;
use serde_json::Value;

use super::rows::{REQUESTS_MAX, Record, Rows};
use crate::print::json_text::bare;
use crate::session::Session;
use crate::verbs::adapter::trace;
use crate::verbs::present_adapter;

/// Reason code of a message that gave nothing.
const EMPTY: u64 = 500;

/// A line for each message that gave nothing. What the platform does not give is left out: the
/// table above stands for itself.
pub async fn of(
    session: &Session,
    instance: &DigitalTwinInstance,
    rows: &Rows,
    rejected: &[Record],
) -> String {
    let is_empty = |row: &&Record| row.get("reason_code").and_then(Value::as_u64) == Some(EMPTY);
    let empty: Vec<&Record> = rejected.iter().filter(is_empty).collect();
    if empty.is_empty() || instance.digital_twin_adapter_id.is_none() {
        return String::new();
    }
    let present = match present_adapter::fetch(session, instance).await {
        Ok(present) => present,
        Err(unavailable) => {
            tracing::debug!("Rejections are not explained: {unavailable:?}");
            return String::new();
        }
    };
    let line = async |row: &&Record| {
        let message = rows.message(DataCollection::RejectedData, row).await?;
        // Another outcome means that the adapter has changed since.
        let lacks = trace::lacks(&present.adapter.explain(&message.message()))?;
        Some(format!("#{}: {lacks}\n", bare(row.get("id").unwrap_or(&Value::Null))))
    };
    let lines: Vec<Option<String>> =
        stream::iter(&empty).map(line).buffered(REQUESTS_MAX).collect().await;
    lines.into_iter().flatten().collect()
}
