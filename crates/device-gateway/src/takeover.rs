//! One connection per twin and client id: the newer takes the older over (devices.md 3).

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Twin OCID and client id.
type Key = (String, String);

/// The holders of the whole process: a device may come back through another listener. Twin OCIDs
/// are unique, so several platforms do not meet here.
static HOLDERS: LazyLock<Mutex<HashMap<Key, Arc<Notify>>>> = LazyLock::new(Mutex::default);

/// A connection's claim on its client id, given back when dropped.
pub(crate) struct Claim {
    /// `None` for an assigned client id, which nobody else can have.
    key: Option<Key>,
    lost: Arc<Notify>,
}

impl Claim {
    /// Claims the client id and tells the connection that had it to go.
    pub fn new(twin_id: &str, client_id: &str) -> Claim {
        let lost = Arc::new(Notify::new());
        let key = (!client_id.is_empty()).then(|| (twin_id.to_owned(), client_id.to_owned()));
        if let Some(key) = &key
            && let Some(older) = holders().insert(key.clone(), lost.clone())
        {
            older.notify_one();
        }
        Claim { key, lost }
    }

    /// Waits until a newer connection has the claim.
    pub async fn lost(&self) {
        self.lost.notified().await;
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let Some(key) = &self.key else { return };
        let mut holders = holders();
        if holders.get(key).is_some_and(|holder| Arc::ptr_eq(holder, &self.lost)) {
            holders.remove(key);
        }
    }
}

fn holders() -> MutexGuard<'static, HashMap<Key, Arc<Notify>>> {
    HOLDERS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    async fn is_lost(claim: &Claim) -> bool {
        tokio::time::timeout(Duration::from_millis(10), claim.lost()).await.is_ok()
    }

    #[tokio::test]
    async fn the_newer_connection_has_the_client_id() {
        let first = Claim::new("twin-1", "client");
        let second = Claim::new("twin-1", "client");
        assert!(is_lost(&first).await);
        drop(first);
        let third = Claim::new("twin-1", "client");
        assert!(is_lost(&second).await, "the first's end does not free the second's claim");
        drop((second, third));
        assert!(!holders().contains_key(&("twin-1".to_owned(), "client".to_owned())));
    }

    #[tokio::test]
    async fn others_keep_theirs() {
        let first = Claim::new("twin-2", "client");
        let assigned = Claim::new("twin-2", "");
        let _others =
            [Claim::new("twin-3", "client"), Claim::new("twin-2", "b"), Claim::new("twin-2", "")];
        assert!(!is_lost(&first).await);
        assert!(!is_lost(&assigned).await);
    }
}
