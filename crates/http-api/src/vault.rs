//! The vault service's operations on secrets: known by name, none of them served.

use iot_api::ErrorCode;

use crate::answer::{Answer, error};

/// Method, path below the version (`{}` is an id) and name.
const OPERATIONS: &[(&str, &str, &str)] = &[
    ("GET", "secrets", "ListSecrets"),
    ("POST", "secrets", "CreateSecret"),
    ("GET", "secrets/{}", "GetSecret"),
    ("PUT", "secrets/{}", "UpdateSecret"),
    ("GET", "secrets/{}/versions", "ListSecretVersions"),
    ("GET", "secrets/{}/version/{}", "GetSecretVersion"),
    ("POST", "secrets/{}/actions/scheduleDeletion", "ScheduleSecretDeletion"),
    ("POST", "secrets/{}/actions/cancelDeletion", "CancelSecretDeletion"),
    ("POST", "secrets/{}/actions/changeCompartment", "ChangeSecretCompartment"),
    ("POST", "secretbundles/actions/getByName", "GetSecretBundleByName"),
    ("GET", "secretbundles/{}", "GetSecretBundle"),
    ("GET", "secretbundles/{}/versions", "ListSecretBundleVersions"),
];

/// 501 with the operation's name.
pub(crate) fn answer(method: &str, path: &str) -> Answer {
    let what = name(method, path).unwrap_or("this operation of the vault service");
    let message = format!("{what} is not available on this platform");
    error(ErrorCode::MethodNotImplemented, &message)
}

fn name(method: &str, path: &str) -> Option<&'static str> {
    let (_version, below) = path.trim_matches('/').split_once('/')?;
    let matches = |pattern: &str| {
        let (mut pattern, mut path) = (pattern.split('/'), below.split('/'));
        loop {
            match (pattern.next(), path.next()) {
                (None, None) => return true,
                (Some(expected), Some(found)) if expected == "{}" || expected == found => {}
                _ => return false,
            }
        }
    };
    let found = OPERATIONS.iter().find(|(verb, pattern, _)| *verb == method && matches(pattern));
    found.map(|(_, _, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_named() {
        assert_eq!(name("GET", "/20190301/secretbundles/x"), Some("GetSecretBundle"));
        assert_eq!(name("POST", "//20180608/secrets/"), Some("CreateSecret"));
        assert_eq!(name("GET", "/20180608/secrets/x/version/1"), Some("GetSecretVersion"));
        assert_eq!(name("DELETE", "/20180608/secrets/x"), None);
        assert_eq!(name("GET", "/"), None);
    }
}
