//! Bodies of creates: JSON of one known form.

use iot_api::ErrorCode;
use platform::Refusal;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// Findings about one body, and turns of the search for them.
const FINDINGS_MAX: usize = 32;

/// Reads a body.
///
/// # Errors
/// `CannotParseRequest` with the place, `MissingParameter` or `InvalidParameter` with the member.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    let details = serde_json::from_slice(body);
    // A member of the wrong kind may stand before the place where the text breaks off.
    if details.is_err()
        && let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(body)
    {
        return Err(Refusal::new(ErrorCode::CannotParseRequest, format!("the body: {error}")));
    }
    // An array would be read as the members in their order.
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err(Refusal::invalid("the body must be a JSON object"));
    }
    details.map_err(|error| all_findings::<T>(body, &error))
}

/// Reads the members one by one, so that every one that is wrong is reported and not the first
/// alone. `error` is what reading them all at once said.
fn all_findings<T: DeserializeOwned>(body: &[u8], error: &serde_json::Error) -> Refusal {
    let Ok(mut members) = serde_json::from_slice::<Map<String, Value>>(body) else {
        return Refusal::invalid(format!("the body: {error}"));
    };
    let mut findings = Vec::new();
    let mut missing = Vec::new();
    // Each turn takes a wrong member out or puts a missing one in; there are not many.
    for _ in 0..FINDINGS_MAX {
        let Err(error) = T::deserialize(&Value::Object(members.clone())) else { break };
        let text = error.to_string();
        if let Some((name, inner)) = inner_missing::<T>(&members, &text) {
            missing.push(format!("{name}.{inner}"));
            take_out::<T>(&mut members, &name);
        } else if let Some(name) = quoted(&text, "missing field `") {
            if missing.iter().any(|known| known == name) {
                break;
            }
            missing.push(name.to_owned());
            if !stand_in::<T>(&mut members, name) {
                break;
            }
        } else if let Some(name) = quoted(&text, "unknown field `") {
            let name = name.to_owned();
            findings.push(format!("{name}: is not a member of this request"));
            if members.shift_remove(&name).is_none() {
                break;
            }
        } else {
            let Some((name, why)) = wrong_member::<T>(&members) else { break };
            // What stands in for a needed member is not right either where only some words are.
            let known = |finding: &String| finding.starts_with(&format!("{name}: "));
            if findings.iter().any(known) || missing.contains(&name) {
                break;
            }
            findings.push(format!("{name}: {why}"));
            take_out::<T>(&mut members, &name);
        }
    }
    let code = match (findings.is_empty(), missing.is_empty()) {
        (true, true) => return Refusal::invalid(format!("the body: {error}")),
        (true, false) => ErrorCode::MissingParameter,
        (false, _) => ErrorCode::InvalidParameter,
    };
    findings.extend(missing.into_iter().map(|name| format!("{name}: is missing")));
    Refusal::new(code, findings.join("\n"))
}

/// The first member without which the error is another one, and what is wrong with it.
fn wrong_member<T: DeserializeOwned>(members: &Map<String, Value>) -> Option<(String, String)> {
    let error = |members: Map<String, Value>| {
        T::deserialize(&Value::Object(members)).err().map(|error| error.to_string())
    };
    let before = error(members.clone())?;
    members.keys().find_map(|name| {
        let mut others = members.clone();
        // The order decides which error comes first, so it must stay.
        others.shift_remove(name);
        (error(others).as_ref() != Some(&before)).then(|| (name.clone(), before.clone()))
    })
}

/// The member inside which something is missing, and what.
fn inner_missing<T: DeserializeOwned>(
    members: &Map<String, Value>,
    error: &str,
) -> Option<(String, String)> {
    let inner = quoted(error, "missing field `")?;
    let (name, _) = wrong_member::<T>(members)?;
    let holds_others =
        members.get(&name).is_some_and(|value| value.is_object() || value.is_array());
    holds_others.then(|| (name, inner.to_owned()))
}

/// Takes a wrong member out, so that the search can go on behind it.
fn take_out<T: DeserializeOwned>(members: &mut Map<String, Value>, name: &str) {
    if members.shift_remove(name).is_some() && is_missing::<T>(members, name) {
        stand_in::<T>(members, name);
    }
}

