//! What all operations have in common: etags, retry tokens, pages, findings (control-plane.md 1).

use serde_json::{Value, json};

use crate::kit::Served;
use crate::kit::calls::ids;

#[tokio::test]
async fn a_retry_token_gives_one_effect_and_one_answer() {
    let served = Served::start().await;
    let domain = &served.setup.domain.common.id;
    let target = "/20250531/digitalTwinInstances";
    let body = json!({"iotDomainId": domain, "displayName": "one"}).to_string();
    let post = |body: String| {
        let served = &served;
        async move {
            let token = [("opc-retry-token", "tok")];
            served.signed_with("POST", target, Some(&body), &token).await
        }
    };
    let first = post(body.clone()).await;
    assert_eq!(first.status, 200, "{}", first.body);
    let id = first.json()["id"].as_str().unwrap().to_owned();
    let put = format!("PUT /digitalTwinInstances/{id}");
    served.call(200, &put, json!({"displayName": "two"})).await;
    let again = post(body).await;
    assert_eq!((again.status, &again.body), (200, &first.body));
    assert_eq!(again.header("etag"), first.header("etag"));
    let other = post(json!({"iotDomainId": domain}).to_string()).await;
    assert_eq!((other.status, &other.json()["code"]), (409, &json!("InvalidatedRetryToken")));
    let list = format!("GET /digitalTwinInstances?iotDomainId={domain}");
    assert_eq!(ids(&served.call(200, &list, Value::Null).await), [id.as_str()]);
    // What is gone is not shown as if it were there.
    served.call(204, &format!("DELETE /digitalTwinInstances/{id}"), Value::Null).await;
    let gone = post(json!({"iotDomainId": domain, "displayName": "one"}).to_string()).await;
    assert_eq!((gone.status, &gone.json()["code"]), (409, &json!("InvalidatedRetryToken")));
    assert!(gone.body.contains("deleted"), "{}", gone.body);
}

#[tokio::test]
async fn actions_and_commands_are_repeated_by_their_retry_token() {
    let served = Served::start().await;
    let domain = &served.setup.domain.common.id;
    let body = json!({"iotDomainId": domain});
    let twin = served.call(200, "POST /digitalTwinInstances", body).await;
    let twin = twin["id"].as_str().unwrap();
    let group = json!({"compartmentId": served.setup.compartment_id}).to_string();
    let days = r#"{"type":"RAW_DATA","dataRetentionPeriodInDays":20}"#;
    let command = r#"{"requestDataFormat":"TEXT","requestEndpoint":"cmd"}"#;
    for (path, body, header) in [
        ("iotDomainGroups".to_owned(), group.as_str(), "opc-work-request-id"),
        (
            format!("iotDomains/{domain}/actions/changeDataRetentionPeriod"),
            days,
            "opc-work-request-id",
        ),
        (format!("digitalTwinInstances/{twin}/actions/invokeRawCommand"), command, "location"),
    ] {
        let target = format!("/20250531/{path}");
        let token = format!("token {}", path.len());
        let post = async || {
            let token = [("opc-retry-token", token.as_str())];
            let got = served.signed_with("POST", &target, Some(body), &token).await;
            assert_eq!(got.status, 202, "{path}: {}", got.body);
            (got.header(header).unwrap().to_owned(), got.body.clone())
        };
        let first = post().await;
        assert_eq!(post().await, first, "{path}");
    }
}

