-- What streams need besides the data collections.
-- Normalized values that are not historized, packed like those that are. Their ids follow those of
-- the message's historized values; the collection of historized data does not show them.
ALTER TABLE historized_data ADD COLUMN others TEXT;

-- Every step of a command, in the order of commits; it goes with its command.
CREATE TABLE command_event (id INTEGER PRIMARY KEY AUTOINCREMENT, command TEXT NOT NULL,
    delivery_status TEXT NOT NULL, time_us INTEGER NOT NULL);
CREATE INDEX command_event_command ON command_event (command);
INSERT INTO command_event (command, delivery_status, time_us)
    SELECT id, delivery_status, time_updated_us FROM raw_command_data ORDER BY time_updated_us;
CREATE TRIGGER command_created AFTER INSERT ON raw_command_data BEGIN
    INSERT INTO command_event (command, delivery_status, time_us)
        VALUES (new.id, new.delivery_status, new.time_updated_us);
END;
CREATE TRIGGER command_changed AFTER UPDATE OF delivery_status ON raw_command_data
    WHEN new.delivery_status <> old.delivery_status BEGIN
    INSERT INTO command_event (command, delivery_status, time_us)
        VALUES (new.id, new.delivery_status, new.time_updated_us);
END;
CREATE TRIGGER command_removed AFTER DELETE ON raw_command_data BEGIN
    DELETE FROM command_event WHERE command = old.id;
END;
