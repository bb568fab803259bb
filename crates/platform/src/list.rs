//! Lists of control-plane resources: filters, order and stable pages (control-plane.md 1.8).

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::Refusal;
use crate::limits::{LIST_ITEMS_DEFAULT, LIST_ITEMS_MAX};
use crate::validate::Findings;

/// A member that a list can be filtered by, exactly unless it says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// OCID.
    Id,
    /// Display name, case-sensitive.
    DisplayName,
    /// Life-cycle state.
    LifecycleState,
    /// DTMI begins with.
    SpecUriPrefix,
    /// DTMI of the model.
    SpecUri,
    /// OCID of the model.
    ModelId,
    /// Connectivity type.
    ConnectivityType,
    /// OCID of the adapter.
    AdapterId,
    /// OCID of a gateway twin of the instance.
    GatewayId,
    /// Content path of a relationship.
    ContentPath,
    /// OCID of the source instance.
    SourceId,
    /// OCID of the target instance.
    TargetId,
    /// OCID of the domain group.
    GroupId,
    /// Type of a domain group.
    GroupType,
    /// OCID of the domain of a flow runtime.
    DomainId,
    /// Status of a work request.
    Status,
    /// OCID of the resource of a work request.
    ResourceId,
}

/// What a list is sorted by; ties are broken by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortBy {
    /// Time of creation; of acceptance for work requests.
    TimeCreated,
    /// Display name.
    DisplayName,
}

/// One page of a list.
#[derive(Debug, Clone)]
pub struct ListQuery {
    /// OCID of the domain, the compartment or the work request that all items belong to.
    pub parent_id: String,
    /// All must hold.
    pub filters: Vec<(Field, String)>,
    /// Sort key.
    pub sort_by: SortBy,
    /// Direction.
    pub descending: bool,
    /// Items on the page.
    pub limit: usize,
    /// The last item of the page before.
    pub after: Option<Cursor>,
    /// What ties the tokens of its pages to this list; empty where nobody gets a token.
    pub token_key: String,
}

/// Place of an item in a sorted list: pages stay stable while others insert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// Sort key as text: microseconds, or the display name.
    pub key: String,
    /// OCID.
    pub id: String,
}

/// One page as the store gives it.
#[derive(Debug, Clone)]
pub struct Listed<T> {
    /// The items.
    pub items: Vec<T>,
    /// Present when another page exists.
    pub next: Option<Cursor>,
}

/// Query parameters of a list as they arrive.
#[derive(Debug, Clone, Default)]
pub struct ListParameters<'a> {
    /// Which list it is: a page token holds for no other one.
    pub list: &'a str,
    /// Name and value of the parameter that says what the items belong to.
    pub parent: (&'a str, Option<&'a str>),
    /// The filters that were given.
    pub filters: Vec<Filter<'a>>,
    /// `limit`
    pub limit: Option<&'a str>,
    /// `page`
    pub page: Option<&'a str>,
    /// `sortBy`
    pub sort_by: Option<&'a str>,
    /// `sortOrder`
    pub sort_order: Option<&'a str>,
}

/// A filter that a client gave.
#[derive(Debug, Clone)]
pub struct Filter<'a> {
    /// Name of the parameter.
    pub name: &'a str,
    /// What it filters by.
    pub field: Field,
    /// The value.
    pub value: &'a str,
    /// Words that the value must be one of; empty for any value.
    pub allowed: &'static [&'static str],
}

