"""The operator's file of sites: where panels stand, how, and whose weather is theirs.

TOML, named by ``PHOENYRA_HUB_FORECAST_SITES_FILE``; strictly checked, a line for each mistake. All
of it may be left out: what is not said is learned from what the panels deliver.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cloud.forecast.site.setup import Setup
from cloud.kernel.keys import IDENTIFIER
from cloud.market.areas import catalogue

BYTES_MAX = 1_000_000
SITES_MAX = 2_000


class BadSites(Exception):
    """The file cannot be used; the text has one line for each mistake."""


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SiteRow(_Row):
    """One site; what is None is not said."""

    id: str = Field(pattern=IDENTIFIER)
    latitude: float | None = Field(default=None, ge=-90, le=90)
    longitude: float | None = Field(default=None, ge=-180, le=180)
    tilt: float | None = Field(default=None, ge=0, le=90)
    azimuth: float | None = Field(default=None, ge=0, lt=360)
    """Where the panels look: 90 = east, 180 = south, 270 = west."""
    kwp: float | None = Field(default=None, gt=0, le=1_000_000)
    limit_kw: float | None = Field(default=None, gt=0, le=1_000_000)
    weather: str = ""
    """AREA/PLACE of a feed of weather; "": none."""

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError("latitude, longitude: both are expected, or neither")
        area, _, place = self.weather.partition("/")
        if self.weather and (area not in catalogue.load() or not place):
            raise ValueError(f"weather: {self.weather!r} is not allowed; AREA/PLACE is expected")
        return self

    @property
    def setup(self) -> Setup:
        return Setup(
            latitude_degrees=self.latitude,
            longitude_degrees=self.longitude,
            tilt_degrees=self.tilt,
            azimuth_degrees=self.azimuth,
            capacity_kw=self.kwp,
            limit_kw=self.limit_kw,
        )


class _File(_Row):
    site: tuple[SiteRow, ...] = Field(default=(), max_length=SITES_MAX)

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        ids = [row.id for row in self.site]
        if twice := sorted(one for one in set(ids) if ids.count(one) > 1):
            raise ValueError(f"site: {twice[0]!r} is there twice")
        return self


def load(path: Path | None) -> Mapping[str, SiteRow]:
    """Return the rows by site; nothing where there is no file.

    Raises:
        BadSites: it cannot be read or used.
    """
    if path is None:
        return {}
    try:
        if path.stat().st_size > BYTES_MAX:
            raise BadSites(f"{path}: is too large; {BYTES_MAX} bytes are allowed")
        return parse(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise BadSites(f"{path}: cannot be read: {error}") from error


def parse(text: str, name: str) -> Mapping[str, SiteRow]:
    """Return what a TOML text says, by site.

    Raises:
        BadSites: a key is missing, unknown or out of range.
    """
    try:
        found = _File.model_validate(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadSites(f"{name}: {error}") from error
    except ValidationError as error:
        lines = []
        for detail in error.errors(include_url=False):
            where = ".".join(map(str, detail["loc"])) or "file"
            given = detail["input"]
            shown = "" if isinstance(given, dict | list) else f" {given!r} is not allowed;"
            lines.append(f"{name}: {where}:{shown} {detail['msg'].removeprefix('Value error, ')}")
        raise BadSites("\n".join(lines)) from error
    return {row.id: row for row in found.site}
