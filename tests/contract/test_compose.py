"""compose.yaml and the product agree on every setting; no container engine is asked."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from isomod_graphql.core.settings import Environment, Settings
from tests.architecture.sources import ROOT

DEFAULTED = re.compile(r"\$\{(\w+):-([^}]*)\}")
PRODUCT = ("migrate", "api", "worker")


def composed(text: str) -> dict[str, Any]:
    """The file as an engine reads it where the machine sets nothing."""
    found: dict[str, Any] = yaml.safe_load(DEFAULTED.sub(r"\2", text))
    return found


def environment(composition: dict[str, Any], service: str) -> dict[str, str]:
    """What the service finds as settings: its environment, and a value for each secret that is one."""
    described = composition["services"][service]
    settings = {name: str(value) for name, value in described.get("environment", {}).items()}
    for secret in described["secrets"]:
        if secret.startswith("isomod_"):
            settings[secret.upper()] = f"postgresql+asyncpg://isomod_app:secret@{secret}:5432/isomod"
    return settings


def unknown(settings: dict[str, str]) -> set[str]:
    return {name for name in settings if name.removeprefix("ISOMOD_").lower() not in Settings.model_fields}


COMPOSITION = composed((ROOT / "compose.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("service", PRODUCT)
def test_every_setting_of_a_service_is_one_of_the_product(service: str) -> None:
    assert unknown(environment(COMPOSITION, service)) == set()


def test_a_setting_that_the_product_does_not_know_is_named() -> None:
    text = "services: {api: {environment: {ISOMOD_REGIONS: eu}, secrets: [isomod_smtp]}}"

    assert unknown(environment(composed(text), "api")) == {"ISOMOD_REGIONS", "ISOMOD_SMTP"}


@pytest.mark.parametrize("service", ["api", "worker"])
def test_a_running_service_has_safe_production_settings(
    service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment(COMPOSITION, service).items():
        monkeypatch.setenv(name, value)

    settings = Settings()
    settings.require_safe()

    assert settings.environment is Environment.PRODUCTION
    assert settings.root_key_file == Path("/run/secrets/root_key")


def test_migrate_finds_both_owners(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment(COMPOSITION, "migrate").items():
        monkeypatch.setenv(name, value)

    settings = Settings()

    assert (
        settings.owner_database_url
        == "postgresql+asyncpg://isomod_app:secret@isomod_owner_database_url:5432/isomod"
    )
    assert (
        settings.keystore_owner_url
        == "postgresql+asyncpg://isomod_app:secret@isomod_keystore_owner_url:5432/isomod"
    )


@pytest.mark.parametrize("service", sorted(COMPOSITION["services"]))
def test_every_service_is_unprivileged_and_read_only(service: str) -> None:
    described = COMPOSITION["services"][service]

    assert described["read_only"] is True
    assert described["user"] in {"10001:10001", "999:999"}
    assert described["cap_drop"] == ["ALL"]
    assert described["security_opt"] == ["no-new-privileges:true"]


def test_no_service_carries_a_secret_in_its_environment() -> None:
    named = [name for s in COMPOSITION["services"].values() for name in s.get("environment", {})]

    assert [name for name in named if re.search("URL|PASSWORD|TOKEN", name)] == [
        "POSTGRES_PASSWORD_FILE",
        "POSTGRES_PASSWORD_FILE",
        *["ISOMOD_PUBLIC_URL"] * 3,
    ]


def test_every_secret_that_a_service_asks_for_is_defined() -> None:
    asked = {
        secret if isinstance(secret, str) else secret["source"]
        for service in COMPOSITION["services"].values()
        for secret in service["secrets"]
    }

    assert asked == COMPOSITION["secrets"].keys()


def test_only_migrate_has_the_owners() -> None:
    holders = {
        name: [s for s in service["secrets"] if isinstance(s, str) and "owner" in s]
        for name, service in COMPOSITION["services"].items()
    }

    assert {name for name, secrets in holders.items() if secrets} == {"migrate"}
