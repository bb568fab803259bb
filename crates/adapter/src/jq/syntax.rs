//! The tree of a jq program as it is written; `compile` gives it a meaning.

use super::filter::{Comparison, Math};

/// A filter as written.
#[derive(Debug, Clone, Default)]
pub(super) enum Term<'t> {
    #[default]
    Id,
    Recurse,
    Number(&'t str),
    /// A string: its format (without `@`) and its pieces.
    Str(Option<&'t str>, Vec<Piece<'t>>),
    Format(&'t str),
    Array(Option<Box<Term<'t>>>),
    /// Keys with their values; `{a}` has none.
    Object(Vec<(Term<'t>, Option<Term<'t>>)>),
    Negate(Box<Term<'t>>),
    Binary(Box<Term<'t>>, Operator, Box<Term<'t>>),
    /// `source as pattern ?// pattern | body`
    Bind(Box<Term<'t>>, Vec<Pattern<'t>>, Box<Term<'t>>),
    Label(&'t str, Box<Term<'t>>),
    Break(&'t str),
    Fold(Box<Fold<'t>>),
    Try(Box<Term<'t>>, Option<Box<Term<'t>>>),
    If(Vec<(Term<'t>, Term<'t>)>, Option<Box<Term<'t>>>),
    Def(Box<Def<'t>>, Box<Term<'t>>),
    Call(&'t str, Vec<Term<'t>>),
    /// A variable, without its `$`.
    Variable(&'t str),
    /// `$__loc__` with its line.
    Location(usize),
    /// Steps with whether each forgives.
    Path(Box<Term<'t>>, Vec<(Step<'t>, bool)>),
}

/// Part of a string.
#[derive(Debug, Clone)]
pub(super) enum Piece<'t> {
    Text(String),
    Filter(Term<'t>),
}

/// `reduce` or, with `each`, `foreach`.
#[derive(Debug, Clone)]
pub(super) struct Fold<'t> {
    pub(super) each: bool,
    pub(super) source: Term<'t>,
    pub(super) patterns: Vec<Pattern<'t>>,
    pub(super) start: Term<'t>,
    pub(super) update: Term<'t>,
    pub(super) extract: Option<Term<'t>>,
}

/// A function; parameters by value keep their `$`.
#[derive(Debug, Clone)]
pub(super) struct Def<'t> {
    pub(super) name: &'t str,
    pub(super) parameters: Vec<&'t str>,
    pub(super) body: Term<'t>,
}

/// What a value is taken apart into.
#[derive(Debug, Clone)]
pub(super) enum Pattern<'t> {
    Variable(&'t str),
    Array(Vec<Pattern<'t>>),
    Object(Vec<(Term<'t>, Pattern<'t>)>),
}

/// One step of a path.
#[derive(Debug, Clone)]
pub(super) enum Step<'t> {
    Index(Term<'t>),
    Each,
    Range(Option<Term<'t>>, Option<Term<'t>>),
}

/// Binary operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Pipe,
    Comma,
    Alternative,
    Assign,
    Update,
    UpdateMath(Math),
    UpdateAlternative,
    Or,
    And,
    Compare(Comparison),
    Math(Math),
}

impl Operator {
    /// The operator between two expressions with this spelling, with its rank: higher binds
    /// tighter.
    pub(super) fn of(text: &str) -> Option<(Operator, u8)> {
        use Operator::{
            Alternative, And, Assign, Compare, Or, Update, UpdateAlternative, UpdateMath,
        };
        Some(match text {
            "//" => (Alternative, 0),
            "=" => (Assign, 1),
            "|=" => (Update, 1),
            "+=" => (UpdateMath(Math::Add), 1),
            "-=" => (UpdateMath(Math::Sub), 1),
            "*=" => (UpdateMath(Math::Mul), 1),
            "/=" => (UpdateMath(Math::Div), 1),
            "%=" => (UpdateMath(Math::Rem), 1),
            "//=" => (UpdateAlternative, 1),
            "or" => (Or, 2),
            "and" => (And, 3),
            "==" => (Compare(Comparison::Eq), 4),
            "!=" => (Compare(Comparison::Ne), 4),
            "<" => (Compare(Comparison::Lt), 4),
            "<=" => (Compare(Comparison::Le), 4),
            ">" => (Compare(Comparison::Gt), 4),
            ">=" => (Compare(Comparison::Ge), 4),
            "+" => (Operator::Math(Math::Add), 5),
            "-" => (Operator::Math(Math::Sub), 5),
            "*" => (Operator::Math(Math::Mul), 6),
            "/" => (Operator::Math(Math::Div), 6),
            "%" => (Operator::Math(Math::Rem), 6),
            _ => return None,
        })
    }
}

impl Term<'_> {
    /// Visits this filter and all inside it. A parsed tree is bounded in depth.
    pub(super) fn each(&self, visit: &mut dyn FnMut(&Term<'_>)) {
        visit(self);
        self.parts(&mut |part| part.each(visit));
    }

    /// The filters directly inside.
    fn parts(&self, visit: &mut dyn FnMut(&Term<'_>)) {
        match self {
            Term::Str(_, pieces) => pieces.iter().for_each(|piece| match piece {
                Piece::Filter(term) => visit(term),
                Piece::Text(_) => {}
            }),
            Term::Array(items) => items.iter().for_each(|term| visit(term)),
            Term::Object(entries) => entries.iter().for_each(|(key, value)| {
                visit(key);
                value.iter().for_each(&mut *visit);
            }),
            Term::Negate(term) | Term::Label(_, term) => visit(term),
            Term::Binary(left, _, right) | Term::Bind(left, _, right) => {
                visit(left);
                visit(right);
            }
            Term::Fold(fold) => {
                visit(&fold.source);
                visit(&fold.start);
                visit(&fold.update);
                fold.extract.iter().for_each(visit);
            }
            Term::Try(body, catch) => {
                visit(body);
                catch.iter().for_each(|term| visit(term));
            }
            Term::If(branches, otherwise) => {
                branches.iter().for_each(|(condition, then)| {
                    visit(condition);
                    visit(then);
                });
                otherwise.iter().for_each(|term| visit(term));
            }
            Term::Def(def, body) => {
                visit(&def.body);
                visit(body);
            }
            Term::Call(_, args) => args.iter().for_each(visit),
            Term::Path(head, steps) => {
                visit(head);
                steps.iter().for_each(|(step, _)| match step {
                    Step::Index(term) => visit(term),
                    Step::Range(from, upto) => from.iter().chain(upto).for_each(&mut *visit),
                    Step::Each => {}
                });
            }
            Term::Id
            | Term::Recurse
            | Term::Number(_)
            | Term::Format(_)
            | Term::Break(_)
            | Term::Variable(_)
            | Term::Location(_) => {}
        }
    }
}
