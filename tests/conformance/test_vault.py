"""Vault secrets with the unmodified OCI CLI, and log-ins that follow a rotation.

Operations: CreateSecret, GetSecret, ListSecrets, UpdateSecret, ScheduleSecretDeletion,
CancelSecretDeletion, GetSecretBundle, GetSecretBundleByName, ListSecretBundleVersions.
"""

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest

from device import Device
from twins import new_key


@pytest.fixture
def oci(server):
    """Runs the OCI CLI; the answer's JSON, or the refusal's text."""

    def run(*arguments, ok=True):
        done = subprocess.run(
            [Path(sys.executable).parent / "oci", *arguments],
            env=server.tool_env(), capture_output=True, text=True, timeout=120,
            stdin=subprocess.DEVNULL,
        )
        assert (done.returncode == 0) == ok, f"{arguments}\n{done.stdout}\n{done.stderr}"
        if not ok:
            return done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    return run


def b64(text):
    return base64.b64encode(text.encode()).decode()


def create(oci, env, name, content):
    """A new secret; its OCID."""
    made = oci(
        "vault", "secret", "create-base64", "--compartment-id", env["IOT_COMPARTMENT_ID"],
        "--vault-id", env["VAULT_ID"], "--key-id", env["KEY_ID"], "--secret-name", name,
        "--secret-content-content", b64(content), "--secret-content-name", "first",
    )
    assert made["data"]["lifecycle-state"] == "ACTIVE" and made["etag"]
    assert content not in json.dumps(made) and b64(content) not in json.dumps(made)
    return made["data"]["id"]


def content_of(oci, *selection):
    """The content of a bundle."""
    got = oci("secrets", "secret-bundle", *selection)
    return base64.b64decode(got["data"]["secret-bundle-content"]["content"]).decode()


def test_a_secret_from_creation_to_deletion(oci, env):
    name = new_key()
    secret = create(oci, env, name, "one")
    assert content_of(oci, "get", "--secret-id", secret) == "one"

    listed = oci(
        "vault", "secret", "list", "--compartment-id", env["IOT_COMPARTMENT_ID"], "--name", name,
        "--query", "data[0].\"secret-name\"",
    )
    assert listed == name
    twice = oci(
        "vault", "secret", "create-base64", "--compartment-id", env["IOT_COMPARTMENT_ID"],
        "--vault-id", env["VAULT_ID"], "--key-id", env["KEY_ID"], "--secret-name", name,
        "--secret-content-content", b64("x"), ok=False,
    )
    assert "NotAuthorizedOrResourceAlreadyExists" in twice

    etag = oci("vault", "secret", "get", "--secret-id", secret)["etag"]
    update = (
        "vault", "secret", "update-base64", "--secret-id", secret, "--if-match", etag, "--force",
        "--secret-content-content", b64("two"), "--secret-content-name", "second",
    )
    assert oci(*update)["data"]["current-version-number"] == 2
    assert "NoEtagMatch" in oci(*update, ok=False), "an old etag"

    get = ("get", "--secret-id", secret)
    assert content_of(oci, *get) == "two"
    assert content_of(oci, *get, "--stage", "PREVIOUS") == "one"
    assert content_of(oci, *get, "--stage", "LATEST") == "two"
    assert content_of(oci, *get, "--version-number", "1") == "one"
    assert content_of(oci, *get, "--secret-version-name", "second") == "two"
    by_name = ("get-secret-bundle-by-name", "--secret-name", name, "--vault-id", env["VAULT_ID"])
    assert content_of(oci, *by_name) == "two"
    versions = oci("secrets", "secret-bundle-version", "list-versions", "--secret-id", secret)
    assert [v["stages"] for v in versions["data"]] == [["CURRENT", "LATEST"], ["PREVIOUS"]]

    oci("vault", "secret", "schedule-secret-deletion", "--secret-id", secret)
    state = oci("vault", "secret", "get", "--secret-id", secret)["data"]
    assert state["lifecycle-state"] == "PENDING_DELETION" and state["time-of-deletion"]
    assert "NotAuthorizedOrNotFound" in oci("secrets", "secret-bundle", *get, ok=False)
    oci("vault", "secret", "cancel-secret-deletion", "--secret-id", secret)
    assert content_of(oci, *get) == "two"


