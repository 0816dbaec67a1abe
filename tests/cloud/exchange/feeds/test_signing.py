"""Signed messages: the test vector, what Python and Node write alike, what is not believed."""

import json
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloud.exchange.feeds.canonical import Unsignable, ascii_or_none, ratio, text_of
from cloud.exchange.feeds.envelope import BadEnvelope, sealed, verified
from cloud.exchange.feeds.ring import KeyRing, SigningKey
from tests.support.npm import needs_node

SECRET = bytes(range(32))
KEY = SigningKey("2026-01", SECRET)
RING = KeyRing((KEY,))
AT_MS = 1_767_225_600_000
READER = Path(__file__).parents[3] / "support" / "feed_reader.js"
TRADE = {
    "type": "trade",
    "trade_id": "T-1",
    "market": "EPEX_AT_INTRADAY_15MIN",
    "price": -12.35,
    "quantity": 2.5,
    "side": "BUY",
}


class Node:
    """A Node process that checks messages, one line each."""

    def __init__(self, keys: Path) -> None:
        keys.write_text(json.dumps({KEY.kid: SECRET.hex()}))
        self.process = subprocess.Popen(
            ["node", str(READER), "verify", str(keys)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def verdict(self, message: str) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(message + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    found = Node(tmp_path_factory.mktemp("keys") / "keys.json")
    yield found
    found.process.communicate()


def message(data: dict[str, Any]) -> str:
    return sealed(text_of(data), KEY, AT_MS)


def test_the_test_vector_is_signed_as_the_page_says() -> None:
    text = (
        '{"type":"trade","trade_id":"T-1","market":"EPEX_AT_INTRADAY_15MIN",'
        '"price":-12.35,"quantity":2.5,"side":"BUY"}'
    )
    assert text_of(TRADE) == text
    assert json.loads(message(TRADE))["meta"] == {
        "ts": "1767225600000",
        "sig": "tarmUWzODdr/Ku9r8K5+oKwbSjZgZ7ADOAQD8Lwxf5Y=",
        "algo": "HMAC-SHA256",
        "key_id": "2026-01",
    }
    assert KEY.fingerprint == "630dcd2966c43366"
    assert str(SECRET) not in repr(KEY)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (10.0, "10.0 is not allowed"),
        (-0.0, "-0.0 is not allowed"),
        (0.00001, "1e-05 is not allowed"),
        (1e16, "1e[+]16 is not allowed"),
        (float("nan"), "nan is not allowed"),
        (float("inf"), "inf is not allowed"),
        (2**53, "beyond 53 bits"),
        (-(2**53), "beyond 53 bits"),
        ("Öl", "printable ASCII"),
        ("a\nb", "printable ASCII"),
        ("\x7f", "printable ASCII"),
        ({"1": 2}, "the key '1' is not allowed"),
        ({"": 2}, "the key '' is not allowed"),
        ({1: 2}, "the key 1 is not allowed"),
        (b"x", "bytes is not allowed"),
        ([[[[[[[[[1]]]]]]]]], "nested deeper than 8"),
    ],
)
def test_what_two_languages_write_differently_is_never_signed(value: object, said: str) -> None:
    with pytest.raises(Unsignable, match=said):
        text_of({"type": "x", "value": value})


def test_whole_numbers_are_written_as_integers() -> None:
    assert [ratio(count, 100) for count in (8_550, -1_235, 1_000, 0, -300)] == [
        85.5,
        -12.35,
        10,
        0,
        -3,
    ]
    assert ratio(250, 1_000_000) == 0.00025
    assert (ascii_or_none("auftrag 1"), ascii_or_none("aufträge")) == ("auftrag 1", None)


LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53) + 1, 2**53 - 1),
    st.floats(1e-4, 1e15).filter(lambda number: not number.is_integer()),
    st.floats(-1e15, -1e-4).filter(lambda number: not number.is_integer()),
    st.integers(-(10**9), 10**9).map(lambda ticks: ratio(ticks, 100)),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20),
)
NAMES = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=12).filter(
    lambda name: not name.isdigit() and name != "__proto__"
)
DATA = st.dictionaries(
    NAMES,
    st.recursive(
        LEAVES,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
        max_leaves=12,
    ),
    max_size=6,
)


