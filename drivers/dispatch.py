"""Reading ``[watchdog]`` and ``[control]`` of a map of registers."""

from collections.abc import Iterable, Mapping, Set

from drivers.control import VECTOR_MAX, Control, Setting, Split, Watchdog, WatchdogKind
from drivers.point import VALUE_MAX, Coding, Point
from drivers.table import Follows, Table
from wire.points import unit_of

TIMEOUT_S_MAX = 3_600.0


class Points:
    """The points of a profile, for the tables that name some of them."""

    def __init__(self, points: Iterable[Point], wrong: Set[str]) -> None:
        self._points: Mapping[str, Point] = {point.name: point for point in points}
        self._wrong = wrong

    def __contains__(self, name: str) -> bool:
        return name in self._points or name in self._wrong

    def writable(self, table: Table, key: str) -> Point:
        """Return the point whose name is at `key`."""
        return self._named(table, key, table.text(key), writable=True)

    def readable(self, table: Table, key: str) -> Point:
        """Return the point whose name is at `key`."""
        return self._named(table, key, table.text(key), writable=False)

    def setting(self, table: Table, key: str) -> Setting | None:
        """Return a point and a value for it; None: there is no such key."""
        if not table.has(key):
            return None
        inner = table.table(key)
        point = self.writable(inner, "point")
        setting = self.value(inner, "value", point)
        inner.close()
        return setting

    def value(self, table: Table, key: str, point: Point) -> Setting:
        """Return a value for `point`, within its range."""
        low = -VALUE_MAX if point.low is None else point.low
        high = VALUE_MAX if point.high is None else point.high
        return Setting(point, table.number(key, low, high))

    def vector(self, table: Table, key: str, *, writable: bool = True) -> tuple[Setting, ...]:
        """Return the settings in a list of pairs, in their order."""
        allowed = f'a list of at most {VECTOR_MAX} pairs such as ["pcs.mode", 1]'
        pairs = table.raw(key, allowed, default=[])
        if not isinstance(pairs, list) or len(pairs) > VECTOR_MAX:
            raise table.wrong(key, pairs, allowed)
        settings = []
        for pair in pairs:
            if not isinstance(pair, list) or len(pair) != 2 or not isinstance(pair[0], str):
                raise table.wrong(key, pair, allowed)
            entry = table.entry(key, {"point": pair[0], "value": pair[1]})
            point = self.writable(entry, "point") if writable else self.readable(entry, "point")
            settings.append(self.value(entry, "value", point))
        return tuple(settings)

    def _named(self, table: Table, key: str, name: str, *, writable: bool) -> Point:
        point = self._points.get(name)
        if point is None and name in self._wrong:
            raise Follows(name)
        able = {n: p for n, p in self._points.items() if (p.writable if writable else p.readable)}
        if point is None or name not in able:
            what = "writable" if writable else "readable"
            listed = ", ".join(able) or "(none yet)"
            raise table.wrong(key, name, f"the name of a {what} point: {listed}")
        return point


def read_watchdog(table: Table, points: Points) -> Watchdog:
    """Return what ``[watchdog]`` says.

    Raises:
        ProfileError: a key is missing, unknown or wrong.
    """
    kind = table.choice("kind", WatchdogKind)
    timer = counter = None
    wrap, increment_s = 0, 0.0
    if kind is WatchdogKind.COUNTER:
        counter = _cyclic(table, "point", points.writable(table, "point"))
        if not counter.coding.whole:
            raise table.wrong("point", counter.name, "a point of a whole number")
        increment_s = table.number("increment_s", 0.1, 300.0)
        wrap = table.integer("wrap", 2, 1 << 32, 1 << min(32, counter.coding.bits))
    elif kind is WatchdogKind.TIMER_REGISTER:
        timer = points.value(
            table, "value", _cyclic(table, "point", points.writable(table, "point"))
        )
    known_s = timer.value if timer is not None else 0.0
    watchdog = Watchdog(
        kind=kind,
        timeout_s=table.number("timeout_s", 0.0, TIMEOUT_S_MAX, known_s),
        measured_timeout_s=(
            table.number("measured_timeout_s", 0.1, TIMEOUT_S_MAX)
            if table.has("measured_timeout_s")
            else None
        ),
        reversion=table.text("reversion", ""),
        waiver=table.text("waiver", ""),
        counter=counter,
        increment_s=increment_s,
        wrap=wrap,
        timer=timer,
    )
    needed = (WatchdogKind.WRITE_REFRESH, WatchdogKind.TIMER_REGISTER)
    if kind in needed and not watchdog.timeout_s:
        raise table.wrong("timeout_s", watchdog.timeout_s, f"more than 0, for {kind},")
    table.close()
    return watchdog


