"""`plan`, `apply`, `drift`, `export` against a platform, with the SDK as the other hand."""

import json
import os
import pty
import subprocess
import time
import uuid

import pytest
import yaml
from oci.iot import models

from server import binary

READ_SECONDS_MAX = 30


def read_to_end(terminal):
    """What was written to a terminal that no process has open any more."""
    out = b""
    try:
        while piece := os.read(terminal, 65536):
            out += piece
    except OSError:
        pass  # how Linux tells the end
    os.close(terminal)
    return out.decode()


class Desk:
    """A file with one twin, a room, and a relationship between them, all names its own."""

    def __init__(self, server, iot, folder):
        self.server, self.iot, self.path = server, iot, folder / "plant.yaml"
        self.key = uuid.uuid4().hex[:10]
        self.owner = f"plant-{self.key}"
        self.env = f"dtmi:com:example:e{self.key}:env;1"
        self.room = f"dtmi:com:example:e{self.key}:room;1"
        client = str(server.client)
        self.document = {
            "owner": self.owner,
            "tags": {"site": "berlin"},
            "models": [
                {"dtmi": self.env, "spec": f"{client}/m5_model_custom.json"},
                {"spec": {
                    "@context": ["dtmi:dtdl:context;3"], "@id": self.room, "@type": "Interface",
                    "contents": [{"@type": "Relationship", "name": "contains"}],
                }},
            ],
            "adapters": [{
                "key": "env", "model": self.env,
                "envelope": f"{client}/m5_adapter_envelope.json",
                "routes": f"{client}/m5_adapter_routes.json",
            }],
            "instances": [
                {"externalKey": f"{self.key}-1", "authId": "${auth_id}", "adapter": "env"},
                {"externalKey": f"{self.key}-room", "model": self.room},
            ],
            "relationships": [
                {"from": f"{self.key}-room", "path": "contains", "to": f"{self.key}-1"},
            ],
        }

    def command(self, *arguments):
        return [binary(), "--data-dir", self.server.client, *map(str, arguments)]

    def run(self, *arguments, code=0):
        """Writes the file, runs the program, and gives the JSON document or the errors."""
        self.path.write_text(yaml.safe_dump(self.document))
        done = subprocess.run(
            self.command("--output", "json", *arguments), env=self.server.tool_env(),
            cwd=self.server.home, capture_output=True, text=True, timeout=60,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return json.loads(done.stdout) if done.stdout else {}, done.stderr

    def actions(self, document):
        return {(c["resource"], c["key"]): c["action"] for c in document["changes"]}

    def instance(self, suffix):
        listed = self.iot.list_digital_twin_instances(
            self.server.env["IOT_DOMAIN_ID"], lifecycle_state="ACTIVE", limit=1000
        ).data.items
        return next((i for i in listed if i.external_key == f"{self.key}-{suffix}"), None)


@pytest.fixture
def desk(server, iot, tmp_path):
    desk = Desk(server, iot, tmp_path)
    yield desk
    desk.run("apply", desk.path, "--destroy", "--yes")


def test_apply_then_nothing_is_left_to_do(desk):
    plan, _ = desk.run("plan", desk.path, "--detailed-exit-code", code=10)
    assert set(desk.actions(plan).values()) == {"create"} and plan["summary"]["create"] == 6
    desk.run("apply", desk.path, "--dry-run")
    assert desk.instance("1") is None, "a dry run changes nothing"
    _, told = desk.run("apply", desk.path, code=2)
    assert "--yes" in told and desk.instance("1") is None, "nobody was asked"
    done, _ = desk.run("apply", desk.path, "--yes")
    assert done["complete"] and len(done["done"]) == 6 and done["remaining"] == []
    assert desk.instance("1").freeform_tags == {"site": "berlin", "manage-dt-owner": desk.owner}
    desk.run("plan", desk.path, "--detailed-exit-code")
    desk.run("drift", desk.path, "--detailed-exit-code")


def test_what_export_wrote_needs_no_change(desk, tmp_path):
    desk.run("apply", desk.path, "--yes")
    desk.run("export", tmp_path / "out", "--owner", desk.owner)
    desk.run("plan", tmp_path / "out" / "twins.yaml", "--prune", "--detailed-exit-code")
    _, told = desk.run("export", tmp_path / "out", code=2)
    assert "exists already" in told
    desk.run("export", tmp_path / "all")
    desk.run("plan", tmp_path / "all" / "twins.yaml", "--detailed-exit-code")


def test_drift_names_member_old_and_new(desk):
    desk.run("apply", desk.path, "--yes")
    twin = desk.instance("1")
    tags = {**twin.freeform_tags, "site": "rome"}
    desk.iot.update_digital_twin_instance(
        twin.id, models.UpdateDigitalTwinInstanceDetails(freeform_tags=tags)
    )
    drift, _ = desk.run("drift", desk.path, "--detailed-exit-code", code=10)
    changed = [c for c in drift["changes"] if c["state"] != "as in the file"]
    assert [(c["key"], c["state"]) for c in changed] == [(twin.external_key, "differs")]
    assert changed[0]["members"] == [
        {"member": "tags", "old": {"site": "rome"}, "new": {"site": "berlin"}}
    ]
    desk.run("apply", desk.path, "--yes")
    assert desk.instance("1").id == twin.id and desk.instance("1").freeform_tags["site"] == "berlin"


def test_adopts_and_prunes_only_its_own(desk):
    other = desk.iot.create_digital_twin_instance(models.CreateDigitalTwinInstanceDetails(
        iot_domain_id=desk.server.env["IOT_DOMAIN_ID"], external_key=f"{desk.key}-other",
    )).data
    room = desk.iot.create_digital_twin_instance(models.CreateDigitalTwinInstanceDetails(
        iot_domain_id=desk.server.env["IOT_DOMAIN_ID"], external_key=f"{desk.key}-1",
        auth_id=desk.server.env["DEVICE_SECRET_ID"],
    )).data
    plan, _ = desk.run("plan", desk.path)
    assert desk.actions(plan)[("instance", f"{desk.key}-1")] == "adopt"
    desk.run("apply", desk.path, "--yes")
    assert desk.instance("1").id == room.id
    relationships = desk.document.pop("relationships")
    gone = desk.document["instances"].pop()
    plan, _ = desk.run("plan", desk.path)
    assert plan["summary"]["delete"] == 0 and plan["summary"]["unlisted"] == 2
    desk.run("apply", desk.path, "--prune", "--yes")
    assert desk.instance("room") is None and desk.instance("other").id == other.id
    desk.document["instances"].append(gone)
    desk.document["relationships"] = relationships
    desk.run("apply", desk.path, "--yes")
    assert desk.instance("room"), "the day-long retry token does not bring back what is gone"
    desk.document["owner"] = "somebody-else"
    _, told = desk.run("plan", desk.path, code=1)
    assert f"belongs to the owner `{desk.owner}`" in told
    desk.document["owner"] = desk.owner
    desk.iot.delete_digital_twin_instance(other.id)


def test_a_failure_half_way_is_told_and_the_next_run_goes_on(desk):
    good = desk.document["instances"][0]["authId"]
    desk.document["instances"][0]["authId"] = "ocid1.vaultsecret.oc0.local-1.nothing"
    done, told = desk.run("apply", desk.path, "--yes", code=1)
    assert not done["complete"]
    assert {d["resource"] for d in done["done"]} == {"model", "adapter", "instance"}
    assert [d["resource"] for d in done["remaining"]] == ["instance", "relationship"]
    assert f"Cannot create instance '{desk.key}-1'" in told and "goes on from here" in told
    desk.document["instances"][0]["authId"] = good
    plan, _ = desk.run("plan", desk.path)
    assert plan["summary"]["create"] == 2
    desk.run("apply", desk.path, "--yes")


def test_replaces_only_when_asked(desk):
    desk.run("apply", desk.path, "--yes")
    twin = desk.instance("1")
    newer = desk.env.replace(";1", ";2")
    desk.document["models"][0]["dtmi"] = desk.document["adapters"][0]["model"] = newer
    _, told = desk.run("apply", desk.path, "--prune", "--yes", code=2)
    assert "--replace" in told and desk.instance("1").id == twin.id
    desk.run("apply", desk.path, "--prune", "--replace", "--yes")
    assert desk.instance("1").digital_twin_model_spec_uri == newer
    desk.run("plan", desk.path, "--prune", "--detailed-exit-code")


def test_a_stale_plan_is_refused(desk):
    desk.run("apply", desk.path, "--yes")
    desk.document["instances"][0]["displayName"] = "ours"
    desk.path.write_text(yaml.safe_dump(desk.document))
    leader, follower = pty.openpty()
    running = subprocess.Popen(
        desk.command("apply", desk.path), env=desk.server.tool_env(), cwd=desk.server.home,
        stdin=follower, stdout=subprocess.PIPE, stderr=follower,
    )
    os.close(follower)
    seen, until = b"", time.monotonic() + READ_SECONDS_MAX
    while b"[y/N]" not in seen and time.monotonic() < until:
        seen += os.read(leader, 1024)
    twin = desk.instance("1")
    desk.iot.update_digital_twin_instance(
        twin.id, models.UpdateDigitalTwinInstanceDetails(display_name="theirs")
    )
    os.write(leader, b"yes\n")
    assert running.wait(READ_SECONDS_MAX) == 1
    told = read_to_end(leader)
    running.stdout.close()
    assert "412" in told and "stale" in told, told
    assert desk.instance("1").display_name == "theirs"


def test_query_is_as_in_the_oci_cli(desk):
    def shown(*arguments):
        return subprocess.run(
            desk.command(*arguments), env=desk.server.tool_env(), cwd=desk.server.home,
            capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
        )

    desk.path.write_text(yaml.safe_dump(desk.document))
    query = "changes[?resource=='adapter'] | [0].key"
    assert shown("plan", desk.path, "--query", query).stdout == '"env"\n'
    assert shown("plan", desk.path, "--query", query, "--raw-output").stdout == "env\n"
    wrong = shown("plan", desk.path, "--query", "a[?")
    assert wrong.returncode == 2 and "column 4" in wrong.stderr and wrong.stdout == ""
