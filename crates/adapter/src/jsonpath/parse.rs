//! The grammar of RFC 9535.

use super::functions::{Argument, Function};
use super::scan::{Parsed, Scanner};
use super::{Comparable, Comparison, Logical, Segment, Segments, Selector, SubQuery};
use crate::limits::{EXPRESSION_BYTES_MAX, EXPRESSION_NESTING_MAX};

/// Parses a whole path.
pub(super) fn parse(text: &str) -> Parsed<Segments> {
    if text.len() > EXPRESSION_BYTES_MAX {
        return Err(format!("the expression is longer than {EXPRESSION_BYTES_MAX} bytes"));
    }
    let mut parser = Parser { scanner: Scanner { text, at: 0 }, depth: 0 };
    parser.scanner.expect("$")?;
    let segments = parser.segments()?;
    match parser.scanner.rest() {
        "" => Ok(segments),
        _ => parser.scanner.fail("`.` or `[`"),
    }
}

struct Parser<'t> {
    scanner: Scanner<'t>,
    /// Filters, parentheses and calls around.
    depth: usize,
}

impl Parser<'_> {
    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.depth += 1;
        if self.depth > EXPRESSION_NESTING_MAX {
            return Err(format!("more than {EXPRESSION_NESTING_MAX} brackets are open at once"));
        }
        let parsed = inner(self);
        self.depth -= 1;
        parsed
    }

    fn segments(&mut self) -> Parsed<Segments> {
        let mut segments = Vec::new();
        loop {
            let before = self.scanner.at;
            self.scanner.blanks();
            let descends = self.scanner.sign("..");
            let selectors = if self.scanner.sign("[") {
                self.selectors()?
            } else if descends || self.scanner.sign(".") {
                match self.scanner.sign("*") {
                    true => vec![Selector::Each],
                    false => match self.scanner.member_name() {
                        Some(name) => vec![Selector::Name(name)],
                        None => return self.scanner.fail("a name, `*` or `[`"),
                    },
                }
            } else {
                // Blanks belong to what follows.
                self.scanner.at = before;
                return Ok(segments);
            };
            segments.push(Segment { descends, selectors });
        }
    }

    /// What stands between brackets, the first of which is taken.
    fn selectors(&mut self) -> Parsed<Vec<Selector>> {
        let mut selectors = Vec::new();
        loop {
            self.scanner.blanks();
            selectors.push(self.selector()?);
            self.scanner.blanks();
            if self.scanner.sign("]") {
                return Ok(selectors);
            }
            self.scanner.expect(",")?;
        }
    }

    fn selector(&mut self) -> Parsed<Selector> {
        if self.scanner.sign("*") {
            return Ok(Selector::Each);
        }
        if self.scanner.sign("?") {
            self.scanner.blanks();
            return self.deeper(Self::logical).map(Selector::Filter);
        }
        if let Some(name) = self.scanner.string()? {
            return Ok(Selector::Name(name));
        }
        let first = self.scanner.integer()?;
        if !self.scanner.spaced(":") {
            return match first {
                Some(index) => Ok(Selector::Index(index)),
                None => self.scanner.fail("a selector"),
            };
        }
        self.scanner.blanks();
        let upto = self.scanner.integer()?;
        let mut step = None;
        if self.scanner.spaced(":") {
            let before = self.scanner.at;
            self.scanner.blanks();
            step = self.scanner.integer()?;
            if step.is_none() {
                self.scanner.at = before;
            }
        }
        Ok(Selector::Slice(first, upto, step.unwrap_or(1)))
    }

    fn logical(&mut self) -> Parsed<Logical> {
        let mut options = vec![self.conjunction()?];
        while self.scanner.spaced("||") {
            self.scanner.blanks();
            options.push(self.conjunction()?);
        }
        Ok(if options.len() == 1 { options.remove(0) } else { Logical::Or(options) })
    }

    fn conjunction(&mut self) -> Parsed<Logical> {
        let mut parts = vec![self.basic()?];
        while self.scanner.spaced("&&") {
            self.scanner.blanks();
            parts.push(self.basic()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Logical::And(parts) })
    }

    /// A condition in parentheses, a test, or a comparison.
    fn basic(&mut self) -> Parsed<Logical> {
        if self.scanner.sign("!") {
            self.scanner.blanks();
            let inner = match self.scanner.sign("(") {
                true => self.parenthesised()?,
                false => self.test()?,
            };
            return Ok(Logical::Not(Box::new(inner)));
        }
        if self.scanner.sign("(") {
            return self.parenthesised();
        }
        let before = self.scanner.at;
        let argument = self.argument_of_filter()?;
        let after = self.scanner.at;
        self.scanner.blanks();
        let Some(operator) = self.comparison() else {
            self.scanner.at = after;
            return self.as_test(argument, before);
        };
        self.scanner.blanks();
        let left = self.as_comparable(argument, before)?;
        let before = self.scanner.at;
        let right = self.argument_of_filter()?;
        let right = self.as_comparable(right, before)?;
        Ok(Logical::Compare(left, operator, right))
    }

    /// A condition and its closing parenthesis.
    fn parenthesised(&mut self) -> Parsed<Logical> {
        self.scanner.blanks();
        let inner = self.deeper(Self::logical)?;
        self.scanner.blanks();
        self.scanner.expect(")")?;
        Ok(inner)
    }

    fn test(&mut self) -> Parsed<Logical> {
        let before = self.scanner.at;
        let argument = self.argument_of_filter()?;
        self.as_test(argument, before)
    }

    fn as_test(&mut self, argument: Argument, before: usize) -> Parsed<Logical> {
        match argument {
            Argument::Query(query) => Ok(Logical::Exists(query)),
            Argument::Function(function) if function.is_test() => Ok(Logical::Test(*function)),
            _ => {
                self.scanner.at = before;
                self.scanner.fail("a comparison or a test")
            }
        }
    }

    fn as_comparable(&mut self, argument: Argument, before: usize) -> Parsed<Comparable> {
        match argument {
            Argument::Literal(json) => Ok(Comparable::Literal(json)),
            Argument::Query(query) if query.is_single() => Ok(Comparable::Single(query)),
            Argument::Function(function) if !function.is_test() => {
                Ok(Comparable::Function(function))
            }
            _ => {
                self.scanner.at = before;
                self.scanner.fail("something with one value to compare")
            }
        }
    }

    /// A literal, a query or a call.
    fn argument_of_filter(&mut self) -> Parsed<Argument> {
        if let Some(json) = self.scanner.string_literal()? {
            return Ok(Argument::Literal(json));
        }
        let from_root = self.scanner.rest().starts_with('$');
        if from_root || self.scanner.rest().starts_with('@') {
            self.scanner.at += 1;
            let segments = self.deeper(Self::segments)?;
            return Ok(Argument::Query(SubQuery { from_root, segments }));
        }
        if let Some(name) = self.scanner.function_name() {
            return self.deeper(|p| p.call(name)).map(|f| Argument::Function(Box::new(f)));
        }
        for word in ["true", "false", "null"] {
            if self.scanner.sign(word) {
                return Ok(Argument::Literal(word.to_owned()));
            }
        }
        match self.scanner.rest().starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
            true => self.scanner.number().map(Argument::Literal),
            false => self.scanner.fail("a value, a query or a function"),
        }
    }

    fn call(&mut self, name: &str) -> Parsed<Function> {
        let mut arguments = Vec::new();
        self.scanner.blanks();
        while !self.scanner.sign(")") {
            if !arguments.is_empty() {
                self.scanner.expect(",")?;
                self.scanner.blanks();
            }
            arguments.push(self.argument_of_filter()?);
            self.scanner.blanks();
        }
        Function::new(name, arguments)
    }

    fn comparison(&mut self) -> Option<Comparison> {
        let signs = [
            ("==", Comparison::Eq),
            ("!=", Comparison::Ne),
            ("<=", Comparison::Le),
            (">=", Comparison::Ge),
            ("<", Comparison::Lt),
            (">", Comparison::Gt),
        ];
        signs
            .into_iter()
            .find_map(|(sign, comparison)| self.scanner.sign(sign).then_some(comparison))
    }
}
