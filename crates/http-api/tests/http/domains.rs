//! Domain groups, domains and their work requests (control-plane.md 3.1, 3.2, 5.2, 5.3).

use platform::limits::ServiceLimits;
use serde_json::{Value, json};

use crate::kit::Served;
use crate::kit::calls::ids;

#[tokio::test]
async fn a_second_domain_works_and_goes_with_all_that_is_in_it() {
    let served = Served::start().await;
    let compartment = &served.setup.compartment_id;
    let body = json!({"compartmentId": compartment, "type": "STANDARD", "displayName": "g"});
    let made = served.work("POST /iotDomainGroups", body).await;
    let group = made.json();
    assert_eq!(
        (&group["type"], &group["lifecycleState"]),
        (&json!("PRODUCTION"), &json!("CREATING"))
    );
    let group_id = group["id"].as_str().unwrap();
    assert!(
        made.header("location")
            .unwrap()
            .ends_with(&format!("/20250531/iotDomainGroups/{group_id}"))
    );
    let group_path = format!("/iotDomainGroups/{group_id}");
    let group = served.call(200, &format!("GET {group_path}"), Value::Null).await;
    assert_eq!(group["lifecycleState"], "ACTIVE");
    let body = json!({"compartmentId": compartment, "iotDomainGroupId": group_id});
    let domain = served.work("POST /iotDomains", body).await.json();
    let domain_id = domain["id"].as_str().unwrap();
    let path = format!("/iotDomains/{domain_id}");
    assert_eq!(domain["dbAllowedIdentityDomainHost"], Value::Null);
    let hosts = served.platform.hosts().await.unwrap();
    let device_host = domain["deviceHost"].as_str().unwrap();
    assert!(hosts.iter().any(|host| host == device_host), "{hosts:?}");

    // The domain's own tokens come with its data access.
    let setup = &served.setup;
    let names = served.platform.names();
    let label = |host: &Value| host.as_str().unwrap().split('.').next().unwrap().to_owned();
    let scope = format!("/{}/iot/{}", label(&group["dataHost"]), label(&domain["deviceHost"]));
    let form = format!("grant_type=client_credentials&scope={}", scope.replace('/', "%2F"));
    let client = served.basic(&setup.app.client_id, setup.app.client_secret.as_bytes());
    let identity = names.identity(served.platform.identity_id());
    let token = || async {
        let at = ("POST", identity.as_str(), "/oauth2/v1/token");
        served.plain(at, ("authorization", &client), form.as_bytes()).await
    };
    assert_eq!(token().await.json()["error"], "invalid_scope");
    let configure = format!("POST {path}/actions/configureDataAccess");
    let own = names.with_port(&identity);
    let body = json!({"type": "ORDS", "dbAllowedIdentityDomainHost": own});
    served.work(&configure, body).await;
    let now = served.call(200, &format!("GET {path}"), Value::Null).await;
    assert_eq!(now["dbAllowedIdentityDomainHost"], json!(own));
    let bearer = format!("Bearer {}", token().await.json()["access_token"].as_str().unwrap());

    let body = json!({"iotDomainId": domain_id, "authId": setup.secret.id, "externalKey": "dev"});
    let twin = served.call(200, "POST /digitalTwinInstances", body).await;
    let device = served.basic("dev", &setup.secret.content);
    let post = || async {
        let at = ("POST", device_host, "/a/b");
        served.plain(at, ("authorization", &device), b"{}").await.status
    };
    assert_eq!(post().await, 202);
    let data_host = group["dataHost"].as_str().unwrap();
    let target = format!("/ords/{}/20250531/rawData", label(&domain["deviceHost"]));
    let rows = served.plain(("GET", data_host, &target), ("authorization", &bearer), b"").await;
    assert_eq!(rows.json()["count"], 1, "{}", rows.body);

    let message = served.refused("Conflict", &format!("DELETE {group_path}"), Value::Null).await;
    assert!(message.contains("domains"), "{message}");
    served.work(&format!("DELETE {path}"), Value::Null).await;
    let twin_path = format!("GET /digitalTwinInstances/{}", twin["id"].as_str().unwrap());
    assert_eq!(served.call(200, &twin_path, Value::Null).await["lifecycleState"], "DELETED");
    assert_ne!(post().await, 202);
    served.work(&format!("DELETE {group_path}"), Value::Null).await;
    assert!(!served.platform.hosts().await.unwrap().iter().any(|host| host == device_host));
    let list = format!("GET /iotDomains?compartmentId={compartment}&lifecycleState=DELETED");
    let page = served.call(200, &list, Value::Null).await;
    assert_eq!((ids(&page), page["items"][0].get("deviceHost")), (vec![domain_id.into()], None));
}

