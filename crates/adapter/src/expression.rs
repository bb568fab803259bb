//! Expressions of a definition (A3): compiled once, evaluated against one message.

mod jsonpath;
mod template;

use std::borrow::Cow;
use std::cell::OnceCell;

use crate::document::Node;
use crate::explain::Evaluated;
use crate::jq::{Failure, Meter, PlainStep, Program, Val, numeric_leaves, quoted};
use crate::jsonpath::Path;

pub(crate) use jsonpath::plain as plain_path;

/// A compiled expression.
#[derive(Debug)]
pub(crate) enum Expression {
    /// A text without `$`, as JSON.
    Constant(String),
    /// A plain JSON Path: members and items only.
    Path(Vec<PlainStep>),
    /// Any other JSON Path.
    JsonPath(Path),
    /// A jq program that is a plain path.
    JqPath(Vec<PlainStep>, Program),
    /// Any other jq program.
    Jq(Program),
    /// Text around jq programs.
    Text(Vec<Part>),
}

/// Part of a text with `${…}` in it.
#[derive(Debug)]
pub(crate) enum Part {
    Text(String),
    Program(Program),
}

/// When a route applies.
#[derive(Debug)]
pub(crate) enum Condition {
    /// `*`
    Always,
    /// Everything else.
    If(Expression),
}

/// A message as expressions see it. What several expressions need is made once.
pub(crate) struct Scope<'s, 'a> {
    pub(crate) endpoint: &'a str,
    pub(crate) now_us: i64,
    pub(crate) root: &'s Node<'a>,
    val: OnceCell<Result<Val, String>>,
    meter: OnceCell<Meter>,
}

impl<'s, 'a> Scope<'s, 'a> {
    pub(crate) fn new(endpoint: &'a str, now_us: i64, root: &'s Node<'a>) -> Scope<'s, 'a> {
        Scope { endpoint, now_us, root, val: OnceCell::new(), meter: OnceCell::new() }
    }

    fn val(&self) -> Result<&Val, Failure> {
        let read = || crate::jq::read(self.root.text());
        self.val.get_or_init(read).as_ref().map_err(|e| Failure::Error(e.clone()))
    }

    /// The account that all programs of the message share.
    fn meter(&self) -> &Meter {
        self.meter.get_or_init(Meter::new)
    }

    fn first(&self, program: &Program) -> Result<Option<Val>, Failure> {
        program.first(self.val()?, self.endpoint, self.now_us, self.meter())
    }

    /// The first output; after a type error once more with texts that are numbers made numbers
    /// (A7).
    fn first_soft(&self, program: &Program) -> Result<Option<Val>, Failure> {
        let error = match self.first(program) {
            Err(Failure::Error(error)) => error,
            other => return other,
        };
        if let Ok(Some(softened)) = numeric_leaves(self.val()?, self.meter())
            && let Ok(found) = program.first(&softened, self.endpoint, self.now_us, self.meter())
        {
            return Ok(found);
        }
        Err(Failure::Error(error))
    }
}

impl Expression {
    /// Compiles an expression; the error is text for the user.
    pub(crate) fn compile(text: &str) -> Result<Expression, String> {
        // Blanks around a program do not make a text of it.
        let text = if text.trim_start().starts_with("${") { text.trim() } else { text };
        let parts = template::split(text)?;
        if let [template::Piece::Code(code)] = parts.as_slice() {
            let program = Program::compile(code)?;
            return Ok(match program.plain_path() {
                Some(steps) => Expression::JqPath(steps, program),
                None => Expression::Jq(program),
            });
        }
        if parts.iter().any(|part| matches!(part, template::Piece::Code(_))) {
            let parts = parts.into_iter().map(|part| match part {
                template::Piece::Text(text) => Ok(Part::Text(text.to_owned())),
                template::Piece::Code(code) => Program::compile(&code).map(Part::Program),
            });
            return parts.collect::<Result<_, _>>().map(Expression::Text);
        }
        if text.starts_with('$') {
            return jsonpath::compile(text);
        }
        Ok(Expression::Constant(quoted(text)))
    }

