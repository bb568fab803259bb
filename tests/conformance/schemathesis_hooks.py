"""Loaded by schemathesis: signs every request with the OCI SDK's own signer."""

import os

import oci
import schemathesis
from requests.auth import AuthBase

CONFIG = oci.config.from_file(os.environ["OCI_CONFIG_FILE"], "LOCAL")
SIGNER = oci.signer.Signer(
    CONFIG["tenancy"], CONFIG["user"], CONFIG["fingerprint"], CONFIG["key_file"]
)


class Signed(AuthBase):
    """The signer, for requests that lack what clients always send."""

    def __call__(self, request):
        if request.method not in ("GET", "HEAD", "DELETE", "POST", "PUT", "PATCH"):
            # The SDK cannot sign it; unsigned it must be refused with 401.
            return request
        if request.method in ("POST", "PUT", "PATCH"):
            request.headers["content-type"] = "application/json"
            if isinstance(request.body, str):
                request.body = request.body.encode()
        return SIGNER(request)


schemathesis.auth.set_from_requests(Signed())


@schemathesis.hook
def filter_headers(context, headers):
    """HTTP has no control characters in header values: such a request is refused before anything
    of it is looked at, and without a body."""
    values = [str(value) for value in (headers or {}).values()]
    return all(char >= " " and char != "\x7f" for value in values for char in value)
