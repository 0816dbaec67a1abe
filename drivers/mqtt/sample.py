"""What one message says about one point. Pure."""

from dataclasses import dataclass

from drivers.mqtt.profile import MqttProfile, Source, Times
from drivers.newest import OLD_US_MAX
from drivers.payload import BadPayload, find, instant_us, number, parse, shown

_WORD_BYTES_MAX = 100


@dataclass(frozen=True, slots=True)
class Sample:
    """A value and its own time."""

    value: float | None
    """None: the device has none, or none that can be used."""
    at_us: int


def document_in(payload: bytes, *, words: bool) -> object:
    """Return the message's content; a plain word is one where a point knows what it means.

    Raises:
        BadPayload: it is no JSON, or worse.
    """
    try:
        return parse(payload)
    except BadPayload:
        if words and len(payload) <= _WORD_BYTES_MAX:
            return payload.decode(errors="replace").strip()
        raise


def sample(
    profile: MqttProfile, source: Source, document: object, now_us: int, *, retained: bool
) -> Sample | None:
    """Return what a message says about a point; None: nothing.

    What the broker kept has no age of its own: unless the message states one, it is old.

    Raises:
        BadPayload: the message cannot be believed.
    """
    raw = find(document, source.path)
    if raw is None and source.optional:
        return None
    if profile.times is Times.SOURCE:
        stated = find(document, source.timestamp)
        if stated is None:
            raise BadPayload("the message states no time")
        at_us, _ = instant_us(stated, now_us)
    else:
        at_us = now_us - OLD_US_MAX - 1 if retained else now_us
    if raw is None:
        return Sample(None, at_us)
    unit = find(document, source.unit) if source.unit else None
    if unit is not None and not isinstance(unit, str):
        raise BadPayload(f"{shown(unit)} is no unit")
    if unit and not source.tag.knows(unit):
        raise BadPayload(f"{shown(unit)} is no unit of {source.tag.name}")
    word = _word(raw)
    if word in source.words:
        return Sample(source.tag.value(source.words[word], unit or ""), at_us)
    return Sample(source.tag.value(number(raw, texts=profile.texts), unit or ""), at_us)


def available(document: object, path: str, online: str) -> bool:
    """Say whether a message at the availability topic says that the device is there."""
    return _word(find(document, path)) == online


def _word(raw: object) -> str:
    if isinstance(raw, bool):
        return "true" if raw else "false"
    return str(raw) if isinstance(raw, str | int | float) else ""
