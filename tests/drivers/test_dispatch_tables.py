"""drivers.dispatch: every manner of dispatching is read, and a dangerous one is refused."""

from pathlib import Path

import pytest

from drivers.control import REFRESH_S_MAX, WatchdogKind
from drivers.errors import ProfileError
from drivers.profile import Profile, load

HEAD = '[profile]\nid = "maker"\nversion = 1\nsource = "this test"\n[link]\nprotocol = "modbus"\n'
HEAD += "timeout_s = 0.5\n"
REFRESHED = '[watchdog]\nkind = "write-refresh"\ntimeout_s = 30\n'
COUNTER = '[watchdog]\nkind = "counter"\npoint = "pcs.alive"\nincrement_s = 4\ntimeout_s = 60\n'
TIMER = '[watchdog]\nkind = "timer-register"\npoint = "pcs.timer_s"\nvalue = 30\n'
PLAIN = '[control]\nsetpoint = "pcs.set_power_kw"\n'
SPLIT = """
[control.split]
magnitude = "pcs.amount_kw"
direction = "pcs.direction"
charge = 1
discharge = 2
zero = 0
"""


def row(name: str, address: int, extra: str = "") -> str:
    return (
        f'[[point]]\nname = "{name}"\nkind = "holding"\naddress = {address}\ntype = "uint16"\n'
        f'access = "read-write"\n{extra}\n'
    )


POINTS = "".join(
    (
        row("pcs.set_power_kw", 1),
        row("pcs.amount_kw", 2),
        row("pcs.direction", 3, "max = 9"),
        row("pcs.alive", 4),
        row("pcs.timer_s", 5, "max = 600"),
        row("pcs.mode", 6),
        row("pcs.rated_kw", 7),
        row("pcs.worn", 8, "flash = true"),
        row("pcs.secret", 9).replace("read-write", "write"),
        row("pcs.seldom_kw", 10, "min_interval_s = 20"),
    )
)


def read(folder: Path, text: str) -> Profile:
    path = folder / "maker.toml"
    path.write_text(HEAD + text + POINTS, encoding="utf-8")
    return load(str(path))


def test_a_split_setter_names_its_magnitudes_and_what_the_directions_are(tmp_path: Path) -> None:
    control = read(tmp_path, REFRESHED + SPLIT).control
    assert control is not None
    assert control.split is not None
    assert control.split.charge_magnitude == control.split.discharge_magnitude == control.setpoint
    assert (control.split.charge.value, control.split.zero.point.name) == (1.0, "pcs.direction")
    assert [point.name for point in control.setpoints] == ["pcs.amount_kw"]
    assert {point.name for point in control.cyclic} == {"pcs.amount_kw", "pcs.direction"}


def test_a_life_counter_is_looked_after_several_times_in_each_of_its_counts(
    tmp_path: Path,
) -> None:
    watchdog = read(tmp_path, COUNTER + PLAIN).watchdog
    assert watchdog.kind is WatchdogKind.COUNTER
    assert watchdog.counter is not None
    assert (watchdog.refresh_s, watchdog.rewrite_s, watchdog.wrap) == (1.0, 10.0, 65_536)


def test_a_timer_register_is_its_own_time_out(tmp_path: Path) -> None:
    watchdog = read(tmp_path, TIMER + PLAIN).watchdog
    assert watchdog.timer is not None
    assert (watchdog.timeout_s, watchdog.refresh_s) == (30.0, 10.0)


def test_the_vectors_keep_their_order(tmp_path: Path) -> None:
    text = PLAIN + 'start = [["pcs.mode", 2], ["pcs.worn", 1]]\nstop = [["pcs.mode", 0]]\n'
    control = read(tmp_path, REFRESHED + text).control
    assert control is not None
    assert [(s.point.name, s.value) for s in control.start] == [("pcs.mode", 2), ("pcs.worn", 1)]
    assert [(s.point.name, s.value) for s in control.stop] == [("pcs.mode", 0)]


