"""A representative script of the unmodified OCI CLI: create, list with `--query`, update with
`--if-match`, wait for states, delete."""

import json
import subprocess
import sys
import uuid
from pathlib import Path

WAIT = ("--max-wait-seconds", "60", "--wait-interval-seconds", "1")


def cli(server, *arguments, status=0):
    """Runs `oci iot …`; its JSON, or its error text when it must fail."""
    program = Path(sys.executable).parent / "oci"
    done = subprocess.run(
        [program, "iot", *arguments], env=server.tool_env(), capture_output=True, text=True,
        timeout=120, stdin=subprocess.DEVNULL,
    )
    assert done.returncode == status, f"{arguments}\n{done.stdout}\n{done.stderr}"
    if status:
        return done.stderr
    return json.loads(done.stdout) if done.stdout.strip() else None


def test_a_script_from_group_to_twin_and_back(server, env):
    compartment, label = env["IOT_COMPARTMENT_ID"], uuid.uuid4().hex[:8]
    work = cli(server, "domain-group", "create", "-c", compartment, "--display-name", f"g-{label}",
               "--wait-for-state", "SUCCEEDED", *WAIT)
    assert work["data"]["status"] == "SUCCEEDED"
    group = work["data"]["resources"][0]["identifier"]
    work = cli(server, "domain", "create", "-c", compartment, "--iot-domain-group-id", group,
               "--wait-for-state", "SUCCEEDED", *WAIT)
    domain = work["data"]["resources"][0]["identifier"]
    made = cli(server, "digital-twin-instance", "create", "--iot-domain-id", domain,
               "--external-key", label, "--auth-id", env["DEVICE_SECRET_ID"],
               "--wait-for-state", "ACTIVE", *WAIT)
    twin, etag = made["data"]["id"], made["etag"]
    found = cli(server, "digital-twin-instance", "list", "--iot-domain-id", domain, "--all",
                "--page-size", "1", "--query",
                f"data.items[?\"external-key\"=='{label}'].id | [0]")
    assert found == twin
    changed = cli(server, "digital-twin-instance", "update", "--digital-twin-instance-id", twin,
                  "--display-name", "renamed", "--if-match", etag, "--force")
    assert changed["data"]["display-name"] == "renamed" and changed["etag"] != etag
    stale = cli(server, "digital-twin-instance", "update", "--digital-twin-instance-id", twin,
                "--display-name", "again", "--if-match", etag, "--force", status=1)
    assert "NoEtagMatch" in stale
    cleared = cli(server, "digital-twin-instance", "update", "--digital-twin-instance-id", twin,
                  "--auth-id", "null", "--connectivity-type", "INDIRECT", "--force", status=1)
    assert "gateways" in cleared
    cli(server, "digital-twin-instance", "delete", "--digital-twin-instance-id", twin, "--force",
        "--wait-for-state", "DELETED", *WAIT)
    for command in (
        ("domain", "change-data-retention-period", "--type", "RAW_DATA",
         "--data-retention-period-in-days", "20", "--iot-domain-id", domain),
        ("domain", "delete", "--force", "--iot-domain-id", domain),
        ("domain-group", "delete", "--force", "--iot-domain-group-id", group),
    ):
        work = cli(server, *command, "--wait-for-state", "SUCCEEDED", *WAIT)
        assert work["data"]["status"] == "SUCCEEDED"
    logs = cli(server, "work-request", "list-logs", "--work-request-id", work["data"]["id"])
    assert logs["data"]["items"]
