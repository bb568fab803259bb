//! The language layer on sets of documents: extensions, references, places, bounds.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use dtdl::{Dtmi, Interface, LanguageOptions, Position, check_language};
use serde_json::{Value, json};

/// Time for a hostile document in a build without optimisation.
const TIME_MAX: Duration = Duration::from_secs(20);

fn codes(documents: &[Value]) -> Vec<String> {
    let texts: Vec<_> = documents.iter().map(Value::to_string).collect();
    let texts: Vec<_> = texts.iter().map(String::as_str).collect();
    let report = check_language(&texts, LanguageOptions::default());
    let all = report.diagnostics.into_iter().chain(report.missing);
    all.map(|d| format!("{} {}", d.code.rsplit(':').next().unwrap_or_default(), d.pointer))
        .collect()
}

fn interface(name: &str, contexts: &[&str], contents: Value) -> Value {
    let mut context = vec!["dtmi:dtdl:context;3".to_owned()];
    context.extend(contexts.iter().map(|name| format!("dtmi:dtdl:extension:{name}")));
    json!({"@context": context, "@id": format!("dtmi:example:{name};1"), "@type": "Interface",
        "contents": contents})
}

fn temperature() -> Value {
    json!({"@type": ["Telemetry", "Temperature"], "name": "t", "schema": "double", "unit": "kelvin"})
}

fn unit_override() -> Value {
    json!({"@type": ["Property", "ValueAnnotation", "Override"], "name": "u", "annotates": "t",
        "overrides": "unit", "schema": "TemperatureUnit"})
}

#[test]
fn annotations_and_overrides() {
    for version in [1, 2] {
        let names = ["quantitativeTypes", "annotation", "overriding"];
        let contexts = names.map(|name| format!("{name};{version}"));
        let contexts: Vec<_> = contexts.iter().map(String::as_str).collect();
        let check = |change: fn(&mut Value)| {
            let mut contents = json!([temperature(), unit_override()]);
            change(&mut contents);
            codes(&[interface("a", &contexts, contents)])
        };
        assert_eq!(check(|_| {}), [""; 0], "{version}");
        assert_eq!(
            check(|c| c[1]["annotates"] = json!("x")),
            ["noSuchSibling /contents/1/annotates"]
        );
        assert_eq!(
            check(|c| c[1]["annotates"] = json!("u")),
            ["disallowedType /contents/1/annotates"]
        );
        assert_eq!(
            check(|c| c[1]["overrides"] = json!("x")),
            ["noSuchProperty /contents/1/overrides"]
        );
        assert_eq!(
            check(|c| c[1]["schema"] = json!("string")),
            ["siblingSchemaMismatch /contents/1/schema"]
        );
        // The annotated element may be inherited.
        let base = interface("base", &contexts, json!([temperature()]));
        let mut heir = interface("heir", &contexts, json!([unit_override()]));
        heir["extends"] = json!("dtmi:example:base;1");
        assert_eq!(codes(&[heir, base]), [""; 0]);
    }
}

#[test]
fn types_of_extensions_by_identifier() {
    let contexts = ["historization;2", "quantitativeTypes;1"];
    let element = json!({
        "@type": ["dtmi:dtdl:class:Telemetry;3",
            "dtmi:dtdl:extension:historization:v2:Historized",
            "dtmi:dtdl:extension:quantitativeTypes:v1:class:Temperature"],
        "name": "t", "schema": "double",
        "unit": "dtmi:dtdl:extension:quantitativeTypes:v1:unit:kelvin"});
    assert_eq!(codes(&[interface("a", &contexts, json!([element]))]), [""; 0]);
    assert_eq!(
        codes(&[interface("a", &["historization;3"], json!([]))]),
        ["unresolvableContextVersion /@context"]
    );
}

#[test]
fn required_grew_with_its_version() {
    let property = json!({"@type": ["Property", "Required"], "name": "p", "schema": "long"});
    let check = |version| codes(&[interface("a", &[version], json!([property]))]);
    assert_eq!(check("requirement;1"), ["invalidCotype /contents/0/@type"]);
    assert_eq!(check("requirement;2"), [""; 0]);
}

