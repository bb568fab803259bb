//! References: what a name or an identifier leads to, and whether it may (B2).

use std::collections::HashMap;

use super::{Checker, excerpt, kinds_text};
use crate::context::Context;
use crate::cotypes::is_unit_type;
use crate::diagnostic::code;
use crate::dtmi::{Dtmi, DtmiError, is_dtmi};
use crate::graph::{Place, Target};
use crate::metamodel::{GEOSPATIAL_PREFIX, Kind, SCHEMA_PREFIX, Slot};
use crate::schema::Schema;
use crate::vocabulary::term_of;

impl<'v> Checker<'v> {
    /// What a string in the place of an element means.
    pub(super) fn named_target(
        &mut self,
        text: &'v str,
        slot: &'static Slot,
        context: &Context,
        place: &Place<'v>,
    ) -> Option<Target<'v>> {
        let version = context.version;
        let term = term_of(term_of(text, SCHEMA_PREFIX, version), GEOSPATIAL_PREFIX, version);
        let is_term = !text.contains(':') || term != text;
        if slot.predefined && is_term && Schema::predefined(term).is_some() {
            return Some(Target::Predefined(term));
        }
        let word = context.word(text);
        if slot.predefined && is_unit_type(word, context) {
            return Some(Target::Predefined(word));
        }
        let (code, what) = match Dtmi::parse(text) {
            Ok(_) => return Some(Target::Reference(text)),
            Err(DtmiError::Reserved) => {
                (code!("undefinedReservedId"), "is reserved for the language and not defined by it")
            }
            Err(DtmiError::Fragment) => {
                (code!("disallowedIdFragment"), "has a fragment, which a reference must not have")
            }
            Err(DtmiError::TooLong) => (code!("idTooLong"), "is too long"),
            Err(DtmiError::Invalid) if is_dtmi(text) => {
                (code!("systemId"), "has a segment that begins with an underscore")
            }
            Err(DtmiError::Invalid) => (
                code!("badDtmiOrTerm"),
                "is neither a schema of the language nor a DTMI; is it misspelled?",
            ),
        };
        self.report(code, place, None, format!("`{}` {what}", excerpt(text)));
        None
    }

    /// Looks all references up.
    pub(super) fn link(&mut self) {
        for element in 0..self.graph.elements.len() {
            for position in 0..self.graph.elements[element].links.len() {
                let link = &self.graph.elements[element].links[position];
                if let Target::Reference(id) = link.target {
                    let target = self.look_up(element, position, id);
                    self.graph.elements[element].links[position].target = target;
                }
            }
            self.repeated_links(element);
        }
    }

    fn look_up(&mut self, element: usize, position: usize, id: &'v str) -> Target<'v> {
        let link = &self.graph.elements[element].links[position];
        let (slot, place) = (link.slot, link.place);
        let target = match self.graph.ids.get(id) {
            Some(Some(target)) => *target,
            Some(None) => return Target::Missing(id),
            None => {
                // Interfaces may live in documents that are not here; nothing else may.
                if !slot.kinds.contains(&Kind::Interface) {
                    let message = format!(
                        "`{id}` is not defined in this interface; define it there, for example \
                         in `schemas`"
                    );
                    self.report(code!("unresolvedReference"), &place, None, message);
                }
                return Target::Missing(id);
            }
        };
        let found = &self.graph.elements[target];
        let kind = found.kind;
        let is_foreign =
            kind != Kind::Interface && found.interface != self.graph.elements[element].interface;
        let is_old = found.context.version == 2
            && !slot.version_2
            && self.graph.elements[element].context.version == 3;
        if !slot.kinds.contains(&kind) {
            let message = format!("`{id}` is {}; expected {}", kind.name(), kinds_text(slot));
            self.report(code!("badType"), &place, None, message);
            return Target::Missing(id);
        }
        if is_foreign {
            let message =
                format!("`{id}` is defined inside another interface; define a copy in this one");
            self.report(code!("crossPartitionReference"), &place, None, message);
        }
        if is_old {
            let message = format!("`{id}` is written in version 2, which is not allowed here");
            self.report(code!("disallowedVersionReference"), &place, None, message);
        }
        Target::Element(target)
    }

    /// The same element twice under one property.
    fn repeated_links(&mut self, element: usize) {
        let mut seen: HashMap<(&'static str, usize), usize> = HashMap::new();
        for position in 0..self.graph.elements[element].links.len() {
            let link = &self.graph.elements[element].links[position];
            let Target::Element(target) = link.target else {
                continue;
            };
            let place = link.place;
            if seen.insert((link.property, target), position).is_some() {
                let message = "the same element twice; remove one";
                self.report(code!("multipleReference"), &place, None, message);
            }
        }
    }
}
