//! Flow runtimes (control-plane.md 3.7, 4.8).

use serde_json::{Value, json};

use crate::kit::Served;
use crate::kit::calls::ids;

#[tokio::test]
async fn runtimes_are_kept_switched_and_honest_about_not_running() {
    let served = Served::start().await;
    let (compartment, domain) = (&served.setup.compartment_id, &served.setup.domain.common.id);
    let mount = json!({"mountPath": "/a", "mountTargetId": "m", "exportId": "e"});
    let network = json!({"subnetId": "s", "fileStorageMounts": [mount]});
    let body = json!({"compartmentId": compartment, "iotDomainId": domain, "scale": "HUGE",
        "networkConfig": network});
    let message = served.refused("InvalidParameter", "POST /iotFlowRuntimes", body).await;
    assert!(
        message.contains("scale") && message.contains("fileStorageMounts[0].mountPath"),
        "{message}"
    );
    let body = json!({"compartmentId": compartment, "iotDomainId": domain,
        "networkConfig": {"subnetId": "s"}, "logConfig": {"logGroupId": "l"}});
    let made = served.work("POST /iotFlowRuntimes", body).await.json();
    assert_eq!(made["scale"], "MEDIUM");
    let id = made["id"].as_str().unwrap();
    let path = format!("/iotFlowRuntimes/{id}");
    let get = format!("GET {path}");
    let state = || async { served.call(200, &get, Value::Null).await };
    assert_eq!(state().await["lifecycleState"], "ACTIVE");
    served.work(&format!("POST {path}/actions/deactivate"), Value::Null).await;
    assert_eq!(state().await["lifecycleState"], "INACTIVE");
    served.work(&format!("PUT {path}"), json!({"networkConfig": null, "scale": "LOW"})).await;
    let now = state().await;
    assert_eq!(
        (&now["lifecycleState"], &now["networkConfig"], &now["scale"]),
        (&json!("INACTIVE"), &Value::Null, &json!("LOW"))
    );
    assert_eq!(now["logConfig"]["logGroupId"], "l");
    let flows = format!("{path}/flows");
    assert_eq!(served.call(200, &format!("GET {flows}"), Value::Null).await, json!({}));
    let put = format!("PUT {flows}");
    assert_eq!(
        served.call(200, &put, json!({"b": [1], "a": {}})).await,
        json!({"b": [1], "a": {}})
    );
    served.refused("InvalidParameter", &put, json!([])).await;
    let got = served.call(200, &format!("GET {flows}"), Value::Null).await;
    assert_eq!(got, json!({"b": [1], "a": {}}));
    let switched = served.work(&format!("POST {path}/actions/activate"), Value::Null).await;
    let work = switched.header("opc-work-request-id").unwrap();
    let logs = served.call(200, &format!("GET /workRequests/{work}/logs"), Value::Null).await;
    assert!(logs.to_string().contains("does not run flows"), "{logs}");
    let list = format!("GET /iotFlowRuntimes?compartmentId={compartment}&iotDomainId={domain}");
    let page = served.call(200, &list, Value::Null).await;
    assert_eq!((ids(&page), page["items"][0].get("logConfig")), (vec![id.to_owned()], None));
    let change = format!("POST {path}/actions/changeCompartment");
    served.work(&change, json!({"compartmentId": served.setup.tenancy_id})).await;
    let activate = format!("POST {path}/actions/activate");
    served.work(&activate, json!({})).await;
    served.refused("InvalidParameter", &activate, json!({"force": true})).await;
    served.refused("InvalidParameter", &activate, json!([])).await;
    served.work(&format!("DELETE {path}"), Value::Null).await;
    assert_eq!(state().await["lifecycleState"], "DELETED");
    for gone in [&format!("GET {flows}"), &put, &activate] {
        served.refused("NotAuthorizedOrNotFound", gone, json!({})).await;
    }
}
