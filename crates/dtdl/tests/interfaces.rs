//! What documents say, and what is refused in them: one line a fact.

use dtdl::{ContentKind, Interface, Schema};
use serde_json::{Value, json};

/// A document with these contents and all extensions.
fn document(contents: Value) -> Value {
    json!({
        "@context": [
            "dtmi:dtdl:context;3",
            "dtmi:dtdl:extension:historization;1",
            "dtmi:dtdl:extension:quantitativeTypes;1",
            "dtmi:dtdl:extension:requirement;1",
            "dtmi:dtdl:extension:annotation;1",
            "dtmi:com:oracle:dtdl:extension:validation;1",
        ],
        "@id": "dtmi:com:example:pump;1",
        "@type": "Interface",
        "contents": contents,
    })
}

fn accepts(contents: Value) -> Interface {
    let text = document(contents).to_string();
    Interface::parse(&text).unwrap_or_else(|e| panic!("{text}\n{e}"))
}

fn codes(text: &str) -> Vec<String> {
    match Interface::parse(text) {
        Ok(_) => Vec::new(),
        Err(e) => {
            e.0.iter()
                .map(|d| format!("{} {}", d.code.rsplit(':').next().unwrap_or_default(), d.pointer))
                .collect()
        }
    }
}

fn refuses(contents: Value, findings: &[&str]) {
    let text = document(contents).to_string();
    assert_eq!(codes(&text), findings, "{text}");
}

fn telemetry(more: Value) -> Value {
    let mut element = json!({"@type": "Telemetry", "name": "x", "schema": "double"});
    for (key, value) in more.as_object().expect("an object") {
        element[key] = value.clone();
    }
    element
}

#[test]
fn the_document_itself() {
    assert_eq!(codes("{"), ["notJson "]);
    assert_eq!(codes(&format!("{}{}", "[".repeat(200), "]".repeat(200))), ["textTooDeep "]);
    assert_eq!(codes("5"), ["notJsonObject "]);
    assert_eq!(codes("[]"), ["notJsonObject "]);
    assert_eq!(codes(&" ".repeat((1 << 20) + 1)), ["textTooLong "]);
    let broken = Interface::parse("{\n  \"a\": }").expect_err("no JSON");
    assert!(broken.to_string().contains("line 2 column"), "{broken}");

    let change = |key: &str, value: Value| {
        let mut document = document(json!([]));
        document[key] = value;
        codes(&document.to_string())
    };
    assert_eq!(change("@id", json!("placeholder")), ["invalidId /@id"]);
    assert_eq!(change("@id", json!("dtmi:dtdl:x;1")), ["reservedId /@id"]);
    assert_eq!(change("@id", json!("dtmi:a;1#f")), ["disallowedIdFragment /@id"]);
    let long = format!("dtmi:{};1", "a".repeat(130));
    assert_eq!(change("@id", json!(long)), ["idTooLongForType /@id"]);
    assert_eq!(change("@type", json!("Telemetry")), ["typeNotRootable /@type"]);
    assert_eq!(change("@type", json!(["Interface"])), [""; 0]);
    assert_eq!(change("@context", json!("dtmi:dtdl:context;3")), [""; 0]);
    assert_eq!(
        change("@context", json!("dtmi:dtdl:context;2")),
        ["unresolvableContextVersion /@context"]
    );
    assert_eq!(change("@context", json!([])), ["missingDtdlContext /@context"]);
    let unknown = json!(["dtmi:dtdl:context;3", "dtmi:dtdl:extension:mqtt;1"]);
    assert_eq!(change("@context", unknown), ["unresolvableContextSpecifier /@context"]);
    assert_eq!(change("colour", json!("red")), ["propertyUndefinedTerm /colour"]);
    assert_eq!(change("schema", json!("double")), ["propertyIrrelevantDtmiOrTerm /schema"]);
    assert_eq!(change("@graph", json!([])), ["topLevelKeywordDisallowed /@graph"]);
    assert_eq!(change("displayName", json!(null)), ["propertyValueNull /displayName"]);
}

