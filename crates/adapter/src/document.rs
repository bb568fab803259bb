//! A payload, read once and only as deep as an expression asks: each node keeps the text it was
//! sent as, so numbers stay as they were and plain values need no tree.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::limits::DOCUMENT_DEPTH_MAX;

/// Objects with more members than this get an index.
const LINEAR_MEMBERS_MAX: usize = 16;

/// One JSON value of a payload.
pub(crate) struct Node<'a> {
    text: &'a str,
    children: OnceCell<Children<'a>>,
}

enum Children<'a> {
    None,
    Object(Members<'a>),
    Array(Vec<Node<'a>>),
}

struct Members<'a> {
    /// In document order; of equal keys the last counts, as in serde_json.
    entries: Vec<(Cow<'a, str>, Node<'a>)>,
    index: Option<HashMap<String, usize>>,
}

impl<'a> Node<'a> {
    /// Checks a whole document. What passes can be read by serde_json, now and from the store. The
    /// error completes a sentence that begins with the document: "is not valid JSON: …".
    pub(crate) fn parse(content: &'a [u8]) -> Result<Node<'a>, String> {
        let text = std::str::from_utf8(content)
            .map_err(|_| "is not valid JSON: not UTF-8 text".to_owned())?;
        let node = match text.trim_ascii_start().as_bytes().first() {
            Some(b'{') => {
                let members: Members = serde_json::from_str(text).map_err(refused)?;
                let text = text.trim_ascii();
                Node { text, children: OnceCell::from(Children::Object(members)) }
            }
            _ => {
                let raw: &RawValue = serde_json::from_str(text).map_err(refused)?;
                Node::new(raw.get())
            }
        };
        // Skipped parts are not read in full; the two things skipping overlooks are rare enough
        // to be looked for in the bytes, and a full reading decides.
        if is_deep(content) || text.contains("\\u") {
            serde_json::from_str::<serde_json::Value>(text).map_err(refused)?;
        }
        Ok(node)
    }

    fn new(text: &'a str) -> Node<'a> {
        Node { text, children: OnceCell::new() }
    }

    /// The JSON text as sent.
    pub(crate) fn text(&self) -> &'a str {
        self.text
    }

    pub(crate) fn is_null(&self) -> bool {
        self.text == "null"
    }

    pub(crate) fn is_array(&self) -> bool {
        self.text.starts_with('[')
    }

    pub(crate) fn is_object(&self) -> bool {
        self.text.starts_with('{')
    }

    /// A member of an object; nothing if it is none.
    pub(crate) fn member(&self, name: &str) -> Option<&Node<'a>> {
        match self.children() {
            Children::Object(members) => members.get(name),
            _ => None,
        }
    }

    /// An item of an array, counted from its end if negative; nothing if it is none.
    pub(crate) fn item(&self, index: i64) -> Option<&Node<'a>> {
        match self.children() {
            Children::Array(items) => {
                let from_end = || items.len().checked_sub(index.unsigned_abs() as usize);
                let index = if index < 0 { from_end()? } else { index as usize };
                items.get(index)
            }
            _ => None,
        }
    }

    /// Visits the items of an array or the values of an object's members, each member once.
    pub(crate) fn each_child<'n>(&'n self, mut visit: impl FnMut(&'n Node<'a>)) {
        match self.children() {
            Children::None => {}
            Children::Array(items) => items.iter().for_each(visit),
            Children::Object(members) => {
                for (i, (key, node)) in members.entries.iter().enumerate() {
                    // Of equal keys the last counts, in the place of the first.
                    match members.is_repeated() {
                        false => visit(node),
                        true if members.first(key) == Some(i) => {
                            visit(members.get(key).unwrap_or(node));
                        }
                        true => {}
                    }
                }
            }
        }
    }

    fn children(&self) -> &Children<'a> {
        // The whole document was checked, so reading a part of it cannot fail.
        self.children.get_or_init(|| match self.text.as_bytes().first() {
            Some(b'{') => serde_json::from_str(self.text).map_or(Children::None, Children::Object),
            Some(b'[') => serde_json::from_str(self.text)
                .map_or(Children::None, |Items(items)| Children::Array(items)),
            _ => Children::None,
        })
    }
}

