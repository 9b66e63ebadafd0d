"""What is asked and answered when somebody wants to know why: a look at a value, the rules that had a say, what would change it. It explains nothing itself."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from permissions.categories import Category
from permissions.decisions import Decision, Facts, Reason, Vector, decide
from permissions.disclosure import Level
from permissions.principals import NOBODY, Principal, Role
from permissions.reach import Resource
from permissions.vectors import vector_of


class Rule(StrEnum):
    """Which kind of rule speaks. The last four are told to those who may know of them; to everybody else they are PRIVACY."""

    CREDENTIAL = "CREDENTIAL"
    """The membership, token or program has ended, or never was."""
    ROLE = "ROLE"
    """The cell of the disclosure table."""
    TIME = "TIME"
    """A grant has ended."""
    REACH = "REACH"
    """The row rule."""
    SITES = "SITES"
    """The credential is bound to other sites."""
    SELF = "SELF"
    RELATION = "RELATION"
    SCOPE = "SCOPE"
    CAVEAT = "CAVEAT"
    """The credential gave up the category when it was made."""
    PURPOSE = "PURPOSE"
    MASK = "MASK"
    """What the field shows where it is not shown in full."""
    LINK = "LINK"
    """The row at the other end has a row rule of its own."""
    PRIVACY = "PRIVACY"
    RESTRICTION = "RESTRICTION"
    CONSENT = "CONSENT"
    ERASURE = "ERASURE"
    OVERSIGHT = "OVERSIGHT"
    """Who oversees privacy, or reads evidence, keeps what the role shows."""


TELLING: Final = frozenset({Rule.RESTRICTION, Rule.CONSENT, Rule.ERASURE, Rule.OVERSIGHT})
"""Rules that tell of a person's restriction, consent or erasure."""


class Effect(StrEnum):
    """What a rule did to the level before it."""

    RAISED = "RAISED"
    LOWERED = "LOWERED"
    LEFT = "LEFT"


@dataclass(frozen=True, slots=True)
class Step:
    """One rule, and the level after it. `by` names the relation, scope or purpose; `role` the grant through which it speaks."""

    rule: Rule
    effect: Effect
    level: Level
    says: str
    role: Role | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Remedy:
    """One thing that would have to be otherwise for the viewer to be shown more, and what would be shown then."""

    rule: Rule
    level: Level
    says: str
    by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Somebody looks at a value of one row. `principal` None: no credential stands behind the name.

    `reached`: the row rule admits the row; `inside`: so do the sites that bind the credential.
    """

    principal: Principal | None
    now: datetime
    resource: Resource
    category: Category
    facts: Facts
    reached: bool = True
    inside: bool = True

    @property
    def caller(self) -> Principal:
        """Nobody where no credential stands behind the name."""
        return self.principal or NOBODY

    @property
    def vector(self) -> Vector:
        """The viewer's powers."""
        return vector_of(self.caller, self.now)

    @property
    def decision(self) -> Decision:
        """What is decided; of a row that is not reached nothing is shown."""
        if not self.reached:
            return Decision(Level.HIDDEN, Reason.ROLE)
        return decide(self.vector, self.category, self.facts)


@dataclass(frozen=True, slots=True)
class Account:
    """`because` is the chain in one sentence. `told`: restriction, consent and erasure are told apart."""

    decision: Decision
    because: str
    steps: tuple[Step, ...]
    remedies: tuple[Remedy, ...]
    told: bool
