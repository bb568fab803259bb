"""Every name under `localhost` is this machine, as RFC 6761 asks of resolvers.

Few system resolvers do it, and a test run must not write a hosts file.
"""

import socket

_system_getaddrinfo = socket.getaddrinfo


def _getaddrinfo(host, *args, **kwargs):
    name = host.decode() if isinstance(host, bytes) else host
    if isinstance(name, str) and name.rstrip(".").lower().endswith(".localhost"):
        host = "127.0.0.1"
    return _system_getaddrinfo(host, *args, **kwargs)


def install():
    """From here on this process resolves such names to 127.0.0.1."""
    socket.getaddrinfo = _getaddrinfo
