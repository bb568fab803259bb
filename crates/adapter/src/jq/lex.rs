//! Words of a jq program. Brackets are counted here, so that nothing behind this can be made to
//! descend too far.

use crate::limits::EXPRESSION_NESTING_MAX;

/// A word and the byte where it begins.
#[derive(Debug, Clone)]
pub(super) struct Token<'t> {
    pub(super) at: usize,
    pub(super) word: Word<'t>,
}

/// Words.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Word<'t> {
    /// An operator or bracket.
    Sign(&'t str),
    /// A name or keyword.
    Name(&'t str),
    /// `.name`, without the dot.
    Field(&'t str),
    /// `$name`, without the `$`.
    Variable(&'t str),
    /// `@name`, without the `@`.
    Format(&'t str),
    Number(&'t str),
    Str(Vec<Part<'t>>),
}

/// Part of a string.
#[derive(Debug, Clone)]
pub(super) enum Part<'t> {
    Text(String),
    Code(Vec<Token<'t>>),
}

impl PartialEq for Part<'_> {
    fn eq(&self, _: &Self) -> bool {
        false
    }
}

/// Longest first.
const SIGNS: [&str; 37] = [
    "?//", "//=", "!=", "==", "//", "|=", "+=", "-=", "*=", "/=", "%=", "<=", ">=", "..", ".", "?",
    "=", ";", ",", ":", "|", "+", "-", "*", "/", "%", "<", ">", "[", "]", "(", ")", "{", "}",
    "$$$", "$", "@",
];

/// Splits a program.
pub(super) fn split(text: &str) -> Result<Vec<Token<'_>>, String> {
    let mut lexer = Lexer { text, at: 0, open: 0 };
    let tokens = lexer.tokens(false)?;
    Ok(tokens)
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    /// Brackets and interpolations open now.
    open: usize,
}

impl<'t> Lexer<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    /// Takes as many bytes as the predicate holds for, after the first `skip`.
    fn take(&mut self, skip: usize, holds: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let end = rest[skip..].find(|c| !holds(c)).map_or(rest.len(), |end| skip + end);
        self.at += end;
        &rest[..end]
    }

    /// The words up to the end, or up to the `)` that ends an interpolation.
    fn tokens(&mut self, interpolation: bool) -> Result<Vec<Token<'t>>, String> {
        let mut tokens = Vec::new();
        let outside = self.open;
        loop {
            self.blanks();
            let at = self.at;
            let Some(c) = self.rest().chars().next() else {
                return match interpolation {
                    true => Err("a string without its end".to_owned()),
                    false => Ok(tokens),
                };
            };
            if interpolation && c == ')' && self.open == outside {
                self.at += 1;
                return Ok(tokens);
            }
            let word = self.word(c)?;
            tokens.push(Token { at, word });
        }
    }

    fn word(&mut self, c: char) -> Result<Word<'t>, String> {
        let rest = self.rest();
        let second = rest[c.len_utf8()..].chars().next().unwrap_or(' ');
        Ok(match c {
            '"' => Word::Str(self.string()?),
            '.' if starts_name(second) => Word::Field(&self.take(1, in_name)[1..]),
            '0'..='9' => Word::Number(self.number()),
            '.' if second.is_ascii_digit() => Word::Number(self.number()),
            '$' if starts_name(second) => {
                self.at += 1;
                Word::Variable(self.name())
            }
            '@' if in_name(second) => Word::Format(&self.take(1, in_name)[1..]),
            c if starts_name(c) => Word::Name(self.name()),
            _ => {
                let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) else {
                    return Err(format!("unexpected `{c}`"));
                };
                self.count(sign)?;
                self.at += sign.len();
                Word::Sign(&rest[..sign.len()])
            }
        })
    }

    fn count(&mut self, sign: &str) -> Result<(), String> {
        match sign {
            "(" | "[" | "{" => self.open += 1,
            ")" | "]" | "}" => self.open = self.open.saturating_sub(1),
            _ => {}
        }
        match self.open > EXPRESSION_NESTING_MAX {
            true => Err(format!("more than {EXPRESSION_NESTING_MAX} brackets are open at once")),
            false => Ok(()),
        }
    }

    /// A name, maybe with the names of modules before it.
    fn name(&mut self) -> &'t str {
        let start = self.at;
        self.take(0, in_name);
        while self.rest().starts_with("::") && self.rest()[2..].starts_with(starts_name) {
            self.at += 2;
            self.take(0, in_name);
        }
        &self.text[start..self.at]
    }

    fn number(&mut self) -> &'t str {
        let start = self.at;
        self.take(0, |c| c.is_ascii_digit());
        if self.rest().starts_with('.') {
            self.take(1, |c| c.is_ascii_digit());
        }
        let power = self.rest().strip_prefix(['e', 'E']).unwrap_or_default();
        let digits = power.strip_prefix(['+', '-']).unwrap_or(power);
        if digits.starts_with(|c: char| c.is_ascii_digit()) {
            self.take(1 + power.len() - digits.len(), |c| c.is_ascii_digit());
        }
        &self.text[start..self.at]
    }

    /// Blanks and comments; a backslash before the end of a line continues a comment.
    fn blanks(&mut self) {
        loop {
            self.take(0, |c| matches!(c, ' ' | '\r' | '\n' | '\t'));
            if !self.rest().starts_with('#') {
                return;
            }
            self.at += comment_length(self.rest());
        }
    }

    /// The parts of a string, whose first quote is next.
    fn string(&mut self) -> Result<Vec<Part<'t>>, String> {
        self.at += 1;
        let mut parts = Vec::new();
        let mut text = String::new();
        loop {
            text.push_str(self.take(0, |c| !matches!(c, '"' | '\\')));
            let rest = self.rest();
            if rest.starts_with('"') {
                self.at += 1;
                parts.push(Part::Text(text));
                return Ok(parts);
            }
            if rest.starts_with("\\(") {
                self.at += 2;
                parts.push(Part::Text(std::mem::take(&mut text)));
                self.count("(")?;
                parts.push(Part::Code(self.tokens(true)?));
                self.count(")")?;
                continue;
            }
            if rest.is_empty() {
                return Err("a string without its end".to_owned());
            }
            let escape = self.escape();
            text.push(
                escape.ok_or_else(|| format!("an escape that JSON lacks at `{}`", short(rest)))?,
            );
        }
    }

    /// One escape; halves of a surrogate pair become the replacement character.
    fn escape(&mut self) -> Option<char> {
        let c = self.rest().chars().nth(1)?;
        self.at += 1 + c.len_utf8();
        Some(match c {
            '"' | '\\' | '/' => c,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let high = self.hex()?;
                let mark = self.at;
                if (0xd800..0xdc00).contains(&high) && self.rest().starts_with("\\u") {
                    self.at += 2;
                    let low = self.hex()?;
                    if (0xdc00..0xe000).contains(&low) {
                        return char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
                    }
                    self.at = mark;
                }
                char::from_u32(high).unwrap_or('\u{fffd}')
            }
            _ => return None,
        })
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.rest().get(..4).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()))?;
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }
}

/// Bytes of the comment at the start of a text, without the end of its line.
pub(crate) fn comment_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            '\n' if !escaped => return at,
            '\\' => escaped = !escaped,
            // A carriage return belongs to the line feed behind it.
            '\r' if escaped && text[at + 1..].starts_with('\n') => {}
            _ => escaped = false,
        }
    }
    text.len()
}

fn starts_name(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

fn in_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The beginning of a text, for messages.
pub(super) fn short(text: &str) -> String {
    match text.char_indices().nth(20) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
