"""drivers.tag: a device's number in the point's unit and sign, and back; a strange one is none."""

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.base import Rate
from drivers.errors import ProfileError
from drivers.point import Access
from drivers.table import Table
from drivers.tag import Tag, described, read_tag


def row(**content: object) -> Table:
    return Table("t: ", {"name": "ac.power_kw", **content})


@pytest.mark.parametrize(
    ("tag", "raw", "unit", "value"),
    [
        (Tag(name="ac.power_kw"), -0.5, "MW", -500.0),
        (Tag(name="ac.power_kw", unit="MW"), -0.5, "", -500.0),
        (Tag(name="ac.power_kw", unit="MW"), -0.5, "kW", -0.5),
        (Tag(name="ac.power_kw", unit="W", scale=-1.0), 1_500, "", -1.5),
        (Tag(name="battery.current_a", scale=-0.1, offset=3_200.0), 33_000, "", -100.0),
        (Tag(name="battery.temp_mean_c", offset=-40.0), 65, "", 25.0),
        (Tag(name="grid.frequency_hz"), 49_987, "mHz", 49.987),
        (Tag(name="pcs.status", scale=0.1), 3, "", 0.3),
        (Tag(name="ac.power_kw"), 1, "GW", None),
        (Tag(name="pcs.status"), 1, "kW", None),
        (Tag(name="ac.power_kw"), math.nan, "", None),
        (Tag(name="ac.power_kw"), math.inf, "", None),
        (Tag(name="ac.power_kw", scale=1e9), 1e300, "", None),
        (Tag(name="battery.soc_pct", low=0.0, high=100.0), 100.1, "", None),
        (Tag(name="battery.soc_pct", low=0.0, high=100.0), -0.1, "", None),
        (Tag(name="battery.soc_pct", low=0.0, high=100.0), 100, "", 100.0),
    ],
)
def test_a_number_becomes_the_points_value_or_none(
    tag: Tag, raw: float, unit: str, value: float | None
) -> None:
    assert tag.value(raw, unit) == value


def test_zero_has_no_sign() -> None:
    assert str(Tag(name="ac.power_kw", scale=-1.0).value(0)) == "0.0"
    assert str(Tag(name="ac.power_kw", scale=-1.0).raw(0.0)) == "0.0"


@settings(max_examples=200)
@given(
    st.floats(-1e5, 1e5),
    st.sampled_from([1.0, -1.0, 0.1, -0.001, 10.0]),
    st.floats(-1e3, 1e3),
    st.sampled_from(["", "W", "kW", "MW"]),
)
def test_what_is_written_is_what_is_read(
    value: float, scale: float, offset: float, unit: str
) -> None:
    tag = Tag(name="ac.power_kw", scale=scale, offset=offset, unit=unit)
    assert tag.value(tag.raw(value)) == pytest.approx(value, abs=1e-5)


def test_a_row_of_a_profile_is_read_whole(tmp_path: Path) -> None:
    tag = read_tag(
        row(
            scale=-1,
            offset=2,
            unit="W",
            min=-5,
            max=5,
            rate="slow",
            access="read-write",
            stale_s=3,
            confirmed=False,
        )
    )
    assert tag == Tag(
        name="ac.power_kw",
        scale=-1.0,
        offset=2.0,
        unit="W",
        low=-5.0,
        high=5.0,
        rate=Rate.SLOW,
        access=Access.READ_WRITE,
        stale_s=3.0,
        confirmed=False,
    )
    assert read_tag(row()) == Tag(name="ac.power_kw")
    assert "unconfirmed" in described(tag, "topic")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ({"name": "Power"}, "name: 'Power' is not allowed; a dotted name"),
        ({"scale": 0}, "scale: 0.0 is not allowed; a number other than 0"),
        ({"unit": "GW"}, "unit: 'GW' is not allowed; W, kW, MW is expected"),
        ({"name": "pcs.status", "unit": "W"}, "unit: 'W' is not allowed; no unit"),
        ({"min": 2, "max": 1}, "min: 2.0 is not allowed; a number up to max 1"),
        ({"rate": "often"}, "rate"),
        ({"access": "all"}, "access"),
        ({"stale_s": 0}, "stale_s"),
        ({"scale": True}, "scale"),
    ],
)
def test_a_mistake_in_a_row_is_one_line(content: dict[str, object], complaint: str) -> None:
    with pytest.raises(ProfileError, match=complaint) as caught:
        read_tag(row(**content))
    assert "\n" not in str(caught.value)
