//! Health and metrics, on any host name (interface.md 2).

use http::Method;
use platform::Platform;

use crate::answer::{Answer, text};

/// The answer, if the request is for one of these paths.
pub(crate) fn answer(platform: &Platform, method: &Method, path: &str) -> Option<Answer> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return None;
    }
    match path {
        "/health/live" => Some(text(200, "text/plain", "live\n")),
        "/health/ready" if platform.is_ready() => Some(text(200, "text/plain", "ready\n")),
        "/health/ready" => Some(text(503, "text/plain", "not ready\n")),
        "/metrics" => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            Some(text(200, kind, platform.metrics().text()))
        }
        _ => None,
    }
}
