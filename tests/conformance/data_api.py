"""The data API as clients use it: a token by password, then GET with a bearer."""

import json
import time

import requests


class DataApi:
    """Queries of one domain."""

    def __init__(self, env):
        self.env = env
        self.session = requests.Session()
        self.session.headers["Authorization"] = "Bearer " + token(env)
        # The sample client sends it with every GET.
        self.session.headers["Content-Type"] = "application/json"

    def get(self, path, **parameters):
        """One GET below the domain's base address."""
        url = f"{self.env['IOT_DATA_ENDPOINT']}/{path}"
        # requests form-encodes: a blank in `q` travels as `+`.
        return self.request("GET", url, params=parameters)

    def request(self, method, url, **settings):
        """Any request with this session's token. The CA goes with each call: requests prefers
        the environment's to a session's."""
        return self.session.request(
            method, url, verify=self.env["SSL_CERT_FILE"], timeout=30, **settings
        )

    def page(self, collection, q=None, **parameters):
        """One page, checked for its frame."""
        if q is not None:
            parameters["q"] = q if isinstance(q, str) else json.dumps(q)
        response = self.get(collection, **parameters)
        assert response.status_code == 200, response.text
        page = response.json()
        assert page["count"] == len(page["items"])
        assert {"hasMore", "limit", "offset", "links"} <= page.keys()
        return page

    def rows(self, collection, q=None):
        """All rows, paged through as clients do: by count, not by link."""
        rows = []
        while True:
            page = self.page(collection, q, limit=10000, offset=len(rows))
            rows += page["items"]
            if not page["hasMore"]:
                return rows

    def recent(self, collection, twin_id, time_field, order, since):
        """The query of the sample client."""
        q = {
            "$and": [
                {"digital_twin_instance_id": twin_id},
                {time_field: {"$gte": {"$date": since}}},
            ],
            "$orderby": {order: "desc"},
        }
        return self.page(collection, q, limit=100, offset=0)["items"]

    def item(self, collection, key):
        """One row by its key."""
        response = self.get(f"{collection}/{key}")
        assert response.status_code == 200, response.text
        return response.json()

    def wait_rows(self, collection, q, count, seconds=10):
        """The rows once there are that many: for what nobody acknowledged."""
        deadline = time.monotonic() + seconds
        while True:
            rows = self.rows(collection, q)
            if len(rows) >= count or time.monotonic() > deadline:
                assert len(rows) == count, rows
                return rows
            time.sleep(0.1)


def token_response(env, **changes):
    """The answer of the token endpoint to the password grant."""
    form = {
        "grant_type": "password",
        "username": env["IAM_USER"],
        "password": env["IAM_PASSWORD"],
        "scope": env["IOT_SCOPE"],
    }
    form.update(changes)
    return requests.post(
        env["OAUTH_ENDPOINT"],
        auth=(env["IAM_APP_CLIENT_ID"], env["IAM_APP_CLIENT_SECRET"]),
        data=form,
        verify=env["SSL_CERT_FILE"],
        timeout=30,
    )


def token(env):
    """An access token."""
    response = token_response(env)
    assert response.status_code == 200, response.text
    answer = response.json()
    assert answer["token_type"] == "Bearer" and answer["expires_in"] == 3600
    return answer["access_token"]
