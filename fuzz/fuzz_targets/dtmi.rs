//! Any text as an identifier: what is accepted comes back as it was.
#![no_main]

use dtdl::Dtmi;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(dtmi) = Dtmi::parse_any(text) {
        assert_eq!(dtmi.as_str(), text);
        assert!(text.starts_with(dtmi.path()) && text.ends_with(dtmi.fragment()));
    } else {
        assert!(Dtmi::parse(text).is_err());
    }
});
