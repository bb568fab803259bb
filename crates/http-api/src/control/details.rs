//! Bodies of creates: JSON of one known form.

use iot_api::ErrorCode;
use platform::limits::JSON_DEPTH_MAX;
use platform::{Asked, Findings, Refusal};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// Turns of the search for what is wrong with a body.
const TURNS_MAX: usize = 32;

/// Reads a body.
///
/// # Errors
/// `CannotParseRequest` with the place; what is wrong with the form when no details can stand in.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<Asked<T>, Refusal> {
    if depth(body) > JSON_DEPTH_MAX {
        return Err(Refusal::invalid(format!(
            "the body: its JSON is nested deeper than {JSON_DEPTH_MAX} levels, which is the most \
             that is read"
        )));
    }
    let details = serde_json::from_slice(body);
    if let Err(error) = &details {
        is_json(body, error)?;
    }
    // An array would be read as the members in their order.
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err(Refusal::invalid("the body must be a JSON object"));
    }
    match details {
        Ok(details) => Ok(Asked { details, findings: Findings::default() }),
        Err(error) => all_findings(body, &error),
    }
}

/// Refuses what is no JSON; `error` is what reading it said.
fn is_json(body: &[u8], error: &serde_json::Error) -> Result<(), Refusal> {
    let broken = |why: &dyn std::fmt::Display| {
        Err(Refusal::new(ErrorCode::CannotParseRequest, format!("the body: {why}")))
    };
    if let Err(why) = std::str::from_utf8(body) {
        return broken(&why);
    }
    // A member of the wrong kind may stand before the place where the text breaks off.
    match serde_json::from_slice::<serde::de::IgnoredAny>(body) {
        Err(error) => broken(&error),
        Ok(_) if error.is_syntax() => broken(error),
        Ok(_) => Ok(()),
    }
}

