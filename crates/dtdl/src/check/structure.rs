//! What only shows when the elements are seen together: depths, cycles, counts, names (B2, B4).

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::Checker;
use super::literals::is_integer;
use crate::diagnostic::code;
use crate::graph::Target;
use crate::limits::{
    CONTENTS_VISITS_MAX, ELEMENTS_MAX, EXTENDS_COUNT_MAX, EXTENDS_DEPTH_MAX, SCHEMA_DEPTH_MAX,
};
use crate::metamodel::{Kind, SCHEMA_PREFIX};
use crate::vocabulary::{property_of, term_of};

/// Properties to go down by, with the levels that each counts for.
type Steps = &'static [(&'static str, usize)];

/// Depth of an element while depths are measured.
#[derive(Clone, Copy, PartialEq)]
enum Depth {
    Unknown,
    /// Being measured: meeting it again is a cycle.
    Open,
    Known(usize),
}

impl<'v> Checker<'v> {
    pub(super) fn structure(&mut self) {
        self.schema_depths();
        let is_deep = self.extends_depths();
        let counts = self.contents_counts();
        self.contents_names();
        for (element, is_deep) in is_deep.into_iter().enumerate() {
            match self.graph.elements[element].kind {
                // What is too deep has been reported, and may be as deep as one likes.
                Kind::Interface if is_deep => {}
                Kind::Interface => self.interface_structure(element, &counts),
                Kind::Relationship => self.unique_names(element, "properties"),
                Kind::Object => self.unique_names(element, "fields"),
                Kind::Enum => self.enumeration(element),
                Kind::Component => self.component(element),
                _ => {}
            }
        }
    }

    /// Few schemas lie inside each other, and none inside itself.
    fn schema_depths(&mut self) {
        const BELOW: Steps =
            &[("elementSchema", 1), ("schema", 1), ("fields", 0), ("mapValue", 0), ("mapKey", 0)];
        let depths = self.depths(BELOW);
        for (element, depth) in depths.into_iter().enumerate() {
            // One finding for each chain: where the limit is just passed.
            let kind = self.graph.elements[element].kind;
            if depth == Depth::Known(SCHEMA_DEPTH_MAX + 1) && kind.is_complex_schema() {
                let message = format!(
                    "schemas are nested more than {SCHEMA_DEPTH_MAX} levels deep; flatten them"
                );
                self.report_on(code!("excessiveDepthNarrow"), element, None, message);
            }
        }
    }

    fn extends_depths(&mut self) -> Vec<bool> {
        let depths = self.depths(&[("extends", 1)]);
        for (element, depth) in depths.iter().copied().enumerate() {
            if depth == Depth::Known(EXTENDS_DEPTH_MAX + 1) {
                let message = format!(
                    "`extends` is more than {EXTENDS_DEPTH_MAX} levels deep; extend fewer levels"
                );
                self.report_on(code!("excessiveDepthNarrow"), element, Some("extends"), message);
            }
        }
        let is_deep = |depth| !matches!(depth, Depth::Known(depth) if depth <= EXTENDS_DEPTH_MAX);
        depths.into_iter().map(is_deep).collect()
    }

    /// Longest way down from each element along some properties. Does not recurse: how long a
    /// chain is, is up to the sender.
    fn depths(&mut self, steps: Steps) -> Vec<Depth> {
        let count = self.graph.elements.len();
        let mut depths = vec![Depth::Unknown; count];
        let mut stack: Vec<(usize, usize, usize)> = Vec::new();
        for start in 0..count {
            if depths[start] != Depth::Unknown {
                continue;
            }
            depths[start] = Depth::Open;
            stack.push((start, 0, 0));
            while let Some((element, position, below)) = stack.pop() {
                let Some(link) = self.graph.elements[element].links.get(position) else {
                    depths[element] = Depth::Known(below);
                    continue;
                };
                let step = steps.iter().find(|(property, _)| *property == link.property);
                let (place, property) = (link.place, link.property);
                let below = match (step, link.target) {
                    (None, _) | (_, Target::Reference(_)) => below,
                    (Some((_, step)), Target::Element(target)) => match depths[target] {
                        Depth::Known(depth) => below.max(depth + step),
                        Depth::Open => {
                            let label = self.graph.label(target);
                            let message = format!("{label} contains itself through `{property}`");
                            let code = code!("recursiveStructureNarrow");
                            self.report(code, &place, None, message);
                            below
                        }
                        Depth::Unknown => {
                            // Comes back to this link when the target is known.
                            depths[target] = Depth::Open;
                            stack.push((element, position, below));
                            stack.push((target, 0, 0));
                            continue;
                        }
                    },
                    (Some((_, step)), _) => below.max(*step),
                };
                stack.push((element, position + 1, below));
            }
        }
        depths
    }

