"""Users and policies: `manage-dt user` beside a running platform, and the SDK as these users."""

import json
import subprocess

import oci
import pytest
import requests

from server import binary
from twins import dtmi, new_key


def user(server, *arguments, code=0):
    """Runs `manage-dt user`; its JSON, or what it says on stderr."""
    done = subprocess.run(
        [binary(), "--output", "json", "user", *arguments, "--state-dir", server.state_dir],
        capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout) if code == 0 else done.stderr


@pytest.fixture
def add(server):
    """Adds users that go away with the test; an SDK client for each."""
    names = []

    def add(*arguments):
        name = new_key()
        words = [word.replace("NAME", name) for word in arguments]
        added = user(server, "add", name, *words)
        names.append(name)
        config = oci.config.from_file(added["files"]["config"], "LOCAL")
        client = oci.iot.IotClient(config, retry_strategy=oci.retry.NoneRetryStrategy())
        return name, client

    yield add
    for name in names:
        user(server, "remove", name, "--yes")


def status(call, *arguments, **options):
    """Status of an answer or of a refusal."""
    try:
        return call(*arguments, **options).status
    except oci.exceptions.ServiceError as error:
        assert error.code in ("NotAuthorizedOrNotFound", "NotAuthenticated"), error
        return error.status


def model(server, env):
    spec = server.definition("m5_model_default.json")
    spec["@id"] = dtmi(new_key())
    return oci.iot.models.CreateDigitalTwinModelDetails(
        iot_domain_id=env["IOT_DOMAIN_ID"], spec=spec
    )


def test_a_reader_reads_and_a_manager_manages(server, env, iot, add):
    _, reader = add("--policy", "allow user NAME to read iot-family in compartment local")
    assert status(reader.get_iot_domain, env["IOT_DOMAIN_ID"]) == 200
    assert status(reader.list_digital_twin_models, env["IOT_DOMAIN_ID"]) == 200
    assert status(reader.create_digital_twin_model, model(server, env)) == 404

    _, manager = add(
        "--policy", "allow user NAME to manage iot-digital-twin-model in tenancy",
    )
    made = manager.create_digital_twin_model(model(server, env)).data
    assert status(reader.get_digital_twin_model, made.id) == 200
    assert status(reader.delete_digital_twin_model, made.id) == 404
    assert status(manager.list_digital_twin_instances, env["IOT_DOMAIN_ID"]) == 404
    assert status(manager.delete_digital_twin_model, made.id) == 204


def test_another_compartment_is_out_of_reach(server, env, add):
    compartment = new_key()
    name, client = add("--compartment", compartment)
    assert status(client.get_iot_domain, env["IOT_DOMAIN_ID"]) == 404
    assert status(client.list_digital_twin_models, env["IOT_DOMAIN_ID"]) == 404
    assert status(client.list_iot_domains, env["IOT_COMPARTMENT_ID"]) == 404
    listed = user(server, "list")
    [entry] = [entry for entry in listed["users"] if entry["name"] == name]
    assert entry["policies"] == [
        f"allow user {name} to manage iot-family in compartment {compartment}",
        f"allow user {name} to manage secret-family in compartment {compartment}",
    ]
    assert compartment in [known["name"] for known in listed["compartments"]]


def test_a_removed_user_is_gone_at_once(server, env):
    name = new_key()
    added = user(server, "add", name, "--policy", f"allow user {name} to read iot-family in tenancy")
    config = oci.config.from_file(added["files"]["config"], "LOCAL")
    client = oci.iot.IotClient(config, retry_strategy=oci.retry.NoneRetryStrategy())
    assert "--yes" in user(server, "remove", name, code=2), "nobody is there to be asked"
    assert status(client.get_iot_domain, env["IOT_DOMAIN_ID"]) == 200
    user(server, "remove", name, "--yes")
    assert status(client.get_iot_domain, env["IOT_DOMAIN_ID"]) == 401


def test_mistakes_are_named(server):
    wrong = user(
        server, "add", "zoe", "--policy", "allow user zoe to own iot-family in tenancy", code=2
    )
    assert "word 5 is 'own', expected `inspect`" in wrong
    assert "no compartment 'nowhere'" in user(
        server, "add", "zoe", "--policy", "allow user zoe to use secrets in compartment nowhere",
        code=2,
    )
    assert "letters, digits" in user(server, "add", "../x", "--compartment", "c", code=2)
    assert "no such user" in user(server, "remove", "zoe", code=1)
    assert "cannot be removed" in user(server, "remove", "admin", "--yes", code=2)


def test_only_a_manager_rewrites_history(server, iot, add):
    """The platform's own operation is guarded like OCI's."""
    made = iot.list_digital_twin_instances(server.env["IOT_DOMAIN_ID"], limit=1).data.items
    id = made[0].id if made else "ocid1.iotdigitaltwininstance.oc0.loc.none"
    url = iot.base_client.endpoint.replace("/20250531", "")
    url += f"/platform/v1/digitalTwinInstances/{id}/actions/rewriteHistory"
    _, user = add("--policy", "allow user NAME to use iot-digital-twin-instance in tenancy")
    for client, code in ((None, 401), (user, 404)):
        auth = client and client.base_client.signer
        answer = requests.post(url, json={}, auth=auth, verify=server.env["SSL_CERT_FILE"])
        assert answer.status_code == code, answer.text
    signed = {"auth": iot.base_client.signer, "verify": server.env["SSL_CERT_FILE"]}
    assert requests.get(url, **signed).status_code == 405
    assert requests.post(url, json={"unknown": 1}, **signed).status_code in (400, 404)
