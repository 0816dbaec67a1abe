"""The throttle policy: how many entries and changes a market takes from one account. Pure.

A file of YAML; `Configured` facts carry the same as JSON, which is YAML too:

    version: 7
    per_market_rps:             # of old: in spite of its name so many in any 60 s
      EPEX_AT_INTRADAY_15MIN: 120
    limits:
      PHO_AT_INTRADAY_15MIN: { per_second: 50, per_minute: 1000 }

A reload takes all of it or nothing; a lower version than the one in force is refused unless it
is forced (`accept`).
"""

import json
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cloud.exchange.checks.limits import lines_of
from cloud.exchange.checks.windows import ALLOWED_MAX

BYTES_MAX = 1_000_000
_MINUTE_US = 60_000_000
_SECOND_US = 1_000_000
_Allowed = Annotated[int, Field(ge=0, le=ALLOWED_MAX)]


class BadPolicy(ValueError):
    """The policy cannot be used; the text has one line for each mistake."""


class PolicyTooOld(ValueError):
    """A newer version is in force, and nobody forced the older one."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Rates(_Strict):
    per_second: _Allowed | None = None
    per_minute: _Allowed | None = None


class _File(_Strict):
    version: int = Field(ge=0, le=2**62)
    per_market_rps: dict[str, _Allowed] = Field(default_factory=dict, max_length=10_000)
    limits: dict[str, _Rates] = Field(default_factory=dict, max_length=10_000)


class Policy:
    """Windows by market: pairs of span in microseconds and what is allowed in it."""

    __slots__ = ("notices", "version", "windows")

    def __init__(
        self,
        version: int = 0,
        windows: Mapping[str, tuple[tuple[int, int], ...]] = {},
        notices: tuple[str, ...] = (),
    ) -> None:
        self.version = version
        self.windows = windows
        self.notices = notices
        """For the log: what was understood otherwise than it is written."""

    def content(self) -> str:
        """Return the policy for a `Configured` fact; `parse` makes the same policy of it."""
        limits: dict[str, dict[str, int]] = {}
        for market, windows in sorted(self.windows.items()):
            names = {_SECOND_US: "per_second", _MINUTE_US: "per_minute"}
            limits[market] = {names[span_us]: allowed for span_us, allowed in windows}
        return json.dumps({"version": self.version, "limits": limits}, separators=(",", ":"))


def parse(text: str, markets: Collection[str] | None = None) -> Policy:
    """Return the policy in a YAML text.

    Args:
        markets: what a policy may name; None: whatever it likes.

    Raises:
        BadPolicy: a key is unknown or given twice, a value out of range, a market not known.
    """
    try:
        file = _File.model_validate(_document(text))
    except ValidationError as error:
        raise BadPolicy("\n".join(lines_of(error, "throttle"))) from error
    named = {**file.per_market_rps, **file.limits}
    mistakes = [
        f"throttle: {name!r} is not allowed; one of {', '.join(sorted(markets))} is expected"
        for name in named
        if markets is not None and name not in markets
    ]
    mistakes += [
        f"throttle: limits.{name}.per_minute: is said in per_market_rps as well; one is allowed"
        for name, rates in file.limits.items()
        if rates.per_minute is not None and name in file.per_market_rps
    ]
    if mistakes:
        raise BadPolicy("\n".join(mistakes))
    windows = {name: _windows(file, name) for name in named}
    return Policy(file.version, windows, _notices(file))


def accept(new: Policy, version: int, *, forced: bool = False) -> Policy:
    """Return the new policy if it may follow the version in force.

    Raises:
        PolicyTooOld: its version is lower, and it is not forced.
    """
    if new.version < version and not forced:
        raise PolicyTooOld(
            f"throttle: version: {new.version} is not allowed; {version} is in force,"
            " a lower one has to be forced"
        )
    return new


class _Loader(yaml.SafeLoader):
    """Refuses what YAML would take silently: keys given twice, and references."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise BadPolicy("throttle: references (*name) are not allowed")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = Counter(str(key.value) for key, _ in node.value)
        for key, times in keys.items():
            if times > 1:
                raise BadPolicy(f"throttle: {key}: is given twice; once is allowed")
        return super().construct_mapping(node, deep)


def _document(text: str) -> object:
    if len(text) > BYTES_MAX:
        raise BadPolicy(f"throttle: {len(text)} characters are too many; {BYTES_MAX} are allowed")
    try:
        loader = _Loader(text)
        return loader.get_single_data()
    except yaml.YAMLError as error:
        raise BadPolicy(f"throttle: {' '.join(str(error).split())}") from error
    except RecursionError as error:
        raise BadPolicy("throttle: it is nested too deeply") from error


def _windows(file: _File, name: str) -> tuple[tuple[int, int], ...]:
    rates = file.limits.get(name, _Rates())
    per_minute = file.per_market_rps.get(name, rates.per_minute)
    spans = ((_SECOND_US, rates.per_second), (_MINUTE_US, per_minute))
    return tuple((span_us, allowed) for span_us, allowed in spans if allowed is not None)


def _notices(file: _File) -> tuple[str, ...]:
    if not file.per_market_rps:
        return ()
    return (
        "per_market_rps counts entries and changes in any 60 seconds, in spite of its name;"
        " limits with per_second and per_minute say their window",
    )
