//! The characters of a path: blanks, signs, integers, strings and names.

use crate::jq::quoted;

/// What parsing gives: the error is text for the user.
pub(super) type Parsed<T> = Result<T, String>;

/// Integers stay exact in every JSON reader up to here.
const INTEGER_MAX: i64 = (1 << 53) - 1;

/// The text with what has been read of it.
pub(super) struct Scanner<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
}

impl<'t> Scanner<'t> {
    pub(super) fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    pub(super) fn blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
    }

    /// Takes the sign if it is next.
    pub(super) fn sign(&mut self, sign: &str) -> bool {
        let found = self.rest().starts_with(sign);
        self.at += if found { sign.len() } else { 0 };
        found
    }

    /// Takes the sign after blanks, or nothing at all.
    pub(super) fn spaced(&mut self, sign: &str) -> bool {
        let before = self.at;
        self.blanks();
        let found = self.sign(sign);
        if !found {
            self.at = before;
        }
        found
    }

    pub(super) fn expect(&mut self, sign: &str) -> Parsed<()> {
        if self.sign(sign) { Ok(()) } else { self.fail(&format!("`{sign}`")) }
    }

    pub(super) fn fail<T>(&self, expected: &str) -> Parsed<T> {
        let rest: String = self.rest().chars().take(20).collect();
        Err(match rest.is_empty() {
            true => format!("not a JSON Path: expected {expected} at the end"),
            false => format!("not a JSON Path: expected {expected} at `{rest}`"),
        })
    }

    /// An integer without needless zeros; nothing if there is none.
    pub(super) fn integer(&mut self) -> Parsed<Option<i64>> {
        let rest = self.rest();
        let digits = rest.strip_prefix('-').unwrap_or(rest);
        let count = digits.bytes().take_while(u8::is_ascii_digit).count();
        if count == 0 {
            return Ok(None);
        }
        let text = &rest[..rest.len() - digits.len() + count];
        let needless = digits.starts_with('0') && (count > 1 || text.starts_with('-'));
        match text.parse::<i64>() {
            Ok(n) if !needless && n.abs() <= INTEGER_MAX => {
                self.at += text.len();
                Ok(Some(n))
            }
            _ => self.fail("an integer"),
        }
    }

    /// A number of a filter, as JSON text.
    pub(super) fn number(&mut self) -> Parsed<String> {
        let rest = self.rest();
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let unsigned = rest.strip_prefix('-').unwrap_or(rest);
        let whole = digits(unsigned);
        if whole == 0 || (whole > 1 && unsigned.starts_with('0')) {
            return self.fail("a number");
        }
        let mut tail = &unsigned[whole..];
        if let Some(fraction) = tail.strip_prefix('.') {
            if digits(fraction) == 0 {
                return self.fail("a number");
            }
            tail = &fraction[digits(fraction)..];
        }
        if let Some(power) = tail.strip_prefix(['e', 'E']) {
            let power = power.strip_prefix(['+', '-']).unwrap_or(power);
            if digits(power) == 0 {
                return self.fail("a number");
            }
            tail = &power[digits(power)..];
        }
        let text = &rest[..rest.len() - tail.len()];
        self.at += text.len();
        Ok(text.to_owned())
    }

    /// A string in either kind of quotes; nothing if there is none.
    pub(super) fn string(&mut self) -> Parsed<Option<String>> {
        let Some(quote) = self.rest().chars().next().filter(|c| matches!(c, '\'' | '"')) else {
            return Ok(None);
        };
        self.at += 1;
        let mut out = String::new();
        loop {
            let Some(c) = self.rest().chars().next() else {
                return self.fail("the end of the string");
            };
            match c {
                c if c == quote => {
                    self.at += 1;
                    return Ok(Some(out));
                }
                '\\' => match self.escape(quote) {
                    Some(c) => out.push(c),
                    None => return self.fail("another escape"),
                },
                '\0'..='\x1f' => return self.fail("an escape instead of a control character"),
                c => {
                    self.at += c.len_utf8();
                    out.push(c);
                }
            }
        }
    }

    fn escape(&mut self, quote: char) -> Option<char> {
        let c = self.rest().chars().nth(1)?;
        let decoded = match c {
            '\\' | '/' => c,
            c if c == quote => c,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => return self.code_point(),
            _ => return None,
        };
        self.at += 2;
        Some(decoded)
    }

    /// `\uXXXX`, or two of them that make one character.
    fn code_point(&mut self) -> Option<char> {
        let hex = |text: &str| {
            let digits = text.strip_prefix("\\u")?.get(..4)?;
            let valid = digits.bytes().all(|b| b.is_ascii_hexdigit());
            valid.then(|| u32::from_str_radix(digits, 16).ok())?
        };
        let high = hex(self.rest())?;
        if !(0xd800..0xdc00).contains(&high) {
            self.at += 6;
            return char::from_u32(high);
        }
        let low = hex(&self.rest()[6..]).filter(|low| (0xdc00..0xe000).contains(low))?;
        self.at += 12;
        char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))
    }

    /// A string literal of a filter, as JSON text.
    pub(super) fn string_literal(&mut self) -> Parsed<Option<String>> {
        Ok(self.string()?.map(|text| quoted(&text)))
    }

    /// The name behind a dot.
    pub(super) fn member_name(&mut self) -> Option<String> {
        let first = |c: char| c.is_ascii_alphabetic() || c == '_' || !c.is_ascii();
        let rest = self.rest();
        if !rest.starts_with(first) {
            return None;
        }
        let end = rest.find(|c: char| !first(c) && !c.is_ascii_digit()).unwrap_or(rest.len());
        self.at += end;
        Some(rest[..end].to_owned())
    }

    /// The name of a function with its opening parenthesis; nothing if there is none.
    pub(super) fn function_name(&mut self) -> Option<&'t str> {
        let rest = self.rest();
        let end =
            rest.find(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'))?;
        let name = &rest[..end];
        if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !rest[end..].starts_with('(') {
            return None;
        }
        self.at += end + 1;
        Some(name)
    }
}
