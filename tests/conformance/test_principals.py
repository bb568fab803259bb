"""Every way to sign in, and our signatures beside those of the SDK's signers."""

import json
import os
import subprocess

import oci
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from oci.auth.federation_client import AuthTokenRequestSigner

from cloud import FEDERATION_HEADERS, TENANCY, Cloud, fingerprint, key_pem, new_key, parameters
from server import binary

USER = "ocid1.user.oc0..standin"
CONFIG = """\
iot: {domain_id: ocid1.iotdomain.oc0.standin-1.d}
digital_twins:
  plain: {device_name: 'a b/ü', auth_id: ocid1.vaultsecret.oc0.standin-1.s, external_key: k}
"""


@pytest.fixture
def cloud():
    cloud = Cloud()
    yield cloud
    cloud.stop()


class Desk:
    """A home with keys and a data directory."""

    def __init__(self, folder, cloud):
        self.folder, self.cloud = folder, cloud
        (folder / "data").mkdir()
        (folder / "data" / "iot_config.yaml").write_text(CONFIG)
        self.key = new_key()
        (folder / "key.pem").write_bytes(key_pem(self.key))

    def config(self, text):
        (self.folder / ".oci").mkdir(exist_ok=True)
        (self.folder / ".oci" / "config").write_text(text)

    def create(self, *arguments, **variables):
        """Creates the twin: a GET with a query and a POST with a body."""
        command = [binary(), "--endpoint", self.cloud.base, "-d", *arguments, "create", "plain"]
        env = {"HOME": str(self.folder), "PATH": os.environ["PATH"], **variables}
        done = subprocess.run(
            command, env=env, cwd=self.folder, capture_output=True, text=True, timeout=60,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "PRIVATE KEY" not in done.stderr
        return done

    def calls(self):
        """The calls of the control plane, as they arrived."""
        is_call = lambda path: path.startswith("/20250531/")
        calls = [request for request in self.cloud.requests if is_call(request[1])]
        assert [method for method, *_ in calls] == ["GET", "POST"]
        assert "displayName=a+b%2F%C3%BC" in calls[0][1]
        return calls


@pytest.fixture
def desk(tmp_path, cloud):
    return Desk(tmp_path, cloud)


def same_as(signer, base, method, path, headers, body):
    """Signs the request that arrived with a signer of the SDK: all of it must be the same."""
    ours = parameters(headers["authorization"])
    kept = {name: headers[name] for name in ("date", "content-type")}
    request = requests.Request(method, base + path, data=body or None, headers=kept, auth=signer)
    prepared = request.prepare()
    assert prepared.path_url == path, "requests must not have changed the target"
    theirs = parameters(prepared.headers["authorization"])
    assert ours == theirs
    for name in ours["headers"].split():
        if name not in ("(request-target)", "host"):
            assert headers[name] == prepared.headers[name], name


def test_api_key(desk, cloud):
    name = fingerprint(desk.key.public_key())
    desk.config(
        f"[DEFAULT]\nuser={USER}\ntenancy={TENANCY}\nfingerprint={name}\nkey_file=~/key.pem\n"
        "region=standin-1\n"
    )
    desk.create()
    signer = oci.signer.Signer(TENANCY, USER, name, str(desk.folder / "key.pem"))
    for call in desk.calls():
        same_as(signer, cloud.base, *call)


def test_api_key_of_the_environment_alone(desk, cloud):
    name = fingerprint(desk.key.public_key())
    desk.create(
        OCI_CLI_KEY_CONTENT=key_pem(desk.key).decode(), OCI_CLI_USER=USER,
        OCI_CLI_TENANCY=TENANCY, OCI_CLI_FINGERPRINT=name, OCI_CLI_REGION="standin-1",
    )
    signer = oci.signer.Signer(TENANCY, USER, name, str(desk.folder / "key.pem"))
    for call in desk.calls():
        same_as(signer, cloud.base, *call)


def test_an_encrypted_key(desk, cloud):
    """With its pass phrase in the profile; variables without `OCI_CLI_KEY_CONTENT` do not count."""
    name = fingerprint(desk.key.public_key())
    kind = serialization.BestAvailableEncryption(b"open sesame")
    encrypted = desk.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, kind
    )
    (desk.folder / "key.pem").write_bytes(encrypted)
    desk.config(
        f"[DEFAULT]\nuser={USER}\ntenancy={TENANCY}\nfingerprint={name}\nkey_file=~/key.pem\n"
        "region=standin-1\npass_phrase=open sesame\n"
    )
    desk.create(
        OCI_CLI_USER="ocid1.user.oc0..other", OCI_CLI_TENANCY="ocid1.tenancy.oc0..other",
        OCI_CLI_FINGERPRINT="00", OCI_CLI_PASSPHRASE="wrong", OCI_CLI_KEY_FILE="/nowhere",
    )
    signer = oci.signer.Signer(
        TENANCY, USER, name, str(desk.folder / "key.pem"), pass_phrase="open sesame"
    )
    for call in desk.calls():
        same_as(signer, cloud.base, *call)


