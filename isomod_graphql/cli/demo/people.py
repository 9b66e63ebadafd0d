"""The people of a demo organisation: sealed persons, accounts in the platform tenant, memberships and roles. It refuses to invent a role."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from isomod_graphql.cli.demo.companies import Colleague, Company
from isomod_graphql.cli.demo.rows import put_rows
from isomod_graphql.core.counters import Counter
from isomod_graphql.core.directory import DirectoryLine, Kind, account_of_address
from isomod_graphql.core.ids import PLATFORM_TENANT, new_id
from isomod_graphql.core.store import Store, Transaction
from isomod_graphql.identity.accounts import ACTIVE, address_hash
from isomod_graphql.identity.models import Account, GrantRow, User
from isomod_graphql.subjects.models import Person
from isomod_graphql.subjects.service import person_email_index
from permissions.categories import Keep
from permissions.grants import PERSON_KIND
from permissions.principals import TIME_BOXED, Role

ENDS_AFTER = timedelta(days=365)
"""How long a grant of a time-boxed role lasts."""


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody to be recorded. Without a role: a contact; `site_id` binds the grant and the person to a site."""

    values: Mapping[str, str]
    role: Role | None = None
    site_id: UUID | None = None
    kind: str = "CONTACT"
    person_id: UUID = field(kw_only=True)

    @property
    def email(self) -> str:
        """The address."""
        return self.values["email"]


def members_of(company: Company, sites: Mapping[str, UUID], opened: datetime) -> list[Member]:
    """The people of the company, in their order. Raises KeyError for a site that it does not have."""
    return [
        Member(
            _values(company, position, colleague),
            colleague.role,
            None if colleague.site is None else sites[colleague.site],
            "CONTACT" if colleague.role is None else PERSON_KIND[colleague.role],
            person_id=new_id(opened),
        )
        for position, colleague in enumerate(company.people, 1)
    ]


def _values(company: Company, position: int, colleague: Colleague) -> dict[str, str]:
    host = colleague.mail_host or company.mail_host
    return {
        "name": colleague.name, "job_title": colleague.job_title, "email": f"{mailbox(colleague.name)}@{host}",
        "phone": f"{company.phones}{position * 37 % 10_000:04d}", "address": colleague.address, "locale": company.locale,
    }  # fmt: skip


def mailbox(name: str) -> str:
    """first.last in ASCII."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    first, _, last = plain.partition(" ")
    return f"{first}.{last.replace(' ', '')}"


async def put_people(
    tx: Transaction, members: Sequence[Member], accounts: Mapping[str, UUID], at: datetime
) -> None:
    """Persons with their keys made at once, the memberships of those with an account, their roles, the counters."""
    await tx.hold_keys([member.person_id for member in members], Keep.ACCOUNT)
    numbers: dict[str, int] = {}
    rows = []
    for member in members:
        numbers[member.kind] = numbers.get(member.kind, 0) + 1
        packs = await tx.seal(Person, member.person_id, member.values, {"id": member.person_id})
        row = {
            "id": member.person_id, "kind": member.kind, "pseudonym_number": numbers[member.kind], "site_id": member.site_id,
            "email_index": person_email_index(tx, member.email), "created_at": at, "updated_at": at, **packs,
        }  # fmt: skip
        rows.append(row)
    await put_rows(tx, Person, rows)
    counters = [{"name": f"pseudonym:{kind}", "value": number} for kind, number in numbers.items()]
    await put_rows(tx, Counter, counters)
    await _put_members(tx, members, accounts, at)


async def _put_members(
    tx: Transaction, members: Sequence[Member], accounts: Mapping[str, UUID], at: datetime
) -> None:
    users, grants = [], []
    for member in members:
        if member.role is None:
            continue
        ends = tx.now + ENDS_AFTER if member.role in TIME_BOXED else None
        users.append(
            {
                "id": member.person_id, "account_id": accounts[member.email], "status": "ACTIVE", "access_since": at,
                "created_at": at, "updated_at": at,
            }
        )  # fmt: skip
        grants.append(
            {
                "id": new_id(at), "person_id": member.person_id, "role": member.role.value, "site_id": member.site_id,
                "expires_at": ends, "created_at": at, "updated_at": at,
            }
        )  # fmt: skip
    await put_rows(tx, User, users)
    await put_rows(tx, GrantRow, grants)


async def accounts_for(
    store: Store, addresses: Sequence[str], password_hash: str, at: datetime
) -> dict[str, UUID]:
    """The account of each address in the platform tenant; those that are there from an interrupted start are used again."""
    async with store.transaction(PLATFORM_TENANT, write=True) as tx:
        hashes = {address: await address_hash(tx, address) for address in addresses}
        known = {address: await account_of_address(tx, lookup) for address, lookup in hashes.items()}
        new = {address: new_id(at) for address, account in known.items() if account is None}
        await tx.hold_keys(list(new.values()), Keep.ACCOUNT)
        rows: list[dict[str, Any]] = []
        for address, account_id in new.items():
            packs = await tx.seal(Account, account_id, {"email": address}, {"id": account_id})
            row = {
                "id": account_id, "status": ACTIVE, "password_hash": password_hash, "epoch": 1, "email_index": hashes[address],
                "email_verified_at": at, "created_at": at, "updated_at": at, **packs,
            }  # fmt: skip
            rows.append(row)
        await put_rows(tx, Account, rows)
        lines = [
            {"kind": Kind.EMAIL.value, "lookup_hash": hashes[address], "target_id": account_id}
            for address, account_id in new.items()
        ]
        await put_rows(tx, DirectoryLine, lines)
    return new | {address: account for address, account in known.items() if account is not None}