#[test]
fn texts() {
    let mut document = document(json!([]));
    document["displayName"] = json!({"en": "Pump", "de": "Pumpe"});
    document["description"] = json!([{"@value": "Moves water", "@language": "en"}]);
    let interface = Interface::parse(&document.to_string()).expect("valid");
    assert_eq!(interface.display_name.as_deref(), Some("Pump"));
    assert_eq!(interface.description.as_deref(), Some("Moves water"));
    document["displayName"] = json!("a".repeat(513));
    assert_eq!(codes(&document.to_string()), ["stringTooLong /displayName"]);
    // A byte order mark is no mistake.
    document["displayName"] = json!("Pump");
    assert!(Interface::parse(&format!("\u{feff}{document}")).is_ok());
}

#[test]
fn names() {
    for name in ["a", "aB_9", "x1"] {
        accepts(json!([telemetry(json!({"name": name}))]));
    }
    for name in ["", "_a", "a_", "1a", "a-b", "ä"] {
        refuses(json!([telemetry(json!({"name": name}))]), &["stringInvalid /contents/0/name"]);
    }
    let long = "a".repeat(513);
    refuses(json!([telemetry(json!({"name": long}))]), &["stringTooLong /contents/0/name"]);
    refuses(
        json!([telemetry(json!({})), telemetry(json!({}))]),
        &["nonUniquePropertyValue /contents/1/name"],
    );
    refuses(
        json!([{"@type": "Telemetry", "schema": "double"}]),
        &["missingLiteralProperty /contents/0"],
    );
}

#[test]
fn co_types() {
    let interface = accepts(json!([telemetry(json!({"@type": ["Telemetry", "Historized"]}))]));
    assert!(matches!(&interface.contents[0].kind, ContentKind::Telemetry(v) if v.historized));
    let plain = json!({"@context": "dtmi:dtdl:context;3", "@id": "dtmi:a;1", "@type": "Interface",
        "contents": [telemetry(json!({"@type": ["Telemetry", "Historized"], "minimum": 1}))]});
    assert_eq!(
        codes(&plain.to_string()),
        ["typeUndefinedTerm /contents/0/@type", "propertyIrrelevantDtmiOrTerm /contents/0/minimum"]
    );
    accepts(json!([telemetry(
        json!({"@type": ["Telemetry", "Temperature"], "unit": "degreeCelsius"})
    )]));
    let temperature = |more: Value| {
        let mut element = telemetry(more);
        element["@type"] = json!(["Telemetry", "Temperature"]);
        json!([element])
    };
    refuses(temperature(json!({})), &["missingSupplementalObjectProperty /contents/0"]);
    refuses(temperature(json!({"unit": "percent"})), &["badDtmiOrTerm /contents/0/unit"]);
    refuses(
        temperature(json!({"unit": "kelvin", "schema": "string"})),
        &["notRequiredType /contents/0/schema"],
    );
    refuses(
        json!([telemetry(json!({"unit": "kelvin"}))]),
        &["propertyIrrelevantDtmiOrTerm /contents/0/unit"],
    );
    refuses(
        json!([{"@type": ["Command", "Historized"], "name": "c"}]),
        &["invalidCotype /contents/0/@type"],
    );
    refuses(
        json!([telemetry(json!({"@type": ["Telemetry", "Property"]}))]),
        &["multipleMaterialTypes /contents/0/@type"],
    );
    refuses(json!([{"name": "x", "schema": "double"}]), &["missingRequiredType /contents/0"]);
}

