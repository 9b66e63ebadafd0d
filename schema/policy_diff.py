"""What changed in the policy since somebody kept a snapshot of it: for those who answer for it, without a shell. Refuses what is no snapshot."""

from typing import Annotated, Any

import orjson
import strawberry

from isomod_graphql.core.errors import BadInput
from isomod_graphql.engine.classified import CHOOSES, NEEDS, tells
from isomod_graphql.engine.policy_snapshot import snapshot_of
from isomod_graphql.engine.request import Request
from permissions.categories import Category
from permissions.differences import NotAPolicy, Turn, differences
from permissions.grants import Action
from schema.policy import require_to_explain

strawberry.enum(
    Turn,
    name="PolicyTurn",
    description="GAIN shows or allows more than before, LOSS less; CHANGE neither, or it cannot be known from the tables.",
)

Snapshot = Annotated[
    str,
    strawberry.argument(
        description="A snapshot that was kept: `policyText`, or what `isomod policy print` prints."
    ),
]


@tells({Category.OPERATIONAL: "about turn says"})
@strawberry.type(description="One thing that is not as it was.")
class PolicyDifference:
    """See permissions.differences.Difference."""

    about: str = strawberry.field(description="A role, or what else the policy speaks of.")
    turn: Turn
    says: str


@tells({Category.OPERATIONAL: "old new differences"})
@strawberry.type(description="Two policies compared.")
class PolicyDiff:
    """`old` and `new` are versions."""

    old: str
    new: str
    differences: list[PolicyDifference]


@strawberry.type
class PolicyDiffQueries:
    """Queries that keep and compare policies."""

    @strawberry.field(
        metadata={NEEDS: Action.ACCESS_EXPLAIN},
        description="The policy in force as JSON, to be kept and compared. Needs ACCESS_EXPLAIN.",
    )
    async def policy_text(self, info: strawberry.Info) -> str | None:
        """As `isomod policy print`."""
        request: Request = info.context
        await require_to_explain(request)
        return orjson.dumps(snapshot_of(request.catalogue), option=orjson.OPT_NON_STR_KEYS).decode()

    @strawberry.field(
        metadata={NEEDS: Action.ACCESS_EXPLAIN, CHOOSES: "old"},
        description="What each role gained and lost since a snapshot, by category and field. Needs ACCESS_EXPLAIN.",
    )
    async def policy_diff(self, info: strawberry.Info, old: Snapshot) -> PolicyDiff | None:
        """BAD_USER_INPUT for what is no snapshot of a policy."""
        request: Request = info.context
        await require_to_explain(request)
        found = compared(old, snapshot_of(request.catalogue))
        if found is None:
            raise BadInput("This is no snapshot of a policy.", field="old")
        return found


def compared(old: str, new: dict[str, Any]) -> PolicyDiff | None:
    """None where any part of the old one is not as in a snapshot."""
    try:
        given: Any = orjson.loads(old)
        found = differences(given, new)
        before = str(given["policyVersion"])
    except (NotAPolicy, ValueError, TypeError, LookupError, AttributeError):
        return None
    told = [PolicyDifference(about=one.about, turn=one.turn, says=one.says) for one in found]
    return PolicyDiff(old=before, new=str(new["policyVersion"]), differences=told)
