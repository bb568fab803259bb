//! Retry tokens: the same request twice has one effect and one answer (control-plane.md 1.2, 5.9).

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use iot_api::ErrorCode;

use crate::error::Refusal;
use crate::limits::{RETRY_TOKEN_CHARS_MAX, RETRY_TOKEN_US};
use crate::platform::Platform;
use crate::store::{Kind, Lifecycle, SavedAnswer};

/// Keys of requests that are being answered.
#[derive(Default)]
pub(crate) struct RetriesRunning(Mutex<HashSet<String>>);

/// A request with a retry token that is answered for the first time; ends with its value.
pub struct Attempt<'a> {
    running: &'a RetriesRunning,
    key: String,
    digest: Vec<u8>,
    time_us: i64,
}

impl Attempt<'_> {
    /// The answer, to be kept for 24 hours in one step with what the request changes.
    pub fn answer(
        &self,
        status: u16,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    ) -> SavedAnswer {
        SavedAnswer {
            key: self.key.clone(),
            request_digest: self.digest.clone(),
            time_us: self.time_us,
            status,
            headers,
            body,
        }
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        let mut running = self.running.0.lock().unwrap_or_else(PoisonError::into_inner);
        running.remove(&self.key);
    }
}

/// The resource in an answer.
#[derive(serde::Deserialize)]
struct Made {
    id: String,
}

/// What a retry token says about a request.
pub enum Retry<'a> {
    /// It is new: carry it out, and keep its answer with what it changes.
    New(Attempt<'a>),
    /// It was answered so.
    Answered(SavedAnswer),
}

impl Platform {
    /// Looks a token of a user up; `request` is all that makes the request what it is.
    ///
    /// # Errors
    /// `InvalidatedRetryToken` for another request with this token, `IncorrectState` while the
    /// first one is still being answered.
    pub async fn retry_begin(
        &self,
        user_id: &str,
        token: &str,
        request: &[&[u8]],
    ) -> Result<Retry<'_>, Refusal> {
        if token.is_empty() || token.chars().count() > RETRY_TOKEN_CHARS_MAX {
            return Err(Refusal::invalid(format!(
                "opc-retry-token: 1 to {RETRY_TOKEN_CHARS_MAX} characters"
            )));
        }
        let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
        for part in request {
            context.update(part);
            context.update(b"\n");
        }
        let digest = context.finish().as_ref().to_vec();
        let key = format!("{user_id}/{token}");
        let is_first = {
            let mut running = self.retries.0.lock().unwrap_or_else(PoisonError::into_inner);
            running.insert(key.clone())
        };
        if !is_first {
            return Err(Refusal::new(
                ErrorCode::IncorrectState,
                "a request with this opc-retry-token is being answered; ask again",
            ));
        }
        let time_us = self.now_us();
        let attempt = Attempt { running: &self.retries, key, digest, time_us };
        let since_us = time_us - RETRY_TOKEN_US;
        match self.store().retry_get(&attempt.key, since_us).await? {
            None => Ok(Retry::New(attempt)),
            Some(saved) if saved.request_digest != attempt.digest => Err(Refusal::new(
                ErrorCode::InvalidatedRetryToken,
                "opc-retry-token: it was used for another request within the last 24 hours",
            )),
            Some(saved) if self.is_deleted(&saved).await? => Err(Refusal::new(
                ErrorCode::InvalidatedRetryToken,
                "opc-retry-token: what its request made was deleted since; to make it anew, send a \
                 new token",
            )),
            Some(saved) => Ok(Retry::Answered(saved)),
        }
    }

    /// Whether the resource that an answer shows was deleted since: showing it again would say
    /// that it is there (control-plane.md 1.10).
    async fn is_deleted(&self, saved: &SavedAnswer) -> Result<bool, Refusal> {
        let Ok(Made { id }) = serde_json::from_slice(&saved.body) else { return Ok(false) };
        let is_of = |kind: &&Kind| id.split('.').nth(1) == Some(kind.type_word());
        let Some(kind) = Kind::ALL.iter().find(is_of) else { return Ok(false) };
        let record = self.store().resource_get(*kind, &id).await?;
        Ok(record.is_none_or(|record| record.common().lifecycle == Lifecycle::Deleted))
    }
}
