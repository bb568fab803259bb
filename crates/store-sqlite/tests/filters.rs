//! Any filter selects in SQL what its meaning in plain Rust selects (`ords_filter::Filter::matches`).

use std::sync::Arc;

use iot_api::data::DataCollection;
use ords_filter::{Cell, ColumnType};
use platform::data::columns;
use platform::store::{
    Common, Creation, DataCell, DataQuery, DataRow, DeliveryStatus, Instance, Lifecycle,
    MessageRow, NewCommand, OpenCommand, RowOutcome, RowValue, Store, TwinNo,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use store_sqlite::SqliteStore;

const TEXTS: [&str; 10] = ["a", "A", "plant/a", "Plant/Ä", "10%", "_", "7", "", "true", "1.5"];
const VALUES: [&str; 12] = [
    "0",
    "7",
    "1.5",
    "1.50",
    "-3",
    "1e3",
    "true",
    "false",
    "\"7\"",
    "\"plant/a\"",
    "null",
    "{\"a\":[7]}",
];
const COLLECTIONS: [DataCollection; 5] = [
    DataCollection::RawData,
    DataCollection::RejectedData,
    DataCollection::HistorizedData,
    DataCollection::SnapshotData,
    DataCollection::RawCommandData,
];

fn instance(id: &str) -> Instance {
    let common = Common {
        id: id.into(),
        parent_id: "dom".into(),
        display_name: id.into(),
        description: None,
        lifecycle: Lifecycle::Active,
        tags: iot_api::Tags::default(),
        time_created_us: 1,
        time_updated_us: 1,
        etag: "e".into(),
    };
    Instance {
        common,
        no: TwinNo(0),
        connectivity_type: "DIRECT".into(),
        auth_id: None,
        external_key: id.into(),
        model_id: None,
        spec_uri: None,
        adapter_id: None,
        gateways: Vec::new(),
    }
}

/// Rows of every sort: each text as endpoint and content type, each value at two times.
async fn filled(store: &SqliteStore) {
    let mut batch = Vec::new();
    for (number, id) in ["a", "plant/a"].into_iter().enumerate() {
        store.resource_create(&Creation::of(instance(id))).await.expect("a twin");
        let twin = (store as &dyn Store).get::<Instance>(id).await.expect("a store");
        let twin = twin.expect("a twin").no;
        for (at, text) in TEXTS.iter().filter(|text| !text.is_empty()).enumerate() {
            let time_us = (at as i64 + number as i64 * 3) * 500_000;
            let values = VALUES.iter().enumerate().map(|(at, value)| RowValue {
                path: format!("p{at}").into(),
                value: (*value).to_owned(),
                historized: true,
            });
            let outcome = match at % 3 {
                0 => RowOutcome::Values { time_observed_us: time_us, values: values.collect() },
                1 => RowOutcome::Rejected { code: at as u16, message: (*text).to_owned() },
                _ => RowOutcome::RawOnly,
            };
            batch.push(MessageRow {
                twin,
                endpoint: (*text).to_owned(),
                content_type: (at % 2 == 0).then(|| TEXTS[TEXTS.len() - 1 - at].to_owned()),
                content: Vec::new().into(),
                time_received_us: time_us,
                outcome,
                held: None,
            });
        }
    }
    store.commit_batch(Arc::new(batch.into())).await.expect("a commit");
    for (number, text) in TEXTS.iter().enumerate().filter(|(_, text)| !text.is_empty()) {
        store.command_create(&command(number as i64, text)).await.expect("a command");
    }
    // A settled one has a time that the others lack.
    let mut open = store.command_open().await.expect("commands").swap_remove(0);
    open.status = DeliveryStatus::Completed;
    store.command_update(&open, None, 2_000_000).await.expect("a settled command");
}

/// Every second one expects an answer.
fn command(number: i64, text: &str) -> NewCommand {
    let expects = number % 2 == 0;
    NewCommand {
        open: OpenCommand {
            id: format!("c{number}"),
            twin: TwinNo(1 + number % 2),
            via: vec![TwinNo(1)],
            request_endpoint: text.to_owned(),
            request_content_type: "text/plain".into(),
            response_endpoint: expects.then(|| "plant/a".to_owned()),
            response_us: 1,
            deadline_us: i64::MAX,
            status: DeliveryStatus::Accepted,
            delivery: None,
        },
        request_duration: "PT10M".into(),
        request_data_format: "TEXT".into(),
        request_data: b"a".to_vec(),
        response_duration: expects.then(|| "PT7S".to_owned()),
        created_by: None,
        time_created_us: number * 500_000,
        answer: None,
    }
}

async fn rows(store: &SqliteStore, collection: DataCollection, q: &str) -> Vec<DataRow> {
    let query = ords_filter::parse(q, columns(collection)).unwrap_or_else(|error| {
        panic!("{collection:?} {q}: {error:?}");
    });
    let query = DataQuery { domain_id: "dom".into(), collection, query, limit: 10_000, offset: 0 };
    store.data_list(&query).await.expect("rows")
}

/// Whether a row fits, by the plain meaning.
fn fits(filter: &ords_filter::Filter, row: &DataRow) -> bool {
    let json: Vec<Value> = row
        .iter()
        .map(|cell| match cell {
            DataCell::Json(text) => serde_json::from_str(text).expect("JSON"),
            _ => Value::Null,
        })
        .collect();
    filter.matches(&|column| match &row[column] {
        DataCell::Null => Cell::Null,
        DataCell::Integer(value) => Cell::Integer(*value),
        DataCell::Text(text) => Cell::Text(text),
        DataCell::TimestampUs(us) => Cell::TimestampUs(*us),
        DataCell::Json(_) => Cell::Json(&json[column]),
    })
}

/// An operand that a column of this sort takes.
fn operand(kind: ColumnType) -> BoxedStrategy<Value> {
    match kind {
        ColumnType::Json => {
            prop_oneof![3 => ordered(kind), 1 => any::<bool>().prop_map(Value::from)].boxed()
        }
        _ => ordered(kind),
    }
}

/// An operand that has an order.
fn ordered(kind: ColumnType) -> BoxedStrategy<Value> {
    let text = prop::sample::select(&TEXTS[..]).prop_map(Value::from);
    let integer = (-3i64..12).prop_map(Value::from);
    let real = prop::sample::select(&[0.5, 1.5, 7.0, 1000.0][..]).prop_map(Value::from);
    let time = (0u32..9, prop::sample::select(&["Z", "+00:00", "00Z", "001Z"][..]))
        .prop_map(|(half, end)| format!("1970-01-01T00:00:0{}.{}{end}", half / 2, half % 2 * 5));
    match kind {
        ColumnType::Integer => {
            prop_oneof![integer.clone(), integer.prop_map(|value| value.to_string().into())].boxed()
        }
        ColumnType::Text => prop_oneof![3 => text, 1 => integer, 1 => real].boxed(),
        ColumnType::Timestamp => {
            prop_oneof![3 => time.clone().prop_map(|time| json!({"$date": time})), 1 => time.prop_map(Value::from)]
                .boxed()
        }
        ColumnType::Json => prop_oneof![text, integer, real].boxed(),
    }
}

/// Operator and operand.
fn operator(kind: ColumnType) -> BoxedStrategy<(&'static str, Value)> {
    let compare = prop::sample::select(&["$lt", "$lte", "$gt", "$gte"][..]);
    let equal = prop::sample::select(&["$eq", "$ne"][..]);
    let nothing = prop::sample::select(&["$null", "$notnull"][..]);
    let end = || prop_oneof![3 => ordered(kind), 1 => Just(Value::Null)];
    let set = prop::sample::select(&["$in", "$nin"][..]);
    let any = prop_oneof![
        1 => (equal, operand(kind)),
        2 => (compare, ordered(kind)),
        1 => (nothing, prop_oneof![Just(Value::Null), operand(kind)]),
        // One end at least.
        1 => (ordered(kind), end(), any::<bool>()).prop_map(|(one, other, is_first)| {
            ("$between", if is_first { json!([one, other]) } else { json!([other, one]) })
        }),
        1 => (set, prop::collection::vec(operand(kind), 0..4))
            .prop_map(|(op, set)| (op, set.into())),
    ];
    if !matches!(kind, ColumnType::Text | ColumnType::Json) {
        return any.boxed();
    }
    let text = prop::sample::select(&["$instr", "$ninstr", "$like"][..]);
    let some = prop::sample::select(&["a", "A", "%a", "plant/_", "ä", "%", "7", "1"][..]);
    prop_oneof![3 => any, 2 => (text, some).prop_map(|(op, value)| (op, value.into()))].boxed()
}

/// Several operators in one object: all must hold.
fn operators(kind: ColumnType) -> BoxedStrategy<Value> {
    prop::collection::vec(operator(kind), 1..3)
        .prop_map(|list| list.into_iter().map(|(op, value)| (op.to_owned(), value)).collect())
        .boxed()
}

/// What stands behind a column: a scalar, operators, a list of both, or a complex operator.
fn condition(kind: ColumnType) -> BoxedStrategy<Value> {
    let one = prop_oneof![operand(kind), operators(kind)];
    let complex = (any::<bool>(), prop::collection::vec(operators(kind), 1..4))
        .prop_map(|(all, list)| json!({if all { "$and" } else { "$or" }: list}));
    prop_oneof![
        2 => operand(kind),
        4 => operators(kind),
        1 => prop::collection::vec(one, 1..3).prop_map(Value::from),
        1 => complex,
    ]
    .boxed()
}

/// A filter on columns that the collection has.
fn filter(collection: DataCollection) -> BoxedStrategy<Value> {
    let member = (prop::sample::select(columns(collection)), any::<bool>()).prop_flat_map(
        |(column, is_upper)| {
            // Names have no case.
            let name = if is_upper { column.name.to_uppercase() } else { column.name.to_owned() };
            condition(column.kind).prop_map(move |condition| (name.clone(), condition))
        },
    );
    prop::collection::vec(member, 1..3)
        .prop_map(|members| members.into_iter().collect::<Value>())
        .prop_recursive(3, 12, 4, |inner| {
            (any::<bool>(), prop::collection::vec(inner, 1..4))
                .prop_map(|(all, list)| json!({if all { "$and" } else { "$or" }: list}))
        })
        .boxed()
}

/// Filters of each collection.
fn filters() -> impl Strategy<Value = Vec<(DataCollection, Value)>> {
    COLLECTIONS
        .map(|collection| {
            let filter = filter(collection).prop_map(move |filter| (collection, filter));
            prop::collection::vec(filter, 40)
        })
        .prop_map(|lists| lists.into_iter().flatten().collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn sql_selects_what_the_filter_means(filters in filters()) {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let dir = tempfile::tempdir().expect("a directory");
            let store = SqliteStore::open(&dir.path().join("db")).expect("a store");
            filled(&store).await;
            let mut some_of = 0;
            for (collection, filter) in &filters {
                let (collection, q) = (*collection, filter.to_string());
                let all = rows(&store, collection, "").await;
                assert!(all.len() >= 6, "{collection:?}");
                let selected = rows(&store, collection, &q).await;
                let parsed = ords_filter::parse(&q, columns(collection)).expect("as before");
                let meant: Vec<_> =
                    all.iter().filter(|row| fits(&parsed.filter, row)).cloned().collect();
                assert_eq!(selected, meant, "{collection:?} {q}");
                some_of += usize::from(!meant.is_empty() && meant.len() < all.len());
            }
            assert!(some_of > filters.len() / 10, "{some_of} of {} tell rows apart", filters.len());
        });
    }
}
