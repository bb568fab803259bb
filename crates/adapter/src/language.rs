//! The two expression languages by themselves, for their public test suites and for tools. An
//! adapter uses them through its expressions (A3).

use crate::document::Node;
use crate::jq::{Meter, Program, Val, read};
use crate::jsonpath::Path;

/// A jq program without an adapter around it.
///
/// ```
/// let program = adapter::language::JqProgram::compile(".a, .b | . * 2").expect("valid");
/// let run = program.run(r#"{"a": 1, "b": 2}"#, "pumps/1");
/// assert_eq!((run.outputs, run.failure), (vec!["2".to_owned(), "4".to_owned()], None));
/// ```
#[derive(Debug)]
pub struct JqProgram(Program);

/// What a program put out, and why it ended if not at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JqRun {
    /// Outputs as compact JSON text, in order.
    pub outputs: Vec<String>,
    /// The error or limit that ended it.
    pub failure: Option<String>,
}

impl JqProgram {
    /// Compiles a program.
    ///
    /// # Errors
    /// What is wrong with it, as text for the user.
    pub fn compile(text: &str) -> Result<JqProgram, String> {
        Program::compile(text).map(JqProgram)
    }

    /// Runs it on an input, JSON text. There is ten times the time and the steps of a message, for
    /// nobody waits in line behind it.
    pub fn run(&self, input: &str, endpoint: &str) -> JqRun {
        let input: Val = match read(input) {
            Ok(input) => input,
            Err(error) => return JqRun { outputs: Vec::new(), failure: Some(error) },
        };
        let mut outputs = Vec::new();
        let ended = self.0.all(&input, endpoint, 0, &Meter::patient(), &mut outputs);
        JqRun { outputs, failure: ended.err().map(|failure| failure.to_string()) }
    }
}

/// A JSON Path of RFC 9535.
///
/// ```
/// let path = adapter::language::JsonPath::compile("$.pumps[?@.flow > 2].name").expect("valid");
/// let found = path.query(r#"{"pumps": [{"flow": 1, "name": "a"}, {"flow": 3, "name": "b"}]}"#);
/// assert_eq!(found, Ok(vec![r#""b""#.to_owned()]));
/// ```
#[derive(Debug)]
pub struct JsonPath(Path);

impl JsonPath {
    /// Compiles a path.
    ///
    /// # Errors
    /// What is wrong with it, as text for the user.
    pub fn compile(text: &str) -> Result<JsonPath, String> {
        Path::compile(text).map(JsonPath)
    }

    /// The nodes of a document, JSON text, that the path finds: their texts, in order.
    ///
    /// # Errors
    /// The document is not JSON, or a limit was reached.
    pub fn query(&self, document: &str) -> Result<Vec<String>, String> {
        let root = Node::parse(document.as_bytes()).map_err(|e| format!("the document {e}"))?;
        let found =
            self.0.query(&root, &Meter::patient()).map_err(|failure| failure.to_string())?;
        Ok(found.into_iter().map(|node| node.text().to_owned()).collect())
    }
}
