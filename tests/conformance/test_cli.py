"""The release binary as a user or a script runs it, and the unmodified OCI CLI."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from server import binary

DEMO_SECONDS_MAX = 10
TWINS = ("unstructured", "default-adapter", "custom-adapter")
SECRETS = ("DEVICE_PASSWORD", "IAM_PASSWORD", "IAM_APP_CLIENT_SECRET")


def run(server, *arguments, **changes):
    """Runs the program with `client/env.sh` sourced."""
    done = subprocess.run(
        [binary(), *arguments], env=server.tool_env(**changes), cwd=server.home,
        capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
    )
    for name in SECRETS:
        assert server.env[name] not in done.stdout + done.stderr, f"{name} is shown"
    return done


def in_client(server, *arguments, **changes):
    """The same with the data directory that the platform wrote."""
    return run(server, "--data-dir", server.client, *arguments, **changes)


def exits(code, done):
    """The result, which must have this exit code."""
    assert done.returncode == code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


@pytest.mark.parametrize("twin", TWINS)
def test_create_query_delete(server, twin):
    created = exits(0, in_client(server, "create", twin))
    assert "ocid1.iotdigitaltwininstance." in created.stdout
    again = exits(0, in_client(server, "create", twin))
    assert "ocid1.iotdigitaltwininstance." in again.stdout, "what exists is kept and named"
    queried = exits(0, in_client(server, "query", "-l", "60", twin))
    for title in (
        "Recent raw data - 0 record(s)", "Recent historized data - 0 record(s)",
        "Recent raw command data - 0 record(s)", "Recent rejected data - 0 record(s)",
    ):
        assert title in queried.stdout
    assert ("Digital Twin Instance content" in queried.stdout) == (twin != "unstructured")
    assert queried.stderr == "", "without -v only warnings and errors"
    deleted = exits(0, in_client(server, "delete", twin))
    assert "ocid1.iotdigitaltwininstance." in deleted.stdout
    missing = exits(1, in_client(server, "delete", twin))
    assert "Digital Twin Instance does not exist" in missing.stderr
    missing = exits(1, in_client(server, "query", twin))
    assert "Digital Twin Instance does not exist" in missing.stderr


def test_log_lines_go_to_stderr(server):
    created = exits(0, in_client(server, "-v", "create", "custom-adapter"))
    for line in (
        "Create Digital Twin Model '", "Digital Twin Model created",
        "Create custom Digital Twin Adapter '", "Digital Twin Adapter created",
        "Digital Twin Instance created",
    ):
        assert f" - {line}" in created.stderr
        assert f" - {line}" not in created.stdout
    assert " - INFO     - " in created.stderr
    deleted = exits(0, in_client(server, "delete", "custom-adapter", "-v"))
    assert "Digital Twin Model deleted" in deleted.stderr


def test_json_output_is_one_document(server):
    for verb in ("create", "query", "delete"):
        done = exits(0, in_client(server, "--output", "json", verb, "default-adapter"))
        json.loads(done.stdout)


def test_wrong_usage_exits_2(server, tmp_path):
    exits(2, run(server))
    exits(2, run(server, "no-such-verb"))
    exits(2, run(server, "query", "--no-such-option", "x"))
    unknown = exits(2, in_client(server, "query", "no-such-twin"))
    assert "no-such-twin" in unknown.stderr and unknown.stdout == ""
    exits(2, run(server, "--data-dir", tmp_path, "query", "unstructured"))
    exits(2, in_client(server, "--iot-config-file", "no-such-file.yaml", "query", "unstructured"))
    folder = tmp_path / "data"
    shutil.copytree(server.client, folder)
    (folder / "m5_model_default.json").unlink()
    missing = exits(2, run(server, "--data-dir", folder, "create", "default-adapter"))
    assert "m5_model_default.json" in missing.stderr


def test_an_unreachable_platform_exits_3(server, tmp_path):
    nobody = exits(
        3,
        in_client(server, "--endpoint", "https://iot.local-1.oci.localhost:1", "query",
                  "unstructured"),
    )
    assert nobody.stderr and nobody.stdout == ""
    # A platform whose certificate nobody here vouches for is out of reach as well.
    other = tmp_path / "other-ca.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=other",
         "-keyout", tmp_path / "key.pem", "-out", other],
        check=True, capture_output=True,
    )
    ca = {
        name: str(other)
        for name in ("OCI_CLI_CERT_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE")
    }
    exits(3, in_client(server, "query", "unstructured", **ca))


def test_a_wrong_key_exits_4(server, tmp_path):
    subprocess.run(
        ["openssl", "genrsa", "-out", tmp_path / "key.pem", "2048"], check=True, capture_output=True
    )
    text = (server.client / "oci_config").read_text()
    changed = text.replace(str(server.client / "api_key.pem"), str(tmp_path / "key.pem"))
    assert changed != text
    config = tmp_path / "config"
    config.write_text(changed)
    config.chmod(0o600)
    done = exits(4, in_client(server, "--config-file", config, "query", "unstructured"))
    assert "Traceback" not in done.stderr and "panicked" not in done.stderr


def test_help_and_version(server):
    assert "create" in exits(0, run(server, "--help")).stdout
    assert exits(0, run(server, "--version")).stdout.startswith("manage-dt ")


def test_env_prints_what_env_sh_holds(server):
    # `env` is the one verb that shows secrets, so it is run without the check for them.
    done = subprocess.run(
        [binary(), "env", "--state-dir", server.state_dir], env=server.tool_env(),
        capture_output=True, text=True, timeout=30,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == (server.client / "env.sh").read_text().strip()
    nowhere = run(server, "env", "--state-dir", server.home / "nowhere")
    assert nowhere.returncode in (1, 2) and nowhere.stderr and nowhere.stdout == ""


def test_it_finds_a_platform_by_itself(server):
    env = {name: v for name, v in server.tool_env().items() if name not in server.env}
    done = subprocess.run(
        [binary(), f"--local={server.state_dir}", "create", "unstructured"], env=env,
        capture_output=True, text=True, timeout=60, cwd=server.home,
    )
    assert done.returncode == 0, done.stderr
    exits(0, in_client(server, "delete", "unstructured"))


def test_the_demo_tells_the_whole_story(server):
    started = time.monotonic()
    done = exits(0, run(server, "demo"))
    seconds = time.monotonic() - started
    assert seconds < DEMO_SECONDS_MAX, f"{seconds:.1f} s"
    assert "record(s)" in done.stdout


def test_readers_that_go_away(tmp_path):
    """A closed pipe or a full disk behind stdout ends neither the demo nor a platform."""
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [binary(), "demo"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60,
            stdin=subprocess.DEVNULL,
        )
    assert "panicked" not in done.stderr, done.stderr
    with open("/dev/full", "w") as full, open(tmp_path / "err", "w") as err:
        serve = subprocess.Popen(
            [binary(), "serve", "--state-dir", tmp_path / "state", "--https-port", "0",
             "--mqtts-port", "0"],
            stdout=full, stderr=err, stdin=subprocess.DEVNULL,
        )
        try:
            deadline = time.monotonic() + 30
            asked = None
            while asked is None or asked.returncode:
                assert serve.poll() is None, (tmp_path / "err").read_text()
                assert time.monotonic() < deadline, asked
                time.sleep(0.1)
                asked = subprocess.run(
                    [binary(), f"--local={tmp_path / 'state'}", "list"], capture_output=True
                )
        finally:
            serve.terminate()
            assert serve.wait(30) == 0


def oci_cli(server, *arguments):
    """The unmodified OCI CLI."""
    program = Path(sys.executable).parent / "oci"
    return subprocess.run(
        [program, *arguments], env=server.tool_env(), capture_output=True, text=True, timeout=120,
        stdin=subprocess.DEVNULL,
    )


def test_the_oci_cli_lists_and_gets(server, env, twins):
    twin = twins.default_adapter()
    listed = oci_cli(
        server, "iot", "digital-twin-model", "list", "--iot-domain-id", env["IOT_DOMAIN_ID"],
        "--spec-uri-starts-with", twin.model.spec_uri, "--lifecycle-state", "ACTIVE",
    )
    assert listed.returncode == 0, listed.stderr
    [item] = json.loads(listed.stdout)["data"]["items"]
    assert item["id"] == twin.model.id and item["spec-uri"] == twin.model.spec_uri
    got = oci_cli(server, "iot", "digital-twin-instance", "get",
                  "--digital-twin-instance-id", twin.id)
    assert got.returncode == 0, got.stderr
    answer = json.loads(got.stdout)
    assert answer["data"]["external-key"] == twin.key and answer["etag"]


def test_the_oci_cli_shows_a_refusal(server, env):
    unknown = env["IOT_DOMAIN_ID"][:-4] + "zzzz"
    done = oci_cli(server, "iot", "domain", "get", "--iot-domain-id", unknown)
    assert done.returncode == 1
    assert "NotAuthorizedOrNotFound" in done.stderr


def test_list_and_show(server):
    exits(0, in_client(server, "create", "custom-adapter"))
    exits(0, in_client(server, "create", "unstructured"))
    try:
        listed = json.loads(exits(0, in_client(server, "--output", "json", "list")).stdout)
        twins = {twin["name"]: twin for twin in listed["digitalTwins"]}
        assert twins["custom-adapter"]["state"] == twins["unstructured"]["state"] == "exists"
        assert twins["custom-adapter"]["drift"] == [], "what was created is what the files say"
        assert twins["unstructured"]["timeLastHeard"] is None
        values = {
            "count": 7, "humidity": 52.5, "pressure": 1013, "qmp_temperature": 22.1,
            "sht_temperature": 22.3,
        }
        for twin in ("custom-adapter", "unstructured"):
            done = exits(0, in_client(server, "--output", "json", "show", twin))
            key = json.loads(done.stdout)["instance"]["externalKey"]
            posted = requests.post(
                f"https://{server.env['IOT_DEVICE_HOST']}:{server.env['IOT_HTTPS_PORT']}"
                "/iot/v1/telemetry",
                json=values, auth=(key, server.env["DEVICE_PASSWORD"]),
                verify=server.env["SSL_CERT_FILE"], timeout=30,
            )
            assert posted.ok, posted.text
        shown = json.loads(
            exits(0, in_client(server, "--output", "json", "show", "custom-adapter")).stdout
        )
        assert shown["content"]["count"] == 7
        assert shown["content"]["_metadata"]["count"]["timeObserved"]
        table = exits(0, in_client(server, "show", "custom-adapter", COLUMNS="80")).stdout
        assert "Last heard" in table and "never" not in table
        listed = json.loads(exits(0, in_client(server, "--output", "json", "list")).stdout)
        heard = {twin["name"]: twin["timeLastHeard"] for twin in listed["digitalTwins"]}
        assert heard["custom-adapter"] and heard["unstructured"]
    finally:
        in_client(server, "delete", "custom-adapter")
        in_client(server, "delete", "unstructured")


def test_doctor_finds_nothing_wrong(server):
    done = exits(0, in_client(server, "--output", "json", "doctor"))
    document = json.loads(done.stdout)
    assert document["healthy"] and len(document["steps"]) == 5
    broken = exits(3, in_client(server, "--endpoint", "https://iot.localhost:1", "doctor"))
    assert "BROKEN  control plane" in broken.stdout
