"""A box without a time service, whose hub tells it how wrong its clock is: real processes."""

from pathlib import Path

import pytest

from agent.archive.reader import NoArchive, reading
from agent.archive.schema import FILE
from agent.archive.timeline import Timeline
from tests.support.system import Box, System, running_system, wait_until

pytestmark = pytest.mark.slow

SHIFT_S = 3_600.0
"""A clock that is moved is not the one that a time service keeps."""
FOREVER_US = 2**53
ARCHIVE_MS_MAX = 100.0


def errors_ms(system: System, box: Box) -> list[float | None]:
    """Return what the clock was believed to be wrong by, second by second."""
    try:
        with reading(system.folder / box.site / FILE) as reader:
            told = list(Timeline(reader, 0, FOREVER_US, ["clock_err_ms"]))
    except NoArchive:
        return []
    return [error_ms for one in told for error_ms in one.rows.columns["clock_err_ms"]]


def test_a_box_without_a_time_service_is_good_enough_for_fcr_once_its_hub_has_confirmed_it(
    tmp_path: Path,
) -> None:
    with running_system(tmp_path, SHIFT_S) as system:
        system.post("/api/v1/accounts", id="acme", name="Acme")
        system.add_site("werk", "acme")
        box = system.add_box("werk")
        system.start_device("inverter", box.device_port)
        system.start_agent(box)

        def good_enough() -> bool:
            newest_ms = next(reversed(errors_ms(system, box)), None)
            return newest_ms is not None and 0.0 < newest_ms <= ARCHIVE_MS_MAX

        wait_until(good_enough, 120.0, "the error that the hub has shown is in the archive")
