//! Sessions, raw commands and certificates.

use std::sync::Arc;

use iot_api::data::DataCollection;

use super::{Place, cases, instance, message, model, model_create, rows};
use crate::store::{
    Batch, Certificate, CommandResponse, Creation, DataCell, Delivery, DeliveryStatus, HeldPacket,
    Instance, NewCommand, OpenCommand, RowOutcome, SessionRecord, Store, Subscription, TwinNo,
};

/// A twin, for commands to belong to.
async fn twin(store: &dyn Store) -> TwinNo {
    model_create(store, &model("m1", "dtmi:a;1", &[]), "{}").await.unwrap();
    store.resource_create(&Creation::of(instance("i1", 1))).await.unwrap();
    store.get::<Instance>("i1").await.unwrap().unwrap().no
}

pub(super) fn command(id: &str, twin: TwinNo, time: i64) -> NewCommand {
    NewCommand {
        open: OpenCommand {
            id: id.into(),
            twin,
            via: vec![twin, TwinNo(twin.0 + 1)],
            request_endpoint: "cmd/a".into(),
            request_content_type: "application/json".into(),
            response_endpoint: Some("rsp/a".into()),
            response_us: 7_000_000,
            deadline_us: time + 5,
            status: DeliveryStatus::Accepted,
            delivery: None,
        },
        request_duration: "PT10M".into(),
        request_data_format: "JSON".into(),
        request_data: b"{\"a\":1}".to_vec(),
        response_duration: Some("PT7S".into()),
        created_by: Some("user".into()),
        time_created_us: time,
        answer: None,
    }
}

async fn statuses(store: &dyn Store) -> Vec<DataCell> {
    let rows = rows(store, DataCollection::RawCommandData, "{}").await;
    rows.into_iter().map(|row| row[7].clone()).collect()
}

cases! {
    async fn sessions_outlive_the_process(place: &dyn Place) {
        let record = |client_id: &str, filter: &str| SessionRecord {
            twin: TwinNo(3),
            client_id: client_id.into(),
            expiry_s: u32::MAX,
            subscriptions: vec![Subscription { filter: filter.into(), qos: 1, id: Some(9) }],
            ended_us: None,
            begun_us: 5,
        };
        let store = place.open().await;
        for session in [record("a", "old"), record("b", "x/#"), record("a", "cmd/+")] {
            store.session_put(&session).await.unwrap();
        }
        store.session_delete(TwinNo(3), "b", 5).await.unwrap();
        store.session_delete(TwinNo(3), "nobody", 5).await.unwrap();
        // It began later than the one that is to be forgotten.
        store.session_delete(TwinNo(3), "a", 4).await.unwrap();
        drop(store);
        let kept = place.open().await.session_all().await.unwrap();
        assert_eq!(kept, [record("a", "cmd/+")]);
    }

    async fn packet_ids_are_held_with_their_message(place: &dyn Place) {
        let store = place.open().await;
        let twin = twin(&*store).await;
        let session = |begun_us| SessionRecord {
            twin,
            client_id: "a".into(),
            expiry_s: 60,
            subscriptions: Vec::new(),
            ended_us: None,
            begun_us,
        };
        let held = |begun_us, packet_id| HeldPacket {
            twin, client_id: "a".into(), begun_us, packet_id,
        };
        let arrive = |begun_us, packet_id| {
            let mut row = message(twin, 1, RowOutcome::RawOnly);
            row.held = Some(Box::new(held(begun_us, packet_id)));
            Arc::new(Batch::from(vec![row]))
        };
        let release = |begun_us, packet_id| {
            Arc::new(Batch { rows: Vec::new(), released: vec![held(begun_us, packet_id)] })
        };
        store.session_put(&session(5)).await.unwrap();
        for packet_id in [7, 8, 7] {
            store.commit_batch(arrive(5, packet_id)).await.unwrap();
        }
        store.commit_batch(release(5, 8)).await.unwrap();
        store.commit_batch(release(5, 9)).await.unwrap();
        store.session_put(&session(5)).await.unwrap();
        drop(store);
        let store = place.open().await;
        assert_eq!(store.session_held().await.unwrap(), [held(5, 7)]);
        // The session begins anew: what was under way for the earlier one holds nothing.
        store.session_put(&session(6)).await.unwrap();
        store.commit_batch(arrive(5, 3)).await.unwrap();
        assert_eq!(store.session_held().await.unwrap(), []);
        store.commit_batch(arrive(6, 4)).await.unwrap();
        store.commit_batch(release(5, 4)).await.unwrap();
        assert_eq!(store.session_held().await.unwrap(), [held(6, 4)]);
        store.session_delete(twin, "a", 6).await.unwrap();
        store.session_put(&session(6)).await.unwrap();
        assert_eq!(store.session_held().await.unwrap(), []);
        let rows = rows(&*store, DataCollection::RawData, "{}").await;
        assert_eq!(rows.len(), 5, "messages are kept whatever becomes of their packet ids");
    }

    async fn commands_are_open_until_they_settle(place: &dyn Place) {
        let store = place.open().await;
        let no = twin(&*store).await;
        let (late, early) = (command("c2", no, 20), command("c1", no, 10));
        for new in [&late, &early] {
            store.command_create(new).await.unwrap();
        }
        let delivery = Delivery {
            via: no, client_id: "client".into(), packet_id: Some(4), acknowledged: true,
        };
        let sent = OpenCommand {
            status: DeliveryStatus::Sent, deadline_us: 99, delivery: Some(delivery), ..early.open
        };
        store.command_update(&sent, None, 30).await.unwrap();
        drop(store);
        let store = place.open().await;
        assert_eq!(store.command_open().await.unwrap(), [sent.clone(), late.open]);
        assert_eq!(store.command_payload("c1").await.unwrap(), b"{\"a\":1}");
        assert!(store.command_payload("nobody").await.is_err());
        let text = |text: &str| DataCell::Text(text.into());
        assert_eq!(statuses(&*store).await, [text("SENT"), text("ACCEPTED")]);
        let done = OpenCommand { status: DeliveryStatus::Completed, ..sent };
        let response = CommandResponse {
            format: "TEXT", content_type: Some("text/plain".into()), content: b"ok".to_vec(),
        };
        store.command_update(&done, Some(&response), 40).await.unwrap();
        assert_eq!(statuses(&*store).await, [text("COMPLETED"), text("ACCEPTED")]);
        let open = store.command_open().await.unwrap();
        assert_eq!(open.iter().map(|open| open.id.as_str()).collect::<Vec<_>>(), ["c2"]);
        let list = rows(&*store, DataCollection::RawCommandData, r#"{"id":"c1"}"#).await;
        assert_eq!(list[0][8..], [10, 40, 40].map(DataCell::TimestampUs));
    }

    async fn certificates_are_found_by_id_and_name(place: &dyn Place) {
        let store = place.open().await;
        let certificate = Certificate { id: "ocid1".into(), name: "n".into() };
        store.certificate_create(&certificate).await.unwrap();
        assert_eq!(store.certificate_get("ocid1").await.unwrap(), Some(certificate.clone()));
        assert_eq!(store.certificate_by_name("n").await.unwrap(), Some(certificate.clone()));
        assert_eq!(store.certificate_get("n").await.unwrap(), None);
        assert!(store.certificate_create(&certificate).await.is_err());
        for before_s in [5, 9] {
            store.certificate_revoke("key", before_s).await.unwrap();
        }
        assert_eq!(store.certificate_revoked("key").await.unwrap(), Some(9));
        assert_eq!(store.certificate_revoked("other").await.unwrap(), None);
    }
}
