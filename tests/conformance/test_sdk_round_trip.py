"""The life of a twin through the unmodified OCI SDK, MQTT, HTTPS and the data API."""

import json
import time
from datetime import datetime, timedelta, timezone

import pytest
from oci.exceptions import ServiceError
from oci.iot import models

from data_api import token_response
from twins import dtmi, new_key

READING = {
    "sht_temperature": 23.8,
    "qmp_temperature": 24.4,
    "humidity": 56.1,
    "pressure": 1012.2,
    "count": 7,
}
HISTORIZED = {name: value for name, value in READING.items() if name != "count"}


def minutes_ago(minutes):
    """The start of a query's window, as the sample client writes it."""
    return (datetime.now(timezone.utc) - timedelta(minutes=minutes)).strftime(
        "%Y-%m-%dT%H:%M:%S.%fZ"
    )


def refused(status, code, call, *args, **kwargs):
    """The call must fail with this status and code, and say something."""
    with pytest.raises(ServiceError) as caught:
        call(*args, **kwargs)
    error = caught.value
    assert (error.status, error.code) == (status, code), error.message
    assert error.message
    assert error.request_id
    return error


def test_resources_are_created_listed_read_and_deleted(iot, twins):
    twin = twins.custom_adapter()
    domain = twins.domain_id

    assert twin.model.lifecycle_state == "ACTIVE"
    assert twin.model.spec_uri == dtmi(twin.key)
    for found in (
        iot.list_digital_twin_models(domain, display_name=dtmi(twin.key)),
        iot.list_digital_twin_models(
            domain, spec_uri_starts_with=dtmi(twin.key), lifecycle_state="ACTIVE"
        ),
        iot.list_digital_twin_models(domain, id=twin.model.id),
    ):
        assert [item.id for item in found.data.items] == [twin.model.id]
    answer = iot.get_digital_twin_model(twin.model.id)
    assert answer.status == 200 and answer.headers["etag"]
    assert answer.data.description == f"model of {twin.key}"
    spec = iot.get_digital_twin_model_spec(twin.model.id).data
    wanted = twins.server.definition("m5_model_custom.json")
    wanted["@id"] = dtmi(twin.key)
    assert spec == wanted
    assert list(spec) == list(wanted), "the order of members is kept"

    adapter = iot.get_digital_twin_adapter(twin.adapter.id).data
    assert adapter.digital_twin_model_id == twin.model.id
    assert adapter.digital_twin_model_spec_uri == twin.model.spec_uri
    assert adapter.inbound_envelope.envelope_mapping.time_observed == "$.time"
    assert [route.condition for route in adapter.inbound_routes] == [
        route.condition for route in twins.routes()
    ]
    listed = iot.list_digital_twin_adapters(domain, digital_twin_model_id=twin.model.id)
    assert [item.id for item in listed.data.items] == [twin.adapter.id]

    instance = iot.get_digital_twin_instance(twin.id).data
    assert instance.external_key == twin.key
    assert instance.connectivity_type == "DIRECT"
    assert instance.digital_twin_model_spec_uri == twin.model.spec_uri
    assert iot.get_digital_twin_instance_content(twin.id).data == {}

    assert iot.delete_digital_twin_instance(twin.id).status == 204
    assert iot.delete_digital_twin_adapter(twin.adapter.id).status == 204
    assert iot.delete_digital_twin_model(twin.model.id).status == 204
    gone = iot.list_digital_twin_models(domain, display_name=dtmi(twin.key)).data.items
    assert [item.lifecycle_state for item in gone] == ["DELETED"]
    active = iot.list_digital_twin_models(
        domain, display_name=dtmi(twin.key), lifecycle_state="ACTIVE"
    )
    assert active.data.items == []
    twins.create_model(twin.key, "m5_model_custom.json")


def test_lists_are_paged(iot, twins):
    keys = [new_key() for _ in range(3)]
    wanted = {twins.create_model(key, "m5_model_default.json").id for key in keys}
    found, page = [], None
    while True:
        answer = iot.list_digital_twin_models(
            twins.domain_id, limit=1, lifecycle_state="ACTIVE", **({"page": page} if page else {})
        )
        assert len(answer.data.items) <= 1
        found += [item.id for item in answer.data.items]
        page = answer.headers.get("opc-next-page")
        if not page:
            break
    assert len(found) == len(set(found))
    assert wanted <= set(found)


def test_etags_guard_deletes(iot, twins):
    model = twins.create_model(new_key(), "m5_model_default.json")
    etag = iot.get_digital_twin_model(model.id).headers["etag"]
    stale = etag[:-1] + ("0" if etag[-1] != "0" else "1")
    refused(412, "NoEtagMatch", iot.delete_digital_twin_model, model.id, if_match=stale)
    assert iot.get_digital_twin_model(model.id).data.lifecycle_state == "ACTIVE"
    assert iot.delete_digital_twin_model(model.id, if_match=etag).status == 204


