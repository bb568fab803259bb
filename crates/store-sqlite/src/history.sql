-- Which message an outcome is of, so that history can be rewritten. Rows from before do not know;
-- their messages, with ids below `linked`, keep their outcomes.
INSERT INTO sequence SELECT 'linked', next FROM sequence WHERE name = 'raw';
ALTER TABLE historized_data ADD COLUMN raw_id INTEGER;
ALTER TABLE rejected_data ADD COLUMN raw_id INTEGER;