/// A `sortBy` and what it means.
pub type SortKey = (&'static str, SortBy);

/// What resources can be sorted by; the first is the default.
pub const RESOURCE_SORT_KEYS: &[SortKey] =
    &[("timeCreated", SortBy::TimeCreated), ("displayName", SortBy::DisplayName)];

impl ListQuery {
    /// Every one of a parent that matches, one page of `limit`: for the platform itself.
    pub fn matching(parent_id: &str, filters: &[(Field, &str)], limit: usize) -> ListQuery {
        ListQuery {
            parent_id: parent_id.to_owned(),
            filters: filters.iter().map(|(field, value)| (*field, (*value).to_owned())).collect(),
            sort_by: SortBy::TimeCreated,
            descending: false,
            limit,
            after: None,
            token_key: String::new(),
        }
    }

    /// Checks the parameters of a list with these sort keys and fills in what the client left out.
    ///
    /// # Errors
    /// `InvalidParameter` with everything that is wrong; `MissingParameter` when it is only the
    /// parent that is missing.
    pub fn read(parameters: &ListParameters<'_>, keys: &[SortKey]) -> Result<ListQuery, Refusal> {
        let mut findings = Findings::default();
        let parent_id = parameters.parent.1.filter(|id| !id.is_empty());
        if parent_id.is_none() {
            findings.missing(parameters.parent.0);
        }
        let (sort_by, descending) = order(parameters, keys, &mut findings);
        let mut filters = Vec::new();
        for Filter { name, field, value, allowed } in &parameters.filters {
            if !allowed.is_empty() && !allowed.contains(value) {
                findings
                    .add(format!("{name} is '{value}'; it must be one of {}", allowed.join(", ")));
            }
            filters.push((*field, (*value).to_owned()));
        }
        let mut query = ListQuery {
            parent_id: parent_id.unwrap_or_default().to_owned(),
            filters,
            sort_by,
            descending,
            limit: limit(parameters.limit, &mut findings),
            after: None,
            token_key: String::new(),
        };
        query.token_key = query.fingerprint(parameters.list);
        query.after = parameters.page.and_then(|token| {
            let cursor = query.cursor(token);
            if cursor.is_none() {
                findings.add(
                    "page is no token of this list with these filters and this order; take it from \
                     opc-next-page and leave the other parameters as they were",
                );
            }
            cursor
        });
        findings.check()?;
        Ok(query)
    }

    /// What makes this list and no other: its name, the parent, the filters and the order.
    fn fingerprint(&self, list: &str) -> String {
        let parts = (list, &self.parent_id, &self.filters, self.sort_by, self.descending);
        let digest = digest(&SHA256, format!("{parts:?}").as_bytes());
        URL_SAFE_NO_PAD.encode(digest.as_ref().get(..TOKEN_KEY_BYTES).unwrap_or_default())
    }

    /// The opaque text of `opc-next-page`.
    pub fn token(&self, next: &Cursor) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}\n{}\n{}", self.token_key, next.id, next.key))
    }

    /// Reads a token back; `None` when it is none of this list.
    fn cursor(&self, token: &str) -> Option<Cursor> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
        let (token_key, place) = text.split_once('\n')?;
        let (id, key) = place.split_once('\n')?;
        let is_time = self.sort_by == SortBy::TimeCreated;
        let fits = token_key == self.token_key && (!is_time || key.parse::<i64>().is_ok());
        fits.then(|| Cursor { id: id.to_owned(), key: key.to_owned() })
    }
}

/// Bytes of the digest that ties a token to its list: enough against confusion, which is all that
/// it is for.
const TOKEN_KEY_BYTES: usize = 9;

/// `sortBy` and `sortOrder`.
fn order(
    parameters: &ListParameters<'_>,
    keys: &[SortKey],
    findings: &mut Findings,
) -> (SortBy, bool) {
    let asked = parameters.sort_by;
    let found = keys.iter().find(|(name, _)| asked.is_none_or(|asked| asked == *name));
    if let (None, Some(asked)) = (found, asked) {
        let names: Vec<_> = keys.iter().map(|(name, _)| *name).collect();
        findings.add(format!("sortBy is '{asked}'; it must be {}", names.join(" or ")));
    }
    let sort_by = found.map_or(SortBy::TimeCreated, |(_, sort_by)| *sort_by);
    let descending = match parameters.sort_order {
        Some(order) if order.eq_ignore_ascii_case("ASC") => false,
        Some(order) if order.eq_ignore_ascii_case("DESC") => true,
        other => {
            if let Some(other) = other {
                findings.add(format!("sortOrder is '{other}'; it must be ASC or DESC"));
            }
            sort_by == SortBy::TimeCreated
        }
    };
    (sort_by, descending)
}

