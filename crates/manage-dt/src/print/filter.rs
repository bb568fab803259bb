//! `--query` and `--raw-output`: what of a JSON document is shown, as the OCI CLI does it.

use std::sync::OnceLock;

use jmespath::ast::Ast;
use jmespath::{
    Context, DEFAULT_RUNTIME, ErrorReason, JmespathError, Rcvar, RuntimeError, ToJmespath, Variable,
};
use serde_json::Value;

use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// Characters of an expression; also bounds how deep it can be nested.
const EXPRESSION_CHARS_MAX: usize = 2_000;

/// What the command line asks for.
#[derive(Debug, Default)]
struct Filter {
    query: Option<String>,
    raw: bool,
}

static FILTER: OnceLock<Filter> = OnceLock::new();

/// Sets the filter of this process, once, before anything else is done.
pub fn set(query: Option<&str>, raw: bool) -> Result<(), Failure> {
    if let Some(query) = query {
        compile(query)?;
    }
    // Once per process; a second one can only come from a test.
    let _ = FILTER.set(Filter { query: query.map(str::to_owned), raw });
    Ok(())
}

/// A document as it is printed, with a line end.
pub fn text(document: Value) -> Result<String, Failure> {
    match FILTER.get() {
        None => Ok(format!("{document:#}\n")),
        Some(filter) => filter.text(document),
    }
}

impl Filter {
    fn text(&self, document: Value) -> Result<String, Failure> {
        let shown = match &self.query {
            None => document,
            Some(query) => search(query, document)?,
        };
        match shown {
            Value::Null if self.query.is_some() => {
                tracing::warn!("Query returned empty result, no output to show.");
                Ok(String::new())
            }
            Value::String(text) if self.raw => Ok(format!("{text}\n")),
            shown => Ok(format!("{shown:#}\n")),
        }
    }
}

fn search(query: &str, document: Value) -> Result<Value, Failure> {
    let data = Variable::try_from(document).and_then(ToJmespath::to_jmespath);
    let found = data.and_then(|data| jmespath::compile(query)?.search(data));
    let found = found.map_err(|error| {
        wrong(&error).hint("the command has done its work; only its results cannot be shown so")
    })?;
    serde_json::to_value(&*found).map_err(|error| {
        Failure::new(ExitCode::Refused, format!("cannot write the results: {error}"))
    })
}

fn compile(query: &str) -> Result<(), Failure> {
    if query.chars().count() > EXPRESSION_CHARS_MAX {
        let text = format!("--query has over {EXPRESSION_CHARS_MAX} characters");
        return Err(Failure::usage(text));
    }
    let expression = jmespath::compile(query).map_err(|error| wrong(&error))?;
    check(query, expression.as_ast()).map_err(|error| wrong(&error))
}

/// Finds what no document makes right: unknown functions, wrong numbers of arguments, steps of 0.
/// Otherwise the verb would do its work first and then have no result to show.
fn check(query: &str, node: &Ast) -> Result<(), JmespathError> {
    let error = |offset, reason| JmespathError::new(query, offset, ErrorReason::Runtime(reason));
    match node {
        Ast::Function { offset, name, args } => {
            let function = DEFAULT_RUNTIME
                .get_function(name)
                .ok_or_else(|| error(*offset, RuntimeError::UnknownFunction(name.clone())))?;
            // Functions count their arguments before they look at them.
            let nulls = vec![Rcvar::new(Variable::Null); args.len()];
            let context = &mut Context::new(query, &DEFAULT_RUNTIME);
            if let Err(JmespathError { reason: ErrorReason::Runtime(reason), .. }) =
                function.evaluate(&nulls, context)
                && matches!(
                    reason,
                    RuntimeError::TooManyArguments { .. } | RuntimeError::NotEnoughArguments { .. }
                )
            {
                return Err(error(*offset, reason));
            }
            args.iter().try_for_each(|node| check(query, node))
        }
        Ast::Slice { offset, step: 0, .. } => Err(error(*offset, RuntimeError::InvalidSlice)),
        Ast::Slice { .. }
        | Ast::Identity { .. }
        | Ast::Field { .. }
        | Ast::Index { .. }
        | Ast::Literal { .. } => Ok(()),
        Ast::Expref { ast: node, .. }
        | Ast::Flatten { node, .. }
        | Ast::Not { node, .. }
        | Ast::ObjectValues { node, .. } => check(query, node),
        Ast::Condition { predicate: left, then: right, .. }
        | Ast::Comparison { lhs: left, rhs: right, .. }
        | Ast::Projection { lhs: left, rhs: right, .. }
        | Ast::And { lhs: left, rhs: right, .. }
        | Ast::Or { lhs: left, rhs: right, .. }
        | Ast::Subexpr { lhs: left, rhs: right, .. } => {
            check(query, left)?;
            check(query, right)
        }
        Ast::MultiList { elements, .. } => elements.iter().try_for_each(|node| check(query, node)),
        Ast::MultiHash { elements, .. } => {
            elements.iter().try_for_each(|pair| check(query, &pair.value))
        }
    }
}

