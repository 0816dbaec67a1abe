"""The hub's settings: the environment, frozen, nothing unknown; a wrong value costs one line."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

_PREFIX = "PHOENYRA_HUB_"


class BadSettings(Exception):
    """The settings cannot be used; the text has one line for each mistake."""


class HubSettings(BaseSettings):
    """Environment: ``PHOENYRA_HUB_DATA_DIR``, ``PHOENYRA_HUB_PORT``, …"""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, frozen=True, extra="forbid")

    data_dir: Path
    """Database (if SQLite), exchange journal and the hub's own secret; created when missing."""
    host: str = "127.0.0.1"
    port: int = Field(default=9000, ge=0, le=65_535)
    database_url: SecretStr | None = Field(
        default=None, description="postgresql+asyncpg://…; without one, SQLite in data_dir"
    )
    schedule_horizon_h: int = Field(default=24, ge=1, le=72)
    telemetry_days: int = Field(
        default=90, ge=2, le=3_660, description="how long samples are kept as uploaded"
    )
    rollup_1m_days: int = Field(default=400, ge=2, le=3_660)
    rollup_15m_days: int = Field(default=3_660, ge=2, le=36_600)
    settlement_years: int = Field(
        default=11, ge=1, le=100, description="samples that bill; ten years are usual law"
    )
    events_years: int = Field(default=11, ge=1, le=100)
    public_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^/\s]+/?$",
        description="where boxes reach the hub; printed with enrolment codes",
    )
    ws_hmac_key: SecretStr | None = Field(
        default=None,
        description="a key that signs the feeds: '<key id>:hex:<secret>' or '<key id>:base64:…';"
        " without one, a key in data_dir",
    )
    markets_file: Path | None = Field(
        default=None, description="TOML; markets beside the shipped ones, or in their place"
    )
    policy_file: Path | None = Field(
        default=None, description="YAML; how often an account may enter and change orders"
    )
    prices_file: Path | None = Field(
        default=None, description="TOML; windows of indices, ages and widths of marks"
    )
    market_feeds_file: Path | None = Field(
        default=None, description="TOML; which sources of market data are asked for what"
    )
    areas_file: Path | None = Field(
        default=None, description="TOML; dated rows of areas in place of the shipped ones"
    )
    entsoe_token: SecretStr | None = Field(
        default=None, description="of the ENTSO-E Transparency Platform"
    )
    weather_key: SecretStr | None = Field(
        default=None, description="of the service of weather forecasts, where it needs one"
    )
    price_history_days: int = Field(default=800, ge=2, le=36_600)
    forecast_days: int = Field(
        default=800, ge=14, le=36_600, description="how long forecasts and their jobs are kept"
    )
    forecast_sites_file: Path | None = Field(
        default=None, description="TOML; where sites' panels stand, and whose weather is theirs"
    )
    soc_age_s: int = Field(
        default=900,
        ge=1,
        le=86_400,
        description="with an older state of charge a battery sells and buys nothing more",
    )
    silent_site_s: int = Field(
        default=900,
        ge=0,
        le=86_400,
        description="after so much longer than soc_age_s a site's orders hibernate; 0: never",
    )
    backfill_bytes_s: int | None = Field(
        default=None,
        ge=16_000,
        description="what all boxes together may send of old history; without it, each takes its"
        " own share of its line",
    )


def load(environment: Mapping[str, str]) -> HubSettings:
    """Return the hub's settings.

    Raises:
        BadSettings: a value is missing, out of range, or a variable of ours is not known.
    """
    known = {f"{_PREFIX}{name.upper()}" for name in HubSettings.model_fields}
    unknown = sorted(name for name in environment if name.startswith(_PREFIX) and name not in known)
    if unknown:
        raise BadSettings(f"{unknown[0]}: no such setting; known are {', '.join(sorted(known))}")
    try:
        return HubSettings()
    except ValidationError as error:
        raise BadSettings("\n".join(_line(detail) for detail in error.errors())) from error


def _line(detail: object) -> str:
    assert isinstance(detail, dict)
    name = _PREFIX + ".".join(str(part) for part in detail["loc"]).upper()
    secret = name.endswith(("DATABASE_URL", "_KEY", "_TOKEN"))
    shown = "" if secret or detail["type"] == "missing" else f" {detail['input']!r} is not allowed;"
    return f"{name}:{shown} {detail['msg']}"
