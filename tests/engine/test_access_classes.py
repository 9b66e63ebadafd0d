"""Who was shown whose data stands in the schema of those who may read it, and in no other."""

import pytest
from graphql import GraphQLObjectType

from isomod_graphql.engine.class_schemas import ClassSchemas
from isomod_graphql.engine.viewer import Viewer
from permissions.principals import NOBODY, Principal, Scope
from tests.engine.callers import PARTS, caller
from tests.engine.graph import built
from tests.engine.proving import Proof


@pytest.mark.parametrize("name", PARTS)
def test_the_schema_of_a_class_has_the_records_only_for_who_oversees_privacy(proof: Proof, name: str) -> None:
    now = proof.store.clock.now()
    who = caller(proof.realms[0], name, now).principal

    has = fields_of(who, proof)

    overseeing = "privacy officer" in name or name.endswith("of privacy")
    readable = overseeing and "analytics" not in name
    assert ("accessRecords" in has, "AccessRecord" in has) == (overseeing, overseeing)
    assert ("AccessRecordFilter" in has) is readable
    assert ("myAccessLog" in has) is (who.kind == "PERSON" and who.viewed_by is None)


def test_nobody_and_a_token_for_equipment_have_no_records(proof: Proof) -> None:
    now = proof.store.clock.now()
    officer = caller(proof.realms[0], "privacy officer", now).principal
    narrow = Principal(
        kind="PERSON", tenant_id=officer.tenant_id, person_id=officer.person_id, grants=officer.grants,
        scopes=frozenset({Scope.ASSETS_READ}),
    )  # fmt: skip

    assert "accessRecords" not in fields_of(narrow, proof)
    assert not {"accessRecords", "myAccessLog"} & fields_of(NOBODY, proof)


def fields_of(who: Principal, proof: Proof) -> set[str]:
    """The root queries and the types of the caller's class."""
    _, core, catalogue = built()
    schema = ClassSchemas(core, catalogue).of(Viewer.at(who, proof.store.clock.now())).schema
    query = schema.query_type
    roots = set(query.fields) if isinstance(query, GraphQLObjectType) else set()
    return roots | set(schema.type_map)
