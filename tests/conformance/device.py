"""A device: publishes over MQTT with paho and posts over HTTPS with requests."""

import threading
import uuid

import paho.mqtt.client as mqtt
import requests

WAIT_SECONDS = 15


class Device:
    """One twin's credentials and where to use them."""

    def __init__(self, env, key, password=None):
        self.env = env
        self.key = key
        self.password = env["DEVICE_PASSWORD"] if password is None else password
        self.host = env["IOT_DEVICE_HOST"]

    def mqtt(self, client_id=None, protocol=mqtt.MQTTv311, clean=True):
        """A client that is set up but not connected."""
        settings = {} if protocol == mqtt.MQTTv5 else {"clean_session": clean}
        client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2,
            client_id=client_id or f"test-{uuid.uuid4().hex[:12]}",
            protocol=protocol,
            # A test wants to see a lost connection, not have it mended.
            reconnect_on_failure=False,
            **settings,
        )
        client.username_pw_set(self.key, self.password)
        client.tls_set(ca_certs=self.env["NODE_EXTRA_CA_CERTS"])
        return client

    def connect(self, client):
        """Sends CONNECT and returns at once, before the answer."""
        client.connect(self.host, int(self.env["IOT_MQTTS_PORT"]), keepalive=60)

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

    def url(self, path):
        """Where to post."""
        return f"https://{self.host}:{self.env['IOT_HTTPS_PORT']}/{path}"

    def post(self, path, payload, content_type="application/json", **settings):
        """Posts over HTTPS."""
        settings.setdefault("auth", (self.key, self.password))
        return requests.post(
            self.url(path),
            data=payload,
            headers={"Content-Type": content_type},
            verify=self.env["SSL_CERT_FILE"],
            timeout=30,
            **settings,
        )
