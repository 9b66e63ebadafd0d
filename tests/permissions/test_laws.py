"""The laws of decisions over generated callers, rows and people: grants add up, restrictions always win."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import permutations
from typing import Final
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from permissions.categories import PERSONAL, Category
from permissions.caveats import Caveats, narrow
from permissions.decisions import (
    Decision,
    Facts,
    Reason,
    Vector,
    decide,
    may,
    reach_of,
    relations_of,
    site_bound,
    site_slots,
    unconditional_full,
    vector_of,
)
from permissions.disclosure import Level, Relation
from permissions.grants import Action
from permissions.principals import Principal, RoleGrant, Scope
from permissions.purposes import Purpose
from permissions.reach import Reach, Resource

NOW: Final = datetime(2026, 3, 2, 9, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Row:
    """A row as a row rule sees it, and what is known of its person."""

    resource: Resource
    site: UUID
    assigned: bool
    relations: frozenset[Relation]
    restricted: frozenset[Category]
    erased: bool
    consents: frozenset[Purpose]

    def facts(self, principal: Principal, action: Action | None = None) -> Facts:
        slots = site_slots(principal, NOW)
        bound = site_bound(principal)
        outside = bound is not None and self.site not in bound
        return Facts(
            admitted=frozenset(
                slot
                for slot, reach in reach_of(vector_of(principal, NOW), self.resource, action)
                if not outside and self._reached(reach, slots[slot])
            ),
            relations=self.relations,
            restricted=self.restricted,
            erased=self.erased,
            consents=self.consents,
        )

    def _reached(self, reach: Reach, sites: frozenset[UUID] | None) -> bool:
        near = reach >= Reach.SITES and (sites is None or self.site in sites)
        own = Relation.OWN in self.relations
        return (
            reach is Reach.ALL or near or (reach >= Reach.ASSIGNED and self.assigned) or (own and reach > 0)
        )


rows = st.builds(
    Row,
    resource=st.sampled_from(Resource),
    site=st.sampled_from((UUID(int=1), UUID(int=2), UUID(int=3))),
    assigned=st.booleans(),
    relations=st.frozensets(st.sampled_from(Relation)),
    restricted=st.frozensets(st.sampled_from(Category)),
    erased=st.booleans(),
    consents=st.frozensets(st.sampled_from(Purpose)),
)
plain_rows = rows.map(
    lambda row: replace(row, restricted=frozenset(), erased=False, consents=frozenset(Purpose))
)
principals = st.from_type(Principal)
grants = st.from_type(RoleGrant)
categories = st.sampled_from(Category)
scopes = st.frozensets(st.sampled_from(Scope))


def seen(principal: Principal, category: Category, row: Row) -> Decision:
    return decide(vector_of(principal, NOW), category, row.facts(principal))


@given(principals, rows)
def test_a_credential_is_shown_to_nobody(principal: Principal, row: Row) -> None:
    assert seen(principal, Category.CREDENTIAL, row) == Decision(Level.HIDDEN, Reason.ROLE)


@given(principals, rows, st.sampled_from(sorted(PERSONAL)))
def test_an_erased_person_is_hidden_from_everyone(principal: Principal, row: Row, category: Category) -> None:
    assert seen(principal, category, replace(row, erased=True)).level is Level.HIDDEN


@given(principals, rows, categories)
def test_restriction_never_raises_a_level(principal: Principal, row: Row, category: Category) -> None:
    free = replace(row, restricted=frozenset())

    assert seen(principal, category, row).level <= seen(principal, category, free).level


@given(principals, rows, categories, st.sampled_from(Purpose))
def test_a_consent_never_lowers_a_level(
    principal: Principal, row: Row, category: Category, purpose: Purpose
) -> None:
    agreed = replace(row, consents=row.consents | {purpose})

    assert seen(principal, category, row).level <= seen(principal, category, agreed).level


@given(principals, plain_rows, st.sampled_from(sorted(PERSONAL)))
def test_restriction_erasure_and_want_of_consent_are_told_only_where_they_take_something_away(
    principal: Principal, row: Row, category: Category
) -> None:
    free = seen(principal, category, row)
    touched = [
        replace(row, erased=True),
        replace(row, restricted=frozenset({category})),
        replace(row, consents=frozenset()),
    ]

    for decision in (seen(principal, category, one) for one in touched):
        assert decision == free or (decision.reason is Reason.PRIVACY and decision.level < free.level)
    assert free.reason is not Reason.PRIVACY


@given(principals, grants, rows, categories)
def test_another_grant_never_lowers_a_level(
    principal: Principal, grant: RoleGrant, row: Row, category: Category
) -> None:
    more = replace(principal, grants=(*principal.grants, grant))

    assert seen(principal, category, row).level <= seen(more, category, row).level


@given(principals, scopes, rows, categories)
def test_a_token_never_sees_more_than_its_roles(
    principal: Principal, held: frozenset[Scope], row: Row, category: Category
) -> None:
    session = replace(principal, kind="PERSON", scopes=None)
    token = replace(session, scopes=held - {Scope.PII_IDENTITY, Scope.PII_CONTACT, Scope.PII_TIME})

    assert seen(token, category, row).level <= seen(session, category, row).level
    assert vector_of(token, NOW).actions <= vector_of(session, NOW).actions
    assert vector_of(token, NOW).self_actions <= vector_of(session, NOW).self_actions


@given(principals, scopes, scopes, rows, categories)
def test_fewer_scopes_never_raise_a_level(
    principal: Principal, held: frozenset[Scope], dropped: frozenset[Scope], row: Row, category: Category
) -> None:
    wide, narrow_ = replace(principal, scopes=held), replace(principal, scopes=held - dropped)

    assert seen(narrow_, category, row).level <= seen(wide, category, row).level
    assert vector_of(narrow_, NOW).actions <= vector_of(wide, NOW).actions


@given(principals, st.from_type(Caveats), rows, categories)
def test_another_caveat_never_raises_a_level(
    principal: Principal, caveats: Caveats, row: Row, category: Category
) -> None:
    narrower = replace(principal, caveats=narrow(principal.caveats, caveats))

    assert seen(narrower, category, row).level <= seen(principal, category, row).level
    assert row.facts(narrower).admitted == frozenset() or row.facts(principal).admitted != frozenset()


@given(principals, plain_rows, categories)
def test_every_missing_part_has_a_reason(principal: Principal, row: Row, category: Category) -> None:
    decision = seen(principal, category, row)

    assert (decision.reason is None) is (decision.level is Level.FULL)
    assert decision.form is None or decision.level is Level.MASKED


@given(principals, rows, categories)
def test_a_relation_that_is_not_named_changes_nothing(
    principal: Principal, row: Row, category: Category
) -> None:
    vector, facts = vector_of(principal, NOW), row.facts(principal)
    named = replace(facts, relations=facts.relations & relations_of(vector, category))

    assert decide(vector, category, named) == decide(vector, category, facts)


@given(principals, plain_rows, categories, st.sampled_from((Resource.PERSON, Resource.WORK_ORDER)))
def test_what_may_filter_is_raw_on_every_visible_row(
    principal: Principal, row: Row, category: Category, resource: Resource
) -> None:
    vector = vector_of(principal, NOW)
    at = replace(row, resource=resource)
    visible = at.facts(principal).admitted

    if unconditional_full(vector, category, resource) and visible:
        assert decide(vector, category, at.facts(principal)).level is Level.FULL


@given(principals)
def test_the_order_and_repetition_of_grants_change_nothing(principal: Principal) -> None:
    doubled = replace(principal, grants=principal.grants * 2)
    orders = [replace(principal, grants=order) for order in permutations(principal.grants)]

    assert {(vector_of(one, NOW), site_slots(one, NOW)) for one in (doubled, *orders)} == {
        (vector_of(principal, NOW), site_slots(principal, NOW))
    }


@given(principals)
def test_a_vector_names_no_tenant_no_person_and_no_site(principal: Principal) -> None:
    sites = [grant.sites for grant in principal.grants]
    moved = replace(
        principal,
        tenant_id=UUID(int=99),
        account_id=UUID(int=98),
        credential_id=UUID(int=97),
        grants=tuple(
            replace(
                grant, sites=None if site is None else frozenset(UUID(int=each.int + 50) for each in site)
            )
            for grant, site in zip(principal.grants, sites, strict=True)
        ),
    )

    assert vector_of(moved, NOW) == vector_of(principal, NOW)
    assert hash(vector_of(moved, NOW)) == hash(vector_of(principal, NOW))
    assert "UUID" not in repr(vector_of(principal, NOW))


@given(principals, grants, rows, categories)
def test_leaving_out_what_another_grant_covers_changes_no_decision(
    principal: Principal, grant: RoleGrant, row: Row, category: Category
) -> None:
    one_by_one = [replace(principal, grants=(each,)) for each in (*principal.grants, grant)]
    together = replace(principal, grants=(*principal.grants, grant))

    best = max(seen(alone, category, replace(row, restricted=frozenset())).level for alone in one_by_one)

    assert seen(together, category, replace(row, restricted=frozenset())).level is best


@given(principals, rows, st.sampled_from(Action))
def test_an_action_reaches_a_row_only_through_a_grant_that_carries_it(
    principal: Principal, row: Row, action: Action
) -> None:
    carried = row.facts(principal, action).admitted
    alone = [replace(principal, grants=(grant,)) for grant in principal.grants]

    assert bool(carried) is any(
        action in _granted(vector_of(one, NOW)) and bool(row.facts(one).admitted) for one in alone
    )


@given(principals, st.sampled_from(Action), scopes)
def test_dropping_scopes_never_allows_an_action(
    principal: Principal, action: Action, dropped: frozenset[Scope]
) -> None:
    held = principal.scopes or frozenset()
    wide, narrow_ = replace(principal, scopes=held), replace(principal, scopes=held - dropped)

    assert not may(narrow_, action, now=NOW) or may(wide, action, now=NOW)


def _granted(vector: Vector) -> frozenset[Action]:
    return frozenset[Action]().union(*(tier.actions for tier in vector.tiers))
