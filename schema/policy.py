"""The policy as those read it who answer for it: the whole table, and why somebody is shown so much of a field. Tells rules and never a value; every question about somebody is on record."""

from typing import Annotated, Any, Final

import strawberry

from isomod_graphql.audit.service import record_denial
from isomod_graphql.core.errors import NotFound
from isomod_graphql.engine.classified import CHOOSES, NEEDS, tells
from isomod_graphql.engine.entities import Classified
from isomod_graphql.engine.field_access import Reading
from isomod_graphql.engine.reasons import Answer
from isomod_graphql.engine.request import Request
from isomod_graphql.engine.viewer import ActionForbidden
from permissions.categories import Category
from permissions.decisions import Reason
from permissions.disclosure import Level
from permissions.grants import Action
from permissions.looks import Effect, Rule
from permissions.masks import NULL
from permissions.matrix import ALWAYS, lines
from permissions.policy_version import POLICY_VERSION
from permissions.principals import Role
from permissions.reach import REACH, Reach, Resource
from schema.access_questions import AccessQuestion
from schema.entities import PERSON
from schema.people import Person
from schema.relay import Node

strawberry.enum(Rule, name="AccessRule", description="Which kind of rule speaks.")
strawberry.enum(Effect, name="AccessEffect", description="What a rule did to the level before it.")
strawberry.enum(Resource, name="Resource", description="A kind of row with a row rule of its own.")
strawberry.enum(Reach, name="Reach", description="How far the rows of a role reach.")
_READ: Final = {level: Reading(level.name) for level in Level}


@tells({Category.OPERATIONAL: "role category when level form"})
@strawberry.type(description="How much of a category a role is shown on the rows that it reaches.")
class PolicyCell:
    """One condition of one cell."""

    role: Role
    category: Category
    when: str | None = strawberry.field(
        description="The relation or the scope that it takes; null is always."
    )
    level: Reading
    form: str | None = strawberry.field(
        description="What the mask is, where the cell asks for another than the field's own."
    )


@tells({Category.OPERATIONAL: "role resource reach"})
@strawberry.type(description="Which rows of a kind a role reaches.")
class PolicyReach:
    """One cell of the table of reaches."""

    role: Role
    resource: Resource
    reach: Reach


@tells({Category.OPERATIONAL: "coordinate category mask"})
@strawberry.type(description="What decides about a field.")
class PolicyField:
    """One field of a row."""

    coordinate: str
    category: Category
    mask: str | None = strawberry.field(
        description="What it shows where it is masked; null where nothing of it is."
    )


@tells({Category.OPERATIONAL: "version cells reaches fields"})
@strawberry.type(description="The policy that is in force.")
class PolicyMatrix:
    """Role by category by condition, role by kind of row, and what each field is."""

    version: str
    cells: list[PolicyCell]
    reaches: list[PolicyReach]
    fields: list[PolicyField]


@tells({Category.OPERATIONAL: "effect level role", Category.AUDIT: "rule by says"})
@strawberry.type(description="One rule that had a say, and the level after it.")
class AccessStep:
    """In the order in which they count."""

    rule: Rule = strawberry.field(directives=[Classified(category=Category.AUDIT)])
    effect: Effect
    level: Reading
    role: Role | None = strawberry.field(description="The role through which the rule speaks.")
    by: str | None = strawberry.field(
        description="The relation, scope, purpose or mask.", directives=[Classified(category=Category.AUDIT)]
    )
    says: str = strawberry.field(directives=[Classified(category=Category.AUDIT)])


@tells({Category.OPERATIONAL: "level", Category.AUDIT: "rule by says"})
@strawberry.type(description="What would have to be otherwise, and what would be shown then.")
class AccessRemedy:
    """It opens nothing by itself."""

    rule: Rule = strawberry.field(directives=[Classified(category=Category.AUDIT)])
    by: str | None = strawberry.field(directives=[Classified(category=Category.AUDIT)])
    level: Reading
    says: str = strawberry.field(directives=[Classified(category=Category.AUDIT)])


@tells(
    {
        Category.OPERATIONAL: "viewer object coordinate category read mask reason policy_version privacy_told",
        Category.AUDIT: "because steps remedies",
    }
)
@strawberry.type(description="Why a viewer is shown so much of a field of an object.")
class AccessExplanation:
    """`reason` is the coarse one that the viewer reads in `extensions.masking`."""

    viewer: Person | None = strawberry.field(
        description="As the caller may see the person; null for a program."
    )
    object: Node | None = strawberry.field(description="As the caller may see it.")
    coordinate: str
    category: Category
    read: Reading
    mask: str | None
    reason: Reason | None
    policy_version: str
    privacy_told: bool = strawberry.field(
        description="Restriction, consent and erasure are told apart: the caller is the person, or oversees privacy."
    )
    because: str = strawberry.field(
        description="The steps in a sentence or two.", directives=[Classified(category=Category.AUDIT)]
    )
    steps: list[AccessStep] = strawberry.field(directives=[Classified(category=Category.AUDIT)])
    remedies: list[AccessRemedy] = strawberry.field(directives=[Classified(category=Category.AUDIT)])


