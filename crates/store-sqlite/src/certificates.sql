-- Certificates that twins name as their authId.
CREATE TABLE certificate (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE) WITHOUT ROWID;
