"""The data API to a hostile reader: tokens that are not what they seem, filters that are wrong, pages
of data that grows meanwhile."""

import base64
import hashlib
import hmac
import json
import threading
import time

import pytest
import requests
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from data_api import DataApi, token, token_response
from device import Device


def part(document):
    """A part of a JWT."""
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def read(text):
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def published_key(env):
    """The key that anybody can check tokens with."""
    address = env["OAUTH_ENDPOINT"].replace("/oauth2/v1/token", "/admin/v1/SigningCert/jwk")
    (key,) = requests.get(address, verify=env["SSL_CERT_FILE"], timeout=10).json()["keys"]
    number = lambda text: int.from_bytes(base64.urlsafe_b64decode(text + "=="), "big")
    return key, rsa.RSAPublicNumbers(number(key["e"]), number(key["n"])).public_key()


def answered(env, bearer):
    return requests.get(
        f"{env['IOT_DATA_ENDPOINT']}/rawData", headers={"Authorization": bearer},
        params={"limit": 1}, verify=env["SSL_CERT_FILE"], timeout=10,
    )


def test_tokens_can_be_checked_with_the_published_key(env):
    for form in ({}, {"grant_type": "client_credentials", "username": None, "password": None}):
        answer = token_response(env, **form)
        assert answer.headers["cache-control"] == "no-store"
        head, claims, signature = answer.json()["access_token"].split(".")
        key, public = published_key(env)
        assert read(head)["kid"] == key["kid"] and read(head)["alg"] == key["alg"] == "RS256"
        public.verify(
            base64.urlsafe_b64decode(signature + "=="), f"{head}.{claims}".encode(),
            padding.PKCS1v15(), hashes.SHA256())
        claims = read(claims)
        assert claims["aud"] + claims["scope"] == env["IOT_SCOPE"]
        assert claims["exp"] - claims["iat"] == 3600 and abs(claims["iat"] - time.time()) < 60


def test_tokens_that_were_tampered_with(env):
    good = token(env)
    assert answered(env, f"Bearer {good}").status_code == 200
    head, claims, signature = good.split(".")
    _, public = published_key(env)
    pem = public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    longer = part({**read(claims), "exp": read(claims)["exp"] + 10_000})
    elsewhere = part({**read(claims), "scope": "/iot/another"})
    foreign = rsa.generate_private_key(65537, 2048)
    signed = lambda text: part(foreign.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))
    confused = f"{part({**read(head), 'alg': 'HS256'})}.{claims}"
    bad = {
        "longer life": f"{head}.{longer}.{signature}",
        "another scope": f"{head}.{elsewhere}.{signature}",
        "no algorithm": f"{part({'alg': 'none', 'typ': 'JWT'})}.{claims}.",
        "no signature": f"{head}.{claims}.",
        "another key": f"{head}.{claims}.{signed(f'{head}.{claims}')}",
        "public key as a secret":
            f"{confused}.{part(hmac.new(pem, confused.encode(), hashlib.sha256).digest())}",
        "two parts": f"{head}.{claims}",
        "long": "x" * 20_000,
    }
    for what, text in bad.items():
        answer = answered(env, f"Bearer {text}")
        assert answer.status_code in (401, 431), what
        if answer.status_code == 401:
            assert 'error="invalid_token"' in answer.headers["www-authenticate"], what
            assert answer.json()["code"] == "Unauthorized"
    for scheme in (f"Basic {good}", good, "Bearer"):
        assert answered(env, scheme).status_code == 401
    assert answered(env, f"bearer {good}").status_code == 200, "the scheme has no case"


@pytest.mark.parametrize("changes, status, error", [
    ({"grant_type": None}, 400, "invalid_request"),
    ({"username": None}, 400, "invalid_request"),
    ({"password": None}, 400, "invalid_request"),
    ({"username": "nobody"}, 400, "invalid_grant"),
    ({"scope": None}, 400, "invalid_scope"),
    ({"scope": "/"}, 400, "invalid_scope"),
    ({"scope": "x" * 1000}, 400, "invalid_scope"),
])
def test_forms_that_give_no_token(env, changes, status, error):
    answer = token_response(env, **changes)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.headers["cache-control"] == "no-store"


def test_client_credentials_in_the_form(env):
    form = {
        "grant_type": "client_credentials", "scope": env["IOT_SCOPE"],
        "client_id": env["IAM_APP_CLIENT_ID"], "client_secret": env["IAM_APP_CLIENT_SECRET"],
    }
    post = lambda form: requests.post(
        env["OAUTH_ENDPOINT"], data=form, verify=env["SSL_CERT_FILE"], timeout=10)
    assert post(form).status_code == 200
    assert post({**form, "client_secret": ""}).status_code == 401


@pytest.mark.parametrize("q, at", [
    ('{"id":', 5), ('[1]', 0), ('{"nothing":1}', 1), ('{"id":{"$regex":"x"}}', 7),
    ('{"id":{"$between":[1]}}', 18), ('{"id":true}', 6), ('{"$not":{"id":1}}', 1),
    ('{"time_received":{"$gte":{"$date":"2026-01-05"}}}', 34), ('{"$orderby":{"id":"up"}}', 18),
    ('{"id":1}}', 8), ('{"endpoint":"a","id":"x"}', 21), ('{"$asof":1}', 1),
])
def test_filters_are_refused_with_the_place(data, q, at):
    answer = data.get("rawData", q=q)
    problem = answer.json()
    assert answer.status_code == 400 and problem["code"] == "BadRequest"
    assert answer.headers["content-type"] == "application/problem+json"
    assert f"(q, byte {at})" in problem["message"], problem["message"]


def test_pages_of_growing_data_miss_and_repeat_nothing(server, env, twins):
    device, done = Device(env, twins.unstructured().key), threading.Event()

    def grow():
        while not done.is_set():
            device.post("plant/a", b"{}")

    for _ in range(60):
        device.post("plant/a", b"{}")
    writer = threading.Thread(target=grow)
    writer.start()
    try:
        data = DataApi(env)
        for direction in ("asc", "desc"):
            q = {"endpoint": "plant/a", "$orderby": {"id": direction}}
            ids = []
            for _ in range(12):
                page = data.page("rawData", q, limit=5, offset=len(ids))
                assert page["offset"] == len(ids)
                ids += [row["id"] for row in page["items"]]
                time.sleep(0.02)
            low, high = min(ids), max(ids)
            between = {"$and": [{"id": {"$between": [low, high]}}, {"endpoint": "plant/a"}]}
            expected = [row["id"] for row in data.rows("rawData", between)]
            assert sorted(ids) == expected and len(ids) == 60
    finally:
        done.set()
        writer.join()
