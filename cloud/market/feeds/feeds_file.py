"""The operator's file of feeds: which source is asked for what, and how they are compared.

TOML, named by ``PHOENYRA_HUB_MARKET_FEEDS_FILE``; strictly checked, a line for each mistake.
Without a file nothing is asked for. Tokens do not stand in it: they come from the environment.
"""

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cloud.market.areas import catalogue
from cloud.market.feeds.polling import REREAD_DAYS
from cloud.market.series.model import Kind

BYTES_MAX = 1_000_000
FEEDS_MAX = 50
ENTSOE = "entsoe"
SIMULATED = "simulated"
WEATHER = "weather"
PLACES_MAX = 60
REACH_DAYS = max(REREAD_DAYS)
"""Every feed asks for so many days of the past by itself."""
HISTORY_DAYS_MAX = 1_830
"""Five years: no forecast reads more."""


class BadFeeds(Exception):
    """The file cannot be used; the text has one line for each mistake."""


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PlaceRow(_Row):
    """Where weather is asked for."""

    area: str
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")
    """A detail of series; a site's own weather has the site's id as its name."""
    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)


class FeedRow(_Row):
    """One source, and what it is asked for."""

    source: Literal["entsoe", "energy-charts", "awattar", "smard", "weather", "simulated"]
    areas: tuple[str, ...] = Field(min_length=1, max_length=50)
    kinds: tuple[Kind, ...] = Field(default=(Kind.PRICE_DAY_AHEAD,), min_length=1)
    details: tuple[str, ...] = ("",)
    """For each kind: "" for all that the source has; EXAA, a plant type, a neighbour."""
    addresses: tuple[str, ...] = ()
    """In place of the usual ones; only entsoe takes a second."""
    positive_volume: Literal["A01", "A02"] = "A01"
    """Of entsoe: which `flowDirection` of an imbalance volume (A86) is +; not confirmed."""
    seed: int = 1
    """Of the simulated market."""
    history_days: int = Field(default=REACH_DAYS, ge=REACH_DAYS, le=HISTORY_DAYS_MAX)
    """Of the simulated market and of weather: so many days of the past are there from the start."""
    places: tuple[PlaceRow, ...] = Field(default=(), max_length=PLACES_MAX)
    """Only of weather."""
    delay_h: float = Field(default=6.0, ge=0, le=24)
    """Only of weather: from the start of a model's run until its forecast counts as known."""

    @property
    def directions(self) -> dict[str, int]:
        """Return the sign of an imbalance volume by its `flowDirection`."""
        return {code: 1 if code == self.positive_volume else -1 for code in ("A01", "A02")}

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        _known(self.areas)
        if self.positive_volume != "A01" and self.source != ENTSOE:
            raise ValueError(f"positive_volume: only of source {ENTSOE!r}")
        if len(self.addresses) > (2 if self.source in (ENTSOE, WEATHER) else 1):
            raise ValueError("addresses: one is allowed, of entsoe and weather two")
        self._weather()
        if any(not one.startswith(("http://", "https://")) for one in self.addresses):
            raise ValueError("addresses: https://… is expected")
        if self.history_days > REACH_DAYS and self.source not in (SIMULATED, WEATHER):
            raise ValueError(
                f"history_days: only of source {SIMULATED!r} and {WEATHER!r};"
                " others: phoenyra-hub market backfill"
            )
        return self

    def _weather(self) -> None:
        if self.source != WEATHER:
            if self.places:
                raise ValueError(f"places: only of source {WEATHER!r}")
            return
        if not self.addresses:
            raise ValueError(
                "addresses: is missing; that of the forecasts, then that of the old ones"
            )
        if any(not kind.value.startswith(f"{WEATHER}.") for kind in self.kinds):
            raise ValueError(f"kinds: of source {WEATHER!r} only {WEATHER}.… is allowed")
        names = [(one.area, one.name) for one in self.places]
        if len(set(names)) < len(names):
            raise ValueError("places: a name is used twice in one area")
        where = {one.area for one in self.places}
        if where != set(self.areas):
            raise ValueError("places: each of the areas needs one, and no other area")


class CompareRow(_Row):
    """Two sources that should say the same."""

    area: str
    kind: Kind = Kind.PRICE_DAY_AHEAD
    sources: tuple[str, str]
    tolerance_eur_mwh: float = Field(default=0.01, ge=0, le=1_000)

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        _known((self.area,))
        return self


class FeedsFile(_Row):
    """All of the file."""

    feed: tuple[FeedRow, ...] = Field(default=(), max_length=FEEDS_MAX)
    compare: tuple[CompareRow, ...] = Field(default=(), max_length=FEEDS_MAX)
    reference: dict[str, str] = {}
    """By area the source of the day-ahead price that the exchange falls back to; no other one."""

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        _known(self.reference)
        for area in {area for row in self.feed for area in row.areas}:
            _once(area, [row for row in self.feed if row.source == ENTSOE and area in row.areas])
        asked = {(row.source, area) for row in self.feed for area in row.areas}
        for area, source in self.reference.items():
            if (source, area) not in asked:
                raise ValueError(f"reference.{area}: {source!r} is not asked for this area")
        return self


def load(path: Path | None) -> FeedsFile:
    """Return the file's content; nothing where there is no file.

    Raises:
        BadFeeds: it cannot be read or used.
    """
    if path is None:
        return FeedsFile()
    try:
        if path.stat().st_size > BYTES_MAX:
            raise BadFeeds(f"{path}: is too large; {BYTES_MAX} bytes are allowed")
        return parse(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise BadFeeds(f"{path}: cannot be read: {error}") from error


def parse(text: str, name: str) -> FeedsFile:
    """Return what a TOML text says.

    Raises:
        BadFeeds: a key is missing, unknown or out of range.
    """
    try:
        return FeedsFile.model_validate(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadFeeds(f"{name}: {error}") from error
    except ValidationError as error:
        lines = []
        details = error.errors(include_url=False)
        for detail in details:
            depth = len(detail["loc"])
            inside = [one for one in details if one["loc"][:depth] == detail["loc"]]
            if detail["type"] == "too_short" and len(inside) > 1:
                continue  # what is missing is the very one that is wrong
            where = ".".join(map(str, detail["loc"])) or "file"
            given = detail["input"]
            shown = "" if isinstance(given, dict | list) else f" {given!r} is not allowed;"
            lines.append(f"{name}: {where}:{shown} {detail['msg'].removeprefix('Value error, ')}")
        raise BadFeeds("\n".join(lines)) from error


def _once(area: str, rows: Iterable[FeedRow]) -> None:
    """See that outages of production and of its units are asked for together, or one of them."""
    asked = [d for row in rows if Kind.UNAVAILABLE in row.kinds for d in row.details]
    if len({"", "A77", "A80"} & set(asked)) > 1:
        raise ValueError(
            f"details: of {area} outages are asked for twice; '' is A77 and A80 together, each"
            " outage counted once"
        )


def _known(areas: Iterable[str]) -> None:
    known = catalogue.load()
    for area in areas:
        if area not in known:
            raise ValueError(f"area {area!r} is not known; one of {', '.join(sorted(known))}")
