//! What every backend of the store port must do. A backend's own test opens a fresh store for each
//! case and runs them all; a new case is found by being in a `cases!` block.

mod control;
mod devices;
mod events;
mod identity;
mod messages;
mod resources;
mod vault;

use std::sync::Arc;

use async_trait::async_trait;
use iot_api::Tags;
use iot_api::data::DataCollection;

use super::{
    Common, Creation, DataQuery, DataRow, Deletion, Instance, Lifecycle, MessageRow, Model,
    RowOutcome, RowValue, Store, Stored, TwinNo,
};

/// One place of one backend, empty at first.
#[async_trait]
pub trait Place: Send + Sync {
    /// Opens the store there. Called again after the last one was dropped: what was answered with
    /// success must be there, as after the end of a process.
    async fn open(&self) -> Arc<dyn Store>;
}

/// A case: it panics when the backend is wrong.
pub type Case = fn(Box<dyn Place>) -> futures_util::future::BoxFuture<'static, ()>;

/// Every case by its name.
pub fn all() -> Vec<(&'static str, Case)> {
    [
        resources::CASES,
        control::CASES,
        messages::CASES,
        devices::CASES,
        events::CASES,
        identity::CASES,
        vault::CASES,
    ]
    .concat()
}

/// Functions that take a place, and the table of them.
macro_rules! cases {
    ($($(#[$comment:meta])* async fn $name:ident($place:ident: &dyn Place) $body:block)*) => {
        pub(super) const CASES: &[(&str, super::Case)] =
            &[$((stringify!($name), |place| Box::pin(async move { $name(&*place).await })),)*];
        $($(#[$comment])* async fn $name($place: &dyn Place) $body)*
    };
}
use cases;

fn common(id: &str, time: i64) -> Common {
    Common {
        id: id.into(),
        parent_id: "dom".into(),
        display_name: format!("name {id}"),
        description: None,
        lifecycle: Lifecycle::Active,
        tags: Tags::default(),
        time_created_us: time,
        time_updated_us: time,
        etag: "e1".into(),
    }
}

fn model(id: &str, uri: &str, references: &[&str]) -> Model {
    let references = references.iter().map(|&uri| uri.to_owned()).collect();
    Model { common: common(id, 1), spec_uri: uri.into(), references }
}

fn instance(id: &str, time: i64) -> Instance {
    Instance {
        common: common(id, time),
        no: TwinNo(0),
        connectivity_type: "DIRECT".into(),
        auth_id: None,
        external_key: format!("key {id}"),
        model_id: Some("m1".into()),
        spec_uri: Some("dtmi:a;1".into()),
        adapter_id: None,
        gateways: Vec::new(),
    }
}

async fn model_create(store: &dyn Store, model: &Model, spec: &str) -> Stored<()> {
    let mut creation = Creation::of(model.clone());
    creation.document = Some(spec.to_owned());
    store.resource_create(&creation).await
}

fn deletion(id: &str, etag: Option<&str>) -> Deletion {
    Deletion { id: id.into(), etag: etag.map(str::to_owned), now_us: 99 }
}

async fn rows(store: &dyn Store, collection: DataCollection, q: &str) -> Vec<DataRow> {
    let query = ords_filter::parse(q, crate::data::columns(collection)).expect("a filter");
    let query = DataQuery { domain_id: "dom".into(), collection, query, limit: 100, offset: 0 };
    store.data_list(&query).await.expect("a page")
}

fn message(twin: TwinNo, time: i64, outcome: RowOutcome) -> MessageRow {
    MessageRow {
        twin,
        endpoint: "plant/a".into(),
        content_type: None,
        content: b"{}".to_vec().into(),
        time_received_us: time,
        outcome,
        held: None,
    }
}

fn values(time: i64, pairs: &[(&str, &str)]) -> RowOutcome {
    let value = |&(path, value): &(&str, &str)| RowValue {
        path: path.into(),
        value: value.into(),
        historized: true,
    };
    RowOutcome::Values { time_observed_us: time, values: pairs.iter().map(value).collect() }
}
