//! `@type`: the one kind of an element and the types beside it.

use serde_json::{Map, Value};

use super::{Checker, excerpt, kinds_text};
use crate::context::Context;
use crate::cotypes::Cotype;
use crate::diagnostic::code;
use crate::graph::Place;
use crate::metamodel::{Kind, Slot};
use crate::vocabulary::{Stray, kind_of, stray};

impl<'v> Checker<'v> {
    /// Splits `@type`; `None` after a finding that leaves the kind open.
    pub(super) fn types(
        &mut self,
        object: &'v Map<String, Value>,
        slot: &'static Slot,
        context: &Context,
        place: &Place<'v>,
    ) -> Option<(Kind, Vec<Cotype<'v>>)> {
        let at = Some("@type");
        let values = match object.get("@type") {
            None => &[],
            Some(Value::Array(values)) => values.as_slice(),
            Some(value) => std::slice::from_ref(value),
        };
        let mut kind = None;
        let mut cotypes = Vec::new();
        let mut words = Vec::new();
        for value in values {
            let Value::String(word) = value else {
                self.report(code!("typeNotString"), place, at, "`@type` may hold only strings");
                return None;
            };
            match kind_of(word, context.version) {
                Some(found) if kind.is_some_and(|kind| kind != found) => {
                    let message = "`@type` names two kinds of element; keep one";
                    self.report(code!("multipleMaterialTypes"), place, at, message);
                }
                Some(found) => kind = Some(found),
                None => words.push(word.as_str()),
            }
        }
        let may_imply = slot.implied && object.get("@type").is_none();
        let kind = match kind {
            Some(kind) => kind,
            None if may_imply || slot.implied && !words.is_empty() => slot.kinds[0],
            None => {
                let before = self.diagnostics.len();
                self.cotypes_of(&words, None, context, place);
                // A misspelled kind is one mistake, not two.
                if self.diagnostics.len() == before {
                    let message = format!("`@type` must name a kind: {}", kinds_text(slot));
                    self.report(code!("missingRequiredType"), place, None, message);
                }
                return None;
            }
        };
        if slot.implied && object.get("@type").is_some() && !values.iter().any(Value::is_string) {
            let message = format!("`@type` names nothing; leave it out or write {}", kind.name());
            self.report(code!("missingRequiredType"), place, at, message);
        }
        if !slot.kinds.contains(&kind) {
            let code = match place.parent {
                None => code!("typeNotRootable"),
                Some(_) => code!("badType"),
            };
            let message = format!("{} cannot stand here; use {}", kind.name(), kinds_text(slot));
            self.report(code, place, at, message);
            return None;
        }
        if may_imply
            || values
                .iter()
                .any(|v| v.as_str().is_some_and(|word| kind_of(word, context.version).is_some()))
        {
            cotypes = self.cotypes_of(&words, Some(kind), context, place);
        } else {
            self.cotypes_of(&words, None, context, place);
            let message = format!("`@type` must name the kind as well: {}", kind.name());
            self.report(code!("missingRequiredType"), place, at, message);
        }
        Some((kind, cotypes))
    }

    /// The types beside the kind.
    fn cotypes_of(
        &mut self,
        words: &[&'v str],
        kind: Option<Kind>,
        context: &Context,
        place: &Place<'v>,
    ) -> Vec<Cotype<'v>> {
        let at = Some("@type");
        let tolerated = context.version == 2 || self.allow_undefined && context.has_unknown;
        let mut cotypes = Vec::new();
        for word in words {
            if let Some(cotype) = Cotype::of_word(word, context) {
                if kind.is_some_and(|kind| !cotype.suits(kind, context)) {
                    let name = kind.map(Kind::name).unwrap_or_default();
                    let message = format!("type `{word}` cannot stand on {name}; remove it");
                    self.report(code!("invalidCotype"), place, at, message);
                }
                if !cotypes.contains(&cotype) {
                    cotypes.push(cotype);
                }
                continue;
            }
            let (code, what) = match stray(word) {
                Stray::Malformed => (code!("typeNotDtmiNorTerm"), "is neither a term nor a DTMI"),
                Stray::BadIdentifier => (code!("typeInvalidDtmi"), "is not a valid DTMI"),
                _ if tolerated => {
                    cotypes.push(Cotype::Unknown);
                    continue;
                }
                Stray::Irrelevant => {
                    (code!("typeIrrelevantDtmiOrTerm"), "is no type that fits here; remove it")
                }
                Stray::Undefined => (
                    code!("typeUndefinedTerm"),
                    "is unknown; is it misspelled, or is the context of its extension missing?",
                ),
            };
            self.report(code, place, at, format!("type `{}` {what}", excerpt(word)));
        }
        cotypes
    }
}
