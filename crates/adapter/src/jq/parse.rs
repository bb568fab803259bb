//! From words to a tree: the grammar of jq 1.8 without modules.

mod shapes;

use super::lex::{Part, Token, Word, short, split};
use super::syntax::{Def, Fold, Operator, Piece, Step, Term};

/// Filters inside each other while parsing; brackets alone stay far below it.
const DEPTH_MAX: usize = 200;

/// Words that cannot be the name of a function.
const KEYWORDS: [&str; 20] = [
    "as", "def", "module", "import", "include", "if", "then", "else", "elif", "end", "and", "or",
    "reduce", "foreach", "try", "catch", "label", "break", "__loc__", "",
];

/// What parsing gives: the error is text for the user.
type Parsed<T> = Result<T, String>;

/// Parses a program.
pub(super) fn parse<'t>(text: &'t str, tokens: &[Token<'t>]) -> Parsed<Term<'t>> {
    let mut parser = Parser { text, tokens, next: 0, depth: 0 };
    let term = parser.query()?;
    parser.end()?;
    Ok(term)
}

/// Parses definitions only, as the prelude is made of.
pub(super) fn definitions(text: &'static str) -> Parsed<Vec<Def<'static>>> {
    let tokens = split(text)?;
    let mut parser = Parser { text, tokens: &tokens, next: 0, depth: 0 };
    let mut defs = Vec::new();
    while parser.peek().is_some() {
        defs.push(parser.definition()?);
    }
    Ok(defs)
}

struct Parser<'t, 'k> {
    text: &'t str,
    tokens: &'k [Token<'t>],
    next: usize,
    depth: usize,
}

impl<'t, 'k> Parser<'t, 'k> {
    fn peek(&self) -> Option<&'k Word<'t>> {
        self.tokens.get(self.next).map(|token| &token.word)
    }

    /// Takes the next word if it is this sign.
    fn sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Some(Word::Sign(found)) if *found == sign);
        self.next += usize::from(found);
        found
    }

    /// Takes the next word if it is this keyword.
    fn keyword(&mut self, keyword: &str) -> bool {
        let found = matches!(self.peek(), Some(Word::Name(found)) if *found == keyword);
        self.next += usize::from(found);
        found
    }

    fn expect(&mut self, what: &str) -> Parsed<()> {
        match self.sign(what) || self.keyword(what) {
            true => Ok(()),
            false => self.fail(&format!("`{what}`")),
        }
    }

    fn fail<T>(&self, expected: &str) -> Parsed<T> {
        match self.tokens.get(self.next) {
            Some(token) => {
                Err(format!("expected {expected} at `{}`", short(&self.text[token.at..])))
            }
            None => Err(format!("expected {expected} at the end")),
        }
    }

    fn end(&self) -> Parsed<()> {
        if self.peek().is_none() { Ok(()) } else { self.fail("an operator or the end") }
    }

    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(format!("more than {DEPTH_MAX} filters lie inside each other"));
        }
        let parsed = inner(self);
        self.depth -= 1;
        parsed
    }

    /// Everything: definitions, bindings, pipes, commas.
    fn query(&mut self) -> Parsed<Term<'t>> {
        self.deeper(|p| {
            let mut left = p.operand()?;
            while p.sign(",") {
                left = binary(left, Operator::Comma, p.operand()?);
            }
            match p.sign("|") {
                true => Ok(binary(left, Operator::Pipe, p.query()?)),
                false => Ok(left),
            }
        })
    }

    /// What stands between commas. A definition, a label and a binding reach as far as they can.
    fn operand(&mut self) -> Parsed<Term<'t>> {
        match self.peek() {
            Some(Word::Name("def")) => {
                let def = self.definition()?;
                return Ok(Term::Def(Box::new(def), Box::new(self.query()?)));
            }
            Some(Word::Name("label")) => {
                self.next += 1;
                let name = self.variable()?;
                self.expect("|")?;
                return Ok(Term::Label(name, Box::new(self.query()?)));
            }
            _ => {}
        }
        let left = self.expression(0)?;
        if !self.keyword("as") {
            return Ok(left);
        }
        let patterns = self.patterns()?;
        self.expect("|")?;
        Ok(Term::Bind(Box::new(left), patterns, Box::new(self.query()?)))
    }

    /// Operators of at least this rank.
    fn expression(&mut self, rank_min: u8) -> Parsed<Term<'t>> {
        self.deeper(|p| {
            let mut left = p.postfix()?;
            while let Some((operator, rank)) = p.operator().filter(|(_, rank)| *rank >= rank_min) {
                p.next += 1;
                // `//` groups to the right, the others to the left.
                let right = p.expression(if rank == 0 { rank } else { rank + 1 })?;
                left = binary(left, operator, right);
                let chained = p.operator().is_some_and(|(_, next)| next == rank);
                if matches!(rank, 1 | 4) && chained {
                    return p.fail("parentheses: this operator cannot be chained");
                }
            }
            Ok(left)
        })
    }

    fn operator(&self) -> Option<(Operator, u8)> {
        match self.peek()? {
            Word::Sign(text) => Operator::of(text),
            Word::Name(text @ ("and" | "or")) => Operator::of(text),
            _ => None,
        }
    }

    /// A term with the path behind it.
    fn postfix(&mut self) -> Parsed<Term<'t>> {
        let mut term = self.term()?;
        loop {
            let step = match self.peek() {
                Some(Word::Field(name)) => {
                    self.next += 1;
                    Step::Index(text(name))
                }
                Some(Word::Sign("?")) => {
                    self.next += 1;
                    term = Term::Try(Box::new(term), None);
                    continue;
                }
                Some(Word::Sign("[")) => self.brackets()?,
                Some(Word::Sign(".")) => {
                    self.next += 1;
                    match self.peek() {
                        Some(Word::Sign("[")) => self.brackets()?,
                        Some(Word::Str(_) | Word::Format(_)) => Step::Index(self.string()?),
                        _ => return self.fail("a name, a string or `[` after the dot"),
                    }
                }
                _ => return Ok(term),
            };
            let forgiving = self.sign("?");
            term = match term {
                Term::Path(head, mut steps) => {
                    steps.push((step, forgiving));
                    Term::Path(head, steps)
                }
                head => Term::Path(Box::new(head), vec![(step, forgiving)]),
            };
        }
    }

    /// `[…]` behind a term.
    fn brackets(&mut self) -> Parsed<Step<'t>> {
        self.expect("[")?;
        if self.sign("]") {
            return Ok(Step::Each);
        }
        let from = match self.peek() {
            Some(Word::Sign(":")) => None,
            _ => Some(self.query()?),
        };
        if self.sign(":") {
            let upto = match self.peek() {
                Some(Word::Sign("]")) => None,
                _ => Some(self.query()?),
            };
            if from.is_none() && upto.is_none() {
                return self.fail("a bound");
            }
            self.expect("]")?;
            return Ok(Step::Range(from, upto));
        }
        self.expect("]")?;
        Ok(from.map_or(Step::Each, Step::Index))
    }

    fn term(&mut self) -> Parsed<Term<'t>> {
        let Some(word) = self.peek() else { return self.fail("a filter") };
        match word {
            Word::Str(_) => return self.string(),
            Word::Format(_) => return self.string(),
            Word::Name(name) => return self.named(name),
            Word::Sign("-") => {
                self.next += 1;
                return self.deeper(|p| p.postfix()).map(|term| Term::Negate(Box::new(term)));
            }
            _ => {}
        }
        let at = self.tokens[self.next].at;
        self.next += 1;
        Ok(match word {
            Word::Number(text) => Term::Number(text),
            Word::Field(name) => {
                let forgiving = self.sign("?");
                Term::Path(Box::new(Term::Id), vec![(Step::Index(text(name)), forgiving)])
            }
            Word::Variable("__loc__") => Term::Location(line(self.text, at)),
            Word::Variable(name) => Term::Variable(name),
            Word::Sign("..") => Term::Recurse,
            Word::Sign(".") => match self.peek() {
                Some(Word::Str(_)) => {
                    let step = Step::Index(self.string()?);
                    Term::Path(Box::new(Term::Id), vec![(step, self.sign("?"))])
                }
                _ => Term::Id,
            },
            Word::Sign("(") => {
                let inner = self.query()?;
                self.expect(")")?;
                inner
            }
            Word::Sign("[") if self.sign("]") => Term::Array(None),
            Word::Sign("[") => {
                let items = self.query()?;
                self.expect("]")?;
                Term::Array(Some(Box::new(items)))
            }
            Word::Sign("{") => self.object()?,
            _ => {
                self.next -= 1;
                return self.fail("a filter");
            }
        })
    }

    /// What begins with a name: a form of the language or a call.
    fn named(&mut self, name: &'t str) -> Parsed<Term<'t>> {
        self.next += 1;
        match name {
            "reduce" | "foreach" => self.fold(name == "foreach"),
            "if" => self.branches(),
            "try" => {
                let body = self.deeper(|p| p.postfix())?;
                let catch = match self.keyword("catch") {
                    true => Some(Box::new(self.deeper(|p| p.postfix())?)),
                    false => None,
                };
                Ok(Term::Try(Box::new(body), catch))
            }
            "break" => self.variable().map(Term::Break),
            name if KEYWORDS.contains(&name) => {
                self.next -= 1;
                self.fail("a filter")
            }
            name => {
                let mut args = Vec::new();
                if self.sign("(") {
                    args.push(self.query()?);
                    while self.sign(";") {
                        args.push(self.query()?);
                    }
                    self.expect(")")?;
                }
                Ok(Term::Call(name, args))
            }
        }
    }

    /// A string, or a format alone or with its string.
    fn string(&mut self) -> Parsed<Term<'t>> {
        let mut format = None;
        if let Some(Word::Format(name)) = self.peek() {
            self.next += 1;
            format = Some(*name);
        }
        let Some(Word::Str(parts)) = self.peek() else {
            return match format {
                Some(name) => Ok(Term::Format(name)),
                None => self.fail("a string"),
            };
        };
        self.next += 1;
        let pieces = parts.iter().map(|part| match part {
            Part::Text(text) => Ok(Piece::Text(text.clone())),
            Part::Code(tokens) => self.deeper(|p| {
                let mut inner = Parser { text: p.text, tokens, next: 0, depth: p.depth };
                let term = inner.query()?;
                inner.end()?;
                Ok(Piece::Filter(term))
            }),
        });
        let pieces = pieces.collect::<Parsed<_>>()?;
        Ok(Term::Str(format, pieces))
    }

    fn fold(&mut self, each: bool) -> Parsed<Term<'t>> {
        let source = self.expression(0)?;
        self.expect("as")?;
        let patterns = self.patterns()?;
        self.expect("(")?;
        let start = self.query()?;
        self.expect(";")?;
        let update = self.query()?;
        let extract = match each && self.sign(";") {
            true => Some(self.query()?),
            false => None,
        };
        self.expect(")")?;
        Ok(Term::Fold(Box::new(Fold { each, source, patterns, start, update, extract })))
    }

    fn branches(&mut self) -> Parsed<Term<'t>> {
        let mut branches = Vec::new();
        loop {
            let condition = self.query()?;
            self.expect("then")?;
            branches.push((condition, self.query()?));
            if self.keyword("elif") {
                continue;
            }
            let otherwise = match self.keyword("else") {
                true => Some(Box::new(self.query()?)),
                false => None,
            };
            self.expect("end")?;
            return Ok(Term::If(branches, otherwise));
        }
    }

    fn definition(&mut self) -> Parsed<Def<'t>> {
        self.expect("def")?;
        let name = self.name()?;
        let mut parameters = Vec::new();
        if self.sign("(") {
            loop {
                parameters.push(match self.peek() {
                    Some(Word::Variable(_)) => {
                        let at = self.tokens[self.next].at;
                        let name = self.variable()?;
                        &self.text[at..=at + name.len()]
                    }
                    _ => self.name()?,
                });
                if !self.sign(";") {
                    break;
                }
            }
            self.expect(")")?;
        }
        self.expect(":")?;
        let body = self.query()?;
        self.expect(";")?;
        Ok(Def { name, parameters, body })
    }

    fn name(&mut self) -> Parsed<&'t str> {
        match self.peek() {
            Some(Word::Name(name)) if !KEYWORDS.contains(name) => {
                self.next += 1;
                Ok(name)
            }
            _ => self.fail("a name"),
        }
    }

    fn variable(&mut self) -> Parsed<&'t str> {
        match self.peek() {
            Some(Word::Variable(name)) => {
                self.next += 1;
                Ok(name)
            }
            _ => self.fail("a name with `$`"),
        }
    }
}

fn binary<'t>(left: Term<'t>, operator: Operator, right: Term<'t>) -> Term<'t> {
    Term::Binary(Box::new(left), operator, Box::new(right))
}

fn text(name: &str) -> Term<'_> {
    Term::Str(None, vec![Piece::Text(name.to_owned())])
}

fn line(text: &str, at: usize) -> usize {
    1 + text[..at].matches('\n').count()
}