#[test]
fn components_never_nest() {
    let component = |schema: &str| json!({"@type": "Component", "name": "c", "schema": format!("dtmi:example:{schema};1")});
    let inner = interface("inner", &[], json!([component("leaf")]));
    let leaf = interface("leaf", &[], json!([]));
    let outer = interface("outer", &[], json!([component("inner")]));
    assert_eq!(codes(&[inner.clone(), leaf.clone()]), [""; 0]);
    assert_eq!(codes(&[outer, inner, leaf]), ["excludedType /contents/0/schema"]);
    assert_eq!(
        codes(&[interface("me", &[], json!([component("me")]))]),
        ["excludedType /contents/0/schema"]
    );
}

#[test]
fn keys_that_occur_twice() {
    let text = r#"{"@context": "dtmi:dtdl:context;3", "@id": "dtmi:a;1", "@type": "Interface",
      "contents": [{"@type": "Telemetry", "name": "a", "name": "b", "schema": "long"}]}"#;
    let error = Interface::parse(text).expect_err("twice");
    assert_eq!(error.0[0].pointer, "/contents/0/name");
}

#[test]
fn findings_have_lines_and_columns() {
    let text = "\u{feff}{\n  \"@context\": \"dtmi:dtdl:context;3\",\n  \"@id\": \"dtmi:a;1\",\n  \
        \"@type\": \"Interface\",\n  \"contents\": [\n    {\"@type\": \"Telemetry\", \"comment\": \"ä\", \
        \"name\": \"é\", \"schema\": \"double\"},\n    {\"@type\": \"Telemetry\", \"name\": \"x\"}\n  ]\n}";
    let error = Interface::parse(text).expect_err("wrong");
    let positions: Vec<_> = error.0.iter().map(|d| d.position).collect();
    let at = |line, column| Some(Position { line, column });
    // The second lacks a property: its place is the object.
    assert_eq!(positions, [at(6, 52), at(7, 5)], "{error:?}");
}

/// Checks a text and gives the codes; fails if that takes too long.
fn in_time(text: &str) -> Vec<String> {
    let start = Instant::now();
    let report = check_language(&[text], LanguageOptions::default());
    assert!(start.elapsed() < TIME_MAX, "took {:?}", start.elapsed());
    let codes = report.diagnostics.iter().map(|d| d.code.rsplit(':').next().unwrap_or_default());
    codes.map(str::to_owned).collect()
}

fn text_of(contents: &str) -> String {
    format!(
        r#"{{"@context":"dtmi:dtdl:context;3","@id":"dtmi:a;1","@type":"Interface","contents":[{contents}]}}"#
    )
}

#[test]
fn a_mebibyte_of_contents() {
    let mut contents = String::new();
    let mut number = 0;
    while contents.len() < (1 << 20) - 400 {
        let comma = if number == 0 { "" } else { "," };
        let _ = write!(
            contents,
            r#"{comma}{{"@type":"Telemetry","name":"e{number}","schema":"long"}}"#
        );
        number += 1;
    }
    assert_eq!(in_time(&text_of(&contents)), [""; 0]);
    // As much again with a mistake in each part gives a bounded list, with places.
    let broken = text_of(&contents.replace("\"long\"", "\"lang\""));
    let error = Interface::parse(&broken).expect_err("wrong");
    assert!(error.0.len() <= 100 && error.0.iter().all(|d| d.position.is_some()));
}

#[test]
fn more_elements_than_a_model_may_have() {
    let fields: Vec<_> =
        (0..50_001).map(|i| json!({"name": format!("f{i}"), "schema": "long"})).collect();
    let contents =
        json!({"@type": "Telemetry", "name": "x", "schema": {"@type": "Object", "fields": fields}});
    assert_eq!(in_time(&text_of(&contents.to_string())), ["excessiveCount"]);
}

