//! Typed filters to SQL. Values are always parameters, never text of the statement.

use iot_api::data::DataCollection;
use ords_filter::{Compare, Filter, Operand, OrderTerm};
use platform::store::EventKind;
use rusqlite::types::Value;

/// Endpoint and content type of a message `d` that has a label `l`, or both texts itself.
pub(super) const ENDPOINT: &str = "coalesce(l.endpoint, d.endpoint)";
const CONTENT_TYPE: &str = "coalesce(l.content_type, d.content_type)";

/// Where the rows of a collection come from.
pub(super) struct Source {
    /// Whose rows.
    pub collection: DataCollection,
    from: &'static str,
    /// One expression per column, in the collection's order.
    columns: &'static [&'static str],
    /// What the item form reads besides.
    item: &'static str,
    /// The key: last sort term of every page.
    key: &'static [&'static str],
    /// Index of `digital_twin_instance_id`.
    pub instance_column: usize,
    /// Index of the `value` column, if any.
    value_column: Option<usize>,
}

impl Source {
    /// The source of a collection. `CROSS JOIN` keeps the data in front: rows come in its order.
    pub fn of(collection: DataCollection) -> Source {
        match collection {
            DataCollection::RawData => Source {
                collection,
                from: "raw_data d CROSS JOIN instance t ON t.no = d.twin LEFT JOIN message_label l ON l.no = d.label",
                columns: &["d.id", "t.id", ENDPOINT, CONTENT_TYPE, "d.time_received_us"],
                item: ", d.content",
                key: &["d.id"],
                instance_column: 1,
                value_column: None,
            },
            DataCollection::RejectedData => Source {
                collection,
                from: "rejected_data d CROSS JOIN instance t ON t.no = d.twin LEFT JOIN message_label l ON l.no = d.label",
                columns: &[
                    "d.id",
                    "t.id",
                    ENDPOINT,
                    CONTENT_TYPE,
                    "d.time_received_us",
                    "d.reason_code",
                    "d.reason_message",
                ],
                item: ", d.content",
                key: &["d.id"],
                instance_column: 1,
                value_column: None,
            },
            DataCollection::HistorizedData => Source {
                collection,
                from: "historized_data d CROSS JOIN instance t ON t.no = d.twin CROSS JOIN json_each(d.content) e",
                columns: &[
                    "(d.id + e.key)",
                    "t.id",
                    "(e.value ->> 0)",
                    "(e.value -> 1)",
                    "d.time_observed_us",
                ],
                item: "",
                key: &["d.id", "e.key"],
                instance_column: 1,
                value_column: Some(3),
            },
            DataCollection::SnapshotData => Source {
                collection,
                from: "snapshot_data d CROSS JOIN instance t ON t.no = d.twin",
                columns: &["t.id", "d.content_path", "d.value", "d.time_observed_us"],
                item: "",
                key: &["t.id", "d.content_path"],
                instance_column: 0,
                value_column: Some(2),
            },
            DataCollection::RawCommandData => Source {
                collection,
                from: "raw_command_data d CROSS JOIN instance t ON t.no = d.twin",
                columns: &[
                    "d.id",
                    "t.id",
                    "d.request_endpoint",
                    "d.request_duration",
                    "d.request_data_format",
                    "d.response_endpoint",
                    "d.response_duration",
                    "d.delivery_status",
                    "d.time_created_us",
                    "d.time_updated_us",
                    "d.time_finished_us",
                ],
                item: ", d.request_data, d.request_content_type, d.response_data, d.response_content_type, d.response_data_format, d.created_by",
                key: &["d.time_created_us", "d.id"],
                instance_column: 1,
                value_column: None,
            },
        }
    }

