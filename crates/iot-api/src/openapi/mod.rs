//! The OpenAPI 3.1 document of the control plane and of the vault's secrets, generated from the
//! operation tables, [`Contract`]s and shapes. A test of the server rewrites `docs/openapi.json`
//! and checks real answers against it.

mod contracts;
mod shapes;

use serde_json::{Map, Value, json};

pub use contracts::Contract;
use contracts::QUERY_GROUPS;
use shapes::{GROUPS, SHAPES};

use crate::vault::VaultOperation;
use crate::{CONTROL_PATH, Operation};

/// An operation of either service.
#[derive(Debug, Clone, Copy)]
pub struct Described {
    /// Name.
    pub name: &'static str,
    /// HTTP method.
    pub method: &'static str,
    /// Version that the path begins with.
    pub prefix: &'static str,
    /// Path below it.
    pub path: &'static str,
    /// What it takes and answers.
    pub contract: Contract,
}

/// Every operation of both services, in the order of the contract.
pub fn described() -> Vec<Described> {
    let control = Operation::ALL.iter().map(|&operation| Described {
        name: operation.name(),
        method: operation.method(),
        prefix: CONTROL_PATH,
        path: operation.path(),
        contract: Contract::of(operation),
    });
    let vault = VaultOperation::ALL.iter().map(|&operation| Described {
        name: operation.name(),
        method: operation.method(),
        prefix: operation.prefix(),
        path: operation.path(),
        contract: Contract::of_vault(operation),
    });
    control.chain(vault).collect()
}

/// The document. `served` says whether an operation is served or answers 501.
pub fn document(served: &dyn Fn(&str) -> bool) -> Value {
    let mut paths = Map::new();
    for operation in described() {
        let (path, parameters) = named_path(&operation);
        let item = paths.entry(path).or_insert_with(|| json!({}));
        let method = operation.method.to_ascii_lowercase();
        item[method] = operation_object(&operation, parameters, served(operation.name));
    }
    let schemas: Map<String, Value> = SHAPES
        .iter()
        .map(|(name, members)| ((*name).to_owned(), object(members, name.ends_with("Details"))))
        .collect();
    let refusals: Map<String, Value> = REFUSALS
        .iter()
        .map(|(status, text)| (status.to_string(), refusal(*status, text)))
        .collect();
    let answer_headers: Map<String, Value> = HEADERS
        .iter()
        .map(|(name, text)| {
            ((*name).to_owned(), json!({"description": text, "schema": {"type": "string"}}))
        })
        .collect();
    let request_headers: Map<String, Value> = REQUEST_HEADERS
        .iter()
        .map(|(name, text, longest)| ((*name).to_owned(), header(name, text, *longest)))
        .collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "IoT platform: control plane and vault secrets",
            "version": "20250531",
            "description": "Requests are signed (OCI HTTP Signature, version 1). An operation that this platform does not have answers 501.",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "headers": answer_headers,
            "parameters": request_headers,
            "responses": refusals,
            "securitySchemes": {"signature": {
                "type": "apiKey", "in": "header", "name": "authorization",
                "description": "Signature version=\"1\",keyId=…,algorithm=\"rsa-sha256\",headers=…,signature=…",
            }},
        },
        "security": [{"signature": []}],
    })
}

/// The path with names for its ids, and the parameters of these names.
fn named_path(operation: &Described) -> (String, Vec<Value>) {
    let mut path = operation.prefix.to_owned();
    let mut parameters = Vec::new();
    let mut before = "";
    for segment in operation.path.split('/').skip(1) {
        let name = match (segment, before) {
            ("{}", "version") => "secretVersionNumber".to_owned(),
            ("{}", "secretbundles") => "secretId".to_owned(),
            ("{}", collection) => format!("{}Id", collection.trim_end_matches('s')),
            _ => String::new(),
        };
        path.push('/');
        if name.is_empty() {
            path.push_str(segment);
        } else {
            path.push_str(&format!("{{{name}}}"));
            let schema = json!({"type": "string", "minLength": 1});
            parameters
                .push(json!({"name": name, "in": "path", "required": true, "schema": schema}));
        }
        before = segment;
    }
    (path, parameters)
}

