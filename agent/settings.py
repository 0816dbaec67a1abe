"""The agent's settings: one TOML file, overridden by the environment, frozen, nothing unknown.

``PHOENYRA_AGENT_HUB__URL=https://…`` overrides ``url`` in ``[hub]``. A wrong value costs one line
that names the key, the value and what is allowed.
"""

import hashlib
import os
import tomllib
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from agent.archive.config import ArchiveSettings
from agent.configuration.config import UpdateSettings
from agent.control.config import ControlSettings
from agent.control.local.config import ConnectionSettings, LocalSettings
from agent.control.response.config import FrequencySettings
from agent.enrol.config import HubSettings
from agent.publish.config import PublishSettings
from agent.scada.config import ScadaSettings
from drivers.registry import DeviceConfig

_Identifier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
FINGERPRINT_DIGITS = 16
_Pattern = Annotated[str, Field(pattern=r"^[a-z0-9_.*?\[\]!-]{1,64}$")]
"""Of point names, as file names are matched: ``battery.temp*``."""


class BadSettings(Exception):
    """The settings cannot be used; the text has one line for each mistake."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PageSettings(_Section):
    """The technician's page."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65_535)
    access_code: SecretStr | None = Field(
        default=None,
        min_length=8,
        description="without one, a random code is made and kept in data_dir/access-code",
    )


class PointRule(_Section):
    """What is kept of some points; the first rule that names a point holds."""

    points: tuple[_Pattern, ...] = Field(min_length=1, max_length=100)
    deadband: float | None = Field(
        default=None, ge=0, description="in the unit of the point; without one every value counts"
    )
    period_s: float = Field(default=0.0, ge=0, le=86_400)
    heartbeat_s: float = Field(
        default=300.0, gt=0, le=86_400, description="after this the next value in any case"
    )

    @model_validator(mode="after")
    def _heart_beats_slower(self) -> "PointRule":
        if self.heartbeat_s < self.period_s:
            raise ValueError(
                f"heartbeat_s: {self.heartbeat_s} is not allowed;"
                f" period_s {self.period_s} or more is expected"
            )
        return self


class BufferSettings(_Section):
    """Store-and-forward: how often, how much, how long, and what of it."""

    commit_period_s: float = Field(
        default=5.0, gt=0, le=60, description="5 s costs the flash a fifth of 1 s"
    )
    bytes_max: int = Field(default=2 * 1024**3, ge=1024**2)
    settlement_bytes_max: int = Field(
        default=512 * 1024**2, ge=65_536, description="beyond it an alarm; none is ever dropped"
    )
    events_bytes_max: int = Field(default=128 * 1024**2, ge=65_536)
    settlement_days_max: float = Field(default=3_650, gt=0, le=36_500)
    events_days_max: float = Field(default=730, gt=0, le=36_500)
    telemetry_days_max: float = Field(default=90, gt=0, le=36_500)
    settlement_points: tuple[_Pattern, ...] = Field(
        default=("meter.import_kwh", "meter.export_kwh"),
        max_length=100,
        description="what energy is billed by: patterns of points that are kept before all others",
    )
    rules: tuple[PointRule, ...] = Field(default=(), max_length=200)


class PlantSettings(_Section):
    """How several devices make one plant."""

    sources: dict[str, _Identifier] = Field(
        default_factory=dict,
        max_length=20,
        description="which device tells a point where several do; otherwise the battery's own",
    )


class AgentSettings(BaseSettings):
    """Everything one site's box needs to know."""

    model_config = SettingsConfigDict(
        env_prefix="PHOENYRA_AGENT_", env_nested_delimiter="__", frozen=True, extra="forbid"
    )

    site: _Identifier
    site_name: str = Field(default="", max_length=80)
    data_dir: Path
    control: ControlSettings
    hub: HubSettings | None = None
    """None: a box that runs alone; everything is kept until there is a hub."""
    page: PageSettings = PageSettings()
    buffer: BufferSettings = BufferSettings()
    archive: ArchiveSettings = ArchiveSettings()
    frequency: FrequencySettings = FrequencySettings()
    connection: ConnectionSettings = ConnectionSettings()
    local: LocalSettings = LocalSettings()
    plant: PlantSettings = PlantSettings()
    scada: ScadaSettings | None = None
    """None: no OPC UA server of our own."""
    publish: PublishSettings | None = None
    """None: nobody is told of the plant over MQTT."""
    update: UpdateSettings | None = None
    """None: orders for another version of the software are refused."""
    devices: tuple[DeviceConfig, ...] = Field(min_length=1, max_length=32)

    @model_validator(mode="after")
    def _devices_are_distinct(self) -> "AgentSettings":
        names = [device.id for device in self.devices]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"devices: id {name!r} is used twice; every device needs its own")
        return self

    @property
    def socket_path(self) -> Path:
        """Where control listens for the gateway's connection."""
        return self.data_dir / "control.sock"


_SECRET = ("secret", "access_code", "api_key", "password", "token", "proxy")
"""Keys whose values are not told."""


def load(path: Path) -> AgentSettings:
    """Return the settings in the TOML file at `path`, the environment taken into account.

    Raises:
        BadSettings: the file cannot be read, or a value is missing, unknown or out of range.
    """
    try:
        tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadSettings(f"{path}: {error}") from error

    class _FromFile(AgentSettings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return env_settings, TomlConfigSettingsSource(settings_cls, path)

    try:
        return _FromFile()
    except ValidationError as error:
        raise BadSettings("\n".join(f"{path}: {line}" for line in _lines(error))) from error


def fingerprint(path: Path) -> str:
    """Return what tells one version of the settings from another; empty: it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:FINGERPRINT_DIGITS]
    except OSError:
        return ""


def _lines(error: ValidationError) -> list[str]:
    """Return a line for each mistake; a list is not called too short for its own wrong entries."""
    details = error.errors(include_url=False)
    places = [detail["loc"] for detail in details]
    return [
        _line(detail)
        for detail in details
        if not any(
            len(place) > len(detail["loc"]) and place[: len(detail["loc"])] == detail["loc"]
            for place in places
        )
    ]


def _line(detail: Any) -> str:
    key = ".".join(str(part) for part in detail["loc"]) or "settings"
    value = detail.get("input")
    # A table or a list in the wrong place may hold a secret of any name.
    hidden = any(word in key for word in _SECRET) or not isinstance(value, str | int | float)
    shown = "" if hidden else f" {value!r} is not allowed;"
    said = detail["msg"].removeprefix("Value error, ")
    return f"{key}:{shown} {said}".replace(os.linesep, " ")
