//! Constants and operators.

use jaq_core::ops::{Cmp, Math as MathOp};

use super::Compiled;
use crate::jq::filter::{Comparison, Format, Literal, Math};

pub(super) fn number(text: &str) -> Compiled<Literal> {
    match text.parse() {
        Ok(int) => Ok(Literal::Int(int)),
        Err(_) => text.parse().map(Literal::Float).map_err(|_| format!("`{text}` is no number")),
    }
}

pub(super) fn math(op: MathOp) -> Math {
    match op {
        MathOp::Add => Math::Add,
        MathOp::Sub => Math::Sub,
        MathOp::Mul => Math::Mul,
        MathOp::Div => Math::Div,
        MathOp::Rem => Math::Rem,
    }
}

pub(super) fn comparison(op: Cmp) -> Comparison {
    match op {
        Cmp::Eq => Comparison::Eq,
        Cmp::Ne => Comparison::Ne,
        Cmp::Lt => Comparison::Lt,
        Cmp::Le => Comparison::Le,
        Cmp::Gt => Comparison::Gt,
        Cmp::Ge => Comparison::Ge,
    }
}

pub(super) fn parse_format(name: &str) -> Compiled<Format> {
    Ok(match name {
        "@text" => Format::Text,
        "@json" => Format::Json,
        "@csv" => Format::Csv,
        "@tsv" => Format::Tsv,
        "@html" => Format::Html,
        "@uri" => Format::Uri,
        "@urid" => Format::Urid,
        "@sh" => Format::Sh,
        "@base64" => Format::Base64,
        "@base64d" => Format::Base64d,
        _ => return Err(format!("{name} is not available")),
    })
}
