//! Numbers and formats.

use std::sync::Arc;

use super::Compiled;
use crate::jq::filter::{Format, Literal};
use crate::jq::numeral;
use crate::jq::value::Val;

pub(super) fn number(text: &str) -> Compiled<Literal> {
    match numeral::read(text) {
        Some(Val::Int(n)) => Ok(Literal::Int(n)),
        Some(Val::Decimal(text)) => Ok(Literal::Decimal(Arc::from(&*text))),
        Some(val) => Ok(Literal::Float(val.as_f64().unwrap_or_default())),
        None => Err(format!("`{text}` is no number")),
    }
}

pub(super) fn parse_format(name: &str) -> Compiled<Format> {
    Ok(match name {
        "text" => Format::Text,
        "json" => Format::Json,
        "csv" => Format::Csv,
        "tsv" => Format::Tsv,
        "html" => Format::Html,
        "uri" => Format::Uri,
        "urid" => Format::Urid,
        "sh" => Format::Sh,
        "base64" => Format::Base64,
        "base64d" => Format::Base64d,
        "base32" => Format::Base32,
        "base32d" => Format::Base32d,
        _ => return Err(format!("@{name} is not available")),
    })
}