    /// Values below the contents of each interface, not counting inherited ones.
    fn contents_counts(&self) -> HashMap<usize, usize> {
        const COUNTED: [&str; 9] = [
            "contents",
            "fields",
            "enumValues",
            "request",
            "response",
            "properties",
            "schema",
            "elementSchema",
            "mapValue",
        ];
        let mut counts = HashMap::new();
        // Is the element below `schemas`? Parents come before their children.
        let mut is_reusable = vec![false; self.graph.elements.len()];
        for (index, element) in self.graph.elements.iter().enumerate() {
            if let Some(parent) = element.place.parent
                && element.kind != Kind::Interface
            {
                let version = element.context.version;
                let is_schema = self.graph.elements[parent].kind == Kind::Interface
                    && property_of(element.place.key, version) == "schemas";
                is_reusable[index] = is_schema || is_reusable[parent];
            }
            if !is_reusable[index] {
                let links = element.links.iter();
                let counted = links.filter(|link| COUNTED.contains(&link.property)).count();
                *counts.entry(element.interface).or_insert(0) += counted;
            }
        }
        counts
    }

    fn interface_structure(&mut self, element: usize, counts: &HashMap<usize, usize>) {
        if self.visits > CONTENTS_VISITS_MAX {
            return;
        }
        let hierarchy = self.hierarchy(element);
        let extended: usize = hierarchy.iter().map(|i| self.extended_count(*i)).sum();
        if extended > EXTENDS_COUNT_MAX {
            let message = format!("extends more than {EXTENDS_COUNT_MAX} interfaces; extend fewer");
            self.report_on(code!("excessiveCount"), element, Some("extends"), message);
            return;
        }
        let total: usize = hierarchy.iter().filter_map(|i| counts.get(i)).sum();
        if total > ELEMENTS_MAX {
            let message =
                format!("the contents have more than {ELEMENTS_MAX} elements, inherited included");
            self.report_on(code!("excessiveCount"), element, None, message);
            return;
        }
        self.inherited_names(element, &hierarchy);
    }

    /// Names of the contents of each interface, which must be unique there.
    fn contents_names(&mut self) {
        for interface in 0..self.graph.elements.len() {
            if self.graph.elements[interface].kind != Kind::Interface {
                continue;
            }
            let contents: Vec<_> = self.graph.targets(interface, "contents").collect();
            let mut names = HashMap::with_capacity(contents.len());
            for content in contents {
                if let Some(name) = self.graph.elements[content].name
                    && names.insert(name, content).is_some_and(|other| other != content)
                {
                    let message = format!("the name `{name}` is used twice; rename one");
                    let code = code!("nonUniquePropertyValue");
                    self.report_on(code, content, Some("name"), message);
                }
            }
            self.names.insert(interface, names);
        }
    }

    /// Names of inherited contents must differ, too, unless it is the same content that is
    /// inherited in two ways.
    fn inherited_names(&mut self, element: usize, hierarchy: &[usize]) {
        // An only parent has been compared with its own ancestors already.
        let compared = if self.extended_count(element) == 1 { 1 } else { hierarchy.len() };
        let mut clash = None;
        let mut seen: HashMap<&'v str, usize> = HashMap::new();
        for interface in &hierarchy[..compared] {
            let names = &self.names[interface];
            self.visits += names.len() + 1;
            for (name, content) in names {
                let other = seen.insert(*name, *content).filter(|other| other != content);
                clash = clash.or(other.map(|other| (*name, other, *content)));
            }
        }
        for ancestor in hierarchy.get(compared..).unwrap_or_default() {
            let names = &self.names[ancestor];
            self.visits += seen.len() + 1;
            for (name, content) in &seen {
                let other = names.get(name).filter(|other| *other != content);
                clash = clash.or(other.map(|other| (*name, *content, *other)));
            }
        }
        if self.visits > CONTENTS_VISITS_MAX {
            let message = "the documents inherit too much; check fewer of them together";
            self.report_on(code!("excessiveCount"), element, None, message);
        } else if let Some((name, content, other)) = clash {
            let [here, there] =
                [content, other].map(|c| self.graph.label(self.graph.elements[c].interface));
            let message = format!(
                "the name `{name}` is used by both {here} and {there} and meets here; rename one"
            );
            let code = code!("nonUniqueImportedPropertyValue");
            self.report_on(code, element, None, message);
        }
    }

