//! Content of a twin as of an instant, `…/ords/<domain>/20250531/contentAt/<instance>?at=<time>`.
//! OCI has no such path.

use std::sync::Arc;

use platform::Platform;
use platform::clock::{rfc3339, rfc3339_us};
use platform::store::PastContent;
use serde::Serialize;
use serde_json::value::RawValue;

use super::problem::{Problem, answer as problem};
use super::store_failed;
use crate::answer::{Answer, json};
use crate::query::Query;

/// The answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Past<'a> {
    digital_twin_instance_id: &'a str,
    time: String,
    values: Vec<Value>,
    /// Content paths of today without a value from then that is kept.
    unknown: Vec<String>,
    /// Time observed of the oldest message whose values are kept; null when there is none.
    time_oldest: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Value {
    content_path: String,
    value: Box<RawValue>,
    time_observed: String,
}

/// Answers; without `at` as of now.
pub(super) async fn answer(
    platform: &Arc<Platform>,
    domain_id: &str,
    id: &str,
    query: &Query,
) -> Result<Answer, Box<Answer>> {
    let at_us = match query.get("at") {
        None => platform.now_us(),
        Some(text) => rfc3339_us(text).ok_or_else(|| {
            let text = text.escape_debug();
            let message = format!("at is '{text}'; it must be a time such as 2026-01-05T08:00:00Z");
            Box::new(problem(Problem::BadRequest, &message))
        })?,
    };
    let found = platform.content_at(domain_id, id, at_us).await.map_err(store_failed)?;
    let Some(PastContent { values, unknown, oldest_us }) = found else {
        let message = format!("this domain has no digital twin instance '{}'", id.escape_debug());
        return Err(Box::new(problem(Problem::NotFound, &message)));
    };
    let value = |(content_path, value, time_us): (String, String, i64)| Value {
        content_path,
        value: RawValue::from_string(value).unwrap_or_default(),
        time_observed: rfc3339(time_us),
    };
    Ok(json(
        200,
        &Past {
            digital_twin_instance_id: id,
            time: rfc3339(at_us),
            values: values.into_iter().map(value).collect(),
            unknown,
            time_oldest: oldest_us.map(rfc3339),
        },
    ))
}
