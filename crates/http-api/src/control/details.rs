//! Bodies of creates: JSON of one known form.

mod search;
mod wording;

use iot_api::ErrorCode;
use platform::limits::JSON_DEPTH_MAX;
use platform::{Asked, Findings, Refusal};
use serde::de::DeserializeOwned;

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
        Err(error) => {
            let members = serde_json::from_slice(body).map_err(|error| {
                Refusal::new(ErrorCode::CannotParseRequest, format!("the body: {error}"))
            })?;
            search::all_findings(members, body.len(), &error)
        }
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
        is(text, ErrorCode::InvalidParameter, "displayName: must be a string");
        is("{\"iotDomainId\":true}", ErrorCode::InvalidParameter, "iotDomainId: must be a string");
        let many = "{\"x\":1,\"displayName\":5,\"y\":{},\"gateways\":7}";
        for part in [
            "x: is not",
            "displayName: must be a string",
            "y: is not",
            "gateways: must be a list",
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
        is(text, ErrorCode::InvalidParameter, "gateways[1]: must be a string, not an object");
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
    fn what_is_wrong_inside_of_members_is_named_with_its_place() {
        use iot_api::domains::ConfigureIotDomainDataAccessDetails as Access;
        use iot_api::flow_runtimes::CreateIotFlowRuntimeDetails as Runtime;
        let lines = |refusal: Refusal| -> Vec<String> {
            refusal.message.lines().map(str::to_owned).collect()
        };
        let body = br#"{"iotDomainId":"d","compartmentId":"c","networkConfig":{"subnetId":7,
            "fileStorageMounts":[{"mountPath":"a","zz":1,"mountTargetId":[]},3]},"logConfig":"x",
            "freeformTags":{"a key":1}}"#;
        assert_eq!(
            lines(refused::<Runtime>(body)),
            [
                "networkConfig.subnetId: must be a string, not the number 7",
                "networkConfig.fileStorageMounts[0].zz: is not a member of this request",
                "networkConfig.fileStorageMounts[0].mountTargetId: must be a string, not a list",
                "networkConfig.fileStorageMounts[1]: must be an object, not the number 3",
                "logConfig: must be an object, not the string \"x\"",
                "freeformTags[\"a key\"]: must be a string, not the number 1",
                "networkConfig.fileStorageMounts[0].exportId: is missing",
            ]
        );
        // No list stands for an object, its members in their order.
        let body = br#"{"iotDomainId":"d","compartmentId":"c","logConfig":["g","l"]}"#;
        let expected = "logConfig: must be an object, not a list";
        assert_eq!(lines(refused::<Runtime>(body)), [expected]);
        // Of a long body fewer are looked for, so that nobody is kept busy with it.
        let many = |count: usize| -> String {
            let tags: Vec<_> = (0..count).map(|no| format!("\"t{no}\":{no}")).collect();
            let tags = tags.join(",");
            format!("{{\"iotDomainId\":\"d\",\"compartmentId\":\"c\",\"freeformTags\":{{{tags}}}}}")
        };
        assert_eq!(lines(refused::<Runtime>(many(40).as_bytes())).len(), 32);
        assert!((1..5).contains(&lines(refused::<Runtime>(many(100_000).as_bytes())).len()));
        for (body, expected) in [
            (r#"{"type":"FOO"}"#, "type: 'FOO' is none of DIRECT, ORDS, APEX"),
            (r#"{"type":3}"#, "type: must be a string, not the number 3"),
            (
                r#"{"type":"DIRECT","dbAllowListedIdentityGroupNames":null}"#,
                "dbAllowListedIdentityGroupNames: must be a list, not null",
            ),
            (
                r#"{"dbWorkspaceAdminInitialPassword":{},"type":"APEX"}"#,
                "dbWorkspaceAdminInitialPassword: must be a string, not an object",
            ),
        ] {
            assert_eq!(lines(refused::<Access>(body.as_bytes())), [expected], "{body}");
        }
    }

    #[test]
    fn definitions_stay_text() {
        let body = b"{\"iotDomainId\":\"d\",\"inboundEnvelope\":{\"a\": 1.50}}";
        let asked = read::<CreateDigitalTwinAdapterDetails>(body).unwrap();
        assert_eq!(asked.details.inbound_envelope.unwrap().get(), "{\"a\": 1.50}");
    }
}
