//! Any text as a model: both layers end, with places for all findings.
#![no_main]

use dtdl::{Interface, LanguageOptions, Model, check_language};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let options = LanguageOptions { allow_undefined_extensions: text.len() % 2 == 0 };
    let report = check_language(&[text], options);
    assert!(report.diagnostics.iter().all(|finding| finding.position.is_some()));
    if let Ok(interface) = Interface::parse(text) {
        let _ = interface.check_platform();
        let _ = Model::resolve(interface, &|_| None);
    }
});
