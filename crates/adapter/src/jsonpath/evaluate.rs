//! Runs a compiled path.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::functions::{Argument, Function, Matcher, compile};
use super::{Comparable, Comparison, Logical, Segments, Selector, SubQuery};
use crate::document::Node;
use crate::jq::{Meter, Run, Stop, Val, read};
use crate::limits::REGEX_TEXT_BYTES_MAX;

/// Steps that compiling a pattern of the payload costs.
const COMPILE_STEPS: usize = 20_000;

/// One evaluation.
pub(super) struct Query<'q, 'n, 'a> {
    pub(super) root: &'n Node<'a>,
    pub(super) meter: &'q Meter,
}

/// What stands on one side of a comparison; nothing if its query found nothing.
type Side<'v> = Option<Cow<'v, str>>;

impl<'n, 'a> Query<'_, 'n, 'a> {
    /// The nodes that segments find from a node.
    pub(super) fn nodes(&self, segments: &Segments, from: &'n Node<'a>) -> Run<Vec<&'n Node<'a>>> {
        let mut nodes = vec![from];
        for segment in segments {
            let mut next = Vec::new();
            for node in nodes {
                match segment.descends {
                    true => self.descend(&segment.selectors, node, &mut next)?,
                    false => self.select(&segment.selectors, node, &mut next)?,
                }
            }
            nodes = next;
        }
        Ok(nodes)
    }

    /// Selects from a node and everything in it. Documents are bounded in depth.
    fn descend(
        &self,
        selectors: &[Selector],
        node: &'n Node<'a>,
        out: &mut Vec<&'n Node<'a>>,
    ) -> Run {
        self.meter.descend()?;
        self.select(selectors, node, out)?;
        let mut children = Vec::new();
        self.children(node, &mut children)?;
        children.into_iter().try_for_each(|child| self.descend(selectors, child, out))
    }

    /// Opening a node takes a look at all of its text.
    fn open(&self, node: &Node<'_>) -> Run {
        self.meter.charge(1 + node.text().len() / 64)
    }

    fn children(&self, node: &'n Node<'a>, out: &mut Vec<&'n Node<'a>>) -> Run {
        self.open(node)?;
        let before = out.len();
        node.each_child(|child| out.push(child));
        self.meter.charge(out.len() - before)
    }

    fn select(
        &self,
        selectors: &[Selector],
        node: &'n Node<'a>,
        out: &mut Vec<&'n Node<'a>>,
    ) -> Run {
        for selector in selectors {
            self.meter.charge(1)?;
            match selector {
                Selector::Name(name) => {
                    self.open(node)?;
                    out.extend(node.member(name));
                }
                Selector::Index(index) => {
                    self.open(node)?;
                    out.extend(node.item(*index));
                }
                Selector::Each => self.children(node, out)?,
                Selector::Slice(from, upto, step) => {
                    if node.is_array() {
                        let mut items = Vec::new();
                        self.children(node, &mut items)?;
                        let places = slice(*from, *upto, *step, items.len());
                        out.extend(places.into_iter().filter_map(|i| items.get(i)));
                    }
                }
                Selector::Filter(condition) => {
                    let mut children = Vec::new();
                    self.children(node, &mut children)?;
                    for child in children {
                        if self.holds(condition, child)? {
                            out.push(child);
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn holds(&self, condition: &Logical, node: &'n Node<'a>) -> Run<bool> {
        self.meter.charge(1)?;
        self.meter.descend()?;
        Ok(match condition {
            Logical::Or(options) => {
                for option in options {
                    if self.holds(option, node)? {
                        return Ok(true);
                    }
                }
                false
            }
            Logical::And(parts) => {
                for part in parts {
                    if !self.holds(part, node)? {
                        return Ok(false);
                    }
                }
                true
            }
            Logical::Not(inner) => !self.holds(inner, node)?,
            Logical::Exists(query) => !self.sub_query(query, node)?.is_empty(),
            Logical::Compare(left, operator, right) => {
                let (left, right) = (self.side(left, node)?, self.side(right, node)?);
                self.compare(&left, *operator, &right)?
            }
            Logical::Test(function) => self.test(function, node)?,
        })
    }

    fn sub_query(&self, query: &SubQuery, node: &'n Node<'a>) -> Run<Vec<&'n Node<'a>>> {
        let from = if query.from_root { self.root } else { node };
        self.nodes(&query.segments, from)
    }

    fn side<'v>(&self, side: &'v Comparable, node: &'n Node<'a>) -> Run<Side<'v>>
    where
        'a: 'v,
    {
        Ok(match side {
            Comparable::Literal(json) => Some(Cow::Borrowed(json)),
            Comparable::Single(query) => {
                self.sub_query(query, node)?.first().map(|node| Cow::Borrowed(node.text()))
            }
            Comparable::Function(function) => self.value(function, node)?,
        })
    }

    fn argument<'v>(&self, argument: &'v Argument, node: &'n Node<'a>) -> Run<Side<'v>>
    where
        'a: 'v,
    {
        Ok(match argument {
            Argument::Literal(json) => Some(Cow::Borrowed(json)),
            Argument::Query(query) => {
                self.sub_query(query, node)?.first().map(|node| Cow::Borrowed(node.text()))
            }
            Argument::Function(function) => self.value(function, node)?,
        })
    }

    /// The value of a function that gives one.
    fn value<'v>(&self, function: &'v Function, node: &'n Node<'a>) -> Run<Side<'v>>
    where
        'a: 'v,
    {
        let count = |n: usize| Some(Cow::Owned(n.to_string()));
        Ok(match function {
            Function::Count(query) => count(self.sub_query(query, node)?.len()),
            Function::Value(query) => match self.sub_query(query, node)?.as_slice() {
                [one] => Some(Cow::Borrowed(one.text())),
                _ => None,
            },
            Function::Length(argument) => match self.argument(argument, node)? {
                Some(json) => match self.read(&json)? {
                    Val::Str(text) => count(text.chars().count()),
                    Val::Arr(array) => count(array.items.len()),
                    Val::Obj(object) => count(object.members.len()),
                    _ => None,
                },
                None => None,
            },
            Function::Matches { .. } => None,
        })
    }

    fn test(&self, function: &Function, node: &'n Node<'a>) -> Run<bool> {
        let Function::Matches { text, pattern, anywhere } = function else { return Ok(false) };
        let Some(json) = self.argument(text, node)? else { return Ok(false) };
        let Val::Str(text) = self.read(&json)? else { return Ok(false) };
        if text.len() > REGEX_TEXT_BYTES_MAX {
            return Err(Stop::Limit("the text is too long for regular expressions"));
        }
        self.meter.charge(1 + text.len())?;
        match pattern {
            Matcher::Constant(regex) => {
                Ok(regex.as_ref().is_some_and(|regex| regex.is_match(&text)))
            }
            Matcher::Evaluated(argument) => {
                let Some(json) = self.argument(argument, node)? else { return Ok(false) };
                let Val::Str(pattern) = self.read(&json)? else { return Ok(false) };
                self.meter.charge(COMPILE_STEPS)?;
                let regex = compile(&pattern, *anywhere);
                Ok(regex.is_some_and(|regex| regex.is_match(&text)))
            }
        }
    }

    /// Reads a value to look into it.
    fn read(&self, json: &str) -> Run<Val> {
        self.meter.charge(1 + json.len() / 8)?;
        // Parts of a checked document are valid.
        read(json).map_err(|_| Stop::Limit("a value cannot be read"))
    }

    fn compare(&self, left: &Side<'_>, operator: Comparison, right: &Side<'_>) -> Run<bool> {
        let (left, right) = match (left, right) {
            (Some(left), Some(right)) => (self.read(left)?, self.read(right)?),
            // Nothing equals nothing, and is neither less nor greater.
            (left, right) => {
                let equal = left.is_none() && right.is_none();
                return Ok(match operator {
                    Comparison::Eq | Comparison::Le | Comparison::Ge => equal,
                    Comparison::Ne => !equal,
                    Comparison::Lt | Comparison::Gt => false,
                });
            }
        };
        let ordered = (left.is_number() && right.is_number())
            || matches!((&left, &right), (Val::Str(_), Val::Str(_)));
        let order = || left.compare(&right, self.meter);
        Ok(match operator {
            Comparison::Eq => left.equals(&right, self.meter)?,
            Comparison::Ne => !left.equals(&right, self.meter)?,
            Comparison::Lt => ordered && order()? == Ordering::Less,
            Comparison::Gt => ordered && order()? == Ordering::Greater,
            // Values without an order can still be equal.
            Comparison::Le if ordered => order()?.is_le(),
            Comparison::Ge if ordered => order()?.is_ge(),
            Comparison::Le | Comparison::Ge => left.equals(&right, self.meter)?,
        })
    }
}

/// The positions of a slice, as RFC 9535 section 2.3.4.2 has them.
fn slice(from: Option<i64>, upto: Option<i64>, step: i64, len: usize) -> Vec<usize> {
    let len = i64::try_from(len).unwrap_or(i64::MAX);
    let from_end = |n: i64| if n < 0 { n + len } else { n };
    let mut places = Vec::new();
    if step > 0 {
        let mut i = from.map_or(0, from_end).clamp(0, len);
        let end = upto.map_or(len, from_end).clamp(0, len);
        while i < end {
            places.extend(usize::try_from(i));
            i = i.saturating_add(step);
        }
    } else if step < 0 {
        let mut i = from.map_or(len - 1, from_end).clamp(-1, len - 1);
        let end = upto.map_or(-1, from_end).clamp(-1, len - 1);
        while i > end {
            places.extend(usize::try_from(i));
            i = i.saturating_add(step);
        }
    }
    places
}
