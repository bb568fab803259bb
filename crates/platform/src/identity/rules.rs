//! What each operation needs: a verb on a type of resource, in a compartment that the request
//! names. One row an operation, and no operation without a row.

use iot_api::Operation;
use iot_api::vault::VaultOperation;

use super::policy::{ResourceType, Verb};

/// Which part of a request says what compartment it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The query's `compartmentId`.
    QueryCompartment,
    /// The query's `iotDomainId`.
    QueryDomain,
    /// The query's `secretName`.
    QuerySecretName,
    /// The body's `compartmentId`.
    BodyCompartment,
    /// The body's `iotDomainId`.
    BodyDomain,
    /// The resource of the path.
    Path,
    /// The resource of the path, and the body's `compartmentId` that it moves to.
    PathAndBodyCompartment,
}

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Least verb.
    pub verb: Verb,
    /// On what.
    pub kind: ResourceType,
    /// Where.
    pub place: Place,
    /// A parent that the body names and the caller must be allowed to read.
    pub parent: Option<Parent>,
}

/// A resource that the body of a create names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parent {
    /// `iotDomainGroupId`
    DomainGroup,
    /// `iotDomainId`
    Domain,
}

const fn rule(verb: Verb, kind: ResourceType, place: Place) -> Rule {
    Rule { verb, kind, place, parent: None }
}

impl Rule {
    /// What rewriting the history of an instance needs; OCI has no such operation.
    pub const REWRITE_HISTORY: Rule = rule(Verb::Manage, ResourceType::Instance, Place::Path);