fn operation_object(operation: &Described, mut parameters: Vec<Value>, served: bool) -> Value {
    let contract = operation.contract;
    for member in members(contract.query, QUERY_GROUPS) {
        parameters.push(json!({
            "name": member.name, "in": "query", "required": member.required,
            "schema": member.schema(),
        }));
    }
    // Conditions hold for every change of a resource that exists.
    let changes =
        matches!(operation.method, "PUT" | "DELETE") || operation.path.contains("/actions/");
    if changes && operation.name != "InvokeRawCommand" {
        parameters.push(shared_header("if-match"));
    }
    if operation.takes_retry_token() {
        parameters.push(shared_header("opc-retry-token"));
    }
    parameters.push(shared_header("opc-request-id"));
    let mut object = json!({
        "operationId": operation.name,
        "parameters": parameters,
        "responses": responses(operation, served),
    });
    if !contract.request.is_empty() {
        object["requestBody"] = json!({
            "required": true,
            "content": {"application/json": {"schema": named(contract.request)}},
        });
    }
    object
}

/// Headers that requests may have, each with its meaning and its longest value.
const REQUEST_HEADERS: [(&str, &str, Option<u32>); 3] = [
    ("if-match", "Refuse with 412 unless this is the resource's etag", None),
    (
        "opc-retry-token",
        "The same token and request within 24 hours get the same answer once more",
        Some(64),
    ),
    ("opc-request-id", "What the answer's opc-request-id begins with", None),
];

/// One of [`REQUEST_HEADERS`].
fn header(name: &str, description: &str, longest: Option<u32>) -> Value {
    let schema = match longest {
        None => json!({"type": "string"}),
        Some(longest) => json!({"type": "string", "minLength": 1, "maxLength": longest}),
    };
    json!({"name": name, "in": "header", "description": description, "schema": schema})
}

fn shared_header(name: &str) -> Value {
    json!({"$ref": format!("#/components/parameters/{name}")})
}

fn responses(operation: &Described, served: bool) -> Value {
    let contract = &operation.contract;
    let mut responses = Map::new();
    if served {
        let mut success = json!({"description": "Success", "headers": operation.headers()});
        if !contract.answer.is_empty() {
            success["content"] = json!({"application/json": {"schema": answer(contract.answer)}});
        }
        responses.insert(contract.status.to_string(), success);
    }
    let refusals = REFUSALS.iter().filter(|(status, _)| *status < 500 || !served);
    for (status, _) in refusals {
        let shared = json!({"$ref": format!("#/components/responses/{status}")});
        responses.insert(status.to_string(), shared);
    }
    Value::Object(responses)
}

/// Refusals, the same for every operation; the last one is of those that are not served.
const REFUSALS: [(u16, &str); 8] = [
    (400, "A value is wrong or missing"),
    (401, "The signature does not hold"),
    (404, "Missing, or not permitted"),
    (405, "The path has no such method"),
    (409, "In conflict with what there is"),
    (412, "if-match names another state"),
    (413, "The body is too large"),
    (501, "Not available on this platform"),
];

fn refusal(status: u16, description: &str) -> Value {
    let content = json!({"application/json": {"schema": named("Error")}});
    let mut names = vec!["opc-request-id"];
    names.extend((status == 405).then_some("allow"));
    json!({"description": description, "content": content, "headers": headers(&names)})
}

/// Headers of answers, each with its meaning.
const HEADERS: [(&str, &str); 9] = [
    ("opc-request-id", "The request's id, extended"),
    ("etag", "The state of the resource, for if-match"),
    ("opc-next-page", "Token of the next page; absent on the last one"),
    ("opc-work-request-id", "The work request to follow"),
    ("location", "Where the outcome can be read"),
    ("content-location", "The same"),
    ("retry-after", "Seconds after which to ask again"),
    ("cache-control", "no-store"),
    ("allow", "The methods that the path takes"),
];

/// These headers of an answer.
fn headers(names: &[&str]) -> Value {
    let shared = |name: &&str| json!({"$ref": format!("#/components/headers/{name}")});
    names.iter().map(|name| ((*name).to_owned(), shared(name))).collect::<Map<_, _>>().into()
}

impl Described {
    /// Whether `opc-retry-token` has an effect: with every POST of the control plane, and with one
    /// of the vault.
    fn takes_retry_token(&self) -> bool {
        let is_control = self.method == "POST" && self.prefix == CONTROL_PATH;
        is_control || self.name == "CreateSecret"
    }

    /// Headers of the answer of success.
    fn headers(&self) -> Value {
        let answer = self.contract.answer;
        let is_control = self.prefix == CONTROL_PATH;
        let is_list = answer.starts_with(['{', '[']);
        let has_work = is_control && self.contract.status == 202 && self.name != "InvokeRawCommand";
        let mut names = vec!["opc-request-id"];
        if is_list {
            names.push("opc-next-page");
        } else if !answer.is_empty() || !is_control {
            names.push("etag");
        }
        if has_work {
            names.push("opc-work-request-id");
        }
        match self.name {
            "InvokeRawCommand" => names.push("location"),
            "GetWorkRequest" => names.push("retry-after"),
            "GetSecretBundle" | "GetSecretBundleByName" => names.push("cache-control"),
            _ if has_work && !answer.is_empty() => names.extend(["location", "content-location"]),
            _ => {}
        }
        headers(&names)
    }
}