/// Puts a value of the wanted type in for a member; false when there is none.
fn stand_in<T: DeserializeOwned>(members: &mut Map<String, Value>, name: &str) -> bool {
    let candidates = [json!(""), json!({}), json!([]), json!(0), json!(false)];
    candidates.into_iter().any(|value| {
        members.insert(name.to_owned(), value);
        let error = T::deserialize(&Value::Object(members.clone())).err();
        // A value of the wrong type is what reading stops at, or some other member is.
        error.is_none_or(|error| !error.to_string().starts_with("invalid type"))
    })
}

fn is_missing<T: DeserializeOwned>(members: &Map<String, Value>, name: &str) -> bool {
    let error = T::deserialize(&Value::Object(members.clone())).err();
    error.is_some_and(|error| quoted(&error.to_string(), "missing field `") == Some(name))
}

/// What stands behind `prefix` and before the next backtick.
fn quoted<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    text.strip_prefix(prefix)?.split('`').next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use iot_api::adapters::CreateDigitalTwinAdapterDetails;
    use iot_api::instances::CreateDigitalTwinInstanceDetails;

    #[test]
    fn what_is_wrong_is_named() {
        let is = |body: &str, code: ErrorCode, text: &str| {
            let refusal = read::<CreateDigitalTwinInstanceDetails>(body.as_bytes()).unwrap_err();
            assert_eq!(refusal.code, code, "{body}: {refusal}");
            assert!(refusal.message.contains(text), "{body}: {refusal}");
        };
        is("{\"iotDomainId\":", ErrorCode::CannotParseRequest, "line 1 column 15");
        is("", ErrorCode::CannotParseRequest, "line 1 column 0");
        is("{}", ErrorCode::MissingParameter, "iotDomainId: is missing");
        is("[]", ErrorCode::InvalidParameter, "must be a JSON object");
        is("7", ErrorCode::InvalidParameter, "the body");
        is("{\"iotDomainId\":\"d\",\"x\":1}", ErrorCode::InvalidParameter, "x: is not a member");
        let text = "{\"iotDomainId\":\"d\",\n \"displayName\": 5, \"authId\":\"a\"}";
        is(text, ErrorCode::InvalidParameter, "displayName: invalid type");
        is("{\"iotDomainId\":true}", ErrorCode::InvalidParameter, "iotDomainId: invalid type");
        let many = "{\"x\":1,\"displayName\":5,\"y\":{},\"gateways\":7}";
        for part in [
            "x: is not",
            "displayName: invalid type",
            "y: is not",
            "gateways: invalid type",
            "iotDomainId: is missing",
        ] {
            is(many, ErrorCode::InvalidParameter, part);
        }
        let text = "{\"iotDomainId\":\"d\",\"gateways\":[\"a\",{}]}";
        is(text, ErrorCode::InvalidParameter, "gateways: invalid type");
    }

    #[test]
    fn each_finding_stands_at_its_member_and_once() {
        use iot_api::domains::ConfigureIotDomainDataAccessDetails;
        let body = br#"{"iotDomainId":"d","gateways":"x","authId":5,"nope":1}"#;
        let refusal = read::<CreateDigitalTwinInstanceDetails>(body).unwrap_err();
        let starts: Vec<_> =
            refusal.message.lines().filter_map(|line| line.split(':').next()).collect();
        assert_eq!(starts, ["gateways", "authId", "nope"], "{refusal}");
        let broken = read::<CreateDigitalTwinInstanceDetails>(br#"{"zz":"#).unwrap_err();
        assert_eq!(broken.code, ErrorCode::CannotParseRequest);
        for body in ["{}", r#"{"type":"FOO"}"#] {
            let refusal = read::<ConfigureIotDomainDataAccessDetails>(body.as_bytes()).unwrap_err();
            assert_eq!(refusal.message.lines().count(), 1, "{refusal}");
        }
    }

    #[test]
    fn definitions_stay_text() {
        let body = b"{\"iotDomainId\":\"d\",\"inboundEnvelope\":{\"a\": 1.50}}";
        let details: CreateDigitalTwinAdapterDetails = read(body).unwrap();
        assert_eq!(details.inbound_envelope.unwrap().get(), "{\"a\": 1.50}");
    }
}
