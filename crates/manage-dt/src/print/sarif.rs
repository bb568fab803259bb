//! Findings as SARIF 2.1.0, which code review tools show beside the lines.

use serde_json::{Value, json};

/// One finding in a file.
pub struct Finding {
    /// Stable code of the rule.
    pub rule: String,
    /// `error` or `warning`.
    pub level: &'static str,
    /// What is wrong and what to do.
    pub message: String,
    /// The file, as given.
    pub file: String,
    /// Line and column, from 1, if known.
    pub position: Option<(usize, usize)>,
    /// JSON pointer into the file.
    pub pointer: String,
}

/// A log with one run of this program. `texts` says of rules what they are about.
pub fn log(findings: &[Finding], texts: &[(&str, &str)]) -> Value {
    let mut rules: Vec<&str> = findings.iter().map(|finding| finding.rule.as_str()).collect();
    rules.sort_unstable();
    rules.dedup();
    let rule = |id: &str| match texts.iter().find(|(rule, _)| *rule == id) {
        Some((_, text)) => json!({"id": id, "shortDescription": {"text": text}}),
        None => json!({"id": id}),
    };
    let rules: Vec<_> = rules.into_iter().map(rule).collect();
    let results: Vec<_> = findings.iter().map(result).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "manage-dt",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            // Columns are counted in characters, not in bytes or UTF-16 units.
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn result(finding: &Finding) -> Value {
    let mut place = json!({"artifactLocation": {"uri": uri(&finding.file)}});
    if let Some((line, column)) = finding.position {
        place["region"] = json!({"startLine": line, "startColumn": column});
    }
    json!({
        "ruleId": finding.rule,
        "level": finding.level,
        "message": {"text": finding.message},
        "locations": [{
            "physicalLocation": place,
            "logicalLocations": [{"fullyQualifiedName": finding.pointer, "kind": "member"}],
        }],
    })
}

/// A path as a reference relative to where the program runs, or as a file URI.
fn uri(path: &str) -> String {
    let mut uri = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.replace('\\', "/").bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'~' => uri.push(byte.into()),
            byte if byte.is_ascii_alphanumeric() => uri.push(byte.into()),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_has_rule_and_place() {
        let finding = Finding {
            rule: "x:y".into(),
            level: "error",
            message: "wrong; mend it".into(),
            file: "a b/c.json".into(),
            position: Some((3, 5)),
            pointer: "/contents/0".into(),
        };
        let log = log(&[finding], &[("x:y", "Something is wrong")]);
        let result = &log["runs"][0]["results"][0];
        assert_eq!(result["ruleId"], "x:y");
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "a%20b/c.json");
        assert_eq!(place["region"], json!({"startLine": 3, "startColumn": 5}));
        assert_eq!(
            log["runs"][0]["tool"]["driver"]["rules"],
            json!([
            {"id": "x:y", "shortDescription": {"text": "Something is wrong"}}])
        );
        assert_eq!(uri("/tmp/a.json"), "file:///tmp/a.json");
    }
}
