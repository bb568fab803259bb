//! `@context`: the version of the language and the extensions in force (B1).

use serde_json::Value;

use crate::check::Checker;
use crate::diagnostic::code;
use crate::dtmi::{Dtmi, DtmiError};
use crate::graph::Place;

/// What the language's own context begins with.
const LANGUAGE: &str = "dtmi:dtdl:context";
/// What contexts of the language's extensions begin with.
const EXTENSION: &str = "dtmi:dtdl:extension:";
/// The extension for constraints on values.
const VALIDATION: &str = "dtmi:com:oracle:dtdl:extension:validation";

/// Meaning of words at some point of a document.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Context {
    /// Version of the language: 3, or 2 in parts that a version 3 document may embed; 0 before
    /// any context was seen.
    pub version: u8,
    /// Versions of the extensions by [`Extension`]; 0 if not in force.
    extensions: [u8; 6],
    /// Is an extension in force that nobody here knows?
    pub has_unknown: bool,
}

/// Extensions of the language that are known (B1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extension {
    Annotation,
    Historization,
    Overriding,
    QuantitativeTypes,
    Requirement,
    Validation,
}

impl Extension {
    const ALL: [Extension; 6] = [
        Extension::Annotation,
        Extension::Historization,
        Extension::Overriding,
        Extension::QuantitativeTypes,
        Extension::Requirement,
        Extension::Validation,
    ];

    /// The name in identifiers.
    fn name(self) -> &'static str {
        match self {
            Extension::Annotation => "annotation",
            Extension::Historization => "historization",
            Extension::Overriding => "overriding",
            Extension::QuantitativeTypes => "quantitativeTypes",
            Extension::Requirement => "requirement",
            Extension::Validation => "validation",
        }
    }

    /// The newest version that can be used with version 3 of the language.
    fn newest(self) -> u8 {
        if self == Extension::Validation { 1 } else { 2 }
    }

    fn of_context(path: &str) -> Option<Extension> {
        if path == VALIDATION {
            return Some(Extension::Validation);
        }
        let name = path.strip_prefix(EXTENSION)?;
        Extension::ALL.into_iter().find(|e| *e != Extension::Validation && e.name() == name)
    }
}

impl Context {
    /// Is the extension in force?
    pub(crate) fn has(&self, extension: Extension) -> bool {
        self.version(extension) > 0
    }

    /// Version of the extension in force, or 0.
    pub(crate) fn version(&self, extension: Extension) -> u8 {
        self.extensions[extension as usize]
    }

    /// The word an extension gives to an identifier: `dtmi:dtdl:extension:NAME:vN:…:word` is
    /// `word` if that version is in force; other words are left alone.
    pub(crate) fn word<'w>(&self, word: &'w str) -> &'w str {
        let Some(rest) = word.strip_prefix(EXTENSION) else {
            return word;
        };
        let mut segments = rest.split(':');
        let (name, version) = (segments.next(), segments.next());
        let in_force = Extension::ALL.iter().any(|extension| {
            Some(extension.name()) == name
                && self.has(*extension)
                && version.and_then(|v| v.strip_prefix('v')?.parse().ok())
                    == Some(self.version(*extension))
        });
        match segments.next_back() {
            Some(last) if in_force => last,
            _ => word,
        }
    }
}

impl<'v> Checker<'v> {
    /// The context of an element: its own on top of the one around it.
    pub(crate) fn context(
        &mut self,
        value: Option<&'v Value>,
        around: Context,
        place: &Place<'v>,
    ) -> Context {
        let is_top = place.parent.is_none();
        let Some(value) = value else {
            if is_top {
                let message = "`@context` is missing; begin with \"dtmi:dtdl:context;3\"";
                self.report(code!("missingContext"), place, None, message);
            }
            return around;
        };
        let mut context = around;
        let values = match value {
            Value::Array(values) => values.as_slice(),
            other => std::slice::from_ref(other),
        };
        // Several contexts of the language may stand at the front; the last one counts.
        let is_language = |value: &&Value| value.as_str().is_some_and(is_language);
        let leading = values.iter().take_while(is_language).count();
        match leading.checked_sub(1).and_then(|last| values[last].as_str()) {
            Some(specifier) => self.language(specifier, &mut context, is_top, place),
            None if is_top => {
                let message = "`@context` must begin with \"dtmi:dtdl:context;3\"";
                self.report(code!("missingDtdlContext"), place, Some("@context"), message);
            }
            None => {}
        }
        for value in &values[leading..] {
            let Value::String(specifier) = value else {
                let code = match value {
                    Value::Object(_) => code!("disallowedLocalContext"),
                    _ => code!("invalidContext"),
                };
                let message = "`@context` may hold only context identifiers, as strings";
                self.report(code, place, Some("@context"), message);
                continue;
            };
            self.specifier(specifier, &mut context, place);
        }
        context
    }

    /// A context of an extension.
    fn specifier(&mut self, specifier: &str, context: &mut Context, place: &Place<'v>) {
        let at = Some("@context");
        if is_language(specifier) {
            let message = "the context of the language must come first; move it to the front";
            return self.report(code!("dtdlContextFollowsAffiliate"), place, at, message);
        }
        let (path, version) = match specifier.split_once(';') {
            Some((path, version)) => (path, Some(version)),
            None => (specifier, None),
        };
        if matches!(Dtmi::parse(specifier), Err(error) if error != DtmiError::Reserved) {
            let message = format!("context `{specifier}` is not an identifier such as dtmi:a:b;1");
            return self.report(code!("invalidContextSpecifier"), place, at, message);
        }
        let Some(version) = version else {
            let message = format!("context `{specifier}` has no version; add one, such as `;1`");
            return self.report(code!("missingContextVersion"), place, at, message);
        };
        let Some(extension) = Extension::of_context(path) else {
            context.has_unknown = true;
            if !self.allow_undefined {
                let message =
                    format!("context `{specifier}` is unknown; remove it and what it defines");
                self.report(code!("unresolvableContextSpecifier"), place, at, message);
            }
            return;
        };
        match version.parse::<u8>() {
            Ok(version) if (1..=extension.newest()).contains(&version) && context.version != 2 => {
                context.extensions[extension as usize] = version;
            }
            _ => {
                let message = format!(
                    "version {version} of context `{path}` cannot be used here; use 1 to {}",
                    extension.newest()
                );
                self.report(code!("unresolvableContextVersion"), place, at, message);
            }
        }
    }

    /// The language's own context.
    fn language(
        &mut self,
        specifier: &str,
        context: &mut Context,
        is_top: bool,
        place: &Place<'v>,
    ) {
        let at = Some("@context");
        match specifier.strip_prefix(LANGUAGE).and_then(|rest| rest.strip_prefix(';')) {
            Some("3") => context.version = 3,
            Some("2") if !is_top || self.allow_version_2 => context.version = 2,
            Some(version) => {
                let message =
                    format!("version {version} of the language is not supported here; use 3");
                self.report(code!("unresolvableContextVersion"), place, at, message);
            }
            None => {
                let message = "the language's context has no version; write dtmi:dtdl:context;3";
                self.report(code!("missingContextVersion"), place, at, message);
            }
        }
    }
}

/// Is it the language's own context, of whatever version?
fn is_language(specifier: &str) -> bool {
    specifier.strip_prefix(LANGUAGE).is_some_and(|rest| rest.is_empty() || rest.starts_with(';'))
}