    /// The source of events in the item form of their collection, with their id behind it as
    /// `event_id`. Values have none: they are packed.
    pub fn of_events(kind: EventKind) -> Source {
        match kind {
            EventKind::Raw | EventKind::Normalized => Source {
                item: ", d.content, d.id AS event_id",
                ..Source::of(DataCollection::RawData)
            },
            EventKind::Rejected => Source {
                item: ", d.content, d.id AS event_id",
                ..Source::of(DataCollection::RejectedData)
            },
            // The command as it is, with status and times as they were. What came last is shown
            // with the last status only.
            EventKind::Command => Source {
                from: "command_event v CROSS JOIN raw_command_data d ON d.id = v.command CROSS JOIN instance t ON t.no = d.twin",
                columns: &[
                    "d.id",
                    "t.id",
                    "d.request_endpoint",
                    "d.request_duration",
                    "d.request_data_format",
                    "d.response_endpoint",
                    "d.response_duration",
                    "v.delivery_status",
                    "d.time_created_us",
                    "v.time_us",
                    "iif(v.delivery_status = d.delivery_status, d.time_finished_us, NULL)",
                ],
                item: ", d.request_data, d.request_content_type, iif(v.delivery_status = d.delivery_status, d.response_data, NULL), iif(v.delivery_status = d.delivery_status, d.response_content_type, NULL), iif(v.delivery_status = d.delivery_status, d.response_data_format, NULL), d.created_by, v.id AS event_id",
                ..Source::of(DataCollection::RawCommandData)
            },
        }
    }

    /// The expression that comparisons use: a scalar for `value`.
    fn scalar(&self, column: usize) -> String {
        let expression = self.columns[column];
        if self.value_column == Some(column) {
            format!("({expression} ->> '$')")
        } else {
            expression.to_owned()
        }
    }

    /// The expression of the text operators: only strings of `value` are text.
    fn words(&self, column: usize) -> String {
        let expression = self.columns[column];
        if self.value_column == Some(column) {
            format!("(CASE json_type({expression}) WHEN 'text' THEN {expression} ->> '$' END)")
        } else {
            expression.to_owned()
        }
    }

    /// What must hold besides, so that `value` compares with its own sort only.
    fn guard(&self, column: usize, operand: &Operand) -> Option<String> {
        let Operand::Json(value) = operand else { return None };
        let types = match value {
            serde_json::Value::String(_) => "'text'",
            serde_json::Value::Bool(_) => "'true', 'false'",
            _ => "'integer', 'real'",
        };
        Some(format!("json_type({}) IN ({types})", self.columns[column]))
    }
}

/// A statement under construction.
pub(super) struct Sql {
    pub text: String,
    pub parameters: Vec<Value>,
}

impl Sql {
    /// The list form.
    pub fn select(source: &Source) -> Sql {
        let text = format!("SELECT {} FROM {} WHERE true", source.columns.join(", "), source.from);
        Sql { text, parameters: Vec::new() }
    }

    /// The item form.
    pub fn select_item(source: &Source) -> Sql {
        let columns = source.columns.join(", ");
        let text = format!("SELECT {columns}{} FROM {} WHERE true", source.item, source.from);
        Sql { text, parameters: Vec::new() }
    }

    /// Adds text with one `?`.
    pub fn bind(&mut self, text: &str, parameter: Value) {
        self.text.push_str(text);
        self.parameters.push(parameter);
    }

    /// Adds the filter.
    pub fn condition(&mut self, source: &Source, filter: &Filter) {
        self.text.push_str(" AND ");
        self.filter(source, filter);
    }

    fn filter(&mut self, source: &Source, filter: &Filter) {
        match filter {
            Filter::All => self.text.push_str("true"),
            Filter::And(filters) => self.joined(source, filters, " AND "),
            Filter::Or(filters) => self.joined(source, filters, " OR "),
            Filter::Compare { column, op, value } => {
                self.compare(source, *column, sign(*op), value);
            }
            Filter::Between { column, low, high } => {
                self.text.push_str("(true");
                for (sign, end) in [(">=", low), ("<=", high)] {
                    if let Some(end) = end {
                        self.text.push_str(" AND ");
                        self.compare(source, *column, sign, end);
                    }
                }
                self.text.push(')');
            }
            Filter::In { column, values, negated } => self.set(source, *column, values, *negated),
            Filter::Instr { column, needle, negated } => {
                let not = if *negated { "NOT " } else { "" };
                let call = format!("{not}ords_contains({}, ?)", source.words(*column));
                self.bind(&call, Value::Text(needle.clone()));
            }
            Filter::Like { column, pattern } => {
                let call = format!("ords_like({}, ?)", source.words(*column));
                self.bind(&call, Value::Text(pattern.clone()));
            }
            Filter::Null { column, negated } => {
                let not = if *negated { "NOT " } else { "" };
                self.text.push_str(&format!("({} IS {not}NULL)", source.scalar(*column)));
            }
        }
    }