/// Says what is wrong and points at it.
fn wrong(error: &JmespathError) -> Failure {
    let reason = error.reason.to_string();
    let reason = reason.trim_start_matches("Parse error: ").trim_start_matches("Runtime error: ");
    let line = error.expression.lines().nth(error.line).unwrap_or_default();
    let (column, indent) = (error.column + 1, error.column);
    let text = format!("--query, column {column}: {reason}\n  {line}\n  {:indent$}^", "");
    Failure::usage(text)
        .hint("it is a JMESPath expression, such as \"changes[?action=='create'].key\"")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(query: Option<&str>, raw: bool) -> String {
        let filter = Filter { query: query.map(str::to_owned), raw };
        filter.text(json!({"b": "x", "a": [{"n": 1, "k": "p"}, {"n": 2, "k": "q"}]})).unwrap()
    }

    #[test]
    fn results() {
        assert_eq!(shown(Some("b"), false), "\"x\"\n");
        assert_eq!(shown(Some("b"), true), "x\n");
        assert_eq!(shown(Some("a[?n==`2`].k | [0]"), true), "q\n");
        assert_eq!(shown(Some("length(a)"), true), "2\n");
        assert_eq!(shown(Some("a[].k"), true), "[\n  \"p\",\n  \"q\"\n]\n");
        assert_eq!(shown(Some("none"), false), "");
        assert!(shown(None, true).starts_with("{\n  \"b\": \"x\""));
    }

    #[test]
    fn mistakes_say_where() {
        let message = compile("a[?n==").unwrap_err().message.unwrap();
        assert!(message.starts_with("--query, column ") && message.ends_with('^'), "{message}");
        let failure = search("length(a)", json!({"a": 1})).unwrap_err();
        assert_eq!(failure.exit, ExitCode::Usage);
        assert!(failure.hint.unwrap().contains("has done its work"));
        assert!(compile(&"(".repeat(EXPRESSION_CHARS_MAX + 1)).is_err());
        assert!(compile(&"(".repeat(200)).is_err());
    }

    #[test]
    fn mistakes_that_no_document_mends_are_found_first() {
        for (query, said) in [
            ("nope(a)", "nope"),
            ("a[?contains(k)]", "rgument"),
            ("a || length(b, c)", "rgument"),
            ("{x: !nope(@)}", "nope"),
            ("sort_by(a, &nope(n))", "nope"),
            ("[a, b[::0]]", "slice"),
        ] {
            let message = compile(query).unwrap_err().message.unwrap();
            assert!(message.contains(said) && message.ends_with('^'), "{query}: {message}");
        }
        for query in [
            "sort_by(a, &n)[].k",
            "max_by(a, &n).{k: k}",
            "a[?n > `1` && starts_with(k, 'q')] | [0]",
            "join(', ', a[].k)",
            "merge(@, `{}`, `{}`)",
            "not_null(a, b, c)",
            "a[::2]",
        ] {
            assert!(compile(query).is_ok(), "{query}");
        }
    }
}
