//! The language layer as callers see it: documents in, findings and missing references out (B1).

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::check::Checker;
use crate::diagnostic::{Diagnostic, code};
use crate::graph::{Graph, Target};
use crate::json;
use crate::limits::{DIAGNOSTICS_MAX, DOCUMENTS_BYTES_MAX, JSON_DEPTH_MAX};
use crate::locate::locate;
use crate::metamodel::Kind;

/// What a check of documents lets through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LanguageOptions {
    /// Extensions that are unknown here are let through, with all they define.
    pub allow_undefined_extensions: bool,
}

/// What a check of documents found.
#[derive(Debug)]
pub struct LanguageReport {
    /// Everything that is wrong, in the order of the documents.
    pub diagnostics: Vec<Diagnostic>,
    /// Interfaces that are referred to and not defined: a finding each, at the first reference.
    pub missing: Vec<Diagnostic>,
}

impl LanguageReport {
    /// Is nothing wrong, and everything there?
    pub fn is_valid(&self) -> bool {
        self.diagnostics.is_empty() && self.missing.is_empty()
    }
}

/// Checks documents that may refer to each other, each an interface or an array of them, against
/// the language alone; what the platform refuses besides is not looked at.
///
/// ```
/// let text = r#"{"@context": "dtmi:dtdl:context;3", "@id": "dtmi:a;1", "@type": "Interface",
///   "extends": "dtmi:b;1"}"#;
/// let report = dtdl::check_language(&[text], dtdl::LanguageOptions::default());
/// assert!(report.diagnostics.is_empty());
/// assert_eq!((report.missing.len(), report.missing[0].pointer.as_str()), (1, "/extends"));
/// ```
pub fn check_language(documents: &[&str], options: LanguageOptions) -> LanguageReport {
    let mut diagnostics = Vec::new();
    let values = read(documents, DOCUMENTS_BYTES_MAX, &mut diagnostics);
    let mut checker = Checker {
        graph: Graph::default(),
        diagnostics,
        allow_undefined: options.allow_undefined_extensions,
        allow_version_2: true,
        names: HashMap::new(),
        visits: 0,
    };
    checker.check(&values);
    let mut missing = missing(&checker.graph);
    let mut diagnostics = checker.diagnostics;
    locate(documents, &mut missing);
    locate(documents, &mut diagnostics);
    LanguageReport { diagnostics, missing }
}

/// Reads documents as JSON; those that cannot be read give a finding.
pub(crate) fn read(
    documents: &[&str],
    bytes_max: usize,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Option<Value>> {
    let mut values = Vec::with_capacity(documents.len());
    for (document, text) in documents.iter().enumerate() {
        let text = without_mark(text);
        let parsed = if text.len() > bytes_max {
            let message = format!("the document is larger than {bytes_max} bytes; split it");
            Err((code!("textTooLong"), message))
        } else {
            json::read(text).map_err(|error| unreadable(&error))
        };
        let mut finding = |code, pointer, message| {
            if diagnostics.len() < DIAGNOSTICS_MAX {
                diagnostics.push(Diagnostic { code, pointer, message, document, position: None });
            }
        };
        values.push(match parsed {
            Ok((value, repeated)) => {
                for pointer in repeated {
                    let message = "an object has this key twice; remove one".to_owned();
                    finding(code!("nonUniqueMember"), pointer, message);
                }
                Some(value)
            }
            Err((code, message)) => {
                finding(code, String::new(), message);
                None
            }
        });
    }
    values
}

/// Why a text was not read, and the code of that. Valid JSON that is only too deep is told as such.
fn unreadable(error: &serde_json::Error) -> (&'static str, String) {
    let told = error.to_string();
    match told.strip_prefix("recursion limit exceeded") {
        Some(place) => (
            code!("textTooDeep"),
            format!(
                "the document is nested in more than {JSON_DEPTH_MAX} levels{place}; flatten it"
            ),
        ),
        None => (code!("notJson"), format!("the document is no JSON: {told}")),
    }
}

/// The text without the byte order mark that some editors begin a file with.
pub(crate) fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Interfaces that are referred to and not defined.
fn missing(graph: &Graph) -> Vec<Diagnostic> {
    let mut missing = Vec::new();
    let mut seen = HashSet::new();
    for link in graph.elements.iter().flat_map(|element| &element.links) {
        if let Target::Missing(id) = link.target
            && link.slot.kinds.contains(&Kind::Interface)
            && !graph.ids.contains_key(id)
            && missing.len() < DIAGNOSTICS_MAX
            && seen.insert(id)
        {
            missing.push(Diagnostic {
                code: code!("unresolvedReference"),
                pointer: graph.pointer(&link.place),
                message: format!("`{id}` is not defined in the documents; add the one with it"),
                document: link.place.document,
                position: None,
            });
        }
    }
    missing
}
