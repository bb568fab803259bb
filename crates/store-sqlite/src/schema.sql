-- Version 1. Times are UTC microseconds. Messages are appended in the order of their commit.
CREATE TABLE setup (one INTEGER PRIMARY KEY CHECK (one = 1), tenancy_id TEXT NOT NULL,
    compartment_id TEXT NOT NULL, user_id TEXT NOT NULL, api_key_id TEXT NOT NULL,
    group_id TEXT NOT NULL, domain_id TEXT NOT NULL, secret_id TEXT NOT NULL,
    identity_id TEXT NOT NULL, client_id TEXT NOT NULL, client_secret TEXT NOT NULL,
    user_name TEXT NOT NULL, user_password TEXT NOT NULL, signing_key_pem TEXT NOT NULL);
CREATE TABLE api_key (key_id TEXT PRIMARY KEY, user_id TEXT NOT NULL,
    public_key_pem TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE secret (id TEXT PRIMARY KEY, name TEXT NOT NULL, content BLOB NOT NULL) WITHOUT ROWID;

-- The first nine columns of every resource are the same.
CREATE TABLE domain_group (id TEXT PRIMARY KEY, parent_id TEXT NOT NULL, display_name TEXT NOT NULL,
    description TEXT, lifecycle TEXT NOT NULL, tags TEXT NOT NULL, time_created_us INTEGER NOT NULL,
    time_updated_us INTEGER NOT NULL, etag TEXT NOT NULL, short_id TEXT NOT NULL UNIQUE);
CREATE TABLE domain (id TEXT PRIMARY KEY, parent_id TEXT NOT NULL, display_name TEXT NOT NULL,
    description TEXT, lifecycle TEXT NOT NULL, tags TEXT NOT NULL, time_created_us INTEGER NOT NULL,
    time_updated_us INTEGER NOT NULL, etag TEXT NOT NULL, group_id TEXT NOT NULL,
    short_id TEXT NOT NULL UNIQUE, retention TEXT NOT NULL);
CREATE TABLE model (id TEXT PRIMARY KEY, parent_id TEXT NOT NULL, display_name TEXT NOT NULL,
    description TEXT, lifecycle TEXT NOT NULL, tags TEXT NOT NULL, time_created_us INTEGER NOT NULL,
    time_updated_us INTEGER NOT NULL, etag TEXT NOT NULL, spec_uri TEXT NOT NULL,
    refs TEXT NOT NULL, spec TEXT NOT NULL);
CREATE UNIQUE INDEX model_active ON model (parent_id, spec_uri) WHERE lifecycle = 'ACTIVE';
CREATE TABLE adapter (id TEXT PRIMARY KEY, parent_id TEXT NOT NULL, display_name TEXT NOT NULL,
    description TEXT, lifecycle TEXT NOT NULL, tags TEXT NOT NULL, time_created_us INTEGER NOT NULL,
    time_updated_us INTEGER NOT NULL, etag TEXT NOT NULL, model_id TEXT NOT NULL,
    spec_uri TEXT NOT NULL, envelope TEXT, routes TEXT);
CREATE INDEX adapter_model ON adapter (model_id);
CREATE TABLE instance (no INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
    parent_id TEXT NOT NULL, display_name TEXT NOT NULL, description TEXT, lifecycle TEXT NOT NULL,
    tags TEXT NOT NULL, time_created_us INTEGER NOT NULL, time_updated_us INTEGER NOT NULL,
    etag TEXT NOT NULL, connectivity_type TEXT NOT NULL, auth_id TEXT, external_key TEXT NOT NULL,
    model_id TEXT, spec_uri TEXT, adapter_id TEXT);
CREATE UNIQUE INDEX instance_active ON instance (parent_id, external_key)
    WHERE lifecycle = 'ACTIVE';
CREATE INDEX instance_name ON instance (parent_id, display_name);
CREATE INDEX instance_model ON instance (model_id);
CREATE INDEX instance_adapter ON instance (adapter_id);

-- Ids of messages never repeat, whatever retention removes.
CREATE TABLE sequence (name TEXT PRIMARY KEY, next INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO sequence VALUES ('historized', 1), ('raw', 1), ('rejected', 1);

CREATE TABLE raw_data (id INTEGER PRIMARY KEY, twin INTEGER NOT NULL, endpoint TEXT NOT NULL,
    content_type TEXT, time_received_us INTEGER NOT NULL, content BLOB NOT NULL);
CREATE INDEX raw_data_twin ON raw_data (twin, time_received_us);
CREATE TABLE rejected_data (id INTEGER PRIMARY KEY, twin INTEGER NOT NULL, endpoint TEXT NOT NULL,
    content_type TEXT, time_received_us INTEGER NOT NULL, reason_code INTEGER NOT NULL,
    reason_message TEXT NOT NULL, content BLOB NOT NULL);
CREATE INDEX rejected_data_twin ON rejected_data (twin, time_received_us);
-- One row a message: its historized values as [[path, value], ...]. The id is that of the first
-- value; the others follow it.
CREATE TABLE historized_data (id INTEGER PRIMARY KEY, twin INTEGER NOT NULL,
    time_observed_us INTEGER NOT NULL, content TEXT NOT NULL);
CREATE INDEX historized_data_twin ON historized_data (twin, time_observed_us);
CREATE TABLE snapshot_data (twin INTEGER NOT NULL, content_path TEXT NOT NULL, value TEXT NOT NULL,
    time_observed_us INTEGER NOT NULL, PRIMARY KEY (twin, content_path)) WITHOUT ROWID;
CREATE TABLE raw_command_data (id TEXT PRIMARY KEY, twin INTEGER NOT NULL,
    request_endpoint TEXT NOT NULL, request_duration TEXT, request_data_format TEXT NOT NULL,
    request_data BLOB, request_content_type TEXT, response_endpoint TEXT, response_duration TEXT,
    response_data_format TEXT, response_data BLOB, response_content_type TEXT,
    delivery_status TEXT NOT NULL, created_by TEXT, time_created_us INTEGER NOT NULL,
    time_updated_us INTEGER NOT NULL, time_finished_us INTEGER);
CREATE INDEX raw_command_data_twin ON raw_command_data (twin, time_created_us);
