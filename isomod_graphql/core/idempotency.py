"""Idempotency keys: the same input twice has one effect. Refuses the same key with other input; keeps no input, only a keyed hash, for 24 hours."""

import hmac
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import LargeBinary, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped

from isomod_graphql.core.columns import Base, held
from isomod_graphql.core.errors import BadInput, IdempotencyConflict
from isomod_graphql.core.store import Transaction
from permissions.categories import Category

KEEP_FOR = timedelta(hours=24)
MAX_KEY_CHARS = 200


class IdempotencyRow(Base):
    """A key that was used: who, which operation, a hash of the input, the id that came out."""

    __tablename__ = "idempotency_keys"
    tenant_id: Mapped[UUID] = held(Category.OPERATIONAL, primary_key=True)
    principal_id: Mapped[UUID] = held(Category.OPERATIONAL, primary_key=True)
    key_hash: Mapped[bytes] = held(Category.OPERATIONAL, LargeBinary, primary_key=True)
    input_hash: Mapped[bytes] = held(Category.OPERATIONAL, LargeBinary)
    result_id: Mapped[UUID | None] = held(Category.OPERATIONAL)
    expires_at: Mapped[datetime] = held(Category.OPERATIONAL)


async def replayed(
    tx: Transaction, *, principal_id: UUID, operation: str, key: str | None, given: Mapping[str, Any]
) -> UUID | None:
    """The id that this key produced before, or None after reserving it for the present transaction.

    A second caller with the same key waits for the first one's transaction. Raises IdempotencyConflict, BadInput.
    """
    if key is None:
        return None
    if not 1 <= len(key) <= MAX_KEY_CHARS:
        raise BadInput("An idempotency key has 1 to 200 characters.", field="idempotencyKey")
    row = _row(tx, principal_id, operation, key, given)
    here = _here(row)
    await tx.run(delete(IdempotencyRow).where(*here, IdempotencyRow.expires_at <= tx.now))
    if await tx.run(insert(IdempotencyRow).values(row).on_conflict_do_nothing()):
        return None
    found = await tx.first(select(IdempotencyRow.input_hash, IdempotencyRow.result_id).where(*here))
    if (
        found is None
        or found.result_id is None
        or not hmac.compare_digest(found.input_hash, row["input_hash"])
    ):
        raise IdempotencyConflict(field="idempotencyKey")
    result: UUID = found.result_id
    return result


async def recalled(
    tx: Transaction, *, principal_id: UUID, operation: str, key: str | None, given: Mapping[str, Any]
) -> UUID | None:
    """The id that this key produced before; reserves nothing. For work that spans several transactions.

    Raises IdempotencyConflict for the same key with other input.
    """
    if key is None:
        return None
    row = _row(tx, principal_id, operation, key, given)
    live = (*_here(row), IdempotencyRow.expires_at > tx.now)
    found = await tx.first(select(IdempotencyRow.input_hash, IdempotencyRow.result_id).where(*live))
    if found is None:
        return None
    if found.result_id is None or not hmac.compare_digest(found.input_hash, row["input_hash"]):
        raise IdempotencyConflict(field="idempotencyKey")
    result: UUID = found.result_id
    return result


async def remember(
    tx: Transaction, *, principal_id: UUID, operation: str, key: str | None, result_id: UUID
) -> None:
    """Keeps the id that the reserved key produced, in the transaction that produced it."""
    if key is not None:
        here = _here(_row(tx, principal_id, operation, key, {}))
        await tx.run(update(IdempotencyRow).where(*here).values(result_id=result_id))


def _row(tx: Transaction, principal_id: UUID, operation: str, key: str, given: Any) -> dict[str, Any]:  # noqa: ANN401
    # Escaped, so that a text that cannot be stored is refused by who checks it, with its field, and not here.
    text = json.dumps(given, sort_keys=True, default=str).encode("ascii")
    return {
        "tenant_id": tx.tenant_id,
        "principal_id": principal_id,
        "key_hash": hmac.digest(
            tx.keys.index, f"key\0{operation}\0{key}".encode("utf-8", "surrogatepass"), "sha256"
        ),
        "input_hash": hmac.digest(tx.keys.index, b"input\0" + operation.encode() + b"\0" + text, "sha256"),
        "expires_at": tx.now + KEEP_FOR,
    }


def _here(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(
        getattr(IdempotencyRow, name) == row[name] for name in ("tenant_id", "principal_id", "key_hash")
    )