    /// The value as JSON text; `None` if the source is missing, null or empty.
    pub(crate) fn evaluate<'a>(
        &self,
        scope: &Scope<'_, 'a>,
    ) -> Result<Option<Cow<'a, str>>, Failure> {
        match self {
            Expression::Constant(json) => Ok(Some(Cow::Owned(json.clone()))),
            Expression::Path(steps) => Ok(match walk(scope.root, steps) {
                Walk::Found(node) if !node.is_null() => Some(Cow::Borrowed(node.text())),
                _ => None,
            }),
            Expression::JsonPath(path) => {
                let found = jsonpath::query(path, scope.root, scope.meter())?;
                Ok(found.map(Cow::Owned))
            }
            Expression::JqPath(steps, program) => match walk(scope.root, steps) {
                Walk::Found(node) if !node.is_null() => Ok(Some(Cow::Borrowed(node.text()))),
                Walk::Found(_) | Walk::Absent => Ok(None),
                // jq knows what to say about a member of a number.
                Walk::Mismatch => json(scope.first_soft(program)?, scope),
            },
            Expression::Jq(program) => json(scope.first_soft(program)?, scope),
            Expression::Text(parts) => interpolate(parts, scope).map(|text| text.map(Cow::Owned)),
        }
    }

    /// Is it a plain path to something that a payload lacks?
    pub(crate) fn reads_absent(&self, root: &Node<'_>) -> bool {
        match self {
            Expression::Path(steps) | Expression::JqPath(steps, _) => {
                !matches!(walk(root, steps), Walk::Found(_))
            }
            _ => false,
        }
    }

    /// The truth of a condition; an error counts as false (A3).
    fn is_true(&self, scope: &Scope<'_, '_>) -> bool {
        if let Expression::Jq(program) = self {
            return program
                .endpoint_truth(scope.endpoint)
                .unwrap_or_else(|| matches!(scope.first(program), Ok(Some(val)) if val.is_true()));
        }
        matches!(self.evaluate(scope), Ok(Some(json)) if json != "false")
    }
}

/// Is it a JSON Path that may find several nodes?
pub(crate) fn is_indefinite(text: &str) -> bool {
    match Expression::compile(text) {
        Ok(Expression::JsonPath(path)) => !path.is_single(),
        _ => false,
    }
}

/// The jq programs in an expression, as far as it can be split.
pub(crate) fn programs(text: &str) -> Vec<String> {
    let pieces = template::split(text).unwrap_or_default().into_iter();
    let code = pieces.filter_map(|piece| match piece {
        template::Piece::Code(code) => Some(code),
        template::Piece::Text(_) => None,
    });
    code.collect()
}

impl Condition {
    /// Compiles a condition; the error is text for the user.
    pub(crate) fn compile(text: &str) -> Result<Condition, String> {
        let text = text.trim();
        if text == "*" {
            return Ok(Condition::Always);
        }
        match Expression::compile(text)? {
            Expression::Constant(_) | Expression::Text(_) => {
                Err("a condition must be `*`, one `${…}` or a JSON Path".to_owned())
            }
            expression => Ok(Condition::If(expression)),
        }
    }

    pub(crate) fn is_true(&self, scope: &Scope<'_, '_>) -> bool {
        match self {
            Condition::Always => true,
            Condition::If(expression) => expression.is_true(scope),
        }
    }

    /// What it gives, for those who ask why it is not true.
    pub(crate) fn value(&self, scope: &Scope<'_, '_>) -> Evaluated {
        let value = match self {
            Condition::Always => return Evaluated::Value("true".to_owned()),
            // Conditions get no second try with softened numbers.
            Condition::If(Expression::Jq(program)) => {
                scope.first(program).and_then(|val| json(val, scope))
            }
            Condition::If(expression) => expression.evaluate(scope),
        };
        match value {
            Ok(Some(json)) => Evaluated::Value(json.into_owned()),
            Ok(None) => Evaluated::Missing,
            Err(failure) => Evaluated::Failed(failure.to_string()),
        }
    }
}

enum Walk<'n, 'a> {
    Found(&'n Node<'a>),
    Absent,
    /// A step does not fit the value it meets.
    Mismatch,
}

fn walk<'n, 'a>(root: &'n Node<'a>, steps: &[PlainStep]) -> Walk<'n, 'a> {
    let mut node = root;
    for step in steps {
        if node.is_null() {
            return Walk::Absent;
        }
        let (next, fits) = match step {
            PlainStep::Member(name) => (node.member(name), node.is_object()),
            PlainStep::Item(index) => (node.item(*index), node.is_array()),
        };
        node = match next {
            Some(next) => next,
            None if fits => return Walk::Absent,
            None => return Walk::Mismatch,
        };
    }
    Walk::Found(node)
}

fn json<'a>(val: Option<Val>, scope: &Scope<'_, '_>) -> Result<Option<Cow<'a, str>>, Failure> {
    match val {
        None | Some(Val::Null) => Ok(None),
        Some(val) => match val.to_json(scope.meter()) {
            // What jq cannot say in JSON becomes null.
            Ok(json) => Ok(Some(json).filter(|json| json != "null").map(Cow::Owned)),
            Err(_) => Err(Failure::Limit("the result is too large")),
        },
    }
}

/// Text with the outputs in place; an output that is missing leaves the whole missing.
fn interpolate(parts: &[Part], scope: &Scope<'_, '_>) -> Result<Option<String>, Failure> {
    let mut out = String::new();
    for part in parts {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Program(program) => {
                let Some(val) = scope.first_soft(program)? else {
                    return Ok(None);
                };
                match val.to_text(scope.meter()) {
                    Ok(text) => out.push_str(&text),
                    Err(_) => return Err(Failure::Limit("the result is too large")),
                }
            }
        }
    }
    Ok(Some(quoted(&out)))
}
