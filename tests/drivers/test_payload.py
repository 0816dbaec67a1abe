"""drivers.payload: JSON from strangers is read strictly, found by path, and never guessed."""

import contextlib
import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.payload import (
    BYTES_MAX,
    DEPTH_MAX,
    BadPayload,
    find,
    instant_us,
    number,
    parse,
    steps_of,
)
from wire.clock import micros, utc

NOW_US = 1_763_700_000_000_000  # 2025-11-21T04:40:00Z
_SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(max_size=5)
_JSON = st.recursive(
    _SCALARS | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)


def depth_of(document: object) -> int:
    match document:
        case dict():
            return 1 + max(map(depth_of, document.values()), default=0)
        case list():
            return 1 + max(map(depth_of, document), default=0)
        case _:
            return 0


@settings(max_examples=60)
@given(_JSON)
def test_what_json_writes_is_read_back_or_refused_for_its_depth(document: object) -> None:
    data = json.dumps(document).encode()
    if depth_of(document) <= DEPTH_MAX:
        assert parse(data) == document
    else:
        with pytest.raises(BadPayload, match="nested deeper"):
            parse(data)


@settings(max_examples=100)
@given(st.binary(max_size=60))
def test_garbage_is_refused_and_nothing_else_is_raised(data: bytes) -> None:
    with contextlib.suppress(BadPayload):
        parse(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b" " * (BYTES_MAX + 1), "bytes are more than 262144"),
        (b"[" * 9 + b"1" + b"]" * 9, "nested deeper than 8"),
        (b"[" * 100_000, "nested deeper than 8"),
        (b'{"a": NaN}', "NaN is no number"),
        (b'{"a": -Infinity}', "-Infinity is no number"),
        (b'{"a": [1e999]}', "beyond all limits"),
        (b'{"a": 1, "b": 2, "a": 3}', "the key 'a' comes twice"),
        (b"9" * 5_000, "no JSON"),
        (b"\xff\xfe", "no JSON in UTF-8"),
        (b"", "no JSON"),
        (b'{"a": 1} {"a": 2}', "no JSON"),
    ],
)
def test_a_bomb_is_refused_with_its_reason(data: bytes, reason: str) -> None:
    with pytest.raises(BadPayload, match=reason):
        parse(data)


def test_eight_levels_are_still_read() -> None:
    assert parse(b"[" * 8 + b"1" + b"]" * 8)
    assert parse(b"\xef\xbb\xbf-12.5") == -12.5


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a.b[1].c", 5),
        ("a.b[7].c", None),
        ("a.b.c", None),
        ("a[0]", None),
        ("a.none.deeper", None),
        ('["odd.key"]', "x"),
        ('a["b"][0]', 4),
        ("list[id=grid].power", 9),
        ("list[id=2].power", 8),
        ("list[id=none].power", None),
        ("ip:0.ok", True),
    ],
)
def test_a_value_is_found_by_its_path_or_is_not_there(path: str, found: object) -> None:
    document = {
        "a": {"b": [4, {"c": 5}], "none": None},
        "odd.key": "x",
        "list": [7, {"id": "grid", "power": 9}, {"id": 2, "power": 8}],
        "ip:0": {"ok": True},
    }
    assert find(document, path) == found


def test_the_empty_path_is_the_whole_document() -> None:
    assert find(5.5, "") == 5.5
    assert steps_of("") == ()


@pytest.mark.parametrize("path", [".", "a..b", "a.", ".a", "a[", "a[x]", "a[-1]", "a b", "[0]a"])
def test_a_path_that_is_none_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="a path like"):
        steps_of(path)


@settings(max_examples=60)
@given(_JSON, st.text(alphabet='ab.[]01"=', max_size=8))
def test_no_document_and_no_path_surprise_the_search(document: object, path: str) -> None:
    try:
        steps_of(path)
    except ValueError:
        return
    find(document, path)


@pytest.mark.parametrize("value", [True, None, "12", [], {}, math.nan, math.inf, 10**400])
def test_what_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(BadPayload, match=r"is no number|beyond all limits"):
        number(value)


def test_a_text_is_a_number_only_where_that_is_allowed() -> None:
    assert number(" -12.5e1 ", texts=True) == -125.0
    for text in ("nan", "1_000", "0x10", "", "1e999", "12 kW"):
        with pytest.raises(BadPayload):
            number(text, texts=True)


@pytest.mark.parametrize(
    ("value", "certain"),
    [
        ("2025-11-21T04:40:00Z", True),
        ("2025-11-21T05:40:00+01:00", True),
        ("2025-11-21 04:40:00.000", False),
        ("2025-11-21T04:40:00.0000000Z", True),
        (1_763_700_000, True),
        (1_763_700_000.0, True),
        (1_763_700_000_000, True),
        (NOW_US, True),
        ("1763700000", True),
    ],
)
def test_a_time_is_understood_in_all_its_forms(value: object, certain: bool) -> None:
    assert instant_us(value, NOW_US) == (NOW_US, certain)


@pytest.mark.parametrize(
    "value",
    [0, 1.0, "1970-01-01T00:00:00Z", "2099-01-01T00:00:00Z", -5, True, None, "soon", {}, 1e300]
    + ["2025-13-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"],
)
def test_a_time_that_cannot_be_true_is_refused(value: object) -> None:
    with pytest.raises(BadPayload, match=r"cannot be true|is no time"):
        instant_us(value, NOW_US)


@settings(max_examples=60)
@given(st.integers(NOW_US - 10**12, NOW_US + 10**10))
def test_iso_times_come_back_to_the_microsecond(at_us: int) -> None:
    assert instant_us(utc(at_us).isoformat(), NOW_US) == (at_us, True)
    assert micros(utc(at_us)) == at_us
