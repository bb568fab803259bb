//! Which instance a verb means: the one with the twin's device name, or the one of several that
//! `--id` picks.

use std::fmt::Write as _;

use iot_api::instances::DigitalTwinInstance;
use iot_client::InstanceQuery;
use oci_core::ocid::Ocid;

use crate::client_errors::failed;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::session::Session;

/// Life-cycle state of what exists.
pub const ACTIVE: &str = "ACTIVE";

/// Refuses a value of `--id` that cannot be an instance.
pub fn check_id(id: Option<&str>) -> Result<(), Failure> {
    let Some(id) = id else { return Ok(()) };
    match Ocid::parse(id) {
        Ok(ocid) if ocid.type_word() == "iotdigitaltwininstance" => Ok(()),
        Ok(_) => {
            let text = format!("--id {id} is not the OCID of a digital twin instance");
            Err(Failure::usage(text).hint("it begins with ocid1.iotdigitaltwininstance."))
        }
        Err(error) => Err(Failure::usage(format!("--id {id}: {error}"))),
    }
}

/// The ACTIVE instances with the twin's device name.
pub async fn candidates(session: &Session) -> Result<Vec<DigitalTwinInstance>, Failure> {
    named(session, session.definition.twin.require("device_name")?).await
}

/// The ACTIVE instances with this display name.
pub async fn named(
    session: &Session,
    device_name: &str,
) -> Result<Vec<DigitalTwinInstance>, Failure> {
    let query = InstanceQuery {
        iot_domain_id: &session.definition.domain_id,
        display_name: Some(device_name),
        lifecycle_state: Some(ACTIVE),
        ..InstanceQuery::default()
    };
    let mut found = session
        .control
        .instance_list(&query)
        .await
        .map_err(|error| failed("Cannot get Digital Twin Instance", &error))?;
    found.retain(|instance| instance.display_name == device_name);
    Ok(found)
}

/// The candidate that is meant: the only one, or the one with this OCID. None when there is no
/// candidate at all.
pub fn choose(
    mut candidates: Vec<DigitalTwinInstance>,
    id: Option<&str>,
) -> Result<Option<DigitalTwinInstance>, Failure> {
    if let Some(id) = id {
        let chosen = candidates.iter().position(|candidate| candidate.id == id);
        let Some(at) = chosen else {
            tracing::error!("Digital Twin Instance does not exist");
            let text = match candidates.is_empty() {
                true => "there is none with the twin's device name".to_owned(),
                false => format!("with the twin's device name there are:\n{}", list(&candidates)),
            };
            let text = format!("{id} is no ACTIVE instance of this twin; {text}");
            return Err(Failure::new(ExitCode::Refused, text.trim_end()));
        };
        return Ok(Some(candidates.swap_remove(at)));
    }
    if candidates.len() > 1 {
        tracing::error!("Multiple Digital Twins exist with the same name");
        let name = &candidates[0].display_name;
        let text = format!("{} are named '{name}':\n{}", candidates.len(), list(&candidates));
        return Err(Failure::new(ExitCode::Refused, text.trim_end())
            .hint("say which one with --id OCID; nothing has been changed"));
    }
    Ok(candidates.pop())
}

/// One line per instance: OCID, external key, time of creation.
fn list(candidates: &[DigitalTwinInstance]) -> String {
    let mut out = String::new();
    for candidate in candidates {
        let key = candidate.external_key.as_deref().unwrap_or("-");
        let created = &candidate.time_created;
        let _ = writeln!(out, "  {}\n    external key {key}, created {created}", candidate.id);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "ocid1.iotdigitaltwininstance.oc0.local-1.a";
    const TWO: &str = "ocid1.iotdigitaltwininstance.oc0.local-1.b";

    fn instance(id: &str) -> DigitalTwinInstance {
        let time = "2026-01-05T21:31:40.123456Z";
        serde_json::from_value(serde_json::json!({
            "id": id, "iotDomainId": "d", "connectivityType": "DIRECT", "externalKey": "k",
            "displayName": "n", "lifecycleState": ACTIVE, "timeCreated": time
        }))
        .unwrap()
    }

    #[test]
    fn one_is_taken_two_are_refused() {
        assert!(choose(vec![], None).unwrap().is_none());
        assert_eq!(choose(vec![instance(ONE)], None).unwrap().unwrap().id, ONE);
        let failure = choose(vec![instance(ONE), instance(TWO)], None).unwrap_err();
        assert_eq!(failure.exit, ExitCode::Refused);
        let message = failure.message.unwrap();
        assert!(message.contains(ONE) && message.contains(TWO), "{message}");
    }

    #[test]
    fn id_must_be_a_candidate() {
        let both = || vec![instance(ONE), instance(TWO)];
        assert_eq!(choose(both(), Some(TWO)).unwrap().unwrap().id, TWO);
        assert!(choose(vec![instance(ONE)], Some(TWO)).is_err());
        assert!(choose(vec![], Some(TWO)).is_err());
    }

    #[test]
    fn id_must_be_the_ocid_of_an_instance() {
        assert!(check_id(None).is_ok());
        assert!(check_id(Some(ONE)).is_ok());
        for bad in ["x", "", "ocid1.iotdomain.oc0.local-1.a"] {
            assert_eq!(check_id(Some(bad)).unwrap_err().exit, ExitCode::Usage, "{bad}");
        }
    }
}