#[test]
fn long_chains_and_rings() {
    let link = |i: usize, next: usize| {
        json!({"@context": "dtmi:dtdl:context;3", "@id": format!("dtmi:a{i};1"),
            "@type": "Interface", "extends": format!("dtmi:a{next};1")})
    };
    let chain: Vec<_> = (0..20_000).map(|i| link(i, i + 1)).collect();
    assert_eq!(in_time(&Value::from(chain).to_string()), ["excessiveDepthNarrow"]);
    let ring: Vec<_> = (0..20_000).map(|i| link(i, (i + 1) % 20_000)).collect();
    let codes = in_time(&Value::from(ring).to_string());
    assert!(codes.contains(&"recursiveStructureNarrow".to_owned()), "{codes:?}");
    // A chain of reusable schemas, each in terms of the next.
    let schemas: Vec<_> = (0..10_000)
        .map(|i| {
            let next = match i {
                9_999 => "double".to_owned(),
                _ => format!("dtmi:s{};1", i + 1),
            };
            json!({"@id": format!("dtmi:s{i};1"), "@type": "Array", "elementSchema": next})
        })
        .collect();
    let document = json!({"@context": "dtmi:dtdl:context;3", "@id": "dtmi:a;1",
        "@type": "Interface", "schemas": schemas});
    assert_eq!(in_time(&document.to_string()), ["excessiveDepthNarrow"]);
}

#[test]
fn one_base_with_many_heirs() {
    let contents: Vec<_> =
        (0..5_000).map(|i| json!({"@type": "Command", "name": format!("c{i}")})).collect();
    let mut documents = vec![interface("base", &[], json!(contents))];
    documents.extend((0..5_000).map(|i| {
        json!({"@context": "dtmi:dtdl:context;3", "@id": format!("dtmi:h{i};1"),
            "@type": "Interface", "extends": "dtmi:example:base;1"})
    }));
    assert_eq!(in_time(&Value::from(documents.clone()).to_string()), [""; 0]);
    // With two parents each, names have to be compared, and there is an end to it.
    documents.push(interface("other", &[], json!([])));
    for heir in &mut documents[1..=5_000] {
        heir["extends"] = json!(["dtmi:example:base;1", "dtmi:example:other;1"]);
    }
    let codes = in_time(&Value::from(documents).to_string());
    assert!(!codes.is_empty() && codes.iter().all(|code| code == "excessiveCount"), "{codes:?}");
}

/// Documents that are nearly right: the words of the language in any arrangement.
fn nearly() -> impl proptest::strategy::Strategy<Value = Value> {
    use proptest::prelude::*;
    const WORDS: [&str; 24] = [
        "@context",
        "@id",
        "@type",
        "@value",
        "@language",
        "name",
        "schema",
        "contents",
        "schemas",
        "extends",
        "Interface",
        "Telemetry",
        "Component",
        "Array",
        "Object",
        "Map",
        "Enum",
        "elementSchema",
        "fields",
        "enumValues",
        "dtmi:dtdl:context;3",
        "dtmi:a;1",
        "double",
        "en",
    ];
    let word = proptest::sample::select(&WORDS[..]).prop_map(Value::from);
    let leaf = prop_oneof![
        4 => word,
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
    ];
    leaf.prop_recursive(6, 64, 6, |inner| {
        let key = proptest::sample::select(&WORDS[..]).prop_map(str::to_owned);
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((key, inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest::proptest! {
    #[test]
    fn no_document_panics(parts in proptest::collection::vec(nearly(), 1..4)) {
        let mut document = interface("a", &["quantitativeTypes;1", "annotation;1"], json!([]));
        for part in &parts {
            if let Value::Object(members) = part {
                document.as_object_mut().expect("an object").extend(members.clone());
            }
        }
        codes(&[document.clone(), Value::from(parts)]);
        let _ = Interface::parse(&document.to_string());
    }

    #[test]
    fn identifiers_come_back_as_they_were(text in "dtmi:[a-z_0-9:;.#]{0,30}|.{0,40}") {
        if let Ok(dtmi) = Dtmi::parse_any(&text) {
            proptest::prop_assert_eq!(dtmi.as_str(), &text);
            proptest::prop_assert!(text.starts_with(dtmi.path()) && text.ends_with(dtmi.fragment()));
            proptest::prop_assert!(dtmi.labels().count() > 0);
        } else {
            proptest::prop_assert!(Dtmi::parse(&text).is_err());
        }
    }
}