impl<'a> Members<'a> {
    /// Does a key occur twice?
    fn is_repeated(&self) -> bool {
        match &self.index {
            Some(index) => index.len() < self.entries.len(),
            None => {
                let mut entries = self.entries.iter().enumerate();
                entries.any(|(i, (key, _))| self.entries[..i].iter().any(|(known, _)| known == key))
            }
        }
    }

    /// Position of the first entry with a key.
    fn first(&self, key: &str) -> Option<usize> {
        self.entries.iter().position(|(known, _)| known == key)
    }

    fn get(&self, name: &str) -> Option<&Node<'a>> {
        let position = match &self.index {
            Some(index) => index.get(name).copied(),
            None => self.entries.iter().rposition(|(key, _)| key == name),
        };
        self.entries.get(position?).map(|(_, node)| node)
    }
}

/// Why a document was refused. What is valid and only too deep is told as such.
fn refused(error: serde_json::Error) -> String {
    match error.to_string() {
        told if told.starts_with("recursion limit") => {
            format!("is nested too deep, with more than {} levels", DOCUMENT_DEPTH_MAX - 1)
        }
        told => format!("is not valid JSON: {told}"),
    }
}

/// More brackets open at once than any reader accepts?
fn is_deep(content: &[u8]) -> bool {
    let opening = content.iter().filter(|b| matches!(b, b'[' | b'{')).count();
    opening >= DOCUMENT_DEPTH_MAX
}

/// A key, borrowed unless it contains an escape.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;
        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::with_capacity(8);
                while let Some(Key(key)) = map.next_key()? {
                    let raw: &RawValue = map.next_value()?;
                    entries.push((key, Node::new(raw.get())));
                }
                let index = (entries.len() > LINEAR_MEMBERS_MAX).then(|| {
                    let keys = entries.iter().enumerate();
                    keys.map(|(i, (key, _))| (key.to_string(), i)).collect()
                });
                Ok(Members { entries, index })
            }
        }
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct Items<'a>(Vec<Node<'a>>);

impl<'de> Deserialize<'de> for Items<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ItemsVisitor;
        impl<'de> Visitor<'de> for ItemsVisitor {
            type Value = Items<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while let Some(raw) = seq.next_element::<&RawValue>()? {
                    items.push(Node::new(raw.get()));
                }
                Ok(Items(items))
            }
        }
        deserializer.deserialize_seq(ItemsVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text<'a>(content: &'a str, find: impl Fn(&Node<'a>) -> Option<&'a str>) -> Option<&'a str> {
        find(&Node::parse(content.as_bytes()).expect(content))
    }

    #[test]
    fn keeps_the_text() {
        let content = r#" {"a": 22.10, "b\n": {"c": [1, 12345678901234567890123]}, "a": 2e1} "#;
        assert_eq!(text(content, |n| Some(n.member("a")?.text())), Some("2e1"));
        let inner = |n: &Node<'_>| n.member("b\n")?.member("c")?.item(-1).map(|n| n.text.len());
        assert_eq!(inner(&Node::parse(content.as_bytes()).expect("valid")), Some(23));
        assert_eq!(text(content, |n| Some(n.member("z")?.text())), None);
        assert_eq!(text(" 5 ", |n| Some(n.text())), Some("5"));
    }

    #[test]
    fn refuses_what_serde_json_refuses() {
        let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
        for content in ["", "{", "{}x", "{\"a\":\"\\ud800\"}", "[1,]", "nul", "\u{feff}{}", &deep] {
            assert!(Node::parse(content.as_bytes()).is_err(), "{content}");
        }
        assert!(Node::parse(b"\xff").is_err());
    }

    #[test]
    fn what_is_too_deep_is_told_as_such() {
        let nested = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        assert!(Node::parse(nested(127).as_bytes()).is_ok());
        for deep in [nested(128), format!("{{\"a\":{}}}", nested(127))] {
            let reason = Node::parse(deep.as_bytes()).err();
            assert_eq!(reason.as_deref(), Some("is nested too deep, with more than 127 levels"));
        }
    }

    #[test]
    fn many_members() {
        let members: Vec<_> = (0..100).map(|i| format!("\"k{i}\":{i}")).collect();
        let content = format!("{{{},\"k7\":\"last\"}}", members.join(","));
        assert_eq!(text(&content, |n| Some(n.member("k7")?.text())), Some("\"last\""));
        assert_eq!(text(&content, |n| Some(n.member("k99")?.text())), Some("99"));
    }
}
