"""agent.gateway.rules: what is left out could be told from what is kept."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from agent.gateway.pack import Packer
from agent.gateway.rules import EARLY, Rule
from agent.link import Item
from wire import block as blocks
from wire.block import Block, Quality, Reading
from wire.sync import FrameClass

SECOND_US = 1_000_000
TEMPERATURE = Rule(points=("battery.temp*",), deadband=0.5, period_s=10, heartbeat_s=60)


def items(
    values: list[float | None],
    point: str = "battery.temp_mean_c",
    boot: str = "boot",
    begin_s: int = 0,
) -> list[Item]:
    found = []
    for i, value in enumerate(values):
        quality = Quality.LOST if value is None else Quality.GOOD
        at_us = (begin_s + i) * SECOND_US
        reading = Reading(point, value, quality, at_us)
        power = Reading("ac.power_kw", float(i), Quality.GOOD, at_us)
        found.append(Item(i, blocks.sample("inverter", boot, i, at_us, [reading, power])))
    return found


def kept(packer: Packer, given: list[Item], point: str = "battery.temp_mean_c") -> list[int]:
    """Return the instants (s) at which `point` is kept, after checking that its values are."""
    packer.begin()
    drafts = packer.pack(given)
    packer.stored()
    truth = {
        (name, item.content.at_us[0]): item.content.values[p][0]
        for item in given
        if isinstance(item.content, Block)
        for p, name in enumerate(item.content.points)
    }
    found = []
    for draft in drafts:
        block = blocks.decode(draft.payload)
        for p, name in enumerate(block.points):
            for s, at_us in enumerate(block.at_us):
                assert block.values[p][s] == truth[name, at_us]
                if name == point:
                    found.append(at_us // SECOND_US)
    return sorted(found)


def test_a_point_without_a_rule_keeps_everything() -> None:
    assert kept(Packer(rules=[TEMPERATURE]), items([1.0] * 30), "ac.power_kw") == list(range(30))


def test_a_value_that_stands_still_is_kept_first_and_at_each_heartbeat() -> None:
    assert kept(Packer(rules=[TEMPERATURE]), items([20.0] * 130)) == [0, 57, 114]


def test_a_change_beyond_the_deadband_is_kept_once_its_period_is_over() -> None:
    values: list[float | None] = [20.0, 21.0, *[21.0] * 8, 21.0, 21.4, *[21.0] * 8]
    assert kept(Packer(rules=[TEMPERATURE]), items(values)) == [0, 10]


def test_a_change_of_quality_is_kept_at_once() -> None:
    values: list[float | None] = [20.0, None, None, 20.0, 20.0]
    assert kept(Packer(rules=[TEMPERATURE]), items(values)) == [0, 1, 3]


def test_a_new_run_of_control_begins_with_a_sample_of_every_point() -> None:
    packer = Packer(rules=[TEMPERATURE])
    assert kept(packer, items([20.0] * 3)) == [0]
    assert kept(packer, items([20.0] * 3, boot="next", begin_s=3)) == [3]


def test_what_was_kept_is_remembered_over_commits_but_only_of_those_that_were_stored() -> None:
    packer = Packer(rules=[TEMPERATURE])
    packer.begin()
    first = packer.pack(items([20.0]))
    packer.begin()
    assert packer.pack(items([20.0])) == first
    packer.stored()
    assert kept(packer, items([20.0] * 3, begin_s=1)) == []


def test_the_first_rule_that_names_a_point_holds() -> None:
    all_of_it = Rule(points=("battery.*",))
    assert kept(Packer(rules=[all_of_it, TEMPERATURE]), items([20.0] * 5)) == list(range(5))


def test_settlement_points_are_frames_of_their_own_class_and_never_thinned_out() -> None:
    strict = Rule(points=("*",), deadband=100.0, period_s=60, heartbeat_s=3600)
    packer = Packer(rules=[strict])
    drafts = packer.pack(items([1.0] * 5, "meter.import_kwh"))
    assert [draft.kind for draft in drafts] == [FrameClass.SETTLEMENT, FrameClass.TELEMETRY]
    settlement, telemetry = (blocks.decode(draft.payload) for draft in drafts)
    assert settlement.points == ("meter.import_kwh",)
    assert len(settlement.at_us) == 5
    assert telemetry.points == ("ac.power_kw",)
    assert len(telemetry.at_us) == 1


@given(
    st.lists(st.one_of(st.none(), st.integers(0, 30).map(float)), min_size=1, max_size=80),
    st.integers(0, 5),
    st.integers(1, 12),
    st.integers(12, 40),
    st.integers(1, 80),
)
def test_whatever_is_left_out_was_near_what_was_kept_before_it(
    values: list[float | None], deadband: int, period_s: int, heartbeat_s: int, cut: int
) -> None:
    rule = replace(
        TEMPERATURE, deadband=float(deadband), period_s=period_s, heartbeat_s=heartbeat_s
    )
    packer = Packer(rules=[rule])
    given = items(values)
    instants = kept(packer, given[:cut]) + kept(packer, given[cut:])
    assert instants[0] == 0
    assert instants == sorted(set(instants))
    last = 0
    for at_s, value in enumerate(values):
        before = values[last]
        if at_s in instants:
            last = at_s
            continue
        assert (value is None) == (before is None)
        assert at_s - last < heartbeat_s
        if at_s - last >= period_s * (1 - EARLY) and value is not None and before is not None:
            assert abs(value - before) <= deadband
