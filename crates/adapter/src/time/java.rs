//! The part of Java's `DateTimeFormatter` patterns that devices' times need. Zone names other than
//! UTC and GMT need a time zone database, which this crate does not read.

mod fields;

use fields::{Fields, read_items};

/// A compiled pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JavaPattern(Vec<Item>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Item {
    Literal(char),
    /// A letter and how often it stands there; `adjacent` if a number follows at once, so that
    /// this one must have exactly its width.
    Field {
        letter: char,
        count: usize,
        adjacent: bool,
    },
    Optional(Vec<Item>),
}

/// Patterns in brackets inside each other; the reader recurses.
const OPTIONAL_DEPTH_MAX: usize = 8;

impl JavaPattern {
    /// Compiles a pattern; the error is text for the user.
    pub(crate) fn compile(pattern: &str) -> Result<JavaPattern, String> {
        let chars: Vec<char> = pattern.chars().collect();
        let mut position = 0;
        let items = compile_items(&chars, &mut position, 0)?;
        if position < chars.len() {
            return Err("the pattern has a `]` without `[`".to_owned());
        }
        Ok(JavaPattern(items))
    }

    /// Reads a text; the result is microseconds since the epoch, in UTC unless the text says
    /// otherwise.
    pub(crate) fn parse(&self, text: &str) -> Result<i64, String> {
        let mut fields = Fields::default();
        match read_items(&self.0, text, &mut fields) {
            Some("") => fields.resolve(),
            _ => {
                let text: String = text.chars().take(60).collect();
                Err(format!("`{text}` does not match the pattern"))
            }
        }
    }
}

fn compile_items(chars: &[char], position: &mut usize, depth: usize) -> Result<Vec<Item>, String> {
    let mut items: Vec<Item> = Vec::new();
    while let Some(&c) = chars.get(*position) {
        match c {
            ']' if depth > 0 => return Ok(items),
            ']' => break,
            '[' if depth == OPTIONAL_DEPTH_MAX => return Err("too many `[`".to_owned()),
            '[' => {
                *position += 1;
                items.push(Item::Optional(compile_items(chars, position, depth + 1)?));
                if chars.get(*position) != Some(&']') {
                    return Err("the pattern has a `[` without `]`".to_owned());
                }
                *position += 1;
            }
            '\'' => compile_quoted(chars, position, &mut items)?,
            '{' | '}' | '#' => return Err(format!("`{c}` is reserved in patterns")),
            c if c.is_ascii_alphabetic() => {
                let count = chars[*position..].iter().take_while(|other| **other == c).count();
                *position += count;
                check_field(c, count)?;
                if is_number(c, count)
                    && let Some(Item::Field { letter, count, adjacent }) = items.last_mut()
                    && is_number(*letter, *count)
                {
                    *adjacent = true;
                }
                items.push(Item::Field { letter: c, count, adjacent: false });
            }
            c => {
                *position += 1;
                items.push(Item::Literal(c));
            }
        }
    }
    Ok(items)
}

/// Text between quotes; two quotes are one quote, inside and outside.
fn compile_quoted(
    chars: &[char],
    position: &mut usize,
    items: &mut Vec<Item>,
) -> Result<(), String> {
    *position += 1;
    if chars.get(*position) == Some(&'\'') {
        *position += 1;
        items.push(Item::Literal('\''));
        return Ok(());
    }
    loop {
        match (chars.get(*position), chars.get(*position + 1)) {
            (Some('\''), Some('\'')) => {
                items.push(Item::Literal('\''));
                *position += 2;
            }
            (Some('\''), _) => {
                *position += 1;
                return Ok(());
            }
            (Some(c), _) => {
                items.push(Item::Literal(*c));
                *position += 1;
            }
            (None, _) => return Err("the pattern has a quote without its end".to_owned()),
        }
    }
}

fn check_field(letter: char, count: usize) -> Result<(), String> {
    let most = match letter {
        'y' | 'u' | 'S' => 9,
        'M' | 'L' | 'E' => 4,
        'd' | 'H' | 'h' | 'K' | 'k' | 'm' | 's' => 2,
        'a' => 1,
        'X' | 'x' => 3,
        'Z' => 5,
        'z' => 4,
        'V' if count != 2 => 0,
        'V' => 2,
        'n' => 9,
        _ => return Err(format!("the pattern letter `{letter}` is not supported")),
    };
    match count <= most {
        true => Ok(()),
        false => Err(format!("the pattern has too many letters `{letter}`, or too few")),
    }
}

fn is_number(letter: char, count: usize) -> bool {
    match letter {
        'y' | 'u' | 'd' | 'H' | 'h' | 'K' | 'k' | 'm' | 's' | 'S' | 'n' => true,
        'M' | 'L' => count <= 2,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::JavaPattern;

    fn reads(pattern: &str, text: &str, rfc3339: &str) {
        let micros = JavaPattern::compile(pattern).expect(pattern).parse(text);
        let expected = crate::time::parse_rfc3339(rfc3339).expect(rfc3339);
        assert_eq!(micros, Ok(expected), "{pattern} {text}");
    }

    fn refuses(pattern: &str, text: &str) {
        assert!(JavaPattern::compile(pattern).expect(pattern).parse(text).is_err(), "{text}");
    }

    #[test]
    fn patterns() {
        let iso = "yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'";
        reads(iso, "2026-09-02T18:02:00.123456Z", "2026-09-02T18:02:00.123456Z");
        refuses(iso, "2026-09-02T18:02:00.123Z");
        refuses(iso, "2026-09-02T18:02:00.123456");
        reads(
            "yyyy/MM/dd HH:mm:ss.SSSSSS",
            "2026/09/02 18:02:00.000001",
            "2026-09-02T18:02:00.000001Z",
        );
        reads("yyyyMMddHHmmss", "20260902180200", "2026-09-02T18:02:00Z");
        reads(
            "yyyy-MM-dd'T'HH:mm:ss[.SSS]XXX",
            "2026-09-02T18:02:00+02:00",
            "2026-09-02T16:02:00Z",
        );
        refuses("yyyy-MM-dd'T'HH:mm:ss[.SSS]XXX", "2026-09-02T18:02:00.5Z");
        reads("d MMM yyyy h:mm a", "2 Sep 2026 6:02 PM", "2026-09-02T18:02:00Z");
        reads("EEE, d MMMM yy HH:mm Z", "Wed, 2 September 26 18:02 -0130", "2026-09-02T19:32:00Z");
        reads("yyyy-MM-dd HH:mm:ss z", "2026-09-02 18:02:00 GMT", "2026-09-02T18:02:00Z");
        reads("yyyy-MM-dd", "2026-02-31", "2026-02-28T00:00:00Z");
        reads("yyyy-MM-dd 'o''clock' ''", "2026-02-01 o'clock '", "2026-02-01T00:00:00Z");
        reads("yyyy-MM-dd HH:mm", "2026-12-31 24:00", "2027-01-01T00:00:00Z");
        refuses("yyyy-MM-dd HH:mm", "2026-12-31 24:01");
        refuses("yyyy-MM-dd", "2026-13-01");
        refuses("HH:mm", "10:00");
        for pattern in ["Q", "yyyy[", "yyyy]", "'x", "{", "ddd"] {
            assert!(JavaPattern::compile(pattern).is_err(), "{pattern}");
        }
    }
}
