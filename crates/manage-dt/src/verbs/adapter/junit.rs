//! Test results as JUnit XML, which build servers read.

use super::golden::FileVerdicts;

/// The report of all files, one suite each.
pub fn report(files: &[FileVerdicts]) -> String {
    let mut out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n".to_owned();
    for file in files {
        let name = escaped(&file.path.display().to_string());
        let failed = file.cases.iter().filter(|case| case.failure.is_some()).count();
        let count = file.cases.len();
        out.push_str(&format!(
            "  <testsuite name=\"{name}\" tests=\"{count}\" failures=\"{failed}\">\n"
        ));
        for case in &file.cases {
            let case_name = escaped(&case.name);
            let head = format!("    <testcase classname=\"{name}\" name=\"{case_name}\"");
            match &case.failure {
                None => out.push_str(&format!("{head}/>\n")),
                Some(failure) => out.push_str(&format!(
                    "{head}>\n      <failure message=\"{}\"/>\n    </testcase>\n",
                    escaped(failure)
                )),
            }
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

/// Text for an attribute; control characters have no place in XML.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
