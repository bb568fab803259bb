-- The whole control plane: gateways, relationships, flow runtimes, work requests, retry tokens,
-- and indexes that give a page of a list without sorting the rest.
ALTER TABLE domain_group ADD COLUMN group_type TEXT NOT NULL DEFAULT 'DEVELOPMENT';
ALTER TABLE domain_group ADD COLUMN vcn_ids TEXT;
-- The platform's own identity domain is the empty text: its host follows the options of `serve`.
ALTER TABLE domain ADD COLUMN token_issuer TEXT;
ALTER TABLE domain ADD COLUMN identity_groups TEXT;
-- Until now the first start alone made domains, with access to their data configured.
UPDATE domain SET token_issuer = '';
ALTER TABLE instance ADD COLUMN gateways TEXT NOT NULL DEFAULT '[]';
-- Which instances that are not DELETED send through which gateway.
CREATE TABLE instance_gateway (gateway_id TEXT NOT NULL, instance_id TEXT NOT NULL,
    PRIMARY KEY (gateway_id, instance_id)) WITHOUT ROWID;
CREATE INDEX instance_gateway_instance ON instance_gateway (instance_id);

CREATE TABLE relationship (id TEXT PRIMARY KEY, parent_id TEXT NOT NULL, display_name TEXT NOT NULL,
    description TEXT, lifecycle TEXT NOT NULL, tags TEXT NOT NULL, time_created_us INTEGER NOT NULL,
    time_updated_us INTEGER NOT NULL, etag TEXT NOT NULL, content_path TEXT NOT NULL,
    source_id TEXT NOT NULL, target_id TEXT NOT NULL, content TEXT);
CREATE UNIQUE INDEX relationship_active ON relationship (source_id, content_path, target_id)
    WHERE lifecycle = 'ACTIVE';
CREATE INDEX relationship_source ON relationship (source_id, time_created_us, id);
CREATE INDEX relationship_target ON relationship (target_id, time_created_us, id);
CREATE TABLE flow_runtime (id TEXT PRIMARY KEY, parent_id TEXT NOT NULL, display_name TEXT NOT NULL,
    description TEXT, lifecycle TEXT NOT NULL, tags TEXT NOT NULL, time_created_us INTEGER NOT NULL,
    time_updated_us INTEGER NOT NULL, etag TEXT NOT NULL, domain_id TEXT NOT NULL,
    short_id TEXT NOT NULL UNIQUE, scale TEXT NOT NULL, log_config TEXT, network_config TEXT,
    flows TEXT NOT NULL);
CREATE INDEX flow_runtime_domain ON flow_runtime (domain_id);

CREATE TABLE work_request (id TEXT PRIMARY KEY, parent_id TEXT NOT NULL, operation TEXT NOT NULL,
    status TEXT NOT NULL, kind TEXT NOT NULL, resource_id TEXT NOT NULL, leads_to TEXT NOT NULL,
    time_created_us INTEGER NOT NULL, time_started_us INTEGER, time_finished_us INTEGER,
    time_updated_us INTEGER NOT NULL, etag TEXT NOT NULL);
CREATE INDEX work_request_time ON work_request (parent_id, time_created_us, id);
CREATE INDEX work_request_resource ON work_request (resource_id);
CREATE INDEX work_request_open ON work_request (time_created_us)
    WHERE status IN ('ACCEPTED', 'IN_PROGRESS');
-- `parent_id` is the work request, `id` a number of ten digits. A line of the log has no code.
CREATE TABLE work_entry (parent_id TEXT NOT NULL, id TEXT NOT NULL, code TEXT,
    message TEXT NOT NULL, time_created_us INTEGER NOT NULL, PRIMARY KEY (parent_id, id))
    WITHOUT ROWID;

CREATE TABLE retry_token (key TEXT PRIMARY KEY, request_digest BLOB NOT NULL,
    time_us INTEGER NOT NULL, status INTEGER NOT NULL, headers TEXT NOT NULL, body BLOB NOT NULL)
    WITHOUT ROWID;
CREATE INDEX retry_token_time ON retry_token (time_us);

CREATE INDEX domain_group_time ON domain_group (parent_id, time_created_us, id);
CREATE INDEX domain_time ON domain (parent_id, time_created_us, id);
CREATE INDEX domain_of_group ON domain (group_id);
CREATE INDEX flow_runtime_time ON flow_runtime (parent_id, time_created_us, id);
CREATE INDEX model_time ON model (parent_id, time_created_us, id);
CREATE INDEX model_name ON model (parent_id, display_name, id);
CREATE INDEX model_uri ON model (parent_id, spec_uri);
CREATE INDEX adapter_time ON adapter (parent_id, time_created_us, id);
CREATE INDEX adapter_name ON adapter (parent_id, display_name, id);
DROP INDEX instance_name;
DROP INDEX instance_model;
DROP INDEX instance_adapter;
CREATE INDEX instance_time ON instance (parent_id, time_created_us, id);
CREATE INDEX instance_name ON instance (parent_id, display_name, id);
CREATE INDEX instance_model ON instance (model_id, time_created_us, id);
CREATE INDEX instance_adapter ON instance (adapter_id, time_created_us, id);
CREATE INDEX relationship_time ON relationship (parent_id, time_created_us, id);
CREATE INDEX relationship_name ON relationship (parent_id, display_name, id);
