//! Relationships (control-plane.md 5.6).

use serde_json::{Value, json};

use crate::kit::Served;
use crate::kit::calls::ids;

async fn instance(served: &Served, uri: Option<&str>) -> String {
    let body = json!({"iotDomainId": served.setup.domain.common.id,
        "digitalTwinModelSpecUri": uri});
    let made = served.call(200, "POST /digitalTwinInstances", body).await;
    made["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn links_keep_to_the_models_of_their_ends() {
    let served = Served::start().await;
    let domain = &served.setup.domain.common.id;
    let spec = |id: &str, contents: Value, extends: Value| {
        json!({"@context": "dtmi:dtdl:context;3", "@type": "Interface", "@id": id,
            "contents": contents, "extends": extends})
    };
    let speed = json!({"@type": "Property", "name": "speed", "schema": "double"});
    let feeds = json!([{"@type": "Relationship", "name": "feeds", "target": "dtmi:r:tank;1",
        "maxMultiplicity": 2, "properties": [speed]}]);
    for spec in [
        spec("dtmi:r:tank;1", json!([]), json!([])),
        spec("dtmi:r:deep;1", json!([]), json!("dtmi:r:tank;1")),
        spec("dtmi:r:pump;1", feeds, json!([])),
        spec("dtmi:r:child;1", json!([]), json!("dtmi:r:pump;1")),
    ] {
        let body = json!({"iotDomainId": domain, "spec": spec});
        served.call(200, "POST /digitalTwinModels", body).await;
    }
    let pump = instance(&served, Some("dtmi:r:child;1")).await;
    let tank = instance(&served, Some("dtmi:r:tank;1")).await;
    let deep = instance(&served, Some("dtmi:r:deep;1")).await;
    let third = instance(&served, Some("dtmi:r:tank;1")).await;
    let bare = instance(&served, None).await;
    let link = |source: &str, path: &str, target: &str, content: Value| {
        json!({"iotDomainId": domain, "contentPath": path, "sourceDigitalTwinInstanceId": source,
            "targetDigitalTwinInstanceId": target, "content": content})
    };
    let post = "POST /digitalTwinRelationships";
    for (body, words) in [
        (link(&bare, "feeds", &tank, json!({})), "has no model"),
        (link(&pump, "drains", &tank, json!({})), "has no relationship 'drains'"),
        (link(&pump, "feeds", &pump, json!({})), "must be dtmi:r:tank;1 or extend it"),
        (link(&pump, "feeds", &tank, json!({"x": 1})), "content.x"),
        (link(&pump, "feeds", &tank, json!({"speed": {}})), "content.speed"),
        (link(&pump, "feeds", &tank, json!([1])), "content: must be a JSON object"),
    ] {
        let message = served.refused("InvalidParameter", post, body).await;
        assert!(message.contains(words), "{words}: {message}");
    }
    let made = served.call(200, post, link(&pump, "feeds", &tank, json!({"speed": 1.5}))).await;
    assert_eq!(made["content"], json!({"speed": 1.5}));
    let again = link(&pump, "feeds", &tank, Value::Null);
    served.refused("NotAuthorizedOrResourceAlreadyExists", post, again).await;
    served.call(200, post, link(&pump, "feeds", &deep, Value::Null)).await;
    let message = served.refused("Conflict", post, link(&pump, "feeds", &third, json!({}))).await;
    assert!(message.contains("maxMultiplicity"), "{message}");

    // What is there already is that, also where no more may be.
    let again = link(&pump, "feeds", &deep, Value::Null);
    served.refused("NotAuthorizedOrResourceAlreadyExists", post, again).await;

    // Another version of a model must keep the links that its twins have.
    let body = spec("dtmi:r:tank;1.1", json!([]), json!([]));
    let body = json!({"iotDomainId": domain, "spec": body});
    served.call(200, "POST /digitalTwinModels", body).await;
    let newer = json!({"digitalTwinModelSpecUri": "dtmi:r:tank;1.1"});
    let put = format!("PUT /digitalTwinInstances/{tank}");
    let message = served.refused("Conflict", &put, newer.clone()).await;
    assert!(message.contains(made["id"].as_str().unwrap()), "{message}");
    let linkless = spec("dtmi:r:child;1.1", json!([]), json!([]));
    let body = json!({"iotDomainId": domain, "spec": linkless});
    served.call(200, "POST /digitalTwinModels", body).await;
    let linkless = json!({"digitalTwinModelSpecUri": "dtmi:r:child;1.1"});
    let put = format!("PUT /digitalTwinInstances/{pump}");
    let message = served.refused("Conflict", &put, linkless).await;
    assert!(message.contains("has no relationship 'feeds'"), "{message}");
    served.call(200, &format!("PUT /digitalTwinInstances/{third}"), newer).await;
    for cleared in ["digitalTwinModelId", "digitalTwinModelSpecUri"] {
        served.refused("InvalidParameter", &put, json!({cleared: null})).await;
    }
    let id = made["id"].as_str().unwrap();
    let path = format!("/digitalTwinRelationships/{id}");
    let list = format!("GET /digitalTwinRelationships?iotDomainId={domain}");
    let by_target = format!("{list}&targetDigitalTwinInstanceId={tank}&contentPath=feeds");
    let page = served.call(200, &by_target, Value::Null).await;
    assert_eq!((ids(&page), page["items"][0].get("content")), (vec![id.to_owned()], None));
    let by_source = format!("{list}&sourceDigitalTwinInstanceId={pump}");
    assert_eq!(ids(&served.call(200, &by_source, Value::Null).await).len(), 2);
    let put = format!("PUT {path}");
    let changed = served.call(200, &put, json!({"content": {"speed": 2}})).await;
    assert_eq!(changed["content"], json!({"speed": 2}));
    served.refused("InvalidParameter", &put, json!({"content": {"y": 1}})).await;
    assert_eq!(served.call(200, &put, json!({"content": null})).await["content"], Value::Null);
    let in_use = format!("DELETE /digitalTwinInstances/{tank}");
    assert!(served.refused("Conflict", &in_use, Value::Null).await.contains(id));
    served.call(204, &format!("DELETE {path}"), Value::Null).await;
    served.call(204, &in_use, Value::Null).await;
    let gone = served.call(200, &format!("GET {path}"), Value::Null).await;
    assert_eq!(gone["lifecycleState"], "DELETED");
}
