//! The control plane (control-plane.md 3), one method per operation.

mod adapters;
mod domains;
mod history;
mod instances;
mod models;
mod resources;
mod secrets;

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use http::{HeaderValue, Method};
use iot_api::{CONTROL_PATH, Collection};
use oci_core::date::imf_fixdate;
use oci_core::ocid::{random_hex, random_text};
use oci_core::sign::Signer;
use reqwest::{RequestBuilder, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use adapters::AdapterQuery;
pub use instances::InstanceQuery;
pub use models::ModelQuery;
pub use resources::Kind;

use crate::answer::{Answer, now_s};
use crate::exchange::{Repeat, Tries, base_url, below, exchange, host_and_port, segment};
use crate::limits::PAGES_MAX;
use crate::{ClientError, Identity, RetryPolicy};

const JSON: &str = "application/json";
/// What the cloud's own clients accept for documents of the user's.
const JSON_LD: &str = "application/json, application/ld+json";

/// A client of the control plane. Cheap to clone.
#[derive(Clone)]
pub struct ControlClient {
    http: reqwest::Client,
    base: Url,
    identity: Arc<Identity>,
    /// Shared by clones: they ask the same service.
    tries: Arc<Tries>,
}

/// A request before it is signed.
struct Call<'a> {
    method: Method,
    url: Url,
    accept: &'static str,
    body: Option<&'a [u8]>,
    request_id: String,
    retry_token: Option<String>,
    /// The state that must still be there.
    if_match: Option<String>,
}

impl<'a> Call<'a> {
    fn new(method: Method, url: Url) -> Call<'a> {
        // Kept over all tries, so that the server recognises the repetition.
        let retry_token = (method == Method::POST).then(|| random_text(30));
        let request_id = random_hex(32);
        Call { method, url, accept: JSON, body: None, request_id, retry_token, if_match: None }
    }
}

impl ControlClient {
    /// A client of the control plane at `endpoint`, with or without `/20250531` at its end.
    pub fn new(
        http: reqwest::Client,
        endpoint: &str,
        identity: impl Into<Identity>,
    ) -> Result<ControlClient, ClientError> {
        let mut base = base_url(endpoint)?;
        let path = base.path().trim_end_matches('/');
        let path = path.strip_suffix(CONTROL_PATH).unwrap_or(path);
        base.set_path(&format!("{path}{CONTROL_PATH}"));
        let tries = Arc::new(Tries::new(RetryPolicy::default()));
        Ok(ControlClient { http, base, identity: Arc::new(identity.into()), tries })
    }

    /// The address of the control plane, version included.
    pub fn endpoint(&self) -> &str {
        self.base.as_str()
    }

    /// The same client with other bounds for its tries.
    pub fn with_retry(self, policy: RetryPolicy) -> ControlClient {
        ControlClient { tries: Arc::new(Tries::new(policy)), ..self }
    }