#[test]
fn schemas() {
    for name in [
        "boolean",
        "date",
        "dateTime",
        "double",
        "duration",
        "float",
        "integer",
        "long",
        "string",
        "time",
        "point",
        "multiPolygon",
        "dtmi:dtdl:instance:Schema:double;3",
    ] {
        accepts(json!([telemetry(json!({"schema": name}))]));
    }
    refuses(
        json!([telemetry(json!({"schema": "decimal"}))]),
        &["badDtmiOrTerm /contents/0/schema"],
    );
    let array = |inner: Value| json!({"@type": "Array", "elementSchema": inner});
    let five = (0..5).fold(json!("double"), |inner, _| array(inner));
    accepts(json!([telemetry(json!({"schema": five.clone()}))]));
    let six = array(five);
    refuses(
        json!([telemetry(json!({"schema": six}))]),
        &["excessiveDepthNarrow /contents/0/schema"],
    );
    let values = |values: Value| {
        let schema = json!({"@type": "Enum", "valueSchema": "integer", "enumValues": values});
        json!([telemetry(json!({"schema": schema}))])
    };
    accepts(values(json!([{"name": "a", "enumValue": 1}, {"name": "b", "enumValue": 2}])));
    refuses(
        values(json!([{"name": "a", "enumValue": 1}, {"name": "b", "enumValue": 1}])),
        &["nonUniquePropertyValue /contents/0/schema/enumValues/1/enumValue"],
    );
    refuses(
        values(json!([{"name": "a", "enumValue": "1"}])),
        &["nonConformantDatatype /contents/0/schema/enumValues/0/enumValue"],
    );
    accepts(json!([telemetry(json!({"schema": {"@type": "Map",
        "mapKey": {"name": "k", "schema": "string"}, "mapValue": {"name": "v", "schema": "long"}}}))]));
    let fields = json!([{"name": "a", "schema": "double"}, {"@type": ["Field", "Required"], "name": "b", "schema": "long"}]);
    let interface =
        accepts(json!([telemetry(json!({"schema": {"@type": "Object", "fields": fields}}))]));
    let ContentKind::Telemetry(value) = &interface.contents[0].kind else { panic!("telemetry") };
    let Schema::Object(object) = &value.schema else { panic!("an object") };
    let required: Vec<_> = object.fields.iter().flatten().map(|field| field.required).collect();
    assert_eq!(required, [false, true]);
}

#[test]
fn reusable_schemas() {
    let with = |schemas: Value, schema: &str| {
        let mut document = document(json!([telemetry(json!({"schema": schema}))]));
        document["schemas"] = schemas;
        codes(&document.to_string())
    };
    let list = |id: &str, inner: &str| json!({"@id": id, "@type": "Array", "elementSchema": inner});
    assert_eq!(
        with(json!([list("dtmi:a;1", "dtmi:b;1"), list("dtmi:b;1", "double")]), "dtmi:a;1"),
        [""; 0]
    );
    assert_eq!(
        with(json!([list("dtmi:a;1", "dtmi:b;1"), list("dtmi:b;1", "dtmi:a;1")]), "dtmi:a;1"),
        ["recursiveStructureNarrow /schemas/1/elementSchema"]
    );
    assert_eq!(with(json!([{"@type": "Object"}]), "double"), ["missingRequiredId /schemas/0"]);
    assert_eq!(with(json!([]), "dtmi:a;1"), ["unresolvedReference /contents/0/schema"]);
}

#[test]
fn constraints() {
    let value = |more: Value| {
        let interface = accepts(json!([telemetry(more)]));
        match &interface.contents[0].kind {
            ContentKind::Telemetry(value) => value.constraints.clone(),
            other => panic!("{other:?}"),
        }
    };
    let numbers = value(json!({"@type": ["Telemetry", "Validated"], "minimum": 1, "maximum": 2.5}));
    assert_eq!((numbers.minimum, numbers.maximum), (Some(1.0), Some(2.5)));
    let text = value(json!({"schema": "string", "pattern": "^a+$", "maxLength": 3}));
    assert!(text.pattern.is_some_and(|p| p.is_match("aaa") && !p.is_match("b")));
    assert!(value(json!({})).is_empty());
    let at = |keyword: &str, code: &str| format!("{code} /contents/0/{keyword}");
    for (keyword, faulty) in [
        ("minimum", json!("1")),
        ("minLength", json!(-1)),
        ("multipleOf", json!(0)),
        ("pattern", json!("(")),
        ("required", json!([1])),
        ("uniqueItems", json!(1)),
        ("enum", json!(1)),
    ] {
        refuses(json!([telemetry(json!({keyword: faulty}))]), &[&at(keyword, "literalNotValid")]);
    }
    for (keyword, fine) in
        [("minLength", json!(1)), ("minItems", json!(1)), ("required", json!(["a"]))]
    {
        refuses(
            json!([telemetry(json!({keyword: fine}))]),
            &[&at(keyword, "nonConformantDatatype")],
        );
    }
}

