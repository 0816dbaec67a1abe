"""What is wrong with a simulated device, on demand. Pure.

Faults of the line (answers lost, late, refused, garbage, a device that is off) are honoured by
the server of each protocol; faults of the instruments (a value that stands still, a wrong sign)
and of the inverter (it does not act, its time-out is another one than it says) by the plant, so
that they show on every protocol alike. A device of registers can also say yes to what is written
and ignore it.
"""

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields, replace

from simulators.battery import Command
from simulators.errors import BadInput

DELAY_S_MAX = 60.0
DOWN_S_MAX = 3_600.0
EXCEPTION_MAX = 11
FACTOR_MAX = 1_000.0
START_S_MAX = 3_600.0
_TURNED = ("ac.power_kw", "battery.power_kw", "battery.current_a", "site.power_kw", "pv.power_kw")


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultSet:
    """What is wrong now; as it stands, nothing."""

    drop: bool = False
    """Requests arrive, answers do not."""
    delay_s: float = 0.0
    exception: int = 0
    """Every request is answered with this Modbus exception, or its like; 0: none."""
    garbage: bool = False
    """Answers are random bytes."""
    wrong_sign: bool = False
    """Measured powers and currents come with the other sign."""
    deaf: bool = False
    """What is written is acknowledged and ignored."""
    idle: bool = False
    """Setpoints are kept and shown, and no power follows."""
    timeout_factor: float = 1.0
    """The real time-out is so many times the one that is set; 0: there is none."""
    freeze: tuple[str, ...] = ()
    """Points that stand still at the value they have when this is set."""


@dataclass(slots=True)
class Faults:
    """The faults of one device; `now_s` is monotonic."""

    now_s: Callable[[], float]
    current: FaultSet = FaultSet()
    """Replaced, never mutated; see `set`."""
    _held: dict[str, float] = field(default_factory=dict)
    start_s: float = 0.0
    """How long the inverter takes to start; setpoints written meanwhile are dropped."""
    _down_until_s: float = -math.inf
    _starts_until_s: float = -math.inf

    def set(self, faults: FaultSet, measured: Mapping[str, float]) -> None:
        """Let `faults` be what is wrong from now on; frozen points keep what is `measured` now."""
        self.current = faults
        self._held = {name: measured[name] for name in faults.freeze}

    def shut_down(self, seconds: float) -> None:
        """Be off for a while."""
        self._down_until_s = self.now_s() + seconds

    def start(self) -> None:
        """Begin to start, as after power has come back."""
        self._starts_until_s = self.now_s() + self.start_s

    @property
    def starting(self) -> bool:
        return self.now_s() < self._starts_until_s

    def acted(self, command: Command) -> Command:
        """Return what the inverter does instead of what it was told."""
        factor = self.current.timeout_factor
        if self.current.idle or self.starting:
            return replace(command, enabled=False)
        return command if factor == 1.0 else replace(command, timeout_s=command.timeout_s * factor)

    @property
    def down(self) -> bool:
        return self.now_s() < self._down_until_s

    def shown(self, measured: Mapping[str, float]) -> Mapping[str, float]:
        """Return what the instruments show instead of what is so."""
        if not self.current.wrong_sign and not self._held:
            return measured
        turned = {name: -measured[name] for name in _TURNED if name in measured}
        return {**measured, **(turned if self.current.wrong_sign else {}), **self._held}


def from_document(document: object, points: Collection[str]) -> FaultSet:
    """Return the faults that a JSON object names.

    Raises:
        BadInput: an unknown key, or a value that is not allowed; one line says which.
    """
    known = [fault.name for fault in fields(FaultSet)]
    if not isinstance(document, dict) or not document.keys() <= set(known):
        shown = sorted(document) if isinstance(document, dict) else document
        raise BadInput(f"faults: {shown!r:.80} is not allowed; keys out of {known} are expected")
    return FaultSet(
        drop=_flag(document, "drop"),
        delay_s=_number(document, "delay_s", DELAY_S_MAX),
        exception=int(_number(document, "exception", EXCEPTION_MAX)),
        garbage=_flag(document, "garbage"),
        wrong_sign=_flag(document, "wrong_sign"),
        deaf=_flag(document, "deaf"),
        idle=_flag(document, "idle"),
        timeout_factor=_number(document, "timeout_factor", FACTOR_MAX, 1.0),
        freeze=_names(document, points),
    )


def seconds(document: object) -> float:
    """Return for how long a device is to be off: ``{"seconds": 5}``."""
    if not isinstance(document, dict) or document.keys() != {"seconds"}:
        raise BadInput(f"reboot: {document!r:.80} is not allowed; {{'seconds': 5}} is expected")
    return _number(document, "seconds", DOWN_S_MAX)


def _flag(document: Mapping[str, object], key: str) -> bool:
    value = document.get(key, False)
    if not isinstance(value, bool):
        raise BadInput(f"{key}: {value!r:.80} is not allowed; true or false is expected")
    return value


def _number(document: Mapping[str, object], key: str, most: float, otherwise: float = 0.0) -> float:
    value = document.get(key, otherwise)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise BadInput(f"{key}: {value!r:.80} is not allowed; a number from 0 to {most:g} expected")
    return value


def _names(document: Mapping[str, object], points: Collection[str]) -> tuple[str, ...]:
    value = document.get("freeze", [])
    if not isinstance(value, list) or not all(name in points for name in value):
        raise BadInput(
            f"freeze: {value!r:.80} is not allowed; a list out of {', '.join(points)} is expected"
        )
    return tuple(value)
