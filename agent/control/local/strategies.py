"""All strategies of one site in one cycle: duties first, then wishes in the site's order. Pure.

Duties are class 0: the grid operator's limits, the connection's, an agreed peak. Wishes go before
the schedule or after it, each class in the order of the settings: who is asked first may prefer a
power or only set bounds; the others choose inside what it leaves, and idle comes last.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from agent.control import follow
from agent.control.arbitrate import Proposal
from agent.control.follow import SlotMemory
from agent.control.interlocks.inputs import OperatorLimit
from agent.control.local import (
    backup,
    calendar,
    care,
    connection,
    feed_in,
    grid_operator,
    peak,
    prices,
    self_consumption,
)
from agent.control.local.config import ConnectionSettings, LocalSettings, Strategy
from agent.control.local.connection import Exchange
from agent.control.local.hours import MINUTE_US, any_covers, minute_at
from agent.control.local.latch import SOC_HYSTERESIS_PCT, at_or_above, at_or_below
from agent.control.local.peak import Peak, PeakMemory
from agent.control.local.scene import KNOWN, SITE_AGE_S_MAX, Asked, Meter, Scene, Track
from agent.status import Reason

BEFORE_CLASS = 3
AFTER_CLASS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRules:
    """What the settings say; the same for the life of the process."""

    connection: ConnectionSettings = field(default_factory=ConnectionSettings)
    local: LocalSettings = field(default_factory=LocalSettings)


NEUTRAL = SiteRules()


@dataclass(frozen=True, slots=True)
class Levels:
    """Which levels of charge are reached, each with its hysteresis."""

    self_consumption: bool = False
    backup: bool = False
    rule_low: bool = False
    rule_high: bool = False
    price_low: bool = False
    price_high: bool = False


@dataclass(frozen=True, slots=True)
class Hour:
    """What holds in the running minute of the site's week."""

    minute_us: int = -1
    rule: int | None = None
    """Place of the calendar rule."""
    reserve: bool = True
    """Charge for peaks is kept in these hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteMemory:
    """What the strategies leave to the next cycle."""

    track: Track = field(default_factory=Track)
    meter: Meter = KNOWN
    slot: SlotMemory | None = None
    peak: PeakMemory = field(default_factory=PeakMemory)
    hour: Hour = Hour()
    levels: Levels = Levels()


def ask(
    scene: Scene,
    rules: SiteRules,
    memory: SiteMemory,
    seen: tuple[Track, Meter],
    limits: Sequence[OperatorLimit] = (),
) -> tuple[Asked, SiteMemory]:
    """Return what connection and strategies ask for now, and what to remember, `seen` with it."""
    settings = rules.local
    slot = follow.followed(scene, memory.slot) if settings.schedule.correct_energy else None
    hour = _hour(scene, settings, memory.hour)
    levels = _levels(scene, settings, hour, memory.hour, memory.levels)
    shaved: Peak | None = None
    peak_memory = memory.peak
    if settings.peak_shaving is not None:
        shaved, peak_memory = peak.peak(scene, settings.peak_shaving, memory.peak)
    wishes = (
        *(() if settings.backup is None else _backup(scene, settings, levels)),
        *_in_order(scene, settings, hour, levels, shaved, low=peak_memory.low),
        *follow.proposals(scene, settings.schedule, slot),
    )
    exchange = None
    if rules.connection.limited:
        exchange = connection.allowed(scene.plant, rules.connection, scene.rated_kw)
    asked = Asked(
        duties=tuple(_duties(scene, rules, limits, shaved, exchange)),
        wishes=wishes,
        pv_limit_kw=_pv_limit_kw(scene, rules, limits),
        said=tuple(_said(scene, rules, shaved, exchange)),
    )
    return asked, SiteMemory(
        track=seen[0],
        meter=seen[1],
        slot=slot,
        peak=peak_memory,
        hour=hour,
        levels=levels,
    )


def _duties(
    scene: Scene,
    rules: SiteRules,
    limits: Sequence[OperatorLimit],
    shaved: Peak | None,
    exchange: Exchange | None,
) -> Iterator[Proposal]:
    yield from grid_operator.proposals(scene, rules.connection, limits)
    if rules.connection.limited:
        yield from connection.proposals(scene, rules.connection, exchange)
    if rules.local.peak_shaving is not None and shaved is not None:
        yield from peak.duty(scene, rules.local.peak_shaving, shaved)
    if rules.local.forced_charge_kw is not None:
        yield from care.proposals(scene, rules.local.forced_charge_kw)


def _said(
    scene: Scene, rules: SiteRules, shaved: Peak | None, exchange: Exchange | None
) -> Iterator[Reason]:
    yield from connection.exceeded(scene, rules.connection, exchange)
    if rules.local.peak_shaving is not None and shaved is not None:
        yield from peak.exceeded(scene, rules.local.peak_shaving, shaved)


def _backup(scene: Scene, settings: LocalSettings, levels: Levels) -> Iterator[Proposal]:
    if settings.backup is not None:
        yield from backup.proposals(scene, settings.backup, low=levels.backup)


def _in_order(
    scene: Scene,
    settings: LocalSettings,
    hour: Hour,
    levels: Levels,
    shaved: Peak | None,
    *,
    low: bool,
) -> Iterator[Proposal]:
    """Yield the wishes of the strategies that the site has, each in its place."""
    for place, name in enumerate(settings.order, start=1):
        if name == "peak_shaving" and settings.peak_shaving is not None and shaved is not None:
            cls, hold = _class(settings, name), low and hour.reserve
            yield from peak.wishes(scene, settings.peak_shaving, shaved, cls, place, hold=hold)
        elif name == "calendar" and hour.rule is not None:
            rule = settings.calendar[hour.rule]
            cls, low_, high = _class(settings, name), levels.rule_low, levels.rule_high
            yield calendar.proposal(scene, rule, cls, place, low=low_, high=high)
        elif name == "prices" and settings.prices is not None:
            cls, low_, high = _class(settings, name), levels.price_low, levels.price_high
            yield from prices.proposals(scene, settings.prices, cls, place, low=low_, high=high)
        elif name == "self_consumption" and settings.self_consumption is not None:
            cls, low_ = _class(settings, name), levels.self_consumption
            proposal = self_consumption.proposal(
                scene, settings.self_consumption, cls, place, low=low_
            )
            yield from () if proposal is None else (proposal,)


def _class(settings: LocalSettings, name: Strategy) -> int:
    before = name in settings.before_schedule
    if name == "peak_shaving" and settings.peak_shaving is not None:
        before = settings.peak_shaving.priority != "after_schedule"
    return BEFORE_CLASS if before else AFTER_CLASS


def _hour(scene: Scene, settings: LocalSettings, before: Hour) -> Hour:
    """Look at the calendar once a minute."""
    minute_us = scene.now_us - scene.now_us % MINUTE_US
    if minute_us == before.minute_us:
        return before
    shaving = settings.peak_shaving
    if not settings.calendar and (shaving is None or not shaving.windows):
        return Hour(minute_us)
    at = minute_at(scene.now_us, settings.timezone)
    rule = calendar.rule_at(settings.calendar, at)
    return Hour(minute_us, rule, shaving is None or any_covers(shaving.windows, at))


def _levels(
    scene: Scene, settings: LocalSettings, hour: Hour, hour_before: Hour, before: Levels
) -> Levels:
    """Look at the levels of charge; a calendar rule that has just begun starts anew."""
    soc, step = scene.soc_pct, SOC_HYSTERESIS_PCT
    own, kept, priced = settings.self_consumption, settings.backup, settings.prices
    if own is None and kept is None and priced is None and hour.rule is None:
        return before
    rule = None if hour.rule is None else settings.calendar[hour.rule]
    same = hour.rule == hour_before.rule
    floor = 0.0 if own is None else own.soc_floor_pct
    reserve = 0.0 if kept is None else kept.reserve_pct
    rule_min, rule_max = (0.0, 100.0) if rule is None else (rule.soc_min_pct, rule.soc_max_pct)
    least, most = (0.0, 100.0) if priced is None else (priced.soc_min_pct, priced.soc_max_pct)
    return Levels(
        self_consumption=at_or_below(soc, floor, before.self_consumption, step),
        backup=at_or_below(soc, reserve, before.backup, step),
        rule_low=at_or_below(soc, rule_min, same and before.rule_low, step),
        rule_high=at_or_above(soc, rule_max, same and before.rule_high, step),
        price_low=at_or_below(soc, least, before.price_low, step),
        price_high=at_or_above(soc, most, before.price_high, step),
    )


def _pv_limit_kw(scene: Scene, rules: SiteRules, limits: Sequence[OperatorLimit]) -> float | None:
    """Return what the PV may produce, by the strictest cap on what is fed in.

    A battery that is dimmed takes no more than it may.
    """
    settings, caps = rules.connection, []
    if settings.feed_in_share is not None:
        caps.append(settings.feed_in_share * (settings.pv_installed_kw or 0.0))
    if settings.export_kw_max is not None:
        caps.append(settings.export_kw_max)
    if limits:
        installed_kw = grid_operator.installed_kw(scene, settings)
        caps += [x.feed_in_share * installed_kw for x in limits if x.feed_in_share is not None]
    told = scene.plant.inputs.get(grid_operator.EXPORT)
    told_kw = None if told is None else told.within(SITE_AGE_S_MAX)
    if told_kw is not None:
        caps.append(max(0.0, told_kw))
    if rules.local.prices is not None and prices.curtails(scene, rules.local.prices):
        caps.append(0.0)
    if not caps:
        return None
    dimmed_kw = min((x.import_kw_max for x in limits if x.import_kw_max is not None), default=None)
    charge_kw = -scene.lower_kw if dimmed_kw is None else min(-scene.lower_kw, dimmed_kw)
    return feed_in.pv_limit_kw(scene, min(caps), settings.pv_installed_kw, charge_kw)
