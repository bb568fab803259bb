//! Any text as a JSON Path, on any document: an answer, never a panic, never without end.
#![no_main]

use adapter::language::JsonPath;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|texts: (&str, &str)| {
    let (path, document) = texts;
    if let Ok(path) = JsonPath::compile(path) {
        let _ = path.query(document);
    }
});
