//! `--query` and `--raw-output`: what of a JSON document is shown, as the OCI CLI does it.

use std::sync::OnceLock;

use jmespath::ToJmespath;
use jmespath::Variable;
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
    let found = data.and_then(|data| compile_unchecked(query)?.search(data));
    let found = found.map_err(|error| wrong(&error))?;
    serde_json::to_value(&*found).map_err(|error| {
        Failure::new(ExitCode::Refused, format!("cannot write the results: {error}"))
    })
}

fn compile(query: &str) -> Result<(), Failure> {
    if query.chars().count() > EXPRESSION_CHARS_MAX {
        let text = format!("--query has over {EXPRESSION_CHARS_MAX} characters");
        return Err(Failure::usage(text));
    }
    compile_unchecked(query).map(|_| ()).map_err(|error| wrong(&error))
}

fn compile_unchecked(
    query: &str,
) -> Result<jmespath::Expression<'static>, jmespath::JmespathError> {
    jmespath::compile(query)
}

/// Says what is wrong and points at it.
fn wrong(error: &jmespath::JmespathError) -> Failure {
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
        let failure = search("nope(a)", json!({})).unwrap_err();
        assert_eq!(failure.exit, ExitCode::Usage);
        assert!(failure.message.unwrap().contains("nope"));
        assert!(compile(&"(".repeat(EXPRESSION_CHARS_MAX + 1)).is_err());
        assert!(compile(&"(".repeat(200)).is_err());
    }
}
