"""The fingerprint of the policy tables, told to clients beside every mask; it changes when a table does and for no other reason."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from hashlib import sha256
from typing import Final

from permissions.disclosure import DISCLOSURE, OVERSEES_PRIVACY, PII_SCOPES, READS_EVIDENCE
from permissions.grants import (
    ASSIGNABLE,
    CLIENT_SCOPES,
    GRANTS,
    MEMBER_ACTIONS,
    NAMED_SCOPES,
    SCOPE_ACTIONS,
    SELF_ACTIONS,
    SESSION_ACTIONS,
    STEP_UP,
    VIEWED_ACTIONS,
)
from permissions.masks import SMALLEST_GROUP
from permissions.purposes import CONSENT, PURPOSES
from permissions.reach import CAVEAT_BOUND, GRANT_BOUND, REACH, SCOPE_REACH, SELF_HELD, VIEWED_ROWS


def canonical(value: object) -> str:
    """A text that is equal for equal tables, whatever the hash seed and the order of a set."""
    if isinstance(value, Mapping):
        return (
            "{" + ",".join(sorted(f"{canonical(key)}:{canonical(item)}" for key, item in value.items())) + "}"
        )
    if isinstance(value, frozenset):
        return "<" + ",".join(sorted(canonical(item) for item in value)) + ">"
    if isinstance(value, tuple):
        return "(" + ",".join(canonical(item) for item in value) + ")"
    if is_dataclass(value):
        return "[" + ",".join(canonical(getattr(value, field.name)) for field in fields(value)) + "]"
    return str(value)


TABLES: Final[tuple[object, ...]] = (
    *(GRANTS, SCOPE_ACTIONS, MEMBER_ACTIONS, SELF_ACTIONS, STEP_UP, ASSIGNABLE, CLIENT_SCOPES, NAMED_SCOPES),
    *(SESSION_ACTIONS, VIEWED_ACTIONS),
    *(DISCLOSURE, PII_SCOPES, OVERSEES_PRIVACY, READS_EVIDENCE),
    *(REACH, SCOPE_REACH, GRANT_BOUND, CAVEAT_BOUND, SELF_HELD, VIEWED_ROWS),
    *(PURPOSES, CONSENT),
    SMALLEST_GROUP,
)

POLICY_VERSION: Final = sha256(canonical(TABLES).encode()).hexdigest()[:12]
