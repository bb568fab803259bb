//! Members of bodies, in a short form: `name:type`, `!` for a member that is always there (in a
//! request: that is needed), `?` for one that may be null. A type is `string`, `ocid`, `time`,
//! `int`, `number`, `bool`, `object`, `any`, `strings` (a map of strings), `A|B` (one of the
//! words), the name of another shape, or one of these in brackets for an array. `@name` stands for
//! the members of [`GROUPS`].

/// Members that many shapes share.
pub(super) const GROUPS: &[(&str, &str)] = &[
    ("tags", "freeformTags:strings definedTags:object"),
    ("null-tags", "freeformTags:strings? definedTags:object?"),
    (
        "resource",
        "displayName:string! description:string? freeformTags:strings! definedTags:object! \
         systemTags:object! timeCreated:time! timeUpdated:time?",
    ),
    ("details", "displayName:string? description:string? @null-tags"),
    ("twin-state", "lifecycleState:ACTIVE|DELETED!"),
    ("domain-state", "lifecycleState:CREATING|UPDATING|ACTIVE|DELETING|DELETED|FAILED!"),
    ("flow-state", "lifecycleState:CREATING|UPDATING|ACTIVE|INACTIVE|DELETING|DELETED|FAILED!"),
    ("group-type", "type:PRODUCTION|DEVELOPMENT|STANDARD|LIGHTWEIGHT?"),
    ("connectivity", "connectivityType:DIRECT|INDIRECT|GATEWAY|NONE?"),
    ("scale", "scale:LOWEST|LOW|MEDIUM|HIGH|HIGHEST?"),
    ("stages", "stages:[CURRENT|PENDING|LATEST|PREVIOUS|DEPRECATED]!"),
    (
        "work-request",
        "id:ocid! operationType:string! status:ACCEPTED|IN_PROGRESS|WAITING|NEEDS_ATTENTION|FAILED|SUCCEEDED! \
         compartmentId:ocid! resources:[WorkRequestResource]! percentComplete:number! \
         timeAccepted:time! timeStarted:time? timeFinished:time? timeUpdated:time?",
    ),
    (
        "secret",
        "id:ocid! compartmentId:ocid! vaultId:ocid! keyId:ocid! secretName:string! \
         description:string? lifecycleState:ACTIVE|PENDING_DELETION|DELETED! \
         isAutoGenerationEnabled:bool! isReplica:bool! rotationStatus:NOT_ENABLED! \
         freeformTags:strings! definedTags:object! systemTags:object! timeCreated:time! \
         timeOfDeletion:time?",
    ),
];

