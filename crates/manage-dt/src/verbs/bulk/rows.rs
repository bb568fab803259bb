//! The rows of the file, and what cannot be about them: line, column, and why.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;

use aws_lc_rs::digest::{SHA256, digest};
use csv::{ReaderBuilder, StringRecord, Trim};
use iot_api::tags::{FreeformTags, NamespacedTags};
use oci_core::ocid::Ocid;
use platform::limits::{
    DESCRIPTION_CHARS_MAX, DISPLAY_NAME_CHARS_MAX, EXTERNAL_KEY_CHARS_MAX, TAG_KEY_CHARS_MAX,
    TAG_VALUE_CHARS_MAX, TAGS_MAX,
};
use serde_json::{Value, json};

use super::report_file::{Entry, Status};
use crate::failure::Failure;

/// Bytes of one file.
const FILE_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Rows of one file.
const ROWS_MAX: usize = 1_000_000;
/// Problems that are collected; a file with more has one that explains them all.
const PROBLEMS_MAX: usize = 10_000;
/// Columns besides tags.
const COLUMNS: [&str; 6] =
    ["external_key", "name", "description", "auth_id", "connectivity_type", "gateways"];
/// How devices may be connected (control-plane.md 5.5).
const CONNECTIVITY: [&str; 4] = ["DIRECT", "INDIRECT", "GATEWAY", "NONE"];

/// One row.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// Line on which it begins.
    pub line: u64,
    /// External key.
    pub external_key: String,
    /// Display name; the external key without one.
    pub name: Option<String>,
    /// Description.
    pub description: Option<String>,
    /// OCID of secret or certificate; the configured twin's without one.
    pub auth_id: Option<String>,
    /// How it is connected.
    pub connectivity_type: Option<String>,
    /// OCIDs of gateways.
    pub gateways: Option<Vec<String>>,
    /// Free-form tags.
    pub freeform_tags: FreeformTags,
    /// Defined tags.
    pub defined_tags: NamespacedTags,
    /// Digest of heads and values.
    pub digest: String,
}

impl Row {
    /// Its outcome.
    pub fn entry(&self, status: Status, id: Option<String>, error: Option<String>) -> Entry {
        let (line, external_key) = (self.line, self.external_key.clone());
        Entry { line, external_key, status, id, error, row: self.digest.clone() }
    }
}

/// Something that cannot be.
#[derive(Debug)]
pub struct Problem {
    line: u64,
    /// Number, from 1, and name; none for a whole line.
    column: Option<(usize, String)>,
    why: String,
}

impl Problem {
    /// As JSON.
    pub fn json(&self) -> Value {
        let column = self.column.as_ref();
        json!({
            "line": self.line,
            "column": column.map(|(number, _)| number),
            "name": column.map(|(_, name)| name),
            "problem": self.why,
        })
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.line)?;
        if let Some((number, name)) = &self.column {
            write!(f, "column {number} ({name}): ")?;
        }
        f.write_str(&self.why)
    }
}

