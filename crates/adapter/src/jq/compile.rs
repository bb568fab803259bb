//! From the parser's tree to [`Filter`]: names become places, everything unknown is refused.

mod binding;
mod leaves;

use leaves::{number, parse_format};

use super::builtins::{Builtin, check_constant, prelude};
use super::filter::{Code, Filter, Function, Literal, PathPart, Place, TextPart};
use super::syntax::{Def, Operator, Piece, Step, Term};
use crate::time::JavaPattern;

/// What people from elsewhere look for, and what it is called in jq (A3).
const INSTEAD: [(&str, &str); 6] = [
    ("toInteger", "floor"),
    ("toNumber", "tonumber"),
    ("number", "tonumber"),
    ("int", "floor"),
    ("toString", "tostring"),
    ("string", "tostring"),
];

/// Levels of filters inside each other; what runs is as deep as what is written.
const DEPTH_MAX: usize = 200;

/// What compiling gives: the error is text for the user.
type Compiled<T> = Result<T, String>;

/// The text format of that name, without `@`.
pub(super) fn format_named(name: &str) -> Option<super::filter::Format> {
    parse_format(name).ok()
}

/// Compiles a parsed program.
pub(crate) fn compile(term: &Term<'_>) -> Compiled<Code> {
    let mut compiler =
        Compiler { functions: Vec::new(), visible: Vec::new(), frames: 0, depth: 0, prelude: 0 };
    let main = compiler.filter(term)?;
    Ok(Code { functions: compiler.functions, main })
}

struct Compiler<'t> {
    functions: Vec<Function>,
    /// Names in force, innermost last.
    visible: Vec<Visible<'t>>,
    frames: usize,
    depth: usize,
    /// Where in `visible` the names begin that the function being compiled may see.
    prelude: usize,
}

enum Visible<'t> {
    Function {
        name: &'t str,
        arity: usize,
        id: usize,
    },
    Closure {
        name: &'t str,
        place: Place,
    },
    Variable {
        name: &'t str,
        place: Place,
    },
    /// A parameter by value under its name without `$`.
    Argument {
        name: &'t str,
        place: Place,
    },
    Label {
        name: &'t str,
        place: Place,
    },
}

