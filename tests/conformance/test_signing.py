"""Requests that are signed by the SDK's own signer and then tampered with."""

import json
import time
from email.utils import formatdate

import oci
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from twins import dtmi, new_key


@pytest.fixture(scope="module")
def base(iot):
    """The control plane's address, as the SDK computed it."""
    return iot.base_client.endpoint


def signer(config, **changes):
    """The SDK's signer for API keys."""
    settings = {
        "tenancy": config["tenancy"],
        "user": config["user"],
        "fingerprint": config["fingerprint"],
        "private_key_file_location": config["key_file"],
    }
    return oci.signer.Signer(**{**settings, **changes})


def foreign_key():
    """A key that nobody registered."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


class Attempt:
    """A POST that would create a model, and a look at whether it did."""

    def __init__(self, base, server, iot):
        self.base, self.server, self.iot = base, server, iot
        self.key = new_key()
        self.domain = server.env["IOT_DOMAIN_ID"]
        spec = server.definition("m5_model_default.json")
        spec["@id"] = dtmi(self.key)
        self.body = json.dumps({"iotDomainId": self.domain, "spec": spec})

    def request(self, auth, **headers):
        """The request, prepared and signed but not sent."""
        return requests.Request(
            "POST",
            f"{self.base}/digitalTwinModels",
            data=self.body,
            headers={"content-type": "application/json", **headers},
            auth=auth,
        ).prepare()

    def send(self, prepared):
        with requests.Session() as session:
            return session.send(prepared, verify=self.server.env["SSL_CERT_FILE"], timeout=30)

    def is_refused(self, prepared):
        """401 with the documented body, and nothing has changed."""
        response = self.send(prepared)
        assert response.status_code == 401, response.text
        body = response.json()
        assert body["code"] == "NotAuthenticated"
        assert body["message"]
        assert response.headers["opc-request-id"]
        assert response.headers["date"], "clients read their clock's error off it"
        found = self.iot.list_digital_twin_models(
            self.domain, spec_uri_starts_with=dtmi(self.key)
        )
        assert found.data.items == []


@pytest.fixture
def attempt(base, server, iot):
    return Attempt(base, server, iot)


def test_an_honest_request_is_accepted(attempt, config, iot):
    response = attempt.send(attempt.request(signer(config)))
    assert response.status_code == 200, response.text
    assert response.json()["specUri"] == dtmi(attempt.key)
    iot.delete_digital_twin_model(response.json()["id"])


def test_a_foreign_key(attempt, config):
    attempt.is_refused(attempt.request(signer(config, private_key_content=foreign_key())))


def test_an_unknown_key_id(attempt, config):
    wrong = ":".join(["00"] * 16)
    attempt.is_refused(attempt.request(signer(config, fingerprint=wrong)))


@pytest.mark.parametrize("seconds", [-600, 600])
def test_a_clock_ten_minutes_off(attempt, config, seconds):
    date = formatdate(time.time() + seconds, usegmt=True)
    attempt.is_refused(attempt.request(signer(config), date=date))


def test_a_body_changed_after_signing(attempt, config):
    prepared = attempt.request(signer(config))
    changed = prepared.body.replace("M5Stack", "N5Stack")
    assert changed != prepared.body and len(changed) == len(prepared.body)
    prepared.body = changed
    attempt.is_refused(prepared)


def test_a_path_changed_after_signing(attempt, config):
    prepared = attempt.request(signer(config))
    prepared.url += "?x=1"
    attempt.is_refused(prepared)


def test_a_body_that_was_not_signed(attempt, config):
    prepared = attempt.request(signer(config).without_content_headers)
    assert "x-content-sha256" not in prepared.headers["authorization"]
    attempt.is_refused(prepared)


def test_no_authorization(attempt):
    attempt.is_refused(attempt.request(None))


@pytest.mark.parametrize(
    "value", ["", "Signature", "Bearer x", 'Signature version="1"', "Basic eDp5"]
)
def test_another_authorization(attempt, value):
    prepared = attempt.request(None)
    prepared.headers["authorization"] = value
    attempt.is_refused(prepared)


def test_a_client_with_a_slash_behind_its_endpoint(config, base, env):
    """The SDK then asks for `//20250531/…` and signs just that."""
    root = base[: -len("/20250531")] + "/"
    client = oci.iot.IotClient(
        config, service_endpoint=root, retry_strategy=oci.retry.NoneRetryStrategy()
    )
    assert "//20250531" in client.base_client.endpoint
    assert client.get_iot_domain(env["IOT_DOMAIN_ID"]).status == 200


def test_the_request_id_comes_back(iot, env):
    answer = iot.get_iot_domain(env["IOT_DOMAIN_ID"], opc_request_id="MYREQUEST")
    assert answer.headers["opc-request-id"].split("/")[0] == "MYREQUEST"
