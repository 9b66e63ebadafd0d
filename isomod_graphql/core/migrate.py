"""Runs the migrations of both databases, safely from several replicas at once. Refuses to wait long for a lock."""

import asyncio
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def _config(which: str, url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("version_locations", str(MIGRATIONS / "versions" / which))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = url
    config.attributes["which"] = which
    return config


async def migrate(main_url: str, keystore_url: str) -> None:
    """Upgrades both databases to the newest version, as their owners."""
    await asyncio.to_thread(command.upgrade, _config("main", main_url), "head")
    await asyncio.to_thread(command.upgrade, _config("keystore", keystore_url), "head")


def newest(which: str) -> str:
    """The newest version of a database (main, keystore) that this code knows."""
    return ScriptDirectory.from_config(_config(which, "")).get_current_head() or ""
