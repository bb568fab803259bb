//! What each operation takes and answers: one row an operation, and no operation without a row.

use crate::Operation;
use crate::vault::VaultOperation;

/// Query, body and answer of an operation, in the short form of `shapes`.
#[derive(Debug, Clone, Copy)]
pub struct Contract {
    /// Query parameters.
    pub query: &'static str,
    /// Shape of the body; empty when there is none.
    pub request: &'static str,
    /// Status of success.
    pub status: u16,
    /// Shape of the answer, `[X]` for a bare array, `{X}` for a collection; empty when there is
    /// none.
    pub answer: &'static str,
}

const fn get(answer: &'static str) -> Contract {
    Contract { query: "", request: "", status: 200, answer }
}

const fn list(answer: &'static str, query: &'static str) -> Contract {
    Contract { query, request: "", status: 200, answer }
}

const fn put(request: &'static str, answer: &'static str) -> Contract {
    Contract { query: "", request, status: 200, answer }
}

/// Accepted, to be followed by its work request.
const fn accepted(request: &'static str, answer: &'static str) -> Contract {
    Contract { query: "", request, status: 202, answer }
}

const DELETED: Contract = Contract { query: "", request: "", status: 204, answer: "" };

impl Contract {
    /// Of an operation of the control plane.
    pub const fn of(operation: Operation) -> Contract {
        use Operation as O;
        match operation {
            O::ListIotDomainGroups => list(
                "{IotDomainGroupSummary}",
                "compartmentId:ocid! id:ocid displayName:string @domain-states @group-type @paging",
            ),
            O::CreateIotDomainGroup => accepted("CreateIotDomainGroupDetails", "IotDomainGroup"),
            O::GetIotDomainGroup => get("IotDomainGroup"),
            O::UpdateIotDomainGroup => accepted("UpdateIotDomainGroupDetails", ""),
            O::ConfigureIotDomainGroupDataAccess => {
                accepted("ConfigureIotDomainGroupDataAccessDetails", "")
            }
            O::ChangeIotDomainGroupCompartment
            | O::ChangeIotDomainCompartment
            | O::ChangeIotFlowRuntimeCompartment => accepted("ChangeCompartmentDetails", ""),
            O::DeleteIotDomainGroup
            | O::DeleteIotDomain
            | O::DeleteIotFlowRuntime
            | O::ActivateIotFlowRuntime
            | O::DeactivateIotFlowRuntime => accepted("", ""),
            O::ListIotDomains => list(
                "{IotDomainSummary}",
                "compartmentId:ocid! id:ocid iotDomainGroupId:ocid displayName:string \
                 @domain-states @paging",
            ),
            O::CreateIotDomain => accepted("CreateIotDomainDetails", "IotDomain"),
            O::GetIotDomain => get("IotDomain"),
            O::UpdateIotDomain => accepted("UpdateIotDomainDetails", ""),
            O::ChangeIotDomainDataRetentionPeriod => {
                accepted("ChangeIotDomainDataRetentionPeriodDetails", "")
            }
            O::ConfigureIotDomainDataAccess => accepted("ConfigureIotDomainDataAccessDetails", ""),
            O::ListDigitalTwinModels => list(
                "{DigitalTwinModel}",
                "iotDomainId:ocid! id:ocid displayName:string specUriStartsWith:string \
                 @twin-states @paging",
            ),
            O::CreateDigitalTwinModel => put("CreateDigitalTwinModelDetails", "DigitalTwinModel"),
            O::GetDigitalTwinModel => get("DigitalTwinModel"),
            O::GetDigitalTwinModelSpec | O::GetIotFlowRuntimeFlows => get("object"),
            O::UpdateDigitalTwinModel => put("UpdateDigitalTwinModelDetails", "DigitalTwinModel"),
            O::DeleteDigitalTwinModel
            | O::DeleteDigitalTwinAdapter
            | O::DeleteDigitalTwinInstance
            | O::DeleteDigitalTwinRelationship => DELETED,
            O::ListDigitalTwinAdapters => list(
                "{DigitalTwinAdapterSummary}",
                "iotDomainId:ocid! id:ocid digitalTwinModelId:ocid \
                 digitalTwinModelSpecUri:string displayName:string @twin-states @paging",
            ),
            O::CreateDigitalTwinAdapter => {
                put("CreateDigitalTwinAdapterDetails", "DigitalTwinAdapter")
            }
            O::GetDigitalTwinAdapter => get("DigitalTwinAdapter"),
            O::UpdateDigitalTwinAdapter => {
                put("UpdateDigitalTwinAdapterDetails", "DigitalTwinAdapter")
            }
            O::ListDigitalTwinInstances => list(
                "{DigitalTwinInstance}",
                "iotDomainId:ocid! id:ocid displayName:string digitalTwinModelId:ocid \
                 digitalTwinModelSpecUri:string @connectivity @twin-states @paging",
            ),
            O::CreateDigitalTwinInstance => {
                put("CreateDigitalTwinInstanceDetails", "DigitalTwinInstance")
            }
            O::GetDigitalTwinInstance => get("DigitalTwinInstance"),
            O::GetDigitalTwinInstanceContent => list("object", "shouldIncludeMetadata:bool"),
            O::UpdateDigitalTwinInstance => {
                put("UpdateDigitalTwinInstanceDetails", "DigitalTwinInstance")
            }
            O::InvokeRawCommand => accepted("InvokeRawCommandDetails", ""),
            O::ListDigitalTwinRelationships => list(
                "{DigitalTwinRelationshipSummary}",
                "iotDomainId:ocid! id:ocid displayName:string contentPath:string \
                 sourceDigitalTwinInstanceId:ocid targetDigitalTwinInstanceId:ocid \
                 @twin-states @paging",
            ),
            O::CreateDigitalTwinRelationship => {
                put("CreateDigitalTwinRelationshipDetails", "DigitalTwinRelationship")
            }
            O::GetDigitalTwinRelationship => get("DigitalTwinRelationship"),
            O::UpdateDigitalTwinRelationship => {
                put("UpdateDigitalTwinRelationshipDetails", "DigitalTwinRelationship")
            }
            O::ListIotFlowRuntimes => list(
                "{IotFlowRuntimeSummary}",
                "compartmentId:ocid! id:ocid iotDomainId:ocid displayName:string @flow-states \
                 @paging",
            ),
            O::CreateIotFlowRuntime => accepted("CreateIotFlowRuntimeDetails", "IotFlowRuntime"),
            O::GetIotFlowRuntime => get("IotFlowRuntime"),
            O::UpdateIotFlowRuntime => accepted("UpdateIotFlowRuntimeDetails", ""),
            O::UpdateIotFlowRuntimeFlows => put("object", "object"),
            O::ListWorkRequests => list(
                "{WorkRequestSummary}",
                "compartmentId:ocid! id:ocid @work-states resourceId:ocid \
                 sortBy:timeAccepted @page",
            ),
            O::GetWorkRequest => get("WorkRequest"),
            O::ListWorkRequestErrors => list("{WorkRequestError}", "sortBy:timeCreated @page"),
            O::ListWorkRequestLogs => list("{WorkRequestLogEntry}", "sortBy:timeCreated @page"),
        }
    }

