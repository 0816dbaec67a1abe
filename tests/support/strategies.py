"""Hypothesis strategies: any message that may be sent, and garbage that only looks like one."""

import json
from typing import Any, TypeVar

from hypothesis import strategies as st

from wire.block import Block, Quality
from wire.fields import INSTANT_US_MAX
from wire.schedule import Fallback, FrequencyService, Price, Schedule, Slot
from wire.sync import EVENT_TEXT_MAX, Event, Frame, FrameClass, Severity, Upload

T = TypeVar("T")
_HUGE = "@1e999"
"""Stands for a number that JSON can write and no float can hold."""

instants = st.integers(0, INSTANT_US_MAX)
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_SIGNS = _LETTERS + "0123456789"
_QUALITIES = tuple(Quality)
_NAME_BYTES = 8 + 1 + 2 * (5 + 4)


def _signs(raw: bytes, least: int) -> str:
    """Return `least` or more signs; the first byte says how many, the others which."""
    count = least + raw[0] % (len(raw) - least)
    return "".join([_SIGNS[byte % len(_SIGNS)] for byte in raw[1 : 1 + count]])


def _name(raw: bytes) -> str:
    """Return ``[a-z][a-z0-9]{0,6}(\\.[a-z0-9]{1,4}(_[a-z0-9]{1,3})?){1,2}``, by bytes.

    To have Hypothesis read the expression takes as long as all the rest of a block.
    """
    name = _LETTERS[raw[8] % len(_LETTERS)] + _signs(raw[:7], 0)
    for begin in (9, 18)[: 1 + raw[7] % 2]:
        after = _signs(raw[begin + 5 : begin + 9], 0)
        name += "." + _signs(raw[begin : begin + 5], 1) + ("_" + after if after else "")
    return name


names = st.binary(min_size=_NAME_BYTES, max_size=_NAME_BYTES).map(_name)
words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=30)
sentences = words.map(lambda text: " ".join(text.split()) or "-")
powers_kw = st.floats(-1e7, 1e7)
numbers = st.one_of(
    st.none(),
    st.integers(-10_000, 10_000).map(float),
    st.integers(-100_000, 100_000).map(lambda tenths: tenths / 10),
    st.integers(-(10**12), 10**12).map(lambda billionths: billionths / 1e9),
    st.floats(allow_nan=False, allow_infinity=False),
)


def _columns(values: st.SearchStrategy[T], samples: int) -> st.SearchStrategy[tuple[T, ...]]:
    return st.lists(values, min_size=samples, max_size=samples).map(tuple)


def _qualities(samples: int) -> st.SearchStrategy[tuple[Quality, ...]]:
    """A draw for all of them, not one for each."""
    return st.binary(min_size=samples, max_size=samples).map(
        lambda raw: tuple([_QUALITIES[byte % len(_QUALITIES)] for byte in raw])
    )


@st.composite
def blocks(draw: st.DrawFn, samples_max: int = 12) -> Block:
    points = draw(st.lists(names, max_size=5, unique=True))
    samples = draw(st.integers(1, samples_max))
    return Block(
        device=draw(words),
        boot=draw(words),
        seq=draw(st.integers(0, 2**40)),
        at_us=draw(_columns(instants, samples)),
        points=tuple(points),
        values=tuple(draw(_columns(numbers, samples)) for _ in points),
        quality=tuple(draw(_qualities(samples)) for _ in points),
    )


events = st.builds(
    Event,
    at_us=instants,
    code=words,
    severity=st.sampled_from(Severity),
    source=words,
    text=sentences.map(lambda text: text[:EVENT_TEXT_MAX]),
)


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    edges = sorted(draw(st.lists(instants, max_size=12, unique=True)))
    pairs = list(zip(edges[::2], edges[1::2], strict=False))
    return Schedule(
        site=draw(words),
        version=draw(st.integers(0, 2**40)),
        issued_us=draw(instants),
        slots=tuple(Slot(start, end, draw(powers_kw)) for start, end in pairs),
        services=tuple(
            FrequencyService(draw(words), start, end, draw(st.floats(0, 1e7)), draw(_curves()))
            for start, end in pairs[:2]
        ),
        prices=tuple(
            Price(start, end, draw(st.integers(-(10**7), 10**7))) for start, end in pairs[2:]
        ),
        fallback=draw(st.none() | st.builds(Fallback, powers_kw, instants)),
    )


@st.composite
def _curves(draw: st.DrawFn) -> tuple[tuple[float, float], ...]:
    deviations = draw(st.lists(st.floats(-5, 5), min_size=1, max_size=6, unique=True))
    return tuple((hz, draw(st.floats(-1, 1))) for hz in sorted(deviations))


@st.composite
def uploads(draw: st.DrawFn) -> Upload:
    numbers = sorted(draw(st.lists(st.integers(0, 2**63 - 1), max_size=6, unique=True)))
    return Upload(
        gateway=draw(words),
        epoch=draw(words),
        frames=tuple(
            Frame(seq, draw(st.sampled_from(FrameClass)), draw(st.binary(max_size=40)))
            for seq in numbers
        ),
    )


_scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.sampled_from([2**31, 2**53, 2**63 - 1, 2**63, 2**64, -(2**63) - 1, 10**400, -(10**400)]),
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from(["", "\0", "\ud800", "nan", "x" * 501, "1", _HUGE]),
    st.text(max_size=8),
)
json_values = st.recursive(
    _scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


@st.composite
def damaged(draw: st.DrawFn, document: object) -> str:
    """The JSON text of `document` with one to three of its parts replaced, doubled or removed."""
    copy: Any = json.loads(json.dumps(document))
    for _ in range(draw(st.integers(1, 3))):
        copy = draw(_damage(copy))
    return written(copy)


def written(value: object) -> str:
    return json.dumps(value).replace(json.dumps(_HUGE), _HUGE.removeprefix("@"))


@st.composite
def _damage(draw: st.DrawFn, value: Any) -> Any:
    if not isinstance(value, list | dict) or not value or draw(st.integers(0, 5)) == 0:
        return draw(json_values)
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    key = draw(st.sampled_from(keys))
    match draw(st.sampled_from(["deeper", "deeper", "deeper", "remove", "double"])):
        case "remove":
            del value[key]
        case "double" if isinstance(value, list):
            value.insert(key, value[key])
        case _:
            value[key] = draw(_damage(value[key]))
    return value
