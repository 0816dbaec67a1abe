"""JSON of a source: read with care, numbers only where numbers are expected. Pure."""

import json
import math
from typing import NoReturn

from cloud.market.feeds.errors import BadAnswer, excerpt


def object_of(body: bytes, source: str) -> dict[str, object]:
    """Return the JSON object that a body is.

    Raises:
        BadAnswer: it is none; NaN and infinity are none either.
    """
    if not body.strip():
        raise BadAnswer(f"{source}: an empty answer")
    try:
        found = json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise BadAnswer(f"{source}: the answer is no JSON: {excerpt(body)}") from error
    if not isinstance(found, dict):
        raise BadAnswer(f"{source}: a JSON object is expected: {excerpt(body)}")
    return found


def list_of(found: dict[str, object], key: str, source: str) -> list[object]:
    """Return the list under `key`.

    Raises:
        BadAnswer: there is none.
    """
    value = found.get(key)
    if not isinstance(value, list):
        raise BadAnswer(f"{source}: {key} is no list")
    return value


def whole(value: object, key: str, source: str) -> int:
    """Return a whole number of at least 0.

    Raises:
        BadAnswer: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        raise BadAnswer(f"{source}: {key}: {str(value)[:40]!r} is no instant")
    return value


def number(value: object, key: str, source: str) -> float | None:
    """Return a number, None for null.

    Raises:
        BadAnswer: it is something else; text with a number in it is no number.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e12:
        raise BadAnswer(f"{source}: {key}: {str(value)[:40]!r} is no number")
    if not math.isfinite(value):
        raise BadAnswer(f"{source}: {key}: {value} is no number")
    return float(value)


def price_unit(found: object, source: str) -> None:
    """See that prices are in EUR/MWh, however it is written.

    Raises:
        BadAnswer: another unit, another currency, or none.
    """
    told = "".join(str(found).split()).lower() if isinstance(found, str) else ""
    if told not in ("eur/mwh", "eur/megawatthour", "€/mwh"):
        raise BadAnswer(f"{source}: unit {str(found)[:40]!r} is not known; EUR/MWh is expected")


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")
