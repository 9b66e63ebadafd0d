"""What would have to be otherwise for a viewer to be shown more: a tie, a scope, a purpose, a role, the row. Refuses to promise what it did not decide again."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from permissions.categories import PERSONAL, ROW_RULED
from permissions.decisions import Decision, Facts, Reason
from permissions.disclosure import Level, Relation
from permissions.grants import CLIENT_SCOPES, PERSON_ROLES
from permissions.looks import Look, Remedy, Rule
from permissions.principals import Principal, Role, RoleGrant, Scope
from permissions.purposes import PURPOSES, Purpose, needs_consent
from permissions.reach import Reach
from permissions.vectors import is_usable, standings, vector_of
from permissions.wording import RELATION_WORDS, reached


def remedies(look: Look, decision: Decision, *, told: bool) -> Iterator[Remedy]:
    """One thing at a time, each found by deciding again. `told`: who asks may know of restriction, consent and erasure."""
    if decision.level is Level.FULL or look.category not in PERSONAL | ROW_RULED:
        return
    if not is_usable(look.caller, look.now):
        yield Remedy(Rule.CREDENTIAL, Level.HIDDEN, "A membership, token or program that is good today.")
        return
    if decision.reason is Reason.PRIVACY and not told:
        says = "Nothing that the viewer could be given: the person decides, or the law."
        yield Remedy(Rule.PRIVACY, decision.level, says)
        return
    free = replace(look, facts=_freed(look.facts))
    if decision.reason is not Reason.PRIVACY and not (told and look.facts.erased):
        # What is decided otherwise says nothing of the three, and neither does what would change it.
        seen: set[tuple[Rule, str | None]] = set()
        for remedy in (
            *_of_ties(free),
            *_of_purpose(free),
            *_of_scopes(free),
            *_of_rows(free),
            *_of_roles(free),
        ):
            if remedy.level > decision.level and (remedy.rule, remedy.by) not in seen:
                seen.add((remedy.rule, remedy.by))
                yield remedy
    if told:
        yield from _of_privacy(look, free.decision.level)


def _freed(facts: Facts) -> Facts:
    """The same of somebody who restricts nothing and agrees to everything."""
    return replace(facts, restricted=frozenset(), erased=False, consents=frozenset(Purpose))


def _of_privacy(look: Look, level: Level) -> Iterator[Remedy]:
    """What is needed as well; an erasure is final."""
    facts, purpose = look.facts, look.vector.purpose
    own = Relation.SELF in facts.relations and look.vector.self_rights
    if facts.erased or own or look.category not in PERSONAL:
        return
    if look.category in facts.restricted:
        yield Remedy(Rule.RESTRICTION, level, "The restriction of processing is lifted.")
    if needs_consent(purpose, look.category) and purpose not in facts.consents:
        yield Remedy(Rule.CONSENT, level, f"The person agrees to {purpose}.", purpose)


def _of_ties(look: Look) -> Iterator[Remedy]:
    if look.category not in PERSONAL:
        return
    ties = {tie for tier in look.vector.tiers for tie, _ in tier.cell(look.category).raised}
    for tie in sorted(ties - look.facts.relations):
        tied = replace(look, facts=replace(look.facts, relations=look.facts.relations | {tie}))
        says = RELATION_WORDS[tie]
        yield Remedy(Rule.RELATION, tied.decision.level, f"{says[0].upper()}{says[1:]}.", tie)


def _of_purpose(look: Look) -> Iterator[Remedy]:
    if look.decision.reason is not Reason.PURPOSE:
        return
    for purpose, readable in PURPOSES.items():
        if look.category in readable:
            other = replace(look, principal=replace(look.caller, purpose=purpose))
            yield Remedy(Rule.PURPOSE, other.decision.level, f"The credential is for {purpose}.", purpose)


def _of_scopes(look: Look) -> Iterator[Remedy]:
    held = look.caller.scopes
    if held is None:
        return
    grantable = CLIENT_SCOPES if look.caller.kind == "CLIENT" else frozenset(Scope)
    for scope in sorted(grantable - held):
        more = _as(look, replace(look.caller, scopes=held | {scope}))
        yield Remedy(Rule.SCOPE, more.decision.level, f"The credential has the scope {scope}.", scope)


def _of_rows(look: Look) -> Iterator[Remedy]:
    if not look.inside:
        reaching = (one.slot for one in look.vector.tiers if one.reach(look.resource) is not Reach.NONE)
        there = replace(
            look, inside=True, reached=True, facts=replace(look.facts, admitted=frozenset(reaching))
        )
        yield Remedy(Rule.SITES, there.decision.level, "The credential is good for the site of this one.")
        return
    for standing in standings(look.caller, look.now):
        slot, role = standing.slot, standing.grant.role
        if slot is None or slot in look.facts.admitted:
            continue
        reach = next(tier for tier in look.vector.tiers if tier.slot == slot).reach(look.resource)
        if reach is not Reach.NONE:
            facts = replace(look.facts, admitted=look.facts.admitted | {slot})
            there = replace(look, facts=facts, reached=True)
            says = f"This is within reach of the role {role}: it reaches {reached(reach, look.resource)}."
            yield Remedy(Rule.REACH, there.decision.level, says, role)


def _of_roles(look: Look) -> Iterator[Remedy]:
    """A role on every site, where it reaches the row by that alone."""
    caller = look.caller
    if caller.kind != "PERSON" or not look.inside:
        return
    held = {grant.role for grant in caller.grants if grant.is_live(look.now)}
    for role in Role:
        if role in PERSON_ROLES - held:
            given = RoleGrant(role, None, look.now + timedelta(days=1))
            more = _as(look, replace(caller, grants=(*caller.grants, given)))
            yield Remedy(Rule.ROLE, more.decision.level, f"The viewer holds the role {role}.", role)


def _as(look: Look, other: Principal) -> Look:
    """The same row for a caller with more: what was admitted stays so, and so is what is reached with every row of its kind."""
    before = standings(look.caller, look.now)
    admitted = set()
    reach = {tier.slot: tier.reach(look.resource) for tier in vector_of(other, look.now).tiers}
    for at, standing in enumerate(standings(other, look.now)):
        known = before[at].slot if at < len(before) else None
        if standing.slot is not None and (known in look.facts.admitted or reach[standing.slot] is Reach.ALL):
            admitted.add(standing.slot)
    facts = replace(look.facts, admitted=frozenset(admitted))
    return replace(look, principal=other, facts=facts, reached=look.reached or bool(admitted))
