//! Objects, and the patterns that look like them.

use super::{Parsed, Parser, binary, line, text};
use crate::jq::lex::Word;
use crate::jq::syntax::{Operator, Pattern, Term};

impl<'t> Parser<'t, '_> {
    pub(super) fn patterns(&mut self) -> Parsed<Vec<Pattern<'t>>> {
        let mut patterns = vec![self.pattern()?];
        while self.sign("?//") {
            patterns.push(self.pattern()?);
        }
        Ok(patterns)
    }

    fn pattern(&mut self) -> Parsed<Pattern<'t>> {
        if self.sign("[") {
            let mut items = vec![self.deeper(Self::pattern)?];
            while self.sign(",") {
                items.push(self.deeper(Self::pattern)?);
            }
            self.expect("]")?;
            return Ok(Pattern::Array(items));
        }
        if self.sign("{") {
            let mut entries = Vec::new();
            loop {
                self.deeper(|p| p.pattern_entry(&mut entries))?;
                if !self.sign(",") {
                    break;
                }
            }
            self.expect("}")?;
            return Ok(Pattern::Object(entries));
        }
        match self.variable() {
            Ok(name) => Ok(Pattern::Variable(name)),
            Err(_) => self.fail("a pattern"),
        }
    }

    /// `$a`, `$a: pattern`, `key: pattern`.
    fn pattern_entry(&mut self, entries: &mut Vec<(Term<'t>, Pattern<'t>)>) -> Parsed<()> {
        if let Some(Word::Variable(_)) = self.peek() {
            let name = self.variable()?;
            entries.push((text(name), Pattern::Variable(name)));
            if self.sign(":") {
                entries.push((text(name), self.pattern()?));
            }
            return Ok(());
        }
        let key = self.key()?;
        self.expect(":")?;
        entries.push((key, self.pattern()?));
        Ok(())
    }

    /// A name or keyword, a string, or a filter in parentheses.
    fn key(&mut self) -> Parsed<Term<'t>> {
        match self.peek() {
            Some(Word::Name(name)) => {
                self.next += 1;
                Ok(text(name))
            }
            Some(Word::Str(_) | Word::Format(_)) => self.string(),
            Some(Word::Sign("(")) => {
                self.next += 1;
                let key = self.query()?;
                self.expect(")")?;
                match constant_type(&key) {
                    Some(name) => Err(format!("{name} cannot be an object key")),
                    None => Ok(key),
                }
            }
            _ => self.fail("a key"),
        }
    }

    pub(super) fn object(&mut self) -> Parsed<Term<'t>> {
        let mut entries = Vec::new();
        while !self.sign("}") {
            let entry = match self.peek() {
                Some(Word::Variable(name)) => {
                    let at = self.tokens[self.next].at;
                    self.next += 1;
                    match (self.sign(":"), *name) {
                        (true, _) => (Term::Variable(name), Some(self.entry_value()?)),
                        (false, "__loc__") => {
                            (text("__loc__"), Some(Term::Location(line(self.text, at))))
                        }
                        (false, name) => (text(name), Some(Term::Variable(name))),
                    }
                }
                found => {
                    let needs_value = matches!(found, Some(Word::Sign("(")));
                    let key = self.key()?;
                    if needs_value || matches!(self.peek(), Some(Word::Sign(":"))) {
                        self.expect(":")?;
                        (key, Some(self.entry_value()?))
                    } else {
                        (key, None)
                    }
                }
            };
            entries.push(entry);
            if !self.sign(",") {
                self.expect("}")?;
                break;
            }
        }
        Ok(Term::Object(entries))
    }

    /// The value of an entry: expressions joined by pipes; a comma ends it.
    fn entry_value(&mut self) -> Parsed<Term<'t>> {
        self.deeper(|p| {
            let left = p.expression(0)?;
            match p.sign("|") {
                true => Ok(binary(left, Operator::Pipe, p.entry_value()?)),
                false => Ok(left),
            }
        })
    }
}

/// The type of a constant that is no string.
fn constant_type(term: &Term<'_>) -> Option<&'static str> {
    Some(match term {
        Term::Number(_) => "a number",
        Term::Call("true" | "false", args) if args.is_empty() => "a boolean",
        Term::Call("null", args) if args.is_empty() => "null",
        Term::Array(None) => "an array",
        _ => return None,
    })
}
