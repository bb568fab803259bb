//! What a command may look like (control-plane.md 4.6).

use base64::Engine as _;
use iot_api::commands::InvokeRawCommandDetails;
use jiff::{SignedDuration, Span, SpanRelativeTo};
use serde_json::value::RawValue;

use crate::error::Refusal;
use crate::limits::{
    COMMAND_BYTES_MAX, COMMAND_DURATION_DEFAULT, COMMAND_SECONDS_MAX, CONTENT_TYPE_BYTES_MAX,
    ENDPOINT_BYTES_MAX,
};
use crate::topics::is_topic;
use crate::validate::{Asked, Findings};

/// A command that can be.
#[derive(Debug)]
pub(super) struct Request {
    pub endpoint: String,
    pub format: String,
    pub content_type: String,
    pub payload: Vec<u8>,
    pub request_duration: String,
    pub request_us: i64,
    pub response_endpoint: Option<String>,
    pub response_duration: Option<String>,
    pub response_us: i64,
}

/// Checks all of it; the refusal has every finding.
pub(super) fn check(asked: Asked<InvokeRawCommandDetails>) -> Result<Request, Refusal> {
    let Asked { details, mut findings } = asked;
    endpoint(&mut findings, "requestEndpoint", &details.request_endpoint);
    if let Some(text) = &details.response_endpoint {
        endpoint(&mut findings, "responseEndpoint", text);
    }
    let request_duration =
        details.request_duration.unwrap_or_else(|| COMMAND_DURATION_DEFAULT.to_owned());
    let request_us = duration(&mut findings, "requestDuration", &request_duration);
    // Without an answer to wait for, the duration is kept and has no effect.
    let response_duration = match (&details.response_endpoint, details.response_duration) {
        (Some(_), None) => Some(COMMAND_DURATION_DEFAULT.to_owned()),
        (_, given) => given,
    };
    let response_us = match &response_duration {
        Some(text) => duration(&mut findings, "responseDuration", text),
        None => 0,
    };
    let implied = match details.request_data_format.as_str() {
        "JSON" => "application/json",
        "TEXT" => "text/plain",
        "BINARY" => "application/octet-stream",
        other => {
            findings.add(format!(
                "requestDataFormat is '{}'; it must be JSON, TEXT or BINARY",
                other.escape_debug()
            ));
            ""
        }
    };
    let content_type = details.request_data_content_type.unwrap_or_else(|| implied.to_owned());
    if content_type.len() > CONTENT_TYPE_BYTES_MAX || content_type.contains(char::is_control) {
        findings.add(format!(
            "requestDataContentType: at most {CONTENT_TYPE_BYTES_MAX} bytes, no control characters"
        ));
    }
    let payload = match payload(&details.request_data_format, details.request_data.as_deref()) {
        Ok(payload) => payload,
        Err(finding) => {
            findings.add(finding);
            Vec::new()
        }
    };
    if payload.len() > COMMAND_BYTES_MAX {
        findings.add(format!(
            "requestData: {} bytes for the device; at most {COMMAND_BYTES_MAX} are allowed",
            payload.len()
        ));
    }
    findings.check()?;
    Ok(Request {
        endpoint: details.request_endpoint,
        format: details.request_data_format,
        content_type,
        payload,
        request_duration,
        request_us,
        response_endpoint: details.response_endpoint,
        response_duration,
        response_us,
    })
}

fn endpoint(findings: &mut Findings, member: &str, text: &str) {
    if !is_topic(text) || text.len() > ENDPOINT_BYTES_MAX {
        findings.add(format!(
            "{member}: must be a topic of 1 to {ENDPOINT_BYTES_MAX} bytes without + or #, such as iot/v1/cmd/k1"
        ));
    }
}

