//! Updates, gateways, relationships, ceilings, work requests and retry tokens.

use super::{Place, cases, common, deletion, instance, model, model_create};
use crate::limits::RETRY_TOKEN_US;
use crate::list::{Field, ListQuery};
use crate::store::{
    Adapter, Ceiling, Creation, Domain, Instance, Kind, Lifecycle, Model, Relationship,
    SavedAnswer, SessionRecord, Store, StoreError, TokenIssuer, TwinNo, Update, WorkEntry,
    WorkRequest, WorkStatus, WorkStep,
};

fn domain(id: &str) -> Domain {
    let mut common = common(id, 5);
    common.parent_id = "compartment".to_owned();
    common.lifecycle = Lifecycle::Deleting;
    let days = 16;
    Domain {
        common,
        group_id: "group".into(),
        short_id: format!("short{id}"),
        retention: iot_api::domains::DataRetentionPeriodsInDays {
            raw_data: days,
            rejected_data: days,
            historized_data: days,
            raw_command_data: days,
        },
        token_issuer: Some(TokenIssuer::Other("host".into())),
        identity_groups: None,
    }
}

fn work(resource_id: &str) -> WorkRequest {
    WorkRequest {
        id: "w1".into(),
        compartment_id: "compartment".into(),
        operation: "DELETE_IOT_DOMAIN".into(),
        status: WorkStatus::Accepted,
        kind: Kind::Domain,
        resource_id: resource_id.into(),
        leads_to: Lifecycle::Deleted,
        time_accepted_us: 7,
        time_started_us: None,
        time_finished_us: None,
        time_updated_us: 7,
        etag: "e".into(),
    }
}

async fn count(store: &dyn Store, filter: (Field, &str)) -> usize {
    let query = ListQuery::matching("dom", &[filter], 10);
    store.list::<Instance>(&query).await.unwrap().items.len()
}