/// Every shape. What a request may hold is refused when it has another member.
pub(super) const SHAPES: &[(&str, &str)] = &[
    ("Error", "code:string! message:string!"),
    // Domain groups and domains (control-plane.md 4.1, 4.2).
    (
        "IotDomainGroup",
        "id:ocid! compartmentId:ocid! type:PRODUCTION|DEVELOPMENT! @domain-state @resource \
         dataHost:string? dbAllowListedVcnIds:[ocid]? dbConnectionString:string? dbTokenScope:string?",
    ),
    (
        "IotDomainGroupSummary",
        "id:ocid! compartmentId:ocid! type:PRODUCTION|DEVELOPMENT! @domain-state @resource",
    ),
    ("CreateIotDomainGroupDetails", "compartmentId:ocid! @group-type @details"),
    ("UpdateIotDomainGroupDetails", "@details"),
    ("ChangeCompartmentDetails", "compartmentId:ocid!"),
    ("ConfigureIotDomainGroupDataAccessDetails", "dbAllowListedVcnIds:[ocid]!"),
    (
        "IotDomain",
        "id:ocid! iotDomainGroupId:ocid! compartmentId:ocid! @domain-state @resource \
         deviceHost:string? dbAllowListedIdentityGroupNames:[string]? \
         dbAllowedIdentityDomainHost:string? \
         dataRetentionPeriodsInDays:DataRetentionPeriodsInDays?",
    ),
    (
        "IotDomainSummary",
        "id:ocid! iotDomainGroupId:ocid! compartmentId:ocid! @domain-state @resource",
    ),
    (
        "DataRetentionPeriodsInDays",
        "rawData:int! rejectedData:int! historizedData:int! rawCommandData:int!",
    ),
    ("CreateIotDomainDetails", "iotDomainGroupId:ocid! compartmentId:ocid! @details"),
    ("UpdateIotDomainDetails", "@details"),
    (
        "ChangeIotDomainDataRetentionPeriodDetails",
        "type:RAW_DATA|REJECTED_DATA|HISTORIZED_DATA|RAW_COMMAND_DATA! dataRetentionPeriodInDays:int!",
    ),
    (
        "ConfigureIotDomainDataAccessDetails",
        "type:DIRECT|ORDS|APEX! \
         dbAllowListedIdentityGroupNames:[string] dbAllowedIdentityDomainHost:string \
         dbWorkspaceAdminInitialPassword:string",
    ),
    // Models, adapters, instances, relationships (4.3 to 4.7).
    ("DigitalTwinModel", "id:ocid! iotDomainId:ocid! specUri:string! @twin-state @resource"),
    ("CreateDigitalTwinModelDetails", "iotDomainId:ocid! spec:object! @details"),
    ("UpdateDigitalTwinModelDetails", "@details"),
    (
        "DigitalTwinAdapter",
        "id:ocid! iotDomainId:ocid! digitalTwinModelId:ocid! \
         digitalTwinModelSpecUri:string! @twin-state @resource \
         inboundEnvelope:InboundEnvelope? inboundRoutes:[InboundRoute]?",
    ),
    (
        "DigitalTwinAdapterSummary",
        "id:ocid! iotDomainId:ocid! digitalTwinModelId:ocid! \
         digitalTwinModelSpecUri:string! @twin-state @resource",
    ),
    (
        "CreateDigitalTwinAdapterDetails",
        "iotDomainId:ocid! digitalTwinModelId:ocid? \
         digitalTwinModelSpecUri:string? inboundEnvelope:InboundEnvelope? \
         inboundRoutes:[InboundRoute]? @details",
    ),
    (
        "UpdateDigitalTwinAdapterDetails",
        "inboundEnvelope:InboundEnvelope? inboundRoutes:[InboundRoute]? @details",
    ),
    (
        "InboundEnvelope",
        "referenceEndpoint:string! referencePayload:JsonPayload? envelopeMapping:EnvelopeMapping?",
    ),
    ("EnvelopeMapping", "timeObserved:string? target:string? contentRoot:string?"),
    (
        "InboundRoute",
        "condition:string! referencePayload:JsonPayload? target:string? \
         contentRoot:string? payloadMapping:strings? description:string?",
    ),
    ("JsonPayload", "dataFormat:JSON! data:object!"),
    (
        "DigitalTwinInstance",
        "id:ocid! iotDomainId:ocid! connectivityType:DIRECT|INDIRECT|GATEWAY|NONE! \
         authId:ocid? externalKey:string? digitalTwinModelId:ocid? digitalTwinModelSpecUri:string? \
         digitalTwinAdapterId:ocid? gateways:[ocid]? @twin-state @resource",
    ),
    (
        "CreateDigitalTwinInstanceDetails",
        "iotDomainId:ocid! @connectivity authId:ocid? \
         externalKey:string? digitalTwinModelId:ocid? digitalTwinModelSpecUri:string? \
         digitalTwinAdapterId:ocid? gateways:[ocid]? @details",
    ),
    (
        "UpdateDigitalTwinInstanceDetails",
        "@connectivity authId:ocid? externalKey:string? \
         digitalTwinModelId:ocid? digitalTwinModelSpecUri:string? digitalTwinAdapterId:ocid? \
         gateways:[ocid]? @details",
    ),
    (
        "InvokeRawCommandDetails",
        "requestDataFormat:JSON|TEXT|BINARY! requestEndpoint:string! \
         requestDuration:string? responseEndpoint:string? responseDuration:string? \
         requestDataContentType:string? requestData:any",
    ),
    (
        "DigitalTwinRelationship",
        "id:ocid! iotDomainId:ocid! contentPath:string! \
         sourceDigitalTwinInstanceId:ocid! targetDigitalTwinInstanceId:ocid! content:object? \
         @twin-state @resource",
    ),
    (
        "DigitalTwinRelationshipSummary",
        "id:ocid! iotDomainId:ocid! contentPath:string! \
         sourceDigitalTwinInstanceId:ocid! targetDigitalTwinInstanceId:ocid! @twin-state @resource",
    ),
    (
        "CreateDigitalTwinRelationshipDetails",
        "iotDomainId:ocid! contentPath:string! \
         sourceDigitalTwinInstanceId:ocid! targetDigitalTwinInstanceId:ocid! content:object? @details",
    ),
    ("UpdateDigitalTwinRelationshipDetails", "content:object? @details"),
    // Flow runtimes and work requests (4.8, 4.9).
    (
        "IotFlowRuntime",
        "id:ocid! iotDomainId:ocid! compartmentId:ocid! scale:LOWEST|LOW|MEDIUM|HIGH|HIGHEST! \
         logConfig:LogConfig? networkConfig:NetworkConfig? flowRuntimeHost:string? @flow-state @resource",
    ),
    (
        "IotFlowRuntimeSummary",
        "id:ocid! iotDomainId:ocid! compartmentId:ocid! \
         scale:LOWEST|LOW|MEDIUM|HIGH|HIGHEST! @flow-state @resource",
    ),
    (
        "CreateIotFlowRuntimeDetails",
        "iotDomainId:ocid! compartmentId:ocid! @scale logConfig:LogConfig? \
         networkConfig:NetworkConfig? @details",
    ),
    (
        "UpdateIotFlowRuntimeDetails",
        "@scale logConfig:LogConfig? networkConfig:NetworkConfig? @details",
    ),
    ("LogConfig", "logGroupId:ocid! logId:ocid?"),
    (
        "NetworkConfig",
        "subnetId:ocid! networkSecurityGroupIds:[ocid]? fileStorageMounts:[FileStorageMount]?",
    ),
    ("FileStorageMount", "mountPath:string! mountTargetId:ocid! exportId:ocid!"),
    ("WorkRequest", "@work-request"),
    ("WorkRequestSummary", "@work-request"),
    (
        "WorkRequestResource",
        "entityType:string! actionType:CREATED|UPDATED|DELETED|IN_PROGRESS|RELATED|FAILED! \
         identifier:ocid! entityUri:string? metadata:strings?",
    ),
    ("WorkRequestError", "code:string! message:string! timestamp:time!"),
    ("WorkRequestLogEntry", "message:string! timestamp:time!"),
    // Vault secrets.
    ("Secret", "@secret currentVersionNumber:int! metadata:object! secretRules:[any]!"),
    ("SecretSummary", "@secret"),
    (
        "SecretVersion",
        "secretId:ocid! versionNumber:int! name:string? contentType:BASE64! @stages \
         isContentAutoGenerated:bool! timeCreated:time! timeOfDeletion:time?",
    ),
    (
        "SecretBundle",
        "secretId:ocid! versionNumber:int! versionName:string? @stages timeCreated:time! \
         timeOfDeletion:time? secretBundleContent:SecretBundleContent! metadata:object!",
    ),
    (
        "SecretBundleVersionSummary",
        "secretId:ocid! versionNumber:int! versionName:string? @stages \
         timeCreated:time! timeOfDeletion:time?",
    ),
    ("SecretBundleContent", "contentType:BASE64! content:string!"),
    (
        "SecretContentDetails",
        "contentType:BASE64! content:string! name:string? stage:CURRENT|PENDING?",
    ),
    (
        "CreateSecretDetails",
        "compartmentId:ocid! vaultId:ocid! keyId:ocid! secretName:string! \
         secretContent:SecretContentDetails! description:string? metadata:object? \
         enableAutoGeneration:bool? @null-tags",
    ),
    (
        "UpdateSecretDetails",
        "currentVersionNumber:int? secretContent:SecretContentDetails? \
         description:string? metadata:object? enableAutoGeneration:bool? @null-tags",
    ),
    ("ScheduleSecretDeletionDetails", "timeOfDeletion:time?"),
];
