"""Live values: who watches which site, and the newest a box has sent for them; in memory only.

A page or a stream says every few seconds what it watches; a box hears of it with its long poll and
then posts light frames. Nothing of this is kept: history comes in durable blocks, and whoever
shows a value takes the newer of the stored and the live one (`overlaid`). Several processes of one
hub do not share this memory: a page that meets another process than the box shows stored values,
which are a few seconds older.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from cloud.fleet.model import Newest
from cloud.kernel.bus import Bus
from wire.block import Quality, Reading
from wire.clock import Clock
from wire.live import VALUES_MAX, WATCHED_MAX, Live

WATCH_US = 15 * 1_000_000
"""A watch ends this long after it was last asked for."""
KEEP_US = 60 * 1_000_000
"""Live values of a site that sent none for so long are forgotten."""
ALL = "*"
LIVE_TOPIC = "live"
"""Woken when live values of any site came."""
Name = tuple[str, str]
"""Device and point."""


def watch_topic(site: str) -> str:
    """Return the bus topic that is woken when somebody begins to watch more of the site."""
    return f"watch:{site}"


def live_topic(site: str) -> str:
    """Return the bus topic that is woken when live values of the site came."""
    return f"live:{site}"


@dataclass(slots=True)
class _Site:
    until_us: dict[str, int] = field(default_factory=dict)
    """The end of the watch of each point."""
    values: dict[Name, Newest] = field(default_factory=dict)
    heard_us: int = 0


class LiveValues:
    """The memory of one hub process; as large as what is watched."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock
        self._sites: dict[str, _Site] = {}
        self._swept_us = 0

    def watch(self, site: str, points: Iterable[str] = (ALL,)) -> None:
        """Watch these points of a site for the next `WATCH_US`; ``*``: all of them.

        Beyond `WATCHED_MAX` points the whole site is watched.
        """
        now_us = self._clock.now_us()
        before = self.watched(site)
        found = self._sites.setdefault(site, _Site())
        found.until_us.update((point, now_us + WATCH_US) for point in points)
        if self.watched(site) != before:
            self._bus.wake(watch_topic(site))
        self._sweep(now_us)

    def watched(self, site: str) -> tuple[str, ...]:
        """Return the points that somebody watches now, sorted; ``("*",)``: all; none: nobody."""
        found = self._sites.get(site)
        if found is None:
            return ()
        now_us = self._clock.now_us()
        found.until_us = {
            point: until_us
            for point, until_us in found.until_us.items()
            if 0 < until_us - now_us <= WATCH_US
        }
        if ALL in found.until_us or len(found.until_us) > WATCHED_MAX:
            return (ALL,)
        return tuple(sorted(found.until_us))

    def take(self, site: str, live: Live) -> None:
        """Keep the newest of what somebody watches; the rest of the frame is left aside.

        A time ahead of the hub's clock counts as now: no value looks fresher than it can be.
        """
        watched = self.watched(site)
        if not watched:
            return
        now_us = self._clock.now_us()
        found = self._sites[site]
        found.heard_us = now_us
        for device, reading in live.values:
            name = device, reading.point
            if watched != (ALL,) and reading.point not in watched:
                continue
            if name in found.values or len(found.values) < VALUES_MAX:
                found.values[name] = _after(found.values.get(name), device, reading, now_us)
        self._bus.wake(live_topic(site))
        self._bus.wake(LIVE_TOPIC)

    def newest(self, site: str) -> Sequence[Newest]:
        """Return the live values of a site by device and point; none when the box is silent."""
        found = self._sites.get(site)
        if found is None or not 0 <= self._clock.now_us() - found.heard_us < KEEP_US:
            return ()
        return [found.values[name] for name in sorted(found.values)]

    def over(self, site: str, stored: Sequence[Newest]) -> Sequence[Newest]:
        """Return the newer of the stored and the live value of each point of a site."""
        return overlaid(stored, self.newest(site))

    def _sweep(self, now_us: int) -> None:
        if 0 <= now_us - self._swept_us < KEEP_US:
            return
        self._swept_us = now_us
        for site in list(self._sites):
            silent = not 0 <= now_us - self._sites[site].heard_us < KEEP_US
            if silent:
                self._sites[site].values.clear()
            if silent and not self.watched(site):
                del self._sites[site]


def overlaid(stored: Sequence[Newest], live: Sequence[Newest]) -> Sequence[Newest]:
    """Return one value a point, the one that was sampled later, by device and point.

    A live sample without a number keeps the stored number and its time.
    """
    if not live:
        return stored
    values = {(each.device, each.point): each for each in stored}
    for each in live:
        name = each.device, each.point
        known = values.get(name)
        if known is None or (each.value is not None and each.sampled_us >= known.sampled_us):
            values[name] = each
        elif each.sampled_us >= known.sampled_us:
            values[name] = replace(each, value=known.value, at_us=known.at_us)
    return [values[name] for name in sorted(values)]


def _after(known: Newest | None, device: str, reading: Reading, now_us: int) -> Newest:
    """Return what is known of a point after this reading; an older one changes nothing."""
    at_us = min(reading.at_us, now_us)
    if known is not None and at_us < known.sampled_us:
        return known
    value, since_us = reading.value, at_us
    if value is None and known is not None and known.value is not None:
        value, since_us = known.value, known.at_us
    return Newest(
        device=device,
        point=reading.point,
        value=value,
        at_us=since_us,
        quality=Quality(reading.quality),
        sampled_us=at_us,
    )