    fn joined(&mut self, source: &Source, filters: &[Filter], word: &str) {
        for (index, filter) in filters.iter().enumerate() {
            self.text.push_str(if index == 0 { "(" } else { word });
            self.filter(source, filter);
        }
        self.text.push(')');
    }

    fn compare(&mut self, source: &Source, column: usize, sign: &str, operand: &Operand) {
        let Some(value) = parameter(operand) else {
            return self.text.push_str("false");
        };
        let compared = format!("{} {sign} ?", source.scalar(column));
        match source.guard(column, operand) {
            None => self.bind(&compared, value),
            // CASE, not AND: the comparison of another sort must not count as unknown.
            Some(guard) => {
                self.bind(&format!("(CASE WHEN {guard} THEN {compared} ELSE false END)"), value);
            }
        }
    }

    fn set(&mut self, source: &Source, column: usize, values: &[Operand], negated: bool) {
        if values.is_empty() {
            return self.text.push_str(if negated { "true" } else { "false" });
        }
        let (sign, word) = if negated { ("<>", " AND ") } else { ("=", " OR ") };
        if source.value_column == Some(column) {
            for (index, value) in values.iter().enumerate() {
                self.text.push_str(if index == 0 { "(" } else { word });
                self.compare(source, column, sign, value);
            }
            return self.text.push(')');
        }
        let marks = vec!["?"; values.len()].join(", ");
        let not = if negated { "NOT " } else { "" };
        self.text.push_str(&format!("{} {not}IN ({marks})", source.scalar(column)));
        self.parameters.extend(values.iter().filter_map(parameter));
    }

    /// Adds the order. Oracle's NULLs: last ascending, first descending (data-api.md 2.4).
    pub fn order(&mut self, source: &Source, order: &[OrderTerm]) {
        let mut terms = Vec::new();
        // Without an order the key ascends; a descending first term takes the key along.
        let last_direction = match order.first() {
            Some(term) if term.descending => "DESC",
            _ => "ASC",
        };
        for term in order {
            let direction = if term.descending { "DESC NULLS FIRST" } else { "ASC NULLS LAST" };
            // The key as it is stored, so that rows come sorted and no page sorts the whole.
            if term.column == 0 && source.key.first() == Some(&"d.id") {
                let direction = if term.descending { "DESC" } else { "ASC" };
                terms.extend(source.key.iter().map(|key| format!("{key} {direction}")));
                break;
            }
            terms.push(format!("{} {direction}", source.scalar(term.column)));
        }
        if !terms.last().is_some_and(|term| term.starts_with("d.id") || term.starts_with("e.key")) {
            terms.extend(source.key.iter().map(|key| format!("{key} {last_direction}")));
        }
        self.text.push_str(" ORDER BY ");
        self.text.push_str(&terms.join(", "));
    }
}

fn sign(op: Compare) -> &'static str {
    match op {
        Compare::Eq => "=",
        Compare::Ne => "<>",
        Compare::Lt => "<",
        Compare::Lte => "<=",
        Compare::Gt => ">",
        Compare::Gte => ">=",
    }
}

fn parameter(operand: &Operand) -> Option<Value> {
    Some(match operand {
        Operand::Integer(value) | Operand::TimestampUs(value) => Value::Integer(*value),
        Operand::Text(text) => Value::Text(text.clone()),
        Operand::Json(serde_json::Value::String(text)) => Value::Text(text.clone()),
        Operand::Json(serde_json::Value::Bool(value)) => Value::Integer(i64::from(*value)),
        Operand::Json(serde_json::Value::Number(number)) => match number.as_i64() {
            Some(value) => Value::Integer(value),
            None => Value::Real(number.as_f64()?),
        },
        Operand::Json(_) | Operand::Nothing => return None,
    })
}
