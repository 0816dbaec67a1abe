"""I8: whether the grid's frequency may be acted upon. Pure.

A frequency that is old, out of range, that leaps, or of which two meters disagree for 2 s is not
believed: the last response is held for 2 s, let out over 10 s, and taken up again only after 10 s
of credible values. Without a live voltage beside it (I7) a frequency is not a frequency: then
nothing is held. A dead bus goes on reporting a smooth frequency for half an hour.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from agent.control.interlocks.voltage import Voltage
from agent.control.plant import FrequencyMeter
from agent.control.response.config import FrequencySettings
from agent.control.response.product import Frequency

RATE_SPAN_S_MIN = 0.1
"""Two samples closer than this are judged as if this far apart: jitter makes no leap."""
ANCHOR_S = 1.0
"""While the frequency moves, a second meter may lag by what it moved in about this time."""
OUT_OF_RANGE = "the frequency of {device}, {hz:g} Hz, is out of range"
OLD = "there is no frequency younger than {age_s:g} s"
LEAP = "the frequency of {device} leapt to {hz:g} Hz"
APART = "two meters of the frequency are {apart_hz:.3f} Hz apart"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What the check remembers from cycle to cycle; times are the event loop's."""

    believed_hz: float | None = None
    """The last frequency that was believed."""
    device: str = ""
    last_hz: float | None = None
    last_s: float = 0.0
    """When the last sample was read."""
    doubted_since_s: float | None = None
    """None: the frequency is believed."""
    good_since_s: float | None = None
    """While doubted: since when the values look right again."""
    text: str = ""
    """Why it was doubted last."""
    apart_since_s: float | None = None
    anchor_hz: float | None = None
    anchor_s: float = 0.0
    anchor_before_hz: float | None = None
    """Where the frequency was one to two seconds ago."""


def chosen(meters: Sequence[FrequencyMeter], age_s_max: float) -> FrequencyMeter | None:
    """Return the first meter that may be decided upon, else the preferred; None: there is none."""
    for meter in meters:
        if meter.hz.usable(age_s_max):
            return meter
    return meters[0] if meters else None


def judge(
    meters: Sequence[FrequencyMeter],
    voltage: Voltage,
    at_s: float,
    settings: FrequencySettings,
    before: Trust,
) -> tuple[Frequency, Trust]:
    """Return the frequency as it may be acted upon, and what to remember for the next cycle."""
    meter = chosen(meters, settings.age_s_max)
    wrong, trust = _looked_at(meter, meters, at_s, settings, before)
    wrong = wrong if voltage.known else voltage.text
    doubted_since_s, good_since_s, text = trust.doubted_since_s, trust.good_since_s, trust.text
    if wrong:
        doubted_since_s = at_s if doubted_since_s is None else doubted_since_s
        good_since_s, text = None, wrong
    elif doubted_since_s is not None:
        good_since_s = at_s if good_since_s is None else good_since_s
        if at_s - good_since_s >= settings.good_s:
            doubted_since_s = good_since_s = None
    believed = doubted_since_s is None and voltage.sound
    hz = trust.last_hz if believed else before.believed_hz
    device = meter.device if believed and meter is not None else before.device
    frequency = Frequency(
        hz=hz,
        believed=believed,
        share=1.0 if believed else _share(voltage, doubted_since_s, at_s, settings),
        device=device,
        applied_hz=hz,
        dead=voltage.dead,
        code="" if believed else "I8" if voltage.believed else "I7",
        text="" if believed else text if voltage.believed else voltage.text,
    )
    return frequency, replace(
        trust,
        believed_hz=hz,
        device=device,
        doubted_since_s=doubted_since_s,
        good_since_s=good_since_s,
        text=text,
    )


def _share(
    voltage: Voltage, doubted_since_s: float | None, at_s: float, settings: FrequencySettings
) -> float:
    """Return how much of the last response is still given."""
    if not voltage.sound or doubted_since_s is None:
        return 0.0
    faded_s = at_s - doubted_since_s - settings.hold_s
    return min(1.0, max(0.0, 1.0 - faded_s / settings.fade_s))


def _looked_at(
    meter: FrequencyMeter | None,
    meters: Sequence[FrequencyMeter],
    at_s: float,
    settings: FrequencySettings,
    before: Trust,
) -> tuple[str, Trust]:
    """Return what is wrong with this cycle's values (empty: nothing), and what was seen."""
    if meter is None or not meter.hz.usable(settings.age_s_max) or meter.hz.value is None:
        return OLD.format(age_s=settings.age_s_max), before
    hz, sampled_s = meter.hz.value, at_s - meter.hz.age_s
    leaps = before.last_hz is not None and (
        abs(hz - before.last_hz)
        > settings.rate_hz_per_s_max * max(sampled_s - before.last_s, RATE_SPAN_S_MIN)
    )
    trust = _anchored(hz, at_s, replace(before, last_hz=hz, last_s=sampled_s))
    apart_hz = _apart_hz(hz, meter, meters, settings, trust)
    if apart_hz is None:
        trust = trust if trust.apart_since_s is None else replace(trust, apart_since_s=None)
    elif trust.apart_since_s is None:
        trust = replace(trust, apart_since_s=at_s)
    if not settings.hz_min <= hz <= settings.hz_max:
        return OUT_OF_RANGE.format(device=meter.device, hz=hz), trust
    if leaps:
        return LEAP.format(device=meter.device, hz=hz), trust
    if apart_hz is not None and at_s - (trust.apart_since_s or at_s) >= settings.meters_apart_s:
        return APART.format(apart_hz=apart_hz), trust
    return "", trust


def _anchored(hz: float, at_s: float, trust: Trust) -> Trust:
    """Return the trust with where the frequency was a second ago."""
    if trust.anchor_hz is not None and at_s - trust.anchor_s < ANCHOR_S:
        return trust
    return replace(trust, anchor_hz=hz, anchor_s=at_s, anchor_before_hz=trust.anchor_hz)


def _apart_hz(
    hz: float,
    meter: FrequencyMeter,
    meters: Sequence[FrequencyMeter],
    settings: FrequencySettings,
    trust: Trust,
) -> float | None:
    """Return by how much another meter is too far away; None: by nothing.

    A meter that is read a second later, or that averages, is behind a frequency that falls fast:
    in that very event it must not stop the response. So it may be as far away as the frequency
    itself has moved within the last one to two seconds, where that is more than the limit.
    """
    worst_hz = settings.meters_apart_hz_max
    for other in meters:
        if other is meter or not other.hz.usable(settings.age_s_max) or other.hz.value is None:
            continue
        worst_hz = max(worst_hz, abs(other.hz.value - hz))
    if worst_hz <= settings.meters_apart_hz_max:
        return None
    was_hz = (trust.anchor_hz, trust.anchor_before_hz)
    moved_hz = max(abs(hz - was) for was in was_hz if was is not None)
    allowed_hz = settings.meters_apart_hz_max
    if moved_hz > allowed_hz:
        allowed_hz += moved_hz
    return worst_hz if worst_hz > allowed_hz else None
