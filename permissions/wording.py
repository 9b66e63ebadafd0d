"""The policy's own words in plain English, for people who ask why. They name rules and never a person or a value."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from permissions.categories import Category
from permissions.disclosure import Level, Relation
from permissions.principals import Role
from permissions.reach import Reach, Resource

CATEGORY_WORDS: Final[Mapping[Category, str]] = MappingProxyType(
    {
        Category.IDENTITY: "names, job titles and teams",
        Category.CONTACT: "e-mail addresses, phone numbers and postal addresses",
        Category.PAY: "pay",
        Category.TIME: "working time",
        Category.POSITION: "positions",
        Category.DEVICE: "devices and when they were last used",
        Category.COMMUNICATION: "messages",
        Category.NOTES: "free text",
        Category.CREDENTIAL: "credentials",
        Category.OPERATIONAL: "records of the work",
        Category.EQUIPMENT: "records of equipment",
        Category.AUDIT: "who did what and when",
    }
)

RELATION_WORDS: Final[Mapping[Relation, str]] = MappingProxyType(
    {
        Relation.SELF: "the person is the viewer",
        Relation.OWN: "the viewer wrote or requested it",
        Relation.ASSIGNED_TO_MINE: "the person is assigned to a work order that the viewer requested",
        Relation.ASSIGNED_TO_MINE_OPEN: "the person is assigned to an open work order that the viewer requested",
        Relation.SAME_OPEN_ORDER: "the person requested, or is also assigned to, an open work order of the viewer's",
        Relation.SAME_TEAM: "the person is in a team of the viewer's",
        Relation.REQUEST_SUBJECT: "the person is the subject of an open data-subject request",
        Relation.LOGGED_REASON: "the viewer gave a reason for this look, and it is on record",
        Relation.SUPPORT_GRANT: "the organisation opened this person's data to support for a while",
    }
)

RESOURCE_WORDS: Final[Mapping[Resource, str]] = MappingProxyType(
    {
        Resource.PERSON: "people",
        Resource.LOCATION: "locations",
        Resource.ASSET: "assets",
        Resource.WORK_ORDER: "work orders",
        Resource.AUDIT_ENTRY: "entries of the audit trail",
        Resource.TOKEN: "tokens",
        Resource.SESSION: "sessions",
        Resource.TEAM: "teams",
        Resource.ACCESS_RECORD: "records of who was shown whose data",
        Resource.ACCESS_LOG: "records of looks at the viewer's own data",
    }
)


LEVEL_WORDS: Final[Mapping[Level, str]] = MappingProxyType(
    {Level.HIDDEN: "not shown", Level.MASKED: "masked", Level.FULL: "shown in full"}
)


def a_role(role: Role) -> str:
    """With its article, to begin a sentence: `A quality manager`."""
    words = "administrator" if role is Role.ADMIN else role.value.lower().replace("_", " ")
    return f"{'An' if words[0] in 'aeiou' else 'A'} {words}"


def reached(reach: Reach, resource: Resource) -> str:
    """The rows that a reach admits."""
    rows = RESOURCE_WORDS[resource]
    return {
        Reach.NONE: f"no {rows}",
        Reach.OWN: f"only the viewer's own {rows}",
        Reach.ASSIGNED: f"only {rows} that the viewer's work leads to",
        Reach.SITES: f"only {rows} of the sites of the role, and those that the viewer's work leads to",
        Reach.ALL: f"all {rows}",
    }[reach]
