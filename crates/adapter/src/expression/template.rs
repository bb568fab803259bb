//! Finds the `${…}` in an expression. The end of one is the brace that closes it, so strings,
//! comments and brackets of the program inside have to be told apart.

use crate::limits::{EXPRESSION_BYTES_MAX, EXPRESSION_NESTING_MAX};

/// Part of an expression.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece<'t> {
    /// Text outside.
    Text(&'t str),
    /// A jq program, its single-quoted strings written with double quotes (A3).
    Code(String),
}

/// Splits an expression.
pub(crate) fn split(text: &str) -> Result<Vec<Piece<'_>>, String> {
    if text.len() > EXPRESSION_BYTES_MAX {
        return Err(format!("the expression is longer than {EXPRESSION_BYTES_MAX} bytes"));
    }
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        if start > 0 {
            pieces.push(Piece::Text(&rest[..start]));
        }
        let mut scanner = Scanner { rest: &rest[start + 2..], code: String::new() };
        scanner.brackets()?;
        pieces.push(Piece::Code(scanner.code));
        rest = scanner.rest;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    Ok(pieces)
}

struct Scanner<'t> {
    rest: &'t str,
    code: String,
}

/// What the scanner is inside of.
#[derive(Clone, Copy, PartialEq)]
enum Inside {
    /// A bracket that ends with this character.
    Bracket(char),
    /// A string in double quotes; `\(` in it begins a bracket.
    Double,
}

impl Scanner<'_> {
    fn next(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    /// Takes the program up to the brace that closes it.
    fn brackets(&mut self) -> Result<(), String> {
        let mut stack = vec![Inside::Bracket('}')];
        while let Some(inside) = stack.last().copied() {
            let Some(c) = self.next() else {
                return Err("`${` without its `}`".to_owned());
            };
            if inside == Inside::Bracket(c) {
                stack.pop();
                if stack.is_empty() {
                    return Ok(());
                }
                self.code.push(c);
                continue;
            }
            if stack.len() > EXPRESSION_NESTING_MAX {
                return Err(format!(
                    "more than {EXPRESSION_NESTING_MAX} brackets are open at once"
                ));
            }
            match (inside, c) {
                (Inside::Double, '"') => {
                    stack.pop();
                    self.code.push(c);
                }
                (Inside::Double, '\\') => {
                    self.code.push(c);
                    match self.next() {
                        Some('(') => {
                            self.code.push('(');
                            stack.push(Inside::Bracket(')'));
                        }
                        Some(c) => self.code.push(c),
                        None => {}
                    }
                }
                (Inside::Double, c) => self.code.push(c),
                (_, '\'') => self.single_quoted()?,
                (_, '#') => self.comment(),
                (_, c) => {
                    self.code.push(c);
                    match c {
                        '"' => stack.push(Inside::Double),
                        '(' => stack.push(Inside::Bracket(')')),
                        '[' => stack.push(Inside::Bracket(']')),
                        '{' => stack.push(Inside::Bracket('}')),
                        _ => {}
                    }
                }
            }
        }
        Ok(())
    }

    /// A string in single quotes: everything up to the next one, a backslash taking one along.
    fn single_quoted(&mut self) -> Result<(), String> {
        self.code.push('"');
        loop {
            match self.next() {
                Some('\'') => break,
                Some('\\') => match self.next() {
                    Some('\'') => self.code.push('\''),
                    // An interpolation would need brackets of its own; nobody writes it.
                    Some('(') => return Err("`\\(` does not work in single quotes".to_owned()),
                    Some(c) => self.code.extend(['\\', c]),
                    None => {}
                },
                Some('"') => self.code.push_str("\\\""),
                Some(c) => self.code.push(c),
                None => return Err("a single quote without its end".to_owned()),
            }
        }
        self.code.push('"');
        Ok(())
    }

    fn comment(&mut self) {
        // The `#` is taken already; it counts as one byte of the comment.
        let end = crate::jq::comment_length(self.rest);
        self.rest = &self.rest[end..];
    }
}

#[cfg(test)]
mod tests {
    use super::{Piece, split};

    fn code(text: &str) -> Piece<'static> {
        Piece::Code(text.to_owned())
    }

    #[test]
    fn pieces() {
        assert_eq!(split("plain"), Ok(vec![Piece::Text("plain")]));
        assert_eq!(split("${.a}"), Ok(vec![code(".a")]));
        assert_eq!(
            split("a-${.b}-${.c}"),
            Ok(vec![Piece::Text("a-"), code(".b"), Piece::Text("-"), code(".c")])
        );
        assert_eq!(split(r#"${ {"op": .op} }"#), Ok(vec![code(r#" {"op": .op} "#)]));
        assert_eq!(split(r#"${"}\("}")"}"#), Ok(vec![code(r#""}\("}")""#)]));
        assert_eq!(split("${endpoint(1) == 'it}\"'}"), Ok(vec![code(r#"endpoint(1) == "it}\"""#)]));
        assert_eq!(split("${. # }'\n}"), Ok(vec![code(". \n")]));
        for text in ["${", "${.a", "${'a}", "${\"}", &format!("${{{}}}", "(".repeat(70))] {
            assert!(split(text).is_err(), "{text}");
        }
    }
}