    async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        id: &str,
        tail: &str,
        accept: &'static str,
    ) -> Result<T, ClientError> {
        self.get_with(path, id, tail, &[], accept).await
    }

    async fn get_with<T: DeserializeOwned>(
        &self,
        path: &str,
        id: &str,
        tail: &str,
        query: &[(&str, &str)],
        accept: &'static str,
    ) -> Result<T, ClientError> {
        let url = below(&self.base, &format!("{path}/{}{tail}", segment(id)?), query);
        let call = Call { accept, ..Call::new(Method::GET, url) };
        self.send(&call, Repeat::Always).await?.json()
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        details: &impl Serialize,
    ) -> Result<T, ClientError> {
        self.post_as(path, details, None).await
    }

    /// A create; its retry token is a random one unless it is given.
    async fn post_as<T: DeserializeOwned>(
        &self,
        path: &str,
        details: &impl Serialize,
        retry_token: Option<&str>,
    ) -> Result<T, ClientError> {
        let body = serde_json::to_vec(details)
            .map_err(|error| ClientError::setup(format!("cannot write the request: {error}")))?;
        let mut call =
            Call { body: Some(&body), ..Call::new(Method::POST, below(&self.base, path, &[])) };
        call.retry_token = retry_token.map(str::to_owned).or(call.retry_token);
        self.send(&call, Repeat::Always).await?.json()
    }

    /// An action on a resource; its answer has no body.
    async fn act(
        &self,
        path: &str,
        id: &str,
        action: &str,
        details: &impl Serialize,
    ) -> Result<Answer, ClientError> {
        let body = serde_json::to_vec(details)
            .map_err(|error| ClientError::setup(format!("cannot write the request: {error}")))?;
        let url = below(&self.base, &format!("{path}/{}{action}", segment(id)?), &[]);
        let call = Call { body: Some(&body), ..Call::new(Method::POST, url) };
        // The platform does not know these by their retry token: a second try is a second command.
        self.send(&call, Repeat::Never).await
    }

    async fn delete(&self, path: &str, id: &str) -> Result<(), ClientError> {
        let url = below(&self.base, &format!("{path}/{}", segment(id)?), &[]);
        self.send(&Call::new(Method::DELETE, url), Repeat::UntilGone).await.map(|_| ())
    }

    /// Every item of a list, page by page.
    async fn list<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, Option<&str>)],
    ) -> Result<Vec<T>, ClientError> {
        let query: Vec<(&str, &str)> =
            query.iter().filter_map(|(name, value)| value.map(|value| (*name, value))).collect();
        let mut items = Vec::new();
        let mut seen = HashSet::new();
        let mut page: Option<String> = None;
        loop {
            let mut query = query.clone();
            query.extend(page.as_deref().map(|page| ("page", page)));
            let call = Call::new(Method::GET, below(&self.base, path, &query));
            let answer = self.send(&call, Repeat::Always).await?;
            items.extend(answer.json::<Collection<T>>()?.items);
            let Some(next) = answer.header("opc-next-page") else {
                return Ok(items);
            };
            if seen.len() == PAGES_MAX || !seen.insert(next.to_owned()) {
                return Err(answer.protocol("the list has no end: a page comes again"));
            }
            page = Some(next.to_owned());
        }
    }

    async fn send(&self, call: &Call<'_>, repeat: Repeat) -> Result<Answer, ClientError> {
        let signer = self.identity.signer().await?;
        match self.send_as(&signer, call, repeat).await {
            // A token may end early, or its key have changed: once more with a new one.
            Err(error) if error.status() == Some(401) => {
                match self.identity.other_than(&signer).await? {
                    Some(signer) => self.send_as(&signer, call, repeat).await,
                    None => Err(error),
                }
            }
            outcome => outcome,
        }
    }

    async fn send_as(
        &self,
        signer: &Signer,
        call: &Call<'_>,
        repeat: Repeat,
    ) -> Result<Answer, ClientError> {
        exchange(&call.url, repeat, &self.tries, || self.signed(signer, call)).await
    }

    /// The request as it goes out, dated and signed now.
    fn signed(&self, signer: &Signer, call: &Call<'_>) -> Result<RequestBuilder, ClientError> {
        let target = match call.url.query() {
            Some(query) => format!("{}?{query}", call.url.path()),
            None => call.url.path().to_owned(),
        };
        let headers = signer.sign(
            call.method.as_str(),
            &target,
            &host_and_port(&call.url),
            &imf_fixdate(now_s()),
            call.body.map(|body| (body, JSON)),
        );
        let mut request = self
            .http
            .request(call.method.clone(), call.url.clone())
            .header("accept", call.accept)
            .header("opc-request-id", &call.request_id);
        for (name, value) in headers {
            let mut value = HeaderValue::from_str(&value).map_err(|_| {
                ClientError::setup(format!("the header `{name}` cannot hold its value"))
            })?;
            value.set_sensitive(name == "authorization");
            request = request.header(name, value);
        }
        if let Some(token) = &call.retry_token {
            request = request.header("opc-retry-token", token);
        }
        if let Some(etag) = &call.if_match {
            request = request.header("if-match", etag);
        }
        match call.body {
            Some(body) => Ok(request.body(body.to_vec())),
            None => Ok(request.header("content-type", JSON)),
        }
    }
}

impl fmt::Debug for ControlClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ControlClient").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}
