//! `model check` and `model diff` on files, offline.

use serde_json::{Value, json};

use crate::kit::Desk;

fn pump(version: &str, contents: Value) -> String {
    let document = json!({
        "@context": ["dtmi:dtdl:context;3", "dtmi:dtdl:extension:historization;1"],
        "@id": format!("dtmi:com:example:pump;{version}"),
        "@type": "Interface",
        "contents": contents,
    });
    format!("{document:#}\n")
}

fn telemetry(name: &str, schema: &str) -> Value {
    json!({"@type": "Telemetry", "name": name, "schema": schema})
}

#[test]
fn a_model_without_mistakes() {
    let desk = Desk::new();
    desk.write("pump.json", &pump("1", json!([telemetry("flow", "double")])));
    let (code, out, err) = desk.run(&["model", "check", "pump.json"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.contains("1 file checked, nothing to complain about"), "{out}");
    let (code, out, _) = desk.run(&["--output", "json", "model", "check", "pump.json"]);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, report), (0, json!({"findings": [], "findingCount": 0})));
}

#[test]
fn findings_name_file_line_and_column() {
    let desk = Desk::new();
    let writable = json!({"@type": "Property", "name": "mode", "schema": "long", "writable": true});
    desk.write(
        "pump.json",
        &pump("1", json!([telemetry("flow", "integr"), telemetry("f_", "long")])),
    );
    desk.write("valve.json", &pump("2", json!([writable])));
    let (code, out, _) = desk.run(&["model", "check", "pump.json", "valve.json"]);
    assert_eq!(code, 1, "{out}");
    for line in [
        "pump.json:12:17: badDtmiOrTerm: `integr`",
        "pump.json:16:15: stringInvalid: `f_`",
        "    at /contents/1/name",
        "valve.json:13:19: valueNotExact: `mode`",
        "2 files checked, 3 findings",
    ] {
        assert!(out.contains(line), "`{line}` is missing in:\n{out}");
    }
    let (code, out, _) = desk.run(&["--output", "sarif", "model", "check", "pump.json"]);
    let log: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &log["version"]), (1, &json!("2.1.0")));
    let result = &log["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "dtmi:dtdl:parsingError:badDtmiOrTerm");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "pump.json");
    assert_eq!(place["region"], json!({"startLine": 12, "startColumn": 17}));
}

#[test]
fn a_model_that_is_too_large_is_told_beside_what_is_wrong_in_it() {
    let desk = Desk::new();
    desk.write("large.json", &format!("{{{}}}", " ".repeat(1 << 20)));
    let (code, out, _) = desk.run(&["model", "check", "large.json"]);
    assert_eq!(code, 1, "{out}");
    for finding in ["missingContext", "textTooLong: the document is larger than 1048576 bytes"] {
        assert!(out.contains(finding), "`{finding}` is missing in:\n{out}");
    }
}

#[test]
fn findings_that_are_left_out_are_not_hidden() {
    let desk = Desk::new();
    let many: Vec<Value> = (0..150).map(|i| telemetry(&format!("t{i}"), "no")).collect();
    desk.write("many.json", &pump("1", json!(many)));
    let (code, out, err) = desk.run(&["model", "check", "many.json"]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("1 file checked, 100 findings"), "{out}");
    assert!(err.contains("many.json: only the first 100 findings are told"), "{err}");
}

#[test]
fn references_are_found_with_the_option() {
    let desk = Desk::new();
    let mut heir: Value = serde_json::from_str(&pump("1", json!([]))).unwrap();
    heir["@id"] = json!("dtmi:com:example:heir;1");
    heir["extends"] = json!("dtmi:com:example:pump;1");
    desk.write("heir.json", &heir.to_string());
    desk.write("models/deep/pump.json", &pump("1", json!([telemetry("flow", "double")])));
    let (code, out, _) = desk.run(&["model", "check", "heir.json"]);
    assert!(code == 1 && out.contains("`dtmi:com:example:pump;1` is not defined"), "{out}");
    let (code, out, _) = desk.run(&["model", "check", "heir.json", "--with", "models"]);
    assert_eq!(code, 0, "{out}");
    // What the heir inherits counts.
    heir["contents"] = json!([telemetry("flow", "long")]);
    desk.write("heir.json", &heir.to_string());
    let (code, out, _) = desk.run(&["model", "check", "heir.json", "--with", "models"]);
    assert!(code == 1 && out.contains("nonUniqueImportedPropertyValue"), "{out}");
}

#[test]
fn differences_and_the_version_they_need() {
    let desk = Desk::new();
    let old = json!([
        {"@type": ["Telemetry", "Historized"], "name": "flow", "schema": "integer"},
        telemetry("gone", "string"),
    ]);
    desk.write("1.json", &pump("1", old.clone()));
    let mut new = old;
    new[0] = json!({"@type": "Telemetry", "name": "flow", "schema": "long"});
    new[1] = telemetry("colour", "boolean");
    desk.write("1.1.json", &pump("1.1", new.clone()));
    desk.write("2.json", &pump("2", new));
    let (code, out, _) = desk.run(&["model", "diff", "1.json", "1.1.json"]);
    assert_eq!(code, 1, "{out}");
    for part in ["not Historized", "was integer, is", "removed", "use dtmi:com:example:pump;2"] {
        assert!(out.contains(part), "`{part}` is missing in:\n{out}");
    }
    let (code, out, _) = desk.run(&["--output", "json", "model", "diff", "1.json", "2.json"]);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (code, &report["level"], &report["versionFits"]),
        (0, &json!("major"), &json!(true))
    );
    let removed = &report["changes"][2];
    assert_eq!(removed["breaks"], json!(["content", "adapters", "devices"]), "{report:#}");
}

#[test]
fn files_that_cannot_be_used() {
    let desk = Desk::new();
    desk.write("broken.json", "{");
    desk.write("pump.json", &pump("1", json!([])));
    for (arguments, words) in [
        (&["model", "check", "none.json"][..], "cannot read none.json"),
        (&["model", "check", "pump.json", "--with", "none"], "cannot read none"),
        (&["model", "diff", "pump.json", "broken.json"], "model check broken.json"),
        (&["--output", "sarif", "model", "diff", "pump.json", "pump.json"], "--output sarif"),
    ] {
        let (code, out, err) = desk.run(arguments);
        assert_eq!((code, out.as_str()), (2, ""), "{arguments:?}: {err}");
        assert!(err.contains(words), "{arguments:?}: {err}");
    }
    let (code, out, _) = desk.run(&["model", "check", "broken.json"]);
    assert!(code == 1 && out.contains("broken.json:1:1: notJson"), "{out}");
}

#[test]
fn files_that_can_be_read_are_checked_beside_those_that_cannot() {
    let desk = Desk::new();
    desk.write("broken.json", "{");
    desk.write("deep.json", &"[".repeat(200));
    let arguments = ["model", "check", "none.json", "broken.json", "absent.json", "deep.json"];
    let (code, out, err) = desk.run(&arguments);
    assert_eq!(code, 2, "{out}{err}");
    assert!(err.contains("none.json") && err.contains("absent.json"), "{err}");
    assert!(out.contains("broken.json:1:1: notJson") && out.contains("2 files checked"), "{out}");
    assert!(out.contains("textTooDeep: the document is nested"), "{out}");
}
