//! Where in a JSON text a pointer points.

use serde_json::value::RawValue;

/// A place in a file. Lines and columns count from 1.
#[derive(Debug)]
pub struct Place {
    /// The file.
    pub path: String,
    /// JSON pointer into it.
    pub pointer: String,
    /// Line.
    pub line: usize,
    /// Column.
    pub column: usize,
}

/// Line and column of the value that a pointer points at, or of the nearest one around it.
pub fn position(text: &str, pointer: &str) -> Option<(usize, usize)> {
    let mut value: &RawValue = serde_json::from_str(text).ok()?;
    for step in pointer.split('/').skip(1) {
        let step = step.replace("~1", "/").replace("~0", "~");
        let inner = match value.get().as_bytes().first() {
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(value.get()).ok()?;
                step.parse().ok().and_then(|index: usize| items.get(index).copied())
            }
            Some(b'{') => member(value.get(), &step),
            _ => None,
        };
        match inner {
            Some(inner) => value = inner,
            None => break,
        }
    }
    // The value is a part of the text, so their distance is its offset.
    let offset = value.get().as_ptr().addr().checked_sub(text.as_ptr().addr())?;
    let before = text.get(..offset)?;
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
    Some((line, column))
}

fn member<'t>(object: &'t str, name: &str) -> Option<&'t RawValue> {
    let members: std::collections::HashMap<String, &RawValue> =
        serde_json::from_str(object).ok()?;
    members.get(name).copied()
}

#[cfg(test)]
mod tests {
    use super::position;

    #[test]
    fn positions() {
        let text = "[\n  {\"a\": 1,\n   \"b/c\": [true, 2]}\n]";
        assert_eq!(position(text, ""), Some((1, 1)));
        assert_eq!(position(text, "/0/a"), Some((2, 9)));
        assert_eq!(position(text, "/0/b~1c/1"), Some((3, 18)));
        assert_eq!(position(text, "/0/absent"), Some((2, 3)));
        assert_eq!(position("nope", ""), None);
    }
}
