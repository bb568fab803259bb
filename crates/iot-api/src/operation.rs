//! The 52 operations of the control plane: name, method and path in one table
//! (control-plane.md 3). The server dispatches on it; what it does not have it answers with 501
//! and the name from here.

macro_rules! operations {
    ($(#[$doc:meta])* $kind:ident: $($name:ident $method:ident $path:literal,)*) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "the names are the documentation")]
        pub enum $kind { $($name,)* }

        impl $kind {
            /// Every operation, in the order of the contract.
            pub const ALL: &'static [$kind] = &[$($kind::$name,)*];

            /// The operation's name.
            pub fn name(self) -> &'static str {
                match self { $($kind::$name => stringify!($name),)* }
            }

            /// The HTTP method.
            pub fn method(self) -> &'static str {
                match self { $($kind::$name => stringify!($method),)* }
            }

            /// The path below the version; `{}` stands for an id.
            pub fn path(self) -> &'static str {
                match self { $($kind::$name => $path,)* }
            }
        }
    };
}

pub(crate) use operations;

operations! {
    /// An operation of the control plane.
    Operation:
    ListIotDomainGroups GET "/iotDomainGroups",
    CreateIotDomainGroup POST "/iotDomainGroups",
    GetIotDomainGroup GET "/iotDomainGroups/{}",
    UpdateIotDomainGroup PUT "/iotDomainGroups/{}",
    DeleteIotDomainGroup DELETE "/iotDomainGroups/{}",
    ChangeIotDomainGroupCompartment POST "/iotDomainGroups/{}/actions/changeCompartment",
    ConfigureIotDomainGroupDataAccess POST "/iotDomainGroups/{}/actions/configureDataAccess",
    ListIotDomains GET "/iotDomains",
    CreateIotDomain POST "/iotDomains",
    GetIotDomain GET "/iotDomains/{}",
    UpdateIotDomain PUT "/iotDomains/{}",
    DeleteIotDomain DELETE "/iotDomains/{}",
    ChangeIotDomainCompartment POST "/iotDomains/{}/actions/changeCompartment",
    ChangeIotDomainDataRetentionPeriod POST "/iotDomains/{}/actions/changeDataRetentionPeriod",
    ConfigureIotDomainDataAccess POST "/iotDomains/{}/actions/configureDataAccess",
    ListDigitalTwinModels GET "/digitalTwinModels",
    CreateDigitalTwinModel POST "/digitalTwinModels",
    GetDigitalTwinModel GET "/digitalTwinModels/{}",
    GetDigitalTwinModelSpec GET "/digitalTwinModels/{}/spec",
    UpdateDigitalTwinModel PUT "/digitalTwinModels/{}",
    DeleteDigitalTwinModel DELETE "/digitalTwinModels/{}",
    ListDigitalTwinAdapters GET "/digitalTwinAdapters",
    CreateDigitalTwinAdapter POST "/digitalTwinAdapters",
    GetDigitalTwinAdapter GET "/digitalTwinAdapters/{}",
    UpdateDigitalTwinAdapter PUT "/digitalTwinAdapters/{}",
    DeleteDigitalTwinAdapter DELETE "/digitalTwinAdapters/{}",
    ListDigitalTwinInstances GET "/digitalTwinInstances",
    CreateDigitalTwinInstance POST "/digitalTwinInstances",
    GetDigitalTwinInstance GET "/digitalTwinInstances/{}",
    GetDigitalTwinInstanceContent GET "/digitalTwinInstances/{}/content",
    UpdateDigitalTwinInstance PUT "/digitalTwinInstances/{}",
    DeleteDigitalTwinInstance DELETE "/digitalTwinInstances/{}",
    InvokeRawCommand POST "/digitalTwinInstances/{}/actions/invokeRawCommand",
    ListDigitalTwinRelationships GET "/digitalTwinRelationships",
    CreateDigitalTwinRelationship POST "/digitalTwinRelationships",
    GetDigitalTwinRelationship GET "/digitalTwinRelationships/{}",
    UpdateDigitalTwinRelationship PUT "/digitalTwinRelationships/{}",
    DeleteDigitalTwinRelationship DELETE "/digitalTwinRelationships/{}",
    ListIotFlowRuntimes GET "/iotFlowRuntimes",
    CreateIotFlowRuntime POST "/iotFlowRuntimes",
    GetIotFlowRuntime GET "/iotFlowRuntimes/{}",
    UpdateIotFlowRuntime PUT "/iotFlowRuntimes/{}",
    DeleteIotFlowRuntime DELETE "/iotFlowRuntimes/{}",
    ActivateIotFlowRuntime POST "/iotFlowRuntimes/{}/actions/activate",
    DeactivateIotFlowRuntime POST "/iotFlowRuntimes/{}/actions/deactivate",
    ChangeIotFlowRuntimeCompartment POST "/iotFlowRuntimes/{}/actions/changeCompartment",
    GetIotFlowRuntimeFlows GET "/iotFlowRuntimes/{}/flows",
    UpdateIotFlowRuntimeFlows PUT "/iotFlowRuntimes/{}/flows",
    ListWorkRequests GET "/workRequests",
    GetWorkRequest GET "/workRequests/{}",
    ListWorkRequestErrors GET "/workRequests/{}/errors",
    ListWorkRequestLogs GET "/workRequests/{}/logs",
}