/// Reads all rows and checks them.
///
/// # Errors
/// Exit 2 when the file cannot be read, or its heads say nothing.
pub fn read(path: &Path) -> Result<(Vec<Row>, Vec<Problem>), Failure> {
    let shown = path.display();
    let bytes = contents(path)?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let mut lines = Lines { bytes, at: 0, line: 1 };
    let mut reader = ReaderBuilder::new().trim(Trim::All).flexible(true).from_reader(bytes);
    let heads = reader.headers().map_err(|error| Failure::usage(format!("{shown}: {error}")))?;
    let heads: Vec<String> = heads.iter().map(str::to_owned).collect();
    let columns = columns(&heads).map_err(|why| {
        Failure::usage(format!("{shown}:1: {why}"))
            .hint(format!("columns: {}, tag.KEY, defined_tag.NAMESPACE.KEY", COLUMNS.join(", ")))
    })?;
    let (mut rows, mut problems) = (Vec::new(), Vec::new());
    let mut seen: HashMap<String, u64> = HashMap::new();
    for record in reader.records() {
        match record {
            Ok(record) => {
                let line = lines.of(record.position());
                let mut check = Check { line, heads: &heads, problems: &mut problems };
                let row = check.row(&record, &columns);
                if let Some(first) = seen.insert(row.external_key.clone(), row.line)
                    && !row.external_key.is_empty()
                {
                    let why = format!("'{}' is in line {first} too", row.external_key);
                    check.problem("external_key", &columns, why);
                }
                rows.push(row);
            }
            Err(error) => problems.push(broken(&error, lines.of(error.position()))),
        }
        if rows.len() > ROWS_MAX {
            return Err(Failure::usage(format!("{shown} has more than {ROWS_MAX} rows")));
        }
        if problems.len() >= PROBLEMS_MAX {
            break;
        }
    }
    if rows.is_empty() && problems.is_empty() {
        return Err(Failure::usage(format!("{shown} has no rows below its heads")));
    }
    Ok((rows, problems))
}

/// The whole file, if it is not too large.
fn contents(path: &Path) -> Result<Vec<u8>, Failure> {
    use std::io::Read as _;
    let shown = path.display();
    let unreadable = |error| Failure::usage(format!("{shown} cannot be read: {error}"));
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        let mib = FILE_BYTES_MAX / (1024 * 1024);
        return Err(Failure::usage(format!("{shown} has more than {mib} MiB; divide it")));
    }
    Ok(bytes)
}

/// Counts lines. The reader's own count is one behind when lines end as on Windows, or are blank.
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line on which the record that is read from here begins; asked in their order.
    fn of(&mut self, position: Option<&csv::Position>) -> u64 {
        let from = position.map_or(self.at, |position| position.byte() as usize);
        let is_blank = |byte: &&u8| matches!(byte, b'\r' | b'\n');
        let rest = self.bytes.get(from..).unwrap_or_default();
        let to = from + rest.iter().take_while(is_blank).count();
        let passed = self.bytes.get(self.at..to).unwrap_or_default();
        self.line += passed.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.at = self.at.max(to);
        self.line
    }
}

fn broken(error: &csv::Error, line: u64) -> Problem {
    let why = match error.kind() {
        csv::ErrorKind::Utf8 { .. } => "it is not UTF-8".to_owned(),
        _ => error.to_string(),
    };
    Problem { line, column: None, why }
}

/// What a column is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Column {
    Member(&'static str),
    Tag(String),
    DefinedTag(String, String),
}

/// Characters of an unknown head that an error repeats.
const HEAD_CHARS_SHOWN: usize = 60;

fn columns(heads: &[String]) -> Result<Vec<Column>, String> {
    let mut columns: Vec<Column> = Vec::new();
    for (at, head) in heads.iter().enumerate() {
        let column = column(head).ok_or_else(|| {
            // What is no CSV file at all may have a head of any length.
            let shown: String = head.chars().take(HEAD_CHARS_SHOWN).collect();
            let more = if shown.len() < head.len() { "…" } else { "" };
            format!("column {}: '{}{more}' is not known", at + 1, shown.escape_debug())
        })?;
        if columns.contains(&column) {
            return Err(format!("column {}: '{head}' is there twice", at + 1));
        }
        columns.push(column);
    }
    match columns.contains(&Column::Member("external_key")) {
        true => Ok(columns),
        false => Err("there is no column external_key".to_owned()),
    }
}

fn column(head: &str) -> Option<Column> {
    if let Some(name) = COLUMNS.iter().find(|name| **name == head) {
        return Some(Column::Member(name));
    }
    let is_key = |key: &str| !key.is_empty() && key.chars().count() <= TAG_KEY_CHARS_MAX;
    if let Some(key) = head.strip_prefix("tag.").filter(|key| is_key(key)) {
        return Some(Column::Tag(key.to_owned()));
    }
    let (space, key) = head.strip_prefix("defined_tag.")?.split_once('.')?;
    (is_key(space) && is_key(key)).then(|| Column::DefinedTag(space.to_owned(), key.to_owned()))
}

