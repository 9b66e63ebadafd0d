"""Teams as the graph shows them: a name. Who is in one is said by each person, to whom it may be said; a team lists nobody."""

from collections.abc import Mapping
from enum import Enum
from typing import Final

import strawberry

from isomod_graphql.engine.classified import reveals
from isomod_graphql.engine.entities import graph_type
from isomod_graphql.engine.listing import Criterion, Listing, Prefix, Sort
from isomod_graphql.engine.sources import ById, Through
from isomod_graphql.identity.models import Team as Row
from isomod_graphql.identity.models import TeamMember
from permissions.categories import Category
from permissions.reach import Resource
from schema.entities import TEAM
from schema.relay import Node


@graph_type(TEAM, default=Category.OPERATIONAL, description="People who work together.")
class Team(Node):
    """See Person.teams."""

    name: str
    version: int


@reveals(Resource.TEAM, {Category.OPERATIONAL: "NAME_ASC NAME_DESC"})
@strawberry.enum(description="How teams are sorted.")
class TeamOrder(Enum):
    """No two have the same name."""

    NAME_ASC = "NAME_ASC"
    NAME_DESC = "NAME_DESC"


@reveals(Resource.TEAM, {Category.OPERATIONAL: "name_prefix"})
@strawberry.input(description="Every field that is given must hold.")
class TeamFilter:
    """Which teams."""

    name_prefix: str | None = None


_ROW: Final = Row.__table__.c
_SORTS: Final = {
    "NAME_ASC": Sort(_ROW.name_key, unique=True),
    "NAME_DESC": Sort(_ROW.name_key, descending=True, unique=True),
}
_CRITERIA: Final[Mapping[str, Criterion]] = {"name_prefix": Prefix(_ROW.name_key)}
TEAMS: Final = Listing("Query.teams", lambda: TEAM, _SORTS, _CRITERIA)
TEAM_BY_ID: Final = ById(lambda: TEAM, "Team")
TEAMS_OF_PERSON: Final = Through(
    lambda: TEAM, TeamMember.__table__, TeamMember.__table__.c.person_id, TeamMember.__table__.c.team_id
)