def test_refusals_have_the_documented_codes(iot, twins, server):
    twin = twins.custom_adapter()
    unknown = twin.instance.id[:-4] + "zzzz"
    refused(404, "NotAuthorizedOrNotFound", iot.get_digital_twin_instance, unknown)
    refused(404, "NotAuthorizedOrNotFound", iot.get_digital_twin_instance_content, unknown)
    refused(
        409, "NotAuthorizedOrResourceAlreadyExists",
        twins.create_model, twin.key, "m5_model_custom.json",
    )
    refused(409, "Conflict", iot.delete_digital_twin_model, twin.model.id)
    refused(409, "Conflict", iot.delete_digital_twin_adapter, twin.adapter.id)
    assert iot.get_digital_twin_model(twin.model.id).data.lifecycle_state == "ACTIVE"

    broken = server.definition("m5_model_custom.json")
    broken["@id"] = dtmi(new_key())
    broken["contents"][0]["schema"] = "no-such-schema"
    details = models.CreateDigitalTwinModelDetails(iot_domain_id=twins.domain_id, spec=broken)
    error = refused(400, "InvalidParameter", iot.create_digital_twin_model, details)
    assert "contents" in error.message, "the message says where"
    found = iot.list_digital_twin_models(twins.domain_id, spec_uri_starts_with=broken["@id"])
    assert found.data.items == []


def test_a_reading_over_mqtt_becomes_content_and_rows(iot, twins, data):
    twin = twins.custom_adapter()
    since = minutes_ago(5)
    observed = int(time.time() * 1_000_000) - 1_500_000
    twin.device.publish("iot/v1/telemetry", json.dumps({"time": observed, **READING}), qos=1)

    # Acknowledged means committed with its outcome: nothing to wait for.
    assert iot.get_digital_twin_instance_content(twin.id).data == READING
    content = iot.get_digital_twin_instance_content(twin.id, should_include_metadata=True).data
    metadata = content.pop("_metadata")
    assert content == READING
    expected = datetime.fromtimestamp(observed / 1_000_000, timezone.utc)
    for name in READING:
        stamp = datetime.fromisoformat(metadata[name]["timeObserved"])
        assert abs(stamp - expected) < timedelta(microseconds=2)
    assert "timeLastHeard" in metadata

    [raw] = data.recent("rawData", twin.id, "time_received", "id", since)
    assert raw["endpoint"] == "iot/v1/telemetry"
    assert raw["content_type"] == "application/json"
    assert "content" not in raw
    assert len(raw["time_received"]) == len("2026-01-05T08:00:00.250113Z")
    assert data.item("rawData", raw["id"])["content"] == {"time": observed, **READING}

    historized = data.recent("historizedData", twin.id, "time_observed", "id", since)
    assert {row["content_path"]: row["value"] for row in historized} == HISTORIZED
    assert len({row["time_observed"] for row in historized}) == 1
    stamp = datetime.fromisoformat(historized[0]["time_observed"].replace("Z", "+00:00"))
    assert abs(stamp - expected) < timedelta(microseconds=2)
    [first, *_] = historized
    assert data.item("historizedData", first["id"])["value"] == first["value"]
    snapshot = data.rows("snapshotData", {"digital_twin_instance_id": twin.id})
    assert {row["content_path"]: row["value"] for row in snapshot} == READING

    assert data.recent("rejectedData", twin.id, "time_received", "id", since) == []
    assert data.recent("rawCommandData", twin.id, "time_created", "time_created", since) == []


def test_https_and_the_second_route(iot, twins, data):
    twin = twins.custom_adapter()
    message = {"event": "started", "heap": 170_000}
    response = twin.device.post("iot/v1/system", json.dumps(message))
    assert response.status_code == 202, response.text
    assert iot.get_digital_twin_instance_content(twin.id).data == {"system": message}
    [row] = data.rows("historizedData", {"digital_twin_instance_id": twin.id})
    assert (row["content_path"], row["value"]) == ("system", message)
    [raw] = data.rows("rawData", {"digital_twin_instance_id": twin.id})
    assert (raw["endpoint"], raw["content_type"]) == ("iot/v1/system", "application/json")


def test_qos_0_arrives_too(iot, twins, data):
    twin = twins.default_adapter()
    twin.device.publish("anything/at/all", json.dumps(READING), qos=0)
    data.wait_rows("rawData", {"digital_twin_instance_id": twin.id}, 1)
    historized = data.rows("historizedData", {"digital_twin_instance_id": twin.id})
    assert {row["content_path"]: row["value"] for row in historized} == HISTORIZED
    assert iot.get_digital_twin_instance_content(twin.id).data == READING


