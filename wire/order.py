"""What may be asked of a box, one class a kind, and how it is written. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from wire import fields
from wire.fields import BadMessage, Document
from wire.schedule import POWER_KW_MAX

CONFIGURATION_CHARACTERS_MAX = 200_000
LOG_HOURS_MAX = 168
RESET_CODE_MAX = 40


class Mode(StrEnum):
    """What control works on."""

    AUTOMATIC = "automatic"
    """Schedule, market and local strategies."""
    STANDBY = "standby"
    """0 kW until told otherwise; frequency obligations and protection stay."""


class Part(StrEnum):
    """What a restart restarts."""

    CONTROL = "control"
    GATEWAY = "gateway"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class SetpointOrder:
    """Hold this power until the end, whatever the schedule says; safety and bounds stay."""

    kind = "setpoint"
    power_kw: float
    """Sign as in `wire`."""
    until_us: int


@dataclass(frozen=True, slots=True)
class ModeOrder:
    """Work in this mode from now on, also after a restart."""

    kind = "mode"
    mode: Mode


@dataclass(frozen=True, slots=True)
class ConfigurationOrder:
    """Replace the box's settings file, if it is good, and go back if the box is not well after."""

    kind = "configuration"
    toml: str
    """The whole file; a secret written as ``"***"`` keeps the value that the box has."""
    dry_run: bool
    """Only say what would be wrong."""


@dataclass(frozen=True, slots=True)
class RestartOrder:
    """End a process in good order; whoever supervises it starts it again."""

    kind = "restart"
    part: Part


@dataclass(frozen=True, slots=True)
class LogsOrder:
    """Upload a bundle of logs, settings without secrets, and states."""

    kind = "logs"
    hours: int


@dataclass(frozen=True, slots=True)
class RotateKeyOrder:
    """Fetch a new key, use it, forget the old one."""

    kind = "rotate_key"


@dataclass(frozen=True, slots=True)
class SoftwareOrder:
    """Run this version; go back to the one before if the box is not well with it."""

    kind = "software"
    version: str


@dataclass(frozen=True, slots=True)
class AcknowledgeOrder:
    """Somebody at the hub has seen an alarm of this box."""

    kind = "acknowledge"
    alarm: str
    """The alarm's id."""
    who: str
    note: str
    at_us: int


@dataclass(frozen=True, slots=True)
class ResetOrder:
    """Take away what has latched under this code, if its cause is gone."""

    kind = "reset"
    code: str
    """Of the interlock, such as ``I16``; some are for somebody on site only."""
    reason: str
    """Why, in the operator's words."""


Order = (
    SetpointOrder
    | ModeOrder
    | ConfigurationOrder
    | RestartOrder
    | LogsOrder
    | RotateKeyOrder
    | SoftwareOrder
    | AcknowledgeOrder
    | ResetOrder
)


def to_document(order: Order) -> dict[str, object]:
    """Return the payload of a command of this kind."""
    match order:
        case SetpointOrder(power_kw, until_us):
            return {"power_kw": power_kw, "until_us": until_us}
        case ModeOrder(mode):
            return {"mode": mode.value}
        case ConfigurationOrder(toml, dry_run):
            return {"toml": toml, "dry_run": dry_run}
        case RestartOrder(part):
            return {"part": part.value}
        case LogsOrder(hours):
            return {"hours": hours}
        case RotateKeyOrder():
            return {}
        case SoftwareOrder(version):
            return {"version": version}
        case AcknowledgeOrder(alarm, who, note, at_us):
            return {"alarm": alarm, "who": who, "note": fields.cut(note), "at_us": at_us}
        case ResetOrder(code, reason):
            return {"code": code, "reason": fields.cut(reason)}


def from_document(kind: str, payload: Document, path: str = "payload") -> Order:
    """Return the order of a kind.

    Raises:
        BadMessage: no such kind, or a payload that does not belong to it.
    """
    reader = _READERS.get(kind)
    if reader is None:
        raise BadMessage(f"{path}.kind", kind, f"one of {', '.join(sorted(_READERS))} is expected")
    return reader(payload, path)


def _setpoint(payload: Document, path: str) -> Order:
    return SetpointOrder(
        _power(payload, "power_kw", path), fields.instant(payload, "until_us", path)
    )


def _mode(payload: Document, path: str) -> Order:
    return ModeOrder(fields.choice(payload, "mode", path, Mode))


def _configuration(payload: Document, path: str) -> Order:
    toml = payload.get("toml")
    if not isinstance(toml, str) or not 0 < len(toml) <= CONFIGURATION_CHARACTERS_MAX:
        allowed = f"text of 1 to {CONFIGURATION_CHARACTERS_MAX} characters is expected"
        raise BadMessage(f"{path}.toml", toml, allowed)
    return ConfigurationOrder(toml, fields.boolean(payload, "dry_run", path))


def _restart(payload: Document, path: str) -> Order:
    return RestartOrder(fields.choice(payload, "part", path, Part))


def _logs(payload: Document, path: str) -> Order:
    return LogsOrder(fields.integer(payload, "hours", path, low=1, high=LOG_HOURS_MAX))


def _rotate_key(_payload: Document, _path: str) -> Order:
    return RotateKeyOrder()


def _software(payload: Document, path: str) -> Order:
    return SoftwareOrder(fields.text(payload, "version", path))


def _acknowledge(payload: Document, path: str) -> Order:
    return AcknowledgeOrder(
        fields.text(payload, "alarm", path),
        fields.text(payload, "who", path),
        fields.text(payload, "note", path, empty=True),
        fields.instant(payload, "at_us", path),
    )


def _reset(payload: Document, path: str) -> Order:
    code = fields.text(payload, "code", path)
    if len(code) > RESET_CODE_MAX:
        raise BadMessage(f"{path}.code", code, f"at most {RESET_CODE_MAX} letters are expected")
    return ResetOrder(code, fields.text(payload, "reason", path))


_READERS: dict[str, Callable[[Document, str], Order]] = {
    SetpointOrder.kind: _setpoint,
    ModeOrder.kind: _mode,
    ConfigurationOrder.kind: _configuration,
    RestartOrder.kind: _restart,
    LogsOrder.kind: _logs,
    RotateKeyOrder.kind: _rotate_key,
    SoftwareOrder.kind: _software,
    AcknowledgeOrder.kind: _acknowledge,
    ResetOrder.kind: _reset,
}
KINDS = tuple(_READERS)


def _power(document: Document, key: str, path: str) -> float:
    return fields.number(document, key, path, low=-POWER_KW_MAX, high=POWER_KW_MAX)
