"""Streams: everything the queues offer, without loss or repeat, over restarts too."""

import asyncio
import json
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import aiohttp
import oci
import pytest
from oci.iot import models

import data_api
from data_api import DataApi
from device import Device
from server import Server
from streams import Events, address, websocket
from test_cli import exits, in_client
from test_durability import external_key

READING = {"sht_temperature": 22.3, "qmp_temperature": 22.1, "humidity": 73.4, "pressure": 1023.4,
           "count": 2, "time": 1_767_225_600_000_000}


@pytest.fixture
def own(tmp_path):
    """A platform of this test's own, because it will be stopped or killed."""
    server = Server(tmp_path).start()
    yield server
    if server.process:
        server.stop()


def own_device(server):
    """The device of the unstructured sample twin of a platform of one's own."""
    exits(0, in_client(server, "create", "unstructured"))
    return Device(server.env, external_key(server, "unstructured"))


def post(device, message):
    body = message if isinstance(message, str) else json.dumps(message)
    assert device.post("iot/v1/telemetry", body).status_code == 202


def test_every_kind_arrives_with_the_members_of_its_queue(env, twins, iot, data):
    twin = twins.default_adapter()
    with Events(env, twin=twin.id) as events:
        post(twin.device, READING)
        got = events.take(6)
        assert [kind for kind, *_ in got].count("normalized") == 5
        raw = next(event for kind, _, event in got if kind == "raw")
        assert raw["digital_twin_instance_id"] == twin.id
        assert raw["content"] == READING and raw["endpoint"] == "iot/v1/telemetry"
        item = data.item("rawData", raw["id"])
        del item["links"]
        assert item == raw
        values = {event["contentPath"]: event for kind, _, event in got if kind == "normalized"}
        # `count` is not historized: the queue has it, the collection has not.
        assert values["count"] == {
            "digitalTwinInstanceId": twin.id, "contentPath": "count", "value": 2,
            "timeObserved": "2026-01-01T00:00:00.000000Z",
        }
        history = data.rows("historizedData", {"digital_twin_instance_id": twin.id})
        assert {row["content_path"] for row in history} == values.keys() - {"count"}

        post(twin.device, {"nothing": 1})
        kinds = {kind: event for kind, _, event in events.take(2)}
        assert kinds["rejected"]["reason_code"] == 500
        assert kinds["rejected"]["content"] == kinds["raw"]["content"] == {"nothing": 1}

        details = models.InvokeRawJsonCommandDetails(
            request_endpoint="cmd/1", request_data={"led": True}
        )
        iot.invoke_raw_command(twin.id, details)
        steps = [events.next() for _ in range(3)]
        assert [kind for kind, *_ in steps] == ["command"] * 3
        assert [event["delivery_status"] for *_, event in steps] == ["ACCEPTED", "PREPARED", "REJECTED"]
        assert steps[0][2]["time_finished"] is None and steps[2][2]["time_finished"]
        assert steps[2][2]["request_data"] == {"led": True}


def test_websocket_says_the_same(env, twins):
    twin = twins.default_adapter()
    messages = websocket(env, 6, lambda: post(twin.device, READING), twin=twin.id)
    assert messages[0]["kind"] == "ready"
    by_kind = [message["kind"] for message in messages[1:]]
    assert by_kind.count("raw") == 1 and by_kind.count("normalized") == 5
    with Events(env, after=messages[0]["position"], twin=twin.id) as events:
        again = [{"kind": k, "position": p, "data": d} for k, p, d in events.take(6)]
    assert again == messages[1:]


def test_filters_by_twin_kind_endpoint_and_path(env, twins):
    one, two, other = (twins.default_adapter() for _ in range(3))
    wanted = f"{one.id},{two.id}"
    with (
        Events(env, twin=wanted, kind="normalized", contentPath="humidity") as values,
        Events(env, twin=[one.id, two.id], kind=["raw"]) as raw,
        Events(env, twin=one.id, kind="raw", endpoint="/elsewhere") as elsewhere,
    ):
        for twin in (other, one, two):
            post(twin.device, READING)
        assert one.device.post("elsewhere", json.dumps(READING)).status_code == 202
        seen = [event["digitalTwinInstanceId"] for *_, event in values.take(3)]
        assert seen == [one.id, two.id, one.id]
        assert [e["digital_twin_instance_id"] for *_, e in raw.take(3)] == [one.id, two.id, one.id]
        assert elsewhere.next()[2]["endpoint"] == "elsewhere"
        for stream in (values, raw, elsewhere):
            assert stream.until_quiet(0.3) == []