/// What a method and a path name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match<'a> {
    /// An operation, with the id of the path if it has one (still percent-encoded).
    Operation(Operation, Option<&'a str>),
    /// The path exists with these methods only.
    MethodNotAllowed(Vec<&'static str>),
    /// No such path.
    NotFound,
}

/// Finds the operation of a method and of a path below `/20250531`.
pub fn find<'a>(method: &str, path: &'a str) -> Match<'a> {
    let mut methods = Vec::new();
    for &operation in Operation::ALL {
        let Some(id) = match_path(operation.path(), path) else { continue };
        if operation.method() == method {
            return Match::Operation(operation, id);
        }
        methods.push(operation.method());
    }
    if methods.is_empty() { Match::NotFound } else { Match::MethodNotAllowed(methods) }
}

/// `Some(id)` when `path` has the shape of `pattern`.
fn match_path<'a>(pattern: &str, path: &'a str) -> Option<Option<&'a str>> {
    let Some((head, tail)) = pattern.split_once("{}") else {
        return (pattern == path).then_some(None);
    };
    let id = path.strip_prefix(head)?.strip_suffix(tail)?;
    (!id.is_empty() && !id.contains('/')).then_some(Some(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_has_52_operations() {
        assert_eq!(Operation::ALL.len(), 52);
    }

    #[test]
    fn paths_are_told_apart() {
        let is = |method, path, operation, id| {
            assert_eq!(find(method, path), Match::Operation(operation, id), "{method} {path}");
        };
        is("GET", "/digitalTwinModels", Operation::ListDigitalTwinModels, None);
        is("GET", "/digitalTwinModels/x", Operation::GetDigitalTwinModel, Some("x"));
        is("GET", "/digitalTwinModels/x/spec", Operation::GetDigitalTwinModelSpec, Some("x"));
        is(
            "POST",
            "/iotFlowRuntimes/x/actions/activate",
            Operation::ActivateIotFlowRuntime,
            Some("x"),
        );
        assert_eq!(
            find("PATCH", "/iotDomains/x"),
            Match::MethodNotAllowed(vec!["GET", "PUT", "DELETE"])
        );
        assert_eq!(find("GET", "/nothing"), Match::NotFound);
        assert_eq!(find("GET", "/digitalTwinModels/x/y/spec"), Match::NotFound);
        // An id that is left empty by mistake must not become the list.
        assert_eq!(find("GET", "/digitalTwinModels/"), Match::NotFound);
    }
}