/// `limit`; whole numbers that are too large are cut, however many digits they have.
fn limit(text: Option<&str>, findings: &mut Findings) -> usize {
    let Some(text) = text else { return LIST_ITEMS_DEFAULT };
    let digits = text.trim_start_matches('0');
    let is_number = !digits.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number {
        findings.add(format!("limit is '{text}'; it must be an integer from 1"));
    }
    digits.parse().unwrap_or(LIST_ITEMS_MAX).min(LIST_ITEMS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(parameters: ListParameters<'_>) -> Result<ListQuery, Refusal> {
        let parent = ("iotDomainId", Some("d"));
        let parameters = ListParameters { parent, ..parameters };
        ListQuery::read(&parameters, RESOURCE_SORT_KEYS)
    }

    #[test]
    fn a_token_holds_for_its_own_list_only() {
        let by_name = ListParameters {
            list: "/things",
            sort_by: Some("displayName"),
            ..ListParameters::default()
        };
        let cursor = Cursor { key: "a\nb".into(), id: "ocid1.x.oc0.loc.1".into() };
        let token = read(by_name.clone()).unwrap().token(&cursor);
        let mine = ListParameters { page: Some(&token), limit: Some("3"), ..by_name };
        assert_eq!(read(mine.clone()).unwrap().after, Some(cursor));
        let filter = Filter { name: "id", field: Field::Id, value: "x", allowed: &[] };
        for other in [
            ListParameters { list: "/others", ..mine.clone() },
            ListParameters { sort_by: Some("timeCreated"), ..mine.clone() },
            ListParameters { sort_order: Some("DESC"), ..mine.clone() },
            ListParameters { filters: vec![filter], ..mine.clone() },
            ListParameters { page: Some("no token"), ..mine.clone() },
            ListParameters { page: Some(""), ..mine.clone() },
        ] {
            let refusal = read(other.clone()).expect_err(&format!("{other:?}"));
            assert!(refusal.message.starts_with("page is no token"), "{refusal}");
        }
    }

    #[test]
    fn limits_are_cut_and_checked() {
        let limit = |text| {
            let parameters = ListParameters { limit: text, ..ListParameters::default() };
            read(parameters).map(|query| query.limit)
        };
        assert_eq!(limit(None).unwrap(), 100);
        assert_eq!(limit(Some("007")).unwrap(), 7);
        for large in ["5000", "18446744073709551616", "99999999999999999999999"] {
            assert_eq!(limit(Some(large)).unwrap(), 1000, "{large}");
        }
        for bad in ["0", "00", "-1", "+1", "x", "1.5", ""] {
            assert!(limit(Some(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let filter =
            Filter { name: "type", field: Field::GroupType, value: "x", allowed: &["A", "B"] };
        let parameters = ListParameters {
            parent: ("compartmentId", None),
            filters: vec![filter],
            limit: Some("0"),
            page: Some("!"),
            sort_by: Some("size"),
            sort_order: Some("up"),
            ..ListParameters::default()
        };
        let read = |parameters| ListQuery::read(&parameters, RESOURCE_SORT_KEYS).unwrap_err();
        let refusal = read(parameters);
        for name in ["compartmentId", "type", "limit", "page", "sortBy", "sortOrder"] {
            assert!(refusal.message.lines().any(|line| line.starts_with(name)), "{refusal}");
        }
        let alone = ListParameters { parent: ("compartmentId", None), ..Default::default() };
        assert_eq!(read(alone).code, iot_api::ErrorCode::MissingParameter);
    }

    #[test]
    fn the_default_order_is_newest_first() {
        let query = read(ListParameters::default()).unwrap();
        assert!(query.descending);
        assert_eq!(query.sort_by, SortBy::TimeCreated);
        let by_name = ListParameters { sort_by: Some("displayName"), ..Default::default() };
        assert!(!read(by_name).unwrap().descending);
    }
}
