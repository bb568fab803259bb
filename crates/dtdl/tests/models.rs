//! How interfaces join into models.

use std::collections::HashMap;
use std::sync::Arc;

use dtdl::{Interface, Model};
use serde_json::{Value, json};

fn interface(name: &str, extends: &[&str], contents: Value) -> Interface {
    let ids: Vec<_> = extends.iter().map(|name| format!("dtmi:example:{name};1")).collect();
    let document = json!({
        "@context": ["dtmi:dtdl:context;3", "dtmi:dtdl:extension:historization;1"],
        "@id": format!("dtmi:example:{name};1"),
        "@type": "Interface",
        "extends": ids,
        "contents": contents,
    });
    Interface::parse(&document.to_string()).unwrap_or_else(|e| panic!("{e}"))
}

fn element(name: &str) -> Value {
    json!({"@type": "Telemetry", "name": name, "schema": "double"})
}

fn component(name: &str, schema: &str) -> Value {
    json!({"@type": "Component", "name": name, "schema": format!("dtmi:example:{schema};1")})
}

/// Resolves the first with the others to be found; the paths, or the codes of the findings.
fn resolve(mut interfaces: Vec<Interface>) -> Result<Vec<String>, Vec<String>> {
    let root = interfaces.remove(0);
    let others: HashMap<_, _> =
        interfaces.into_iter().map(|i| (i.id.clone(), Arc::new(i))).collect();
    match Model::resolve(root, &|id| others.get(id).cloned()) {
        Ok(model) => Ok(model.elements.iter().map(|e| e.path.to_string()).collect()),
        Err(e) => Err(e.0.iter().map(ToString::to_string).collect()),
    }
}

fn gives(interfaces: Vec<Interface>, paths: &[&str]) {
    assert_eq!(resolve(interfaces).expect("valid"), paths);
}

fn refuses(interfaces: Vec<Interface>, parts: &[&str]) {
    let findings = resolve(interfaces).expect_err("refused");
    assert_eq!(findings.len(), parts.len(), "{findings:?}");
    for (finding, part) in findings.iter().zip(parts) {
        assert!(finding.contains(part), "{finding}");
    }
}

#[test]
fn inheritance() {
    gives(
        vec![
            interface("a", &["b", "c"], json!([element("x")])),
            interface("b", &["d"], json!([element("y")])),
            interface("c", &["d"], json!([])),
            // Reached twice, and still one element.
            interface("d", &[], json!([element("z")])),
        ],
        &["x", "y", "z"],
    );
    refuses(
        vec![
            interface("a", &["b"], json!([element("x")])),
            interface("b", &[], json!([element("x")])),
        ],
        &["nonUniqueImportedPropertyValue"],
    );
    refuses(
        vec![interface("a", &["b"], json!([])), interface("b", &["a"], json!([]))],
        &["recursiveStructureWide"],
    );
    let chain = |length: usize| {
        let link = |i: usize| {
            let next = format!("i{}", i + 1);
            let extends: Vec<&str> = if i < length { vec![&next] } else { vec![] };
            interface(&format!("i{i}"), &extends, json!([]))
        };
        (0..=length).map(link).collect::<Vec<_>>()
    };
    gives(chain(10), &[]);
    refuses(chain(11), &["excessiveDepthWide"]);
}

#[test]
fn components() {
    gives(
        vec![
            interface(
                "a",
                &[],
                json!([element("x"), component("left", "b"), component("right", "b")]),
            ),
            interface("b", &["c"], json!([element("y")])),
            interface("c", &[], json!([element("z")])),
        ],
        &["x", "left.y", "left.z", "right.y", "right.z"],
    );
    refuses(
        vec![
            interface("a", &[], json!([component("b", "b")])),
            interface("b", &[], json!([component("c", "c")])),
            interface("c", &[], json!([])),
        ],
        &["excludedType"],
    );
    refuses(
        vec![interface("a", &[], json!([component("b", "b")])), interface("b", &["a"], json!([]))],
        &["excludedType"],
    );
    let inline = json!({"@type": "Component", "name": "m", "schema":
        {"@id": "dtmi:example:inline;1", "@type": "Interface", "contents": [element("t")]}});
    gives(vec![interface("a", &[], json!([inline]))], &["m.t"]);
}

#[test]
fn missing_references_are_listed() {
    refuses(
        vec![interface("a", &["b"], json!([component("c", "c"), component("d", "c")]))],
        &["dtmi:example:b;1, dtmi:example:c;1"],
    );
}

#[test]
fn look_up() {
    let contents = json!([
        {"@type": ["Property", "Historized"], "name": "p", "schema": "long"},
        {"@type": "Relationship", "name": "feeds"},
    ]);
    let model = Model::resolve(interface("a", &[], contents), &|_| None).expect("valid");
    let (index, element) = model.element("p").expect("declared");
    assert_eq!((index, &*element.path, element.historized), (0, "p", true));
    assert!(model.element("q").is_none());
    assert_eq!(&*model.relationships[0], "feeds");
}

#[test]
fn size_is_bounded() {
    let elements: Vec<_> = (0..500).map(|i| element(&format!("e{i}"))).collect();
    let components: Vec<_> = (0..500).map(|i| component(&format!("c{i}"), "b")).collect();
    refuses(
        vec![interface("a", &[], json!(components)), interface("b", &[], json!(elements))],
        &["objectCountAboveMax"],
    );
}