def test_the_sdk_reads_versions_and_moves_a_secret(oci, env, config, server):
    import oci as sdk

    client = sdk.vault.VaultsClient(config, retry_strategy=sdk.retry.NoneRetryStrategy())
    secret = create(oci, env, new_key(), "one")
    content = sdk.vault.models.Base64SecretContentDetails(content=b64("two"), stage="PENDING")
    details = sdk.vault.models.UpdateSecretDetails(secret_content=content)
    assert client.update_secret(secret, details).data.current_version_number == 1
    pages = sdk.pagination.list_call_get_all_results(client.list_secret_versions, secret, limit=1)
    stages = [(version.version_number, version.stages) for version in pages.data]
    assert stages == [(2, ["PENDING", "LATEST"]), (1, ["CURRENT"])]
    promote = sdk.vault.models.UpdateSecretDetails(current_version_number=2)
    assert client.update_secret(secret, promote).data.current_version_number == 2
    assert client.get_secret_version(secret, 1).data.stages == ["PREVIOUS"]
    first = sdk.vault.models.CreateSecretDetails(
        compartment_id=env["IOT_COMPARTMENT_ID"], vault_id=env["VAULT_ID"], key_id=env["KEY_ID"],
        secret_name=new_key(),
        secret_content=sdk.vault.models.Base64SecretContentDetails(content=b64("again")),
    )
    made = [client.create_secret(first, opc_retry_token=first.secret_name) for _ in range(2)]
    assert made[0].data.id == made[1].data.id and made[0].headers["etag"] == made[1].headers["etag"]
    third = sdk.vault.models.Base64SecretContentDetails(content=b64("three"))
    client.update_secret(secret, sdk.vault.models.UpdateSecretDetails(secret_content=third))
    details = sdk.vault.models.ScheduleSecretVersionDeletionDetails()
    with pytest.raises(sdk.exceptions.ServiceError) as caught:
        client.schedule_secret_version_deletion(secret, 2, details)
    assert (caught.value.status, caught.value.code) == (409, "Conflict"), "it is PREVIOUS"
    scheduled = client.schedule_secret_version_deletion(secret, 1, details)
    assert scheduled.status == 200 and scheduled.headers["etag"]
    assert client.get_secret_version(secret, 1).data.time_of_deletion
    promote = sdk.vault.models.UpdateSecretDetails(current_version_number=1)
    bundles = sdk.secrets.SecretsClient(config, retry_strategy=sdk.retry.NoneRetryStrategy())
    for refused in (
        lambda: bundles.get_secret_bundle(secret, version_number=1),
        lambda: client.update_secret(secret, promote),
        lambda: client.cancel_secret_version_deletion(secret, 1, if_match="stale"),
        lambda: client.cancel_secret_version_deletion(secret, 9),
    ):
        with pytest.raises(sdk.exceptions.ServiceError):
            refused()
    client.cancel_secret_version_deletion(secret, 1)
    assert client.get_secret_version(secret, 1).data.time_of_deletion is None
    assert bundles.get_secret_bundle(secret, version_number=1).data.stages == ["DEPRECATED"]
    tenancy = sdk.vault.models.ChangeSecretCompartmentDetails(compartment_id=config["tenancy"])
    client.change_secret_compartment(secret, tenancy)
    assert client.get_secret(secret).data.compartment_id == config["tenancy"]
    listed = sdk.pagination.list_call_get_all_results(
        client.list_secrets, config["tenancy"], limit=1
    )
    assert secret in [item.id for item in listed.data]


def test_log_ins_follow_the_secret(oci, env, iot):
    """The current content logs in, an old one does not, and none while deletion is scheduled."""
    import oci as sdk

    key = new_key()
    secret = create(oci, env, key, "one")
    details = sdk.iot.models.CreateDigitalTwinInstanceDetails(
        iot_domain_id=env["IOT_DOMAIN_ID"], external_key=key, auth_id=secret
    )
    twin = iot.create_digital_twin_instance(details).data

    def status(password):
        return Device({**env, "DEVICE_PASSWORD": password}, key).post("iot/v1", b"{}").status_code

    try:
        assert status("one") == 202
        oci("vault", "secret", "update-base64", "--secret-id", secret, "--force",
            "--secret-content-content", b64("two"))
        assert status("one") == 401
        assert status("two") == 202
        oci("vault", "secret", "schedule-secret-deletion", "--secret-id", secret)
        assert status("two") == 401
        oci("vault", "secret", "cancel-secret-deletion", "--secret-id", secret)
        assert status("two") == 202
    finally:
        iot.delete_digital_twin_instance(twin.id)
