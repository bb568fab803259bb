//! From the parser's tree to [`Filter`]: names become places, everything unknown is refused.

mod binding;
mod leaves;

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Term};
use jaq_core::path::{Opt, Part};

use leaves::{comparison, math, number, parse_format};

use super::builtins::{Builtin, check_constant, prelude};
use super::filter::{Code, Filter, Function, Literal, PathPart, Place, TextPart};

/// Levels of filters inside each other; what runs is as deep as what is written.
const DEPTH_MAX: usize = 200;

/// Tree of the parser.
type Tree<'t> = Term<&'t str>;
/// What compiling gives: the error is text for the user.
type Compiled<T> = Result<T, String>;

/// Compiles a parsed program.
pub(crate) fn compile(term: &Tree) -> Compiled<Code> {
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
    Function { name: &'t str, arity: usize, id: usize },
    Closure { name: &'t str, place: Place },
    Variable { name: &'t str, place: Place },
    Label { name: &'t str, place: Place },
}

impl<'t> Compiler<'t> {
    fn filter(&mut self, term: &Tree<'t>) -> Compiled<Filter> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(format!("more than {DEPTH_MAX} filters lie inside each other"));
        }
        let filter = self.term(term);
        self.depth -= 1;
        filter
    }

    fn boxed(&mut self, term: &Tree<'t>) -> Compiled<Box<Filter>> {
        self.filter(term).map(Box::new)
    }

    fn filters(&mut self, terms: &[Tree<'t>]) -> Compiled<Vec<Filter>> {
        terms.iter().map(|term| self.filter(term)).collect()
    }

    fn term(&mut self, term: &Tree<'t>) -> Compiled<Filter> {
        Ok(match term {
            Term::Id => Filter::Id,
            Term::Recurse => Filter::Recurse,
            Term::Num(text) => Filter::Constant(number(text)?),
            Term::Str(format, parts) => self.string(*format, parts)?,
            Term::Arr(None) => Filter::Array(None),
            Term::Arr(Some(items)) => Filter::Array(Some(self.boxed(items)?)),
            Term::Obj(entries) => {
                let entries = entries.iter().map(|(key, value)| self.entry(key, value.as_ref()));
                Filter::Object(entries.collect::<Compiled<_>>()?)
            }
            Term::Neg(term) => Filter::Negate(self.boxed(term)?),
            Term::BinOp(left, op, right) => self.binary(left, op, right)?,
            Term::Label(name, body) => {
                let place = Place { frame: self.frames, slot: 0 };
                let body = self.inside(vec![Visible::Label { name, place }], |c| c.boxed(body))?;
                Filter::Label(body)
            }
            Term::Break(name) => {
                let labels = self.visible[self.prelude..].iter().rev();
                let mut places = labels.filter_map(|visible| match visible {
                    Visible::Label { name: known, place } if known == name => Some(*place),
                    _ => None,
                });
                Filter::Break(places.next().ok_or_else(|| format!("label {name} is unknown"))?)
            }
            Term::Fold(name, source, pattern, args) => self.fold(name, source, pattern, args)?,
            Term::TryCatch(body, catch) => {
                let catch = catch.as_ref().map(|catch| self.boxed(catch)).transpose()?;
                Filter::Try(self.boxed(body)?, catch)
            }
            Term::IfThenElse(branches, otherwise) => {
                let branches = branches
                    .iter()
                    .map(|(condition, then)| Ok((self.filter(condition)?, self.filter(then)?)))
                    .collect::<Compiled<_>>()?;
                let otherwise = otherwise.as_ref().map(|term| self.boxed(term)).transpose()?;
                Filter::If(branches, otherwise)
            }
            Term::Def(defs, body) => {
                let visible = self.visible.len();
                for def in defs {
                    self.definition(def)?;
                }
                let body = self.filter(body);
                self.visible.truncate(visible);
                body?
            }
            Term::Call(name, args) => self.call(name, args)?,
            Term::Var(name) => self.variable(name)?,
            Term::Path(head, path) => {
                let head = self.boxed(head)?;
                let parts = path
                    .0
                    .iter()
                    .map(|(part, opt)| Ok((self.path_part(part)?, matches!(opt, Opt::Optional))));
                Filter::Path(head, parts.collect::<Compiled<_>>()?)
            }
        })
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

    fn string(
        &mut self,
        format: Option<&'t str>,
        parts: &[StrPart<&'t str, Tree<'t>>],
    ) -> Compiled<Filter> {
        let mut compiled: Vec<TextPart> = Vec::new();
        for part in parts {
            let mut text = String::new();
            match part {
                StrPart::Str(plain) => text.push_str(plain),
                StrPart::Char(c) => text.push(*c),
                StrPart::Term(term) => {
                    compiled.push(TextPart::Filter(self.filter(term)?));
                    continue;
                }
            }
            match compiled.last_mut() {
                Some(TextPart::Text(last)) => last.push_str(&text),
                _ => compiled.push(TextPart::Text(text)),
            }
        }
        Ok(match compiled.as_mut_slice() {
            [] => Filter::Constant(Literal::Str("".into())),
            [TextPart::Text(text)] => Filter::Constant(Literal::Str(text.as_str().into())),
            _ => Filter::Interpolate(compiled, format.map(parse_format).transpose()?),
        })
    }

    fn entry(&mut self, key: &Tree<'t>, value: Option<&Tree<'t>>) -> Compiled<(Filter, Filter)> {
        match (key, value) {
            (Term::Var(name), None) => {
                let key = Literal::Str(name.trim_start_matches('$').into());
                Ok((Filter::Constant(key), self.variable(name)?))
            }
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
        left: &Tree<'t>,
        op: &BinaryOp<&'t str>,
        right: &Tree<'t>,
    ) -> Compiled<Filter> {
        if let BinaryOp::Pipe(Some(pattern)) = op {
            let source = self.boxed(left)?;
            let (pattern, names) = self.pattern(pattern)?;
            let body = self.inside(names, |c| c.boxed(right))?;
            return Ok(Filter::Bind(source, pattern, body));
        }
        let (left, right) = (self.boxed(left)?, self.boxed(right)?);
        Ok(match op {
            BinaryOp::Pipe(_) => Filter::Pipe(left, right),
            BinaryOp::Comma => Filter::Comma(left, right),
            BinaryOp::Alt => Filter::Alternative(left, right),
            BinaryOp::Or => Filter::Or(left, right),
            BinaryOp::And => Filter::And(left, right),
            BinaryOp::Math(op) => Filter::Math(left, math(*op), right),
            BinaryOp::Cmp(op) => Filter::Compare(left, comparison(*op), right),
            BinaryOp::Assign => Filter::Assign(left, right),
            BinaryOp::Update => Filter::Update(left, right),
            BinaryOp::UpdateMath(op) => Filter::UpdateMath(left, math(*op), right),
            BinaryOp::UpdateAlt => Filter::UpdateAlternative(left, right),
        })
    }

    fn definition(&mut self, def: &Def<&'t str, Tree<'t>>) -> Compiled<usize> {
        let id = self.functions.len();
        let by_value = def.args.iter().map(|arg| arg.starts_with('$')).collect();
        self.functions.push(Function { frames: self.frames, by_value, body: Filter::Id });
        self.visible.push(Visible::Function { name: def.name, arity: def.args.len(), id });
        let frame = self.frames;
        let names = def.args.iter().enumerate().map(|(slot, name)| {
            let place = Place { frame, slot };
            match name.starts_with('$') {
                true => Visible::Variable { name, place },
                false => Visible::Closure { name, place },
            }
        });
        let names = names.collect();
        let body = self.inside(names, |c| c.filter(&def.body))?;
        self.functions[id].body = body;
        Ok(id)
    }

    fn call(&mut self, name: &'t str, args: &[Tree<'t>]) -> Compiled<Filter> {
        let arity = args.len();
        if let Some(Term::Str(None, parts)) = args.first()
            && let [StrPart::Str(text)] = parts.as_slice()
        {
            check_constant(name, text).map_err(|error| format!("{name}: {error}"))?;
        }
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
                Visible::Variable { name: known, place }
                    if arity == 0 && known.strip_prefix('$') == Some(name) =>
                {
                    return Ok(Filter::Variable(*place));
                }
                _ => {}
            }
        }
        if name.starts_with('@') {
            return parse_format(name).map(Filter::Format);
        }
        if let Some(builtin) = Builtin::find(name, arity) {
            return Ok(Filter::Builtin(builtin, self.filters(args)?));
        }
        let def = prelude().iter().find(|def| def.name == name && def.args.len() == arity);
        let def = def.ok_or_else(|| format!("{name}/{arity} is not available"))?;
        let id = self.prelude_function(def)?;
        Ok(Filter::Call(id, self.filters(args)?))
    }

    /// Compiles a function of the prelude, where none of the program's names are visible.
    fn prelude_function(&mut self, def: &Def<&'static str>) -> Compiled<usize> {
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
        places.next().map(Filter::Variable).ok_or_else(|| format!("{name} is not defined"))
    }

    fn path_part(&mut self, part: &Part<Tree<'t>>) -> Compiled<PathPart> {
        let mut bound = |term: &Option<Tree<'t>>| -> Compiled<Option<Filter>> {
            term.as_ref().map(|term| self.filter(term)).transpose()
        };
        Ok(match part {
            Part::Range(None, None) => PathPart::Each,
            Part::Range(from, upto) => PathPart::Range(bound(from)?, bound(upto)?),
            Part::Index(term) => PathPart::Index(self.filter(term)?),
        })
    }
}
