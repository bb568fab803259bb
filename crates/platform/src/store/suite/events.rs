//! Events by id, and content as of an instant.

use std::sync::Arc;

use iot_api::data::DataCollection;

use super::devices::command;
use super::{Place, cases, instance, message, model, model_create, rows, values};
use crate::store::{
    Creation, DataCell, DeliveryStatus, Event, EventContent, EventKind, EventQuery, Instance,
    OpenCommand, PurgeFrom, RowOutcome, Store, TwinNo,
};

async fn twins(store: &dyn Store) -> [TwinNo; 2] {
    model_create(store, &model("m1", "dtmi:a;1", &[]), "{}").await.unwrap();
    let mut numbers = [TwinNo(0); 2];
    for (id, number) in ["i1", "i2"].into_iter().zip(&mut numbers) {
        store.resource_create(&Creation::of(instance(id, 1))).await.unwrap();
        *number = store.get::<Instance>(id).await.unwrap().unwrap().no;
    }
    numbers
}

fn query(kind: EventKind) -> EventQuery {
    EventQuery {
        domain_id: "dom".into(),
        kind,
        twins: Vec::new(),
        endpoint: None,
        content_path: None,
        after: 0,
        ids_max: 100,
        rows_max: 100,
        bytes_max: 1_000_000,
    }
}

/// All events behind a position, in as many reads as it takes.
async fn read(store: &dyn Store, query: &EventQuery) -> Vec<Event> {
    let (mut query, mut all) = (query.clone(), Vec::new());
    for _ in 0..1000 {
        let events = store.event_read(&query).await.unwrap();
        assert!(events.seen >= query.after && events.seen <= events.newest.max(query.after));
        assert!(events.items.iter().all(|event| event.id > query.after && event.id <= events.seen));
        all.extend(events.items);
        if events.seen >= events.newest {
            return all;
        }
        assert!(events.seen > query.after, "no way forward from {}", query.after);
        query.after = events.seen;
    }
    panic!("no end");
}

fn ids(events: &[Event]) -> Vec<i64> {
    events.iter().map(|event| event.id).collect()
}

fn paths(events: &[Event]) -> Vec<&str> {
    events
        .iter()
        .map(|event| match &event.content {
            EventContent::Value { path, .. } => path.as_str(),
            EventContent::Row(..) => panic!("a row"),
        })
        .collect()
}

/// Values of which those whose path begins with `u` are not historized.
fn mixed(time: i64, pairs: &[(&str, &str)]) -> RowOutcome {
    let mut outcome = values(time, pairs);
    if let RowOutcome::Values { values, .. } = &mut outcome {
        values.iter_mut().for_each(|value| value.historized = !value.path.starts_with('u'));
    }
    outcome
}

