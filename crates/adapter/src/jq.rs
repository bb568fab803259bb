//! jq programs: a parser and an evaluator that can be stopped.
//!
//! Every filter run, every value made and every part of a value looked at is paid for (`meter`),
//! so the worst program costs a message its rejection and nothing else. The language is that of
//! jq 1.8 without input, output and modules.

mod bases;
mod builtins;
mod compile;
mod eval;
mod filter;
mod forms;
mod item;
mod lex;
mod meter;
mod numeral;
mod ops;
mod parse;
mod path;
mod print;
mod read;
mod survey;
mod syntax;
mod value;

use crate::limits::{EXPRESSION_BYTES_MAX, EXPRESSION_TOKENS_MAX};
use builtins::Builtin;
use eval::Machine;
use filter::{Code, Comparison, Env, Filter, Literal, PathPart};
use lex::{Part, Token, Word};

pub(crate) use builtins::values::numeric_leaves;
pub(crate) use lex::comment_length;
pub(crate) use meter::{Meter, Run, Stop};
pub(crate) use ops::quoted;
pub(crate) use read::read;
pub(crate) use survey::survey;

/// The text format of that name, without `@`.
fn format_named(name: &str) -> Option<filter::Format> {
    compile::format_named(name)
}
pub(crate) use value::Val;

/// A compiled program.
#[derive(Debug)]
pub(crate) struct Program {
    code: Code,
    /// Does it look at nothing but the endpoint?
    endpoint_only: bool,
}

/// Why a program gives nothing.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A jq error; other inputs may do better.
    Error(String),
    /// A limit; nothing helps.
    Limit(&'static str),
}

impl From<Stop> for Failure {
    fn from(stop: Stop) -> Failure {
        match stop {
            Stop::Error(message) => Failure::Error(match message.as_str() {
                Some(text) => text.to_owned(),
                None => message.excerpt(),
            }),
            Stop::Break(_) => Failure::Error("break outside of its label".to_owned()),
            Stop::Limit(reason) => Failure::Limit(reason),
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Failure::Error(message) => f.write_str(message),
            Failure::Limit(message) => f.write_str(message),
        }
    }
}

/// A step of a plain path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PlainStep {
    Member(String),
    Item(i64),
}

impl Program {
    /// Compiles a program; the error is text for the user. Brackets have been counted before.
    pub(crate) fn compile(text: &str) -> Result<Program, String> {
        if text.len() > EXPRESSION_BYTES_MAX {
            return Err(format!("the expression is longer than {EXPRESSION_BYTES_MAX} bytes"));
        }
        let tokens = lex::split(text)?;
        check_size(&tokens)?;
        let term = parse::parse(text, &tokens)?;
        let code = compile::compile(&term)?;
        let endpoint_only = is_endpoint_only(&code.main);
        Ok(Program { code, endpoint_only })
    }

    /// The first output on an input (A3).
    pub(crate) fn first(
        &self,
        input: &Val,
        endpoint: &str,
        now_us: i64,
        meter: &Meter,
    ) -> Result<Option<Val>, Failure> {
        let machine = Machine { code: &self.code, meter, endpoint, now_us };
        machine.first(&self.code.main, &Env::default(), input).map_err(Failure::from)
    }

    /// All outputs on an input as JSON text, as far as it gets.
    pub(crate) fn all(
        &self,
        input: &Val,
        endpoint: &str,
        now_us: i64,
        meter: &Meter,
        outputs: &mut Vec<String>,
    ) -> Result<(), Failure> {
        let machine = Machine { code: &self.code, meter, endpoint, now_us };
        let result = machine.values(&self.code.main, &Env::default(), input, &mut |val| {
            outputs.push(val.to_json(meter)?);
            Ok(())
        });
        result.map_err(Failure::from)
    }

    /// The steps, if the program is a plain path such as `.a.b[0]`.
    pub(crate) fn plain_path(&self) -> Option<Vec<PlainStep>> {
        match &self.code.main {
            Filter::Id => Some(Vec::new()),
            Filter::Path(head, parts) if matches!(**head, Filter::Id) => {
                parts.iter().map(plain_step).collect()
            }
            _ => None,
        }
    }

    /// The truth of a program that looks at nothing but the endpoint; `None` for all others.
    pub(crate) fn endpoint_truth(&self, endpoint: &str) -> Option<bool> {
        self.endpoint_only.then(|| endpoint_truth(&self.code.main, endpoint))
    }
}

fn plain_step((part, forgiving): &(PathPart, bool)) -> Option<PlainStep> {
    match part {
        _ if *forgiving => None,
        PathPart::Index(Filter::Constant(Literal::Str(name))) => {
            Some(PlainStep::Member(name.to_string()))
        }
        PathPart::Index(Filter::Constant(Literal::Int(n))) => Some(PlainStep::Item(*n)),
        _ => None,
    }
}

/// Is it made of `endpoint(n) == "text"` and its negation, joined by `and` and `or`? That is what
/// nearly all conditions look like, and they are asked of every message.
fn is_endpoint_only(filter: &Filter) -> bool {
    match filter {
        Filter::And(left, right) | Filter::Or(left, right) => {
            is_endpoint_only(left) && is_endpoint_only(right)
        }
        Filter::Compare(..) => endpoint_comparison(filter).is_some(),
        _ => false,
    }
}

fn endpoint_comparison(filter: &Filter) -> Option<(usize, Comparison, &str)> {
    let Filter::Compare(left, op @ (Comparison::Eq | Comparison::Ne), right) = filter else {
        return None;
    };
    match (&**left, &**right) {
        (Filter::Builtin(Builtin::Segment, args), Filter::Constant(Literal::Str(text))) => {
            match args.as_slice() {
                [Filter::Constant(Literal::Int(n))] => Some((usize::try_from(*n).ok()?, *op, text)),
                _ => None,
            }
        }
        _ => None,
    }
}

fn endpoint_truth(filter: &Filter, endpoint: &str) -> bool {
    match filter {
        Filter::And(left, right) => {
            endpoint_truth(left, endpoint) && endpoint_truth(right, endpoint)
        }
        Filter::Or(left, right) => {
            endpoint_truth(left, endpoint) || endpoint_truth(right, endpoint)
        }
        _ => endpoint_comparison(filter).is_some_and(|(n, op, text)| {
            let equal = crate::endpoint::segment(endpoint, n) == Some(text);
            equal == (op == Comparison::Eq)
        }),
    }
}

/// Bounds the size of a program.
fn check_size(tokens: &[Token<'_>]) -> Result<(), String> {
    fn count(tokens: &[Token<'_>]) -> usize {
        let inner = tokens.iter().map(|token| match &token.word {
            Word::Str(parts) => parts
                .iter()
                .map(|part| match part {
                    Part::Code(tokens) => count(tokens),
                    Part::Text(_) => 0,
                })
                .sum(),
            _ => 0,
        });
        tokens.len() + inner.sum::<usize>()
    }
    match count(tokens) > EXPRESSION_TOKENS_MAX {
        true => Err(format!("the expression has more than {EXPRESSION_TOKENS_MAX} parts")),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests;