#[tokio::test]
async fn pages_stay_stable_while_others_insert() {
    let served = Served::start().await;
    let domain = &served.setup.domain.common.id;
    let make = |name: String| {
        let body = json!({"iotDomainId": domain, "displayName": name});
        served.call(200, "POST /digitalTwinInstances", body)
    };
    for number in 0..5 {
        make(format!("n{number}")).await;
    }
    for (sort, expected) in [
        ("", ["n4", "n3", "n2", "n1", "n0"]),
        ("&sortOrder=ASC", ["n0", "n1", "n2", "n3", "n4"]),
        ("&sortBy=displayName&sortOrder=DESC", ["n4", "n3", "n2", "n1", "n0"]),
    ] {
        let list = format!("/20250531/digitalTwinInstances?iotDomainId={domain}&limit=2{sort}");
        let (mut seen, mut page) = (Vec::new(), String::new());
        loop {
            let got = served.signed("GET", &format!("{list}{page}"), None).await;
            for item in got.json()["items"].as_array().unwrap() {
                let name = item["displayName"].as_str().unwrap().to_owned();
                seen.extend(name.starts_with('n').then_some(name));
            }
            let Some(next) = got.header("opc-next-page") else { break };
            page = format!("&page={next}");
            make(format!("later {}", seen.len())).await;
        }
        assert_eq!(seen, expected, "{sort}");
    }
    let list = format!("GET /digitalTwinInstances?iotDomainId={domain}");
    let all = "limit=0&page=x&sortBy=x&sortOrder=x&connectivityType=x&lifecycleState=x";
    let message = served.refused("InvalidParameter", &format!("{list}&{all}"), Value::Null).await;
    assert_eq!(message.lines().count(), 6, "{message}");
    let nowhere = "GET /iotDomains?limit=0&lifecycleState=x";
    let message = served.refused("InvalidParameter", nowhere, Value::Null).await;
    assert_eq!(message.lines().count(), 3, "{message}");
    served.refused("MissingParameter", "GET /iotDomains", Value::Null).await;
    for bad in ["limit=0", "limit=x", "page=x", "sortBy=x", "sortOrder=x", "connectivityType=x"] {
        served.refused("InvalidParameter", &format!("{list}&{bad}"), Value::Null).await;
    }
}

#[tokio::test]
async fn a_page_token_holds_for_its_list_its_filters_and_its_order() {
    let served = Served::start().await;
    let domain = &served.setup.domain.common.id;
    for name in ["a", "b", "c"] {
        let body = json!({"iotDomainId": domain, "displayName": name});
        served.call(200, "POST /digitalTwinInstances", body).await;
    }
    let list = format!("/digitalTwinInstances?iotDomainId={domain}");
    let first =
        served.signed("GET", &format!("/20250531{list}&limit=1&sortBy=displayName"), None).await;
    let page = first.header("opc-next-page").unwrap();
    let next = format!("GET {list}&page={page}");
    // Another size of page, and what is the default anyway, are no other list.
    let same = format!("{next}&sortBy=displayName&sortOrder=ASC&limit=7");
    assert_eq!(ids(&served.call(200, &same, Value::Null).await).len(), 2);
    let others = [
        next.clone(),
        format!("{next}&sortBy=displayName&sortOrder=DESC"),
        format!("{next}&sortBy=displayName&lifecycleState=ACTIVE"),
        format!("GET /digitalTwinModels?iotDomainId={domain}&sortBy=displayName&page={page}"),
        format!("{next}x&sortBy=displayName"),
    ];
    for other in others {
        let message = served.refused("InvalidParameter", &other, Value::Null).await;
        assert!(message.starts_with("page is no token"), "{other}: {message}");
    }
}

#[tokio::test]
async fn an_etag_guards_updates_and_deletes() {
    let served = Served::start().await;
    let body = json!({"iotDomainId": served.setup.domain.common.id}).to_string();
    let made = served.signed("POST", "/20250531/digitalTwinInstances", Some(&body)).await;
    let path = format!("/20250531/digitalTwinInstances/{}", made.json()["id"].as_str().unwrap());
    let old = made.header("etag").unwrap();
    let put = |etag: String, body: &'static str| {
        let (served, path) = (&served, &path);
        async move { served.signed_with("PUT", path, Some(body), &[("if-match", &etag)]).await }
    };
    let changed = put(format!("\"{old}\""), "{\"displayName\":\"x\"}").await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    let stale = put(old.to_owned(), "{\"displayName\":\"y\"}").await;
    assert_eq!((stale.status, &stale.json()["code"]), (412, &json!("NoEtagMatch")));
    assert_eq!(put("*".into(), "{}").await.status, 200);
    let delete = served.signed_with("DELETE", &path, None, &[("if-match", old)]).await;
    assert_eq!(delete.status, 412);
    assert_eq!(served.signed("DELETE", &path, None).await.status, 204);
}

