"""Certificates hold before the strict checks that Python 3.13 makes by default."""

import subprocess
from urllib.parse import urlsplit

import pytest

CONNECT = """
import socket, ssl, sys

ca, host, port = sys.argv[1:]
assert sys.version_info[:2] == (3, 13), sys.version
context = ssl.create_default_context(cafile=ca)
assert context.verify_flags & ssl.VERIFY_X509_STRICT
with socket.create_connection(("127.0.0.1", int(port)), timeout=10) as plain:
    with context.wrap_socket(plain, server_hostname=host) as tls:
        print(tls.version(), tls.getpeercert()["subjectAltName"])
"""


def connect(python313, ca, host, port):
    """A TLS handshake in Python 3.13."""
    return subprocess.run(
        [python313, "-", ca, host, str(port)],
        input=CONNECT,
        capture_output=True,
        text=True,
        timeout=60,
        env={"PATH": "/usr/bin:/bin"},
    )


def hosts(env, iot):
    """Each kind of name on the https port, and the devices' name on the mqtts port."""
    https = env["IOT_HTTPS_PORT"]
    return {
        "control plane": (urlsplit(iot.base_client.endpoint).hostname, https),
        "data API": (urlsplit(env["IOT_DATA_ENDPOINT"]).hostname, https),
        "token endpoint": (urlsplit(env["OAUTH_ENDPOINT"]).hostname, https),
        "devices over HTTPS": (env["IOT_DEVICE_HOST"], https),
        "devices over MQTT": (env["IOT_DEVICE_HOST"], env["IOT_MQTTS_PORT"]),
        "localhost": ("localhost", https),
        "address": ("127.0.0.1", https),
    }


@pytest.mark.parametrize(
    "name",
    [
        "control plane", "data API", "token endpoint", "devices over HTTPS",
        "devices over MQTT", "localhost", "address",
    ],
)
def test_a_strict_client_connects(python313, server, env, iot, name):
    host, port = hosts(env, iot)[name]
    done = connect(python313, str(server.client / "ca.pem"), host, port)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("TLSv1.")


def test_a_name_that_is_not_ours_is_refused_by_the_client(python313, server, env):
    done = connect(python313, str(server.client / "ca.pem"), "example.com", env["IOT_HTTPS_PORT"])
    assert done.returncode != 0
    assert "Hostname mismatch" in done.stderr or "UNRECOGNIZED_NAME" in done.stderr.upper()


def test_the_bundle_holds_the_ca_and_the_systems_roots(server):
    ca = (server.client / "ca.pem").read_text()
    bundle = (server.client / "ca-bundle.pem").read_text()
    assert ca.count("BEGIN CERTIFICATE") == 1
    assert "".join(ca.split()) in "".join(bundle.split())
    assert bundle.count("BEGIN CERTIFICATE") > 50
