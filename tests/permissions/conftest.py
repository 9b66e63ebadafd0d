"""What hypothesis draws for the types of the policy room; it draws callers of every kind, wrong ones included."""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from hypothesis import strategies as st

from permissions.categories import Category
from permissions.caveats import Caveats
from permissions.principals import Assurance, Principal, Role, RoleGrant, Scope
from permissions.purposes import Purpose

_NOW: Final = datetime(2026, 3, 2, 9, tzinfo=UTC)
_SITES: Final = tuple(UUID(int=number) for number in (1, 2, 3))
_PEOPLE: Final = tuple(UUID(int=number) for number in (11, 12))
_NETWORKS: Final = (
    "10.0.0.0/8",
    "10.1.0.0/16",
    "192.0.2.0/24",
    "2001:db8::/32",
    "2001:db8:1::/48",
    "0.0.0.0/0",
)

_moments = st.none() | st.sampled_from((_NOW - timedelta(hours=1), _NOW, _NOW + timedelta(hours=1)))
_sites = st.none() | st.frozensets(st.sampled_from(_SITES))

st.register_type_strategy(
    Caveats,
    st.builds(
        Caveats,
        sites=_sites,
        networks=st.lists(st.sampled_from(_NETWORKS), max_size=3).map(tuple),
        not_after=_moments,
        categories=st.none() | st.frozensets(st.sampled_from(Category)),
    ),
)
st.register_type_strategy(
    RoleGrant, st.builds(RoleGrant, role=st.sampled_from(Role), sites=_sites, expires_at=_moments)
)
st.register_type_strategy(
    Principal,
    st.builds(
        Principal,
        kind=st.sampled_from(("PERSON", "PERSON", "PERSON", "CLIENT", "SUPPORT", "NOBODY")),
        person_id=st.none() | st.sampled_from(_PEOPLE),
        grants=st.lists(st.from_type(RoleGrant), max_size=3).map(tuple),
        scopes=st.none() | st.frozensets(st.sampled_from(Scope)),
        purpose=st.sampled_from((Purpose.SERVICE, *Purpose)),
        assurance=st.sampled_from(Assurance),
        caveats=st.from_type(Caveats),
        stepped_up_until=_moments,
    ),
)
