//! Values on their way through a program, and where in its input they lie.

use std::rc::Rc;

use super::meter::{Run, Stop, error};
use super::value::Val;

/// Steps a path may have; more cannot be set, since values are not that deep.
const PATH_STEPS_MAX: usize = 256;

/// A value on its way through a program and, if asked for, where in the input it lies.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) val: Val,
    pub(crate) place: Origin,
}

/// Where a value lies in the input of `path(…)` or of an assignment.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    /// Nobody asks.
    Untracked,
    /// Behind these steps.
    At(Option<Rc<Step>>),
    /// Nowhere: it was made.
    Lost,
}

/// The last step of a path and those before it.
#[derive(Debug)]
pub(crate) struct Step {
    key: Val,
    before: Option<Rc<Step>>,
    count: usize,
}

impl Item {
    pub(crate) fn plain(val: Val) -> Item {
        Item { val, place: Origin::Untracked }
    }

    /// The start of a path.
    pub(crate) fn root(val: Val) -> Item {
        Item { val, place: Origin::At(None) }
    }

    /// A new value in place of this one.
    pub(crate) fn made(&self, val: Val) -> Item {
        let place = match self.place {
            Origin::Untracked => Origin::Untracked,
            _ => Origin::Lost,
        };
        Item { val, place }
    }

    /// Fails if this value lies nowhere, for what does nobody can follow a path.
    pub(crate) fn check_place(&self, attempt: impl FnOnce() -> String) -> Run {
        match self.place {
            Origin::Lost => error(format!(
                "Invalid path expression near attempt to {} {}",
                attempt(),
                self.val.excerpt_text()
            )),
            _ => Ok(()),
        }
    }

    /// The part of this value under a key.
    pub(crate) fn step(&self, key: Val, part: Val) -> Run<Item> {
        let place = match &self.place {
            Origin::Untracked => Origin::Untracked,
            Origin::At(before) => {
                let count = before.as_ref().map_or(0, |step| step.count) + 1;
                if count > PATH_STEPS_MAX {
                    return Err(Stop::Limit("a path is too long"));
                }
                Origin::At(Some(Rc::new(Step { key, before: before.clone(), count })))
            }
            Origin::Lost => Origin::Lost,
        };
        Ok(Item { val: part, place })
    }

    /// The steps from the root to this value.
    pub(crate) fn path(&self) -> Run<Vec<Val>> {
        let Origin::At(last) = &self.place else {
            return error(format!(
                "Invalid path expression with result {}",
                self.val.excerpt_text()
            ));
        };
        let mut steps = Vec::new();
        let mut next = last;
        while let Some(step) = next {
            steps.push(step.key.clone());
            next = &step.before;
        }
        steps.reverse();
        Ok(steps)
    }
}
