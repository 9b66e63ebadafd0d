"""Why a viewer is shown so much of a value: every rule that raised or lowered it in order. Refuses to decide: it tells what `decide` decided."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from permissions.categories import PERSONAL, ROW_RULED
from permissions.decisions import Decision, Reason, Vector
from permissions.disclosure import ADMITTING, DISCLOSURE, Cell, Level, Relation
from permissions.looks import Account, Effect, Look, Rule, Step
from permissions.principals import Role
from permissions.purposes import needs_consent
from permissions.remedies import remedies
from permissions.vectors import Standing, is_usable, standings
from permissions.wording import CATEGORY_WORDS, LEVEL_WORDS, RELATION_WORDS, a_role, reached


def account(look: Look, *, told: bool) -> Account:
    """The whole account. `told`: who asks may know of the person's restriction, consent and erasure.

    To everybody else it is a function of the decision and of everything but these three, so it tells none of them.
    """
    decision = look.decision
    steps = tuple(_Chain(look, told=told).steps())
    found = tuple(remedies(look, decision, told=told))
    return Account(decision, _because(look, decision, steps), steps, found, told)


@dataclass(slots=True)
class _Chain:
    """Walks through the rules in the order in which they count."""

    look: Look
    told: bool
    level: Level = Level.HIDDEN
    vector: Vector = field(init=False)

    def __post_init__(self) -> None:
        self.vector = self.look.vector

    def steps(self) -> Iterator[Step]:
        look = self.look
        if not is_usable(look.caller, look.now):
            yield self._to(Rule.CREDENTIAL, Level.HIDDEN, "No valid credential stands behind this viewer.")
            return
        if not look.inside:
            yield self._to(
                Rule.SITES, Level.HIDDEN, "The credential is bound to sites, and this is not of one of them."
            )
        if look.category not in PERSONAL | ROW_RULED:
            yield self._to(Rule.ROLE, Level.HIDDEN, f"{self._what.capitalize()} are shown to nobody.")
            return
        if look.category in PERSONAL and look.reached and look.category not in self.vector.readable:
            purpose = look.caller.purpose
            says = f"For the purpose {purpose} nobody reads {self._what}."
            yield self._to(Rule.PURPOSE, Level.HIDDEN, says, by=purpose)
            return
        for standing in standings(look.caller, look.now):
            yield from self._granted(standing)
        yield from self._own()
        if look.category in PERSONAL and look.reached:
            yield from self._narrowed()
            yield from self._private()

    @property
    def _what(self) -> str:
        return CATEGORY_WORDS[self.look.category]

    def _to(
        self, rule: Rule, level: Level, says: str, *, role: Role | None = None, by: str | None = None
    ) -> Step:
        effect = (
            Effect.RAISED if level > self.level else Effect.LOWERED if level < self.level else Effect.LEFT
        )
        self.level = level
        return Step(rule, effect, level, says, role, by)

    def _up(
        self, rule: Rule, level: Level, says: str, *, role: Role | None = None, by: str | None = None
    ) -> Step:
        return self._to(rule, max(level, self.level), says, role=role, by=by)

    def _granted(self, standing: Standing) -> Iterator[Step]:
        role, facts = standing.grant.role, self.look.facts
        if not standing.live:
            yield self._up(
                Rule.TIME, Level.HIDDEN, f"The role {role} has ended, or was given without an end.", role=role
            )
            return
        if standing.slot is None:
            return  # Another role of the viewer's shows all of it.
        cell = DISCLOSURE[role][self.look.category]
        admitted = standing.slot in facts.admitted and self.look.reached
        if not admitted:
            tier = next(one for one in self.vector.tiers if one.slot == standing.slot)
            reach = reached(tier.reach(self.look.resource), self.look.resource)
            yield self._up(
                Rule.REACH, Level.HIDDEN, f"{a_role(role)} reaches {reach}; not this one.", role=role
            )
        elif self.look.category in ROW_RULED:
            says = f"{a_role(role)} reaches it, and {self._what} are shown with their row."
            yield self._up(Rule.REACH, Level.FULL, says, role=role)
        else:
            yield self._up(Rule.ROLE, cell.base, self._shows(role, cell.base), role=role)
            yield from self._scoped(role, cell)
        if self.look.reached and self.look.category in PERSONAL:
            yield from self._tied(role, cell, admitted=admitted)

    def _shows(self, role: Role, level: Level) -> str:
        how = {Level.HIDDEN: "is not shown", Level.MASKED: "is shown only masked", Level.FULL: "is shown"}
        return f"{a_role(role)} {how[level]} {self._what}{', as a rule' if level is not Level.FULL else ''}."

    def _scoped(self, role: Role, cell: Cell) -> Iterator[Step]:
        for scope, level in cell.scoped:
            if scope in (self.look.caller.scopes or ()):
                yield self._up(
                    Rule.SCOPE, level, f"The scope {scope} shows {self._what}.", role=role, by=scope
                )

    def _tied(self, role: Role, cell: Cell, *, admitted: bool) -> Iterator[Step]:
        for tie, level in cell.raised:
            if not admitted and tie not in ADMITTING:
                continue
            holds = tie in self.look.facts.relations
            so = "That is so." if holds else "That is not so."
            says = f"{a_role(role)} is shown {self._what} when {RELATION_WORDS[tie]}. {so}"
            yield self._up(Rule.RELATION, level if holds else Level.HIDDEN, says, role=role, by=tie)

    def _own(self) -> Iterator[Step]:
        if not (self.vector.self_rights and self.look.reached):
            return
        ties = self.look.facts.relations
        if Relation.SELF in ties:
            yield self._up(
                Rule.SELF, Level.FULL, "People are shown everything about themselves.", by=Relation.SELF
            )
        elif Relation.OWN in ties and self.look.category in ROW_RULED:
            yield self._up(
                Rule.RELATION, Level.FULL, "People are shown what they wrote or requested.", by=Relation.OWN
            )

    def _narrowed(self) -> Iterator[Step]:
        top, caller = self.vector.ceiling(self.look.category), self.look.caller
        if top >= self.level:
            return
        named = caller.caveats.categories
        if named is not None and self.look.category not in named:
            yield self._to(
                Rule.CAVEAT, top, f"The credential was made without the category {self.look.category}."
            )
            return
        who = "A program" if caller.kind == "CLIENT" else "A token without the scope for it"
        yield self._to(Rule.SCOPE, top, f"{who} is shown {self._what} at most as: {LEVEL_WORDS[top]}.")

    def _private(self) -> Iterator[Step]:
        look, facts = self.look, self.look.facts
        decision = look.decision
        if not self.told:
            if decision.reason is Reason.PRIVACY:
                yield self._to(
                    Rule.PRIVACY,
                    decision.level,
                    "The person's privacy takes precedence over what the roles show.",
                )
            return
        if Relation.SELF in facts.relations and self.vector.self_rights and not facts.erased:
            if look.category in facts.restricted:
                yield self._to(
                    Rule.SELF, decision.level, "Processing is restricted, which binds others, not the person."
                )
            return
        if facts.erased:
            yield self._to(
                Rule.ERASURE, Level.HIDDEN, "The person was erased (GDPR Article 17); the value is gone."
            )
        elif look.category in facts.restricted:
            says = f"The person had the processing of {self._what} restricted (GDPR Article 18)."
            yield self._to(Rule.RESTRICTION, Level.HIDDEN, says)
        elif needs_consent(self.vector.purpose, look.category):
            purpose = self.vector.purpose
            agrees = purpose in facts.consents
            says = f"For {purpose} {self._what} are shown of those who agree. The person {'agrees' if agrees else 'does not'}."
            yield self._to(Rule.CONSENT, self.level if agrees else Level.HIDDEN, says, by=purpose)
        if decision.level > self.level:
            says = "Who oversees privacy, or reads the evidence of signed work, keeps what the role shows."
            yield self._to(Rule.OVERSIGHT, decision.level, says)


def _because(look: Look, decision: Decision, steps: tuple[Step, ...]) -> str:
    """The step that settled it; where a tie would have shown more, every one that does not hold."""
    if decision.level is Level.FULL or decision.reason in {Reason.PRIVACY, Reason.SCOPE, Reason.PURPOSE}:
        settling = [one for one in steps if one.effect is not Effect.LEFT and one.level is decision.level]
        if settling:
            return settling[-1].says
    wanting = [
        one
        for one in steps
        if one.rule is Rule.RELATION and one.effect is Effect.LEFT and one.by not in look.facts.relations
    ]
    if decision.reason is Reason.RELATION and wanting:
        return " ".join(one.says for one in wanting)
    left = [
        one.says
        for one in steps
        if one.rule in {Rule.CREDENTIAL, Rule.SITES, Rule.ROLE, Rule.REACH, Rule.TIME, Rule.PURPOSE}
    ]
    return (
        " ".join(left) or f"The viewer holds no role, and only a role shows {CATEGORY_WORDS[look.category]}."
    )
