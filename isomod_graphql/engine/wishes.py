"""What a caller asks about masking beside the document: refuse an answer with masks, or say what would be masked. Refuses what it does not know."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from isomod_graphql.core.errors import BadInput

NULL: Final = "NULL"
REJECT: Final = "REJECT"


@dataclass(frozen=True, slots=True)
class Wish:
    """`rejects`: an answer in which anything is masked is worth nothing. `dry_run`: only the masks are of interest."""

    rejects: bool = False
    dry_run: bool = False


PLAIN: Final = Wish()
"""What everybody asks who says nothing of it."""


def wish_of(extensions: Mapping[str, Any]) -> Wish:
    """From `extensions: {masking: {onMasked: "NULL"|"REJECT", dryRun: Boolean}}` of a request. Raises BadInput.

    A member that is not known is refused too: whoever misspells REJECT's name would be shown what is masked.
    """
    given = extensions.get("masking")
    if given is None:
        return PLAIN
    if not isinstance(given, Mapping):
        raise _bad("extensions.masking", "an object with onMasked and dryRun")
    unknown = given.keys() - {"onMasked", "dryRun"}
    if unknown:
        raise _bad("extensions.masking", "an object with onMasked and dryRun, and nothing else")
    on_masked, dry_run = given.get("onMasked", NULL), given.get("dryRun", False)
    if on_masked not in (NULL, REJECT):
        raise _bad("extensions.masking.onMasked", "NULL or REJECT")
    if not isinstance(dry_run, bool):
        raise _bad("extensions.masking.dryRun", "true or false")
    wish = Wish(on_masked == REJECT, dry_run)
    return PLAIN if wish == PLAIN else wish


def _bad(field: str, wanted: str) -> BadInput:
    return BadInput(f"{field} is {wanted}.", field=field)