cases! {
    async fn an_update_needs_the_state_it_was_made_from(place: &dyn Place) {
        let store = place.open().await;
        model_create(&*store, &model("m1", "dtmi:a;1", &[]), "{}").await.unwrap();
        store.resource_create(&Creation::of(instance("i1", 1))).await.unwrap();
        store.resource_create(&Creation::of(instance("i2", 2))).await.unwrap();
        let read: Instance = store.get("i1").await.unwrap().unwrap();
        let mut changed = read.clone();
        changed.common.description = Some("new".into());
        store.resource_update(&Update::from(changed)).await.unwrap();
        let now: Instance = store.get("i1").await.unwrap().unwrap();
        assert_eq!((now.no, now.common.description.as_deref()), (read.no, Some("new")));
        assert_ne!(now.common.etag, read.common.etag);
        assert_eq!(store.resource_update(&Update::from(read)).await, Err(StoreError::EtagMismatch));
        let mut taken = now.clone();
        taken.external_key = "key i2".into();
        let taken = store.resource_update(&Update::from(taken)).await;
        assert!(matches!(taken, Err(StoreError::Duplicate(text)) if text.contains("key i2")));
        let mut lost = now;
        lost.adapter_id = Some("gone".into());
        let lost = store.resource_update(&Update::from(lost)).await;
        assert!(matches!(lost, Err(StoreError::NotFound(_))), "{lost:?}");
    }

    async fn gateways_and_links_protect_their_ends(place: &dyn Place) {
        let store = place.open().await;
        model_create(&*store, &model("m1", "dtmi:a;1", &[]), "{}").await.unwrap();
        store.resource_create(&Creation::of(instance("g", 1))).await.unwrap();
        let ceiling = Ceiling {
            kind: Kind::Instance,
            filters: vec![(Field::GatewayId, "g".into())],
            most: 1,
            refusal: StoreError::LimitExceeded("full".into()),
        };
        let child = |id: &str| {
            let mut child = instance(id, 2);
            child.gateways = vec!["g".into()];
            Creation { ceilings: vec![ceiling.clone()], ..Creation::of(child) }
        };
        store.resource_create(&child("c1")).await.unwrap();
        let full = store.resource_create(&child("c2")).await;
        assert_eq!(full, Err(StoreError::LimitExceeded("full".into())));
        assert_eq!(count(&*store, (Field::GatewayId, "g")).await, 1);
        let used = store.resource_delete(Kind::Instance, &deletion("g", None)).await;
        assert!(matches!(used, Err(StoreError::InUse(text)) if text.contains("c1")));
        let link = |id: &str| Relationship {
            common: common(id, 3),
            content_path: "feeds".into(),
            source_id: "c1".into(),
            target_id: "g".into(),
            content: Some("{\"a\": 1.0}".into()),
        };
        store.resource_create(&Creation::of(link("r1"))).await.unwrap();
        let kept: Relationship = store.get("r1").await.unwrap().unwrap();
        assert_eq!(kept, link("r1"));
        let again = store.resource_create(&Creation::of(link("r2"))).await;
        assert!(matches!(again, Err(StoreError::Duplicate(_))), "{again:?}");
        let used = store.resource_delete(Kind::Instance, &deletion("c1", None)).await;
        assert!(matches!(used, Err(StoreError::InUse(text)) if text.contains("r1")));
        store.resource_delete(Kind::Relationship, &deletion("r1", None)).await.unwrap();
        store.resource_delete(Kind::Instance, &deletion("c1", None)).await.unwrap();
        assert_eq!(count(&*store, (Field::GatewayId, "g")).await, 0);
        store.resource_delete(Kind::Instance, &deletion("g", None)).await.unwrap();
    }

    async fn a_work_request_ends_with_its_resource(place: &dyn Place) {
        let store = place.open().await;
        let creation = Creation { work: Some(work("dom")), ..Creation::of(domain("dom")) };
        store.resource_create(&creation).await.unwrap();
        assert_eq!(store.domain_by_short_id("shortdom").await.unwrap(), Some(domain("dom")));
        model_create(&*store, &model("m1", "dtmi:a;1", &[]), "{}").await.unwrap();
        let adapter = Adapter {
            common: common("a1", 1),
            model_id: "m1".into(),
            spec_uri: "dtmi:a;1".into(),
            envelope: None,
            routes: None,
        };
        store.resource_create(&Creation::of(adapter)).await.unwrap();
        store.resource_create(&Creation::of(instance("i1", 1))).await.unwrap();
        assert_eq!(store.work_open().await.unwrap(), [work("dom")]);
        let session = |twin| SessionRecord {
            twin,
            client_id: "c".into(),
            expiry_s: u32::MAX,
            subscriptions: Vec::new(),
            ended_us: None,
            begun_us: 1,
        };
        let inside = store.get::<Instance>("i1").await.unwrap().unwrap().no;
        let elsewhere = TwinNo(inside.0 + 1);
        for twin in [inside, elsewhere] {
            store.session_put(&session(twin)).await.unwrap();
        }

        let line = |code: Option<&str>, message: &str| WorkEntry {
            id: String::new(),
            code: code.map(str::to_owned),
            message: message.into(),
            time_us: 8,
        };
        let mut running = work("dom");
        running.status = WorkStatus::InProgress;
        let entries = vec![line(None, "one"), line(Some("Code"), "bad"), line(None, "two")];
        store.work_step(&WorkStep { work: running.clone(), entries }).await.unwrap();
        assert_eq!(store.work_open().await.unwrap(), [running.clone()]);
        let mut query = ListQuery::matching("w1", &[], 1);
        let first = store.work_entries(false, &query).await.unwrap();
        query.after = first.next;
        let second = store.work_entries(false, &query).await.unwrap();
        let texts = [&first.items[0].message, &second.items[0].message];
        assert_eq!((texts, second.next), ([&"one".to_owned(), &"two".to_owned()], None));
        let errors = ListQuery::matching("w1", &[], 9);
        assert_eq!(store.work_entries(true, &errors).await.unwrap().items.len(), 1);

        let done = WorkRequest { status: WorkStatus::Succeeded, ..running };
        let step = WorkStep { work: done.clone(), entries: Vec::new() };
        store.work_step(&step).await.unwrap();
        assert_eq!(store.work_open().await.unwrap(), []);
        assert_eq!(store.work_get("w1").await.unwrap(), Some(done));
        let listed = ListQuery::matching("compartment", &[(Field::ResourceId, "dom")], 9);
        assert_eq!(store.work_list(&listed).await.unwrap().items.len(), 1);
        let gone: Domain = store.get("dom").await.unwrap().unwrap();
        let twin: Instance = store.get("i1").await.unwrap().unwrap();
        let model: Model = store.get("m1").await.unwrap().unwrap();
        for common in [&gone.common, &twin.common, &model.common] {
            assert_eq!(common.lifecycle, Lifecycle::Deleted, "{}", common.id);
        }
        assert_eq!(store.domain_by_short_id("shortdom").await.unwrap(), None);
        assert_eq!(store.session_all().await.unwrap(), [session(elsewhere)]);
    }

    async fn answers_are_kept_for_their_time(place: &dyn Place) {
        let store = place.open().await;
        let answer = |key: &str, time_us: i64| SavedAnswer {
            key: key.into(),
            request_digest: vec![1, 2],
            time_us,
            status: 200,
            headers: vec![("etag".into(), "e".into())],
            body: b"{}".to_vec(),
        };
        model_create(&*store, &model("m1", "dtmi:a;1", &[]), "{}").await.unwrap();
        let create = async |no: i64, answer: SavedAnswer| {
            let twin = instance(&format!("i{no}"), no);
            let creation = Creation { answer: Some(answer), ..Creation::of(twin) };
            store.resource_create(&creation).await
        };
        create(1, answer("a", 10)).await.unwrap();
        assert_eq!(store.retry_get("a", 10).await.unwrap(), Some(answer("a", 10)));
        assert_eq!(store.retry_get("a", 11).await.unwrap(), None);
        // What is refused has no answer.
        create(1, answer("refused", 10)).await.unwrap_err();
        assert_eq!(store.retry_get("refused", 0).await.unwrap(), None);
        let twin: Instance = store.get("i1").await.unwrap().unwrap();
        let stale = Update { etag: "stale".into(), answer: Some(answer("stale", 11)), ..Update::from(twin.clone()) };
        assert_eq!(store.resource_update(&stale).await, Err(StoreError::EtagMismatch));
        assert_eq!(store.retry_get("stale", 0).await.unwrap(), None);
        let update = Update { answer: Some(answer("update", 11)), ..Update::from(twin) };
        store.resource_update(&update).await.unwrap();
        assert_eq!(store.retry_get("update", 0).await.unwrap(), Some(answer("update", 11)));
        let later = RETRY_TOKEN_US + 11;
        create(2, answer("b", later)).await.unwrap();
        assert_eq!(store.retry_get("a", 0).await.unwrap(), None);
        assert!(store.retry_get("update", 0).await.unwrap().is_some());
        drop(store);
        let store = place.open().await;
        assert_eq!(store.retry_get("b", 0).await.unwrap(), Some(answer("b", later)));
    }
}
