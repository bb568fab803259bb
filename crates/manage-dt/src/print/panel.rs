//! Framed text with a title, drawn like the panels of the original tool.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Text of a panel is not squeezed below this.
const TEXT_WIDTH_MIN: usize = 16;

/// What becomes of a line that is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overflow {
    /// It goes on below.
    Wrap,
    /// It ends in an ellipsis.
    Cut,
}

/// Lines of text in a frame: as wide as `width` when there is a limit, else as their content.
pub fn panel(title: &str, lines: &[String], width: Option<usize>, overflow: Overflow) -> String {
    let natural = lines.iter().map(|line| visible_width(line)).max().unwrap_or(0);
    let inner = match width {
        Some(width) => width.saturating_sub(4).max(TEXT_WIDTH_MIN),
        None => natural.max(title.width() + 2),
    };
    let bold = anstyle::Style::new().bold();
    let title = ellipsis(title, inner.saturating_sub(2));
    let rule = inner.saturating_sub(title.width());
    let (left, right) = (rule / 2, rule - rule / 2);
    let mut out = format!("╭{} {bold}{title}{bold:#} {}╮\n", "─".repeat(left), "─".repeat(right));
    for line in lines {
        let shown = match overflow {
            _ if visible_width(line) <= inner => vec![line.clone()],
            Overflow::Wrap => wrapped(line, inner),
            Overflow::Cut => vec![ellipsis(line, inner)],
        };
        for line in shown {
            let blanks = " ".repeat(inner.saturating_sub(visible_width(&line)));
            out.push_str(&format!("│ {line}{blanks} │\n"));
        }
    }
    out.push_str(&format!("╰{}╯\n", "─".repeat(inner + 2)));
    out
}

/// Width on a terminal, ANSI styles not counted.
pub fn visible_width(line: &str) -> usize {
    anstream::adapter::strip_str(line).to_string().width()
}

/// A plain line in pieces of at most `width`, broken at blanks where that is possible.
fn wrapped(line: &str, width: usize) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest = line;
    while rest.width() > width {
        let fits = prefix_of_width(rest, width);
        // A word that ends exactly at the edge stays.
        let within = if rest[fits..].starts_with(' ') { fits + 1 } else { fits };
        let at_blank = rest[..within].rfind(' ').filter(|at| !rest[..*at].trim().is_empty());
        let end = at_blank.unwrap_or(fits);
        if end == 0 {
            break;
        }
        pieces.push(rest[..end].to_owned());
        rest = if at_blank.is_some() { rest[end..].trim_start() } else { &rest[end..] };
    }
    pieces.push(rest.to_owned());
    pieces
}

/// A plain line in at most `width`, its end replaced by `…` when it is longer.
pub fn ellipsis(line: &str, width: usize) -> String {
    match line.width() <= width {
        true => line.to_owned(),
        false => format!("{}…", &line[..prefix_of_width(line, width.saturating_sub(1))]),
    }
}

/// Bytes of the longest start of a line that is at most `width` wide.
fn prefix_of_width(line: &str, width: usize) -> usize {
    let mut used = 0;
    for (at, c) in line.char_indices() {
        used += c.width().unwrap_or(0);
        if used > width {
            return at;
        }
    }
    line.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::print::golden;

    #[test]
    fn lines_wrap_or_are_cut() {
        assert_eq!(wrapped("aaa bbb ccc", 7), ["aaa bbb", "ccc"]);
        assert_eq!(wrapped("aaaaaaaaaa", 4), ["aaaa", "aaaa", "aa"]);
        assert_eq!(wrapped("水水水", 4), ["水水", "水"]);
        assert_eq!(wrapped("  \"key\": \"aaaaaaaa\"", 10), ["  \"key\":", "\"aaaaaaaa\""]);
        assert_eq!(ellipsis("abcdef", 4), "abc…");
        assert_eq!(ellipsis("水水水", 4), "水…");
    }

    #[test]
    fn panels() {
        let lines = vec!["{\"humidity\": 73}".to_owned(), "水位 x".repeat(20)];
        let text = panel("Digital Twin Instance content", &lines, Some(80), Overflow::Wrap);
        let text = golden::unstyled(&text);
        assert!(text.lines().all(|line| line.width() == 80), "{text}");
        golden::check("panel_80.txt", &text);
        let text = panel("Digital Twin Instance content", &lines[..1], None, Overflow::Wrap);
        golden::check("panel_unlimited.txt", &golden::unstyled(&text));
        let text = panel("Raw command data #1", &lines, Some(40), Overflow::Cut);
        golden::check("panel_cut.txt", &golden::unstyled(&text));
    }
}
