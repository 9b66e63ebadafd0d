"""Whether somebody may hand a credential to a program: never one wider than the powers behind the registration."""

from datetime import datetime

from permissions.caveats import Caveats, is_narrower
from permissions.decisions import Allowed, DenialReason, Denied, Verdict, may, unentitled
from permissions.grants import CLIENT_SCOPES, GRANTS, Action
from permissions.principals import Principal, Scope


def may_register(principal: Principal, scopes: frozenset[Scope], caveats: Caveats, now: datetime) -> Verdict:
    """Whether the caller may register, or give a new secret to, a program with these scopes under these caveats.

    `caveats.not_after` is the end of the registration. A person does this, on sites that the same person administers,
    for no longer than that lasts.
    """
    verdict = may(principal, Action.CLIENT_MANAGE, now=now)
    if not verdict:
        return verdict
    if principal.kind != "PERSON":
        return Denied(DenialReason.ROLE)
    unheld = principal.scopes is not None and not scopes <= principal.scopes
    if unheld or not scopes <= CLIENT_SCOPES or not is_narrower(caveats, principal.caveats):
        return Denied(DenialReason.WIDER)
    entitled = [
        grant
        for grant in principal.grants
        if grant.is_live(now) and Action.CLIENT_MANAGE in GRANTS[grant.role]
    ]
    refusal = unentitled(principal, entitled, caveats.sites, caveats.not_after)
    return Allowed() if refusal is None else Denied(refusal)
