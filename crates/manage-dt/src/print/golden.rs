//! Expected texts in `tests/cases/cli`; `UPDATE=1` rewrites them.

use std::path::Path;

/// Compares a text with the file of this name.
pub(crate) fn check(name: &str, text: &str) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases/cli");
    let path = dir.join(name);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, text).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{name}: {error}; UPDATE=1 writes it"));
    assert!(text == expected, "{name} differs; UPDATE=1 rewrites it. Now:\n{text}");
}

/// A text without ANSI styles.
pub(crate) fn unstyled(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}
