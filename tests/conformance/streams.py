"""The stream of events as clients use it: server-sent events with requests, WebSockets with aiohttp."""

import asyncio
import json
import queue
import socket
import ssl
import threading

import aiohttp
import requests

import data_api

WAIT_SECONDS = 20


def address(env):
    return f"{env['IOT_DATA_ENDPOINT']}/stream"


class Events:
    """One subscription over server-sent events, read by a thread of its own."""

    def __init__(self, env, token=None, last_event_id=None, **parameters):
        headers = {"Authorization": "Bearer " + (token or data_api.token(env))}
        if last_event_id:
            headers["Last-Event-ID"] = last_event_id
        self.response = requests.get(
            address(env), headers=headers, params=parameters, stream=True,
            verify=env["SSL_CERT_FILE"], timeout=60,
        )
        self.status = self.response.status_code
        if self.status != 200:
            self.problem = self.response.json()
            return
        assert self.response.headers["content-type"] == "text/event-stream"
        self.events = queue.Queue()
        self.position = None
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()
        self.ready = self.next()
        assert self.ready[0] == "ready"

    def _read(self):
        kind = data = None
        try:
            for line in self._lines():
                name, _, value = line.partition(": ")
                if name == "event":
                    kind = value
                elif name == "id":
                    position = value
                elif name == "data":
                    data = value
                elif not line and kind:
                    self.events.put((kind, position, json.loads(data)))
                    kind = None
        except requests.RequestException:
            # The platform went, or this side closed.
            pass
        except AttributeError:
            # Closed while it was read.
            pass
        self.ended.set()

    def _lines(self):
        rest = []
        # Chunks as they arrive.
        for chunk in self.response.iter_content(chunk_size=None):
            first, *lines = chunk.split(b"\n")
            rest.append(first)
            for line in lines:
                yield b"".join(rest).decode()
                rest = [line]

    def next(self, seconds=WAIT_SECONDS):
        """The next event: kind, position, data."""
        event = self.events.get(timeout=seconds)
        self.position = event[1]
        return event

    def take(self, count):
        """So many events."""
        return [self.next() for _ in range(count)]

    def until_quiet(self, seconds=1.0):
        """All events until there is none for a while."""
        events = []
        while True:
            try:
                events.append(self.next(seconds))
            except queue.Empty:
                return events

    def close(self):
        # Closing alone would wait for the thread that reads.
        connection = self.response.raw.connection
        if connection is not None and connection.sock is not None:
            try:
                connection.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                # The platform was first.
                pass
        self.response.close()

    def __enter__(self):
        assert self.status == 200, self.problem
        return self

    def __exit__(self, *_):
        self.close()


def websocket(env, count, act, token=None, **parameters):
    """The first `count` messages of a WebSocket after `ready`; `act` runs once it is there."""

    async def run():
        context = ssl.create_default_context(cafile=env["SSL_CERT_FILE"])
        headers = {"Authorization": "Bearer " + (token or data_api.token(env))}
        async with aiohttp.ClientSession() as session:
            async with session.ws_connect(
                address(env), params=parameters, headers=headers, ssl=context
            ) as socket:
                messages = [await socket.receive_json(timeout=WAIT_SECONDS)]
                await asyncio.get_running_loop().run_in_executor(None, act)
                for _ in range(count):
                    messages.append(await socket.receive_json(timeout=WAIT_SECONDS))
                return messages

    return asyncio.run(run())