def read_control(table: Table, points: Points, watchdog: Watchdog) -> Control:
    """Return what ``[control]`` says.

    Raises:
        ProfileError: a key is missing, unknown or wrong.
    """
    split = _split(table.table("split"), points) if table.has("split") else None
    if split is None:
        setpoint = points.writable(table, "setpoint")
    elif table.has("setpoint"):
        raise table.wrong("setpoint", table.text("setpoint"), "setpoint or split, not both,")
    else:
        setpoint = split.discharge_magnitude
    timeout = points.writable(table, "timeout") if table.has("timeout") else None
    control = Control(
        setpoint=setpoint,
        split=split,
        percent_of=_rated(table, points),
        enable=points.setting(table, "enable"),
        timeout=None if timeout is None else Setting(timeout, watchdog.timeout_s),
        reversion=points.setting(table, "reversion"),
        start=points.vector(table, "start"),
        stop=points.vector(table, "stop"),
        keep=points.vector(table, "keep", writable=not table.has("adopt")),
        adopt=points.vector(table, "adopt"),
    )
    key = "split" if split else "setpoint"
    for point in control.cyclic:
        _cyclic(table, key, point)
        if point.min_interval_s > watchdog.rewrite_s:
            allowed = f"a point with min_interval_s of at most {watchdog.rewrite_s:g}"
            raise table.wrong(key, point.name, allowed)
    for once in (control.timeout, control.reversion):
        if once is not None and not once.point.readable:
            raise table.wrong("timeout", once.point.name, "a point that can be read back")
    _check_vectors(table, control)
    table.close()
    return control


def _check_vectors(table: Table, control: Control) -> None:
    for kept in control.keep:
        if not kept.point.readable:
            raise table.wrong("keep", kept.point.name, "a point that can be read back")
    for step in control.start:
        if step.point.flash and not step.point.readable:
            raise table.wrong("start", step.point.name, "a point that can be read, with flash,")


def _split(table: Table, points: Points) -> Split:
    if table.has("magnitude"):
        charge = discharge = points.writable(table, "magnitude")
    else:
        charge = points.writable(table, "charge_magnitude")
        discharge = points.writable(table, "discharge_magnitude")
    direction = points.writable(table, "direction")
    split = Split(
        charge=points.value(table, "charge", direction),
        discharge=points.value(table, "discharge", direction),
        zero=points.value(table, "zero", direction),
        charge_magnitude=charge,
        discharge_magnitude=discharge,
    )
    if split.charge == split.discharge:
        raise table.wrong("charge", split.charge.value, "a number other than discharge")
    table.close()
    return split


def _rated(table: Table, points: Points) -> Point | None:
    if not table.has("percent_of"):
        return None
    point = points.readable(table, "percent_of")
    if unit_of(point.name) != "kW" or point.coding in (Coding.BOOL, Coding.STRING):
        raise table.wrong("percent_of", point.name, "a point in kW")
    return point


def _cyclic(table: Table, key: str, point: Point) -> Point:
    if point.flash:
        raise table.wrong(key, point.name, "a point without flash = true")
    return point
