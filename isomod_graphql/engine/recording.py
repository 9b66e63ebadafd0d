"""Who was shown whose personal data: what an answer leaves behind before it leaves. Refuses values; it holds ids and categories only."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Access:
    """One answer that released personal data, in full or partly masked, to somebody other than its subjects.

    `viewer_id` is a person or a client; `operation` the SHA-256 of the document. `released` maps a bit mask of categories
    (a bit's number is the category's place in PERSONAL_ORDER) to the raw 16-byte ids of the subjects they are about.
    """

    tenant_id: UUID
    viewer_id: UUID
    viewer_kind: str
    purpose: str
    operation: bytes
    at: datetime
    released: Mapping[int, Collection[bytes]]


class Recorder(Protocol):
    """Where accesses are written down.

    `underway` counts the answers that are being made or wait for their record; whoever makes them counts.
    """

    underway: int

    async def record(self, access: Access) -> None:
        """Returns when the record is durable. Raises AccessRecordUnavailable, and then the answer must not leave."""
        ...