#[tokio::test]
async fn every_finding_is_reported_at_once() {
    let served = Served::start().await;
    let body = json!({"iotDomainId": served.setup.domain.common.id, "externalKey": "a#",
        "displayName": "n".repeat(256), "description": "d".repeat(1025),
        "freeformTags": {"": "v"}, "connectivityType": "DIRECT", "authId": null,
        "digitalTwinModelId": "ocid1.none", "digitalTwinAdapterId": "ocid1.none"});
    let message = served.refused("InvalidParameter", "POST /digitalTwinInstances", body).await;
    for word in [
        "externalKey",
        "displayName",
        "description",
        "freeformTags",
        "authId",
        "digitalTwinModelId",
        "digitalTwinAdapterId",
    ] {
        assert!(message.lines().any(|line| line.starts_with(word)), "{word}: {message}");
    }
    for (member, value) in [
        ("externalKey", json!("")),
        ("externalKey", json!(" ")),
        ("displayName", json!("a\u{0}b")),
        ("description", json!("\u{7}")),
        ("definedTags", json!({"name space": {"k": "v"}})),
    ] {
        let body = json!({"iotDomainId": served.setup.domain.common.id, member: value});
        let message = served.refused("InvalidParameter", "POST /digitalTwinInstances", body).await;
        assert!(message.starts_with(member), "{message}");
    }
    // Form and values together, each once.
    let body = json!({"iotDomainId": served.setup.domain.common.id, "externalKey": "a#",
        "displayName": 5, "nope": 1, "authId": "ocid1.vaultsecret.none", "gateways": {}});
    let message = served.refused("InvalidParameter", "POST /digitalTwinInstances", body).await;
    let mut members: Vec<&str> =
        message.lines().map(|line| line.split([':', ' ']).next().unwrap()).collect();
    members.sort_unstable();
    assert_eq!(members, ["authId", "displayName", "externalKey", "gateways", "nope"], "{message}");
    let body = json!({"externalKey": "a#", "contentPath": 1});
    let message = served.refused("InvalidParameter", "POST /digitalTwinInstances", body).await;
    for line in ["contentPath: is not a member", "externalKey: ", "iotDomainId: is missing"] {
        assert!(message.lines().any(|found| found.starts_with(line)), "{line}: {message}");
    }
    let body = json!({"displayName": "n".repeat(256), "type": 4, "x": 1});
    let message = served.refused("InvalidParameter", "POST /iotDomainGroups", body).await;
    for line in ["displayName: at most", "type: ", "x: ", "compartmentId: is missing"] {
        assert!(message.lines().any(|found| found.starts_with(line)), "{line}: {message}");
    }
    served.refused("MissingParameter", "POST /iotDomainGroups", json!({})).await;
    // A value that breaks a rule stands beside one that is missing in the same object.
    let mount = json!({"mountPath": "/a/", "mountTargetId": "m"});
    let network = json!({"subnetId": "s", "fileStorageMounts": [mount]});
    let body = json!({"compartmentId": served.setup.tenancy_id,
        "iotDomainId": served.setup.domain.common.id, "networkConfig": network});
    let message = served.refused("InvalidParameter", "POST /iotFlowRuntimes", body).await;
    let mount = "networkConfig.fileStorageMounts[0]";
    for line in [format!("{mount}.mountPath: '/a/'"), format!("{mount}.exportId: is missing")] {
        assert!(message.lines().any(|found| found.starts_with(&line)), "{line}: {message}");
    }
    let body = json!({"nope": 1, "displayName": [], "spec": {}});
    let message = served.refused("InvalidParameter", "POST /digitalTwinModels", body).await;
    for word in ["nope: ", "displayName: must be", "iotDomainId: is missing"] {
        assert!(message.lines().any(|line| line.starts_with(word)), "{word}: {message}");
    }
}
