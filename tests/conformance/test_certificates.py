"""Devices with a certificate, on all three protocols."""

import shutil
import ssl
import subprocess

import pytest
import requests

from device import Device
from server import binary


@pytest.fixture
def issue(server, tmp_path):
    """Issues a certificate with the program, for any external key."""

    def issue(key, **settings):
        state_dir = settings.get("state_dir", server.state_dir)
        done = subprocess.run(
            [binary(), "device-cert", "issue", "--external-key", key, "--state-dir", state_dir,
             "--out", tmp_path, "--force"],
            capture_output=True, text=True,
        )
        assert done.returncode == 0, done.stderr
        certificate, private = tmp_path / f"{key}.pem", tmp_path / f"{key}_key.pem"
        assert private.stat().st_mode & 0o777 == 0o600
        return str(certificate), str(private)

    return issue


@pytest.fixture
def twin(twins, issue, env):
    twin = twins.unstructured(auth_id=env["DEVICE_CERTIFICATE_ID"])
    twin.device = Device(env, twin.key, certificate=issue(twin.key))
    return twin


def rows(data, twin):
    return data.rows("rawData", {"digital_twin_instance_id": twin.id})


def test_all_protocols(twin, data):
    twin.device.publish("over/mqtt", b"1")
    client = twin.device.mqtt(transport="websockets")
    twin.device.connect(client)
    info = client.publish("over/websocket", b"2", qos=1)
    client.loop_start()
    info.wait_for_publish(10)
    client.disconnect()
    client.loop_stop()
    assert twin.device.post("over/https", b"3").status_code == 202
    endpoints = [row["endpoint"] for row in rows(data, twin)]
    assert endpoints == ["over/mqtt", "over/websocket", "over/https"]


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_curl(twin, env, data):
    certificate, key = twin.device.certificate
    address = f"{env['IOT_DEVICE_HOST']}:{env['IOT_HTTPS_PORT']}"
    done = subprocess.run(
        [
            "curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "--resolve",
            f"{address}:127.0.0.1", "--cacert", env["NODE_EXTRA_CA_CERTS"], "--cert", certificate,
            "--key", key, "-d", '{"from":"curl"}', f"https://{address}/iot/v1/telemetry",
        ],
        capture_output=True, text=True, timeout=30,
    )
    assert (done.returncode, done.stdout) == (0, "202"), done.stderr


@pytest.mark.skipif(not shutil.which("mosquitto_pub"), reason="mosquitto-clients is not installed")
@pytest.mark.parametrize("version", ["mqttv311", "mqttv5"])
def test_mosquitto(twin, env, data, version):
    certificate, key = twin.device.certificate
    done = subprocess.run(
        [
            "mosquitto_pub", "-V", version, "-h", "localhost", "-p", env["IOT_MQTTS_PORT"],
            "--cafile", env["NODE_EXTRA_CA_CERTS"], "--cert", certificate, "--key", key,
            "-t", "a", "-m", "x", "-q", "2",
        ],
        capture_output=True, text=True, timeout=30,
    )
    assert done.returncode == 0, done.stderr
    assert len(rows(data, twin)) == 1


def test_whose_certificate_it_is_decides(twin, twins, env, issue):
    other = twins.unstructured()
    # The other twin has a password, so a certificate of its name is not enough.
    assert Device(env, other.key, certificate=issue(other.key)).connect_reason() == "Not authorized"
    stranger = Device(env, "nobody", certificate=issue("nobody"))
    assert stranger.connect_reason() == "Not authorized"
    assert stranger.post("a", b"x").status_code == 401
    # Neither does a twin with a certificate take the password.
    with_password = Device(env, twin.key)
    assert with_password.connect_reason() == "Bad user name or password"
    client = twin.device.mqtt()
    client.username_pw_set(other.key, env["DEVICE_PASSWORD"])
    reasons = []
    client.on_connect = lambda _c, _u, _f, reason, _p: reasons.append(reason.getName())
    twin.device.connect(client)
    for _ in range(100):
        if reasons or client.loop(0.1):
            break
    assert reasons == ["Not authorized"], "certificate and user name disagree"


def test_a_certificate_of_another_ca(twin, env, tmp_path):
    certificate, key = tmp_path / "other.pem", tmp_path / "other_key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-subj", f"/CN={twin.key}", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )
    stranger = Device(env, twin.key, certificate=(str(certificate), str(key)))
    with pytest.raises((ssl.SSLError, OSError, requests.exceptions.RequestException)):
        stranger.post("a", b"x")


def test_deleting_the_twin_revokes(twin, iot):
    assert twin.device.connect_reason() == "Success"
    iot.delete_digital_twin_instance(twin.id)
    assert twin.device.connect_reason() == "Not authorized"


def test_revoking_ends_older_certificates(twin, server, issue, env, data):
    old = twin.device
    assert old.connect_reason() == "Success"
    command = [binary(), "device-cert", "revoke", "--external-key", twin.key, "--state-dir",
               server.state_dir]
    asked = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert asked.returncode == 2 and "--yes" in asked.stderr, asked.stderr
    assert old.connect_reason() == "Success", "nothing has been changed"
    with open("/dev/full", "w") as full:
        told = subprocess.run([*command, "--yes"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert told.returncode == 1 and "cannot write the results" in told.stderr, told.stderr
    done = subprocess.run([*command, "--yes"], capture_output=True, text=True)
    assert done.returncode == 0 and twin.key in done.stdout, done.stderr
    assert old.connect_reason() == "Not authorized"
    assert old.post("a", b"x").status_code == 401
    # Files of the old one are read at each connection, so keep them apart.
    certificate, key = (path + ".old" for path in old.certificate)
    for path in old.certificate:
        shutil.copy(path, path + ".old")
    new = Device(env, twin.key, certificate=issue(twin.key))
    assert new.connect_reason() == "Success"
    new.publish("renewed", b"1")
    stale = Device(env, twin.key, certificate=(certificate, key))
    assert stale.connect_reason() == "Not authorized"
    assert [row["endpoint"] for row in rows(data, twin)] == ["renewed"]


def test_issuing_takes_care(server, tmp_path, twin):
    """Files stay unless they may go; a key that no twin has is said."""
    def issue(key, *options):
        return subprocess.run(
            [binary(), "device-cert", "issue", "--external-key", key,
             "--state-dir", server.state_dir, "--out", tmp_path / "certificates", *options],
            capture_output=True, text=True,
        )

    done = issue("nobody-has-it")
    assert done.returncode == 0 and "no twin has the external key" in done.stderr
    before = (tmp_path / "certificates" / "nobody-has-it.pem").read_bytes()
    again = issue("nobody-has-it")
    assert again.returncode == 2 and "--force" in again.stderr
    assert (tmp_path / "certificates" / "nobody-has-it.pem").read_bytes() == before
    assert issue("nobody-has-it", "--force").returncode == 0
    assert (tmp_path / "certificates" / "nobody-has-it.pem").read_bytes() != before
    known = issue(twin.key)
    assert known.returncode == 0 and known.stderr == ""
