//! A reader of JSON that knows where every value stands and loses no member.
//!
//! The usual map type keeps one of two members with the same name and no position, but a filter
//! may say `{"id":{"$gt":1},"id":{"$lt":9}}`, and its author wants to know where a mistake is.
//! So values stay slices of `q` until they are looked at, one level at a time.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Number;
use serde_json::value::RawValue;

use crate::error::FilterError;

/// A JSON value inside `q`, not read yet.
#[derive(Clone, Copy)]
pub(crate) struct Node<'q> {
    /// Byte offset in `q`.
    pub(crate) at: usize,
    text: &'q str,
}

/// A JSON value, read one level deep.
pub(crate) enum Kind<'q> {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    Array(Vec<Node<'q>>),
    Object(Vec<Member<'q>>),
}

/// A member of an object.
pub(crate) struct Member<'q> {
    /// Byte offset of the name in `q`.
    pub(crate) at: usize,
    pub(crate) name: String,
    pub(crate) value: Node<'q>,
}

/// The one value that `q` consists of. One client puts a stray `"` behind it and works all the
/// same, so exactly that is allowed (data-api.md 3.5).
pub(crate) fn document(q: &str) -> Result<Node<'_>, FilterError> {
    let mut values = serde_json::Deserializer::from_str(q).into_iter::<&RawValue>();
    let raw = match values.next() {
        Some(Ok(raw)) => raw,
        Some(Err(error)) => return Err(not_json(q, 0, &error)),
        None => {
            return Err(FilterError::at(0, "q is empty; leave it out to get every row"));
        }
    };
    let end = values.byte_offset();
    let rest = q[end..].trim_matches([' ', '\t', '\r', '\n']);
    if !matches!(rest, "" | "\"") {
        let at = q.len() - q[end..].trim_start().len();
        return Err(FilterError::at(
            at,
            "q goes on behind its closing brace; send one JSON object and nothing else",
        ));
    }
    Ok(Node::inside(raw, q, 0))
}

impl<'q> Node<'q> {
    /// The node of a slice of `outer`, which itself stands at `outer_at`.
    fn inside(raw: &'q RawValue, outer: &str, outer_at: usize) -> Node<'q> {
        let text = raw.get();
        Node { at: outer_at + (text.as_ptr() as usize - outer.as_ptr() as usize), text }
    }

    /// The value, one level deep.
    pub(crate) fn read(&self) -> Result<Kind<'q>, FilterError> {
        Ok(match self.text.as_bytes().first() {
            Some(b'n') => Kind::Null,
            Some(b't') => Kind::Bool(true),
            Some(b'f') => Kind::Bool(false),
            Some(b'"') => Kind::Text(self.decode()?),
            Some(b'[') => {
                let items: Vec<&RawValue> = self.decode()?;
                Kind::Array(items.iter().map(|raw| self.child(raw)).collect())
            }
            Some(b'{') => Kind::Object(self.members()?),
            _ => Kind::Number(self.decode()?),
        })
    }

    fn members(&self) -> Result<Vec<Member<'q>>, FilterError> {
        let Members(members) = self.decode()?;
        let mut result = Vec::with_capacity(members.len());
        for (name, value) in members {
            let name = self.child(name);
            result.push(Member { at: name.at, name: name.decode()?, value: self.child(value) });
        }
        Ok(result)
    }

    fn child(&self, raw: &'q RawValue) -> Node<'q> {
        Node::inside(raw, self.text, self.at)
    }

    fn decode<T: Deserialize<'q>>(&self) -> Result<T, FilterError> {
        serde_json::from_str(self.text).map_err(|error| not_json(self.text, self.at, &error))
    }
}

/// All members of an object in order, those with equal names included.
struct Members<'q>(Vec<(&'q RawValue, &'q RawValue)>);

impl<'q> Deserialize<'q> for Members<'q> {
    fn deserialize<D: Deserializer<'q>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'q> Visitor<'q> for Collect {
            type Value = Members<'q>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'q>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

/// The parser's finding with a byte offset in `q` in place of its line and column.
fn not_json(text: &str, at: usize, error: &serde_json::Error) -> FilterError {
    let line_start: usize =
        text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    let offset = (line_start + error.column().saturating_sub(1)).min(text.len());
    let full = error.to_string();
    let what = full.split(" at line ").next().unwrap_or(&full);
    FilterError::at(at + offset, format!("q is not JSON: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_names_are_kept_with_their_positions() {
        let node = document(r#" {"a":1, "a" : [true] }"#).unwrap();
        let Kind::Object(members) = node.read().unwrap() else { panic!("an object") };
        let found: Vec<_> = members.iter().map(|m| (m.at, m.name.as_str(), m.value.at)).collect();
        assert_eq!(found, [(2, "a", 6), (9, "a", 15)]);
    }

    #[test]
    fn one_stray_quote_behind_the_object_is_ignored() {
        for (q, ok) in [
            (r#"{}""#, true),
            (r#"{} " "#, true),
            (r#"{}"""#, false),
            ("{}}", false),
            ("{} x", false),
            ("{}{}", false),
        ] {
            assert_eq!(document(q).is_ok(), ok, "{q}");
        }
    }

    #[test]
    fn broken_text_is_placed() {
        let position = |q: &str| document(q).err().and_then(|error| error.position);
        assert_eq!(position(r#"{"id":"#), Some(5));
        assert_eq!(position("{\n\"id\" 7}"), Some(7));
    }
}
