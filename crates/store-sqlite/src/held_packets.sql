-- Packet ids of QoS 2 whose message is kept and that the device has not released: a message that
-- comes again after a restart is known.
ALTER TABLE session ADD COLUMN begun_us INTEGER NOT NULL DEFAULT 0;
CREATE TABLE held_packet (twin INTEGER NOT NULL, client_id TEXT NOT NULL, packet_id INTEGER NOT NULL,
    PRIMARY KEY (twin, client_id, packet_id)) WITHOUT ROWID;
