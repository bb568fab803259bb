-- Rows as the first version wrote them.
INSERT INTO setup VALUES (1, 'tenancy', 'compartment', 'user', 'tenancy/user/aa', 'group1',
    'domain1', 'secret1', 'idcs-1', 'client', 'client secret', 'iot-user', 'password', 'pem');
INSERT INTO api_key VALUES ('tenancy/user/aa', 'user', 'pem');
INSERT INTO secret VALUES ('secret1', 'device-password', x'61');
INSERT INTO domain_group VALUES ('group1', 'compartment', 'local-group', NULL, 'ACTIVE',
    '{"freeformTags":{},"definedTags":{}}', 1, 1, 'e', 'dgroup');
INSERT INTO domain VALUES ('domain1', 'compartment', 'local-domain', NULL, 'ACTIVE',
    '{"freeformTags":{},"definedTags":{}}', 1, 1, 'e', 'group1', 'ddomain',
    '{"rawData":16,"rejectedData":16,"historizedData":30,"rawCommandData":16}');
INSERT INTO model VALUES ('model1', 'domain1', 'm', NULL, 'ACTIVE',
    '{"freeformTags":{},"definedTags":{}}', 2, 2, 'e', 'dtmi:a;1', '[]', '{ "x": 1.0 }');
INSERT INTO instance VALUES (7, 'twin1', 'domain1', 't', NULL, 'ACTIVE',
    '{"freeformTags":{},"definedTags":{}}', 3, 3, 'e', 'DIRECT', 'secret1', 'key1', 'model1',
    'dtmi:a;1', NULL);
INSERT INTO raw_data VALUES (1, 7, 'a/b', 'application/json', 4, x'7b7d');
INSERT INTO snapshot_data VALUES (7, 't', '1.5', 4);
UPDATE sequence SET next = 2 WHERE name = 'raw';
