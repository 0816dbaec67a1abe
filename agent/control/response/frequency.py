"""I8: whether the grid's frequency may be acted upon. Pure.

A frequency that is old, out of range, that leaps, or of which two meters disagree for 2 s is not
believed: the last response is held for 2 s, let out over 10 s, and taken up again only after 10 s
of credible values. A meter that is left alone in a dispute has to prove itself in the same way:
the one that fell silent may have been right. Without a live voltage beside it (I7) a frequency is
not a frequency: then nothing is held. A dead bus goes on reporting a smooth frequency for half an
hour.
"""

from collections.abc import Sequence
from dataclasses import dataclass

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
ALONE = "two meters of the frequency were apart, and only {device} is left"


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where the frequency was a while ago."""

    hz: float
    at_s: float
    before_hz: float | None
    """One to two seconds ago."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The last sample of the meter that is looked at."""

    hz: float | None = None
    at_s: float = 0.0
    """When it was read."""
    apart_since_s: float | None = None
    """Since when another meter has been too far away."""
    anchor: Anchor | None = None


NO_SAMPLE = Sample()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What the check remembers from cycle to cycle; times are the event loop's."""

    believed_hz: float | None = None
    """The last frequency that was believed."""
    device: str = ""
    doubted_since_s: float | None = None
    """None: the frequency is believed."""
    good_since_s: float | None = None
    """While doubted: since when the values look right again."""
    text: str = ""
    """Why it was doubted last."""
    sample: Sample = NO_SAMPLE


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
    wrong, sample = _looked_at(meter, meters, at_s, settings, before.sample)
    wrong = wrong if voltage.known else voltage.text
    doubted_since_s, good_since_s, text = before.doubted_since_s, before.good_since_s, before.text
    if wrong:
        doubted_since_s = at_s if doubted_since_s is None else doubted_since_s
        good_since_s, text = None, wrong
    elif doubted_since_s is not None:
        good_since_s = at_s if good_since_s is None else good_since_s
        if at_s - good_since_s >= settings.good_s:
            doubted_since_s = good_since_s = None
    believed = doubted_since_s is None and voltage.sound
    hz = sample.hz if believed else before.believed_hz
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
    return frequency, Trust(
        believed_hz=hz,
        device=device,
        doubted_since_s=doubted_since_s,
        good_since_s=good_since_s,
        text=text,
        sample=sample,
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
    before: Sample,
) -> tuple[str, Sample]:
    """Return what is wrong with this cycle's values (empty: nothing), and what was seen."""
    if meter is None or not meter.hz.usable(settings.age_s_max) or meter.hz.value is None:
        return OLD.format(age_s=settings.age_s_max), before
    hz, sampled_s = meter.hz.value, at_s - meter.hz.age_s
    leaps = before.hz is not None and (
        abs(hz - before.hz)
        > settings.rate_hz_per_s_max * max(sampled_s - before.at_s, RATE_SPAN_S_MIN)
    )
    anchor = _anchored(hz, at_s, before.anchor)
    apart_hz = _apart_hz(hz, meter, meters, settings, anchor)
    apart_since_s = at_s if before.apart_since_s is None else before.apart_since_s
    sample = Sample(
        hz=hz,
        at_s=sampled_s,
        apart_since_s=None if apart_hz is None else apart_since_s,
        anchor=anchor,
    )
    if not settings.hz_min <= hz <= settings.hz_max:
        return OUT_OF_RANGE.format(device=meter.device, hz=hz), sample
    if leaps:
        return LEAP.format(device=meter.device, hz=hz), sample
    if apart_hz is not None and at_s - apart_since_s >= settings.meters_apart_s:
        return APART.format(apart_hz=apart_hz), sample
    if before.apart_since_s is not None and not _others(meter, meters, settings):
        return ALONE.format(device=meter.device), sample
    return "", sample


def _anchored(hz: float, at_s: float, before: Anchor | None) -> Anchor:
    """Return where the frequency was a second ago."""
    if before is not None and at_s - before.at_s < ANCHOR_S:
        return before
    return Anchor(hz, at_s, None if before is None else before.hz)


def _apart_hz(
    hz: float,
    meter: FrequencyMeter,
    meters: Sequence[FrequencyMeter],
    settings: FrequencySettings,
    anchor: Anchor,
) -> float | None:
    """Return by how much another meter is too far away; None: by nothing.

    A meter that is read a second later, or that averages, is behind a frequency that falls fast:
    in that very event it must not stop the response. So it may be as far away as the frequency
    itself has moved within the last one to two seconds, where that is more than the limit.
    """
    if len(meters) == 1:
        return None
    worst_hz = settings.meters_apart_hz_max
    for other_hz in _others(meter, meters, settings):
        worst_hz = max(worst_hz, abs(other_hz - hz))
    if worst_hz <= settings.meters_apart_hz_max:
        return None
    was_hz = (anchor.hz, anchor.before_hz)
    moved_hz = max(abs(hz - was) for was in was_hz if was is not None)
    allowed_hz = settings.meters_apart_hz_max
    if moved_hz > allowed_hz:
        allowed_hz += moved_hz
    return worst_hz if worst_hz > allowed_hz else None


def _others(
    meter: FrequencyMeter, meters: Sequence[FrequencyMeter], settings: FrequencySettings
) -> list[float]:
    """Return what the other meters say, of those that may be decided upon."""
    return [
        other.hz.value
        for other in meters
        if other is not meter and other.hz.value is not None and other.hz.usable(settings.age_s_max)
    ]
