//! Users, keys and compartments.

use super::{Place, cases};
use crate::store::{ApiKey, Compartment, StoreError, User};

fn user(name: &str) -> User {
    User {
        id: format!("id of {name}"),
        name: name.into(),
        statements: vec![format!("allow user {name} to read secrets in tenancy")],
        time_created_us: 1,
    }
}

fn key(id: &str, user: &User) -> ApiKey {
    ApiKey { key_id: id.into(), user_id: user.id.clone(), public_key_pem: "pem".into() }
}

cases! {
    async fn users_come_and_go_with_their_keys(place: &dyn Place) {
        let store = place.open().await;
        let (ann, plant) = (user("ann"), Compartment {
            id: "c1".into(),
            name: "plant".into(),
            time_created_us: 1,
        });
        store.user_create(&ann, &key("t/ann/1", &ann), Some(&plant)).await.unwrap();
        store.api_key_create(&key("t/ann/2", &ann)).await.unwrap();
        let found = store.identity_get("t/ann/2").await.unwrap().unwrap();
        assert_eq!((found.user, found.compartments), (ann.clone(), vec![plant]));
        let all = store.user_all().await.unwrap();
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].key_ids, ["t/ann/1", "t/ann/2"]);

        let twin = User { id: "another id".into(), ..ann.clone() };
        let refused = store.user_create(&twin, &key("t/x/1", &twin), None).await;
        assert!(matches!(refused, Err(StoreError::Duplicate(_))));
        assert!(store.identity_get("t/x/1").await.unwrap().is_none(), "all or nothing");

        store.user_delete("ann").await.unwrap();
        assert!(store.identity_get("t/ann/1").await.unwrap().is_none());
        assert!(store.identity_get("t/ann/2").await.unwrap().is_none());
        assert!(matches!(store.user_delete("ann").await, Err(StoreError::NotFound(_))));
        assert_eq!(store.compartment_all().await.unwrap().len(), 1, "compartments stay");
    }
}