    /// An interface and all it extends, each once, nearest first.
    pub(crate) fn hierarchy(&self, interface: usize) -> Vec<usize> {
        let mut hierarchy = vec![interface];
        let mut seen = HashSet::from([interface]);
        let mut next = 0;
        while next < hierarchy.len() && hierarchy.len() <= EXTENDS_COUNT_MAX + 1 {
            for parent in self.graph.targets(hierarchy[next], "extends") {
                if seen.insert(parent) {
                    hierarchy.push(parent);
                }
            }
            next += 1;
        }
        hierarchy
    }

    /// Does one of the interfaces extend something that is not here?
    pub(crate) fn has_missing_ancestor(&self, hierarchy: &[usize]) -> bool {
        hierarchy
            .iter()
            .flat_map(|i| &self.graph.elements[*i].links)
            .any(|link| link.property == "extends" && !matches!(link.target, Target::Element(_)))
    }

    /// A component among the contents of an interface itself.
    fn component_of(&self, interface: usize) -> Option<usize> {
        let mut contents = self.graph.targets(interface, "contents");
        contents.find(|content| self.graph.elements[*content].kind == Kind::Component)
    }

    fn extended_count(&self, interface: usize) -> usize {
        let links = self.graph.elements[interface].links.iter();
        links.filter(|link| link.property == "extends").count()
    }

    fn unique_names(&mut self, element: usize, property: &str) {
        let targets: Vec<_> = self.graph.targets(element, property).collect();
        let mut names = HashSet::new();
        for target in targets {
            if let Some(name) = self.graph.elements[target].name
                && !names.insert(name)
            {
                let message = format!("the name `{name}` is used twice; rename one");
                self.report_on(code!("nonUniquePropertyValue"), target, Some("name"), message);
            }
        }
    }

    /// Members of an enum: unique names and values, of the value schema.
    fn enumeration(&mut self, element: usize) {
        self.unique_names(element, "enumValues");
        let enumeration = &self.graph.elements[element];
        let version = enumeration.context.version;
        let schema = enumeration.literal("valueSchema").and_then(Value::as_str);
        let Some(schema) = schema.map(|term| term_of(term, SCHEMA_PREFIX, version)) else {
            return;
        };
        let members: Vec<_> = self.graph.targets(element, "enumValues").collect();
        let mut values = HashSet::new();
        for member in members {
            let Some(value) = self.graph.elements[member].literal("enumValue") else {
                continue;
            };
            let fits = match schema {
                "integer" => is_integer(value),
                "string" => value.is_string(),
                _ => true,
            };
            if !fits {
                let message = format!("`enumValue` must be of the value schema, {schema}");
                let code = code!("nonConformantDatatype");
                self.report_on(code, member, Some("enumValue"), message);
            } else if !values.insert(value.to_string()) {
                let message = format!("the value {value} is used twice; change one");
                let code = code!("nonUniquePropertyValue");
                self.report_on(code, member, Some("enumValue"), message);
            }
        }
    }

    /// The interface of a component must not have components itself.
    fn component(&mut self, element: usize) {
        let Some(interface) = self.graph.targets(element, "schema").next() else {
            return;
        };
        let hierarchy = self.hierarchy(interface);
        self.visits += hierarchy.len();
        if self.visits > CONTENTS_VISITS_MAX {
            return;
        }
        let inner = hierarchy.iter().find_map(|interface| self.component_of(*interface));
        if let Some(inner) = inner {
            let message = format!(
                "{} has a component itself, {}; components cannot be nested",
                self.graph.label(interface),
                self.graph.label(inner)
            );
            self.report_on(code!("excludedType"), element, Some("schema"), message);
        }
    }
}
