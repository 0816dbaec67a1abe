"""`simulators.demo_folder`: one demonstration a folder, private, and never anybody else's files."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators import demo_folder
from simulators.demo_folder import LEAD_S, State, next_shift_s, opened
from simulators.errors import BadInput


def test_what_one_start_saves_the_next_one_finds(tmp_path: Path) -> None:
    state = State(shift_s=12.5, keys={"trader": "pho_x"}, boxes={"a": {"gateway": "g"}})
    with opened(tmp_path / "data", fresh=False) as folder:
        assert folder.load() == State()
        folder.save(state)
    with opened(tmp_path / "data", fresh=False) as folder:
        assert folder.load() == state


def test_fresh_forgets_everything(tmp_path: Path) -> None:
    with opened(tmp_path / "data", fresh=False) as folder:
        folder.save(State(shift_s=1.0))
        (folder.root / "hub").mkdir()
        (folder.root / "hub" / "hub.db").touch()
    with opened(tmp_path / "data", fresh=True) as folder:
        assert folder.load() == State()
        assert {path.name for path in folder.root.iterdir()} == {"demo.lock", "logs"}


def test_secrets_are_for_their_owner_only(tmp_path: Path) -> None:
    with opened(tmp_path / "data", fresh=False) as folder:
        folder.save(State(keys={"trader": "pho_x"}))
        demo_folder.write_private(folder.market_keys, "{}")
        assert folder.root.stat().st_mode & 0o077 == 0
        for path in (folder.root / "demo.json", folder.market_keys):
            assert path.stat().st_mode & 0o077 == 0


def test_two_demonstrations_never_share_a_folder(tmp_path: Path) -> None:
    with (
        opened(tmp_path / "data", fresh=False),
        pytest.raises(BadInput, match="another demonstration runs"),
        opened(tmp_path / "data", fresh=True),
    ):
        raise AssertionError("not reached")


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(BadInput, match="holds something else"), opened(tmp_path, fresh=True):
        raise AssertionError("not reached")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path) -> None:
    file = tmp_path / "data"
    file.touch()
    with pytest.raises(BadInput, match=str(file)), opened(file, fresh=False):
        raise AssertionError("not reached")


def test_a_path_too_long_for_sockets_is_refused_in_time(tmp_path: Path) -> None:
    with (
        pytest.raises(BadInput, match="too long a path"),
        opened(tmp_path / ("x" * 100), fresh=False),
    ):
        raise AssertionError("not reached")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 99}', '{"version": 1, "x": 2}'])
def test_a_damaged_state_costs_one_line_that_says_what_to_do(tmp_path: Path, text: str) -> None:
    with opened(tmp_path / "data", fresh=False) as folder:
        (folder.root / "demo.json").write_text(text)
        with pytest.raises(BadInput, match="start over with --fresh") as caught:
            folder.load()
    assert "\n" not in str(caught.value)


@given(now_us=st.integers(0, 4_000_000_000_000_000), before_s=st.floats(0, 1e6))
def test_the_clock_is_put_just_before_a_quarter_hour_and_never_back(
    now_us: int, before_s: float
) -> None:
    shift_s = next_shift_s(now_us, before_s)
    assert before_s - 0.001 <= shift_s <= before_s + 900.001
    left_s = 900.0 - (now_us / 1e6 + shift_s) % 900.0
    assert abs(left_s - LEAD_S) < 0.01
