"""The schema of a class: what its callers can use and nothing else, made from the one schema, the same for all who can use the same."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from graphql import (
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    assert_valid_schema,
    get_introspection_query,
    get_named_type,
    graphql_sync,
    parse,
    print_schema,
    validate,
)

from isomod_graphql.core.errors import BadInput
from isomod_graphql.engine.class_schemas import BYTES_PER_SCHEMA, ClassSchemas, without
from isomod_graphql.engine.field_access import refuse_unknown_fields
from isomod_graphql.engine.plan import plan_operation
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.engine.visibility import hidden_from
from permissions.categories import PERSONAL
from permissions.decisions import may, unconditional_full
from permissions.grants import SELF_ACTIONS
from permissions.principals import NOBODY, TIME_BOXED, Assurance, Principal, Role, RoleGrant, Scope
from permissions.reach import Reach, Resource
from tests.engine.callers import PARTS, caller
from tests.engine.graph import built
from tests.engine.proving import Proof

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
PROVEN = NOW + timedelta(minutes=10)
TENANT, ME = UUID(int=1), UUID(int=2)

WAYS_IN = [
    "acceptInvitation", "confirmEmailChange", "requestPasswordReset", "resetPassword", "signIn", "verifyEmail",
]  # fmt: skip
OWN = [
    "changePassword", "createToken", "erasePersonalData", "giveConsent", "killOtherSessions", "killSession", "leaveOrganisation",
    "liftRestriction", "rectifyPersonalData", "requestEmailChange", "requestVerification", "restrictProcessing",
    "revokeToken", "signOut", "stepUp", "switchOrganisation", "withdrawConsent",
]  # fmt: skip
OF_SESSIONS = [
    "changePassword", "killOtherSessions", "killSession", "leaveOrganisation", "requestEmailChange", "requestVerification",
    "signOut", "stepUp", "switchOrganisation",
]  # fmt: skip
WORK = ["completeWorkOrder", "holdWorkOrder", "resumeWorkOrder", "signWorkOrder", "startWorkOrder"]


def somebody(role: Role | None, *, sites: frozenset[UUID] | None = None) -> Principal:
    """A person with this role, freshly proven."""
    ends = NOW + timedelta(days=1) if role in TIME_BOXED else None
    return Principal(
        kind="PERSON",
        tenant_id=TENANT,
        person_id=ME,
        grants=() if role is None else (RoleGrant(role, sites, ends),),
        assurance=Assurance.STEPPED_UP,
        stepped_up_until=PROVEN,
    )


def partner(*scopes: Scope) -> Principal:
    """A program."""
    return Principal(
        kind="CLIENT",
        tenant_id=TENANT,
        client_id=ME,
        grants=(RoleGrant(Role.PARTNER, None),),
        scopes=frozenset(scopes),
    )


def classes() -> ClassSchemas:
    """On the schema of the product."""
    return ClassSchemas(built()[1], built()[2])


def schema_for(principal: Principal) -> GraphQLSchema:
    """What this caller can use."""
    return classes().of(Viewer.at(principal, NOW)).schema


def fields(schema: GraphQLSchema, name: str) -> list[str]:
    """The fields or values of a type, none where there is no such type."""
    kind: Any = schema.type_map.get(name)
    return [] if kind is None else sorted(getattr(kind, "fields", None) or getattr(kind, "values", {}))


def resolver_of(kind: Any, field: str) -> object:  # noqa: ANN401  an object type
    """What answers the field."""
    return kind.fields[field].resolve


def test_who_may_use_everything_has_the_schema_itself() -> None:
    everything, admin = built()[1], somebody(Role.ADMIN)
    both = replace(admin, grants=(*admin.grants, RoleGrant(Role.PRIVACY_OFFICER, None)))

    whole = schema_for(both)

    assert hidden_from(everything, built()[2], Viewer.at(both, NOW).vector) == frozenset()
    assert set(whole.type_map) == set(everything.type_map)
    # Who saw whom is for who oversees privacy.
    assert set(whole.type_map) - set(schema_for(admin).type_map) == {
        "AccessRecord", "AccessRecordConnection", "AccessRecordEdge", "AccessRecordFilter",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("principal", "mutations"),
    [
        (NOBODY, WAYS_IN),
        (somebody(None), [*WAYS_IN, "erasePersonalData", "killOtherSessions"]),
        (somebody(Role.VIEWER), [*WAYS_IN, *OWN]),
        (somebody(Role.REQUESTER), [*WAYS_IN, *OWN]),
        (somebody(Role.QUALITY_MANAGER), [*WAYS_IN, *OWN, "signWorkOrder"]),
        (somebody(Role.AUDITOR), [*WAYS_IN, *OWN]),
        (somebody(Role.PRIVACY_OFFICER), [*WAYS_IN, *OWN]),
        (somebody(Role.TECHNICIAN), [*WAYS_IN, *OWN, *WORK]),
        (
            partner(Scope.ASSETS_READ, Scope.WORK_ORDERS_WRITE),
            [*WAYS_IN, "createWorkOrder", "updateWorkOrder"],
        ),
    ],
)
def test_a_class_has_the_mutations_that_it_may_run(principal: Principal, mutations: list[str]) -> None:
    if principal == somebody(None):
        mutations = [*WAYS_IN, *(set(OWN) - {"createToken", "revokeToken"})]

    assert fields(schema_for(principal), "Mutation") == sorted(mutations)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.MANAGER, Role.VIEWER])
def test_a_bearer_token_has_nothing_that_only_a_session_can_do(role: Role) -> None:
    session, token = (
        somebody(role),
        replace(somebody(role), scopes=frozenset(Scope), assurance=Assurance.TOKEN),
    )

    mutations, fewer = fields(schema_for(session), "Mutation"), fields(schema_for(token), "Mutation")

    looks = ["startViewAs"] if role is Role.ADMIN else []
    assert sorted(set(mutations) - set(fewer)) == sorted([*OF_SESSIONS, *looks])
    assert sorted(set(fields(schema_for(session), "Query")) - set(fields(schema_for(token), "Query"))) == [
        "sessions"
    ]
    assert {"StepUpInput", "KillSessionInput", "Session"}.isdisjoint(schema_for(token).type_map)


def test_nobody_has_the_ways_in_and_nothing_to_read() -> None:
    schema = schema_for(NOBODY)

    assert fields(schema, "Query") == []
    assert validate(schema, parse("{ __typename }")) == []
    assert {name for name in schema.type_map if not name.startswith("__")} == {
        "AcceptInvitationInput", "Boolean", "DonePayload", "EmailAddress", "Mutation", "OrganisationChoice", "Query",
        "RequestPasswordResetInput", "ResetPasswordInput", "SessionPayload", "SignInInput", "String", "TokenInput",
        "UserError",
    }  # fmt: skip


def test_a_class_has_the_filters_and_sorts_over_what_it_reads_everywhere() -> None:
    admin, viewer = schema_for(somebody(Role.ADMIN)), schema_for(somebody(Role.VIEWER))
    technician = schema_for(somebody(Role.TECHNICIAN))

    assert fields(admin, "UserOrder") == ["NAME_ASC", "NAME_DESC", "PSEUDONYM_ASC"]
    assert fields(admin, "UserFilter") == ["email", "namePrefix", "search", "siteId", "status"]
    assert fields(viewer, "UserOrder") == ["PSEUDONYM_ASC"]
    assert fields(viewer, "UserFilter") == ["siteId", "status"]
    assert fields(technician, "UserFilter") == ["namePrefix", "search", "siteId", "status"]


def test_a_class_has_the_input_fields_that_it_may_write() -> None:
    program = schema_for(partner(Scope.ASSETS_WRITE, Scope.WORK_ORDERS_WRITE))
    token = replace(somebody(Role.ADMIN), scopes=frozenset(Scope) - {Scope.PII_CONTACT, Scope.ADMIN})

    assert {"description", "assigneeId", "assigneeIds"}.isdisjoint(fields(program, "CreateWorkOrderInput"))
    assert "title" in fields(program, "CreateWorkOrderInput")
    assert "description" not in fields(program, "UpdateAssetInput")
    assert fields(schema_for(token), "PersonalDataCorrections") == ["jobTitle", "locale", "name"]
    assert "inviteUser" not in fields(schema_for(token), "Mutation")
    assert {"deactivateUser", "inviteUserAgain"} <= set(fields(schema_for(token), "Mutation"))


def test_what_is_never_reached_has_no_type_no_list_and_no_link() -> None:
    officer = schema_for(somebody(Role.PRIVACY_OFFICER))

    assert fields(officer, "Query") == [
        "accessRecords", "apiTokens", "consents", "explainAccess", "myAccessLog", "node", "nodes", "organisation",
        "policyDiff", "policyMatrix", "policyText", "sessions", "team", "teams", "user", "users", "viewer",
    ]  # fmt: skip
    assert {"Location", "Asset", "WorkOrder", "WorkOrderChange", "AssetFilter"}.isdisjoint(officer.type_map)
    assert fields(officer, "RoleAssignment") == ["expiresAt", "id", "role", "viewerAccess"]


@pytest.mark.parametrize("role", Role)
def test_what_is_masked_or_depends_on_the_row_stays(role: Role) -> None:
    """A document is written once and asked by everybody; what is withheld is said beside the answer."""
    catalogue = built()[2]
    schema = schema_for(somebody(role))
    shown = {
        (name, field)
        for name, specs in catalogue.fields_of_type.items()
        for field, spec in specs.items()
        if name in schema.type_map and spec.personal and not spec.gathered
    }

    assert {(name, field) for name, field in shown if field not in fields(schema, name)} == set()


async def principal_named(proof: Proof, name: str) -> Principal:
    """A caller of the proofs."""
    return caller(proof.realms[0], name, proof.store.clock.now()).principal


@pytest.mark.parametrize("name", PARTS)
async def test_hidden_is_what_the_decisions_refuse_and_nothing_else(proof: Proof, name: str) -> None:
    """Said again without the code that hides: by asking for each root field, filter and sort."""
    _, everything, catalogue = built()
    who = replace(await principal_named(proof, name), assurance=Assurance.STEPPED_UP, stepped_up_until=PROVEN)
    viewer = Viewer.at(who, proof.store.clock.now())
    schema = classes().of(viewer).schema
    wrong: list[str] = []
    for (_, root), action in catalogue.needs.items():
        if root in everything.mutation_type.fields:
            own = action in SELF_ACTIONS and bool(may(who, action, now=viewer.now, subject_id=who.person_id))
            allowed = own or may(who, action, now=viewer.now) or _lacks_proof_alone(who, action, viewer.now)
            if root in fields(schema, "Mutation") and not allowed:
                wrong.append(root)
    for kind, rule in catalogue.governed_inputs.items():
        for member, category in rule.fields.items():
            shown = member in fields(schema, kind)
            if shown and not unconditional_full(viewer.vector, category, rule.resource):
                wrong.append(f"{kind}.{member}")
    for type_name, entity in catalogue.entity_of_type.items():
        reach = max((tier.reach(entity.scope.resource) for tier in viewer.vector.tiers), default=Reach.NONE)
        held = viewer.vector.held | {Resource.PERSON}
        if type_name in schema.type_map and reach is Reach.NONE and entity.scope.resource not in held:
            wrong.append(type_name)

    assert wrong == []
    if fields(schema, "Query"):  # Nobody, and a program without a scope, have nothing to read.
        doubted: Any = {**schema.to_kwargs(), "assume_valid": False}
        assert_valid_schema(GraphQLSchema(**doubted))


def _lacks_proof_alone(who: Principal, action: Any, now: datetime) -> bool:  # noqa: ANN401  an action
    """A token without `privacy:execute` may be followed by a proof."""
    verdict = may(who, action, now=now)
    return not verdict and getattr(verdict, "reason", None) == "STEP_UP"


@pytest.mark.parametrize("name", PARTS)
async def test_a_class_schema_is_a_part_of_the_schema(proof: Proof, name: str) -> None:
    everything = built()[1]
    viewer = Viewer.at(await principal_named(proof, name), proof.store.clock.now())

    schema = classes().of(viewer).schema

    assert set(schema.type_map) <= set(everything.type_map)
    for type_name in schema.type_map:
        assert set(fields(schema, type_name)) <= set(fields(everything, type_name))
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType | GraphQLInputObjectType):
            named = {get_named_type(field.type) for field in kind.fields.values()}
            assert {one for one in named if schema.type_map[one.name] is not one} == set()


@pytest.mark.parametrize(("role", "known"), [(Role.ADMIN, True), (Role.PRIVACY_OFFICER, False)])
def test_a_form_names_only_the_fields_that_its_caller_has(role: Role, *, known: bool) -> None:
    """A place is out of reach for who oversees privacy: nobody is told so by asking what may be done with it."""
    _, everything, catalogue = built()
    text = '{ users(first: 1) { nodes { roles { viewerAccess(fields: ["site"]) { read } } } } }'
    viewer, document = Viewer.at(somebody(role), NOW), parse(text)
    operation = next(d for d in document.definitions if isinstance(d, OperationDefinitionNode))
    own = classes().of(viewer).schema

    plan = plan_operation(everything, catalogue, document, operation, viewer.vector, inputs=own)

    assert validate(own, document) == []
    with nullcontext() if known else pytest.raises(BadInput):
        refuse_unknown_fields(plan.asking, plan.variables.values({}, document))  # type: ignore[arg-type]  # they fit


def test_introspection_tells_the_class_what_it_has() -> None:
    answers = {
        role: print_schema(schema_for(somebody(role))) for role in (Role.VIEWER, Role.TECHNICIAN, Role.ADMIN)
    }

    told = graphql_sync(schema_for(somebody(Role.VIEWER)), get_introspection_query()).data
    unknown = graphql_sync(schema_for(somebody(Role.VIEWER)), '{ __type(name: "CreateAssetInput") { name } }')

    assert told is not None
    assert {one["name"] for one in told["__schema"]["types"]} == set(
        schema_for(somebody(Role.VIEWER)).type_map
    )
    assert unknown.data == {"__type": None}
    assert "createAsset" not in answers[Role.VIEWER]
    assert "createAsset" not in answers[Role.TECHNICIAN]
    assert "createAsset" in answers[Role.ADMIN]


def test_callers_who_can_use_the_same_share_a_schema_whatever_their_roles_are_called() -> None:
    made = classes()
    viewer, requester = somebody(Role.VIEWER), somebody(Role.REQUESTER)
    elsewhere = replace(viewer, tenant_id=UUID(int=9), person_id=UUID(int=10))

    first = made.of(Viewer.at(viewer, NOW))

    assert Viewer.at(viewer, NOW).vector != Viewer.at(requester, NOW).vector
    assert made.of(Viewer.at(requester, NOW)) is first
    assert made.of(Viewer.at(elsewhere, NOW)) is first
    assert made.of(Viewer.at(somebody(Role.TECHNICIAN), NOW)) is not first


def test_few_schemas_are_kept_and_one_that_is_made_again_has_another_number() -> None:
    made = ClassSchemas(built()[1], built()[2], most=BYTES_PER_SCHEMA)
    viewer, admin = Viewer.at(somebody(Role.VIEWER), NOW), Viewer.at(somebody(Role.ADMIN), NOW)

    first = made.of(viewer)
    made.of(admin)
    again = made.of(viewer)

    assert again is not first
    assert again.number > first.number


def test_a_copy_changes_nothing_of_the_original() -> None:
    everything = built()[1]
    before = print_schema(everything)

    copy = without(everything, frozenset({"User.phone", "UserOrder.NAME_ASC", "Query.users(filter:)"}))

    assert print_schema(everything) == before
    assert "phone" not in fields(copy, "User")
    assert "NAME_ASC" not in fields(copy, "UserOrder")
    assert "filter" not in copy.query_type.fields["users"].args  # type: ignore[union-attr]  # it has a query
    mine, original = (of.type_map["User"] for of in (copy, everything))
    assert resolver_of(mine, "email") is resolver_of(original, "email")


def test_no_personal_category_is_written_by_who_is_nobody() -> None:
    rules = built()[2].written_inputs
    schema = schema_for(NOBODY)
    left = {
        (name, field)
        for name, rule in rules.items()
        for field in fields(schema, name)
        if rule.fields[field] in PERSONAL
    }

    assert left == {("SignInInput", "email"), ("RequestPasswordResetInput", "email")}
