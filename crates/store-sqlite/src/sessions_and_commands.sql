-- MQTT sessions that outlive their connection, and what is kept of commands until they settle.
-- Their rows of raw_command_data stay.
CREATE TABLE session (twin INTEGER NOT NULL, client_id TEXT NOT NULL, expiry_s INTEGER NOT NULL,
    subscriptions TEXT NOT NULL, ended_us INTEGER, PRIMARY KEY (twin, client_id)) WITHOUT ROWID;
CREATE TABLE open_command (id TEXT PRIMARY KEY, via TEXT NOT NULL, response_us INTEGER NOT NULL,
    deadline_us INTEGER NOT NULL, sent_via INTEGER, client_id TEXT, packet_id INTEGER,
    acknowledged INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
