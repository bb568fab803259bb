//! Where the value of a mapping goes (A4).

use dtdl::{Model, Schema};

use crate::expression::plain_path;
use crate::jq::PlainStep;

/// The target of one mapping entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// A content element.
    Element(usize),
    /// A part of an object-valued element.
    Inside(usize, Vec<String>),
    /// The root: each member of the result is a target of its own.
    Root,
    /// Nothing the model has; the content path is kept for the rejection.
    Unknown(String),
}

impl Target {
    /// Finds the target of a mapping key; the error is text for the user.
    pub(crate) fn parse(key: &str, model: &Model) -> Result<Target, String> {
        let steps = if key.starts_with('$') {
            plain_path(key).ok_or("a target must be a path such as `$.name`")?
        } else {
            plain_path(&format!("$.{key}")).ok_or("a target must be a path such as `$.name`")?
        };
        let mut names = Vec::with_capacity(steps.len());
        for step in steps {
            match step {
                PlainStep::Member(name) => names.push(name),
                PlainStep::Item(_) => return Err("a target cannot be an array item".to_owned()),
            }
        }
        Ok(Target::find(&names, model))
    }

    /// The target behind names; an element's own name wins over a component's member.
    pub(crate) fn find(names: &[String], model: &Model) -> Target {
        let (first, rest) = match names {
            [] => return Target::Root,
            [first, rest @ ..] => (first, rest),
        };
        if let Some((index, element)) = model.element(first) {
            return match rest {
                [] => Target::Element(index),
                rest if matches!(element.schema, Schema::Object(_) | Schema::Map(_)) => {
                    Target::Inside(index, rest.to_vec())
                }
                _ => Target::Unknown(names.join(".")),
            };
        }
        if let [name, rest @ ..] = rest
            && let Some((index, _)) = model.element(&format!("{first}.{name}"))
        {
            return match rest {
                [] => Target::Element(index),
                rest => Target::Inside(index, rest.to_vec()),
            };
        }
        Target::Unknown(names.join("."))
    }
}