def test_a_message_without_content_of_the_model_is_rejected(twins, data):
    twin = twins.default_adapter()
    assert twin.device.post("telemetry", '{"unknown": 1}').status_code == 202
    q = {"digital_twin_instance_id": twin.id}
    [rejected] = data.rows("rejectedData", q)
    assert rejected["reason_code"] == 500
    assert rejected["reason_message"] == "Normalization output is empty"
    [raw] = data.rows("rawData", q)
    assert raw["time_received"] == rejected["time_received"]
    assert data.item("rejectedData", rejected["id"])["content"] == {"unknown": 1}
    assert data.rows("historizedData", q) == []


def test_rows_outlive_their_twin(iot, twins, data):
    twin = twins.unstructured()
    assert twin.device.post("a/b", b"1", "text/plain").status_code == 202
    assert iot.delete_digital_twin_instance(twin.id).status == 204
    [raw] = data.rows("rawData", {"digital_twin_instance_id": twin.id})
    assert data.item("rawData", raw["id"])["content"] == "1"
    assert twin.device.post("a/b", b"2", "text/plain").status_code == 401


def test_the_data_api_filters_sorts_and_pages(twins, data):
    twin = twins.unstructured()
    for endpoint in ("plant/a", "plant/b", "Plant/c"):
        assert twin.device.post(endpoint, b"x", "text/plain").status_code == 202
    mine = {"digital_twin_instance_id": twin.id}

    def endpoints(q, **parameters):
        page = data.page("rawData", {**mine, **q}, **parameters)
        return [row["endpoint"] for row in page["items"]]

    assert endpoints({"$orderby": {"id": "DESC"}}) == ["Plant/c", "plant/b", "plant/a"]
    assert endpoints({"endpoint": {"$like": "plant/%"}}) == ["plant/a", "plant/b"]
    assert endpoints({"endpoint": {"$instr": "PLANT"}, "$orderby": {"endpoint": 1}}) == [
        "Plant/c", "plant/a", "plant/b",
    ]
    assert endpoints({"endpoint": {"$in": ["plant/b", "x"]}}) == ["plant/b"]
    first = data.page("rawData", mine, limit=2)
    assert (first["count"], first["limit"], first["offset"], first["hasMore"]) == (2, 2, 0, True)
    assert {"self", "describedby", "first", "next"} == {link["rel"] for link in first["links"]}
    rest = data.page("rawData", mine, limit=2, offset=2)
    assert (rest["count"], rest["hasMore"]) == (1, False)
    assert data.page("rawData", mine, offset=99)["items"] == []
    # One client puts a stray quote behind the filter.
    assert len(data.page("rawData", json.dumps(mine) + '"')["items"]) == 3


@pytest.mark.parametrize(
    "q", ["{", "[1]", '{"$not":{"id":1}}', '{"no_such_column":1}', '{"$asof":{"$scn":7}}']
)
def test_a_bad_filter_is_refused_with_a_problem_body(data, q):
    response = data.get("rawData", q=q)
    assert response.status_code == 400, response.text
    assert response.headers["content-type"].startswith("application/problem+json")
    body = response.json()
    assert body["code"] == "BadRequest"
    assert body["type"] == "tag:oracle.com,2020:error/BadRequest"
    assert body["instance"].startswith("tag:oracle.com,2020:ecid/")
    assert body["message"]


def test_the_data_api_guards_its_doors(data, env):
    url = f"{env['IOT_DATA_ENDPOINT']}/rawData"
    without = data.request("GET", url, headers={"Authorization": None})
    assert without.status_code == 401
    assert without.headers["www-authenticate"].startswith("Bearer")
    wrong = data.request("GET", url, headers={"Authorization": "Bearer x.y.z"})
    assert wrong.status_code == 401
    assert data.request("POST", url).status_code == 405
    for path in ("rawData/999999999", "rawData/abc", "noSuchData", "snapshotData/1"):
        assert data.get(path).status_code == 404, path
    assert data.get("rawData", limit=0).status_code == 400
    assert data.get("rawData", limit="x").status_code == 400
    assert data.get("rawData", offset=-1).status_code == 400


def test_tokens_are_given_to_who_may_have_them(env):
    assert token_response(env, password="wrong").status_code == 400
    assert token_response(env, password="wrong").json()["error"] == "invalid_grant"
    assert token_response(env, scope="/x/iot/y").json()["error"] == "invalid_scope"
    assert token_response(env, grant_type="magic").json()["error"] == "unsupported_grant_type"
    wrong = token_response({**env, "IAM_APP_CLIENT_SECRET": "wrong"})
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    machine = token_response(env, grant_type="client_credentials", username=None, password=None)
    assert machine.status_code == 200, machine.text
