"""The optimistic lock: a writer says which version was read. Refuses to write over a change that the writer has not seen."""

from isomod_graphql.core.errors import StaleVersion


def require_version(stored: int, expected: int | None) -> None:
    """Raises StaleVersion unless the stored version is the expected one; None expects nothing."""
    if expected is not None and stored != expected:
        raise StaleVersion(field="expectedVersion")
