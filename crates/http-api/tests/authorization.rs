//! Who may do what: every operation, without credentials, with a stranger's, with too little
//! permission, and with just enough.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod kit;

use kit::Served;
use kit::requests::{OTHER, Request, Things};
use oci_core::key::PrivateKey;
use oci_core::sign::Signer;
use platform::identity::ResourceType;
use platform::identity::rules::Place;
use platform::limits::CALLER_CACHED;
use platform::store::{ApiKey, User};

/// Users that share one key: what tells them apart is their `keyId`.
struct Users<'a> {
    served: &'a Served,
    pem: String,
    count: usize,
}

impl<'a> Users<'a> {
    fn new(served: &'a Served) -> Users<'a> {
        Users { served, pem: PrivateKey::generate().to_pkcs8_pem(), count: 0 }
    }

    fn key(&self) -> PrivateKey {
        PrivateKey::from_pem(&self.pem, None).unwrap()
    }

    /// A new user with statements, which begin behind the user's name.
    async fn add(&mut self, statements: &[String]) -> Signer {
        self.count += 1;
        let name = format!("user{}", self.count);
        let id = format!("ocid1.user.oc0..{name}");
        let tenancy = &self.served.setup.tenancy_id;
        let key: ApiKey = platform::first_start::api_key(tenancy, &id, &self.key());
        let allow = |rest: &String| format!("allow user {name} to {rest}");
        let statements = statements.iter().map(allow).collect();
        let user = User { id, name: name.clone(), statements, time_created_us: 1 };
        self.served.platform.store().user_create(&user, &key, None).await.unwrap();
        Signer::new(key.key_id, self.key())
    }
}

/// Everything but what the request needs.
fn too_little(request: &Request) -> Vec<String> {
    let word = request.rule.kind.word();
    let weaker = request.verbs().1.map(|verb| format!("{verb} all-resources in tenancy"));
    let elsewhere = format!("manage {word} in compartment other");
    let unlike = match request.rule.kind {
        ResourceType::Model => "secret-family",
        _ => "iot-digital-twin-model",
    };
    let another_type = format!("manage {unlike} in compartment local");
    weaker.into_iter().chain([elsewhere, another_type]).collect()
}

/// Nothing but what the request needs.
fn enough(request: &Request) -> Vec<String> {
    let (verb, _) = request.verbs();
    let word = request.rule.kind.word();
    let mut statements = vec![format!("{verb} {word} in compartment local")];
    if request.rule.place == Place::PathAndBodyCompartment {
        statements.push(format!("{verb} {word} in compartment id {OTHER}"));
    }
    if request.rule.parent.is_some() {
        statements.push("read iot-domain-family in compartment local".to_owned());
    }
    statements
}

#[tokio::test]
async fn every_operation_asks_who_and_what_for() {
    let served = Served::start().await;
    let things = Things::make(&served).await;
    let mut users = Users::new(&served);
    let tenancy = "ocid1.tenancy.oc0..another";
    let stranger = platform::first_start::api_key(tenancy, "ocid1.user.oc0..x", &users.key());
    let stranger = Signer::new(stranger.key_id, users.key());
    let requests = things.requests(&served);
    assert_eq!(requests.len(), 52 + 16);
    for request in &requests {
        let call = (request.method, request.host.as_str(), request.target.as_str());
        let name = request.name;
        let body = request.body.clone().unwrap_or_default();
        let got = served.plain(call, ("x", "y"), body.as_bytes()).await;
        assert_eq!((got.status, &got.json()["code"]), (401, &"NotAuthenticated".into()), "{name}");
        let got = request.send(&served, &stranger).await;
        assert_eq!((got.status, &got.json()["code"]), (401, &"NotAuthenticated".into()), "{name}");

        let weak = users.add(&too_little(request)).await;
        let got = request.send(&served, &weak).await;
        let code = got.json()["code"].clone();
        assert_eq!((got.status, &code), (404, &"NotAuthorizedOrNotFound".into()), "{name}");
        let strong = users.add(&enough(request)).await;
        let got = request.send(&served, &strong).await;
        assert!(![401, 404].contains(&got.status), "{name}: {} {}", got.status, got.body);
    }
}

#[tokio::test]
async fn what_is_forbidden_looks_like_what_is_missing() {
    let served = Served::start().await;
    let things = Things::make(&served).await;
    let mut users = Users::new(&served);
    let ann = users.add(&["manage iot-family in compartment other".to_owned()]).await;
    let host = served.platform.names().control();
    let get = async |id: &str| {
        let target = format!("/20250531/digitalTwinModels/{id}");
        let got = served.signed_by(&ann, ("GET", &host, &target), None, None).await;
        (got.status, got.body.replace(id, "ID"))
    };
    let forbidden = get(&things.model).await;
    assert_eq!(forbidden.0, 404);
    assert_eq!(forbidden, get("ocid1.iotdigitaltwinmodel.oc0.LOC.none").await);

    // Its own compartment it may list, another tenancy's nobody.
    let list = async |signer: &Signer, compartment: &str| {
        let target = format!("/20180608/secrets?compartmentId={compartment}");
        let host = served.platform.names().vaults();
        served.signed_by(signer, ("GET", &host, &target), None, None).await.status
    };
    assert_eq!(list(&served.signer, &things.compartment).await, 200);
    assert_eq!(list(&served.signer, &served.setup.tenancy_id).await, 200);
    assert_eq!(list(&served.signer, "ocid1.tenancy.oc0..another").await, 404);
    assert_eq!(list(&ann, OTHER).await, 404);
}

#[tokio::test]
async fn a_removed_user_is_refused_after_a_moment() {
    let served = Served::start().await;
    let mut users = Users::new(&served);
    let signer = users.add(&["read iot-family in tenancy".to_owned()]).await;
    let host = served.platform.names().control();
    let target = format!("/20250531/iotDomains/{}", served.setup.domain.common.id);
    let get = async || served.signed_by(&signer, ("GET", &host, &target), None, None).await.status;
    assert_eq!(get().await, 200);
    served.platform.store().user_delete("user1").await.unwrap();
    tokio::time::sleep(CALLER_CACHED).await;
    assert_eq!(get().await, 401);
}

#[tokio::test]
async fn a_secret_of_another_compartment_is_for_those_who_may_read_it() {
    let served = Served::start().await;
    let mut users = Users::new(&served);
    let manage = "manage iot-family in compartment local".to_owned();
    let ann = users.add(std::slice::from_ref(&manage)).await;
    let bob = users.add(&[manage, "read secret-bundles in tenancy".to_owned()]).await;
    let host = served.platform.names().control();
    let secret = &served.setup.secret.id;
    let send = async |signer: &Signer, method: &str, target: &str, body: String| {
        let call = (method, host.as_str(), target);
        served.signed_by(signer, call, Some(&body), None).await
    };
    let domain = &served.setup.domain.common.id;
    let create = format!("{{\"iotDomainId\":\"{domain}\",\"authId\":\"{secret}\"}}");
    let things = "/20250531/digitalTwinInstances";
    // The domain may read the secrets of its own compartment.
    let own = send(&ann, "POST", things, create.clone()).await;
    assert_eq!(own.status, 200, "{}", own.body);
    let vaults = served.platform.names().vaults();
    let target = format!("/20180608/secrets/{secret}/actions/changeCompartment");
    let body = format!("{{\"compartmentId\":\"{}\"}}", served.setup.tenancy_id);
    let call = ("POST", vaults.as_str(), target.as_str());
    let moved = served.signed_by(&served.signer, call, Some(&body), None).await;
    assert!(moved.status < 300, "{}", moved.body);
    let refused = send(&ann, "POST", things, create.clone()).await;
    let unknown = send(&ann, "POST", things, create.replace(secret.as_str(), "S")).await;
    let code = "RelatedResourceNotAuthorizedOrNotFound";
    assert_eq!((refused.status, &refused.json()["code"]), (400, &code.into()), "{}", refused.body);
    assert_eq!(refused.body.replace(secret.as_str(), "S"), unknown.body);
    let made = send(&bob, "POST", things, create).await;
    assert_eq!(made.status, 200, "{}", made.body);
    // What is there may stay, and others may change the rest.
    let path = format!("{things}/{}", made.json()["id"].as_str().unwrap());
    let renamed = send(&ann, "PUT", &path, "{\"displayName\":\"x\"}".to_owned()).await;
    assert_eq!(renamed.status, 200, "{}", renamed.body);
    let set = send(&ann, "PUT", &path, format!("{{\"authId\":\"{secret}\"}}")).await;
    assert_eq!(set.status, 400, "{}", set.body);
}

#[tokio::test]
async fn a_body_names_an_unknown_compartment() {
    let served = Served::start().await;
    let mut users = Users::new(&served);
    let ann = users.add(&["manage iot-family in compartment local".to_owned()]).await;
    let host = served.platform.names().control();
    let post = async |signer: &Signer, compartment: &str| {
        let body = format!("{{\"compartmentId\":\"{compartment}\"}}");
        let call = ("POST", host.as_str(), "/20250531/iotDomainGroups");
        let got = served.signed_by(signer, call, Some(&body), None).await;
        (got.status, got.json()["code"].as_str().unwrap_or_default().to_owned())
    };
    let related = (400, "RelatedResourceNotAuthorizedOrNotFound".to_owned());
    assert_eq!(post(&served.signer, "ocid1.compartment.oc0..none").await, related);
    // Who may not look everywhere cannot tell what is missing from what is forbidden.
    let hidden = (404, "NotAuthorizedOrNotFound".to_owned());
    assert_eq!(post(&ann, "ocid1.compartment.oc0..none").await, hidden);
    assert_eq!(post(&ann, &served.setup.tenancy_id).await, hidden);
}
