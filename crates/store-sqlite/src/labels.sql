-- Endpoint and content type of messages, once for all that have the same. A row with a label has an
-- empty endpoint and no content type of its own; a row without one, from before, of texts
-- that came once, or because there are too many labels, has them itself. Labels are never removed.
CREATE TABLE message_label (no INTEGER PRIMARY KEY, endpoint TEXT NOT NULL, content_type TEXT);
CREATE INDEX message_label_endpoint ON message_label (endpoint);
ALTER TABLE raw_data ADD COLUMN label INTEGER;
ALTER TABLE rejected_data ADD COLUMN label INTEGER;
