"""One's own consents in the graph (GDPR Article 7): read, given, withdrawn. There is no way to ask for somebody else's."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import strawberry

from isomod_graphql.core.store import Transaction
from isomod_graphql.engine.classified import CHOOSES, NEEDS, tells, writes
from isomod_graphql.engine.request import Request
from isomod_graphql.privacy import consent
from isomod_graphql.privacy.consent_texts import VERSION, text_of
from permissions.categories import Category
from permissions.grants import Action
from permissions.purposes import Purpose
from schema.inputs import USER_ERRORS, Given
from schema.outcomes import UserError, attempt


@strawberry.enum(description="What rests on consent; everything else rests on the contract or the law.")
class ConsentPurpose(StrEnum):
    """The keys of permissions.purposes.CONSENT."""

    SERVICE = "SERVICE"
    NOTIFY = "NOTIFY"
    ANALYTICS = "ANALYTICS"


@tells({Category.OPERATIONAL: "purpose given decided_at notice_version current_version text"})
@strawberry.type(description="One's own consent to one purpose.")
class ConsentState:
    """What holds now is `given`; the ledger keeps every decision."""

    purpose: ConsentPurpose
    given: bool
    decided_at: datetime | None = strawberry.field(description="When it was given or withdrawn last.")
    notice_version: str | None = strawberry.field(description="The version of the text that was decided on.")
    current_version: str = strawberry.field(
        description="The version of `text`, to be named when consent is given."
    )
    text: str = strawberry.field(description="What is agreed to.")


@writes(Action.CONSENT_DECIDE, {Category.OPERATIONAL: "purpose notice_version locale"})
@strawberry.input(description="Agree to a purpose.")
class GiveConsentInput:
    """The text has to be the present one."""

    purpose: ConsentPurpose = strawberry.field(description="The purpose.")
    notice_version: str = strawberry.field(description="`currentVersion` of the text that was shown.")
    locale: str = strawberry.field(
        default="en", description="The language of the text that was shown: en, nl or fr."
    )


@writes(Action.CONSENT_DECIDE, {Category.OPERATIONAL: "purpose"})
@strawberry.input(description="Agree to a purpose no more.")
class WithdrawConsentInput:
    """Nothing has to be explained."""

    purpose: ConsentPurpose = strawberry.field(description="The purpose.")


@tells({Category.OPERATIONAL: "consents user_errors"})
@strawberry.type(description="All consents of the caller as they now are, or why nothing was done.")
class ConsentPayload:
    """Read after the change."""

    consents: list[ConsentState] = strawberry.field(default_factory=list, description="One of each purpose.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description=USER_ERRORS)


@strawberry.type
class ConsentQueries:
    """Queries about the caller's own consents."""

    @strawberry.field(
        metadata={NEEDS: Action.CONSENT_DECIDE, CHOOSES: "locale"},
        description="The caller's own consents, with what is agreed to. A program has none.",
    )
    async def consents(self, info: strawberry.Info, locale: str = "en") -> list[ConsentState]:
        """One of each purpose that rests on consent."""
        return await _states(info.context, locale)


@strawberry.type
class ConsentChanges:
    """Mutations of one's own consents; withdrawing takes no more than giving."""

    @strawberry.mutation(
        description="Agrees to a purpose (GDPR Article 7). A second time changes nothing. Codes: NOTICE_OUTDATED."
    )
    async def give_consent(
        self, info: strawberry.Info, input: Given[GiveConsentInput]
    ) -> ConsentPayload | None:
        """Holds from the next request on."""
        request = info.context

        async def work(tx: Transaction) -> UUID:
            return await consent.give_consent(
                tx, request.viewer, purpose=Purpose(input.purpose.value), notice_version=input.notice_version,
                locale=input.locale,
            )  # fmt: skip

        return await _payload(request, await attempt(request, "CONSENT_DECIDE", input, work), input.locale)

    @strawberry.mutation(
        description="Takes a consent back (GDPR Article 7(3)); what was done before stays lawful. A second time changes nothing."
    )
    async def withdraw_consent(
        self, info: strawberry.Info, input: Given[WithdrawConsentInput]
    ) -> ConsentPayload | None:
        """Holds from the next request on."""
        request = info.context

        async def work(tx: Transaction) -> UUID:
            return await consent.withdraw_consent(tx, request.viewer, purpose=Purpose(input.purpose.value))

        return await _payload(request, await attempt(request, "CONSENT_DECIDE", input, work), "en")


async def _payload(request: Request, done: UUID | UserError, locale: str) -> ConsentPayload:
    if isinstance(done, UserError):
        return ConsentPayload(user_errors=[done])
    return ConsentPayload(consents=await _states(request, locale))


async def _states(request: Request, locale: str) -> list[ConsentState]:
    found = await request.reading(lambda tx: consent.consents_of(tx, request.viewer))
    return [
        ConsentState(
            purpose=ConsentPurpose(one.purpose.value), given=one.given, decided_at=one.decided_at,
            notice_version=one.notice_version, current_version=VERSION, text=text_of(one.purpose, locale),
        )
        for one in found
    ]  # fmt: skip
