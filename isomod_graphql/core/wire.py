"""PostgreSQL protocol messages that the driver cannot send ahead of a statement by itself. Refuses to write a tenant into a statement's text."""

import struct
from uuid import UUID

SET_TENANT = (
    "SELECT 1 FROM pg_catalog.set_config('app.tenant_id', $1, true) AS made(tenant) WHERE tenant IS NULL"
)
"""Sets the tenant until the transaction ends, and answers no row: the driver takes every row for one of its own statement."""

TENANT_STATEMENT = "isomod_tenant"
BEGIN_STATEMENT = "isomod_begin"
END_STATEMENT = "isomod_end"


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body


def _run(statement: str, parameters: tuple[bytes, ...]) -> bytes:
    """Bind and Execute of a named statement: parameters and results as text, the unnamed portal, every row."""
    values = b"".join(struct.pack("!i", len(value)) + value for value in parameters)
    name = statement.encode() + b"\0"
    bound = b"\0" + name + struct.pack("!hh", 0, len(parameters)) + values + struct.pack("!h", 0)
    return _message(b"B", bound) + _message(b"E", b"\0" + struct.pack("!i", 0))


BEGIN_AHEAD = _run(BEGIN_STATEMENT, ())
END_AHEAD = _run(END_STATEMENT, ())
"""Ends the transaction before. After an error the server skips all that follows, so nobody reads in another's transaction."""


def tenant_ahead(tenant_id: UUID) -> bytes:
    """Sets the tenant in the transaction of the statement that follows in the same round trip.

    Up to the Sync that ends the round trip everything is one transaction, so nothing of the tenant outlives it.
    """
    return _run(TENANT_STATEMENT, (str(UUID(int=tenant_id.int)).encode(),))
