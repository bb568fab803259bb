//! Any text as a Java date pattern, on any text: a time or a reason, never a panic.
#![no_main]

use adapter::language::JqProgram;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|texts: (&str, &str)| {
    let (pattern, text) = texts;
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    if let Ok(program) = JqProgram::compile(&format!("fromdateformat({})", quoted(pattern))) {
        program.run(&quoted(text), "");
    }
});
