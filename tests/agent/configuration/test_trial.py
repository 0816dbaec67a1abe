"""agent.configuration.trial: new settings are in place or taken back, wherever the power goes."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.configuration import health, trial
from agent.configuration.health import Seen, Trial
from agent.configuration.trial import STARTS_MAX, TrialImpossible

OLD, NEW = 'site = "a"\n', 'site = "b"\n'
TRIAL = Trial(
    command="k-1",
    old=trial.digest(OLD),
    new=trial.digest(NEW),
    control_boot="boot-1",
    devices=("inverter",),
    hub=True,
)
WELL = Seen(
    linked=True,
    control_boot="boot-2",
    configured=["inverter"],
    connected=["inverter"],
    hub=True,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "site.toml"
    path.write_text(OLD)
    return path


def test_a_trial_that_goes_well_leaves_the_new_file_and_nothing_beside_it(path: Path) -> None:
    trial.begin(path, NEW, TRIAL)
    assert path.read_text() == NEW
    trial.guard(path, counted=True)
    trial.guard(path, counted=False)
    now = trial.read(path)
    assert now == replace(TRIAL, starts=1)
    trial.finish(path)
    assert [file.name for file in path.parent.iterdir()] == ["site.toml"]
    assert path.read_text() == NEW


def test_a_trial_that_goes_badly_brings_the_old_file_back_and_says_why(path: Path) -> None:
    trial.begin(path, NEW, TRIAL)
    assert trial.roll_back(path, "no inverter")
    assert path.read_text() == OLD
    assert not trial.roll_back(path, "again")
    now = trial.read(path)
    assert now is not None
    assert now.failed == "no inverter"
    trial.guard(path, counted=True)
    assert path.read_text() == OLD


def test_a_gateway_that_never_comes_to_a_verdict_ends_the_trial(path: Path) -> None:
    trial.begin(path, NEW, TRIAL)
    for _ in range(STARTS_MAX):
        trial.guard(path, counted=True)
        assert path.read_text() == NEW
    trial.guard(path, counted=True)
    assert path.read_text() == OLD


def test_a_box_without_a_trial_starts_as_ever(path: Path) -> None:
    trial.guard(path, counted=True)
    assert not trial.roll_back(path, "nothing")
    assert path.read_text() == OLD


def test_a_marker_that_is_no_marker_changes_nothing(path: Path) -> None:
    (path.parent / "site.toml.trial").write_text("{}")
    trial.guard(path, counted=True)
    assert path.read_text() == OLD


def test_a_link_to_the_settings_stays_a_link(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "current.toml"
    link.symlink_to(path)
    trial.begin(link, NEW, TRIAL)
    assert (link.is_symlink(), path.read_text()) == (True, NEW)
    assert trial.read(link) == TRIAL
    assert trial.roll_back(link, "no")
    assert (link.is_symlink(), path.read_text()) == (True, OLD)


def test_a_folder_that_cannot_be_written_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(TrialImpossible, match=r"cannot be replaced"):
        trial.begin(tmp_path / "nowhere" / "site.toml", NEW, TRIAL)


class PowerCut(BaseException):
    pass


@pytest.fixture
def power(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Cut the power before a file is put in place, when the count has come down to 0."""
    left = [-1]
    replacing = Path.replace

    def maybe(source: Path, target: Path) -> Path:
        if left[0] == 0:
            raise PowerCut
        left[0] -= 1
        return replacing(source, target)

    monkeypatch.setattr(Path, "replace", maybe)
    yield left
    monkeypatch.undo()


@pytest.mark.parametrize("steps", range(3))
def test_wherever_the_power_goes_at_the_beginning_one_whole_file_is_in_force(
    path: Path, power: list[int], steps: int
) -> None:
    power[0] = steps
    with pytest.raises(PowerCut):
        trial.begin(path, NEW, TRIAL)
    power[0] = -1
    assert path.read_text() == OLD
    trial.guard(path, counted=True)
    now = trial.read(path)
    assert path.read_text() == OLD
    assert (now is not None and bool(now.failed)) is (steps == 2)


@pytest.mark.parametrize("steps", range(2))
def test_wherever_the_power_goes_on_the_way_back_the_old_file_comes(
    path: Path, power: list[int], steps: int
) -> None:
    trial.begin(path, NEW, TRIAL)
    power[0] = steps
    with pytest.raises(PowerCut):
        trial.roll_back(path, "no inverter")
    power[0] = -1
    if steps:
        trial.guard(path, counted=True)
        assert path.read_text() == OLD
    else:
        assert path.read_text() == NEW
        assert trial.roll_back(path, "no inverter")
        assert path.read_text() == OLD


def test_the_files_beside_the_settings_are_for_us_alone(path: Path) -> None:
    trial.begin(path, NEW, TRIAL)
    for file in path.parent.iterdir():
        assert oct(os.stat(file).st_mode & 0o777) == "0o600", file


@pytest.mark.parametrize(
    ("seen", "missing"),
    [
        (WELL, []),
        (replace(WELL, linked=False), ["control is not connected"]),
        (replace(WELL, control_boot="boot-1"), ["control has not been started again"]),
        (replace(WELL, connected=[]), ["inverter does not answer"]),
        (replace(WELL, connected=[], configured=["other"]), []),
        (replace(WELL, hub=False), ["the hub is not reached"]),
        (replace(WELL, hub=None), ["there is no hub any more"]),
    ],
)
def test_a_box_is_well_when_nothing_is_missing_that_was_there(
    seen: Seen, missing: list[str]
) -> None:
    assert list(health.missing(TRIAL, seen)) == missing


def test_a_hub_that_was_away_before_need_not_be_there_after() -> None:
    assert list(health.missing(replace(TRIAL, hub=False), replace(WELL, hub=False))) == []
