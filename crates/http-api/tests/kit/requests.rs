//! One request for every operation: it names resources that exist, and changes nothing.

#![allow(dead_code, reason = "no test file uses all of it")]

use iot_api::Operation;
use iot_api::vault::VaultOperation;
use platform::identity::rules::{Place, Rule};
use platform::identity::{ResourceType, Verb};
use platform::store::{ApiKey, Compartment, User};
use serde_json::{Value, json};

use super::{Got, Served};

/// A compartment in which there is nothing.
pub const OTHER: &str = "ocid1.compartment.oc0..other";

/// Resources that requests name.
pub struct Things {
    pub model: String,
    pub adapter: String,
    pub instance: String,
    pub relationship: String,
    pub flow_runtime: String,
    pub work_request: String,
    pub secret: String,
    pub group: String,
    pub domain: String,
    pub compartment: String,
    pub vault: String,
}

/// A request.
pub struct Request {
    pub name: &'static str,
    pub rule: Rule,
    pub method: &'static str,
    pub host: String,
    pub target: String,
    pub body: Option<String>,
}

impl Things {
    /// Makes one of each, and another compartment, by the administrator.
    pub async fn make(served: &Served) -> Things {
        let store = served.platform.store();
        let other =
            Compartment { id: OTHER.to_owned(), name: "other".to_owned(), time_created_us: 1 };
        let user = User {
            id: "ocid1.user.oc0..idle".to_owned(),
            name: "idle".to_owned(),
            statements: Vec::new(),
            time_created_us: 1,
        };
        let key = ApiKey { key_id: "idle".to_owned(), ..served.setup.api_key.clone() };
        store.user_create(&user, &key, Some(&other)).await.unwrap();
        let setup = &served.setup;
        let domain = setup.domain.common.id.clone();
        let make = async |collection: &str, body: Value| {
            let target = format!("/20250531/{collection}");
            let made = served.signed("POST", &target, Some(&body.to_string())).await;
            assert_eq!(made.status, 200, "{}", made.body);
            made.json()["id"].as_str().unwrap().to_owned()
        };
        let spec = json!({"@context": "dtmi:dtdl:context;3", "@type": "Interface",
            "@id": "dtmi:test:thing;1", "contents": [{"@type": "Relationship", "name": "links"}]});
        let model = make("digitalTwinModels", json!({"iotDomainId": domain, "spec": spec})).await;
        let adapter = json!({"iotDomainId": domain, "digitalTwinModelId": model});
        let adapter = make("digitalTwinAdapters", adapter).await;
        let instance = json!({"iotDomainId": domain, "digitalTwinAdapterId": adapter,
            "authId": setup.secret.id});
        let instance = make("digitalTwinInstances", instance).await;
        let link = json!({"iotDomainId": domain, "contentPath": "links",
            "sourceDigitalTwinInstanceId": instance, "targetDigitalTwinInstanceId": instance});
        let relationship = make("digitalTwinRelationships", link).await;
        let runtime = json!({"compartmentId": setup.compartment_id, "iotDomainId": domain});
        let runtime = served.work("POST /iotFlowRuntimes", runtime).await;
        Things {
            relationship,
            flow_runtime: runtime.json()["id"].as_str().unwrap().to_owned(),
            work_request: runtime.header("opc-work-request-id").unwrap().to_owned(),
            model,
            adapter,
            instance,
            secret: setup.secret.id.clone(),
            group: setup.group.common.id.clone(),
            domain,
            compartment: setup.compartment_id.clone(),
            vault: platform::vault::vault_id(setup),
        }
    }

    fn id(&self, kind: ResourceType) -> &str {
        match kind {
            ResourceType::DomainGroup => &self.group,
            ResourceType::Domain => &self.domain,
            ResourceType::Model => &self.model,
            ResourceType::Adapter => &self.adapter,
            ResourceType::Instance => &self.instance,
            ResourceType::Secret | ResourceType::SecretVersion | ResourceType::SecretBundle => {
                &self.secret
            }
            ResourceType::Relationship => &self.relationship,
            ResourceType::FlowRuntime => &self.flow_runtime,
            ResourceType::WorkRequest => &self.work_request,
        }
    }

    /// Every operation of both services.
    pub fn requests(&self, served: &Served) -> Vec<Request> {
        let names = served.platform.names();
        let control = Operation::ALL.iter().map(|&operation| {
            let rule = Rule::of(operation);
            let path = format!("/20250531{}", operation.path());
            self.request(operation.name(), operation.method(), names.control(), path, rule)
        });
        let vault = VaultOperation::ALL.iter().map(|&operation| {
            let rule = Rule::of_vault(operation);
            let path = format!("{}{}", operation.prefix(), operation.path());
            let host = match operation.prefix() {
                "/20190301" => names.secret_bundles(),
                _ => names.vaults(),
            };
            self.request(operation.name(), operation.method(), host, path, rule)
        });
        control.chain(vault).collect()
    }

    fn request(
        &self,
        name: &'static str,
        method: &'static str,
        host: String,
        path: String,
        rule: Rule,
    ) -> Request {
        let query = match rule.place {
            Place::QueryCompartment => format!("?compartmentId={}", self.compartment),
            Place::QueryDomain => format!("?iotDomainId={}", self.domain),
            Place::QuerySecretName => {
                format!("?secretName=device-password&vaultId={}", self.vault)
            }
            _ => String::new(),
        };
        let body = match rule.place {
            Place::BodyDomain => json!({"iotDomainId": self.domain}),
            Place::BodyCompartment => json!({"compartmentId": self.compartment,
                "iotDomainGroupId": self.group, "iotDomainId": self.domain}),
            Place::PathAndBodyCompartment => json!({"compartmentId": OTHER}),
            _ => json!({}),
        };
        let mut body = body;
        // No operation knows this member: what is let through changes nothing.
        body["none"] = json!(1);
        let path = path.replacen("{}", self.id(rule.kind), 1).replace("{}", "1");
        let has_body = matches!(method, "POST" | "PUT");
        Request {
            name,
            rule,
            method,
            host,
            target: path + &query,
            body: has_body.then(|| body.to_string()),
        }
    }
}

impl Request {
    /// Sends it, signed, with a condition that never holds.
    pub async fn send(&self, served: &Served, signer: &oci_core::sign::Signer) -> Got {
        let call = (self.method, self.host.as_str(), self.target.as_str());
        served.signed_by(signer, call, self.body.as_deref(), Some("no-such-etag")).await
    }

    /// The words of a statement that lets it through, and of one that just does not.
    pub fn verbs(&self) -> (&'static str, Option<&'static str>) {
        match self.rule.verb {
            Verb::Inspect => ("inspect", None),
            Verb::Read => ("read", Some("inspect")),
            Verb::Use => ("use", Some("read")),
            Verb::Manage => ("manage", Some("use")),
        }
    }
}
