-- Which message an outcome is of, so that history can be rewritten. Rows from before do not know.
ALTER TABLE historized_data ADD COLUMN raw_id INTEGER;
ALTER TABLE rejected_data ADD COLUMN raw_id INTEGER;
