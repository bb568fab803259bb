//! Models, adapters and instances.

use super::{Place, cases, deletion, instance, model, model_create};
use crate::list::{Field, ListQuery};
use crate::store::{Creation, Instance, Kind, Lifecycle, StoreError};

cases! {
    async fn resources_are_kept_listed_and_protected(place: &dyn Place) {
        let store = place.open().await;
        model_create(&*store, &model("m1", "dtmi:a;1", &[]), "{ \"x\": 1.0 }").await.unwrap();
        assert_eq!(store.resource_document(Kind::Model, "m1").await.unwrap().as_deref(), Some("{ \"x\": 1.0 }"));
        let again = model_create(&*store, &model("m2", "dtmi:a;1", &[]), "{}").await;
        assert!(matches!(again, Err(StoreError::Duplicate(text)) if text.contains("dtmi:a;1")));
        for no in 0..5 {
            store.resource_create(&Creation::of(instance(&format!("i{no}"), no))).await.unwrap();
        }
        let used = store.resource_delete(Kind::Model, &deletion("m1", None)).await;
        assert!(matches!(used, Err(StoreError::InUse(text)) if text.contains("i0")));

        let mut query = ListQuery::matching("dom", &[], 2);
        query.descending = true;
        let mut seen = Vec::new();
        loop {
            let page = store.list::<Instance>(&query).await.unwrap();
            seen.extend(page.items.into_iter().map(|item| item.common.id));
            let Some(next) = page.next else { break };
            query.after = Some(next);
        }
        assert_eq!(seen, ["i4", "i3", "i2", "i1", "i0"]);
        let named = ListQuery::matching("dom", &[(Field::DisplayName, "name i3")], 100);
        assert_eq!(store.list::<Instance>(&named).await.unwrap().items.len(), 1);

        let stale = store.resource_delete(Kind::Instance, &deletion("i0", Some("old"))).await;
        assert_eq!(stale, Err(StoreError::EtagMismatch));
        for no in 0..5 {
            store.resource_delete(Kind::Instance, &deletion(&format!("i{no}"), Some("e1"))).await.unwrap();
        }
        let gone = store.get::<Instance>("i0").await.unwrap().unwrap();
        assert_eq!((gone.common.lifecycle, gone.common.time_updated_us), (Lifecycle::Deleted, 99));
        assert_ne!(gone.common.etag, "e1");
        model_create(&*store, &model("m3", "dtmi:b;1", &["dtmi:a;1"]), "{}").await.unwrap();
        assert!(matches!(store.resource_delete(Kind::Model, &deletion("m1", None)).await, Err(StoreError::InUse(_))));
        store.resource_delete(Kind::Model, &deletion("m3", None)).await.unwrap();
        store.resource_delete(Kind::Model, &deletion("m1", None)).await.unwrap();
        assert!(matches!(
            store.resource_create(&Creation::of(instance("i9", 9))).await,
            Err(StoreError::NotFound(_))
        ));
    }
}
