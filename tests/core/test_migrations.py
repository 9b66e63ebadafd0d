"""The migrations build exactly what the models declare, and every column of every table is classified."""

import asyncio
from importlib import import_module
from pkgutil import walk_packages

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

import isomod_graphql
from isomod_graphql.core.columns import TENANTLESS, Base, KeystoreBase
from isomod_graphql.core.installation import Urls


def import_every_model() -> None:
    """Imports every room's models."""
    for module in walk_packages(isomod_graphql.__path__, "isomod_graphql."):
        if (
            module.name.endswith("models")
            or ".models." in module.name
            or module.name.startswith("isomod_graphql.core.")
        ):
            import_module(module.name)


async def differences(url: str, base: type[Base] | type[KeystoreBase]) -> list[str]:
    """What autogenerate would add, drop or change, apart from indexes and comments on expressions."""

    def compare(connection: Connection) -> list[str]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = compare_metadata(context, base.metadata)
        kinds = ("add_table", "remove_table", "add_column", "remove_column", "modify_type", "modify_nullable")
        flat = [item for entry in found for item in (entry if isinstance(entry, list) else [entry])]
        return [repr(item[:4]) for item in flat if item[0] in kinds and not _is_partition(item)]

    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as connection:
        found = await connection.run_sync(compare)
    await engine.dispose()
    return found


def _is_partition(item: tuple[object, ...]) -> bool:
    name = str(getattr(item[1], "name", ""))
    return item[0] == "remove_table" and ("_20" in name or name.endswith("_rest"))


def test_the_main_database_is_what_the_models_say(urls: Urls) -> None:
    import_every_model()

    assert asyncio.run(differences(urls.main_owner, Base)) == []


def test_the_key_database_is_what_the_models_say(urls: Urls) -> None:
    import_every_model()

    assert asyncio.run(differences(urls.keys_owner, KeystoreBase)) == []


def test_tables_without_a_tenant_are_the_ones_named() -> None:
    import_every_model()

    without = {name for name, table in Base.metadata.tables.items() if "tenant_id" not in table.columns}

    assert without <= set(TENANTLESS)
    assert "tenants" in without


def test_the_tenant_leads_every_primary_unique_and_foreign_key() -> None:
    import_every_model()

    late = [
        f"{table.name}: {constraint.name}"
        for table in (*Base.metadata.tables.values(), *KeystoreBase.metadata.tables.values())
        if "tenant_id" in table.columns and table.name != "directory"
        for constraint in table.constraints
        if hasattr(constraint, "columns") and type(constraint).__name__ != "CheckConstraint"
        and next(iter(constraint.columns)).name != "tenant_id"
    ]  # fmt: skip

    assert late == []