ViewerId = Annotated[
    strawberry.ID,
    strawberry.argument(
        description="A user's id, a token's, or the clientId of a program with all that it is registered for."
    ),
]
ObjectId = Annotated[strawberry.ID, strawberry.argument(description="The global id of the object.")]
FieldName = Annotated[
    str, strawberry.argument(description="The name of a field of the object, such as `phone`.")
]


@strawberry.type
class PolicyQueries:
    """Queries about the policy itself."""

    @strawberry.field(
        metadata={NEEDS: Action.ACCESS_EXPLAIN},
        description="The policy in force, as a table. Needs ACCESS_EXPLAIN.",
    )
    async def policy_matrix(self, info: strawberry.Info) -> PolicyMatrix | None:
        """From the tables alone."""
        request: Request = info.context
        await require_to_explain(request)
        return PolicyMatrix(
            version=POLICY_VERSION,
            cells=[
                PolicyCell(
                    role=one.role,
                    category=one.category,
                    when=None if one.when == ALWAYS else one.when,
                    level=_READ[one.level],
                    form=one.form,
                )
                for one in lines()
            ],
            reaches=[
                PolicyReach(role=role, resource=resource, reach=reach)
                for role, row in REACH.items()
                for resource, reach in row.items()
            ],
            fields=_fields(request),
        )

    @strawberry.field(
        metadata={NEEDS: Action.ACCESS_EXPLAIN, CHOOSES: "field"},
        description=(
            "Why a viewer is shown so much of a field of an object: every rule in order, and what would have to change. "
            "Needs ACCESS_EXPLAIN, reaches what the caller reaches, is on the audit trail, and shows no value."
        ),
    )
    async def explain_access(
        self, info: strawberry.Info, viewer_id: ViewerId, object_id: ObjectId, field: FieldName
    ) -> AccessExplanation | None:
        """NOT_FOUND for whatever the caller does not reach; BAD_USER_INPUT for a field that is not there."""
        request: Request = info.context
        await require_to_explain(request)
        asked = AccessQuestion(request, viewer_id, object_id, field)
        try:
            found = await asked.answered()
        except NotFound as refusal:
            await record_denial(request.store, request.viewer.principal, Action.ACCESS_EXPLAIN, refusal.code)
            raise
        if found.account.told and found.subject is not None:
            request.tell(info.path, Category.AUDIT, found.subject)
        return await _shown(request, asked, found)


async def require_to_explain(request: Request) -> None:
    """ACCESS_EXPLAIN. Raises a denial, which goes on record."""
    try:
        request.viewer.require(Action.ACCESS_EXPLAIN)
    except ActionForbidden as denial:
        await record_denial(
            request.store, request.viewer.principal, Action.ACCESS_EXPLAIN, denial.reason.value
        )
        raise


def _fields(request: Request) -> list[PolicyField]:
    return [
        PolicyField(
            coordinate=f"{of}.{name}",
            category=one.spec.category,
            mask=None if one.spec.permission.mask is NULL else one.spec.permission.mask.name,
        )
        for of, fields in sorted(request.catalogue.weighable.items())
        for name, one in fields.items()
    ]


async def _shown(request: Request, asked: AccessQuestion, found: Answer) -> AccessExplanation:
    """With viewer and object as the caller may see them."""
    account = found.account
    viewer: Any = None if asked.person is None else await request.load(PERSON, asked.person)
    row: Any = await request.node(asked.object_id)
    return AccessExplanation(
        viewer=viewer,
        object=row,
        coordinate=found.coordinate,
        category=found.category,
        read=found.read,
        mask=found.mask,
        reason=None if found.reason is None else Reason(found.reason),
        policy_version=POLICY_VERSION,
        privacy_told=account.told,
        because=account.because,
        steps=[
            AccessStep(
                rule=one.rule,
                effect=one.effect,
                level=_READ[one.level],
                role=one.role,
                by=one.by,
                says=one.says,
            )
            for one in account.steps
        ],
        remedies=[
            AccessRemedy(rule=one.rule, by=one.by, level=_READ[one.level], says=one.says)
            for one in account.remedies
        ],
    )
