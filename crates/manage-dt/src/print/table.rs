//! Tables with a title, drawn like those of the original tool.

use comfy_table::{Attribute, Cell, ContentArrangement};
use comfy_table::{ColumnConstraint, ContentLineStyle, LineStyle, TableStyle, Width};
use unicode_width::UnicodeWidthStr;

/// A heavy head over a light body.
const STYLE: TableStyle = TableStyle::new()
    .top_border(LineStyle::new('┏', '━', '┳', '┓'))
    .header_lines(ContentLineStyle::new('┃', '┃', '┃'))
    .header_separator(LineStyle::new('┡', '━', '╇', '┩'))
    .content_lines(ContentLineStyle::new('│', '│', '│'))
    .bottom_border(LineStyle::new('└', '─', '┴', '┘'));

/// A column is not squeezed below this.
const COLUMN_WIDTH_MIN: usize = 4;

/// Longer words may be broken at once. A time stamp is as long as this.
const WORD_WIDTH_MAX: usize = 27;

/// A title, column heads and rows of text.
#[derive(Debug)]
pub struct Table {
    title: Option<String>,
    heads: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table.
    pub fn new(title: Option<String>, heads: &[&str]) -> Table {
        let heads = heads.iter().map(|head| (*head).to_owned()).collect();
        Table { title, heads, rows: Vec::new() }
    }

    /// Adds a row; its cells hold no control characters.
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// The table in at most `width` columns, ANSI styles included; as wide as its content when
    /// there is no limit.
    pub fn render(&self, width: Option<usize>) -> String {
        let widths = self.column_widths(width);
        let mut table = comfy_table::Table::new();
        table
            .load_style(STYLE)
            .enforce_styling()
            .set_content_arrangement(ContentArrangement::Dynamic);
        let heads = self.heads.iter().map(|head| Cell::new(head).add_attribute(Attribute::Bold));
        table.set_header(heads);
        for row in &self.rows {
            table.add_row(row);
        }
        let total = widths.iter().map(|width| width + 3).sum::<usize>() + 1;
        table.set_width(u16::try_from(total).unwrap_or(u16::MAX));
        // A column's width includes a blank on either side.
        let constraint = |width: &usize| {
            let width = u16::try_from(width + 2).unwrap_or(u16::MAX);
            ColumnConstraint::Absolute(Width::Fixed(width))
        };
        table.set_constraints(widths.iter().map(constraint));
        match &self.title {
            Some(title) => format!("{}\n{table}\n", centred(title, total)),
            None => format!("{table}\n"),
        }
    }

    /// Widths of the columns' content. When they do not fit, columns give way that can be broken
    /// between words; only then are words broken.
    fn column_widths(&self, limit: Option<usize>) -> Vec<usize> {
        let mut widths = self.widest(|text| text.width());
        if let Some(limit) = limit {
            let room = limit.saturating_sub(3 * widths.len() + 1);
            let words =
                self.widest(|text| text.split(' ').map(|word| word.width()).max().unwrap_or(0));
            let floor = |word: usize| match word <= WORD_WIDTH_MAX {
                true => word.max(COLUMN_WIDTH_MIN),
                false => COLUMN_WIDTH_MIN,
            };
            shrink(&mut widths, room, &words.into_iter().map(floor).collect::<Vec<_>>());
            let floors = vec![COLUMN_WIDTH_MIN; widths.len()];
            shrink(&mut widths, room, &floors);
        }
        widths
    }

    /// The largest measure of each column, its head included.
    fn widest(&self, measure: impl Fn(&str) -> usize) -> Vec<usize> {
        let mut widest: Vec<usize> = self.heads.iter().map(|head| measure(head)).collect();
        for row in &self.rows {
            for (widest, cell) in widest.iter_mut().zip(row) {
                *widest = measure(cell).max(*widest);
            }
        }
        widest
    }
}

/// Narrows the widest column, of several the rightmost, until all fit or stand on their floor.
fn shrink(widths: &mut [usize], room: usize, floors: &[usize]) {
    let mut excess = widths.iter().sum::<usize>().saturating_sub(room);
    while excess > 0 {
        let above = widths.iter_mut().zip(floors).filter(|(width, floor)| **width > **floor);
        match above.map(|(width, _)| width).max() {
            Some(widest) => *widest -= 1,
            None => break,
        }
        excess -= 1;
    }
}

/// A title over something `width` wide, in italics.
fn centred(title: &str, width: usize) -> String {
    let italic = anstyle::Style::new().italic();
    let indent = width.saturating_sub(title.width()) / 2;
    format!("{:indent$}{italic}{title}{italic:#}", "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::print::golden;

    fn raw_data() -> Table {
        let title = Some("Recent raw data - 2 record(s)".to_owned());
        let heads = ["Id", "Time received (UTC)", "Endpoint", "Payload"];
        let mut table = Table::new(title, &heads);
        for (id, payload) in [
            ("535", r#"{"count": 2, "humidity": 73, "pressure": 1023, "sht_temperature": 22.3}"#),
            ("536", r#"{"status": "水位 ok", "long": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}"#),
        ] {
            let time = "2026-01-18T18:32:28.847244Z".to_owned();
            table.row(vec![id.into(), time, "iot/v1/telemetry".into(), payload.into()]);
        }
        table
    }

    #[test]
    fn table_fits_80_columns() {
        let text = golden::unstyled(&raw_data().render(Some(80)));
        assert!(text.lines().all(|line| line.width() <= 80), "{text}");
        golden::check("table_80.txt", &text);
    }

    #[test]
    fn table_without_limit_cuts_nothing() {
        golden::check("table_unlimited.txt", &golden::unstyled(&raw_data().render(None)));
    }

    #[test]
    fn empty_table_has_title_and_heads() {
        let title = Some("Recent rejected data - 0 record(s)".to_owned());
        let heads = ["Id", "Time received (UTC)", "Endpoint", "Reason code", "Reason message"];
        let text = Table::new(title, &heads).render(Some(80));
        golden::check("table_empty.txt", &golden::unstyled(&text));
    }

    #[test]
    fn columns_with_blanks_give_way_first() {
        let mut table = Table::new(None, &["a", "b", "c"]);
        table.row(vec!["x".repeat(3), "x y ".repeat(8), "x".repeat(10)]);
        assert_eq!(table.column_widths(None), [3, 32, 10]);
        assert_eq!(table.column_widths(Some(40)), [3, 17, 10]);
        assert_eq!(table.column_widths(Some(25)), [3, 4, 8]);
        assert_eq!(table.column_widths(Some(5)), [3, 4, 4]);
    }
}
