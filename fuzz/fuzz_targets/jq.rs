//! Any text as a jq program, on any input: an answer, never a panic, never without end.
#![no_main]

use adapter::language::JqProgram;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|texts: (&str, &str)| {
    let (program, input) = texts;
    if let Ok(program) = JqProgram::compile(program) {
        program.run(input, "iot/v1/telemetry");
    }
});
