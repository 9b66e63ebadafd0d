"""The verbs without a terminal: fast help, one line for a failure, JSON where facts are printed."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from isomod_graphql.cli.program import verbs
from isomod_graphql.cli.sdl import changes, sdl
from isomod_graphql.core.installation import Urls
from isomod_graphql.core.migrate import newest
from tests.cli.conftest import isomod
from tests.conftest import Cluster, run_quietly

OLD = "type Query { a: String b: Int }"
NEW = "type Query { a: String! c: Int }"


def test_help_names_every_verb() -> None:
    helped = isomod("--help")

    assert helped.returncode == 0
    first_words = {line.split()[0] for line in helped.stdout.splitlines() if line.strip()}
    assert {verb.split()[0] for verb in verbs()} <= first_words


def test_help_loads_nothing_of_the_product_and_so_answers_at_once() -> None:
    code = "import sys, isomod_graphql.cli.program; print(*sys.modules)"

    loaded = set(run_quietly(sys.executable, "-c", code).split())

    assert {"sqlalchemy", "strawberry", "pydantic", "asyncpg", "uvicorn", "rich"} & loaded == set()


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"ISOMOD_REGION": "us-east-1"}, "ISOMOD_REGION=us-east-1: all data is stored in the European Union"),
        ({"ISOMOD_ENVIRONMENT": "production"}, "ISOMOD_DATABASE_URL is required in production"),
        ({"ISOMOD_POOL_SIZE": "0"}, "ISOMOD_POOL_SIZE: "),
    ],
)
@pytest.mark.parametrize("verb", ["serve", "worker"])
def test_an_unsafe_setting_is_refused_with_its_reason(
    verb: str, settings: dict[str, str], reason: str
) -> None:
    refused = isomod(verb, **settings)

    assert (refused.returncode, refused.stdout) == (78, "")
    assert refused.stderr.startswith(f"isomod: {reason}")


def test_migrate_brings_both_databases_to_the_newest_version(urls: Urls) -> None:
    owners = {"ISOMOD_OWNER_DATABASE_URL": urls.main_owner, "ISOMOD_KEYSTORE_OWNER_URL": urls.keys_owner}

    migrated = isomod("migrate", "--json", **owners)

    assert migrated.returncode == 0, migrated.stderr
    assert json.loads(migrated.stdout) == {"main": newest("main"), "keystore": newest("keystore")}


def test_the_doctor_finds_a_sound_installation_sound(own_urls: Urls) -> None:
    examined = isomod("doctor", "--json", **_settings(own_urls))

    told = json.loads(examined.stdout)
    assert [check for check in told["checks"] if not check["ok"]] == []
    assert (told["ok"], examined.returncode) == (True, 0)
    assert len(told["checks"]) == 17


async def _spoil(cluster: Cluster, urls: Urls) -> None:
    admin = await cluster.main.admin(urls.main.partition("@/")[2].partition("?")[0])
    await admin.execute("ALTER TABLE assets NO FORCE ROW LEVEL SECURITY")
    await admin.execute("ALTER TABLE assets ADD COLUMN whispered text")
    await admin.execute("GRANT SELECT ON directory TO isomod_app")
    await admin.close()


def test_the_doctor_names_what_is_wrong(own_urls: Urls, cluster: Cluster) -> None:
    asyncio.run(_spoil(cluster, own_urls))

    examined = isomod("doctor", "--json", **_settings(own_urls))

    wrong = {
        check["name"]: check["says"] for check in json.loads(examined.stdout)["checks"] if not check["ok"]
    }
    assert examined.returncode == 1
    assert wrong == {
        "main database row security": "not forced on assets",
        "columns": "without a category: assets.whispered",
        "directory": "the app role may list every address and token",
    }


def test_the_sdl_check_passes_on_the_same_text_and_names_what_changed(tmp_path: Path) -> None:
    committed = tmp_path / "schema.graphql"
    committed.write_text(sdl(), encoding="utf-8")
    same = isomod("schema", "check", "--committed", str(committed), "--json")
    committed.write_text(f"{sdl()}\ntype Gone {{ by: Int }}\n", encoding="utf-8")
    other = isomod("schema", "check", "--committed", str(committed), "--json")

    assert (same.returncode, json.loads(same.stdout)["same"]) == (0, True)
    assert other.returncode == 1
    assert json.loads(other.stdout)["breaking"] == ["Gone was removed."]


def test_breaking_changes_are_told_apart_from_the_others() -> None:
    breaking, others = changes(OLD, NEW)

    assert breaking == ["Field Query.b was removed."]
    assert others == ["Field Query.c was added.", "Field Query.a changed type from String to String!."]


def _settings(urls: Urls) -> dict[str, str]:
    return {
        "ISOMOD_DATABASE_URL": urls.main,
        "ISOMOD_KEYSTORE_URL": urls.keys,
        "ISOMOD_OWNER_DATABASE_URL": urls.main_owner,
        "ISOMOD_KEYSTORE_OWNER_URL": urls.keys_owner,
        "ISOMOD_ROOT_KEY_FILE": str(urls.root_key_file),
    }


def test_the_doctor_makes_nothing_where_there_is_nothing(tmp_path: Path) -> None:
    examined = isomod("doctor", "--json", ISOMOD_DATA_DIR=str(tmp_path / "nowhere"))

    wrong = {c["name"]: c["says"] for c in json.loads(examined.stdout)["checks"] if c["ok"] is False}
    assert examined.returncode == 1
    assert list(wrong) == ["databases"]
    assert list(tmp_path.iterdir()) == []