#[tokio::test]
async fn domains_are_moved_kept_longer_and_followed() {
    let served = Served::start().await;
    let (setup, domain) = (&served.setup, &served.setup.domain.common.id);
    let path = format!("/iotDomains/{domain}");
    let retention = format!("POST {path}/actions/changeDataRetentionPeriod");
    let body = json!({"type": "RAW_DATA", "dataRetentionPeriodInDays": 20});
    served.work(&retention, body).await;
    let body = json!({"type": "RAW_DATA", "dataRetentionPeriodInDays": 19});
    served.refused("InvalidParameter", &retention, body).await;
    let body = json!({"type": "X", "dataRetentionPeriodInDays": 4000});
    let message = served.refused("InvalidParameter", &retention, body).await;
    assert!(message.contains("type: ") && message.contains("3650"), "{message}");
    let now = served.call(200, &format!("GET {path}"), Value::Null).await;
    assert_eq!(now["dataRetentionPeriodsInDays"]["rawData"], 20);

    let change = format!("POST {path}/actions/changeCompartment");
    served.work(&change, json!({"compartmentId": setup.tenancy_id})).await;
    let related = "RelatedResourceNotAuthorizedOrNotFound";
    served.refused(related, &change, json!({"compartmentId": "ocid1.compartment.x"})).await;
    let list = format!("GET /iotDomains?compartmentId={}", setup.tenancy_id);
    assert_eq!(ids(&served.call(200, &list, Value::Null).await), [domain.as_str()]);
    let group = format!("/iotDomainGroups/{}", setup.group.common.id);
    let configure = format!("POST {group}/actions/configureDataAccess");
    let twice = json!({"dbAllowListedVcnIds": ["ocid1.vcn.oc0.loc.a", "ocid1.vcn.oc0.loc.a"]});
    let message = served.refused("InvalidParameter", &configure, twice).await;
    assert!(message.contains("named twice"), "{message}");
    served.work(&configure, json!({"dbAllowListedVcnIds": ["ocid1.vcn.oc0.loc.a"]})).await;
    served.work(&format!("PUT {group}"), json!({"displayName": "new"})).await;
    served.work(&format!("PUT {path}"), json!({"description": "new"})).await;

    let list =
        format!("GET /workRequests?compartmentId={}&resourceId={domain}", setup.compartment_id);
    let works = served.call(200, &list, Value::Null).await;
    let operations: Vec<_> = works["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|work| work["operationType"].as_str().unwrap())
        .collect();
    assert_eq!(operations, ["MOVE_IOT_DOMAIN", "CHANGE_IOT_DOMAIN_DATA_RETENTION"]);
    let work = &works["items"][0];
    assert_eq!(
        (&work["percentComplete"], &work["resources"][0]["actionType"]),
        (&json!(100.0), &json!("UPDATED"))
    );
    assert!(work["timeStarted"].is_string() && work["timeFinished"].is_string());
    let logs =
        format!("GET /workRequests/{}/logs?limit=1&sortOrder=ASC", work["id"].as_str().unwrap());
    let first = served.call(200, &logs, Value::Null).await;
    assert!(first["items"][0]["message"].as_str().unwrap().ends_with("has begun"), "{first}");
    let errors = logs.replace("/logs", "/errors");
    assert_eq!(served.call(200, &errors, Value::Null).await["items"], json!([]));
    served.refused("NotAuthorizedOrNotFound", "GET /workRequests/x/logs", Value::Null).await;
    served.refused("MissingParameter", "GET /workRequests", Value::Null).await;
    served.refused("NotAuthorizedOrNotFound", "GET /iotDomains?compartmentId=x", Value::Null).await;
}

#[tokio::test]
async fn the_clouds_limits_hold_when_asked_for() {
    let served = Served::limited(ServiceLimits::OCI).await;
    let compartment = &served.setup.compartment_id;
    let body = || json!({"compartmentId": compartment});
    for _ in 1..5 {
        served.work("POST /iotDomainGroups", body()).await;
    }
    served.refused("LimitExceeded", "POST /iotDomainGroups", body()).await;
    let body = || {
        json!({"compartmentId": compartment,
        "iotDomainGroupId": served.setup.group.common.id})
    };
    served.work("POST /iotDomains", body()).await;
    let message = served.refused("LimitExceeded", "POST /iotDomains", body()).await;
    assert!(message.contains("2 domains"), "{message}");
}