fn answer(shape: &str) -> Value {
    let collection = shape.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    match collection {
        Some(item) => json!({
            "type": "object",
            "required": ["items"],
            "properties": {"items": {"type": "array", "items": named(item)}},
            "additionalProperties": false,
        }),
        None => named(shape),
    }
}

/// A member in the short form of `shapes`.
struct Member<'a> {
    name: &'a str,
    kind: &'a str,
    required: bool,
    nullable: bool,
}

impl Member<'_> {
    fn schema(&self) -> Value {
        let schema = named(self.kind);
        if self.nullable { json!({"anyOf": [schema, {"type": "null"}]}) } else { schema }
    }
}

fn members<'a>(text: &'a str, groups: &[(&str, &'a str)]) -> Vec<Member<'a>> {
    let mut found = Vec::new();
    for word in text.split_whitespace() {
        if let Some(group) = word.strip_prefix('@') {
            let group = groups.iter().find(|(name, _)| *name == group);
            found.extend(group.iter().flat_map(|(_, text)| members(text, groups)));
        } else if let Some((name, kind)) = word.split_once(':') {
            let required = kind.ends_with('!');
            let nullable = kind.ends_with('?');
            let kind = kind.trim_end_matches(['!', '?']);
            found.push(Member { name, kind, required, nullable });
        }
    }
    found
}

/// The schema of an object. Members that may be null are always there in answers, and never needed
/// in requests.
fn object(text: &str, request: bool) -> Value {
    let members = members(text, GROUPS);
    let required: Vec<&str> =
        members.iter().filter(|member| member.required).map(|member| member.name).collect();
    let properties: Map<String, Value> =
        members.iter().map(|member| (member.name.to_owned(), member.schema())).collect();
    let mut schema = json!({
        "type": "object", "properties": properties, "additionalProperties": false,
    });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    if request {
        schema["description"] = json!("Another member is refused");
    }
    schema
}

/// The schema of a type's name.
fn named(kind: &str) -> Value {
    if let Some(item) = kind.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return json!({"type": "array", "items": named(item)});
    }
    match kind {
        "string" | "ocid" => json!({"type": "string"}),
        "time" => json!({"type": "string", "format": "date-time"}),
        "int" => json!({"type": "integer"}),
        "limit" => json!({
            "type": "integer", "minimum": 1, "default": 100,
            "description": "Items on the page; larger wishes are cut to 1000",
        }),
        "number" => json!({"type": "number"}),
        "bool" => json!({"type": "boolean"}),
        "object" => json!({"type": "object"}),
        "strings" => json!({"type": "object", "additionalProperties": {"type": "string"}}),
        "any" => json!({}),
        name if SHAPES.iter().any(|(known, _)| *known == name) => {
            json!({"$ref": format!("#/components/schemas/{name}")})
        }
        words => json!({"type": "string", "enum": words.split('|').collect::<Vec<_>>()}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_known() {
        let words = |kind: &str| {
            kind.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b"_|".contains(&b))
        };
        let camel =
            ["limit", "timeCreated", "displayName", "timeAccepted", "timeCreated|displayName"];
        let known = |kind: &str| {
            let kind = kind.trim_matches(['[', ']', '{', '}']);
            let schema = named(kind);
            schema.get("enum").is_none() || words(kind) || camel.contains(&kind)
        };
        let in_groups = |text: &str, groups: &[(&str, &str)]| {
            for word in text.split_whitespace().filter_map(|word| word.strip_prefix('@')) {
                assert!(groups.iter().any(|(name, _)| *name == word), "@{word}");
            }
        };
        for (name, text) in SHAPES.iter().chain(GROUPS) {
            in_groups(text, GROUPS);
            for member in members(text, GROUPS) {
                assert!(known(member.kind), "{name}.{}: {}", member.name, member.kind);
            }
        }
        for Described { name, contract, .. } in described() {
            in_groups(contract.query, QUERY_GROUPS);
            for member in members(contract.query, QUERY_GROUPS) {
                assert!(known(member.kind), "{name} {}: {}", member.name, member.kind);
            }
            for shape in [contract.request, contract.answer] {
                assert!(shape.is_empty() || known(shape), "{name}: {shape}");
            }
        }
    }
}
