"""`isomod migrate`: brings both databases to this version, as their owners. It makes no role and no database."""

import asyncio
from typing import TYPE_CHECKING, Annotated

from typer import Option

if TYPE_CHECKING:
    from isomod_graphql.core.settings import Settings


def migrate(
    as_json: Annotated[bool, Option("--json", help="Prints the versions as JSON.")] = False,
) -> None:
    """Both databases; safe from several replicas at once, refuses to wait long for a lock."""
    import json

    from isomod_graphql.core.migrate import newest
    from isomod_graphql.core.settings import Settings

    asyncio.run(_migrate(Settings()))
    versions = {"main": newest("main"), "keystore": newest("keystore")}
    if as_json:
        print(json.dumps(versions))
    else:
        print(f"main database at {versions['main']}, key database at {versions['keystore']}")


async def _migrate(settings: "Settings") -> None:
    from isomod_graphql.cli.failed import Failed
    from isomod_graphql.core.installation import urls_of
    from isomod_graphql.core.migrate import migrate as upgrade
    from isomod_graphql.core.settings import Environment

    main = settings.owner_database_url or settings.database_url
    keys = settings.keystore_owner_url or settings.keystore_url
    if main is None or keys is None:
        if settings.environment is Environment.PRODUCTION:
            raise Failed("ISOMOD_OWNER_DATABASE_URL and ISOMOD_KEYSTORE_OWNER_URL say what to migrate")
        urls = await urls_of(settings)
        main, keys = urls.main_owner, urls.keys_owner
    await upgrade(_driver(main), _driver(keys))


def _driver(url: str) -> str:
    return url.replace("postgresql://", "postgresql+asyncpg://", 1)