/// How deep brackets stand inside each other, those in strings left out.
fn depth(json: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_text, mut escaped) = (false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_text,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Reads the members one by one, so that every one that is wrong is reported and not the first
/// alone. `error` is what reading them all at once said.
fn all_findings<T: DeserializeOwned>(
    body: &[u8],
    error: &serde_json::Error,
) -> Result<Asked<T>, Refusal> {
    let mut members: Map<String, Value> = serde_json::from_slice(body).map_err(|error| {
        Refusal::new(ErrorCode::CannotParseRequest, format!("the body: {error}"))
    })?;
    let mut findings = Findings::default();
    // Each turn takes a wrong member out or puts a missing one in; there are not many.
    for _ in 0..TURNS_MAX {
        let error = match T::deserialize(&Value::Object(members.clone())) {
            // A member that is there twice is no longer after it was read into a map.
            Ok(_) if findings.is_empty() => break,
            Ok(details) => return Ok(Asked { details, findings }),
            Err(error) => error.to_string(),
        };
        if !one_finding::<T>(&mut members, &error, &mut findings) {
            break;
        }
    }
    if findings.is_empty() {
        findings.add(format!("the body: {error}"));
    }
    Err(findings.into_refusal())
}

/// Finds what `error` is about and takes it away; false when that does not help.
fn one_finding<T: DeserializeOwned>(
    members: &mut Map<String, Value>,
    error: &str,
    findings: &mut Findings,
) -> bool {
    if let Some((name, inner)) = inner_missing::<T>(members, error) {
        findings.missing(&format!("{name}.{inner}"));
        take_out::<T>(members, &name);
        true
    } else if let Some(name) = quoted(error, "missing field `") {
        let is_new = !findings.is_unread(name);
        findings.missing(name);
        is_new && stand_in::<T>(members, name)
    } else if let Some(name) = quoted(error, "unknown field `") {
        let name = name.to_owned();
        if members.shift_remove(&name).is_some() {
            findings.add(format!("{name}: is not a member of this request"));
            return true;
        }
        let Some((outer, _)) = wrong_member::<T>(members) else { return false };
        findings.unreadable(&format!("{outer}.{name}"), "is not a member of this request");
        take_out::<T>(members, &outer);
        true
    } else {
        // What stands in for a needed member is not right either where only some words are.
        let wrong = wrong_member::<T>(members);
        let Some((name, why)) = wrong.filter(|(name, _)| !findings.is_unread(name)) else {
            return false;
        };
        findings.unreadable(&name, &why.replace("expected u32", "expected a whole number"));
        take_out::<T>(members, &name);
        true
    }
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

    fn refused<T: DeserializeOwned>(body: &[u8]) -> Refusal {
        read::<T>(body).map_or_else(|refusal| refusal, |asked| asked.findings.into_refusal())
    }

    #[test]
    fn depth_counts_brackets_outside_of_strings() {
        assert_eq!(depth(br#"{"a\"[[":[{}], "b": "\\"}"#), 3);
        let deep = |levels: usize| {
            let (open, close) = ("[".repeat(levels - 1), "]".repeat(levels - 1));
            format!("{{\"iotDomainId\":\"d\",\"spec\":{open}{close}}}")
        };
        type Details = iot_api::models::CreateDigitalTwinModelDetails;
        assert!(read::<Details>(deep(JSON_DEPTH_MAX).as_bytes()).is_ok());
        let message = refused::<Details>(deep(JSON_DEPTH_MAX + 1).as_bytes()).message;
        assert!(message.contains("deeper than 127"), "{message}");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let is = |body: &str, code: ErrorCode, text: &str| {
            let refusal = refused::<CreateDigitalTwinInstanceDetails>(body.as_bytes());
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
        for broken in
            [&b"{\"displayName\":\"\xff\"}"[..], b"{\"displayName\":\"\\ud800\"}", b"{} x"]
        {
            let refusal = refused::<CreateDigitalTwinInstanceDetails>(broken);
            assert_eq!(refusal.code, ErrorCode::CannotParseRequest, "{refusal}");
        }
        type Runtime = iot_api::flow_runtimes::CreateIotFlowRuntimeDetails;
        let body = br#"{"networkConfig":{"subnetId":"s","zz":1},"iotDomainId":"d","x":1}"#;
        let message = refused::<Runtime>(body).message;
        for line in ["networkConfig.zz: is not", "x: is not", "compartmentId: is missing"] {
            assert!(message.lines().any(|found| found.starts_with(line)), "{line}: {message}");
        }
        let text = "{\"iotDomainId\":\"d\",\"gateways\":[\"a\",{}]}";
        is(text, ErrorCode::InvalidParameter, "gateways: invalid type");
    }

    #[test]
    fn each_finding_stands_at_its_member_and_once() {
        use iot_api::domains::ConfigureIotDomainDataAccessDetails;
        let body = br#"{"iotDomainId":"d","gateways":"x","authId":5,"nope":1}"#;
        let refusal = refused::<CreateDigitalTwinInstanceDetails>(body);
        let starts: Vec<_> =
            refusal.message.lines().filter_map(|line| line.split(':').next()).collect();
        assert_eq!(starts, ["gateways", "authId", "nope"], "{refusal}");
        let broken = refused::<CreateDigitalTwinInstanceDetails>(br#"{"zz":"#);
        assert_eq!(broken.code, ErrorCode::CannotParseRequest);
        for body in ["{}", r#"{"type":"FOO"}"#] {
            let refusal = refused::<ConfigureIotDomainDataAccessDetails>(body.as_bytes());
            assert_eq!(refusal.message.lines().count(), 1, "{refusal}");
        }
    }

    #[test]
    fn definitions_stay_text() {
        let body = b"{\"iotDomainId\":\"d\",\"inboundEnvelope\":{\"a\": 1.50}}";
        let asked = read::<CreateDigitalTwinAdapterDetails>(body).unwrap();
        assert_eq!(asked.details.inbound_envelope.unwrap().get(), "{\"a\": 1.50}");
    }
}
