//! Reading JSON with an eye on keys that occur twice in one object, which the language forbids
//! and most readers swallow.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::graph::push_key;
use crate::limits::DIAGNOSTICS_MAX;

/// The value of a text, with pointers to the keys that occur again in their object. The last
/// value of such a key counts.
pub(crate) fn read(text: &str) -> Result<(Value, Vec<String>), serde_json::Error> {
    let mut repeated = Vec::new();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Reader(&mut repeated).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok((value, repeated))
}

struct Reader<'r>(&'r mut Vec<String>);

impl Reader<'_> {
    /// Puts the key of the object, or the place in the array, before pointers from below.
    fn prefix(&mut self, from: usize, key: &str) {
        for pointer in &mut self.0[from..] {
            let mut prefixed = String::new();
            push_key(&mut prefixed, key);
            prefixed.push_str(pointer);
            *pointer = prefixed;
        }
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        let mut from = self.0.len();
        while let Some(item) = items.next_element_seed(Reader(self.0))? {
            if self.0.len() > from {
                self.prefix(from, &array.len().to_string());
                from = self.0.len();
            }
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            let from = self.0.len();
            let value = members.next_value_seed(Reader(self.0))?;
            self.prefix(from, &key);
            let is_again = object.contains_key(&key);
            if is_again && self.0.len() < DIAGNOSTICS_MAX {
                let mut pointer = String::new();
                push_key(&mut pointer, &key);
                self.0.push(pointer);
            }
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_keys() {
        let text = r#"{"a": [{"b": 1, "b": 2}, {"x/y": {"c": null, "c": true}}], "a": 1.5}"#;
        let (value, repeated) = read(text).expect("valid");
        assert_eq!(value, serde_json::json!({"a": 1.5}));
        assert_eq!(repeated, ["/a/0/b", "/a/1/x~1y/c", "/a"]);
        assert_eq!(read(r#"{"a": 1, "b": {"a": 2}}"#).expect("valid").1, Vec::<String>::new());
        assert!(read("{} {}").is_err());
        assert!(read(&"[".repeat(100_000)).is_err());
    }
}
