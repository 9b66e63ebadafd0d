"""From a credential to a principal, and forgetting whom a mutation may have changed. It refuses to log an address in full."""

from typing import Any, Final

import structlog
from graphql import OperationType

from isomod_graphql.core.errors import Unauthenticated
from isomod_graphql.identity.callers import Callers
from isomod_graphql.identity.sessions import csrf_token
from isomod_graphql.web.exchange import Authenticated, ExecutionReply, Executor, GraphQLRequest
from isomod_graphql.web.facts import Bearer, Credential, HttpFacts
from isomod_graphql.web.refusals import ViewAsEnded
from permissions.masks import ip_prefix
from permissions.principals import NOBODY, Principal

VIEW_AS: Final = b"isomod-view-as"
"""The header with the ticket of a look as another member."""

log: Any = structlog.get_logger("isomod.sign_in")


class KnownCallers:
    """The Authenticator of the GraphQL endpoint."""

    def __init__(self, callers: Callers) -> None:
        """One per process."""
        self._callers = callers

    async def authenticate(self, credential: Credential, http: HttpFacts) -> Authenticated:
        """Raises Unauthenticated for a bearer token that is unknown, over, revoked, or used from elsewhere."""
        ticket = http.header(VIEW_AS)
        if isinstance(credential, Bearer):
            if ticket is not None:
                raise ViewAsEnded
            principal = await self._callers.by_token(credential.token, http.address)
            if principal is None:
                log.info("credential.refused", kind="bearer", network=ip_prefix(http.address))
                raise Unauthenticated
            return Authenticated(principal)
        principal = await self._callers.by_session(credential.value)
        if principal is None:
            log.info("credential.refused", kind="session", network=ip_prefix(http.address))
            return Authenticated(NOBODY)
        if ticket is not None:
            actor, principal = principal, await self._callers.by_ticket(principal, ticket)
            if principal is None:
                # Never answered as the actor instead: whoever looks as another must not be shown more for a moment.
                log.info("view_as.refused", actor_id=str(actor.person_id))
                raise ViewAsEnded
        return Authenticated(principal, csrf_token(credential.value))

    async def still(self, credential: Credential, http: HttpFacts) -> Principal | None:
        """Who the credential of a stream stands for now; None when it is over. Looking is no use of a session."""
        if isinstance(credential, Bearer):
            return await self._callers.by_token(credential.token, http.address)
        return await self._callers.by_session(credential.value, used=False)


class Forgetting:
    """An Executor after whose mutations everybody is looked up anew: roles, sessions and tokens may be others now."""

    def __init__(self, executor: Executor, callers: Callers) -> None:
        self._executor, self._callers = executor, callers

    async def execute(
        self, request: GraphQLRequest, principal: Principal, *, http: HttpFacts
    ) -> ExecutionReply:
        """Forgets before the answer leaves, also when the mutation failed half-way or was cancelled."""
        try:
            return await self._executor.execute(request, principal, http=http)
        finally:
            if request.kind is OperationType.MUTATION:
                self._callers.forget()
