"""Which events are alarms, and what ends them. Pure.

An alarm lasts until what it tells of is over. Where nothing tells that it is over (frames were
dropped: they stay dropped), it lasts until a person has acknowledged it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from agent.status import Status
from wire.alarm import Alarm
from wire.sync import Event, Severity

HUB_UNREACHABLE = "HUB_UNREACHABLE"
SEEN_AFTER_US = 2_000_000
"""A picture that was made so long after an alarm knows of what raised it."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How an event's code becomes an alarm."""

    severity: Severity
    ends: tuple[str, ...] = ()
    """Codes that end it, from the same source; none: a person does."""


RULES = {
    "DEVICE_LOST": Rule(Severity.ALARM, ("DEVICE_BACK",)),
    "DEVICE_REFUSED": Rule(Severity.ALARM, ("DEVICE_AGREES",)),
    "DEVICE_CHANGED": Rule(Severity.WARNING),
    "DEVICE_CORRECTED": Rule(Severity.WARNING),
    "NO_TIME_OUT": Rule(Severity.WARNING),
    "SECOND_CONTROLLER": Rule(Severity.ALARM),
    "UNIT_BLOCKED": Rule(Severity.ALARM, ("UNIT_FREE",)),
    "CONTROL_LOST": Rule(Severity.ALARM, ("CONTROL_BACK",)),
    "OUTBOX_DROPPED": Rule(Severity.WARNING),
    "DISK_FULL": Rule(Severity.ALARM, ("DISK_FREE",)),
    "ARCHIVE_FAILED": Rule(Severity.ALARM, ("ARCHIVE_BACK",)),
    "BUFFER_DAMAGED": Rule(Severity.ALARM),
    "BUFFER_DROPPED": Rule(Severity.ALARM),
    "BUFFER_EXPIRED": Rule(Severity.WARNING),
    "BUFFER_THINNED": Rule(Severity.WARNING),
    "BUFFER_RENEWED": Rule(Severity.WARNING),
    "SETTLEMENT_FULL": Rule(Severity.ALARM, ("SETTLEMENT_FREE",)),
    "FRAME_SET_ASIDE": Rule(Severity.ALARM),
    "HUB_FORGOT": Rule(Severity.ALARM),
    "CLOCK_UNKNOWN": Rule(Severity.WARNING),
    "CLOCK_UNSURE": Rule(Severity.WARNING, ("CLOCK_GOOD",)),
    "CLOCK_WRONG": Rule(Severity.ALARM, ("CLOCK_GOOD",)),
    "CONFIGURATION_ROLLED_BACK": Rule(Severity.ALARM),
    HUB_UNREACHABLE: Rule(Severity.WARNING, ("HUB_REACHED",)),
}
_OF_DEVICES = ("DEVICE_LOST", "DEVICE_REFUSED")


def noted(alarms: Iterable[Alarm], event: Event, identity: str) -> list[Alarm]:
    """Return the alarms that `event` raises or clears; a new one is called `identity`."""
    lasting = [alarm for alarm in alarms if alarm.cleared_us is None]
    rule = RULES.get(event.code)
    if rule is None:
        return [
            cleared(alarm, event.at_us)
            for alarm in lasting
            if alarm.source == event.source and event.code in _ends(alarm)
        ]
    if any((alarm.code, alarm.source) == (event.code, event.source) for alarm in lasting):
        return []
    raised = Alarm(
        id=identity,
        change=1,
        code=event.code,
        severity=rule.severity,
        source=event.source,
        text=event.text,
        raised_us=event.at_us,
    )
    return [raised]


def outlived(alarms: Iterable[Alarm], status: Status | None, *, linked: bool) -> list[Alarm]:
    """Return alarms that the newest picture knows to be over, though nobody has said so.

    A process that ends takes its memory of the trouble with it, and never says that it is over.
    """
    if status is None or not linked:
        return []
    devices = {device.device: device for device in status.devices}
    over: list[Alarm] = []
    for alarm in alarms:
        if alarm.cleared_us is not None or status.at_us < alarm.raised_us + SEEN_AFTER_US:
            continue
        freed = alarm.code == "UNIT_BLOCKED" and alarm.source not in status.blocked
        if alarm.code == "CONTROL_LOST" or freed:
            over.append(cleared(alarm, status.at_us))
        elif alarm.code in _OF_DEVICES:
            device = devices.get(alarm.source)
            if device is None or (device.connected and not device.trouble):
                over.append(cleared(alarm, status.at_us))
    return over


def acknowledged(alarm: Alarm, who: str, note: str, at_us: int) -> Alarm | None:
    """Return the alarm as it is after somebody has seen it; None: somebody had already."""
    if alarm.acked_us is not None:
        return None
    seen = replace(alarm, change=alarm.change + 1, acked_us=at_us, acked_by=who, note=note)
    if alarm.cleared_us is None and not _ends(alarm):
        seen = replace(seen, cleared_us=at_us)
    return seen


def cleared(alarm: Alarm, at_us: int) -> Alarm:
    return replace(alarm, change=alarm.change + 1, cleared_us=max(at_us, alarm.raised_us))


def newest_us(alarms: Iterable[Alarm]) -> int:
    """Return when something last happened to any of them; 0: nothing has."""
    return max((alarm.cleared_us or alarm.raised_us for alarm in alarms), default=0)


def shown(alarms: Iterable[Alarm], most: int) -> tuple[Alarm, ...]:
    """Return those that last or that nobody has acknowledged, the worst and newest first."""
    wanted = [alarm for alarm in alarms if alarm.cleared_us is None or alarm.acked_us is None]
    wanted.sort(key=lambda a: (a.cleared_us is not None, -a.severity, -a.raised_us, a.id))
    return tuple(wanted[:most])


def kept(alarms: Sequence[Alarm], most: int) -> list[Alarm]:
    """Return those to be remembered: all that last, and of the others the newest."""
    lasting = [alarm for alarm in alarms if alarm.cleared_us is None]
    over = sorted(
        (alarm for alarm in alarms if alarm.cleared_us is not None),
        key=lambda alarm: alarm.raised_us,
        reverse=True,
    )
    return [*lasting, *over[: max(0, most - len(lasting))]]


def _ends(alarm: Alarm) -> tuple[str, ...]:
    rule = RULES.get(alarm.code)
    return () if rule is None else rule.ends
