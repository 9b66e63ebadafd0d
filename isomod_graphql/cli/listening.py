"""The socket that a server listens on, taken before anything else is started. Refuses a port that somebody has."""

import socket

from isomod_graphql.cli.failed import Failed


def listen(host: str, port: int) -> socket.socket:
    """Port 0 takes a free one. Raises Failed."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=2048)
        # Accepted sockets inherit it. Without it the body of an answer waits 40 ms for the acknowledgement of its headers.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except OSError as error:
        raise Failed(f"cannot listen on {host}:{port}: {error.strerror}") from None
