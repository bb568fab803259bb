//! The INI dialect of the file, as Python's `configparser` reads it without interpolation:
//! `[section]`, `key = value` or `key: value`, lines that begin with `#` or `;` are comments,
//! a line indented deeper than its key continues the value.

use std::collections::BTreeMap;

use super::ConfigError;
use crate::limits::CONFIG_BYTES_MAX;

/// A section's entries, keys in lower case, each with the number of its line.
pub(super) type Section = BTreeMap<String, Entry>;

/// A value and where it stands.
#[derive(Clone, Default)]
pub(super) struct Entry {
    pub value: String,
    pub line: usize,
}

/// Reads the whole file; sections by name, in the order of the file.
pub(super) fn parse(text: &str) -> Result<Vec<(String, Section)>, ConfigError> {
    if text.len() > CONFIG_BYTES_MAX {
        return Err(ConfigError::TooLong);
    }
    let mut sections: Vec<(String, Section)> = Vec::new();
    // The entry that an indented line would continue, and how far that entry is indented.
    let mut open: Option<(String, usize)> = None;
    for (at, raw) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = at + 1;
        let content = raw.trim();
        if content.is_empty() || content.starts_with(['#', ';']) {
            continue;
        }
        let indent = raw.len() - raw.trim_start().len();
        if let (Some((key, depth)), Some((_, section))) = (&open, sections.last_mut())
            && indent > *depth
        {
            let entry = section.entry(key.clone()).or_default();
            entry.value.push('\n');
            entry.value.push_str(content);
            continue;
        }
        if let Some(name) = content.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            if sections.iter().any(|(known, _)| known == name) {
                return Err(ConfigError::SectionTwice { line, name: name.to_owned() });
            }
            sections.push((name.to_owned(), Section::new()));
            open = None;
            continue;
        }
        let (key, value) = content.split_once(['=', ':']).ok_or(ConfigError::Line { line })?;
        let key = key.trim().to_lowercase();
        let Some((_, section)) = sections.last_mut() else {
            return Err(ConfigError::BeforeSection { line });
        };
        if key.is_empty() {
            return Err(ConfigError::Line { line });
        }
        let entry = Entry { value: value.trim().to_owned(), line };
        if section.insert(key.clone(), entry).is_some() {
            return Err(ConfigError::KeyTwice { line, key });
        }
        open = Some((key, indent));
    }
    Ok(sections)
}