def test_an_encrypted_key_of_the_environment(desk, cloud):
    name = fingerprint(desk.key.public_key())
    kind = serialization.BestAvailableEncryption(b"open sesame")
    encrypted = desk.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, kind
    )
    desk.create(
        OCI_CLI_KEY_CONTENT=encrypted.decode(), OCI_CLI_PASSPHRASE="open sesame",
        OCI_CLI_USER=USER, OCI_CLI_TENANCY=TENANCY, OCI_CLI_FINGERPRINT=name,
        OCI_CLI_REGION="standin-1",
    )
    signer = oci.signer.Signer(
        TENANCY, USER, name, None, pass_phrase="open sesame", private_key_content=encrypted
    )
    for call in desk.calls():
        same_as(signer, cloud.base, *call)


def test_security_token(desk, cloud):
    cloud.sessions["a.b.c"] = desk.key.public_key()
    (desk.folder / "token").write_text("a.b.c")
    desk.config(
        f"[DEFAULT]\ntenancy={TENANCY}\nkey_file=~/key.pem\nregion=standin-1\n"
        "security_token_file=~/token\n"
    )
    desk.create("--auth", "security_token")
    signer = oci.auth.signers.SecurityTokenSigner("a.b.c", desk.key)
    for call in desk.calls():
        same_as(signer, cloud.base, *call)


def test_resource_principal(desk, cloud, tmp_path):
    cloud.sessions["e30.eyJleHAiOjQxMDI0NDQ4MDB9.eA"] = desk.key.public_key()
    (tmp_path / "rpst").write_text("e30.eyJleHAiOjQxMDI0NDQ4MDB9.eA")
    variables = {
        "OCI_RESOURCE_PRINCIPAL_VERSION": "2.2",
        "OCI_RESOURCE_PRINCIPAL_RPST": str(tmp_path / "rpst"),
        "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM": str(tmp_path / "key.pem"),
        "OCI_RESOURCE_PRINCIPAL_REGION": "standin-1",
    }
    desk.create("--auth", "resource_principal", **variables)
    os.environ.update(variables)
    try:
        signer = oci.auth.signers.get_resource_principals_signer()
    finally:
        for name in variables:
            del os.environ[name]
    for call in desk.calls():
        same_as(signer, cloud.base, *call)


@pytest.mark.parametrize("path", ["", "/v1/x509"])
def test_instance_principal(desk, cloud, path):
    done = desk.create(
        "--auth", "instance_principal", OCI_METADATA_BASE_URL=f"{cloud.base}/opc/v2",
        OCI_CLI_FEDERATION_ENDPOINT=cloud.base + path,
    )
    assert cloud.refusals == [] and len(cloud.sessions) == 1
    (token,) = cloud.sessions
    assert token not in done.stderr
    # The stand-in has checked the calls with the session's key; only we know its private half.
    assert all(parameters(call[2]["authorization"])["keyId"] == f"ST${token}" for call in desk.calls())
    (exchange,) = [request for request in cloud.requests if request[1] == "/v1/x509"]
    given = parameters(exchange[2]["authorization"])
    assert given["headers"].split() == FEDERATION_HEADERS

    class Retriever:
        def get_private_key(self):
            return load_pem_private_key(key_pem(cloud.leaf_key), None)

    theirs = AuthTokenRequestSigner(TENANCY, given["keyId"].rsplit("/", 1)[1], Retriever())
    same_as(theirs, cloud.base, *exchange)


def test_the_sdk_passes_the_same_checks(cloud, monkeypatch):
    """Otherwise the stand-in would be stricter or laxer than what it stands for."""
    monkeypatch.setenv("OCI_METADATA_BASE_URL", f"{cloud.base}/opc/v2")
    signer = oci.auth.signers.InstancePrincipalsSecurityTokenSigner(
        federation_endpoint=f"{cloud.base}/v1/x509"
    )
    client = oci.iot.IotClient(
        {}, signer=signer, service_endpoint=cloud.base,
        retry_strategy=oci.retry.NoneRetryStrategy(),
    )
    assert client.list_digital_twin_models("ocid1.iotdomain.oc0.standin-1.d").data.items == []
    assert cloud.refusals == [] and len(cloud.sessions) == 1


def test_a_stranger_gets_no_token(desk, cloud):
    """A certificate of an unknown authority is refused, and the user hears why."""
    cloud.forget_the_authority()
    command = [
        binary(), "--endpoint", cloud.base, "--auth", "instance_principal", "create", "plain",
    ]
    env = {
        "HOME": str(desk.folder), "OCI_METADATA_BASE_URL": f"{cloud.base}/opc/v2",
        "OCI_CLI_FEDERATION_ENDPOINT": cloud.base,
    }
    done = subprocess.run(
        command, env=env, cwd=desk.folder, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 4, done.stderr
    assert "exchange of the certificate" in done.stderr
    assert not any(request[1].startswith("/20250531") for request in cloud.requests)
