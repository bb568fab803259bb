//! The definition that is generated for an adapter created without one (A6).

use dtdl::{Geospatial, Model, Primitive, Schema};
use serde_json::{Map, Value, json};

/// Envelope and routes of a model's default adapter, in the API's JSON form.
///
/// ```
/// # let text = r#"{"@context": "dtmi:dtdl:context;3", "@id": "dtmi:com:example:pump;1",
/// #   "@type": "Interface",
/// #   "contents": [{"@type": "Telemetry", "name": "flow", "schema": "double"}]}"#;
/// # let interface = dtdl::Interface::parse(text).expect("valid");
/// # let model = dtdl::Model::resolve(interface, &|_| None).expect("complete");
/// let (envelope, routes) = adapter::default_definition(&model);
/// assert_eq!(envelope["referencePayload"]["data"]["flow"], 0.0);
/// assert_eq!(routes[0]["payloadMapping"]["$.flow"], "$.flow");
/// ```
pub fn default_definition(model: &Model) -> (Value, Value) {
    let mut data = Map::new();
    let mut mapping = Map::new();
    for element in &model.elements {
        let zero = zero(&element.schema);
        match element.path.split_once('.') {
            Some((component, name)) => {
                let component = data.entry(component).or_insert_with(|| json!({}));
                if let Value::Object(members) = component {
                    members.insert(name.to_owned(), zero);
                }
            }
            None => {
                data.insert(element.path.to_string(), zero);
            }
        }
        let path = format!("$.{}", element.path);
        mapping.insert(path.clone(), Value::String(path));
    }
    // A model element of that name keeps its own example.
    data.entry("time").or_insert_with(|| json!(0));
    let envelope = json!({
        "referenceEndpoint": "/",
        "referencePayload": {"dataFormat": "JSON", "data": data},
        "envelopeMapping": {"timeObserved": "$.time"},
    });
    let routes = json!([{
        "condition": "*",
        "description": "Default condition",
        "payloadMapping": mapping,
    }]);
    (envelope, routes)
}

fn zero(schema: &Schema) -> Value {
    match schema {
        Schema::Primitive(Primitive::Boolean) => json!(false),
        Schema::Primitive(Primitive::Integer | Primitive::Long) => json!(0),
        Schema::Primitive(Primitive::Double | Primitive::Float) => json!(0.0),
        Schema::Primitive(_) => json!(""),
        Schema::Enum(schema) => schema.values.first().map_or(json!(""), |v| v.value.clone()),
        Schema::Array(_) => json!([]),
        Schema::Map(_) | Schema::Object(_) => json!({}),
        Schema::Geospatial(Geospatial::Point) => {
            json!({"type": "Point", "coordinates": [0.0, 0.0]})
        }
        Schema::Geospatial(_) => json!({}),
    }
}
