"""Everybody who may ask in a realm: each role in each relation, bound to sites, with narrowed tokens, as partner, as nobody in particular."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from permissions.categories import Category
from permissions.caveats import Caveats
from permissions.principals import TIME_BOXED, Assurance, Principal, Role, RoleGrant, Scope
from permissions.purposes import Purpose
from tests.engine.asking import Caller
from tests.engine.realm import Realm

R, S = Role, Scope


class Part(NamedTuple):
    """Who asks: a person of the realm (None: a client), the roles with their sites, and what the credential narrows."""

    person: str | None
    roles: tuple[tuple[Role, tuple[str, ...] | None], ...]
    scopes: frozenset[Scope] | None = None
    purpose: Purpose = Purpose.SERVICE
    sites: tuple[str, ...] | None = None
    categories: frozenset[Category] | None = None
    expired: bool = False
    viewed: tuple[tuple[str, ...] | None] | None = None
    """Somebody looks as the person: an administrator of these sites (None: of every site)."""


def _role(person: str, role: Role, *sites: str) -> Part:
    return Part(person, ((role, sites or None),))


def _token(person: str, role: Role, *scopes: Scope, **kwargs: Any) -> Part:  # noqa: ANN401  fields of a part
    return Part(person, ((role, None),), frozenset(scopes), **kwargs)


def _client(*scopes: Scope, **kwargs: Any) -> Part:  # noqa: ANN401  fields of a part
    return Part(None, ((R.PARTNER, None),), frozenset(scopes), **kwargs)


_READS = (S.USERS_READ, S.LOCATIONS_READ, S.ASSETS_READ, S.WORK_ORDERS_READ)

PARTS: Final[Mapping[str, Part]] = {
    "admin": _role("bystander", R.ADMIN),
    "admin and privacy officer": Part("bystander", ((R.ADMIN, None), (R.PRIVACY_OFFICER, None))),
    "manager": _role("boss", R.MANAGER),
    "manager of gent": _role("boss", R.MANAGER, "gent"),
    "manager of liege": _role("southerner", R.MANAGER, "liege"),
    "technician on orders": _role("technician", R.TECHNICIAN),
    "technician of gent": _role("mate", R.TECHNICIAN, "gent"),
    "technician without an order": _role("bystander", R.TECHNICIAN),
    "requester on a crew": _role("mate", R.REQUESTER),
    "technician under restriction": _role("half_restricted", R.TECHNICIAN),
    "requester": _role("requester", R.REQUESTER),
    "requester of a closed order": _role("past_requester", R.REQUESTER),
    "requester without an order": _role("bystander", R.REQUESTER),
    "viewer": _role("bystander", R.VIEWER),
    "viewer of liege": _role("bystander", R.VIEWER, "liege"),
    "viewer under restriction": _role("restricted", R.VIEWER),
    "quality manager": _role("bystander", R.QUALITY_MANAGER),
    "quality manager of gent": _role("bystander", R.QUALITY_MANAGER, "gent"),
    "auditor": _role("bystander", R.AUDITOR),
    "auditor whose time is over": Part("bystander", ((R.AUDITOR, None),), expired=True),
    "privacy officer": _role("bystander", R.PRIVACY_OFFICER),
    "support": Part(None, ((R.SUPPORT, None),)),
    "support in person": _role("bystander", R.SUPPORT),
    "member without a role": Part("bystander", ()),
    "manager of gent who requests": Part("requester", ((R.MANAGER, ("gent",)), (R.REQUESTER, None))),
    "technician who views liege": Part("technician", ((R.TECHNICIAN, None), (R.VIEWER, ("liege",)))),
    "manager of gent and of privacy": Part("boss", ((R.MANAGER, ("gent",)), (R.PRIVACY_OFFICER, None))),
    "admin with a token for users": _token("bystander", R.ADMIN, S.USERS_READ),
    "admin with a token for names": _token("bystander", R.ADMIN, *_READS, S.PII_IDENTITY),
    "admin with a token for assets": _token("bystander", R.ADMIN, S.ASSETS_READ),
    "admin with a full token": _token("bystander", R.ADMIN, *S),
    "admin bound to gent": _token("bystander", R.ADMIN, *S, sites=("gent",)),
    "technician with a token for contacts": _token("technician", R.TECHNICIAN, *_READS, S.PII_CONTACT),
    "manager with a token for identity only": _token(
        "boss", R.MANAGER, *S, categories=frozenset({Category.IDENTITY})
    ),
    "privacy officer for compliance": _token("bystander", R.PRIVACY_OFFICER, *S, purpose=Purpose.COMPLIANCE),
    "privacy officer for analytics": _token("bystander", R.PRIVACY_OFFICER, *S, purpose=Purpose.ANALYTICS),
    "requester with a token for work": _token("requester", R.REQUESTER, S.WORK_ORDERS_READ),
    "technician seen by an admin": _role("technician", R.TECHNICIAN)._replace(viewed=(None,)),
    "half restricted viewer seen by an admin": _role("half_restricted", R.VIEWER)._replace(viewed=(None,)),
    "requester seen by an admin": _role("requester", R.REQUESTER)._replace(viewed=(None,)),
    "manager of gent and of privacy seen by an admin": Part(
        "boss", ((R.MANAGER, ("gent",)), (R.PRIVACY_OFFICER, None)), viewed=(None,)
    ),
    "auditor seen by an admin of gent": _role("bystander", R.AUDITOR)._replace(viewed=(("gent",),)),
    "partner": _client(*_READS),
    "partner with names": _client(*_READS, S.PII_IDENTITY),
    "partner with names and contacts": _client(*_READS, S.PII_IDENTITY, S.PII_CONTACT),
    "partner bound to gent": _client(*_READS, S.PII_CONTACT, sites=("gent",)),
    "partner for analytics": _client(*_READS, S.PII_IDENTITY, S.PII_CONTACT, purpose=Purpose.ANALYTICS),
    "partner for notices": _client(*_READS, S.PII_IDENTITY, S.PII_CONTACT, purpose=Purpose.NOTIFY),
    "technician for notices": _token("technician", R.TECHNICIAN, *S, purpose=Purpose.NOTIFY),
    "partner for work": _client(S.WORK_ORDERS_READ),
    "partner without a scope": _client(),
}


def caller(realm: Realm, name: str, now: datetime) -> Caller:
    """That caller in this realm."""
    return caller_of(realm, name, PARTS[name], now)


def caller_of(realm: Realm, name: str, part: Part, now: datetime) -> Caller:
    """Whoever plays this part in this realm."""
    ends = now - timedelta(days=1) if part.expired else now + timedelta(days=30)
    grants = tuple(
        RoleGrant(role, _sites(realm, sites), ends if role in TIME_BOXED else None)
        for role, sites in part.roles
    )
    client = part.person is None
    principal = Principal(
        kind="PERSON" if not client else "SUPPORT" if R.SUPPORT in dict(part.roles) else "CLIENT",
        tenant_id=realm.tenant,
        person_id=realm.person(part.person),
        client_id=realm.tenant if client else None,
        grants=grants,
        scopes=part.scopes,
        purpose=part.purpose,
        assurance=Assurance.SESSION if part.scopes is None else Assurance.TOKEN,
        caveats=Caveats(sites=_sites(realm, part.sites), categories=part.categories),
    )
    if part.viewed is not None:
        admin = RoleGrant(R.ADMIN, _sites(realm, part.viewed[0]))
        actor = replace(principal, person_id=realm["southerner"], grants=(admin,))
        principal = replace(principal, viewed_by=actor)
    return Caller(f"{name} {realm.tenant}", principal)


def _sites(realm: Realm, sites: tuple[str, ...] | None) -> frozenset[Any] | None:
    return None if sites is None else frozenset(realm[site] for site in sites)