impl<'t> Compiler<'t> {
    fn filter(&mut self, term: &Term<'t>) -> Compiled<Filter> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(format!("more than {DEPTH_MAX} filters lie inside each other"));
        }
        let filter = self.term(term);
        self.depth -= 1;
        filter
    }

    fn boxed(&mut self, term: &Term<'t>) -> Compiled<Box<Filter>> {
        self.filter(term).map(Box::new)
    }

    fn filters(&mut self, terms: &[Term<'t>]) -> Compiled<Vec<Filter>> {
        terms.iter().map(|term| self.filter(term)).collect()
    }

    fn term(&mut self, term: &Term<'t>) -> Compiled<Filter> {
        Ok(match term {
            Term::Id => Filter::Id,
            Term::Recurse => Filter::Recurse,
            Term::Number(text) => Filter::Constant(number(text)?),
            Term::Str(format, pieces) => self.string(*format, pieces)?,
            Term::Format(name) => Filter::Format(parse_format(name)?),
            Term::Array(None) => Filter::Array(None),
            Term::Array(Some(items)) => Filter::Array(Some(self.boxed(items)?)),
            Term::Object(entries) => {
                let entries = entries.iter().map(|(key, value)| self.entry(key, value.as_ref()));
                Filter::Object(entries.collect::<Compiled<_>>()?)
            }
            Term::Negate(term) => match &**term {
                Term::Number(text) => Filter::Constant(number(&format!("-{text}"))?),
                term => Filter::Negate(self.boxed(term)?),
            },
            Term::Binary(left, operator, right) => self.binary(left, *operator, right)?,
            Term::Bind(source, patterns, body) => {
                let source = self.boxed(source)?;
                let (patterns, names) = self.patterns(patterns)?;
                let body = self.inside(names, |c| c.boxed(body))?;
                Filter::Bind(source, patterns, body)
            }
            Term::Label(name, body) => {
                let place = Place { frame: self.frames, slot: 0 };
                let body = self.inside(vec![Visible::Label { name, place }], |c| c.boxed(body))?;
                Filter::Label(body)
            }
            Term::Break(name) => self.label(name)?,
            Term::Fold(fold) => self.fold(fold)?,
            Term::Try(body, catch) => {
                let catch = catch.as_ref().map(|catch| self.boxed(catch)).transpose()?;
                Filter::Try(self.boxed(body)?, catch)
            }
            Term::If(branches, otherwise) => {
                let branches = branches
                    .iter()
                    .map(|(condition, then)| Ok((self.filter(condition)?, self.filter(then)?)))
                    .collect::<Compiled<_>>()?;
                let otherwise = otherwise.as_ref().map(|term| self.boxed(term)).transpose()?;
                Filter::If(branches, otherwise)
            }
            Term::Def(def, body) => {
                let visible = self.visible.len();
                self.definition(def)?;
                let body = self.filter(body);
                self.visible.truncate(visible);
                body?
            }
            Term::Call(name, args) => self.call(name, args)?,
            Term::Variable(name) => self.variable(name)?,
            Term::Location(line) => location(*line),
            Term::Path(head, steps) => {
                let head = self.boxed(head)?;
                let steps =
                    steps.iter().map(|(step, forgiving)| Ok((self.step(step)?, *forgiving)));
                Filter::Path(head, steps.collect::<Compiled<_>>()?)
            }
        })
    }

    fn label(&self, name: &str) -> Compiled<Filter> {
        let labels = self.visible[self.prelude..].iter().rev();
        let mut places = labels.filter_map(|visible| match visible {
            Visible::Label { name: known, place } if *known == name => Some(*place),
            _ => None,
        });
        places.next().map(Filter::Break).ok_or_else(|| format!("label ${name} is unknown"))
    }

    /// Compiles what sees one more frame with these names.
    fn inside<T>(
        &mut self,
        names: Vec<Visible<'t>>,
        body: impl FnOnce(&mut Self) -> Compiled<T>,
    ) -> Compiled<T> {
        let visible = self.visible.len();
        self.visible.extend(names);
        self.frames += 1;
        let compiled = body(self);
        self.frames -= 1;
        self.visible.truncate(visible);
        compiled
    }

    fn string(&mut self, format: Option<&'t str>, pieces: &[Piece<'t>]) -> Compiled<Filter> {
        let mut compiled: Vec<TextPart> = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Text(text) if text.is_empty() => {}
                Piece::Text(text) => compiled.push(TextPart::Text(text.clone())),
                Piece::Filter(term) => compiled.push(TextPart::Filter(self.filter(term)?)),
            }
        }
        Ok(match compiled.as_mut_slice() {
            [] => Filter::Constant(Literal::Str("".into())),
            [TextPart::Text(text)] => Filter::Constant(Literal::Str(text.as_str().into())),
            _ => Filter::Interpolate(compiled, format.map(parse_format).transpose()?),
        })
    }

    fn entry(&mut self, key: &Term<'t>, value: Option<&Term<'t>>) -> Compiled<(Filter, Filter)> {
        match (key, value) {
            (key, Some(value)) => Ok((self.filter(key)?, self.filter(value)?)),
            (key, None) => {
                // `{a}` and `{"a"}` take the member of that name.
                let index = PathPart::Index(self.filter(key)?);
                Ok((self.filter(key)?, Filter::Path(Box::default(), vec![(index, false)])))
            }
        }
    }

    fn binary(
        &mut self,
        left: &Term<'t>,
        operator: Operator,
        right: &Term<'t>,
    ) -> Compiled<Filter> {
        let (left, right) = (self.boxed(left)?, self.boxed(right)?);
        Ok(match operator {
            Operator::Pipe => Filter::Pipe(left, right),
            Operator::Comma => Filter::Comma(left, right),
            Operator::Alternative => Filter::Alternative(left, right),
            Operator::Or => Filter::Or(left, right),
            Operator::And => Filter::And(left, right),
            Operator::Math(op) => Filter::Math(left, op, right),
            Operator::Compare(op) => Filter::Compare(left, op, right),
            Operator::Assign => Filter::Assign(left, right),
            Operator::Update => Filter::Update(left, right),
            Operator::UpdateMath(op) => Filter::UpdateMath(left, op, right),
            Operator::UpdateAlternative => Filter::UpdateAlternative(left, right),
        })
    }

    fn definition(&mut self, def: &Def<'t>) -> Compiled<usize> {
        let id = self.functions.len();
        let by_value = def.parameters.iter().map(|arg| arg.starts_with('$')).collect();
        self.functions.push(Function { frames: self.frames, by_value, body: Filter::Id });
        self.visible.push(Visible::Function { name: def.name, arity: def.parameters.len(), id });
        let frame = self.frames;
        let mut names = Vec::with_capacity(def.parameters.len());
        for (slot, name) in def.parameters.iter().enumerate() {
            let place = Place { frame, slot };
            match name.strip_prefix('$') {
                Some(name) => {
                    names.push(Visible::Variable { name, place });
                    names.push(Visible::Argument { name, place });
                }
                None => names.push(Visible::Closure { name, place }),
            }
        }
        let body = self.inside(names, |c| c.filter(&def.body))?;
        self.functions[id].body = body;
        Ok(id)
    }

    fn call(&mut self, name: &'t str, args: &[Term<'t>]) -> Compiled<Filter> {
        let arity = args.len();
        for visible in self.visible[self.prelude..].iter().rev() {
            match visible {
                Visible::Function { name: known, arity: n, id }
                    if *known == name && *n == arity =>
                {
                    let id = *id;
                    return Ok(Filter::Call(id, self.filters(args)?));
                }
                Visible::Closure { name: known, place } if *known == name && arity == 0 => {
                    return Ok(Filter::Closure(*place));
                }
                Visible::Argument { name: known, place } if *known == name && arity == 0 => {
                    return Ok(Filter::Variable(*place));
                }
                _ => {}
            }
        }
        if let Some(Term::Str(None, pieces)) = args.first()
            && let [Piece::Text(text)] = pieces.as_slice()
        {
            if (name, arity) == ("fromdateformat", 1) {
                let pattern = JavaPattern::compile(text);
                return pattern.map(Filter::DateFormat).map_err(|error| format!("{name}: {error}"));
            }
            check_constant(name, text).map_err(|error| format!("{name}: {error}"))?;
        }
        if let Some(builtin) = Builtin::find(name, arity) {
            return Ok(Filter::Builtin(builtin, self.filters(args)?));
        }
        let def = prelude().iter().find(|def| def.name == name && def.parameters.len() == arity);
        let def = def.ok_or_else(|| {
            let instead = INSTEAD.iter().find(|(other, _)| *other == name);
            let instead = instead.map(|(_, here)| format!("; use `{here}`")).unwrap_or_default();
            format!("{name}/{arity} is not available{instead}")
        })?;
        let id = self.prelude_function(def)?;
        Ok(Filter::Call(id, self.filters(args)?))
    }

    /// Compiles a function of the prelude, where none of the program's names are visible.
    fn prelude_function(&mut self, def: &'static Def<'static>) -> Compiled<usize> {
        let frames = std::mem::take(&mut self.frames);
        let prelude = std::mem::replace(&mut self.prelude, self.visible.len());
        let id = self.definition(def);
        self.visible.truncate(self.prelude);
        (self.frames, self.prelude) = (frames, prelude);
        id
    }

    fn variable(&self, name: &str) -> Compiled<Filter> {
        let mut places = self.visible[self.prelude..].iter().rev().filter_map(|v| match v {
            Visible::Variable { name: known, place } if *known == name => Some(*place),
            _ => None,
        });
        places.next().map(Filter::Variable).ok_or_else(|| format!("${name} is not defined"))
    }

    fn step(&mut self, step: &Step<'t>) -> Compiled<PathPart> {
        let mut bound = |term: &Option<Term<'t>>| -> Compiled<Option<Filter>> {
            term.as_ref().map(|term| self.filter(term)).transpose()
        };
        Ok(match step {
            Step::Each => PathPart::Each,
            Step::Range(from, upto) => PathPart::Range(bound(from)?, bound(upto)?),
            Step::Index(term) => PathPart::Index(self.filter(term)?),
        })
    }
}

/// `$__loc__`: where in the program it stands.
fn location(line: usize) -> Filter {
    let text = |text: &str| Filter::Constant(Literal::Str(text.into()));
    let line = Filter::Constant(Literal::Int(i64::try_from(line).unwrap_or(i64::MAX)));
    Filter::Object(vec![(text("file"), text("<top-level>")), (text("line"), line)])
}
