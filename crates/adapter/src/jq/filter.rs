//! The compiled form of a jq program: names are resolved, what remains is ready to run.

use std::rc::Rc;
use std::sync::Arc;

use super::builtins::Builtin;
use crate::time::JavaPattern;

/// A compiled program; shared by all threads.
#[derive(Debug)]
pub(crate) struct Code {
    /// Functions, of the program and of the prelude as far as used.
    pub(crate) functions: Vec<Function>,
    /// Where it starts.
    pub(crate) main: Filter,
}

/// A function; its parameters are one frame below the frames of its surroundings.
#[derive(Debug, Default)]
pub(crate) struct Function {
    /// Frames around the definition.
    pub(crate) frames: usize,
    /// Positions of parameters written `$name`, which are bound to values.
    pub(crate) by_value: Vec<bool>,
    pub(crate) body: Filter,
}

/// Position of a variable or closure: frames from the outermost, slot in the frame.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) frame: usize,
    pub(crate) slot: usize,
}

/// One node of a program.
#[derive(Debug, Default)]
pub(crate) enum Filter {
    #[default]
    Id,
    Recurse,
    Constant(Literal),
    /// Pieces of a string and the format that is applied to the values between them.
    Interpolate(Vec<TextPart>, Option<Format>),
    Array(Option<Box<Filter>>),
    Object(Vec<(Filter, Filter)>),
    Negate(Box<Filter>),
    Pipe(Box<Filter>, Box<Filter>),
    Comma(Box<Filter>, Box<Filter>),
    Alternative(Box<Filter>, Box<Filter>),
    Or(Box<Filter>, Box<Filter>),
    And(Box<Filter>, Box<Filter>),
    Math(Box<Filter>, Math, Box<Filter>),
    Compare(Box<Filter>, Comparison, Box<Filter>),
    Assign(Box<Filter>, Box<Filter>),
    Update(Box<Filter>, Box<Filter>),
    UpdateMath(Box<Filter>, Math, Box<Filter>),
    UpdateAlternative(Box<Filter>, Box<Filter>),
    /// `source as pattern | body`
    Bind(Box<Filter>, Patterns, Box<Filter>),
    Reduce(Box<Fold>),
    Foreach(Box<Fold>),
    Try(Box<Filter>, Option<Box<Filter>>),
    If(Vec<(Filter, Filter)>, Option<Box<Filter>>),
    Label(Box<Filter>),
    Break(Place),
    Path(Box<Filter>, Vec<(PathPart, bool)>),
    Variable(Place),
    Closure(Place),
    Call(usize, Vec<Filter>),
    Builtin(Builtin, Vec<Filter>),
    Format(Format),
    /// `fromdateformat("…")`, its pattern compiled once
    DateFormat(JavaPattern),
}

/// A constant that threads can share; running makes a value of it.
#[derive(Debug, Clone)]
pub(crate) enum Literal {
    Int(i64),
    Float(f64),
    Decimal(Arc<str>),
    Str(Arc<str>),
}

/// Part of a string with interpolation.
#[derive(Debug)]
pub(crate) enum TextPart {
    Text(String),
    Filter(Filter),
}

/// `reduce` and `foreach`: source, pattern, start, update and what to put out.
#[derive(Debug)]
pub(crate) struct Fold {
    pub(crate) source: Filter,
    pub(crate) patterns: Patterns,
    pub(crate) start: Filter,
    pub(crate) update: Filter,
    pub(crate) extract: Option<Filter>,
}

/// What the value of `as` is taken apart into: patterns to try in turn. Their variables share one
/// frame of so many slots; what a pattern does not name is null.
#[derive(Debug)]
pub(crate) struct Patterns {
    pub(crate) options: Vec<Pattern>,
    pub(crate) slots: usize,
}

/// One pattern.
#[derive(Debug)]
pub(crate) enum Pattern {
    Variable(usize),
    Array(Vec<Pattern>),
    Object(Vec<(Filter, Pattern)>),
}

/// One step of a path, and whether it forgives.
#[derive(Debug)]
pub(crate) enum PathPart {
    Index(Filter),
    Range(Option<Filter>, Option<Filter>),
    Each,
}

/// Arithmetic operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Math {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
}

/// Comparison operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

/// `@text` and its like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Text,
    Json,
    Csv,
    Tsv,
    Html,
    Uri,
    Urid,
    Sh,
    Base64,
    Base64d,
    Base32,
    Base32d,
}

/// Bindings in force: frames from the innermost outwards. A frame is one link however many
/// bindings it has, so the chain is never longer than the evaluation is deep.
#[derive(Debug, Clone, Default)]
pub(crate) struct Env<'p>(Option<Rc<Frame<'p>>>);

#[derive(Debug)]
struct Frame<'p> {
    bindings: Vec<Binding<'p>>,
    outer: Env<'p>,
    count: usize,
}

/// What a name stands for.
#[derive(Debug, Clone)]
pub(crate) enum Binding<'p> {
    Value(super::value::Val),
    Closure(&'p Filter, Env<'p>),
    Label(u64),
}

impl<'p> Env<'p> {
    /// Adds a frame.
    pub(crate) fn with(&self, bindings: Vec<Binding<'p>>) -> Env<'p> {
        let count = self.frames() + 1;
        Env(Some(Rc::new(Frame { bindings, outer: self.clone(), count })))
    }

    pub(crate) fn frames(&self) -> usize {
        self.0.as_ref().map_or(0, |frame| frame.count)
    }

    /// The outermost `frames` frames.
    pub(crate) fn outermost(&self, frames: usize) -> Env<'p> {
        let mut env = self;
        while env.frames() > frames
            && let Some(frame) = &env.0
        {
            env = &frame.outer;
        }
        env.clone()
    }

    pub(crate) fn get(&self, place: Place) -> Option<&Binding<'p>> {
        let mut env = self;
        while let Some(frame) = &env.0 {
            if frame.count == place.frame + 1 {
                return frame.bindings.get(place.slot);
            }
            env = &frame.outer;
        }
        None
    }
}