def test_a_device_whose_time_out_nobody_knows_is_opened_only_with_a_waiver(tmp_path: Path) -> None:
    unknown = COUNTER.replace("timeout_s = 60", "timeout_s = 0")
    profile = read(tmp_path, unknown + PLAIN)
    assert profile.watchdog.rewrite_s == REFRESH_S_MAX
    with pytest.raises(ProfileError, match="the name of who answers for dispatching without"):
        profile.usable()
    read(tmp_path, unknown + 'waiver = "A. Person"\n' + PLAIN).usable()


def test_a_resolved_profile_has_the_found_points_everywhere(tmp_path: Path) -> None:
    profile = read(tmp_path, TIMER + SPLIT + "[control]\n".replace("[control]\n", ""))
    found = {p.name: p for p in profile.points if p.name != "pcs.mode"}
    moved = profile.resolved(found)
    assert moved.control == profile.control
    assert [p.name for p in moved.points] == list(found)
    with pytest.raises(ProfileError, match=r"pcs\.direction: the device does not have it"):
        profile.resolved({n: p for n, p in found.items() if n != "pcs.direction"})
    with pytest.raises(ProfileError, match=r"pcs\.timer_s: the device does not have it"):
        profile.resolved({n: p for n, p in found.items() if n != "pcs.timer_s"})


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            REFRESHED + PLAIN + SPLIT,
            "control.setpoint: 'pcs.set_power_kw' is not allowed; setpoint",
        ),
        (REFRESHED + SPLIT.replace("charge = 1\n", "", 1), "control.split.charge: is missing"),
        (REFRESHED + SPLIT.replace("= 2", "= 1"), "a number other than discharge is expected"),
        (REFRESHED + SPLIT.replace("= 2", "= 10"), "a number from -1e+12 to 9 is expected"),
        (
            REFRESHED + SPLIT.replace("amount_kw", "worn"),
            "a point without flash = true is expected",
        ),
        (REFRESHED + SPLIT + 'point = "x"\n', "control.split.point: no such key"),
        (REFRESHED + PLAIN + 'percent_of = "pcs.mode"\n', "control.percent_of: 'pcs.mode' is not"),
        (REFRESHED + PLAIN + 'percent_of = "pcs.secret"\n', "the name of a readable point: pcs."),
        (
            REFRESHED + PLAIN + "start = 3\n",
            "control.start: 3 is not allowed; a list of at most 32",
        ),
        (REFRESHED + PLAIN + 'start = [["pcs.mode"]]\n', "a list of at most 32 pairs such as"),
        (REFRESHED + PLAIN + 'start = [["pcs.no", 1]]\n', "control.start.point: 'pcs.no' is not"),
        (
            REFRESHED + PLAIN + 'start = [["pcs.mode", "x"]]\n',
            "control.start.value: 'x' is not all",
        ),
        (REFRESHED + PLAIN.replace("set_power_kw", "seldom_kw"), "min_interval_s of at most 10 is"),
        (COUNTER.replace("increment_s = 4\n", ""), "watchdog.increment_s: is missing"),
        (
            COUNTER.replace("alive", "worn"),
            "watchdog.point: 'pcs.worn' is not allowed; a point with",
        ),
        (COUNTER.replace('point = "pcs.alive"\n', ""), "watchdog.point: is missing"),
        (COUNTER + "value = 3\n", "watchdog.value: no such key"),
        (TIMER.replace("30", "601"), "watchdog.value: 601 is not allowed; a number from"),
        (TIMER.replace("30", "0"), "more than 0, for timer-register, is expected"),
        (REFRESHED + 'point = "pcs.alive"\n', "watchdog.point: no such key"),
        ('[watchdog]\nkind = "none"\n[[identify]]\n', "identify 1.point: is missing"),
    ],
)
def test_a_dangerous_or_unclear_table_costs_one_line(tmp_path: Path, text: str, line: str) -> None:
    with pytest.raises(ProfileError) as caught:
        read(tmp_path, text)
    assert line in str(caught.value)
    assert len(caught.value.lines) == 1