/// Microseconds of an ISO 8601 duration.
fn duration(findings: &mut Findings, member: &str, text: &str) -> i64 {
    let span = text.starts_with('P').then(|| text.parse::<Span>().ok()).flatten();
    let length = span.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok());
    let longest = SignedDuration::from_secs(COMMAND_SECONDS_MAX);
    match length {
        Some(length) if length > SignedDuration::ZERO && length <= longest => {
            i64::try_from(length.as_micros()).unwrap_or(i64::MAX)
        }
        _ => {
            findings.add(format!(
                "{member} is '{}'; it must be an ISO 8601 duration above zero and at most PT24H, such as PT10M",
                text.escape_debug()
            ));
            0
        }
    }
}

/// The bytes for the device.
fn payload(format: &str, data: Option<&RawValue>) -> Result<Vec<u8>, String> {
    let Some(data) = data.map(RawValue::get).filter(|text| *text != "null") else {
        return Ok(Vec::new());
    };
    let text = || serde_json::from_str::<String>(data);
    match format {
        "JSON" if data.starts_with('{') => Ok(compact(data)),
        "JSON" => Err("requestData must be a JSON object".to_owned()),
        "TEXT" => match text() {
            Ok(text) => Ok(text.into_bytes()),
            Err(_) => Err("requestData must be a string".to_owned()),
        },
        "BINARY" => {
            let engine = base64::engine::general_purpose::STANDARD;
            let decoded = text().ok().and_then(|text| engine.decode(text).ok());
            decoded.ok_or_else(|| "requestData must be a string of base64".to_owned())
        }
        _ => Ok(Vec::new()),
    }
}

/// JSON text without the blanks between its parts; numbers stay as they were written.
fn compact(json: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len());
    let (mut in_text, mut escaped) = (false, false);
    for byte in json.bytes() {
        if in_text {
            out.push(byte);
            in_text = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
        } else if !byte.is_ascii_whitespace() {
            out.push(byte);
            in_text = byte == b'"';
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn details(text: &str) -> Result<Request, Refusal> {
        let details = serde_json::from_str(text).expect("a body");
        check(Asked { details, findings: Findings::default() })
    }

    #[test]
    fn payloads_are_what_the_device_gets() {
        let of = |format: &str, data: &str| {
            let body = format!(
                r#"{{"requestDataFormat":"{format}","requestEndpoint":"cmd","requestData":{data}}}"#
            );
            details(&body).map(|request| String::from_utf8(request.payload).expect("text"))
        };
        assert_eq!(
            of("JSON", r#"{ "a b" : [1.50, "\" }"] }"#).unwrap(),
            r#"{"a b":[1.50,"\" }"]}"#
        );
        assert_eq!(of("TEXT", r#""a\nb""#).unwrap(), "a\nb");
        assert_eq!(of("BINARY", r#""aGk=""#).unwrap(), "hi");
        assert_eq!(of("JSON", "null").unwrap(), "");
        for (format, data) in [("JSON", "[1]"), ("TEXT", "{}"), ("BINARY", "\"?\""), ("XML", "1")] {
            assert!(of(format, data).is_err(), "{format} {data}");
        }
    }

    #[test]
    fn durations_have_bounds_and_defaults() {
        let of = |duration: &str| {
            details(&format!(
                r#"{{"requestDataFormat":"TEXT","requestEndpoint":"cmd","requestDuration":"{duration}"}}"#
            ))
        };
        for (text, seconds) in [("PT30S", 30), ("PT01M", 60), ("PT60M", 3600), ("PT24H", 86400)] {
            assert_eq!(of(text).unwrap().request_us, seconds * 1_000_000, "{text}");
        }
        for bad in ["PT0S", "PT24H1S", "-PT1S", "10 minutes", "P1M", "", "PT"] {
            let refusal = of(bad).unwrap_err();
            assert!(refusal.message.contains("requestDuration"), "{bad}: {refusal}");
        }
        let body = r#"{"requestDataFormat":"TEXT","requestEndpoint":"c","responseEndpoint":"r"}"#;
        let request = details(body).unwrap();
        assert_eq!(request.request_duration, "PT10M");
        assert_eq!(request.response_duration.as_deref(), Some("PT10M"));
    }
}
