"""Free loopback ports for servers that keep their port over a restart."""

import random
import socket

_FIRST, _LAST = 20_000, 32_000
"""Below the range from which Linux gives out ports to outgoing connections: one of those could take a server's port
while the server is down, and a client that keeps trying a closed port could even connect to itself."""

_ATTEMPTS_MAX = 200


def free_port(*, avoid: frozenset[int] = frozenset()) -> int:
    """Give a loopback port that nothing listens on now and that is not in `avoid`."""
    for _ in range(_ATTEMPTS_MAX):
        port = random.randrange(_FIRST, _LAST)  # noqa: S311 - a port number is no secret
        if port not in avoid and _is_free(port):
            return port
    raise OSError(f"found no free loopback port between {_FIRST} and {_LAST} in {_ATTEMPTS_MAX} attempts")


def free_ports(count: int) -> list[int]:
    """Give `count` different free loopback ports."""
    ports: list[int] = []
    for _ in range(count):
        ports.append(free_port(avoid=frozenset(ports)))
    return ports


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
