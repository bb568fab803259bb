-- Versions of a secret can be scheduled for deletion by themselves.
ALTER TABLE vault_secret_version ADD COLUMN time_of_deletion_us INTEGER;
