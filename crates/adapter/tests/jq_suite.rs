//! jq's own test files against our evaluator. `JQ_TESTS` names another file in their format: three
//! lines a case (program, input, outputs), a blank line between, comments with `#`, and `%%FAIL`
//! before a program that must not compile. Prints one line, `jq N of M`, then fails if a case is
//! wrong that `jq_suite/deviations.txt` does not list.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use adapter::language::JqProgram;
use serde_json::Value;

/// The program of each case that is not as in jq, and why.
const DEVIATIONS: &str = include_str!("jq_suite/deviations.txt");

/// One case of a file.
#[derive(Debug, Default)]
struct Case {
    line: usize,
    program: String,
    must_not_compile: bool,
    /// The line below the program; a file that ends early lacks it.
    input: Option<String>,
    outputs: Vec<String>,
}

fn main() -> ExitCode {
    let path = file();
    let (mut right, mut surprises) = (0, Vec::new());
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| {
        surprises.push(format!("{} cannot be read: {error}", path.display()));
        String::new()
    });
    let cases = cases(&text);
    let listed: Vec<&str> = DEVIATIONS.lines().filter_map(|l| l.strip_prefix("jq: ")).collect();
    for case in &cases {
        let verdict = judge(case);
        right += usize::from(verdict.is_ok());
        let is_listed = listed.contains(&case.program.trim());
        if let Err(wrong) = verdict
            && !is_listed
        {
            surprises.push(format!("line {}: {}\n  {wrong}", case.line, case.program));
        }
    }
    println!("jq {right} of {}", cases.len());
    for surprise in &surprises {
        eprintln!("{surprise}");
    }
    if surprises.is_empty() && !cases.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn file() -> PathBuf {
    if let Some(named) = std::env::var_os("JQ_TESTS") {
        return PathBuf::from(named);
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let shared = root.join("../shared/conformance/jq-man.test");
    // Where there is no such folder, a few cases of our own show that the test runs.
    if shared.exists() { shared } else { root.join("tests/cases/jq/own.test") }
}

fn is_skipped(line: &str) -> bool {
    let line = line.trim_start_matches([' ', '\t']);
    line.is_empty() || line.starts_with('#')
}

fn cases(text: &str) -> Vec<Case> {
    let mut lines = text.split('\n').map(|line| line.trim_end_matches('\r')).zip(1..);
    let mut cases = Vec::new();
    while let Some((first, line)) = lines.next() {
        if is_skipped(first) {
            continue;
        }
        let mut case = Case { line, program: first.to_owned(), ..Case::default() };
        if first.starts_with("%%FAIL") {
            // jq's wording of the error is not ours; that there is one counts.
            let Some((program, line)) = lines.next() else { break };
            let program = program.to_owned();
            case = Case { line, program, must_not_compile: true, ..Case::default() };
        } else {
            case.input = lines.next().map(|(input, _)| input.to_owned());
        }
        let rest = lines.by_ref().map(|(output, _)| output).take_while(|line| !is_skipped(line));
        case.outputs = rest.map(str::to_owned).collect();
        cases.push(case);
    }
    cases
}

fn judge(case: &Case) -> Result<(), String> {
    if case.must_not_compile {
        return match JqProgram::compile(&case.program) {
            Ok(_) => Err("compiles, but must not".to_owned()),
            Err(_) => Ok(()),
        };
    }
    let input = case.input.as_ref().ok_or("the file ends before the case's input")?;
    let input = input.trim_start_matches('\u{feff}');
    // jq reads words for numbers that JSON lacks; as a program they can be said.
    let (program, input) = match JqProgram::compile(".").map(|p| p.run(input, "").failure) {
        Ok(None) => (case.program.clone(), input),
        _ => {
            let input = input.replace("NaN", "nan").replace("Infinity", "infinite");
            (format!("{input} | {}", case.program), "null")
        }
    };
    let program = JqProgram::compile(&program).map_err(|e| format!("does not compile: {e}"))?;
    let run = program.run(input, "");
    let same = case.outputs.len() == run.outputs.len()
        && case.outputs.iter().zip(&run.outputs).all(|(expected, found)| {
            expected == found
                || matches!((value(expected), value(found)), (Ok(a), Ok(b)) if equal(&a, &b))
        });
    match same {
        true => Ok(()),
        false => Err(format!("gives {:?} {}", run.outputs, run.failure.unwrap_or_default())),
    }
}

/// jq prints NaN as null.
fn value(line: &str) -> serde_json::Result<Value> {
    serde_json::from_str(line).or_else(|_| serde_json::from_str(&line.replace("nan", "null")))
}

/// Numbers are equal as doubles, objects without regard to order.
fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| equal(a, b)))
        }
        _ => a == b,
    }
}