    /// Of an operation of the vault service.
    pub const fn of_vault(operation: VaultOperation) -> Contract {
        use VaultOperation as V;
        match operation {
            V::ListSecrets => list(
                "[SecretSummary]",
                "compartmentId:ocid! name:string vaultId:ocid @secret-states \
                 sortBy:TIMECREATED|NAME @page",
            ),
            V::CreateSecret => put("CreateSecretDetails", "Secret"),
            V::GetSecret => get("Secret"),
            V::UpdateSecret => put("UpdateSecretDetails", "Secret"),
            V::ListSecretVersions => list("[SecretVersion]", "sortBy:VERSION_NUMBER @page"),
            V::GetSecretVersion => get("SecretVersion"),
            V::ScheduleSecretDeletion | V::ScheduleSecretVersionDeletion => {
                put("ScheduleSecretDeletionDetails", "")
            }
            V::CancelSecretDeletion
            | V::RotateSecret
            | V::CancelSecretRotation
            | V::CancelSecretVersionDeletion => put("", ""),
            V::ChangeSecretCompartment => put("ChangeCompartmentDetails", ""),
            V::GetSecretBundle => list("SecretBundle", "@version"),
            V::GetSecretBundleByName => {
                list("SecretBundle", "secretName:string! vaultId:ocid! @version")
            }
            V::ListSecretBundleVersions => {
                list("[SecretBundleVersionSummary]", "sortBy:VERSION_NUMBER @page")
            }
        }
    }
}

/// Query parameters that many operations share.
pub(super) const QUERY_GROUPS: &[(&str, &str)] = &[
    ("page", "limit:limit page:string sortOrder:ASC|DESC"),
    ("paging", "@page sortBy:timeCreated|displayName"),
    ("group-type", "type:PRODUCTION|DEVELOPMENT|STANDARD|LIGHTWEIGHT"),
    ("connectivity", "connectivityType:DIRECT|INDIRECT|GATEWAY|NONE"),
    ("twin-states", "lifecycleState:ACTIVE|DELETED"),
    ("domain-states", "lifecycleState:CREATING|UPDATING|ACTIVE|DELETING|DELETED|FAILED"),
    ("flow-states", "lifecycleState:CREATING|UPDATING|ACTIVE|INACTIVE|DELETING|DELETED|FAILED"),
    ("work-states", "status:ACCEPTED|IN_PROGRESS|WAITING|NEEDS_ATTENTION|FAILED|SUCCEEDED"),
    ("secret-states", "lifecycleState:ACTIVE|PENDING_DELETION|DELETED"),
    (
        "version",
        "versionNumber:int secretVersionName:string stage:CURRENT|PENDING|LATEST|PREVIOUS|DEPRECATED",
    ),
];