@pytest.mark.parametrize("parameters, part", [
    ({"kind": "raw,nonsense"}, "nonsense"),
    ({"twin": "ocid1.nobody"}, "ocid1.nobody"),
    ({"after": "12"}, "12"),
    ({"after": "r99999999"}, "newest"),
    ({"since": "yesterday"}, "yesterday"),
    ({"after": "r1", "since": "2026-01-01T00:00:00Z"}, "one of"),
    ({"path": "x"}, "path"),
    ({"twin": ",".join(["ocid1.x"] * 101)}, "100"),
])
def test_nonsense_is_refused_with_its_name(env, parameters, part):
    events = Events(env, **parameters)
    assert events.status == 400
    assert part in events.problem["message"]


def test_tokens_are_checked(env, iot, server):
    assert Events(env, token="nonsense").status == 401
    client = oci.iot.IotClient(
        oci.config.from_file(str(server.client / "oci_config"), "LOCAL"),
        retry_strategy=oci.retry.NoneRetryStrategy(),
    )
    created = client.create_iot_domain(models.CreateIotDomainDetails(
        compartment_id=env["IOT_COMPARTMENT_ID"], iot_domain_group_id=env["IOT_DOMAIN_GROUP_ID"],
        display_name="another",
    )).data
    domain = oci.wait_until(
        client, client.get_iot_domain(created.id), "lifecycle_state", "ACTIVE"
    ).data
    short_id = domain.device_host.split(".")[0]
    group = env["IOT_SCOPE"].split("/")[1]
    configure = models.OrdsDataAccessDetails(
        db_allowed_identity_domain_host=env["OAUTH_ENDPOINT"].split("/")[2]
    )
    client.configure_iot_domain_data_access(created.id, configure)
    oci.wait_until(client, client.get_iot_domain(created.id), "lifecycle_state", "ACTIVE")
    deadline = time.monotonic() + 10
    while True:
        response = data_api.token_response(env, scope=f"/{group}/iot/{short_id}")
        if response.status_code == 200 or time.monotonic() > deadline:
            break
        time.sleep(0.1)
    other = response.json()["access_token"]
    assert Events(env, token=other).status == 403
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        websocket(env, 0, lambda: None, token=other)
    assert refused.value.status == 403
    client.delete_iot_domain(created.id)


def numbers(events):
    return [event["content"]["n"] for kind, _, event in events if kind == "raw"]


def load(device, stopped, acknowledged, count):
    """Posts numbered messages until told to stop."""
    def one(number):
        if stopped.is_set():
            return
        try:
            if device.post("iot/v1/telemetry", json.dumps({"n": number})).status_code == 202:
                acknowledged.append(number)
        except OSError:
            stopped.set()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, range(count)))


def test_a_websocket_is_told_where_to_go_on(own):
    async def run():
        context = ssl.create_default_context(cafile=own.env["SSL_CERT_FILE"])
        headers = {"Authorization": "Bearer " + data_api.token(own.env)}
        async with aiohttp.ClientSession() as session:
            async with session.ws_connect(address(own.env), headers=headers, ssl=context) as socket:
                ready = await socket.receive_json(timeout=10)
                stop = asyncio.get_running_loop().run_in_executor(None, own.stop)
                end = await socket.receive_json(timeout=10)
                closed = await socket.receive(timeout=10)
                await stop
                return ready, end, closed, socket.close_code

    ready, end, closed, code = asyncio.run(run())
    assert end["kind"] == "end" and "stopping" in end["data"]["reason"]
    assert end["position"] == ready["position"] == "r0.n0.x0.c0"
    assert (code, closed.extra) == (1001, "after=r0.n0.x0.c0")


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_resume_over_a_restart_misses_and_repeats_nothing(own, end):
    device = own_device(own)
    stopped, acknowledged = threading.Event(), []
    events = Events(own.env, kind="raw")
    sender = threading.Thread(target=load, args=(device, stopped, acknowledged, 2000))
    sender.start()
    got = events.take(50)
    getattr(own, end)()
    stopped.set()
    sender.join()
    assert events.ended.wait(20)
    got += events.until_quiet(0.1)
    if end == "stop":
        assert got[-1][0] == "end" and "stopping" in got[-1][2]["reason"]
    position = got[-1][1]
    own.restart()
    load(device, threading.Event(), acknowledged, 20)
    with Events(own.env, last_event_id=position, kind="raw") as resumed:
        got += resumed.until_quiet()
    rows = [row["id"] for row in DataApi(own.env).rows("rawData")]
    seen = [event["id"] for kind, _, event in got if kind == "raw"]
    # Every row, in order, once; and what was acknowledged is among them.
    assert seen == sorted(rows)
    assert set(acknowledged) <= set(numbers(got))


def test_resume_inside_of_a_message(env, twins):
    twin = twins.default_adapter()
    with Events(env, twin=twin.id, kind="normalized") as events:
        post(twin.device, READING)
        first = events.take(2)
    with Events(env, twin=twin.id, kind="normalized", after=first[-1][1]) as events:
        rest = events.until_quiet()
    paths = [event["contentPath"] for *_, event in first + rest]
    assert len(paths) == 5 and set(paths) == set(READING) - {"time"}


