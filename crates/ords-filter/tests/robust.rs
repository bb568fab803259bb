//! Whatever the text, the answer is a query or an error, and its size is bounded.

use ords_filter::{Cell, Column, ColumnType, Filter, limits, parse};
use proptest::prelude::*;
use serde_json::json;

const fn column(name: &'static str, kind: ColumnType) -> Column {
    Column { name, kind }
}

static COLUMNS: [Column; 4] = [
    column("id", ColumnType::Integer),
    column("endpoint", ColumnType::Text),
    column("value", ColumnType::Json),
    column("time_received", ColumnType::Timestamp),
];

/// Pieces of real filters, to reach further into the reader than letters at random do.
const PIECES: &str = r#"
    { } [ ] : , " "id" "endpoint" "value" "time_received" "$and" "$or" "$eq" "$ne" "$lt" "$gte"
    "$instr" "$ninstr" "$like" "$null" "$notnull" "$between" "$in" "$nin" "$orderby" "$asof"
    "$date" "2026-01-05T08:00:00.250113Z" "desc" null true 1 -1 10.5 1e300 1e999
    18446744073709551615 "%a_" "" "\ud800" "ä" \
"#;

/// Reads, and evaluates what was read.
fn try_it(q: &str) {
    match parse(q, &COLUMNS) {
        Ok(query) => {
            let value = json!(1.5);
            query.filter.matches(&|column| match column {
                0 => Cell::Integer(i64::MIN),
                1 => Cell::Text("ä/b"),
                2 => Cell::Json(&value),
                _ => Cell::Null,
            });
        }
        Err(error) => {
            assert!(error.position.is_none_or(|position| position <= q.len()), "{error}");
            assert!(!error.message.is_empty());
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_answered(q in any::<String>()) {
        try_it(&q);
    }

    #[test]
    fn any_run_of_pieces_is_answered(
        pieces in prop::collection::vec(prop::sample::select(PIECES.split_whitespace().collect::<Vec<_>>()), 0..60)
    ) {
        try_it(&pieces.concat());
    }

    #[test]
    fn any_cut_and_changed_filter_is_answered(at in 0usize..200, with in any::<char>()) {
        let q = concat!(
            r#"{"$or":[{"id":{"$between":[1,"2.5"]}},{"endpoint":[{"$like":"a%"},"b"]}],"#,
            r#""time_received":{"$gte":{"$date":"2026-01-05T08:00:00Z"}},"$orderby":{"id":1}}"#
        );
        let at = at.min(q.len());
        try_it(&q[..at]);
        try_it(&format!("{}{with}{}", &q[..at], &q[at..]));
    }

    #[test]
    fn any_text_is_an_operand(text in any::<String>(), number in any::<f64>()) {
        for column in ["id", "endpoint", "value", "time_received"] {
            try_it(&json!({ column: text }).to_string());
            try_it(&json!({ column: { "$lt": number } }).to_string());
            try_it(&json!({ column: { "$date": text } }).to_string());
        }
    }
}

fn refusal(q: &str) -> String {
    parse(q, &COLUMNS).expect_err("refused").message
}

#[test]
fn size_is_bounded() {
    let fill = |count| format!(r#"{{"endpoint":"{}"}}"#, "x".repeat(count));
    let frame = fill(0).len();
    assert!(parse(&fill(limits::Q_BYTES_MAX - frame), &COLUMNS).is_ok());
    assert!(refusal(&fill(limits::Q_BYTES_MAX - frame + 1)).contains("16385 bytes"));
}

#[test]
fn depth_is_bounded() {
    let nest = |levels: usize| {
        format!(r#"{}{{"id":1}}{}"#, r#"{"$and":["#.repeat(levels), "]}".repeat(levels))
    };
    assert!(parse(&nest(3), &COLUMNS).is_ok());
    assert!(refusal(&nest(limits::DEPTH_MAX)).contains("nested"));
    assert!(refusal(&nest(1000)).contains("nested"));
    assert!(parse(&"[".repeat(limits::Q_BYTES_MAX), &COLUMNS).is_err());
    assert!(parse(&format!(r#"{{"id":{}"#, "[".repeat(9000)), &COLUMNS).is_err());
}

#[test]
fn the_number_of_conditions_is_bounded() {
    let or = |count: usize| {
        let list = vec![r#"{"id":1}"#; count].join(",");
        format!(r#"{{"$or":[{list}]}}"#)
    };
    let Ok(query) = parse(&or(limits::CONDITIONS_MAX), &COLUMNS) else { panic!("accepted") };
    let Filter::Or(filters) = query.filter else { panic!("a list") };
    assert_eq!(filters.len(), limits::CONDITIONS_MAX);
    assert!(refusal(&or(limits::CONDITIONS_MAX + 1)).contains("conditions"));
}

#[test]
fn the_size_of_a_set_is_bounded() {
    let set = |count: usize| {
        let list = vec!["1"; count].join(",");
        format!(r#"{{"id":{{"$in":[{list}]}}}}"#)
    };
    assert!(parse(&set(limits::IN_VALUES_MAX), &COLUMNS).is_ok());
    assert!(refusal(&set(limits::IN_VALUES_MAX + 1)).contains("1001 values"));
}
