//! The vault service's operations on secrets: name, method and path in one table.

use super::{SECRET_BUNDLES_PATH, VAULTS_PATH};
use crate::operation::operations;

operations! {
    /// An operation of the vault service on secrets.
    VaultOperation:
    ListSecrets GET "/secrets",
    CreateSecret POST "/secrets",
    GetSecret GET "/secrets/{}",
    UpdateSecret PUT "/secrets/{}",
    ListSecretVersions GET "/secrets/{}/versions",
    GetSecretVersion GET "/secrets/{}/version/{}",
    ScheduleSecretDeletion POST "/secrets/{}/actions/scheduleDeletion",
    CancelSecretDeletion POST "/secrets/{}/actions/cancelDeletion",
    ChangeSecretCompartment POST "/secrets/{}/actions/changeCompartment",
    RotateSecret POST "/secrets/{}/actions/rotate",
    CancelSecretRotation POST "/secrets/{}/actions/cancelRotation",
    ScheduleSecretVersionDeletion POST "/secrets/{}/version/{}/actions/scheduleDeletion",
    CancelSecretVersionDeletion POST "/secrets/{}/version/{}/actions/cancelDeletion",
    GetSecretBundleByName POST "/secretbundles/actions/getByName",
    GetSecretBundle GET "/secretbundles/{}",
    ListSecretBundleVersions GET "/secretbundles/{}/versions",
}

impl VaultOperation {
    /// The version that its path begins with.
    pub fn prefix(self) -> &'static str {
        if self.path().starts_with("/secretbundles") { SECRET_BUNDLES_PATH } else { VAULTS_PATH }
    }
}

/// What a method and a path name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found<'a> {
    /// An operation, with the ids of the path in their order (still percent-encoded).
    Operation(VaultOperation, Vec<&'a str>),
    /// The path exists with these methods only.
    MethodNotAllowed(Vec<&'static str>),
    /// No such path.
    NotFound,
}

/// Finds the operation of a method and of a whole path.
pub fn find<'a>(method: &str, path: &'a str) -> Found<'a> {
    let mut methods = Vec::new();
    for &operation in VaultOperation::ALL {
        let below = path.strip_prefix(operation.prefix());
        let Some(ids) = below.and_then(|below| ids(operation.path(), below)) else { continue };
        if operation.method() == method {
            return Found::Operation(operation, ids);
        }
        methods.push(operation.method());
    }
    if methods.is_empty() { Found::NotFound } else { Found::MethodNotAllowed(methods) }
}

/// The segments at the places of `{}`, when `path` has the shape of `pattern`.
fn ids<'a>(pattern: &str, path: &'a str) -> Option<Vec<&'a str>> {
    let (mut pattern, mut path) = (pattern.split('/'), path.split('/'));
    let mut ids = Vec::new();
    loop {
        match (pattern.next(), path.next()) {
            (None, None) => return Some(ids),
            (Some("{}"), Some(id)) if !id.is_empty() => ids.push(id),
            (Some(expected), Some(found)) if expected == found => {}
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_apart() {
        let is = |method, path, operation, ids: &[&str]| {
            assert_eq!(find(method, path), Found::Operation(operation, ids.to_vec()), "{path}");
        };
        is("GET", "/20190301/secretbundles/x", VaultOperation::GetSecretBundle, &["x"]);
        is("POST", "/20180608/secrets", VaultOperation::CreateSecret, &[]);
        is("GET", "/20180608/secrets/x/version/1", VaultOperation::GetSecretVersion, &["x", "1"]);
        let by_name = "/20190301/secretbundles/actions/getByName";
        is("POST", by_name, VaultOperation::GetSecretBundleByName, &[]);
        assert_eq!(
            find("DELETE", "/20180608/secrets/x"),
            Found::MethodNotAllowed(vec!["GET", "PUT"])
        );
        assert_eq!(find("GET", "/20190301/secrets/x"), Found::NotFound);
        assert_eq!(find("GET", "/20180608/secrets//versions"), Found::NotFound);
    }
}
