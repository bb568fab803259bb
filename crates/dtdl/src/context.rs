//! `@context`: the language version and the extensions a document uses (B1).

use serde_json::Value;

use crate::diagnostic::{Pointer, code};
use crate::parse::Reader;

/// The only language version there is here.
pub(crate) const LANGUAGE: &str = "dtmi:dtdl:context;3";

/// Extensions switched on by a context.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Extensions {
    pub historization: bool,
    pub quantitative_types: bool,
    pub validation: bool,
    pub annotation: bool,
    pub overriding: bool,
    pub requirement: bool,
}

impl Extensions {
    /// Switches one on by its context identifier; `false` if no such extension is known.
    fn add(&mut self, specifier: &str) -> bool {
        let Some((path, version)) = specifier.split_once(';') else {
            return false;
        };
        let switch = match path {
            "dtmi:dtdl:extension:historization" => &mut self.historization,
            "dtmi:dtdl:extension:quantitativeTypes" => &mut self.quantitative_types,
            "dtmi:dtdl:extension:annotation" => &mut self.annotation,
            "dtmi:dtdl:extension:overriding" => &mut self.overriding,
            "dtmi:dtdl:extension:requirement" => &mut self.requirement,
            "dtmi:com:oracle:dtdl:extension:validation" if version == "1" => &mut self.validation,
            _ => return false,
        };
        *switch = matches!(version, "1" | "2");
        *switch
    }
}

impl Reader<'_> {
    /// The context of a document: the language first, extensions after it.
    pub(crate) fn document_context(&mut self, value: Option<&Value>, at: &Pointer) {
        let at = at.key("@context");
        let Some(value) = value else {
            self.report(code!("missingContext"), &at, "`@context` is missing");
            return;
        };
        let specifiers = self.specifiers(value, &at);
        match specifiers.first() {
            Some(&first) if first == LANGUAGE => {}
            Some(&first) if first.starts_with("dtmi:dtdl:context;") => self.report(
                code!("unresolvableContextVersion"),
                &at,
                format!("language context `{first}` is not supported; use `{LANGUAGE}`"),
            ),
            Some(&"dtmi:dtdl:context") => {
                self.report(code!("missingContextVersion"), &at, "language context has no version");
            }
            _ => self.report(
                code!("missingDtdlContext"),
                &at,
                format!("`@context` must begin with `{LANGUAGE}`"),
            ),
        }
        self.add_extensions(specifiers.get(1..).unwrap_or_default(), &at);
    }

    /// A context inside the document can only add extensions for the part below it.
    pub(crate) fn local_context(&mut self, value: &Value, at: &Pointer) {
        let at = at.key("@context");
        let mut specifiers = self.specifiers(value, &at);
        if specifiers.first() == Some(&LANGUAGE) {
            specifiers.remove(0);
        }
        self.add_extensions(&specifiers, &at);
    }

    fn specifiers<'v>(&mut self, value: &'v Value, at: &Pointer) -> Vec<&'v str> {
        let values = match value {
            Value::Array(values) => values.as_slice(),
            other => std::slice::from_ref(other),
        };
        let mut specifiers = Vec::with_capacity(values.len());
        for value in values {
            match value {
                Value::String(text) => specifiers.push(text.as_str()),
                _ => self.report(
                    code!("disallowedLocalContext"),
                    at,
                    "`@context` may hold only context identifiers",
                ),
            }
        }
        specifiers
    }

    fn add_extensions(&mut self, specifiers: &[&str], at: &Pointer) {
        for specifier in specifiers {
            if !self.extensions.add(specifier) {
                self.report(
                    code!("unresolvableContextSpecifier"),
                    at,
                    format!("context `{specifier}` is unknown"),
                );
            }
        }
    }
}
