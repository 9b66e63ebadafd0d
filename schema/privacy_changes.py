"""Rectification, restriction and erasure in the graph (GDPR Articles 16 to 18). The subject, the privacy officer, and for corrections the administrator."""

from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry
from sqlalchemy import select

from isomod_graphql.core.store import Transaction
from isomod_graphql.engine.classified import tells, writes
from isomod_graphql.engine.field_access import changes
from isomod_graphql.identity.memberships import seclude
from isomod_graphql.privacy import erasure, rectification, restriction
from isomod_graphql.privacy.models import ErasureCertificate as Row
from permissions.categories import Category
from permissions.grants import Action
from permissions.reach import Resource
from schema.entities import PERSON
from schema.outcomes import UserError, guarded, outcome
from schema.people import Person
from schema.scalars import EmailAddress, PhoneNumber

RestrictionGround = strawberry.enum(
    restriction.RestrictionGround, description="GDPR Article 18(1)(a) to (d)."
)
ErasureGround = strawberry.enum(erasure.ErasureGround, description="GDPR Article 17(1)(a) to (e).")


@changes(PERSON)
@writes(
    Action.PERSON_RECTIFY,
    {Category.IDENTITY: "name job_title locale", Category.CONTACT: "email phone address"},
    on=Resource.PERSON,
)
@strawberry.input(description="What is right. An absent field stays as it is; null removes it.")
class PersonalDataCorrections:
    """A masked value is refused."""

    name: str | None = strawberry.UNSET
    email: EmailAddress | None = strawberry.UNSET
    phone: PhoneNumber | None = strawberry.UNSET
    job_title: str | None = strawberry.UNSET
    locale: str | None = strawberry.UNSET
    address: str | None = strawberry.UNSET


@writes(
    Action.PERSON_RECTIFY,
    {
        Category.OPERATIONAL: "subject_id corrections expected_version idempotency_key",
        Category.NOTES: "reason",
    },
    on=Resource.PERSON,
    row="subject_id",
)
@strawberry.input(description="GDPR Article 16.")
class RectifyPersonalDataInput:
    """`reason` is kept sealed."""

    subject_id: strawberry.ID
    corrections: PersonalDataCorrections
    reason: str | None = None
    expected_version: int | None = None
    idempotency_key: str | None = None


@writes(
    Action.PERSON_RESTRICT,
    {Category.OPERATIONAL: "subject_id categories ground"},
    on=Resource.PERSON,
    row="subject_id",
)
@strawberry.input(description="GDPR Article 18.")
class RestrictProcessingInput:
    """Which categories, on which ground."""

    subject_id: strawberry.ID
    categories: list[Category]
    ground: restriction.RestrictionGround


@writes(
    Action.PERSON_RESTRICT,
    {Category.OPERATIONAL: "subject_id", Category.NOTES: "reason"},
    on=Resource.PERSON,
    row="subject_id",
)
@strawberry.input(description="GDPR Article 18(3).")
class LiftRestrictionInput:
    """`reason` is kept sealed."""

    subject_id: strawberry.ID
    reason: str


@writes(
    Action.PERSON_ERASE,
    {Category.OPERATIONAL: "subject_id ground idempotency_key"},
    on=Resource.PERSON,
    row="subject_id",
)
@strawberry.input(description="GDPR Article 17.")
class ErasePersonalDataInput:
    """Cannot be undone."""

    subject_id: strawberry.ID
    ground: erasure.ErasureGround
    idempotency_key: str | None = None


@tells({Category.OPERATIONAL: "person user_errors"})
@strawberry.type(description="The person as the caller may see it, or why not.")
class PersonPayload:
    """Loaded after the change."""

    person: Person | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@tells({Category.OPERATIONAL: "keep keys why"})
@strawberry.type(description="What became of the keys of one kind of data.")
class KeyOutcome:
    """`keys` were destroyed, or `why` they were kept."""

    keep: str
    keys: int | None = None
    why: str | None = None


@tells({Category.OPERATIONAL: "table rows emptied"})
@strawberry.type(
    description="A table that was visited: how many rows are about the person, and which columns were emptied."
)
class VisitedTable:
    """Every table of the manifest that holds data about the person."""

    table: str
    rows: int
    emptied: list[str]


@tells({Category.OPERATIONAL: "state ground requested_at unreadable_at provable_at destroyed kept places"})
@strawberry.type(description="Proof of an erasure; it names keys and tables, never a value.")
class ErasureCertificate:
    """UNREADABLE: nothing can be read any more. PARTIAL: a hold kept something."""

    state: str
    ground: str
    requested_at: datetime
    unreadable_at: datetime | None
    provable_at: datetime | None
    destroyed: list[KeyOutcome]
    kept: list[KeyOutcome]
    places: list[VisitedTable]