def test_since_and_oldest(own):
    device = own_device(own)
    for number in range(3):
        post(device, {"n": number})
    rows = DataApi(own.env).rows("rawData")
    with Events(own.env, since=rows[1]["time_received"], kind="raw") as events:
        assert numbers(events.take(2)) == [1, 2]
    with Events(own.env, after="oldest") as events:
        assert numbers(events.take(3)) == [0, 1, 2]
    with Events(own.env, since="2999-01-01T00:00:00Z") as events:
        assert events.until_quiet(0.3) == []


def test_a_subscriber_that_takes_nothing_is_dropped_and_costs_nothing(own):
    device = own_device(own)
    body = json.dumps({"n": 0, "pad": "x" * 200_000})

    def round_of_messages(quick):
        started = time.monotonic()
        for _ in range(100):
            post(device, body)
        took = time.monotonic() - started
        assert len(numbers(quick.take(100))) == 100
        return took, resident_kib(own)

    with Events(own.env, kind="raw") as quick:
        # Caches fill up.
        for _ in range(4):
            round_of_messages(quick)
        took_alone, memory_alone = round_of_messages(quick)
        stalled = open_and_do_not_read(own.env)
        took, memory = round_of_messages(quick)
        # 20 MB went by: neither does ingest wait for it, nor does it wait in memory.
        assert took < 3 * took_alone + 1
        assert memory - memory_alone < 20_000
        deadline = time.monotonic() + 60
        while "takes nothing" not in own.log.read_text():
            assert time.monotonic() < deadline, "it was not dropped"
            time.sleep(0.5)
        deadline = time.monotonic() + 5
        while is_established(to_port=stalled.getsockname()[1]):
            assert time.monotonic() < deadline, "its connection is still there"
            time.sleep(0.1)
    stalled.close()


def open_and_do_not_read(env):
    """A connection with a stream on it that nobody reads."""
    host, port = env["IOT_DATA_ENDPOINT"].split("/")[2].split(":")
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    plain.connect(("127.0.0.1", int(port)))
    context = ssl.create_default_context(cafile=env["SSL_CERT_FILE"])
    stream = context.wrap_socket(plain, server_hostname=host)
    path = "/" + env["IOT_DATA_ENDPOINT"].split("/", 3)[3] + "/stream?kind=raw"
    head = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\n"
    stream.sendall(f"{head}Authorization: Bearer {data_api.token(env)}\r\n\r\n".encode())
    assert b"200 OK" in stream.recv(200)
    return stream


def is_established(to_port):
    """Whether the platform still holds its end of a connection to this local port."""
    with open("/proc/net/tcp") as table:
        rows = [line.split() for line in table.readlines()[1:]]
    return any(row[2].endswith(f":{to_port:04X}") and row[3] == "01" for row in rows)


def resident_kib(server):
    with open(f"/proc/{server.process.pid}/status") as status:
        line = next(line for line in status if line.startswith("VmRSS"))
    return int(line.split()[1])


def test_seats_are_bounded_and_given_back(own):
    token = data_api.token(own.env)
    taken = []
    for _ in range(256):
        taken.append(Events(own.env, token=token))
        assert taken[-1].status == 200
    refused = Events(own.env, token=token)
    assert refused.status == 503 and refused.response.headers["retry-after"]
    for events in taken:
        events.close()
    deadline = time.monotonic() + 20
    while Events(own.env, token=token).status == 503:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_content_as_of_an_instant(env, twins, data):
    twin = twins.default_adapter()
    hour = 3_600_000_000
    for step, humidity in enumerate([10.5, 20.5, 30.5]):
        post(twin.device, {**READING, "humidity": humidity, "count": step,
                           "time": READING["time"] + step * hour})
    def at(time):
        response = data.get(f"contentAt/{twin.id}", at=time)
        assert response.status_code == 200, response.text
        past = response.json()
        return {value["contentPath"]: value["value"] for value in past["values"]}, past
    values, past = at("2026-01-01T01:30:00Z")
    assert (values["humidity"], values["count"]) == (20.5, 1)
    assert past["timeOldest"] == "2026-01-01T00:00:00.000000Z" and past["unknown"] == []
    values, past = at("2025-12-31T00:00:00Z")
    assert values == {} and set(past["unknown"]) == set(READING) - {"time"}
    values, _ = at("2026-02-01T00:00:00Z")
    assert values["humidity"] == 30.5
    assert data.get(f"contentAt/{twin.id}", at="noon").status_code == 400
    assert data.get("contentAt/ocid1.nobody").status_code == 404
