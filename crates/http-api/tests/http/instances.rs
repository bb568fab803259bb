//! Instances: updates, gateways, connectivity rules (devices.md 6).

use serde_json::{Value, json};

use crate::kit::Served;
use crate::kit::calls::ids;

/// A model with one value, and an adapter of it; `target` makes the adapter a gateway's.
pub async fn model_and_adapter(served: &Served, uri: &str, target: bool) -> (String, String) {
    let domain = &served.setup.domain.common.id;
    let spec = json!({"@context": "dtmi:dtdl:context;3", "@type": "Interface", "@id": uri,
        "contents": [{"@type": "Telemetry", "name": "heat", "schema": "double"}]});
    let body = json!({"iotDomainId": domain, "spec": spec});
    let model = served.call(200, "POST /digitalTwinModels", body).await;
    let mut body = json!({"iotDomainId": domain, "digitalTwinModelSpecUri": uri});
    if target {
        let sample = json!({"dataFormat": "JSON", "data": {"key": "k", "payload": {"heat": 1}}});
        body["inboundEnvelope"] = json!({"referenceEndpoint": "a/b", "referencePayload": sample,
            "envelopeMapping": {"target": "$.key", "contentRoot": "$.payload"}});
        body["inboundRoutes"] = json!([{"condition": "*", "payloadMapping": {"$.heat": "$.heat"}}]);
    }
    let adapter = served.call(200, "POST /digitalTwinAdapters", body).await;
    (model["id"].as_str().unwrap().into(), adapter["id"].as_str().unwrap().into())
}

#[tokio::test]
async fn gateways_and_indirect_twins_follow_the_rules() {
    let served = Served::start().await;
    let (domain, secret) = (&served.setup.domain.common.id, &served.setup.secret.id);
    let (_, plain) = model_and_adapter(&served, "dtmi:t:plain;1", false).await;
    let (_, with_target) = model_and_adapter(&served, "dtmi:t:gate;1", true).await;
    let post = "POST /digitalTwinInstances";
    for (members, words) in [
        (json!({"connectivityType": "DIRECT"}), vec!["authId: connectivityType DIRECT"]),
        (
            json!({"connectivityType": "INDIRECT", "authId": secret, "displayName": "x".repeat(300)}),
            vec!["authId: connectivityType INDIRECT", "gateways: ", "displayName: at most 255"],
        ),
        (
            json!({"connectivityType": "GATEWAY", "authId": secret, "digitalTwinAdapterId": plain}),
            vec!["digitalTwinAdapterId: connectivityType GATEWAY needs"],
        ),
        (json!({"authId": secret, "digitalTwinAdapterId": with_target}), vec!["maps a target"]),
        (json!({"connectivityType": "SIDEWAYS"}), vec!["is none of DIRECT"]),
    ] {
        let mut body = json!({"iotDomainId": domain});
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        let message = served.refused("InvalidParameter", post, body).await;
        words.iter().for_each(|word| assert!(message.contains(word), "{word}: {message}"));
    }
    // Nobody named a type that could be blamed.
    let body = json!({"iotDomainId": domain, "authId": secret, "gateways": ["x"]});
    let message = served.refused("InvalidParameter", post, body).await;
    assert!(message.starts_with("connectivityType: is missing"), "{message}");
    assert!(message.contains("'x'") && !message.contains("must not have"), "{message}");
    let body = json!({"iotDomainId": domain, "connectivityType": "GATEWAY", "authId": secret,
        "digitalTwinAdapterId": with_target});
    let gateway = served.call(200, post, body).await;
    let gateway_id = gateway["id"].as_str().unwrap();
    let body = json!({"iotDomainId": domain, "gateways": [gateway_id]});
    let child = served.call(200, post, body).await;
    assert_eq!(child["connectivityType"], "INDIRECT");
    let get = format!("GET /digitalTwinInstances/{}", child["id"].as_str().unwrap());
    assert_eq!(served.call(200, &get, Value::Null).await["gateways"], json!([gateway_id]));
    let list = format!("GET /digitalTwinInstances?iotDomainId={domain}&connectivityType=GATEWAY");
    assert_eq!(ids(&served.call(200, &list, Value::Null).await), [gateway_id]);

    let put = format!("PUT /digitalTwinInstances/{gateway_id}");
    let body = json!({"connectivityType": "DIRECT", "digitalTwinAdapterId": null});
    let message = served.refused("Conflict", &put, body).await;
    assert!(message.contains(child["id"].as_str().unwrap()), "{message}");
    let delete = format!("DELETE /digitalTwinInstances/{gateway_id}");
    served.refused("Conflict", &delete, Value::Null).await;
    let adapter = format!("PUT /digitalTwinAdapters/{with_target}");
    let body = json!({"inboundEnvelope": null, "inboundRoutes": null});
    served.refused("Conflict", &adapter, body).await;

    let put = format!("PUT /digitalTwinInstances/{}", child["id"].as_str().unwrap());
    served.refused("InvalidParameter", &put, json!({"connectivityType": "NONE"})).await;
    let body = json!({"connectivityType": "DIRECT", "authId": secret, "gateways": null});
    assert_eq!(served.call(200, &put, body).await["gateways"], Value::Null);
    served.refused("InvalidParameter", &put, json!({"gateways": [gateway_id]})).await;
    let body = json!({"connectivityType": "INDIRECT", "authId": null, "gateways": [gateway_id]});
    assert_eq!(served.call(200, &put, body).await["authId"], Value::Null);
    served.call(204, &put.replace("PUT", "DELETE"), Value::Null).await;
    served.call(204, &delete, Value::Null).await;
}

