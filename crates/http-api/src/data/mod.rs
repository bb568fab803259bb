//! The data API: bearer token, collection, page or item (data-api.md 2).

mod page;
mod past;
mod problem;
mod rows;
mod stream;

use std::sync::Arc;

use http::request::Parts;
use http::{HeaderMap, Method};
use iot_api::data::DataCollection;
use platform::Platform;
use platform::limits::{DATA_ROWS_DEFAULT, DATA_ROWS_MAX};
use platform::store::{DataQuery, Domain, DomainGroup, StoreError, TokenIssuer};

use crate::answer::{Answer, set};
use crate::dispatch::Peer;
use crate::query::{Query, decode};
use problem::{Problem, answer as problem};

pub(crate) use stream::Session;

/// Rows skipped at most: no table has as many, and sums with a limit stay within 64 bits.
const OFFSET_MAX: u64 = 1 << 62;

/// Path of the stream of events, beside the collections; OCI has none. Paths of our own have one
/// spelling, with the version.
const STREAM: &str = "stream";
/// Path of content as of an instant, above the OCID of the instance; OCI has none.
const PAST: &str = "contentAt";

/// Answers a request of the data API.
pub(crate) async fn answer(
    platform: &Arc<Platform>,
    peer: &Arc<Peer>,
    parts: &Parts,
    host: &str,
    group: Option<&str>,
) -> Answer {
    match run(platform, peer, parts, host, group).await {
        Ok(answer) => answer,
        Err(problem) => *problem,
    }
}

async fn run(
    platform: &Arc<Platform>,
    peer: &Arc<Peer>,
    parts: &Parts,
    host: &str,
    group: Option<&str>,
) -> Result<Answer, Box<Answer>> {
    let path = parts.uri.path();
    if !matches!(parts.method, Method::GET | Method::HEAD) {
        let mut answer = problem(Problem::MethodNotAllowed, "the data API is read with GET");
        set(&mut answer, "allow", "GET, HEAD");
        return Err(Box::new(answer));
    }
    let not_found = || Box::new(problem(Problem::NotFound, "Not Found"));
    let mut segments = path.trim_start_matches('/').trim_end_matches('/').split('/');
    if segments.next() != Some("ords") {
        return Err(not_found());
    }
    let short_id = segments.next().ok_or_else(not_found)?;
    let domain = platform.domain_by_short_id(short_id).await.map_err(|_| fault())?;
    let bearer = bearer(&parts.headers);
    let grant = match bearer {
        None => return Err(Box::new(problem::unauthorized(false))),
        Some(token) => platform.token_check(token),
    };
    let grant = grant.ok_or_else(|| Box::new(problem::unauthorized(true)))?;
    let (domain, owner) = domain.ok_or_else(not_found)?;
    check_scope(&domain, &owner, group, &grant)?;
    let mut rest: Vec<&str> = segments.collect();
    let has_version = rest.first() == Some(&"20250531");
    if has_version {
        rest.remove(0);
    }
    let query = Query::parse(parts.uri.query().unwrap_or_default());
    let collection = |name: &&str| DataCollection::from_name(name);
    match rest.as_slice() {
        [name] if has_version && *name == STREAM => {
            stream::answer(platform, peer, parts, &domain, group, grant).await
        }
        [name, id] if has_version && *name == PAST => {
            past::answer(platform, &domain.common.id, &decode(id, false), &query).await
        }
        [name] => {
            let collection = collection(name).ok_or_else(not_found)?;
            let base = format!("https://{host}{}", path.trim_end_matches('/'));
            list(platform, &domain, collection, &query, &base).await
        }
        [name, id] => {
            let collection = collection(name).ok_or_else(not_found)?;
            let (parent, _) = path.trim_end_matches('/').rsplit_once('/').ok_or_else(not_found)?;
            let id = decode(id, false);
            let item = platform.data_get(&domain.common.id, collection, &id).await;
            let item = item.map_err(store_failed)?.ok_or_else(not_found)?;
            Ok(page::item(collection, item, &format!("https://{host}{parent}")))
        }
        _ => Err(not_found()),
    }
}

async fn list(
    platform: &Platform,
    domain: &Domain,
    collection: DataCollection,
    query: &Query,
    base: &str,
) -> Result<Answer, Box<Answer>> {
    let bad = |message: String| Box::new(problem(Problem::BadRequest, &message));
    let limit = number(query, "limit", 1, DATA_ROWS_DEFAULT).map_err(bad)?.min(DATA_ROWS_MAX);
    let offset = number(query, "offset", 0, 0).map_err(bad)?.min(OFFSET_MAX);
    let q = query.get("q").unwrap_or_default();
    let parsed = ords_filter::parse(q, platform::data::columns(collection))
        .map_err(|error| bad(error.to_string()))?;
    let wanted =
        DataQuery { domain_id: domain.common.id.clone(), collection, query: parsed, limit, offset };
    let (rows, has_more) = platform.data_list(wanted).await.map_err(store_failed)?;
    Ok(page::list(collection, rows, has_more, (limit, offset), base, q))
}

fn check_scope(
    domain: &Domain,
    owner: &DomainGroup,
    group: Option<&str>,
    grant: &platform::tokens::Grant,
) -> Result<(), Box<Answer>> {
    if group.is_some_and(|group| !group.eq_ignore_ascii_case(&owner.short_id)) {
        return Err(Box::new(problem(Problem::NotFound, "Not Found")));
    }
    let fits = grant.domain_short_id.eq_ignore_ascii_case(&domain.short_id)
        && grant.group_short_id.eq_ignore_ascii_case(&owner.short_id);
    if fits && domain.token_issuer != Some(TokenIssuer::Own) {
        return Err(Box::new(problem::unauthorized(true)));
    }
    if fits {
        return Ok(());
    }
    Err(Box::new(problem(Problem::Forbidden, "the token is for another domain")))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(http::header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn number(query: &Query, name: &str, least: u64, default: u64) -> Result<u64, String> {
    let Some(text) = query.get(name) else { return Ok(default) };
    match text.parse::<u64>() {
        Ok(value) if value >= least => Ok(value),
        _ => {
            Err(format!("{name} is '{}'; it must be an integer from {least}", text.escape_debug()))
        }
    }
}

fn store_failed(error: StoreError) -> Box<Answer> {
    if error == StoreError::TooSlow {
        tracing::warn!("a query of the data API took too long and was stopped");
        return Box::new(problem(Problem::ServiceUnavailable, platform::data::TOO_SLOW));
    }
    tracing::error!(?error, "the store failed to read data");
    fault()
}

fn fault() -> Box<Answer> {
    Box::new(problem(Problem::InternalServerError, "Internal Server Error"))
}
