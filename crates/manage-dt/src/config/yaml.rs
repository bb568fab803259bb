//! The one place that knows the YAML library: text in, a value or a readable error out.
//!
//! The excerpt under an error is drawn here and not by the library, because the faulty line may
//! be the one that holds a password.

use serde::de::DeserializeOwned;

/// Characters of a line that an excerpt shows.
const EXCERPT_CHARACTERS_MAX: usize = 120;

/// What is wrong with a YAML text, and where. Lines and columns count from 1.
#[derive(Debug, PartialEq, Eq)]
pub struct YamlError {
    /// What is wrong.
    pub message: String,
    /// Line, when known.
    pub line: usize,
    /// Column, when known.
    pub column: usize,
    /// The lines around the place, secrets masked.
    pub excerpt: String,
}

/// Reads a YAML document.
pub fn from_text<T: DeserializeOwned>(text: &str) -> Result<T, YamlError> {
    let options = serde_saphyr::options! { with_snippet: false };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let place = error.location();
        let line = place.map_or(0, |place| place.line() as usize);
        let column = place.map_or(0, |place| place.column() as usize);
        let told = error.render_with_formatter(&serde_saphyr::UserMessageFormatter);
        let message = plain_message(&told);
        YamlError { message, line, column, excerpt: excerpt(text, line, column) }
    })
}

/// The library's message without its place, in words that need no knowledge of parsers.
fn plain_message(told: &str) -> String {
    let bare = told.split(" at line ").next().unwrap_or(told);
    match bare {
        "expected mapping start" => "lines of the form `name: value` are expected here".to_owned(),
        "expected string scalar" => {
            "a single value is expected here, not a list or a group of values".to_owned()
        }
        other => other.to_owned(),
    }
}

/// Writes a value as a YAML document.
///
/// # Errors
/// What the library cannot write.
pub fn to_text<T: serde::Serialize>(value: &T) -> Result<String, String> {
    serde_saphyr::to_string(value).map_err(|error| error.to_string())
}

fn excerpt(text: &str, line: usize, column: usize) -> String {
    if line == 0 {
        return String::new();
    }
    let margin = line.to_string().len();
    let mut out = String::new();
    let mut section = "";
    for (at, content) in text.lines().enumerate().take(line).map(|(at, l)| (at + 1, l)) {
        let outer = !content.starts_with([' ', '\t', '#', '-']) && !content.trim().is_empty();
        if outer {
            section = content.split(':').next().unwrap_or(content).trim();
        }
        if at + 1 >= line {
            let shown: String =
                masked(content, section).chars().take(EXCERPT_CHARACTERS_MAX).collect();
            out.push_str(&format!("{at:>margin$} | {shown}\n"));
        }
    }
    if (1..=EXCERPT_CHARACTERS_MAX).contains(&column) {
        out.push_str(&format!("{:margin$} | {:>column$}\n", "", "^"));
    }
    out
}

/// A line as it may be shown: values of the section `identity`, and of names that sound like a
/// secret anywhere, become `***`.
fn masked(line: &str, section: &str) -> String {
    let name = line.split(':').next().unwrap_or("").to_ascii_lowercase();
    let secret_name = ["secret", "password", "token"].iter().any(|word| name.contains(word));
    if section != "identity" && !secret_name {
        return line.to_owned();
    }
    match line.split_once(':') {
        Some((name, value)) if !value.trim().is_empty() => format!("{name}: ***"),
        Some(_) => line.to_owned(),
        None if line.trim().is_empty() || line.trim() == "identity" => line.to_owned(),
        None => "***".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    type Sections = BTreeMap<String, BTreeMap<String, Option<String>>>;

    fn fails(text: &str) -> YamlError {
        from_text::<Sections>(text).expect_err(text)
    }

    #[test]
    fn error_has_line_column_and_excerpt() {
        let error = fails("iot:\n  domain_id: [x]\n");
        assert_eq!((error.line, error.column), (2, 14));
        assert_eq!(
            error.message,
            "a single value is expected here, not a list or a group of values"
        );
        assert_eq!(error.excerpt, "1 | iot:\n2 |   domain_id: [x]\n  |              ^\n");
    }

    #[test]
    fn secrets_never_reach_the_excerpt() {
        for text in [
            "identity:\n  user: me\n  password: @hunter2\n",
            "identity:\n  password: hunter2: x\n",
            "identity:\n  password: \"hunter2\n",
            "identity:\n  password: >-\n    hunter2\n  user: [x]\n",
            "identity:\n  x: |\n    hunter2\n   hunter2\n",
            "environ:\n  my_secret: @hunter2\n",
            "identity: {password: hunter2, user: [x]}\n",
        ] {
            let error = fails(text);
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        }
    }

    #[test]
    fn many_comment_lines_are_fine() {
        let text = format!("{}a: {{b: c}}\n", "# comment\n".repeat(500));
        assert!(from_text::<Sections>(&text).is_ok());
    }

    #[test]
    fn bomb_is_refused() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for i in 1..12 {
            let list = vec![format!("*a{}", i - 1); 9].join(", ");
            text.push_str(&format!("a{i}: &a{i} [{list}]\n"));
        }
        assert!(from_text::<serde_json::Value>(&text).is_err());
        assert!(from_text::<serde_json::Value>(&"[".repeat(20_000)).is_err());
    }
}
