"""A stand-in for the metadata service, the federation service and the control plane of the cloud.

It believes nobody: metadata only with its header, a token only for a request that holds in every
part, a call only with a token of its own and the session's key.
"""

import base64
import datetime
import hashlib
import json
import re
import threading
import time
from email.utils import parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

TENANCY = "ocid1.tenancy.oc0..standin"
FEDERATION_HEADERS = ["date", "(request-target)", "content-length", "content-type", "x-content-sha256"]


def new_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def key_pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def fingerprint(public_key):
    """The name of an API key."""
    der = public_key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return ":".join(re.findall("..", hashlib.md5(der).hexdigest()))


def parameters(authorization):
    """The parameters of `Authorization: Signature …`."""
    scheme, _, rest = authorization.partition(" ")
    assert scheme == "Signature", authorization
    return dict(re.findall(r'(\w+)="([^"]*)"', rest))


def certificate(name, issuer, key, issuer_key, is_ca):
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(issuer)
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(minutes=5))
    builder = builder.not_valid_after(now + datetime.timedelta(hours=1))
    builder = builder.add_extension(x509.BasicConstraints(is_ca, None), critical=True)
    return builder.sign(issuer_key, hashes.SHA256())


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


class Cloud:
    """One instance, its authority, and the services around it."""

    def __init__(self):
        ca_key = new_key()
        ca = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "PKISVC Identity Intermediate")])
        unit = NameOID.ORGANIZATIONAL_UNIT_NAME
        subject = x509.Name([
            x509.NameAttribute(NameOID.COMMON_NAME, "ocid1.instance.oc0..standin"),
            x509.NameAttribute(unit, "opc-certtype:instance"),
            x509.NameAttribute(unit, f"opc-tenant:{TENANCY}"),
        ])
        self.leaf_key = new_key()
        self.ca = certificate(ca, ca, ca_key, ca_key, True)
        self.leaf = certificate(subject, ca, self.leaf_key, ca_key, False)
        self.sessions = {}
        self.requests = []
        self.refusals = []
        cloud = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                length = int(self.headers.get("content-length") or 0)
                body = self.rfile.read(length)
                status, answer = cloud.answer(self.command, self.path, self.headers, body)
                if isinstance(answer, (dict, list)):
                    answer = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_POST = do_DELETE = do_HEAD = do_GET

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.base = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def forget_the_authority(self):
        """Trusts another authority of the same name from now on."""
        key = new_key()
        self.ca = certificate(self.ca.subject, self.ca.subject, key, key, True)

    def answer(self, method, path, headers, body):
        self.requests.append((method, path, dict(headers), body))
        if path.startswith("/opc/v2/"):
            return self.metadata(path.removeprefix("/opc/v2/"), headers)
        if (method, path) == ("POST", "/v1/x509"):
            try:
                return 200, {"token": self.token(headers, body)}
            except (AssertionError, InvalidSignature, ValueError) as error:
                self.refusals.append(str(error))
                return 401, {"code": "NotAuthenticated", "message": str(error)}
        return self.control(method, path, headers, body)

    def metadata(self, name, headers):
        if headers.get("authorization") != "Bearer Oracle":
            self.refusals.append(f"metadata {name} without its header")
            return 401, b""
        region = {
            "realmKey": "oc0", "realmDomainComponent": "standin.localhost",
            "regionKey": "STD", "regionIdentifier": "standin-1",
        }
        documents = {
            "instance/region": b"standin-1",
            "instance/regionInfo": json.dumps(region).encode(),
            "instance/id": b"ocid1.instance.oc0..standin",
            "identity/cert.pem": pem(self.leaf),
            "identity/key.pem": key_pem(self.leaf_key),
            "identity/intermediate.pem": pem(self.ca),
        }
        return (200, documents[name]) if name in documents else (404, b"")

    def token(self, headers, body):
        """The token for a request that holds."""
        given = parameters(headers["authorization"])
        assert given["version"] == "1" and given["algorithm"] == "rsa-sha256"
        assert given["headers"].split() == FEDERATION_HEADERS, f"signs {given['headers']}"
        document = json.loads(body)
        assert set(document) == {"certificate", "publicKey", "intermediateCertificates"}
        leaf = x509.load_der_x509_certificate(base64.b64decode(document["certificate"]))
        leaf.verify_directly_issued_by(self.ca)
        now = datetime.datetime.now(datetime.timezone.utc)
        assert leaf.not_valid_before_utc <= now <= leaf.not_valid_after_utc
        shown = [base64.b64decode(text) for text in document["intermediateCertificates"]]
        assert shown == [self.ca.public_bytes(serialization.Encoding.DER)]
        sha1 = leaf.fingerprint(hashes.SHA1()).hex(":").upper()
        assert given["keyId"] == f"{TENANCY}/fed-x509/{sha1}", given["keyId"]
        self.holds(given, "post", "/v1/x509", headers, body, leaf.public_key())
        session_key = serialization.load_der_public_key(base64.b64decode(document["publicKey"]))
        assert session_key.key_size == 2048
        claims = json.dumps({"exp": int(time.time()) + 1200, "iat": int(time.time())})
        encode = lambda text: base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()
        token = f"{encode('{}')}.{encode(claims)}.{encode(str(len(self.sessions)))}"
        self.sessions[token] = session_key
        return token

    def holds(self, given, method, path, headers, body, key):
        """The signature is the key's, and the date and the digest are right."""
        age = abs(time.time() - parsedate_to_datetime(headers["date"]).timestamp())
        assert age < 300, f"the date is {age} s off"
        lines = []
        for name in given["headers"].split():
            target = name == "(request-target)"
            lines.append(f"{name}: {f'{method} {path}' if target else headers[name]}")
        key.verify(
            base64.b64decode(given["signature"]), "\n".join(lines).encode(),
            padding.PKCS1v15(), hashes.SHA256(),
        )
        if method in ("post", "put"):
            digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
            assert headers["x-content-sha256"] == digest
            assert headers["content-length"] == str(len(body))

    def control(self, method, path, headers, body):
        given = parameters(headers["authorization"])
        if given["keyId"].startswith("ST$"):
            key = self.sessions.get(given["keyId"].removeprefix("ST$"))
            if key is None:
                return 401, {"code": "NotAuthenticated", "message": "unknown token"}
            self.holds(given, method.lower(), path, headers, body, key)
        if method == "POST":
            now = "2026-01-05T21:31:40.123456Z"
            return 200, {
                **json.loads(body), "id": "ocid1.iotdigitaltwininstance.oc0..x",
                "connectivityType": "DIRECT", "lifecycleState": "ACTIVE", "timeCreated": now,
            }
        return (204, b"") if method == "DELETE" else (200, {"items": []})
