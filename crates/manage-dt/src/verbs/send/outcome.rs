//! What became of one message, and how it is shown.

use serde::Serialize;
use serde_json::Value;

use crate::print::Table;
use crate::print::json_text::{bare, plain};

/// A message with its end.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// Number of the message, from 1.
    pub number: usize,
    /// What became of it.
    #[serde(flatten)]
    pub end: End,
}

/// What became of a message.
#[derive(Debug, Serialize)]
#[serde(tag = "outcome", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum End {
    /// It is among the raw data and was not rejected.
    Accepted {
        /// Id among the raw data.
        raw_data_id: Value,
        /// When it came.
        time_received: String,
        /// What is historized of it.
        values: Vec<HistorizedValue>,
    },
    /// It is among the rejected data.
    Rejected {
        /// Id among the raw data.
        raw_data_id: Value,
        /// When it came.
        time_received: String,
        /// Code of the reason.
        reason_code: Value,
        /// The reason.
        reason_message: String,
    },
    /// It is not among the raw data.
    NotFound,
}

/// One recorded value.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HistorizedValue {
    /// Name in the model.
    pub content_path: String,
    /// The value.
    pub value: Value,
    /// When it was observed.
    pub time_observed: String,
}

impl Outcome {
    /// Whether the platform rejected it.
    pub fn is_rejected(&self) -> bool {
        matches!(self.end, End::Rejected { .. })
    }

    /// Whether nothing is known of it.
    pub fn is_unknown(&self) -> bool {
        matches!(self.end, End::NotFound)
    }

    fn cells(&self) -> Vec<String> {
        let (word, detail) = match &self.end {
            End::Accepted { values, .. } if values.is_empty() => {
                ("accepted", "no historized values; it is among the raw data".to_owned())
            }
            End::Accepted { values, .. } => {
                let value = |one: &HistorizedValue| {
                    format!("{} = {}", plain(&one.content_path), bare(&one.value))
                };
                ("accepted", values.iter().map(value).collect::<Vec<_>>().join(", "))
            }
            End::Rejected { reason_code, reason_message, .. } => {
                ("rejected", format!("{}: {}", bare(reason_code), plain(reason_message)))
            }
            End::NotFound => ("not found", "it is not among the raw data (yet)".to_owned()),
        };
        vec![self.number.to_string(), word.to_owned(), detail]
    }
}

/// One row a message.
pub fn table(outcomes: &[Outcome], width: Option<usize>) -> String {
    let mut table = Table::new(None, &["No.", "Outcome", "Values or reason"]);
    for outcome in outcomes {
        table.row(outcome.cells());
    }
    table.render(width)
}