#[tokio::test]
async fn an_update_changes_what_it_names_and_nothing_else() {
    let served = Served::start().await;
    let domain = &served.setup.domain.common.id;
    let (_, first) = model_and_adapter(&served, "dtmi:t:m;1.1", false).await;
    let (_, newer) = model_and_adapter(&served, "dtmi:t:m;1.2", false).await;
    let (_, other) = model_and_adapter(&served, "dtmi:t:o;1", false).await;
    let body = json!({"iotDomainId": domain, "displayName": "a", "description": "b",
        "freeformTags": {"k": "v"}, "digitalTwinAdapterId": first, "externalKey": "key"});
    let made = served.call(200, "POST /digitalTwinInstances", body).await;
    let put = format!("PUT /digitalTwinInstances/{}", made["id"].as_str().unwrap());
    let changed = served.call(200, &put, json!({"displayName": null, "description": null})).await;
    assert_eq!(
        (&changed["displayName"], &changed["description"], &changed["freeformTags"]),
        (&json!("a"), &Value::Null, &json!({"k": "v"}))
    );
    assert_ne!(changed["timeUpdated"], made["timeUpdated"]);
    let newer = served.call(200, &put, json!({"digitalTwinAdapterId": newer})).await;
    assert_eq!(newer["digitalTwinModelSpecUri"], "dtmi:t:m;1.2");
    for adapter in [&first, &other] {
        let body = json!({"digitalTwinAdapterId": adapter});
        let message = served.refused("InvalidParameter", &put, body).await;
        assert!(message.contains("digitalTwinModelSpecUri"), "{message}");
    }
    served.refused("InvalidParameter", &put, json!({"externalKey": "a+b", "nope": 1})).await;
    let related = "RelatedResourceNotAuthorizedOrNotFound";
    served.refused(related, &put, json!({"authId": "ocid1.vaultsecret.x"})).await;
    served.call(204, &put.replace("PUT", "DELETE"), Value::Null).await;
    served.refused("NotAuthorizedOrNotFound", &put, json!({})).await;
    let gone = served.call(200, &put.replace("PUT", "GET"), Value::Null).await;
    assert_eq!(gone["lifecycleState"], "DELETED");
    let content = format!("{}/content", put.replace("PUT", "GET"));
    assert_eq!(served.call(200, &content, Value::Null).await, json!({}));
}
