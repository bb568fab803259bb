//! Batches of messages and the data collections.

use std::sync::Arc;

use iot_api::data::DataCollection;

use super::{Place, cases, instance, message, model, model_create, rows, values};
use crate::store::{
    Creation, DataCell, HistoryChange, HistoryFrom, Instance, PurgeFrom, RowOutcome, TwinNo,
};

cases! {
    async fn messages_are_kept_and_filtered(place: &dyn Place) {
        use DataCollection::{HistorizedData, RawCommandData, RawData, RejectedData, SnapshotData};
        let store = place.open().await;
        model_create(&*store, &model("m1", "dtmi:a;1", &[]), "{}").await.unwrap();
        store.resource_create(&Creation::of(instance("i1", 1))).await.unwrap();
        let no = store.get::<Instance>("i1").await.unwrap().unwrap().no;
        let rejected = RowOutcome::Rejected { code: 400, message: "bad".into() };
        let batch = vec![
            message(no, 10, values(10, &[("t", "1.50"), ("s", "\"on\""), ("o", "{\"k\":\"on\"}")])),
            message(no, 20, rejected),
            message(no, 30, values(30, &[("t", "2"), ("b", "true")])),
            message(no, 40, RowOutcome::RawOnly),
        ];
        store.commit_batch(Arc::new(batch.into())).await.unwrap();
        for (collection, q, expected) in [
            (RawData, "{}", 4),
            (RawData, r#"{"id":{"$gt":2}}"#, 2),
            (RawData, r#"{"content_type":{"$null":null}}"#, 4),
            (RawData, r#"{"digital_twin_instance_id":"i1"}"#, 4),
            (RawData, r#"{"digital_twin_instance_id":"nobody"}"#, 0),
            (RejectedData, r#"{"reason_code":400,"reason_message":{"$instr":"BAD"}}"#, 1),
            (HistorizedData, "{}", 5),
            (HistorizedData, r#"{"id":{"$between":[2,4]}}"#, 3),
            (HistorizedData, r#"{"value":{"$gt":1.5}}"#, 1),
            (HistorizedData, r#"{"value":1.5}"#, 1),
            (HistorizedData, r#"{"value":"on"}"#, 1),
            (HistorizedData, r#"{"value":{"$ne":"x"}}"#, 1),
            (HistorizedData, r#"{"value":{"$instr":"ON"}}"#, 1),
            (HistorizedData, r#"{"content_path":{"$in":["t","b"]}}"#, 3),
            (SnapshotData, "{}", 4),
            (SnapshotData, r#"{"value":2,"content_path":{"$like":"_"}}"#, 1),
            (SnapshotData, r#"{"value":{"$instr":"on"}}"#, 1),
            (RawCommandData, "{}", 0),
        ] {
            assert_eq!(rows(&*store, collection, q).await.len(), expected, "{collection:?} {q}");
        }
        let latest = rows(&*store, HistorizedData, r#"{"$orderby":{"id":"desc"}}"#).await;
        let ids: Vec<_> = latest.iter().map(|row| row[0].clone()).collect();
        assert_eq!(ids, [5, 4, 3, 2, 1].map(DataCell::Integer));
        let item = store.data_get("dom", HistorizedData, "1").await.unwrap().unwrap();
        assert_eq!(item.row[3], DataCell::Json("1.50".into()));
        let item = store.data_get("dom", HistorizedData, "5").await.unwrap().unwrap();
        assert_eq!(item.row[2], DataCell::Text("b".into()));
        assert!(store.data_get("dom", HistorizedData, "6").await.unwrap().is_none());
        assert!(store.data_get("other", RawData, "1").await.unwrap().is_none());
        assert!(store.data_get("dom", RawData, "x").await.unwrap().is_none());
        assert_eq!(store.data_get("dom", RawData, "1").await.unwrap().unwrap().extra.len(), 1);
        assert_eq!(store.instance_content(no).await.unwrap().time_last_heard_us, Some(40));

        drop(store);
        let store = place.open().await;
        let more = vec![message(no, 50, values(50, &[("t", "3")]))];
        store.commit_batch(Arc::new(more.into())).await.unwrap();
        let raw = rows(&*store, RawData, r#"{"id":{"$gt":4}}"#).await;
        assert_eq!(raw[0][0], DataCell::Integer(5));
        let last = rows(&*store, HistorizedData, r#"{"id":{"$gt":5}}"#).await;
        assert_eq!((last.len(), &last[0][0]), (1, &DataCell::Integer(6)));
    }

    async fn old_rows_go_twin_after_twin(place: &dyn Place) {
        use DataCollection::{HistorizedData, RawData, RejectedData, SnapshotData};
        let store = place.open().await;
        model_create(&*store, &model("m1", "dtmi:a;1", &[]), "{}").await.unwrap();
        let mut batch = Vec::new();
        for id in ["i1", "i2", "i3"] {
            store.resource_create(&Creation::of(instance(id, 1))).await.unwrap();
            let no = store.get::<Instance>(id).await.unwrap().unwrap().no;
            for time in 1..=4 {
                batch.push(message(no, time * 10, values(time, &[("t", "1")])));
            }
            batch.push(message(no, 10, RowOutcome::Rejected { code: 400, message: "bad".into() }));
        }
        store.commit_batch(Arc::new(batch.into())).await.unwrap();
        let purge = async |domain: &str, collection, before_us| {
            let (domain_id, mut rows) = (domain.to_owned(), 0);
            let mut from =
                PurgeFrom { domain_id, collection, before_us, twin: TwinNo(0), rows_max: 2 };
            for _ in 0..20 {
                let purged = store.purge(&from).await.unwrap();
                assert!(purged.rows <= u64::from(from.rows_max));
                rows += purged.rows;
                let Some(next) = purged.next else { return rows };
                from.twin = next;
            }
            panic!("the purge does not end");
        };
        assert_eq!(purge("other", RawData, 1000).await, 0);
        assert_eq!(purge("dom", SnapshotData, 1000).await, 0);
        // Raw data counts from its time received, historized data from its time observed.
        assert_eq!(purge("dom", RawData, 30).await, 9);
        assert_eq!(purge("dom", HistorizedData, 2).await, 3);
        assert_eq!(rows(&*store, RawData, r#"{"$orderby":{"id":1}}"#).await.len(), 6);
        assert_eq!(rows(&*store, HistorizedData, "{}").await.len(), 9);
        assert_eq!(rows(&*store, RejectedData, "{}").await.len(), 3);
        assert_eq!(rows(&*store, SnapshotData, "{}").await.len(), 3);
        assert_eq!(purge("dom", RejectedData, 11).await, 3);
        // Ids never repeat.
        let no = store.get::<Instance>("i1").await.unwrap().unwrap().no;
        store.commit_batch(Arc::new(vec![message(no, 50, RowOutcome::RawOnly)].into())).await.unwrap();
        let last = rows(&*store, RawData, r#"{"$orderby":{"id":-1}}"#).await;
        assert_eq!(last[0][0], DataCell::Integer(16));
    }

    async fn history_is_replaced_in_one_step(place: &dyn Place) {
        use DataCollection::{HistorizedData, RawData, RejectedData};
        let store = place.open().await;
        model_create(&*store, &model("m1", "dtmi:a;1", &[]), "{}").await.unwrap();
        for id in ["i1", "i2"] {
            store.resource_create(&Creation::of(instance(id, 1))).await.unwrap();
        }
        let no = store.get::<Instance>("i1").await.unwrap().unwrap().no;
        let other = store.get::<Instance>("i2").await.unwrap().unwrap().no;
        let rejected =
            |message: &str| RowOutcome::Rejected { code: 400, message: message.into() };
        let batch = vec![
            message(no, 10, values(7, &[("t", "1"), ("old", "1")])),
            message(other, 15, values(15, &[("t", "9")])),
            message(no, 20, rejected("bad")),
            message(no, 30, values(30, &[("t", "3")])),
            message(no, 40, values(40, &[("u", "4")])),
        ];
        store.commit_batch(Arc::new(batch.into())).await.unwrap();
        let mut from = HistoryFrom {
            twin: no,
            after: 0,
            since_us: i64::MIN,
            before_us: 40,
            rows_max: 2,
            bytes_max: 1000,
            with_time_observed: true,
        };
        let first = store.history_read(&from).await.unwrap();
        let seen: Vec<_> = first.iter().map(|m| (m.id, m.time_observed_us)).collect();
        assert_eq!(seen, [(1, Some(7)), (3, None)]);
        assert!(first.iter().all(|m| m.content == b"{}" && !m.stays));
        // One message at least, however little room there is.
        from.bytes_max = 1;
        assert_eq!(store.history_read(&from).await.unwrap().len(), 1);
        from.after = 3;
        let rest = store.history_read(&from).await.unwrap();
        assert_eq!(rest.iter().map(|m| m.id).collect::<Vec<_>>(), [4]);

        let outcomes = vec![
            (1, rejected("late")),
            (3, values(20, &[("t", "2"), ("u", "2")])),
            (4, RowOutcome::RawOnly),
            (99, values(99, &[("t", "99")])),
        ];
        let change = Arc::new(HistoryChange { twin: no, outcomes });
        store.history_replace(change.clone()).await.unwrap();
        // The same once more changes nothing that can be seen but ids.
        store.history_replace(change).await.unwrap();
        assert_eq!(rows(&*store, RawData, "{}").await.len(), 5);
        let reasons = rows(&*store, RejectedData, "{}").await;
        assert_eq!(reasons.len(), 1);
        assert!(reasons[0].contains(&DataCell::Text("late".into())));
        assert_eq!(rows(&*store, HistorizedData, r#"{"content_path":"old"}"#).await.len(), 0);
        assert_eq!(rows(&*store, HistorizedData, "{}").await.len(), 4);
        let content = store.instance_content(no).await.unwrap().values;
        // `u` of the message that the change did not know is the later one.
        let expected = [("t", "2", 20), ("u", "4", 40)].map(|(p, v, t)| (p.into(), v.into(), t));
        assert_eq!(content, expected);
        assert_eq!(store.instance_content(other).await.unwrap().values.len(), 1);
    }
}