cases! {
    async fn events_come_in_order_each_once(place: &dyn Place) {
        let store = place.open().await;
        let [one, two] = twins(&*store).await;
        let rejected = || RowOutcome::Rejected { code: 400, message: "bad".into() };
        let mut elsewhere = message(two, 40, RowOutcome::RawOnly);
        elsewhere.endpoint = "plant/b".into();
        let batch = vec![
            message(one, 10, mixed(10, &[("u1", "1"), ("h1", "1.50"), ("u2", "{}")])),
            message(two, 20, rejected()),
            message(two, 30, mixed(30, &[("u1", "2")])),
            elsewhere,
            message(one, 50, rejected()),
        ];
        store.commit_batch(Arc::new(batch.into())).await.unwrap();
        store.commit_batch(Arc::new(vec![message(one, 60, mixed(60, &[("h1", "2")]))].into())).await.unwrap();

        let raw = read(&*store, &query(EventKind::Raw)).await;
        assert_eq!(ids(&raw), [1, 2, 3, 4, 5, 6]);
        let normalized = read(&*store, &query(EventKind::Normalized)).await;
        // Historized ones have the ids that their collection shows.
        assert_eq!(ids(&normalized), [1, 2, 3, 4, 5]);
        assert_eq!(paths(&normalized), ["h1", "u1", "u2", "u1", "h1"]);
        let shown = rows(&*store, DataCollection::HistorizedData, "{}").await;
        let shown: Vec<_> = shown.iter().map(|row| row[0].clone()).collect();
        assert_eq!(shown, [1, 5].map(DataCell::Integer));
        assert!(store.data_get("dom", DataCollection::HistorizedData, "2").await.unwrap().is_none());
        assert_eq!(ids(&read(&*store, &query(EventKind::Rejected)).await), [1, 2]);

        // However small the steps, and wherever one goes on, inside of a message too.
        for kind in EventKind::ALL {
            let all = read(&*store, &query(kind)).await;
            for (ids_max, rows_max, bytes_max) in [(1, 100, 1000), (3, 1, 1000), (100, 2, 1), (2, 1, 1)] {
                let steps = EventQuery { ids_max, rows_max, bytes_max, ..query(kind) };
                assert_eq!(read(&*store, &steps).await, all, "{kind:?}");
                for event in &all {
                    let rest = read(&*store, &EventQuery { after: event.id, ..steps.clone() }).await;
                    let expected: Vec<_> = all.iter().filter(|other| other.id > event.id).collect();
                    assert_eq!(rest.iter().collect::<Vec<_>>(), expected, "{kind:?} {}", event.id);
                }
            }
            assert!(read(&*store, &EventQuery { domain_id: "other".into(), ..query(kind) }).await.is_empty());
        }
        let of_two = EventQuery { twins: vec![two], ..query(EventKind::Raw) };
        assert_eq!(ids(&read(&*store, &of_two).await), [2, 3, 4]);
        let at_b = EventQuery { endpoint: Some("plant/b".into()), ..of_two };
        assert_eq!(ids(&read(&*store, &at_b).await), [4]);
        let u1 = EventQuery { content_path: Some("u1".into()), ..query(EventKind::Normalized) };
        assert_eq!(ids(&read(&*store, &u1).await), [2, 4]);

        let since = async |kind, since_us| store.event_since(&query(kind), since_us).await.unwrap();
        assert_eq!(since(EventKind::Raw, 30).await, Some(3));
        assert_eq!(since(EventKind::Normalized, 11).await, Some(4));
        assert_eq!(since(EventKind::Rejected, 51).await, None);
        assert_eq!(store.event_since(&of_two_values(two), 0).await.unwrap(), Some(4));

        let purge = PurgeFrom {
            domain_id: "dom".into(), collection: DataCollection::RawData, before_us: 25,
            twin: TwinNo(0), rows_max: 10,
        };
        store.purge(&purge).await.unwrap();
        let [raw, normalized, ..] = store.event_range().await.unwrap();
        assert_eq!((raw.oldest, raw.newest), (Some(3), 6));
        assert_eq!((normalized.oldest, normalized.newest), (Some(1), 5));
    }

    async fn every_step_of_a_command_is_an_event(place: &dyn Place) {
        let store = place.open().await;
        let [one, _] = twins(&*store).await;
        let new = command("c1", one, 5);
        store.command_create(&new).await.unwrap();
        let open = |status| OpenCommand { status, ..new.open.clone() };
        store.command_update(&open(DeliveryStatus::Sent), None, 6).await.unwrap();
        // No step: its status is the same.
        store.command_update(&open(DeliveryStatus::Sent), None, 7).await.unwrap();
        let response = crate::store::CommandResponse {
            format: "TEXT", content_type: Some("text/plain".into()), content: b"done".to_vec(),
        };
        store.command_update(&open(DeliveryStatus::Completed), Some(&response), 8).await.unwrap();
        let events = read(&*store, &query(EventKind::Command)).await;
        let step = |event: &Event| match &event.content {
            EventContent::Row(_, item) => (item.row[7].clone(), item.row[9].clone(), item.row[10].clone()),
            EventContent::Value { .. } => panic!("a value"),
        };
        let text = |text: &str| DataCell::Text(text.into());
        assert_eq!(events.iter().map(step).collect::<Vec<_>>(), [
            (text("ACCEPTED"), DataCell::TimestampUs(5), DataCell::Null),
            (text("SENT"), DataCell::TimestampUs(6), DataCell::Null),
            (text("COMPLETED"), DataCell::TimestampUs(8), DataCell::TimestampUs(8)),
        ]);
        let since = store.event_since(&query(EventKind::Command), 6).await.unwrap();
        assert_eq!(since, Some(events[1].id));

        let purge = PurgeFrom {
            domain_id: "dom".into(), collection: DataCollection::RawCommandData, before_us: 100,
            twin: TwinNo(0), rows_max: 10,
        };
        store.purge(&purge).await.unwrap();
        assert!(read(&*store, &query(EventKind::Command)).await.is_empty());
        // Ids never repeat.
        store.command_create(&command("c2", one, 9)).await.unwrap();
        assert_eq!(ids(&read(&*store, &query(EventKind::Command)).await), [events[2].id + 1]);
    }

    async fn content_is_known_as_of_any_instant(place: &dyn Place) {
        let store = place.open().await;
        let [one, two] = twins(&*store).await;
        let batch = vec![
            message(one, 10, mixed(10, &[("h", "1.50"), ("u", "true")])),
            message(two, 11, mixed(11, &[("h", "99")])),
            message(one, 20, mixed(20, &[("h", "2")])),
            message(one, 30, mixed(30, &[("u", "false"), ("later", "0")])),
        ];
        store.commit_batch(Arc::new(batch.into())).await.unwrap();
        let at = async |at_us| {
            let past = store.content_at(one, at_us).await.unwrap();
            assert_eq!(past.oldest_us, Some(10));
            let values: Vec<String> =
                past.values.iter().map(|(path, value, time)| format!("{path}={value}@{time}")).collect();
            (values.join(" "), past.unknown.join(" "))
        };
        assert_eq!(at(9).await, (String::new(), "h later u".into()));
        assert_eq!(at(10).await, ("h=1.50@10 u=true@10".into(), "later".into()));
        assert_eq!(at(25).await, ("h=2@20 u=true@10".into(), "later".into()));
        assert_eq!(at(i64::MAX).await, ("h=2@20 later=0@30 u=false@30".into(), String::new()));
    }
}

fn of_two_values(two: TwinNo) -> EventQuery {
    EventQuery { twins: vec![two], ..query(EventKind::Normalized) }
}
