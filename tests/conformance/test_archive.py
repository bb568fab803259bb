"""Data taken away: `archive` opened in DuckDB and pandas, `sql`, and `backup` under load."""

import hashlib
import json
import os
import signal
import stat
import subprocess
import time

import duckdb
import pandas
import pytest

from data_api import DataApi
from device import Device
from server import Server, binary
from test_cli import exits, in_client, run
from test_durability import Sender

MESSAGES = 40


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A platform with some data of every kind."""
    server = Server(tmp_path_factory.mktemp("archive")).start()
    created = json.loads(exits(0, in_client(server, "--output", "json", "create", "custom-adapter")).stdout)
    instance = next(r["id"] for r in created["resources"] if r["resource"] == "instance")
    queried = in_client(server, "--output", "json", "query", "--id", instance, "custom-adapter")
    server.device = Device(server.env, json.loads(exits(0, queried).stdout)["instance"]["externalKey"])
    for count in range(MESSAGES):
        reading = {"sht_temperature": 22.125, "qmp_temperature": 22.1, "humidity": 73.4,
                   "pressure": 1e3, "count": count}
        assert server.device.post("iot/v1/telemetry", json.dumps(reading)).status_code == 202
    odd = 'a "quoted", odd\nline'
    assert server.device.post("iot/v1/odd", odd, content_type="text/plain").status_code == 202
    assert server.device.post(
        "iot/v1/odd", b"\0\xff", content_type="application/octet-stream").status_code == 202
    exits(0, in_client(server, "command", "custom-adapter", "iot/v1/cmd/k1", "--json", '{"led":true}'))
    yield server
    if server.process:
        server.stop()


def archive(server, code, folder, *options):
    return exits(code, in_client(server, "--output", "json", "archive", *options, folder))


def manifest(folder):
    """The manifest; its files are what it says."""
    document = json.loads((folder / "manifest.json").read_text())
    for dataset in document["datasets"]:
        assert dataset["complete"] and dataset["rows"] == sum(f["rows"] for f in dataset["files"])
        for file in dataset["files"]:
            content = (folder / file["path"]).read_bytes()
            assert len(content) == file["bytes"]
            assert hashlib.sha256(content).hexdigest() == file["sha256"]
            assert stat.S_IMODE((folder / file["path"]).stat().st_mode) == 0o600
    return document


def rows_of(server, collection):
    return DataApi(server.env).rows(collection, {"$orderby": {"id": "asc"}})


def test_parquet_opens_in_duckdb_and_pandas(own, tmp_path):
    folder = tmp_path / "a"
    archive(own, 0, folder)
    counts = {d["name"]: d["rows"] for d in manifest(folder)["datasets"]}
    raw, historized = rows_of(own, "rawData"), rows_of(own, "historizedData")
    assert counts["raw"] == len(raw) == MESSAGES + 2 and counts["command"] == 1
    assert counts["historized"] == len(historized) > MESSAGES
    assert counts["rejected"] == len(rows_of(own, "rejectedData")) == 2

    found = duckdb.sql(f"SELECT * FROM '{folder}/historized-*.parquet' ORDER BY id").df()
    assert list(found.id) == [row["id"] for row in historized]
    assert [json.loads(text) for text in found.value_json] == [row["value"] for row in historized]
    assert list(found.value_number) == [row["value"] for row in historized]
    times = found.time_observed.dt.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert list(times) == [row["time_observed"] for row in historized]

    frame = pandas.read_parquet(folder / "raw-00001.parquet")
    assert list(frame.id) == [row["id"] for row in raw]
    assert str(frame.time_received.dtype).startswith("datetime64[us, UTC")
    assert json.loads(frame.content[3])["count"] == 3
    assert frame.content_encoding[0] == "json"
    assert list(frame.content[MESSAGES:]) == ['a "quoted", odd\nline', "AP8="]
    assert list(frame.content_encoding[MESSAGES:]) == ["text", "base64"]
    command = pandas.read_parquet(folder / "command-00001.parquet").iloc[0]
    assert json.loads(command.request_data) == {"led": True} and pandas.isna(command.response_data)


def test_all_forms_hold_the_same(own, tmp_path):
    for form in ("parquet", "csv", "ndjson"):
        archive(own, 0, tmp_path / form, "--format", form, "--data", "raw,rejected")
    read = {"parquet": "read_parquet", "ndjson": "read_json", "csv": "read_csv"}
    texts = {}
    for form, function in read.items():
        place = tmp_path / form / f"raw-*.{form}"
        columns = "id, endpoint, content_type, content_encoding, content"
        texts[form] = duckdb.sql(f"SELECT {columns} FROM {function}('{place}') ORDER BY id").fetchall()
    assert texts["csv"] == texts["ndjson"] == texts["parquet"]
    rejected = pandas.read_csv(tmp_path / "csv" / "rejected-00001.csv")
    assert list(rejected.reason_code) == [row["reason_code"] for row in rows_of(own, "rejectedData")]


def test_a_range_of_time(own, tmp_path):
    times = [row["time_received"] for row in rows_of(own, "rawData")]
    archive(own, 0, tmp_path / "a", "--data", "raw", "--since", times[5], "--until", times[9])
    found = pandas.read_parquet(tmp_path / "a" / "raw-00001.parquet")
    assert len(found) == sum(times[5] <= time < times[9] for time in times)
    archive(own, 0, tmp_path / "none", "--until", "2020-01-01T00:00:00Z")
    assert all(d["rows"] == 0 and not d["files"] for d in manifest(tmp_path / "none")["datasets"])


def test_a_run_goes_on_and_repeats_no_file(own, tmp_path):
    folder = tmp_path / "a"
    archive(own, 0, folder, "--format", "csv")
    document = manifest(folder)
    # As an interrupted run leaves it: raw is done, the rest is not, and a draft lies about.
    document["timeFinished"] = None
    for dataset in document["datasets"][1:]:
        dataset.update(complete=False, rows=0, files=[], cursor={"id": 0, "time": None, "ids": []})
        for file in folder.glob(f"{dataset['name']}-*"):
            file.unlink()
    (folder / "manifest.json").write_text(json.dumps(document))
    (folder / "historized-00001.csv.draft").write_text("half")
    before = (folder / "raw-00001.csv").stat()
    archive(own, 0, folder, "--format", "csv")
    after = (folder / "raw-00001.csv").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert {d["name"]: d["rows"] for d in manifest(folder)["datasets"]}["historized"] > MESSAGES
    assert not list(folder.glob("*.draft"))
    # Behind a row in the middle nothing is repeated and nothing is missed.
    document = manifest(folder)
    document["timeFinished"] = None
    half = document["datasets"][0]
    ids = [row["id"] for row in rows_of(own, "rawData")]
    half.update(complete=False, cursor={"id": ids[9], "time": None, "ids": []})
    (folder / "manifest.json").write_text(json.dumps(document))
    archive(own, 0, folder, "--format", "csv")
    assert list(pandas.read_csv(folder / "raw-00002.csv").id) == ids[10:]
    assert "other options" in archive(own, 2, folder, "--format", "ndjson").stderr
    (folder / "raw-00001.csv").write_text("shorter")
    done = archive(own, 2, folder, "--format", "csv")
    assert "the manifest says" in done.stderr


def test_archive_domain(own, tmp_path):
    folder = tmp_path / "bucket"
    options = ("--layout", "archive-domain")
    far = ("--since", "2020-01-01T00:00:00Z", "--until", "2100-01-01T00:00:00Z")
    archive(own, 0, folder, *options, *far)
    (path,) = (folder / "_manifests").glob("run_id=*.json")
    run_document = json.loads(path.read_text())
    assert run_document["selected_datasets"] == ["raw", "historized", "rejected"]
    assert [r["status"] for r in run_document["dataset_results"]] == ["succeeded"] * 3
    assert run_document["checkpoint_before"] is None
    for result, zone in zip(run_document["dataset_results"], ("bronze", "silver", "bronze")):
        (name,) = result["object_names"]
        assert f"/zone={zone}/dataset={result['name']}/year=" in name and name.startswith("iot-archive/domain=")
    found = duckdb.sql(f"""SELECT dataset, zone, count(*) AS n FROM read_parquet(
        '{folder}/iot-archive/**/*.parquet', hive_partitioning=true, union_by_name=true)
        GROUP BY ALL ORDER BY dataset""").fetchall()
    assert found[1] == ("raw", "bronze", MESSAGES + 2)
    checkpoint = json.loads((folder / "_state/checkpoint.json").read_text())
    time.sleep(1.1)
    archive(own, 0, folder, *options)
    last = json.loads(sorted((folder / "_manifests").iterdir())[-1].read_text())
    assert last["checkpoint_before"] == checkpoint["last_successful_run_at"]
    assert "no place for command" in archive(own, 2, folder, *options, "--data", "command").stderr


def test_a_configuration_without_twins_is_enough(own, tmp_path):
    text = (own.client / "iot_config.yaml").read_text()
    (tmp_path / "domain.yaml").write_text(text[:text.index("digital_twins:")])
    done = in_client(own, "--iot-config-file", tmp_path / "domain.yaml", "archive", tmp_path / "a")
    exits(0, done)
    assert manifest(tmp_path / "a")["datasets"][0]["rows"] == MESSAGES + 2


def test_a_place_that_is_no_folder_is_told(own, tmp_path):
    (tmp_path / "file").write_text("mine")
    for place in ("", tmp_path / "file"):
        assert "is not a folder" in archive(own, 2, place).stderr
    assert (tmp_path / "file").read_text() == "mine"


def sql(server, code, query, *options, **settings):
    return exits(code, run(server, "--local=" + str(server.state_dir), "sql", query, *options, **settings))


def test_sql_says_what_the_data_api_says(own):
    for collection in ("rawData", "historizedData", "rejectedData"):
        done = sql(own, 0, f"SELECT * FROM {collection} ORDER BY id", "--output", "json")
        found = json.loads(done.stdout)["rows"]
        expected = rows_of(own, collection)
        assert [{name: row[name] for name in expected[0]} for row in found] == expected
    shown = sql(own, 0, "SELECT content FROM rawData WHERE content_type LIKE 'text/%'", "--output", "csv")
    assert shown.stdout == 'content\n"a ""quoted"", odd\nline"\n'
    table = sql(own, 0, "SELECT id, content FROM rawData ORDER BY id LIMIT 2", COLUMNS="80")
    assert max(map(len, table.stdout.splitlines())) <= 80 and "22.125" in table.stdout
    snapshot = sql(own, 0, "SELECT s.value FROM snapshotData s JOIN digitalTwinInstances i "
                   "ON i.id = s.digital_twin_instance_id WHERE content_path = 'count'", "--output", "csv")
    assert snapshot.stdout.split() == ["value", str(MESSAGES - 1)]


@pytest.mark.parametrize("query", [
    "DELETE FROM raw_data", "UPDATE rawData SET id = 1", "INSERT INTO rawData VALUES (1)",
    "DROP VIEW rawData", "CREATE TABLE t (a)", "CREATE TEMP TABLE t AS SELECT 1", "ATTACH 'x.db' AS x",
    "PRAGMA journal_mode = DELETE", "VACUUM INTO 'x.db'", "BEGIN", "SELECT * FROM setup",
    "SELECT * FROM main.raw_data", "SELECT client_secret FROM main.setup", "SELECT * FROM pragma_database_list",
    "SELECT 1; SELECT 2", "SELECT load_extension('x')", "", "SELEC", "SELECT nothing FROM rawData",
    "WITH rawData AS (SELECT client_secret FROM setup) SELECT * FROM rawData",
    "SELECT (SELECT client_secret FROM setup) FROM rawData", "EXPLAIN DELETE FROM raw_data",
])
def test_sql_reads_views_and_nothing_else(own, query):
    done = sql(own, 2, query)
    assert done.stderr.startswith("error: ") and done.stdout == ""
    assert not list(own.home.glob("x.db"))


def test_sql_does_not_run_for_ever(own):
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    started = time.monotonic()
    assert "longer than 1 s" in sql(own, 1, endless, "--timeout", "1").stderr
    assert time.monotonic() - started < 5
    process = subprocess.Popen(
        [binary(), "sql", "--state-dir", own.state_dir, endless], env=own.tool_env(),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    assert process.wait(5) == 130


def test_sql_from_stdin_and_without_a_platform(own, tmp_path):
    command = [binary(), "sql", "--state-dir", own.state_dir, "--output", "csv"]
    done = subprocess.run(command, input="SELECT 1 AS one", env=own.tool_env(), capture_output=True, text=True)
    assert exits(0, done).stdout == "one\n1\n"
    done = run(own, "sql", "--state-dir", tmp_path / "no", "SELECT 1")
    assert "no platform has been set up" in exits(2, done).stderr


def test_backup_under_load_loses_nothing(tmp_path):
    own = Server(tmp_path / "own").start()
    try:
        created = json.loads(exits(0, in_client(own, "--output", "json", "create", "custom-adapter")).stdout)
        instance = next(r["id"] for r in created["resources"] if r["resource"] == "instance")
        queried = in_client(own, "--output", "json", "query", "--id", instance, "custom-adapter")
        key = json.loads(exits(0, queried).stdout)["instance"]["externalKey"]
        sender = Sender(Device(own.env, key), 1, 0)
        deadline = time.monotonic() + 20
        while len(sender.acknowledged_mids) < 500 and time.monotonic() < deadline:
            time.sleep(0.05)
        before = {sender.sent[mid] for mid in list(sender.acknowledged_mids)}
        copy = tmp_path / "copy"
        exits(0, run(own, "backup", "--state-dir", own.state_dir, copy))
        time.sleep(0.3)
        after, _ = sender.end()
        assert len(before) > 100 and len(after) > len(before), "the load went on meanwhile"
        for path in (copy, *copy.rglob("*")):
            assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
        assert "is there already" in exits(2, run(own, "backup", "--state-dir", own.state_dir, copy)).stderr
        refused = exits(1, run(own, "restore", "--state-dir", own.state_dir, "--force", copy))
        assert "a platform runs on" in refused.stderr
        own.stop()
        assert "not empty" in exits(2, run(own, "restore", "--state-dir", own.state_dir, copy)).stderr
        exits(0, run(own, "restore", "--state-dir", own.state_dir, "--force", copy))
        assert len(list(own.state_dir.parent.glob("state.before-*"))) == 1
        own.restart()
        sql_done = run(own, "sql", "--state-dir", own.state_dir, "--output", "csv",
                       "SELECT content ->> 'count' AS count FROM rawData")
        kept = [int(line) for line in exits(0, sql_done).stdout.split()[1:]]
        assert len(kept) == len(set(kept))
        assert before <= set(kept) and len(kept) < len(after) + 50
        # Elsewhere too, with a configuration of its own.
        other = Server(tmp_path / "other")
        exits(0, run(own, "restore", "--state-dir", other.state_dir, copy))
        assert str(other.client) in (other.client / "oci_config").read_text()
        other.start()
        exits(0, in_client(other, "query", "custom-adapter"))
        other.stop()
        # A changed backup is not restored.
        database = copy / "platform.db"
        content = bytearray(database.read_bytes())
        content[5000] ^= 1
        database.write_bytes(content)
        done = exits(1, run(own, "restore", "--state-dir", tmp_path / "third", copy))
        assert "digest differs" in done.stderr and not (tmp_path / "third").exists()
        assert not [name for name in os.listdir(tmp_path) if name.endswith(".draft")]
    finally:
        if own.process:
            own.stop()


def test_an_interrupt_leaves_what_is_finished(own, tmp_path):
    sender = Sender(own.device, 9, 0)
    deadline = time.monotonic() + 30
    while len(sender.acknowledged_mids) < 3000 and time.monotonic() < deadline:
        time.sleep(0.05)
    sender.end()
    folder = tmp_path / "a"
    process = subprocess.Popen(
        [binary(), "--data-dir", own.client, "archive", folder], env=own.tool_env(),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    # Raw data is under way: its payloads are read one by one.
    while not list(folder.glob("*.draft")):
        assert process.poll() is None, process.communicate()
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=10)
    assert process.returncode == 130 and "run the same command again" in told
    assert not list(folder.glob("*.draft"))
    archive(own, 0, folder)
    ids = duckdb.sql(f"SELECT id FROM '{folder}/raw-*.parquet'").fetchall()
    expected = [row["id"] for row in rows_of(own, "rawData")]
    assert sorted(id for (id,) in ids) == expected
