-- Users, compartments, and secrets with versions. Times are UTC microseconds.
CREATE TABLE compartment (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE,
    time_created_us INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE user (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, statements TEXT NOT NULL,
    time_created_us INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO compartment SELECT compartment_id, 'local', 0 FROM setup;
INSERT INTO user SELECT user_id, 'admin',
    '["allow user admin to manage all-resources in tenancy"]', 0 FROM setup;
CREATE INDEX api_key_user ON api_key (user_id);

-- A secret is 'deleted' once its time of deletion has passed and a write has erased its contents.
CREATE TABLE vault_secret (id TEXT PRIMARY KEY, compartment_id TEXT NOT NULL, name TEXT NOT NULL,
    description TEXT, tags TEXT NOT NULL, metadata TEXT NOT NULL, current_no INTEGER NOT NULL,
    previous_no INTEGER, pending_no INTEGER, latest_no INTEGER NOT NULL,
    time_created_us INTEGER NOT NULL, time_of_deletion_us INTEGER, etag TEXT NOT NULL,
    deleted INTEGER NOT NULL DEFAULT 0);
CREATE UNIQUE INDEX vault_secret_name ON vault_secret (name) WHERE deleted = 0;
CREATE INDEX vault_secret_compartment ON vault_secret (compartment_id, time_created_us, id);
CREATE TABLE vault_secret_version (secret_id TEXT NOT NULL, no INTEGER NOT NULL, name TEXT,
    content BLOB NOT NULL, time_created_us INTEGER NOT NULL,
    PRIMARY KEY (secret_id, no)) WITHOUT ROWID;
CREATE UNIQUE INDEX vault_secret_version_name ON vault_secret_version (secret_id, name)
    WHERE name IS NOT NULL;
INSERT INTO vault_secret (id, compartment_id, name, tags, metadata, current_no, latest_no,
        time_created_us, etag)
    SELECT secret.id, setup.compartment_id, secret.name,
        '{"freeformTags":{},"definedTags":{}}', '{}', 1, 1, 0, lower(hex(randomblob(32)))
    FROM secret, setup;
INSERT INTO vault_secret_version SELECT id, 1, NULL, content, 0 FROM secret;
DROP TABLE secret;