@tells({Category.OPERATIONAL: "certificate person user_errors"})
@strawberry.type(description="The certificate, or why nothing was done.")
class ErasurePayload:
    """The pseudonym that remains is the person's display name."""

    certificate: ErasureCertificate | None = None
    person: Person | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class PrivacyChanges:
    """Mutations on a person's data. Each needs a fresh proof of identity, or a token with `privacy:execute`."""

    @strawberry.mutation(description="Corrects what is stored about a person (GDPR Article 16).")
    async def rectify_personal_data(
        self, info: strawberry.Info, input: RectifyPersonalDataInput
    ) -> PersonPayload | None:
        """Index and search follow at once; recipients are told."""
        request = info.context

        async def work(tx: Transaction) -> UUID:
            return await rectification.rectify(
                tx,
                request.viewer,
                subject_id=_subject(info, input.subject_id),
                corrections=_given(input.corrections),
                reason=input.reason,
                expected_version=input.expected_version,
                idempotency_key=input.idempotency_key,
            )

        person, errors = await outcome(request, "PERSON_RECTIFY", input, PERSON, work)
        return PersonPayload(person=_shown(person), user_errors=errors)

    @strawberry.mutation(description="From now on others see null and may not change it (GDPR Article 18).")
    async def restrict_processing(
        self, info: strawberry.Info, input: RestrictProcessingInput
    ) -> PersonPayload | None:
        """The subject and the privacy officer still see everything."""
        request = info.context

        async def work(tx: Transaction) -> UUID:
            subject = _subject(info, input.subject_id)
            return await restriction.restrict(
                tx, request.viewer, subject_id=subject, categories=input.categories, ground=input.ground
            )

        person, errors = await outcome(request, "PERSON_RESTRICT", input, PERSON, work)
        return PersonPayload(person=_shown(person), user_errors=errors)

    @strawberry.mutation(
        description="Ends every restriction of a person; the person is told (GDPR Article 18(3))."
    )
    async def lift_restriction(
        self, info: strawberry.Info, input: LiftRestrictionInput
    ) -> PersonPayload | None:
        """Needs a reason."""
        request = info.context

        async def work(tx: Transaction) -> UUID:
            subject = _subject(info, input.subject_id)
            return await restriction.lift(tx, request.viewer, subject_id=subject, reason=input.reason)

        person, errors = await outcome(request, "PERSON_RESTRICT", input, PERSON, work)
        return PersonPayload(person=_shown(person), user_errors=errors)

    @strawberry.mutation(
        description="Destroys the keys of a person's data (GDPR Article 17). Cannot be undone."
    )
    async def erase_personal_data(
        self, info: strawberry.Info, input: ErasePersonalDataInput
    ) -> ErasurePayload | None:
        """The work done keeps a stable pseudonym; the last administrator hands over first."""
        request = info.context

        async def work() -> tuple[UUID, UUID]:
            subject = _subject(info, input.subject_id)
            certificate = await erasure.erase(
                request.store,
                request.viewer,
                seclude,
                subject_id=subject,
                ground=input.ground,
                idempotency_key=input.idempotency_key,
            )
            return subject, certificate

        done = await guarded(request, "PERSON_ERASE", input, work)
        if isinstance(done, UserError):
            return ErasurePayload(user_errors=[done])
        subject, certificate = done
        return ErasurePayload(
            certificate=await _certificate(info, certificate),
            person=_shown(await request.load(PERSON, subject)),
        )


async def _certificate(info: strawberry.Info, certificate_id: UUID) -> ErasureCertificate:
    request = info.context
    wanted = select(Row).where(Row.tenant_id == request.viewer.tenant_id, Row.id == certificate_id)
    row = await request.reading(lambda tx: tx.first(wanted))
    return ErasureCertificate(
        state=row.state,
        ground=row.ground,
        requested_at=row.created_at,
        unreadable_at=row.unreadable_at,
        provable_at=row.provable_at,
        destroyed=[KeyOutcome(keep=one["keep"], keys=one["keys"]) for one in row.destroyed],
        kept=[KeyOutcome(keep=one["keep"], why=one["why"]) for one in row.kept],
        places=[
            VisitedTable(table=one["table"], rows=one["rows"], emptied=one["emptied"]) for one in row.places
        ],
    )


def _subject(info: strawberry.Info, text: str) -> UUID:
    subject: UUID = info.context.row_id(text, PERSON)
    return subject


def _given(corrections: PersonalDataCorrections) -> dict[str, str | None]:
    named = {name: getattr(corrections, name) for name in rectification.CATEGORY}
    return {name: value for name, value in named.items() if value is not strawberry.UNSET}


def _shown(view: Any) -> Any:  # noqa: ANN401  a view stands in for its graph type
    return view
