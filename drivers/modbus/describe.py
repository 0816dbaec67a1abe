"""A map of registers, for people."""

from collections.abc import Iterator

from drivers.control import Control, Watchdog
from drivers.document import Document
from drivers.errors import ProfileError
from drivers.point import Access, Point
from drivers.profile import Profile, read_profile
from drivers.sums import Sum
from wire.points import unit_of

_RIGHTS = {Access.READ: "r", Access.WRITE: "w", Access.READ_WRITE: "rw"}


def describe(document: Document) -> list[str]:
    """Return how the device is dispatched, then a line or two for each point.

    Raises:
        ProfileError: the profile is wrong; its `lines` are every mistake.
    """
    return described(read_profile(document))


def described(profile: Profile) -> list[str]:
    """Return the same of a profile that was read already."""
    lines = [_watchdog(profile.watchdog)]
    lines += [_control(profile.control)] if profile.control else ["control: none, only read"]
    try:
        profile.usable()
    except ProfileError as error:
        lines.append(f"not to be opened yet: {error}")
    for point in profile.points:
        lines.extend(_point(point))
    return lines + [_sum(each) for each in profile.sums]


def _sum(each: Sum) -> str:
    terms = "".join(f" + {name}" for name in each.plus) + "".join(f" - {n}" for n in each.minus)
    return f"{each.name}: {terms.removeprefix(' + ').strip()}, {each.rate.value}"


def _watchdog(watchdog: Watchdog) -> str:
    known = f", {watchdog.timeout_s:g} s" if watchdog.timeout_s else ""
    measured = watchdog.measured_timeout_s
    known += f", measured {measured:g} s" if measured else ""
    counter = watchdog.counter
    known += f", {counter.name} every {watchdog.increment_s:g} s" if counter else ""
    known += f", {watchdog.timer.point.name}" if watchdog.timer else ""
    then = f"; then {watchdog.reversion}" if watchdog.reversion else ""
    waiver = f"; waived by {watchdog.waiver}" if watchdog.waiver else ""
    return f"watchdog: {watchdog.kind}{known}{then}{waiver}"


def _control(control: Control) -> str:
    names = ", ".join(point.name for point in control.setpoints)
    direction = f", direction {control.split.zero.point.name}" if control.split else ""
    percent = f", in % of {control.percent_of.name}" if control.percent_of else ""
    enable = control.enable
    last = f", then {enable.point.name} = {enable.value:g}" if enable else ""
    return f"control: {names}{direction}{percent}{last}"


def _point(point: Point) -> Iterator[str]:
    sure = point.confidence.value + (", flash" if point.flash else "")
    yield (
        f"{point.name:33} {_where(point):25} {unit_of(point.name):5} {_RIGHTS[point.access]:3}"
        f"{point.rate.value:6}{sure}"
    )
    if point.texts:
        yield "    " + ", ".join(f"{number} {text}" for number, text in point.texts)
    if point.note and point.bit is None:
        yield f"    {point.note}"


def _where(point: Point) -> str:
    bit = "" if point.bit is None else f".{point.bit}"
    if point.sunspec:
        return f"{point.sunspec}{bit}"
    coding = point.coding.value + (f"[{point.length}]" if point.length else "")
    return f"{point.kind.value} {point.address}{bit} {coding}"
