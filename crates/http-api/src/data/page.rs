//! Pages and items with their links (data-api.md 2.3).

use iot_api::data::{DataCollection, Link, Page};
use platform::data::columns;
use platform::store::{DataItem, DataRow};
use serde_json::json;

use super::rows::{item_members, row_members};
use crate::answer::{Answer, json as json_answer};

/// A page.
pub(super) fn list(
    collection: DataCollection,
    rows: Vec<DataRow>,
    has_more: bool,
    (limit, offset): (u64, u64),
    base: &str,
    q: &str,
) -> Answer {
    let columns = columns(collection);
    let items: Vec<_> = rows.into_iter().map(|row| row_members(columns, row)).collect();
    let count = items.len() as u64;
    let links = links(base, q, (limit, offset), has_more);
    json_answer(200, &Page { items, has_more, limit, offset, count, links })
}

/// An item.
pub(super) fn item(collection: DataCollection, item: DataItem, parent: &str) -> Answer {
    let mut members = row_members(columns(collection), item.row);
    members.extend(item_members(item.extra));
    let link = json!([{"rel": "collection", "href": parent}]);
    if let Ok(link) = serde_json::value::to_raw_value(&link) {
        members.insert("links".to_owned(), link);
    }
    json_answer(200, &members)
}

fn links(base: &str, q: &str, (limit, offset): (u64, u64), has_more: bool) -> Vec<Link> {
    let q = if q.is_empty() { String::new() } else { format!("q={}", encode(q)) };
    let at = |parameters: &[String]| {
        let all: Vec<&str> = std::iter::once(q.as_str())
            .chain(parameters.iter().map(String::as_str))
            .filter(|part| !part.is_empty())
            .collect();
        if all.is_empty() { base.to_owned() } else { format!("{base}?{}", all.join("&")) }
    };
    let link = |rel: &str, href: String| Link { rel: rel.to_owned(), href };
    let limited = format!("limit={limit}");
    let mut links = vec![
        link("self", at(&[])),
        link("describedby", described_by(base)),
        link("first", at(std::slice::from_ref(&limited))),
    ];
    if has_more {
        links.push(link(
            "next",
            at(&[format!("offset={}", offset.saturating_add(limit)), limited.clone()]),
        ));
    }
    if offset > 0 {
        let offset = format!("offset={}", offset.saturating_sub(limit));
        links.push(link("prev", at(&[offset, limited])));
    }
    links
}

/// `…/ords/<DOM>/metadata-catalog/<path>`
fn described_by(base: &str) -> String {
    let Some((head, tail)) = base.split_once("/ords/") else { return base.to_owned() };
    match tail.split_once('/') {
        Some((domain, path)) => format!("{head}/ords/{domain}/metadata-catalog/{path}"),
        None => base.to_owned(),
    }
}

/// Percent-encodes everything but unreserved characters.
fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