    /// What an operation of the control plane needs.
    pub const fn of(operation: Operation) -> Rule {
        use Operation as O;
        use Place::{
            BodyCompartment, BodyDomain, Path, PathAndBodyCompartment, QueryCompartment,
            QueryDomain,
        };
        use ResourceType::{
            Adapter, Domain, DomainGroup, FlowRuntime, Instance, Model, Relationship, WorkRequest,
        };
        use Verb::{Inspect, Manage, Read, Use};
        match operation {
            O::ListIotDomainGroups => rule(Inspect, DomainGroup, QueryCompartment),
            O::CreateIotDomainGroup => rule(Manage, DomainGroup, BodyCompartment),
            O::GetIotDomainGroup => rule(Read, DomainGroup, Path),
            O::UpdateIotDomainGroup => rule(Use, DomainGroup, Path),
            O::DeleteIotDomainGroup => rule(Manage, DomainGroup, Path),
            O::ChangeIotDomainGroupCompartment => rule(Manage, DomainGroup, PathAndBodyCompartment),
            O::ConfigureIotDomainGroupDataAccess => rule(Manage, DomainGroup, Path),
            O::ListIotDomains => rule(Inspect, Domain, QueryCompartment),
            O::CreateIotDomain => {
                Rule { parent: Some(Parent::DomainGroup), ..rule(Manage, Domain, BodyCompartment) }
            }
            O::GetIotDomain => rule(Read, Domain, Path),
            O::UpdateIotDomain | O::ChangeIotDomainDataRetentionPeriod => rule(Use, Domain, Path),
            O::DeleteIotDomain | O::ConfigureIotDomainDataAccess => rule(Manage, Domain, Path),
            O::ChangeIotDomainCompartment => rule(Manage, Domain, PathAndBodyCompartment),
            O::ListDigitalTwinModels => rule(Inspect, Model, QueryDomain),
            O::CreateDigitalTwinModel => rule(Manage, Model, BodyDomain),
            O::GetDigitalTwinModel | O::GetDigitalTwinModelSpec => rule(Read, Model, Path),
            O::UpdateDigitalTwinModel => rule(Use, Model, Path),
            O::DeleteDigitalTwinModel => rule(Manage, Model, Path),
            O::ListDigitalTwinAdapters => rule(Inspect, Adapter, QueryDomain),
            O::CreateDigitalTwinAdapter => rule(Manage, Adapter, BodyDomain),
            O::GetDigitalTwinAdapter => rule(Read, Adapter, Path),
            O::UpdateDigitalTwinAdapter => rule(Use, Adapter, Path),
            O::DeleteDigitalTwinAdapter => rule(Manage, Adapter, Path),
            O::ListDigitalTwinInstances => rule(Inspect, Instance, QueryDomain),
            O::CreateDigitalTwinInstance => rule(Manage, Instance, BodyDomain),
            O::GetDigitalTwinInstance | O::GetDigitalTwinInstanceContent => {
                rule(Read, Instance, Path)
            }
            O::UpdateDigitalTwinInstance | O::InvokeRawCommand => rule(Use, Instance, Path),
            O::DeleteDigitalTwinInstance => rule(Manage, Instance, Path),
            O::ListDigitalTwinRelationships => rule(Inspect, Relationship, QueryDomain),
            O::CreateDigitalTwinRelationship => rule(Manage, Relationship, BodyDomain),
            O::GetDigitalTwinRelationship => rule(Read, Relationship, Path),
            O::UpdateDigitalTwinRelationship => rule(Use, Relationship, Path),
            O::DeleteDigitalTwinRelationship => rule(Manage, Relationship, Path),
            O::ListIotFlowRuntimes => rule(Inspect, FlowRuntime, QueryCompartment),
            O::CreateIotFlowRuntime => {
                Rule { parent: Some(Parent::Domain), ..rule(Manage, FlowRuntime, BodyCompartment) }
            }
            O::GetIotFlowRuntime | O::GetIotFlowRuntimeFlows => rule(Read, FlowRuntime, Path),
            O::UpdateIotFlowRuntime
            | O::ActivateIotFlowRuntime
            | O::DeactivateIotFlowRuntime
            | O::UpdateIotFlowRuntimeFlows => rule(Use, FlowRuntime, Path),
            O::DeleteIotFlowRuntime => rule(Manage, FlowRuntime, Path),
            O::ChangeIotFlowRuntimeCompartment => rule(Manage, FlowRuntime, PathAndBodyCompartment),
            O::ListWorkRequests => rule(Inspect, WorkRequest, QueryCompartment),
            O::GetWorkRequest | O::ListWorkRequestErrors | O::ListWorkRequestLogs => {
                rule(Read, WorkRequest, Path)
            }
        }
    }

    /// What an operation of the vault service needs.
    pub const fn of_vault(operation: VaultOperation) -> Rule {
        use Place::{
            BodyCompartment, Path, PathAndBodyCompartment, QueryCompartment, QuerySecretName,
        };
        use ResourceType::{Secret, SecretBundle, SecretVersion};
        use VaultOperation as V;
        use Verb::{Inspect, Manage, Read, Use};
        match operation {
            V::ListSecrets => rule(Inspect, Secret, QueryCompartment),
            V::CreateSecret => rule(Manage, Secret, BodyCompartment),
            V::GetSecret => rule(Read, Secret, Path),
            V::UpdateSecret | V::RotateSecret | V::CancelSecretRotation => rule(Use, Secret, Path),
            V::ScheduleSecretDeletion | V::CancelSecretDeletion => rule(Manage, Secret, Path),
            V::ChangeSecretCompartment => rule(Manage, Secret, PathAndBodyCompartment),
            V::ListSecretVersions => rule(Inspect, SecretVersion, Path),
            V::GetSecretVersion => rule(Read, SecretVersion, Path),
            V::ScheduleSecretVersionDeletion | V::CancelSecretVersionDeletion => {
                rule(Manage, SecretVersion, Path)
            }
            V::GetSecretBundle => rule(Read, SecretBundle, Path),
            V::GetSecretBundleByName => rule(Read, SecretBundle, QuerySecretName),
            V::ListSecretBundleVersions => rule(Inspect, SecretBundle, Path),
        }
    }
}