#[test]
fn other_contents() {
    accepts(json!([
        {"@type": "Command", "name": "c", "request": {"name": "r", "schema": "string"}},
        {"@type": "Relationship", "name": "r", "target": "dtmi:a;1", "maxMultiplicity": 2,
         "properties": [{"@type": "Property", "name": "p", "schema": "long"}]},
        {"@type": "Component", "name": "m", "schema": "dtmi:a;1"},
    ]));
    refuses(
        json!([{"@type": "Relationship", "name": "r", "minMultiplicity": 1}]),
        &["valueNotExact /contents/0/minMultiplicity"],
    );
    refuses(json!([{"@type": "Component", "name": "m"}]), &["missingObjectProperty /contents/0"]);
    refuses(
        json!([{"@type": "Component", "name": "m", "schema": "double"}]),
        &["badDtmiOrTerm /contents/0/schema"],
    );
}

#[test]
fn the_platform_refuses_writable() {
    let property = |writable: bool| {
        accepts(json!([{"@type": "Property", "name": "p", "schema": "long", "writable": writable}]))
    };
    assert!(property(false).check_platform().is_ok());
    let error = property(true).check_platform().expect_err("writable");
    assert_eq!(error.0[0].pointer, "/contents/0/writable");
    // Beside other findings it is told at once.
    refuses(
        json!([
            {"@type": "Property", "name": "p", "schema": "no", "writable": true},
            {"@type": "Relationship", "name": "r", "writable": true},
            {"@type": "Property", "name": "q", "schema": "long", "writable": false}
        ]),
        &[
            "badDtmiOrTerm /contents/0/schema",
            "valueNotExact /contents/0/writable",
            "valueNotExact /contents/1/writable",
        ],
    );
}

#[test]
fn the_platform_wants_a_version() {
    let of = |id: &str| {
        let document = json!({"@context": "dtmi:dtdl:context;3", "@type": "Interface", "@id": id});
        Interface::parse(&document.to_string()).expect("the language takes it")
    };
    assert!(of("dtmi:com:example:pump;1").check_platform().is_ok());
    let error = of("dtmi:com:example:pump").check_platform().expect_err("no version");
    assert_eq!(error.0[0].pointer, "/@id");
    assert!(error.0[0].to_string().contains("dtmi:com:example:pump;1"), "{}", error.0[0]);
}

#[test]
fn all_findings_at_once() {
    refuses(
        json!([telemetry(json!({"name": "_", "schema": "no"})), {"@type": "Thing"}, 5]),
        &[
            "stringInvalid /contents/0/name",
            "badDtmiOrTerm /contents/0/schema",
            "typeUndefinedTerm /contents/1/@type",
            "notJsonObject /contents/2",
        ],
    );
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in ".{0,200}") {
        let _ = Interface::parse(&text);
    }

    #[test]
    fn any_pattern_is_taken_or_told(pattern in "[\\[\\]\\\\^&~dDwWbB()\\-.*+?{}0-9,$|]{0,20}|.{0,20}") {
        let contents = json!([telemetry(json!({"schema": "string", "pattern": pattern}))]);
        if let Ok(interface) = Interface::parse(&document(contents).to_string()) {
            let dtdl::ContentKind::Telemetry(value) = &interface.contents[0].kind else {
                panic!("a Telemetry")
            };
            let compiled = value.constraints.pattern.as_ref().expect("a pattern");
            assert_eq!(compiled.as_str(), pattern);
            compiled.is_match("a1_&[\u{967}");
        }
    }

    #[test]
    fn no_byte_of_a_document_panics(at in 0usize..400, byte in 32u8..127) {
        let contents = json!([telemetry(json!({"@type": ["Telemetry", "Temperature"], "unit": "kelvin"}))]);
        let mut text = document(contents).to_string().into_bytes();
        let at = at % text.len();
        text[at] = byte;
        let _ = Interface::parse(&String::from_utf8_lossy(&text));
    }
}
