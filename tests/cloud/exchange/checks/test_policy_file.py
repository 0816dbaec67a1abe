"""cloud.exchange.checks.policy_file: a file becomes a policy in force, or leaves the old one."""

from pathlib import Path

import pytest

from cloud.exchange.checks import policy_file
from cloud.exchange.checks.guard import Checks
from cloud.exchange.checks.throttle import BadPolicy, PolicyTooOld
from cloud.exchange.facts import Configured
from cloud.exchange.venue.venue import Venue
from tests.support.checks import AT_US


def test_a_file_is_journalled_and_in_force(tmp_path: Path) -> None:
    path = tmp_path / "throttle.yaml"
    path.write_text("version: 7\nper_market_rps: {PHO: 2}\n")
    command, notices = policy_file.read(path, {"PHO"}, 3, "admin")
    checks = Checks()
    (fact,) = Venue(checks).handle(command, AT_US)
    assert isinstance(fact, Configured)
    assert (fact.what, fact.version, fact.by) == ("throttle", 7, "admin")
    assert checks.throttle_remaining("werk", "PHO", AT_US) == 2
    assert len(notices) == 1


def test_a_file_that_is_bad_gone_or_of_old_is_told_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "throttle.yaml"
    with pytest.raises(BadPolicy, match=r"throttle.yaml cannot be read"):
        policy_file.read(path, {"PHO"}, 0, "admin")
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(BadPolicy, match=r"throttle.yaml cannot be read"):
        policy_file.read(path, {"PHO"}, 0, "admin")
    path.write_text("version: 2\nlimits: {PHO: {per_second: -1}}")
    with pytest.raises(BadPolicy, match=r"limits.PHO.per_second: -1 is not allowed"):
        policy_file.read(path, {"PHO"}, 0, "admin")
    path.write_text("version: 2")
    with pytest.raises(PolicyTooOld):
        policy_file.read(path, {"PHO"}, 3, "admin")
    assert policy_file.read(path, {"PHO"}, 3, "admin", forced=True)[0].version == 2
