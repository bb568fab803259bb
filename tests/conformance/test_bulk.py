"""`bulk`: instances from a CSV file, on a real platform."""

import json
import signal
import subprocess
import time

import pytest

from server import Server, binary
from test_cli import exits, in_client


@pytest.fixture(scope="module")
def platform(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("bulk"), ("--allow-control",)).start()
    yield server
    server.stop()


@pytest.fixture
def bulk(platform, tmp_path):
    """Runs the verb on a file with this text."""
    file = tmp_path / "twins.csv"

    def bulk(text, *options, **settings):
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return in_client(
            platform, "--output", "json", "bulk", "custom-adapter", file, *options, **settings
        )

    bulk.file = file
    bulk.report = tmp_path / "twins.csv.report.ndjson"
    yield bulk
    exits(0, in_client(platform, "emulate", "reset"))


def entries(bulk):
    """The report without its head, by external key; the last line counts."""
    lines = [json.loads(line) for line in bulk.report.read_text().splitlines()]
    assert set(lines[0]) == {"run"}
    return {line["externalKey"]: line for line in lines[1:]}


def test_rows_become_twins(server, iot, tmp_path):
    text = (
        "external_key,name,description,tag.site,defined_tag.Operations.CostCenter\n"
        'bulk-1,"Pump, left",first,north,42\nbulk-2,,,,\n'
    )
    file = tmp_path / "twins.csv"
    file.write_text(text)
    done = in_client(server, "--output", "json", "bulk", "custom-adapter", file)
    try:
        summary = json.loads(exits(0, done).stdout)
        assert (summary["created"], summary["kept"], summary["failed"]) == (2, 0, 0)
        exits(1, in_client(server, "show", "custom-adapter"))
        head, *lines = map(json.loads, (tmp_path / "twins.csv.report.ndjson").read_text().splitlines())
        found = {line["externalKey"]: line for line in lines}
        assert [found[key]["line"] for key in ("bulk-1", "bulk-2")] == [2, 3]
        one = iot.get_digital_twin_instance(found["bulk-1"]["id"]).data
        assert (one.display_name, one.description) == ("Pump, left", "first")
        assert one.freeform_tags == {"site": "north"}
        assert one.defined_tags == {"Operations": {"CostCenter": "42"}}
        assert one.digital_twin_adapter_id and one.auth_id == server.env["DEVICE_SECRET_ID"]
        other = iot.get_digital_twin_instance(found["bulk-2"]["id"]).data
        assert other.display_name == "bulk-2"
        for line in lines:
            iot.delete_digital_twin_instance(line["id"])
    finally:
        in_client(server, "delete", "custom-adapter")


def test_a_second_run_does_only_what_is_not_done(bulk):
    summary = json.loads(exits(0, bulk("external_key\na\nb\n")).stdout)
    assert (summary["created"], summary["skipped"]) == (2, 0)
    summary = json.loads(exits(0, bulk("external_key\na\nb\nc\n")).stdout)
    assert (summary["created"], summary["skipped"]) == (1, 2)
    bulk.report.unlink()
    summary = json.loads(exits(0, bulk("external_key\na\nb\nc\n")).stdout)
    assert (summary["created"], summary["kept"], summary["skipped"]) == (0, 3, 0)
    assert all(entry["id"] for entry in entries(bulk).values())


def test_rows_that_fail_are_told_and_tried_again(platform, bulk):
    gone = platform.env["DEVICE_SECRET_ID"][:-4] + "zzzz"
    text = f"external_key,auth_id\ngood,\nbad,{gone}\n"
    done = exits(1, bulk(text))
    summary = json.loads(done.stdout)
    assert (summary["created"], summary["failed"]) == (1, 1)
    assert summary["failures"][0]["line"] == 3 and gone in summary["failures"][0]["error"]
    assert "1 of 2 rows failed" in done.stderr
    assert entries(bulk)["bad"]["status"] == "failed"
    summary = json.loads(exits(0, bulk("external_key,auth_id\ngood,\nbad,\n")).stdout)
    assert (summary["created"], summary["skipped"]) == (1, 1)


def test_all_rows_are_checked_before_one_is_created(platform, bulk):
    text = "external_key,auth_id\nfine,\nx,nonsense\n,\nfine,\na+b,\n"
    done = exits(2, bulk(text))
    problems = json.loads(done.stdout)["problems"]
    assert [(one["line"], one["column"]) for one in problems] == [(3, 2), (4, 1), (5, 1), (6, 1)]
    assert "nothing was created" in done.stderr and not bulk.report.exists()
    exits(2, bulk(text, "--dry-run"))
    checked = json.loads(exits(0, bulk("external_key\na\n", "--dry-run")).stdout)
    assert checked == {"rows": 1, "problems": []} and not bulk.report.exists()
    done = in_client(platform, "bulk", "custom-adapter", bulk.file.parent / "none.csv")
    assert "cannot be read" in exits(2, done).stderr
    done = exits(2, bulk("external_key,nmae\na,b\n"))
    assert "'nmae' is not known" in done.stderr and "tag.KEY" in done.stderr


def test_a_run_that_is_stopped_goes_on(platform, bulk):
    text = "external_key\n" + "".join(f"k-{number}\n" for number in range(2000))
    bulk.file.write_text(text)
    command = [binary(), "--data-dir", platform.client, "bulk", "custom-adapter", bulk.file]
    process = subprocess.Popen(
        [str(word) for word in command], env=platform.tool_env(), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and not (
        bulk.report.exists() and bulk.report.read_text().count("\n") > 50
    ):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "left; each row is in" in out and "goes on with the rows" in err, (out, err)
    summary = json.loads(exits(0, bulk(text)).stdout)
    assert summary["skipped"] >= 49 and summary["left"] == summary["failed"] == 0
    created = [entry for entry in entries(bulk).values() if entry["status"] == "created"]
    # What was under way at the interrupt exists once, created or found.
    assert len(entries(bulk)) == 2000 and len({entry["id"] for entry in created}) == len(created)


def test_a_platform_that_is_not_there_ends_the_run(platform, bulk):
    done = bulk(
        "external_key\na\nb\n", "--endpoint", "https://localhost:1", "--no-retry"
    )
    assert json.loads(exits(3, done).stdout)["left"] == 2
