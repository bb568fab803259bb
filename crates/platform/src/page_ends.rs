//! Where pages of the data API ended, so that the next one goes on by key.
//!
//! An offset alone makes a store count the rows before it, page after page. Clients page with
//! `offset += count` (data-api.md 2.3): whoever asks for the offset at which a page of the same query
//! ended a moment ago gets the rows behind its last one. Rows that come or go meanwhile then move
//! nothing: a walk through all pages misses and repeats none.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use iot_api::data::DataCollection;
use ords_filter::{Compare, Filter, Operand};

use crate::store::{DataCell, DataQuery, DataRow};

/// Ends remembered; the oldest goes.
const ENDS_MAX: usize = 1024;
/// How long after a page the next one is asked for.
const FRESH: Duration = Duration::from_secs(60);
/// Longer queries are not remembered, bytes of their text.
const QUERY_BYTES_MAX: usize = 4096;

/// The ends of pages. One place for all domains; the domain is part of the query.
#[derive(Default)]
pub(crate) struct PageEnds(Mutex<VecDeque<End>>);

struct End {
    query: String,
    offset: u64,
    /// Id of the last row.
    id: i64,
    at: Instant,
}

/// What the end of a page is kept under.
pub(crate) struct PageKey {
    query: String,
    descending: bool,
}

impl PageKey {
    /// For a query whose rows come in the order of a numeric id; none for others.
    pub fn of(query: &DataQuery) -> Option<PageKey> {
        use DataCollection::{HistorizedData, RawData, RejectedData};
        if !matches!(query.collection, RawData | RejectedData | HistorizedData) {
            return None;
        }
        let descending = match query.query.order.first() {
            None => false,
            Some(term) if term.column == 0 => term.descending,
            Some(_) => return None,
        };
        let text = format!("{} {:?} {:?}", query.domain_id, query.collection, query.query);
        (text.len() <= QUERY_BYTES_MAX).then_some(PageKey { query: text, descending })
    }
}

impl PageEnds {
    /// Turns an offset at which a page ended into a condition on the id.
    pub fn go_on(&self, key: &PageKey, query: &mut DataQuery) {
        if query.offset == 0 {
            return;
        }
        let found = {
            let ends = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let is_it = |end: &&End| end.offset == query.offset && end.query == key.query;
            ends.iter().rev().find(is_it).filter(|end| end.at.elapsed() < FRESH).map(|end| end.id)
        };
        let Some(id) = found else { return };
        let op = if key.descending { Compare::Lt } else { Compare::Gt };
        let behind = Filter::Compare { column: 0, op, value: Operand::Integer(id) };
        let filter = std::mem::replace(&mut query.query.filter, Filter::All);
        query.query.filter = match filter {
            Filter::All => behind,
            Filter::And(mut filters) => {
                filters.push(behind);
                Filter::And(filters)
            }
            filter => Filter::And(vec![filter, behind]),
        };
        query.offset = 0;
    }

    /// Remembers that a page ended with this row, and at this offset the next begins.
    pub fn keep(&self, key: PageKey, offset: u64, last: &DataRow) {
        let Some(DataCell::Integer(id)) = last.first() else { return };
        let end = End { query: key.query, offset, id: *id, at: Instant::now() };
        let mut ends = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ends.retain(|old| old.offset != end.offset || old.query != end.query);
        if ends.len() == ENDS_MAX {
            ends.pop_front();
        }
        ends.push_back(end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(q: &str, offset: u64) -> DataQuery {
        let collection = DataCollection::RawData;
        let query = ords_filter::parse(q, crate::data::columns(collection)).unwrap();
        DataQuery { domain_id: "d".to_owned(), collection, query, limit: 2, offset }
    }

    fn gone_on(ends: &PageEnds, mut query: DataQuery) -> (u64, Filter) {
        let key = PageKey::of(&query).unwrap();
        ends.go_on(&key, &mut query);
        (query.offset, query.query.filter)
    }

    #[test]
    fn the_next_page_goes_on_behind_the_last_row() {
        let ends = PageEnds::default();
        let row = |id| vec![DataCell::Integer(id)];
        ends.keep(PageKey::of(&query("{}", 0)).unwrap(), 2, &row(7));
        let down = r#"{"$orderby":{"id":"desc"}}"#;
        ends.keep(PageKey::of(&query(down, 0)).unwrap(), 2, &row(90));
        let behind = |op, id| Filter::Compare { column: 0, op, value: Operand::Integer(id) };
        assert_eq!(gone_on(&ends, query("{}", 2)), (0, behind(Compare::Gt, 7)));
        assert_eq!(gone_on(&ends, query(down, 2)), (0, behind(Compare::Lt, 90)));
        // Another offset, another filter, the first page.
        assert_eq!(gone_on(&ends, query("{}", 3)), (3, Filter::All));
        assert_eq!(gone_on(&ends, query(r#"{"id":{"$gt":1}}"#, 2)).0, 2);
        assert_eq!(gone_on(&ends, query("{}", 0)), (0, Filter::All));
        assert!(PageKey::of(&query(r#"{"$orderby":{"endpoint":1}}"#, 2)).is_none());
    }

    #[test]
    fn ends_are_bounded() {
        let ends = PageEnds::default();
        for offset in 1..=2000 {
            ends.keep(PageKey::of(&query("{}", 0)).unwrap(), offset, &vec![DataCell::Integer(1)]);
        }
        assert_eq!(ends.0.lock().unwrap().len(), ENDS_MAX);
        assert_eq!(gone_on(&ends, query("{}", 1)).0, 1);
        assert_eq!(gone_on(&ends, query("{}", 2000)).0, 0);
    }
}