/// Checks one row after another.
struct Check<'a> {
    line: u64,
    heads: &'a [String],
    problems: &'a mut Vec<Problem>,
}

impl Check<'_> {
    fn row(&mut self, record: &StringRecord, columns: &[Column]) -> Row {
        let mut row = Row { line: self.line, digest: self.digest(record), ..Row::default() };
        if record.len() != columns.len() {
            let (have, want) = (record.len(), columns.len());
            let why = format!("it has {have} values, and there are {want} heads");
            self.problems.push(Problem { line: self.line, column: None, why });
        }
        for (column, value) in columns.iter().zip(record.iter()) {
            if !value.is_empty() {
                self.value(&mut row, column, value, columns);
            }
        }
        if row.external_key.is_empty() {
            self.problem("external_key", columns, "it is empty".to_owned());
        }
        let tags = columns.iter().filter(|column| !matches!(column, Column::Member(_))).count();
        if tags > TAGS_MAX {
            let why = format!("there are more than {TAGS_MAX} tags");
            self.problems.push(Problem { line: self.line, column: None, why });
        }
        row
    }

    fn value(&mut self, row: &mut Row, column: &Column, value: &str, columns: &[Column]) {
        let member = match column {
            Column::Tag(key) => {
                self.short(column, columns, value, TAG_VALUE_CHARS_MAX);
                row.freeform_tags.insert(key.clone(), value.to_owned());
                return;
            }
            Column::DefinedTag(space, key) => {
                self.short(column, columns, value, TAG_VALUE_CHARS_MAX);
                let space = row.defined_tags.entry(space.clone()).or_default();
                space.insert(key.clone(), value.into());
                return;
            }
            Column::Member(name) => *name,
        };
        let text = value.to_owned();
        match member {
            "external_key" => {
                self.short(column, columns, value, EXTERNAL_KEY_CHARS_MAX);
                if value.contains(['+', '#']) {
                    self.problem(member, columns, "it has a '+' or a '#'".to_owned());
                }
                row.external_key = text;
            }
            "name" => {
                self.short(column, columns, value, DISPLAY_NAME_CHARS_MAX);
                row.name = Some(text);
            }
            "description" => {
                self.short(column, columns, value, DESCRIPTION_CHARS_MAX);
                row.description = Some(text);
            }
            "auth_id" => {
                self.ocid(member, columns, value, &["vaultsecret", "certificate"]);
                row.auth_id = Some(text);
            }
            "connectivity_type" => {
                if !CONNECTIVITY.contains(&value) {
                    let why = format!("'{value}' is none of {}", CONNECTIVITY.join(", "));
                    self.problem(member, columns, why);
                }
                row.connectivity_type = Some(text);
            }
            _ => {
                let all: Vec<String> = value.split(';').map(|id| id.trim().to_owned()).collect();
                for id in &all {
                    self.ocid(member, columns, id, &["iotdigitaltwininstance"]);
                }
                row.gateways = Some(all);
            }
        }
    }

    fn short(&mut self, column: &Column, columns: &[Column], value: &str, chars_max: usize) {
        let chars = value.chars().count();
        let why = match value.chars().find(|c| c.is_control()) {
            Some(c) => format!("it has the control character {c:?}"),
            None if chars > chars_max => format!("{chars} characters; {chars_max} at most"),
            None => return,
        };
        let at = columns.iter().position(|other| other == column);
        self.add(at, why);
    }

    fn ocid(&mut self, name: &str, columns: &[Column], value: &str, kinds: &[&str]) {
        let why = match Ocid::parse(value) {
            Ok(ocid) if kinds.contains(&ocid.type_word()) => return,
            Ok(_) => format!("it must begin with ocid1.{}.", kinds.join(". or ocid1.")),
            Err(error) => error.to_string(),
        };
        self.problem(name, columns, why);
    }

    fn problem(&mut self, name: &str, columns: &[Column], why: String) {
        let is_it = |column: &Column| matches!(column, Column::Member(known) if *known == name);
        self.add(columns.iter().position(is_it), why);
    }

    fn add(&mut self, at: Option<usize>, why: String) {
        let column = at.map(|at| (at + 1, self.heads[at].clone()));
        self.problems.push(Problem { line: self.line, column, why });
    }

    /// What makes the row the row it is.
    fn digest(&self, record: &StringRecord) -> String {
        let mut text = Vec::new();
        for (head, value) in self.heads.iter().zip(record.iter()) {
            // Lengths, so that no two rows run into the same text.
            text.extend(format!("{}:{head}{}:{value}", head.len(), value.len()).into_bytes());
        }
        let digest = digest(&SHA256, &text);
        digest.as_ref()[..12].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &[u8]) -> Result<(Vec<Row>, Vec<String>), Failure> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let (rows, problems) = read(file.path())?;
        Ok((rows, problems.iter().map(ToString::to_string).collect()))
    }

    #[test]
    fn rows_are_read_with_their_tags() {
        let text = "\u{feff}external_key,name,tag.site,defined_tag.ops.cost,description\r\n\r\n\
                    a,\"Pump, left\",north,42,\r\n b , ,,,\"two\nlines? no\"\r\n";
        let (rows, problems) = read_text(text.as_bytes()).unwrap();
        assert_eq!(rows[0].name.as_deref(), Some("Pump, left"));
        assert_eq!(rows[0].freeform_tags["site"], "north");
        assert_eq!(rows[0].defined_tags["ops"]["cost"], "42");
        assert_eq!((rows[1].line, rows[1].external_key.as_str()), (4, "b"));
        assert_eq!(rows[1].name, None);
        assert_eq!(problems, ["4: column 5 (description): it has the control character '\\n'"]);
    }

    #[test]
    fn every_bad_value_is_told_with_its_place() {
        let text = "external_key,auth_id,connectivity_type,gateways\n\
                    a,x,,\n,,NEVER,ocid1.vaultsecret.oc0.r.a\na,,,\nb\n";
        let (_, problems) = read_text(text.as_bytes()).unwrap();
        let starts = [
            "2: column 2 (auth_id): ",
            "3: column 3 (connectivity_type): 'NEVER' is none of DIRECT",
            "3: column 4 (gateways): it must begin with ocid1.iotdigitaltwininstance.",
            "3: column 1 (external_key): it is empty",
            "4: column 1 (external_key): 'a' is in line 2 too",
            "5: it has 1 values, and there are 4 heads",
        ];
        assert_eq!(problems.len(), starts.len(), "{problems:#?}");
        for (problem, start) in problems.iter().zip(starts) {
            assert!(problem.starts_with(start), "{problem}");
        }
        let (_, problems) = read_text(b"external_key\na\n\xff\n").unwrap();
        assert_eq!(problems, ["3: it is not UTF-8"]);
    }

    #[test]
    fn heads_are_known_or_the_file_is_refused() {
        for bad in [
            "",
            "key\na\n",
            "external_key,external_key\na,b\n",
            "name\na\n",
            "external_key,tag.\na,b\n",
            "external_key\n",
        ] {
            assert!(read_text(bad.as_bytes()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_changed_row_has_another_digest() {
        let digest = |text: &str| read_text(text.as_bytes()).unwrap().0[0].digest.clone();
        let one = digest("external_key,name\na,b\n");
        assert_eq!(one, digest("external_key,name\n a , b \n"));
        assert_ne!(one, digest("external_key,name\na,c\n"));
        assert_ne!(one, digest("external_key,description\na,b\n"));
    }
}
