//! `${name}` and `$name` in the fields of a twin.

/// Replaces `${name}` and `$name` by what `value` knows under the name; a name is an ASCII letter
/// or underscore followed by letters, digits and underscores. `$$` is a dollar sign; unknown
/// names and stray dollar signs stay as they are.
pub fn substitute<'v>(text: &str, value: impl Fn(&str) -> Option<&'v str>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let after = &rest[1..];
        if let Some(behind) = after.strip_prefix('$') {
            out.push('$');
            rest = behind;
            continue;
        }
        let (name, length) = match after.strip_prefix('{') {
            Some(inner) => {
                let name = name_at_start(inner);
                let closed = inner[name.len()..].starts_with('}');
                (if closed { name } else { "" }, name.len() + 3)
            }
            None => {
                let name = name_at_start(after);
                (name, name.len() + 1)
            }
        };
        match value(name).filter(|_| !name.is_empty()) {
            Some(value) => {
                out.push_str(value);
                rest = &rest[length..];
            }
            None => {
                out.push('$');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

fn name_at_start(text: &str) -> &str {
    let starts = |c: char| c.is_ascii_alphabetic() || c == '_';
    if !text.starts_with(starts) {
        return "";
    }
    let end = text.find(|c: char| !starts(c) && !c.is_ascii_digit()).unwrap_or(text.len());
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gives(text: &str, expected: &str) {
        let value = |name: &str| match name {
            "key" => Some("pvhd"),
            "_a1" => Some("x"),
            "empty" => Some(""),
            _ => None,
        };
        assert_eq!(substitute(text, value), expected, "{text}");
    }

    #[test]
    fn facts() {
        gives("${key}-01", "pvhd-01");
        gives("dtmi:com:${key}:m5;1", "dtmi:com:pvhd:m5;1");
        gives("$key/$_a1.", "pvhd/x.");
        gives("$keys ${other} $other", "$keys ${other} $other");
        gives("$$key $$", "$key $");
        gives("$$$key", "$pvhd");
        gives("${key", "${key");
        gives("${key }", "${key }");
        gives("${}$", "${}$");
        gives("$1 ${1}", "$1 ${1}");
        gives("[${empty}]", "[]");
        gives("é${key}水", "épvhd水");
        gives("", "");
    }
}
