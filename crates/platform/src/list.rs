//! Lists of control-plane resources: filters, order and stable pages (control-plane.md 1.8).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::Refusal;
use crate::limits::{LIST_ITEMS_DEFAULT, LIST_ITEMS_MAX};

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
pub struct ListParameters {
    /// `limit`
    pub limit: Option<String>,
    /// `page`
    pub page: Option<String>,
    /// `sortBy`
    pub sort_by: Option<String>,
    /// `sortOrder`
    pub sort_order: Option<String>,
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
        }
    }

    /// Checks the parameters of a list of resources and fills in what the client left out.
    ///
    /// # Errors
    /// `InvalidParameter` naming the parameter.
    pub fn new(parent_id: String, parameters: &ListParameters) -> Result<ListQuery, Refusal> {
        ListQuery::sorted(parent_id, parameters, RESOURCE_SORT_KEYS)
    }

    /// The same for a list with these sort keys.
    ///
    /// # Errors
    /// `InvalidParameter` naming the parameter.
    pub fn sorted(
        parent_id: String,
        parameters: &ListParameters,
        keys: &[SortKey],
    ) -> Result<ListQuery, Refusal> {
        let sort_by = match parameters.sort_by.as_deref() {
            None => keys.first().map_or(SortBy::TimeCreated, |(_, sort_by)| *sort_by),
            Some(asked) => match keys.iter().find(|(name, _)| *name == asked) {
                Some((_, sort_by)) => *sort_by,
                None => {
                    let names: Vec<_> = keys.iter().map(|(name, _)| *name).collect();
                    return Err(Refusal::invalid(format!(
                        "sortBy is '{asked}'; it must be {}",
                        names.join(" or ")
                    )));
                }
            },
        };
        let descending = match parameters.sort_order.as_deref() {
            None => sort_by == SortBy::TimeCreated,
            Some(order) if order.eq_ignore_ascii_case("ASC") => false,
            Some(order) if order.eq_ignore_ascii_case("DESC") => true,
            Some(other) => {
                return Err(Refusal::invalid(format!(
                    "sortOrder is '{other}'; it must be ASC or DESC"
                )));
            }
        };
        let after = match parameters.page.as_deref() {
            None => None,
            Some(token) => Some(Cursor::from_token(token).ok_or_else(|| {
                Refusal::invalid("page is not a token of this list; take it from opc-next-page")
            })?),
        };
        let limit = limit(parameters.limit.as_deref())?;
        Ok(ListQuery { parent_id, filters: Vec::new(), sort_by, descending, limit, after })
    }

    /// Adds a filter when the client gave a value.
    pub fn filter(mut self, field: Field, value: Option<String>) -> ListQuery {
        self.filters.extend(value.map(|value| (field, value)));
        self
    }
}

fn limit(text: Option<&str>) -> Result<usize, Refusal> {
    let Some(text) = text else { return Ok(LIST_ITEMS_DEFAULT) };
    match text.parse::<usize>() {
        Ok(limit) if limit > 0 => Ok(limit.min(LIST_ITEMS_MAX)),
        _ => Err(Refusal::invalid(format!("limit is '{text}'; it must be an integer from 1"))),
    }
}

impl Cursor {
    /// The opaque text of `opc-next-page`.
    pub fn to_token(&self) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}\n{}", self.id, self.key))
    }

    /// Reads a token back; `None` when it is none of ours.
    pub fn from_token(token: &str) -> Option<Cursor> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
        let (id, key) = text.split_once('\n')?;
        Some(Cursor { id: id.to_owned(), key: key.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_survive_the_round_trip() {
        let cursor = Cursor { key: "a\nb".into(), id: "ocid1.x.oc0.loc.1".into() };
        assert_eq!(Cursor::from_token(&cursor.to_token()), Some(cursor));
        assert_eq!(Cursor::from_token("no token"), None);
    }

    #[test]
    fn limits_are_cut_and_checked() {
        assert_eq!(limit(None).unwrap(), 100);
        assert_eq!(limit(Some("5000")).unwrap(), 1000);
        for bad in ["0", "-1", "x", "1.5", ""] {
            assert!(limit(Some(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_default_order_is_newest_first() {
        let query = ListQuery::new("d".into(), &ListParameters::default()).unwrap();
        assert!(query.descending);
        assert_eq!(query.sort_by, SortBy::TimeCreated);
        let by_name =
            ListParameters { sort_by: Some("displayName".into()), ..ListParameters::default() };
        assert!(!ListQuery::new("d".into(), &by_name).unwrap().descending);
    }
}
