"""drivers.push.intake: a pushed document becomes readings, exactly or not at all."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.document import open_document
from drivers.errors import ProfileError
from drivers.payload import BadPayload
from drivers.push.intake import Intake, describe, read_intake, take
from tests.support import strategies
from wire.block import Quality, Reading
from wire.clock import utc

NOW_US = 1_790_000_000_000_000
SECOND_US = 1_000_000
SEED = read_intake(open_document("seed-push"))


def profile(folder: Path, rest: str) -> Intake:
    file = folder / "mine.toml"
    head = '[profile]\nid = "mine"\nversion = 1\nsource = "test"\n'
    file.write_text(head + rest)
    return read_intake(open_document(str(file)))


def test_the_seed_systems_vector_arrives_in_our_units() -> None:
    document = {"soc_percent": 55.5, "active_power_mw": -0.5, "temperature_c": 25.3}
    taken = take(SEED, document, NOW_US)
    assert taken.readings == (
        Reading("battery.soc_pct", 55.5, Quality.GOOD, NOW_US),
        Reading("ac.power_kw", -500.0, Quality.GOOD, NOW_US),
        Reading("battery.temp_mean_c", 25.3, Quality.GOOD, NOW_US),
    )
    assert (taken.live, taken.certain) == (True, True)


def test_a_unit_in_the_message_wins_over_the_profiles() -> None:
    document = {"active_power_mw": {"value": -500, "unit": "kW"}}
    assert take(SEED, document, NOW_US).readings[0].value == -500.0


@pytest.mark.parametrize(
    "document",
    [
        {"soc_percent": 101},
        {"active_power_mw": {"value": 1, "unit": "hp"}},
        {"active_power_mw": 500},
    ],
)
def test_a_value_out_of_range_or_in_a_strange_unit_is_bad_and_never_a_number(
    document: object,
) -> None:
    (reading,) = take(SEED, document, NOW_US).readings
    assert (reading.value, reading.quality) == (None, Quality.BAD)


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ([], "a list of 0: a JSON object is expected"),
        ({}, "no value is in it; at least one of soc_percent, active_power_mw, temperature_c"),
        ({"soc_percent": None}, "no value is in it"),
        ({"soc_percent": "55"}, "battery.soc_pct: '55' is no number"),
        ({"soc_percent": True}, "battery.soc_pct: True is no number"),
        ({"soc_percent": {"value": 5, "unit": 5}}, "battery.soc_pct: 5 is no unit"),
        ({"soc_percent": 5, "timestamp": "soon"}, "timestamp: 'soon' is no time"),
        ({"soc_percent": 5, "timestamp": 0}, "timestamp: the time 0 cannot be true"),
        ({"soc_percent": 5, "timestamp": "2099-01-01T00:00:00Z"}, "cannot be true"),
        ({"points": {"Bad Name": 5}}, "points: 'Bad Name' is no name"),
        ({"points": [5]}, "points: an object of at most 200 points"),
        ({"points": {f"a.b{n}": 1 for n in range(201)}}, "points: an object of at most 200"),
        ({"soc_percent": 5, "points": {"battery.soc_pct": 6}}, "battery.soc_pct comes twice"),
    ],
)
def test_what_cannot_be_is_refused_whole_with_one_line(document: object, says: str) -> None:
    with pytest.raises(BadPayload) as caught:
        take(SEED, document, NOW_US)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_clock_a_little_ahead_is_tolerated_and_counts_as_now() -> None:
    document = {"soc_percent": 5, "timestamp": utc(NOW_US + 59 * SECOND_US).isoformat()}
    assert take(SEED, document, NOW_US).readings[0].at_us == NOW_US
    late = {"soc_percent": 5, "timestamp": utc(NOW_US + 75 * SECOND_US).isoformat()}
    with pytest.raises(BadPayload, match="75 s ahead of this box's clock; at most 60 s"):
        take(SEED, late, NOW_US)


def test_an_old_value_keeps_its_time_and_is_not_live() -> None:
    document = {"soc_percent": 5, "timestamp": (NOW_US - 3_601 * SECOND_US) // 1_000}
    taken = take(SEED, document, NOW_US)
    assert taken.readings[0].at_us == NOW_US - 3_601 * SECOND_US
    assert not taken.live


def test_a_time_without_zone_is_uncertain_and_each_value_may_have_its_own() -> None:
    own = {"value": 5, "timestamp": utc(NOW_US - SECOND_US).isoformat()}
    taken = take(SEED, {"soc_percent": own, "temperature_c": 20}, NOW_US)
    assert [reading.at_us for reading in taken.readings] == [NOW_US - SECOND_US, NOW_US]
    assert taken.certain
    naive = utc(NOW_US).isoformat().removesuffix("+00:00")
    assert not take(SEED, {"soc_percent": 5, "timestamp": naive}, NOW_US).certain


def test_an_open_profile_takes_any_named_point_and_a_closed_one_does_not(tmp_path: Path) -> None:
    document = {"points": {"grid.frequency_hz": 49.98, "meter.power_kw": {"value": 2, "unit": "W"}}}
    taken = take(SEED, document, NOW_US)
    assert [(r.point, r.value) for r in taken.readings] == [
        ("grid.frequency_hz", 49.98),
        ("meter.power_kw", 0.002),
    ]
    closed = profile(
        tmp_path, '[link]\nprotocol = "push"\n[[point]]\nname = "a.b_kw"\npath = "x.y[0]"\n'
    )
    with pytest.raises(BadPayload, match=r"at least one of x\.y\[0\]"):
        take(closed, document, NOW_US)
    assert take(closed, {"x": {"y": [7]}}, NOW_US).readings[0].value == 7.0


def test_a_named_point_keeps_the_limits_that_the_profile_has_for_it() -> None:
    (reading,) = take(SEED, {"points": {"battery.soc_pct": 120}}, NOW_US).readings
    assert reading.quality is Quality.BAD


@settings(max_examples=150)
@given(
    st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(
            ("soc_percent", "active_power_mw", "timestamp", "points"), strategies.json_values
        ),
    )
)
def test_no_document_raises_anything_but_a_refusal(document: object) -> None:
    try:
        taken = take(SEED, document, NOW_US)
    except BadPayload:
        return
    assert all((r.value is None) == (r.quality is Quality.BAD) for r in taken.readings)
    assert all(reading.at_us <= NOW_US for reading in taken.readings)


@pytest.mark.parametrize(
    ("rest", "says"),
    [
        ('path = "a..b"', "point 1 (a.b_kw).path: 'a..b' is not allowed; a path like"),
        ('access = "write"', "access: 'write' is not allowed; read,"),
        ("address = 3", "address: no such key"),
    ],
)
def test_a_mistake_in_the_profile_costs_one_line(tmp_path: Path, rest: str, says: str) -> None:
    with pytest.raises(ProfileError) as caught:
        profile(tmp_path, f'[link]\nprotocol = "push"\n[[point]]\nname = "a.b_kw"\n{rest}\n')
    assert says in str(caught.value)


def test_the_profile_is_described_a_line_a_point() -> None:
    lines = describe(open_document("seed-push"))
    assert len(lines) == 3
    assert "active_power_mw" in lines[1]
    assert "unconfirmed" in lines[1]