@needs_node
@given(data=DATA)
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_node_verifies_whatever_python_signs(node: Node, data: dict[str, Any]) -> None:
    assert node.verdict(message(data)) == "ok"
    assert verified(message(data), RING, AT_MS * 1_000) == data


def any_data(chance: random.Random) -> dict[str, Any]:
    """Return data as the feeds send it, with numbers of all allowed sizes."""
    levels = [
        [ratio(chance.randint(-50_000, 400_000), 100), ratio(chance.randint(1, 10**6) * 250, 10**6)]
        for _ in range(chance.randint(0, 10))
    ]
    sized = chance.uniform(-1, 1) * 10 ** chance.uniform(-3, 15)
    return {
        "type": chance.choice(["book", "trade", "order"]),
        "market": "".join(chance.choices("ABC_ -/\\\"'<>&{}~!", k=12)),
        "seq": chance.randint(0, 2**53 - 1),
        "bids": levels,
        "sized": 0 if abs(sized) < 1e-4 or sized.is_integer() else sized,
        "nothing": None,
        "flag": chance.random() < 0.5,
    }


@needs_node
@pytest.mark.slow
def test_a_hundred_thousand_messages_are_verified_and_every_changed_byte_is_found(
    tmp_path: Path,
) -> None:
    chance = random.Random(6)
    sent = [message(any_data(chance)) for _ in range(100_000)]
    damaged = {place: changed(sent[place], chance) for place in range(0, len(sent), 50)}
    lines = [damaged.get(place, text) for place, text in enumerate(sent)]
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({KEY.kid: SECRET.hex()}))
    done = subprocess.run(
        ["node", str(READER), "verify", str(keys)],
        input="\n".join(lines) + "\n",
        capture_output=True,
        text=True,
        check=True,
    )
    verdicts = done.stdout.splitlines()
    assert len(verdicts) == len(sent)
    wrong = [place for place, said in enumerate(verdicts) if (said == "ok") == (place in damaged)]
    assert not wrong, [(lines[place], verdicts[place]) for place in wrong[:3]]
    for place, text in damaged.items():
        with pytest.raises(BadEnvelope):
            verified(text, RING, AT_MS * 1_000)
        assert verified(sent[place], RING, AT_MS * 1_000)


def changed(text: str, chance: random.Random) -> str:
    """Return the message with one letter of its data, its time or its signature changed.

    A base64 text of 32 bytes ends with bits that mean nothing; they are left alone.
    """
    data, sig = text.index('"data":') + 8, text.index('"sig":"') + 7
    places = [*range(data, len(text) - 1), *range(sig, sig + 42)]
    while True:
        place = chance.choice(places)
        other = chance.choice("0123456789abcXYZ,")
        found = text[:place] + other + text[place + 1 :]
        if other != text[place] and not same(found, text):
            return found


def same(one: str, other: str) -> bool:
    """Say whether two messages carry the same; a changed byte may be only another writing."""
    try:
        return bool(json.loads(one) == json.loads(other))
    except ValueError:
        return False


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "MALFORMED"),
        ("[]", "MALFORMED"),
        ('{"meta":{},"data":{}}', "MALFORMED"),
        (message(TRADE).replace("2026-01", "2025-12"), "UNKNOWN_KEY"),
        (message(TRADE).replace("-12.35", "-12.36"), "BAD_SIGNATURE"),
        (message(TRADE).replace("1767225600000", "1767225600001"), "BAD_SIGNATURE"),
        (sealed(text_of(TRADE), KEY, AT_MS - 60_001), "TOO_OLD"),
        (sealed(text_of(TRADE), KEY, AT_MS + 60_001), "TOO_OLD"),
    ],
)
def test_what_is_not_to_be_believed_is_refused_with_a_code(text: str, code: str) -> None:
    with pytest.raises(BadEnvelope) as refused:
        verified(text, RING, AT_MS * 1_000)
    assert refused.value.code == code
