"""JSON as devices send it: what is believed, where a value lies in it, and its time. Pure.

Nothing a stranger sends may cost much or be guessed: documents are limited in size and depth,
a key twice, NaN, a boolean or a text for a number and an impossible time are refused with one
line. Keys that nobody asked for are no fault.
"""

import json
import math
import re
from datetime import UTC, datetime
from functools import lru_cache

from wire import clock

BYTES_MAX = 256 * 1024
DEPTH_MAX = 8
"""Objects and lists inside each other."""
PATH_STEPS_MAX = 16
PAST_US_MAX = 400 * 86_400_000_000
"""A time further back comes from a clock that was never set (1970, 2000), not from a memory."""
AHEAD_US_MAX = 86_400_000_000
"""A time further ahead is no time zone's fault either."""
_SECONDS_BELOW = 1e11
"""Seconds reach it in the year 5138, milliseconds passed it in 1973."""
_MILLIS_BELOW = 1e14
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", re.ASCII)
_STEP = re.compile(
    r"""\.?(?P<key>[^.\[\]"=\s]+)"""
    r"""|\[(?P<index>\d{1,5})\]"""
    r"""|\["(?P<quoted>[^"]+)"\]"""
    r"""|\[(?P<where>[^.\[\]"=\s]+)=(?P<equals>[^\[\]"=]+)\]""",
    re.ASCII,
)

Step = str | int | tuple[str, str]
"""A key, a place in a list from 0, or the entry of a list whose key has that text."""


class BadPayload(ValueError):
    """What arrived is refused; the text is one line and says why."""


def parse(data: bytes) -> object:
    """Return the JSON document in `data`, a bare number included.

    Raises:
        BadPayload: it is too large, too deep, no JSON, or holds a key twice or a NaN.
    """
    if len(data) > BYTES_MAX:
        raise BadPayload(f"{len(data)} bytes are more than {BYTES_MAX}")
    try:
        document: object = json.loads(
            data.decode("utf-8-sig"), parse_constant=_constant, object_pairs_hook=_object
        )
    except BadPayload:
        raise
    except RecursionError as error:
        raise BadPayload(f"nested deeper than {DEPTH_MAX}") from error
    except ValueError as error:
        raise BadPayload("no JSON in UTF-8") from error
    _check(document)
    return document


def steps_of(path: str) -> tuple[Step, ...]:
    """Return the steps of a path: ``a.b[0]``, ``["odd.key"]``, ``meters[id=grid].power``.

    An empty path is the whole document.

    Raises:
        ValueError: this is no path; the text says what is expected.
    """
    steps: list[Step] = []
    at = 0
    while at < len(path):
        found = _STEP.match(path, at)
        dotted = found is not None and found[0].startswith(".")
        if found is None or (found["key"] and dotted is (at == 0)):
            raise ValueError("a path like 'a.b[0]', '[\"odd.key\"]' or 'list[name=x].value'")
        if found["index"] is not None:
            steps.append(int(found["index"]))
        elif found["where"] is not None:
            steps.append((found["where"], found["equals"]))
        else:
            steps.append(found["key"] or found["quoted"])
        at = found.end()
    if len(steps) > PATH_STEPS_MAX:
        raise ValueError(f"a path of at most {PATH_STEPS_MAX} steps")
    return tuple(steps)


def find(document: object, path: str) -> object | None:
    """Return what lies at `path`; None when it is not there, or null.

    Raises:
        ValueError: `path` is none; read it with `steps_of` once to know.
    """
    for step in _steps(path):
        match step, document:
            case str(), dict():
                document = document.get(step)
            case int(), list():
                document = document[step] if step < len(document) else None
            case (key, text), list():
                document = next(
                    (
                        item
                        for item in document
                        if isinstance(item, dict) and _text(item.get(key)) == text
                    ),
                    None,
                )
            case _:
                return None
    return document


def number(value: object, *, texts: bool = False) -> float:
    """Return a finite number.

    Args:
        value: from the document; None says that the device has no value, which is no number.
        texts: whether a text such as ``"12.5"`` is one.

    Raises:
        BadPayload: it is none.
    """
    if texts and isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            found = float(value)
        except OverflowError:
            found = math.inf
        if math.isfinite(found):
            return found
    raise BadPayload(f"{shown(value)} is no number")


def instant_us(value: object, now_us: int) -> tuple[int, bool]:
    """Return a time in microseconds since 1970, and whether it is certain.

    ISO 8601, or seconds, milliseconds or microseconds since 1970. Without a time zone it is
    taken as UTC and is uncertain. How far it may lie from now and still count as live is the
    caller's rule (`drivers.newest`); here only what cannot be true is refused.

    Raises:
        BadPayload: it is no time, more than 400 days ago or more than a day ahead.
    """
    certain = True
    if isinstance(value, str) and _ISO.match(value):
        try:
            at = datetime.fromisoformat(value.strip())
        except ValueError as error:
            raise BadPayload(f"{shown(value)} is no time") from error
        certain = at.tzinfo is not None
        at_us = clock.micros(at if certain else at.replace(tzinfo=UTC))
    else:
        try:
            since = number(value, texts=True)
        except BadPayload as error:
            raise BadPayload(f"{shown(value)} is no time") from error
        at_us = round(since * _factor(abs(since)))
    if not now_us - PAST_US_MAX <= at_us <= now_us + AHEAD_US_MAX:
        raise BadPayload(f"the time {shown(value)} cannot be true")
    return at_us, certain


def shown(value: object) -> str:
    """Return a few printable characters of the value, whatever a stranger wrote into it."""
    match value:
        case dict():
            return f"an object of {len(value)}"
        case list():
            return f"a list of {len(value)}"
        case str():
            return ascii(value[:40])
        case int() if value.bit_length() > 64:
            return "a number beyond all limits"
        case _:
            return repr(value)[:40]


@lru_cache(maxsize=4096)
def _steps(path: str) -> tuple[Step, ...]:
    return steps_of(path)


def _factor(since: float) -> float:
    if since < _SECONDS_BELOW:
        return 1e6
    return 1e3 if since < _MILLIS_BELOW else 1.0


def _text(value: object) -> str | None:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else None


def _constant(name: str) -> object:
    raise BadPayload(f"{name} is no number")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    content = dict(pairs)
    if len(content) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise BadPayload(f"the key {shown(key)} comes twice")
            seen.add(key)
    return content


def _check(document: object) -> None:
    """Refuse what is nested too deep and numbers that only look finite, such as 1e999."""
    level = [document]
    for depth in range(DEPTH_MAX + 1):
        below: list[object] = []
        for item in level:
            match item:
                case dict():
                    below.extend(item.values())
                case list():
                    below.extend(item)
                case float() if not math.isfinite(item):
                    raise BadPayload("a number beyond all limits")
        level = below
        if not level:
            return
        if depth == DEPTH_MAX:
            raise BadPayload(f"nested deeper than {DEPTH_MAX}")
