"""Settings from the environment, prefix ISOMOD_. Refuses a production start that would break a promise."""

from enum import StrEnum
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

EU_REGIONS = frozenset(
    {
        "eu", "eu-west-1", "eu-west-3", "eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2",
        "europe-west1", "europe-west3", "europe-west4", "europe-west9", "europe-north1", "europe-southwest1",
        "westeurope", "northeurope", "francecentral", "germanywestcentral", "swedencentral", "belgiumcentral",
        "gra", "rbx", "sbg", "fsn1", "nbg1", "hel1", "be", "local",
    }
)  # fmt: skip
"""Regions inside the European Union (policy section 3). `local` is the operator's own machine room."""

SECRETS = Path("/run/secrets")
"""Where a container finds secrets as files, each with the name of its setting (isomod_database_url)."""


class Environment(StrEnum):
    """Where the process runs."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class UnsafeSettings(Exception):
    """The settings would break a promise of the privacy policy; the text says which and why."""


def _networks(text: str) -> str:
    for network in text.split(",") if text.strip() else ():
        ip_network(network.strip())
    return text


class Settings(BaseSettings):
    """Every setting of every process. Unset database URLs mean the embedded PostgreSQL under `data_dir`."""

    model_config = SettingsConfigDict(
        env_prefix="ISOMOD_", extra="ignore", secrets_dir=SECRETS if SECRETS.is_dir() else None
    )

    environment: Environment = Environment.DEVELOPMENT
    region: str = "local"
    public_url: str = "http://127.0.0.1:8000"
    data_dir: Path = Path(".isomod")
    database_url: str | None = None
    owner_database_url: str | None = None
    keystore_url: str | None = None
    keystore_owner_url: str | None = None
    keystore_archive: str | None = None
    root_key_file: Path | None = None
    pool_size: int = Field(default=8, ge=1, le=200)
    statement_cache: int = Field(default=200, ge=0)
    statement_timeout_ms: int = Field(default=5_000, ge=1)
    idle_in_transaction_timeout_ms: int = Field(default=10_000, ge=1)
    request_timeout_s: float = Field(default=10.0, gt=0)
    key_cache_size: int = Field(default=50_000, ge=1)
    key_cache_seconds: float = Field(default=60.0, gt=0, le=60)
    opened_cache_mb: int = Field(default=32, ge=0)
    http_status: str = Field(default="audit", pattern="^(audit|draft)$")
    points_per_minute: int = Field(default=600_000, ge=1)
    listen_url: str | None = None
    subscriptions: int = Field(default=1_000, ge=0)
    subscriptions_per_caller: int = Field(default=20, ge=1)
    subscription_heartbeat_s: float = Field(default=10.0, gt=0, le=30)
    trusted_proxies: Annotated[str, AfterValidator(_networks)] = ""
    metrics_token: str | None = Field(default=None, min_length=32, max_length=200, repr=False)
    smtp_url: str | None = None
    mail_from: str = "IsoMod <no-reply@isomod.be>"
    mail_folder: Path | None = None
    log_level: str = "INFO"
    session_idle_minutes: int = Field(default=30, ge=1, le=60)
    session_absolute_hours: int = Field(default=12, ge=1, le=24)

    @property
    def readers(self) -> int:
        """How many of the connections only read: five eighths, as a read gives its connection back at once."""
        return max(1, self.pool_size * 5 // 8)

    @property
    def writers(self) -> int:
        """How many hold the transactions of everything else."""
        return max(1, self.pool_size - self.readers)

    @property
    def proxies(self) -> tuple[str, ...]:
        """The networks of the reverse proxies that are believed about the client's address."""
        return tuple(part.strip() for part in self.trusted_proxies.split(",") if part.strip())

    def require_safe(self) -> None:
        """Refuses a start that would break a promise. Raises UnsafeSettings with the setting and the reason."""
        if self.region not in EU_REGIONS:
            raise UnsafeSettings(
                f"ISOMOD_REGION={self.region}: all data is stored in the European Union (policy 3)"
            )
        if self.environment is not Environment.PRODUCTION:
            return
        required = ("database_url", "keystore_url", "root_key_file", "keystore_archive", "smtp_url")
        for name in required:
            if getattr(self, name) is None:
                raise UnsafeSettings(f"ISOMOD_{name.upper()} is required in production")
        if urlsplit(self.public_url).scheme != "https":
            raise UnsafeSettings(
                "ISOMOD_PUBLIC_URL must be https in production: data is encrypted in transit (policy 3)"
            )
        main, keys = urlsplit(self.database_url or ""), urlsplit(self.keystore_url or "")
        if (main.hostname, main.port, main.query) == (keys.hostname, keys.port, keys.query):
            raise UnsafeSettings(
                "ISOMOD_KEYSTORE_URL must be a server of its own: a backup of one must not hold both"
            )
