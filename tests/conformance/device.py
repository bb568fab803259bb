"""A device: publishes over MQTT with paho and posts over HTTPS with requests."""

import queue
import threading
import uuid

import paho.mqtt.client as mqtt
import requests
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

WAIT_SECONDS = 15


class Device:
    """One twin's credentials and where to use them."""

    def __init__(self, env, key, password=None, certificate=None):
        self.env = env
        self.key = key
        self.password = env["DEVICE_PASSWORD"] if password is None else password
        self.certificate = certificate
        self.host = env["IOT_DEVICE_HOST"]

    def mqtt(self, client_id=None, protocol=mqtt.MQTTv311, clean=True, transport="tcp"):
        """A client that is set up but not connected."""
        settings = {} if protocol == mqtt.MQTTv5 else {"clean_session": clean}
        client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2,
            client_id=client_id or f"test-{uuid.uuid4().hex[:12]}",
            protocol=protocol,
            transport=transport,
            # A test wants to see a lost connection, not have it mended.
            reconnect_on_failure=False,
            **settings,
        )
        if self.certificate:
            certificate, key = self.certificate
            client.tls_set(
                ca_certs=self.env["NODE_EXTRA_CA_CERTS"], certfile=certificate, keyfile=key
            )
        else:
            client.username_pw_set(self.key, self.password)
            client.tls_set(ca_certs=self.env["NODE_EXTRA_CA_CERTS"])
        return client

    def connect(self, client, **settings):
        """Sends CONNECT and returns at once, before the answer."""
        port = "IOT_HTTPS_PORT" if client.transport == "websockets" else "IOT_MQTTS_PORT"
        client.connect(self.host, int(self.env[port]), keepalive=60, **settings)

    def connect_reason(self, **settings):
        """Connects; the name of the platform's answer."""
        client = self.mqtt(**settings)
        answered = threading.Event()
        reasons = []

        def on_connect(_client, _userdata, _flags, reason, _properties):
            reasons.append(reason.getName())
            answered.set()

        client.on_connect = on_connect
        self.connect(client)
        client.loop_start()
        try:
            assert answered.wait(WAIT_SECONDS), "no CONNACK"
        finally:
            client.disconnect()
            client.loop_stop()
        return reasons[0]

    def publish(self, topic, payload, qos=1, **settings):
        """Publishes right behind CONNECT, as the sample does, and waits for the PUBACK."""
        client = self.mqtt(**settings)
        self.connect(client)
        info = client.publish(topic, payload, qos=qos)
        client.loop_start()
        try:
            info.wait_for_publish(WAIT_SECONDS)
            assert info.is_published(), "no PUBACK"
        finally:
            client.disconnect()
            client.loop_stop()

    def listen(self, *filters, **settings):
        """A connected, subscribed client that keeps what it receives."""
        return Listener(self, filters, **settings)

    def url(self, path):
        """Where to post."""
        return f"https://{self.host}:{self.env['IOT_HTTPS_PORT']}/{path}"

    def post(self, path, payload, content_type="application/json", **settings):
        """Posts over HTTPS."""
        if self.certificate:
            settings.setdefault("cert", self.certificate)
        else:
            settings.setdefault("auth", (self.key, self.password))
        return requests.post(
            self.url(path),
            data=payload,
            headers={"Content-Type": content_type},
            verify=self.env["SSL_CERT_FILE"],
            timeout=30,
            **settings,
        )


class Listener:
    """A device that takes commands; use it with `with`."""

    def __init__(self, device, filters, qos=1, answer=None, expiry=None, **settings):
        self.device, self.filters, self.qos, self.answer = device, filters, qos, answer
        self.messages = queue.Queue()
        self.session_present = None
        self._ready = threading.Event()
        self.client = device.mqtt(**settings)
        self.client.on_connect = self._on_connect
        self.client.on_subscribe = lambda *_: self._ready.set()
        self.client.on_message = self._on_message
        self.connect_settings = {}
        if expiry is not None:
            properties = Properties(PacketTypes.CONNECT)
            properties.SessionExpiryInterval = expiry
            self.connect_settings = {"clean_start": False, "properties": properties}

    def __enter__(self):
        self.device.connect(self.client, **self.connect_settings)
        self.client.loop_start()
        assert self._ready.wait(WAIT_SECONDS), "no SUBACK"
        return self

    def __exit__(self, *_):
        self.client.disconnect()
        self.client.loop_stop()

    def next(self):
        """The next message."""
        return self.messages.get(timeout=WAIT_SECONDS)

    def _on_connect(self, client, _userdata, flags, _reason, _properties):
        self.session_present = flags.session_present
        if self.filters:
            client.subscribe([(filter, self.qos) for filter in self.filters])
        else:
            self._ready.set()

    def _on_message(self, client, _userdata, message):
        self.messages.put(message)
        if self.answer:
            topic, payload = self.answer(message)
            client.publish(topic, payload, qos=1)
