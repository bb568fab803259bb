//! Bodies of creates: JSON of one known form.

use iot_api::ErrorCode;
use platform::Refusal;
use serde::de::{DeserializeOwned, Deserializer as _, IgnoredAny, MapAccess, Visitor};

/// Reads a body.
///
/// # Errors
/// `CannotParseRequest` with the place, `MissingParameter` or `InvalidParameter` with the member.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    let details = serde_json::from_slice(body);
    let syntax = details.as_ref().err().is_some_and(|error| !error.is_data());
    // An array would be read as the members in their order.
    if !syntax && !body.trim_ascii_start().starts_with(b"{") {
        return Err(Refusal::invalid("the body must be a JSON object"));
    }
    details.map_err(|error| {
        let text = error.to_string();
        if syntax {
            return Refusal::new(ErrorCode::CannotParseRequest, format!("the body: {text}"));
        }
        if text.starts_with("missing field") {
            return Refusal::new(ErrorCode::MissingParameter, format!("the body: {text}"));
        }
        // Only these two say by themselves which member they are about.
        let named = text.starts_with("unknown field") || text.starts_with("duplicate field");
        match member_at(body, error.line(), error.column()).filter(|_| !named) {
            Some(member) => Refusal::invalid(format!("{member}: {text}")),
            None => Refusal::invalid(format!("the body: {text}")),
        }
    })
}

/// The top-level member whose value is being read at this place (line from 1, column in bytes).
fn member_at(body: &[u8], line: usize, column: usize) -> Option<String> {
    let before: usize = body.split(|byte| *byte == b'\n').take(line - 1).map(|l| l.len() + 1).sum();
    // Cut behind the value: what is left ends in, or right behind, the member that is sought.
    let cut = body.get(..(before + column).min(body.len()))?;
    let mut last = None;
    let mut reader = serde_json::Deserializer::from_slice(cut);
    // The cut text always ends too early; the names met until then are what counts.
    let _ = reader.deserialize_map(Names(&mut last));
    last
}

/// Keeps the last member name.
struct Names<'a>(&'a mut Option<String>);

impl<'de> Visitor<'de> for Names<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            *self.0 = Some(name);
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
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
        is("{}", ErrorCode::MissingParameter, "`iotDomainId`");
        is("[]", ErrorCode::InvalidParameter, "must be a JSON object");
        is("7", ErrorCode::InvalidParameter, "the body");
        is("{\"iotDomainId\":\"d\",\"x\":1}", ErrorCode::InvalidParameter, "`x`");
        let text = "{\"iotDomainId\":\"d\",\n \"displayName\": 5, \"authId\":\"a\"}";
        is(text, ErrorCode::InvalidParameter, "displayName: invalid type");
        is("{\"iotDomainId\":true}", ErrorCode::InvalidParameter, "iotDomainId: invalid type");
        let text = "{\"iotDomainId\":\"d\",\"gateways\":[\"a\",{}]}";
        is(text, ErrorCode::InvalidParameter, "gateways: invalid type");
    }

    #[test]
    fn definitions_stay_text() {
        let body = b"{\"iotDomainId\":\"d\",\"inboundEnvelope\":{\"a\": 1.50}}";
        let details: CreateDigitalTwinAdapterDetails = read(body).unwrap();
        assert_eq!(details.inbound_envelope.unwrap().get(), "{\"a\": 1.50}");
    }
}
