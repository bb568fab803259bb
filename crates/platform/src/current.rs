//! The platform that serves now.

use std::sync::{Arc, PoisonError, RwLock};

use crate::platform::Platform;

/// What listeners ask for the platform: the same one for the whole run, unless an emulation
/// restores a state and starts another one on it. Clones share it.
#[derive(Clone)]
pub struct Current(Arc<RwLock<Arc<Platform>>>);

impl Current {
    /// The platform for the next request or connection.
    pub fn get(&self) -> Arc<Platform> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts another platform in its place.
    pub fn replace(&self, platform: Arc<Platform>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = platform;
    }
}

impl From<Arc<Platform>> for Current {
    fn from(platform: Arc<Platform>) -> Current {
        Current(Arc::new(RwLock::new(platform)))
    }
}
