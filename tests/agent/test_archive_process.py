"""The archive of a whole box: real inverter, control and gateway, the gateway killed meanwhile."""

from pathlib import Path

import pytest

from agent.archive.columns import COLUMNS
from agent.archive.reader import NoArchive, reading
from agent.archive.schema import FILE
from agent.archive.timeline import Timeline, Told
from agent.settings import fingerprint
from tests.support.agents import LoneBox, lone_box
from tests.support.system import wait_until
from wire.clock import SystemClock

NAMES = [column.name for column in COLUMNS]
SECOND_US = 1_000_000
FOREVER_US = 2**53
AWAY_S = 4


def archived(box: LoneBox) -> list[Told]:
    try:
        with reading(box.system.folder / "data" / FILE) as reader:
            return list(Timeline(reader, 0, FOREVER_US, NAMES))
    except NoArchive:
        return []


def now_s() -> int:
    return SystemClock().now_us() // SECOND_US


def seconds(box: LoneBox) -> list[int]:
    return [at_us // SECOND_US for told in archived(box) for at_us in told.rows.at_us]


@pytest.mark.slow
def test_what_control_did_while_the_gateway_was_dead_is_in_the_archive_with_its_reasons(
    tmp_path: Path,
) -> None:
    with lone_box(tmp_path) as box:
        box.start_inverter()
        box.start_control()
        box.start_gateway()
        wait_until(lambda: len(seconds(box)) >= 3, 60, "rows arrive")
        gateway = box.system.processes["gateway"]
        gateway.kill()
        gateway.wait()
        died_s = now_s()
        wait_until(lambda: now_s() >= died_s + AWAY_S, 60, "control works alone for a while")
        back_s = now_s()
        box.start_gateway()
        wait_until(lambda: max(seconds(box)) > back_s, 60, "rows arrive again")
        found, config = archived(box), fingerprint(box.config)
    kept = [at_us // SECOND_US for told in found for at_us in told.rows.at_us]
    assert kept == sorted(set(kept))
    assert set(kept) & set(range(died_s + 1, back_s))
    missed = [count for told in found for count in told.rows.columns["missed_beats"]]
    if missed[-1] == missed[0]:  # no beat was late: then no second may be missing either
        assert kept == list(range(kept[0], kept[-1] + 1))
    assert len({told.rows.boot for told in found}) == 1
    traces = [trace for told in found for trace in told.traces if trace is not None]
    assert len(traces) == len(kept)
    assert {trace.config for trace in traces} == {config}
    assert traces[-1].frequency == "inverter"
    assert {told.rows.columns["soc_pct"][-1] for told in found} != {None}
