-- Devices' certificates with this common name that were issued before this time hold no longer.
CREATE TABLE revoked_certificate (common_name TEXT PRIMARY KEY, before_s INTEGER NOT NULL) WITHOUT ROWID;
