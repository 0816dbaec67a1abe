"""agent.control.evidence: a cycle's numbers as points, its change of mode as an event."""

import math
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from agent.archive.columns import BY_NAME, REASONS, bit, reasons
from agent.control.decide import AUTOMATIC, SAFE, Decision
from agent.control.evidence import Record, mode_changed, readings, row
from agent.control.plant import PlantState
from agent.control.quantity import UNKNOWN, Quantity
from agent.control.response.product import ProductState
from agent.status import Reason
from tests.support.plants import HEALTHY, LIMITS, changed
from wire.block import Quality, Reading
from wire.points import STANDARD
from wire.sync import EVENT_TEXT_MAX, Severity

DECISION = Decision(
    mode=AUTOMATIC,
    setpoint_kw=32.0,
    base_kw=30.0,
    schedule_kw=30.0,
    response_kw=2.0,
    lower_kw=-80.0,
    upper_kw=100.0,
    units=(),
    reasons=(Reason("SCHEDULE", "asks for 30 kW", 30.0),),
)
RECORD = Record(at_us=5, plant=HEALTHY, decision=DECISION)


def test_a_record_becomes_the_standard_points_of_control() -> None:
    assert readings(RECORD) == (
        Reading("control.setpoint_kw", 32.0, Quality.GOOD, 5),
        Reading("control.schedule_kw", 30.0, Quality.GOOD, 5),
        Reading("control.response_kw", 2.0, Quality.GOOD, 5),
    )
    assert all(reading.point in STANDARD for reading in readings(RECORD))


def test_a_change_of_mode_is_an_event_that_gives_the_reasons() -> None:
    event = mode_changed(SAFE, RECORD)
    assert (event.code, event.severity, event.at_us) == ("MODE_CHANGED", Severity.INFO, 5)
    assert event.text == "safe → automatic (SCHEDULE: asks for 30 kW)"


def test_an_event_never_grows_longer_than_a_message_may_be() -> None:
    reasons = tuple(Reason("I9", "x" * 100, 0.0) for _ in range(9))
    decision = Decision(
        mode=SAFE,
        setpoint_kw=0.0,
        base_kw=0.0,
        schedule_kw=0.0,
        response_kw=0.0,
        lower_kw=0.0,
        upper_kw=0.0,
        units=(),
        reasons=reasons,
    )
    event = mode_changed(AUTOMATIC, Record(at_us=5, plant=HEALTHY, decision=decision))
    assert len(event.text) == EVENT_TEXT_MAX
    assert event.severity is Severity.WARNING


def values(plant: PlantState, decision: Decision = DECISION, **kwargs: float) -> dict[str, Reading]:
    found = row(Record(at_us=5_250_000, plant=plant, decision=decision), LIMITS, missed=3, **kwargs)
    return {reading.point.removeprefix("archive."): reading for reading in found}


def test_a_row_has_a_known_name_for_every_number_and_no_number_that_the_site_does_not_have() -> (
    None
):
    found = values(HEALTHY)
    assert set(found) <= set(BY_NAME)
    assert not {"v_v", "v_pu", "p_site_kw", "e_mwh", "alert", "cap_armed_mw"} & set(found)
    assert found["p_base_kw"].value == 30.0
    assert found["beat_ms"].value == 250.0
    assert found["missed_beats"].value == 3.0
    assert reasons(found["reason_bits"].value) == ("SCHEDULE",)


def test_the_voltage_of_a_row_is_the_lowest_phase_in_volts_and_per_unit() -> None:
    plant = replace(HEALTHY, voltages_v=(Quantity(231.0, 0.1), Quantity(115.0, 0.1), UNKNOWN))
    found = values(plant, nominal_v=230.0)
    assert (found["v_v"].value, found["v_pu"].value) == (115.0, 0.5)


def test_what_a_product_did_is_in_the_row_with_what_is_armed() -> None:
    armed = ProductState(
        product="fcr_ce", capacity_kw=250.0, armed=True, alert=True, c1_s=301.5, endurance_min=22.0
    )
    unarmed = ProductState(product="fcr_n", capacity_kw=100.0, armed=False, nem=-1)
    found = values(HEALTHY, replace(DECISION, products=(armed, unarmed)))
    assert (found["cap_armed_mw"].value, found["alert"].value) == (0.25, 1.0)
    assert (found["c1_s"].value, found["nem"].value) == (301.5, -1.0)
    assert (found["endurance_min"].value, found["df_react_hz"].value) == (22.0, None)


@given(
    st.one_of(st.none(), st.floats()),
    st.floats(0, 1e9),
    st.one_of(st.none(), st.floats()),
    st.sampled_from(Quality),
)
def test_no_number_of_the_plant_breaks_a_row_and_what_is_old_or_senseless_is_empty(
    power_kw: float | None, age_s: float, soc_pct: float | None, quality: Quality
) -> None:
    plant = changed(
        HEALTHY,
        power_kw=Quantity(power_kw, age_s, quality),
        soc_pct=Quantity(soc_pct, age_s, quality),
        frequency_hz=Quantity(power_kw, age_s, quality),
    )
    found = values(plant, nominal_v=230.0)
    for reading in found.values():
        assert (reading.value is None) is (reading.quality is not Quality.GOOD)
        assert reading.value is None or math.isfinite(reading.value)
    if power_kw is None or age_s > 2.0 or not math.isfinite(power_kw):
        assert found["p_meas_kw"].value is None


def test_every_reason_of_the_code_has_a_bit_of_its_own_or_the_last() -> None:
    bits = [bit(code) for code in REASONS]
    assert len(set(bits)) == len(bits)
    assert max(bits) < bit("SOMETHING_NEW") < 2**53
    assert reasons(bit("I7") | bit("SOMETHING_NEW")) == ("I7", "OTHER")
    assert reasons(None) == ()
