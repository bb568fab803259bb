//! Content as of an instant from the data API alone: the snapshot says which content paths there
//! are, and its values hold for instants behind them; the others come from historized data.

use std::collections::BTreeMap;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use iot_api::data::DataCollection;
use iot_client::{ClientError, DataClient};
use jiff::Timestamp;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};

use super::{Past, time};

/// Rows of one page of the snapshot.
const ROWS_MAX: u64 = 1000;
/// Content paths asked for at once.
const REQUESTS_MAX: usize = 4;

type Seen = (Box<RawValue>, String);

/// Asks the data API for it.
pub(super) async fn content_at(
    client: &DataClient,
    id: &str,
    at: Timestamp,
) -> Result<Past, ClientError> {
    let (mut values, mut later) = (BTreeMap::new(), Vec::new());
    for row in snapshot(client, id).await? {
        let Some((path, seen)) = seen(&row) else { continue };
        match seen.1.parse::<Timestamp>() {
            Ok(observed) if observed > at => later.push(path),
            _ => {
                values.insert(path, seen);
            }
        }
    }
    let one = |path: String| async move {
        let seen = historized(client, id, &path, at).await?;
        Ok::<_, ClientError>((path, seen))
    };
    let found = stream::iter(later).map(one).buffered(REQUESTS_MAX);
    let found: Vec<(String, Option<Seen>)> = found.try_collect().await?;
    let mut unknown = Vec::new();
    for (path, seen) in found {
        match seen {
            Some(seen) => {
                values.insert(path, seen);
            }
            None => unknown.push(path),
        }
    }
    unknown.sort_unstable();
    Ok(Past { at, values, unknown, oldest: None, is_rebuilt: true })
}

async fn snapshot(client: &DataClient, id: &str) -> Result<Vec<Map<String, Value>>, ClientError> {
    let filter = json!({"digital_twin_instance_id": id}).to_string();
    let mut rows = Vec::new();
    loop {
        let offset = rows.len() as u64;
        let page = client.list(DataCollection::SnapshotData, &filter, ROWS_MAX, offset).await?;
        let is_last = !page.has_more || page.items.is_empty();
        rows.extend(page.items);
        if is_last {
            return Ok(rows);
        }
    }
}

/// The last value that was observed until then.
async fn historized(
    client: &DataClient,
    id: &str,
    path: &str,
    at: Timestamp,
) -> Result<Option<Seen>, ClientError> {
    let conditions = json!([
        {"digital_twin_instance_id": id},
        {"content_path": path},
        {"time_observed": {"$lte": {"$date": time(at)}}},
    ]);
    let filter = json!({"$and": conditions, "$orderby": {"time_observed": "desc"}}).to_string();
    let page = client.list(DataCollection::HistorizedData, &filter, 1, 0).await?;
    Ok(page.items.first().and_then(seen).map(|(_, seen)| seen))
}

fn seen(row: &Map<String, Value>) -> Option<(String, Seen)> {
    let path = row.get("content_path")?.as_str()?.to_owned();
    let value = to_raw_value(row.get("value")?).ok()?;
    Some((path, (value, row.get("time_observed")?.as_str()?.to_owned())))
}
