-- What `manage-dt sql` can read: docs/sql.md. Members have the names of the data API. Times are texts
-- that sort as they are; the columns whose names end in _us are what has an index, behind
-- digital_twin_instance_id.
CREATE TEMP VIEW rawData AS SELECT d.id AS id, t.id AS digital_twin_instance_id,
    coalesce(l.endpoint, d.endpoint) AS endpoint,
    coalesce(l.content_type, d.content_type) AS content_type,
    rfc3339(d.time_received_us) AS time_received,
    payload_text(d.content, coalesce(l.content_type, d.content_type)) AS content,
    d.time_received_us AS time_received_us,
    length(d.content) AS content_bytes, t.parent_id AS iot_domain_id
    FROM main.raw_data d JOIN main.instance t ON t.no = d.twin
    LEFT JOIN main.message_label l ON l.no = d.label;
CREATE TEMP VIEW rejectedData AS SELECT d.id AS id, t.id AS digital_twin_instance_id,
    coalesce(l.endpoint, d.endpoint) AS endpoint,
    coalesce(l.content_type, d.content_type) AS content_type,
    rfc3339(d.time_received_us) AS time_received, d.reason_code AS reason_code,
    d.reason_message AS reason_message,
    payload_text(d.content, coalesce(l.content_type, d.content_type)) AS content,
    d.time_received_us AS time_received_us, t.parent_id AS iot_domain_id
    FROM main.rejected_data d JOIN main.instance t ON t.no = d.twin
    LEFT JOIN main.message_label l ON l.no = d.label;
CREATE TEMP VIEW historizedData AS SELECT d.id + e.key AS id, t.id AS digital_twin_instance_id,
    e.value ->> 0 AS content_path, e.value ->> 1 AS value,
    rfc3339(d.time_observed_us) AS time_observed, d.time_observed_us AS time_observed_us,
    t.parent_id AS iot_domain_id
    FROM main.historized_data d JOIN main.instance t ON t.no = d.twin
    CROSS JOIN json_each(d.content) e;
CREATE TEMP VIEW snapshotData AS SELECT t.id AS digital_twin_instance_id,
    d.content_path AS content_path, d.value ->> '$' AS value,
    rfc3339(d.time_observed_us) AS time_observed, d.time_observed_us AS time_observed_us,
    t.parent_id AS iot_domain_id
    FROM main.snapshot_data d JOIN main.instance t ON t.no = d.twin;
CREATE TEMP VIEW rawCommandData AS SELECT d.id AS id, t.id AS digital_twin_instance_id,
    d.request_endpoint AS request_endpoint, d.request_duration AS request_duration,
    d.request_data_format AS request_data_format,
    payload_text(d.request_data, d.request_content_type) AS request_data,
    d.request_content_type AS request_content_type, d.response_endpoint AS response_endpoint,
    d.response_duration AS response_duration, d.response_data_format AS response_data_format,
    payload_text(d.response_data, d.response_content_type) AS response_data,
    d.response_content_type AS response_content_type, d.delivery_status AS delivery_status,
    d.created_by AS created_by, rfc3339(d.time_created_us) AS time_created,
    rfc3339(d.time_updated_us) AS time_updated, rfc3339(d.time_finished_us) AS time_finished,
    d.time_created_us AS time_created_us, t.parent_id AS iot_domain_id
    FROM main.raw_command_data d JOIN main.instance t ON t.no = d.twin;
CREATE TEMP VIEW digitalTwinInstances AS SELECT t.id AS id, t.display_name AS display_name,
    t.description AS description, t.lifecycle AS lifecycle_state, t.external_key AS external_key,
    t.connectivity_type AS connectivity_type, t.spec_uri AS digital_twin_model_spec_uri,
    t.model_id AS digital_twin_model_id, t.adapter_id AS digital_twin_adapter_id,
    rfc3339(t.time_created_us) AS time_created, rfc3339(t.time_updated_us) AS time_updated,
    t.parent_id AS iot_domain_id FROM main.instance t;
