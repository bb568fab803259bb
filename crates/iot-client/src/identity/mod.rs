//! In whose name calls are signed, and when the means to do so are renewed (control-plane.md 2.5).

mod instance;
mod metadata;

use std::fmt;
use std::sync::Arc;

use oci_core::sign::{Signer, printable_key_id};
use oci_core::token;
use tokio::sync::Mutex;

pub use instance::InstancePrincipal;
pub use metadata::{InstanceMetadata, InstanceRegion};

use crate::ClientError;
use crate::answer::now_s;
use crate::limits::TOKEN_GRACE_S;

/// Makes a signer from what the process was handed; called again when the token ends or is
/// refused.
type Read = Box<dyn Fn() -> Result<Signer, ClientError> + Send + Sync>;

/// The name that calls are signed in.
pub struct Identity {
    source: Source,
    /// What a renewable source gave last. Held while it is renewed, so that calls at one time
    /// renew once.
    current: Mutex<Option<Current>>,
}

enum Source {
    Fixed(Arc<Signer>),
    Instance(Box<InstancePrincipal>),
    Read(Read),
}

struct Current {
    signer: Arc<Signer>,
    /// End of the token; `None` when it names none.
    expires_s: Option<i64>,
}

impl Identity {
    /// The certificate of the compute instance that this is.
    pub fn instance(principal: InstancePrincipal) -> Identity {
        Identity::of(Source::Instance(Box::new(principal)))
    }

    /// A token and its key that `read` finds, as those of a resource principal. `read` is called
    /// again when the token ends or is refused, because somebody else replaces both.
    pub fn read(
        read: impl Fn() -> Result<Signer, ClientError> + Send + Sync + 'static,
    ) -> Identity {
        Identity::of(Source::Read(Box::new(read)))
    }

    fn of(source: Source) -> Identity {
        Identity { source, current: Mutex::new(None) }
    }

    /// The signer for a call; renewed before its token ends.
    pub(crate) async fn signer(&self) -> Result<Arc<Signer>, ClientError> {
        if let Source::Fixed(signer) = &self.source {
            return Ok(signer.clone());
        }
        let mut current = self.current.lock().await;
        match &*current {
            Some(known) if known.is_fresh(now_s()) => Ok(known.signer.clone()),
            _ => self.renew(&mut current).await,
        }
    }

    /// A signer other than the refused one, if there can be one.
    pub(crate) async fn other_than(
        &self,
        refused: &Arc<Signer>,
    ) -> Result<Option<Arc<Signer>>, ClientError> {
        if let Source::Fixed(_) = &self.source {
            return Ok(None);
        }
        let mut current = self.current.lock().await;
        match &*current {
            // Another call was faster.
            Some(known) if !Arc::ptr_eq(&known.signer, refused) => Ok(Some(known.signer.clone())),
            _ => self.renew(&mut current).await.map(Some),
        }
    }

    async fn renew(&self, current: &mut Option<Current>) -> Result<Arc<Signer>, ClientError> {
        let signer = match &self.source {
            Source::Fixed(signer) => signer.clone(),
            Source::Instance(principal) => Arc::new(principal.sign_in().await?),
            Source::Read(read) => Arc::new(read()?),
        };
        let expires_s = token::expires_s(&signer.key_id);
        tracing::debug!("Signing as {}", printable_key_id(&signer.key_id));
        *current = Some(Current { signer: signer.clone(), expires_s });
        Ok(signer)
    }
}

impl Current {
    fn is_fresh(&self, now_s: i64) -> bool {
        self.expires_s.is_none_or(|end| end > now_s.saturating_add(TOKEN_GRACE_S))
    }
}

/// A key, or a token that nobody renews.
impl From<Arc<Signer>> for Identity {
    fn from(signer: Arc<Signer>) -> Identity {
        Identity::of(Source::Fixed(signer))
    }
}

impl From<Signer> for Identity {
    fn from(signer: Signer) -> Identity {
        Arc::new(signer).into()
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Source::Fixed(signer) => write!(f, "Identity({signer:?})"),
            Source::Instance(_) => f.write_str("Identity(instance principal)"),
            Source::Read(_) => f.write_str("Identity(token handed to the process)"),
        }
    }
}
