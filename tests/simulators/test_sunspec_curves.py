"""Curves of the models 705 to 710 and 712 go once round: served on a socket, read by the driver."""

import logging
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.base import PowerSetter, Rate
from drivers.errors import DeviceRefused
from drivers.sunspec.models import Field, Group, Type, models
from simulators.sunspec import STORAGE
from simulators.sunspec_curves import MODELS
from simulators.sunspec_image import Part
from tests.support.sunspec_site import Site, driver_at, of, read, serving, values
from wire.block import Quality

REGISTERS_MAX = 125
SIZES = ((1, 1), (2, 4), (3, 10), (5, 5), (1, 60))
HEAD = """
[profile]
id = "curves"
version = 1
source = "test"
confirmed = true
[link]
protocol = "sunspec"
timeout_s = 2.0
max_registers = 125
[watchdog]
kind = "none"
"""
_NUMBERS = {
    Type.INT16: ">h",
    Type.UINT16: ">H",
    Type.ENUM16: ">H",
    Type.INT32: ">i",
    Type.UINT32: ">I",
}


def fields(model: int, curves: int, points: int) -> dict[str, Field]:
    """Return every point of the curves of a model by its name in the standard."""

    def inside(name: str, group: Group) -> Iterator[tuple[str, Field]]:
        yield from ((f"{name}.{field.name}", field) for field in group.fields.values())
        for inner, each in group.groups.items():
            names = [f"{inner}.{n + 1}" for n in range(points)] if each.count else [inner]
            for one in names:
                yield from inside(f"{name}.{one}", each)

    group = models()[model].group
    assert group is not None
    return {
        name: field
        for curve in range(1, curves + 1)
        for name, field in inside(f"{model}.{curve}", group)
    }


def own(standard: str) -> str:
    return "m" + standard.lower().replace("_", "").replace(".", ".p", 1).replace(".", "_") + ".x"


def written(folder: Path, names: list[str], more: str = "") -> str:
    path = folder / "curves.toml"
    rows = (f'[[point]]\nname = "{own(name)}"\nsunspec = "{name}"\n' for name in names)
    path.write_text(HEAD + "".join(rows) + more, encoding="utf-8")
    return str(path)


def store(site: Site, name: str, field: Field, number: int) -> None:
    data = struct.pack(_NUMBERS[field.type], number)
    words = struct.unpack(f">{len(data) // 2}H", data)
    image = site.device.image
    image.words.update(enumerate(words, image.address(name)))


@pytest.mark.parametrize(("curves", "points"), SIZES)
@pytest.mark.parametrize("model", MODELS)
async def test_every_point_of_every_curve_is_read_under_its_own_name(
    model: int, curves: int, points: int, tmp_path: Path
) -> None:
    known = fields(model, curves, points)
    parts = [Part(1), Part(64_999, unknown_words=9), Part(model, groups=curves, points=points)]
    profile = written(tmp_path, list(known))
    async with serving([*parts, *of(103)]) as site, driver_at(site, profile) as driver:
        for number, (name, field) in enumerate(known.items(), 1):
            store(site, name, field, points if field.name == "ActPt" else number)
        readings = await read(driver, Rate.SLOW)
        assert list(readings) == [own(name) for name in known]
        for number, (name, field) in enumerate(known.items(), 1):
            scale = field.scale_factor and f"{model}.{field.scale_factor}"
            exponent = site.value(scale) if scale else 0
            assert exponent is not None, "the simulator implements every scale factor"
            expected = points if field.name == "ActPt" else number * 10.0**exponent
            assert readings[own(name)].value == pytest.approx(expected, rel=1e-9), name
        assert max(count for _, count in site.requests) <= REGISTERS_MAX


async def test_all_curve_models_of_one_device_are_read_at_once_in_any_order(tmp_path: Path) -> None:
    known = {name: f for model in MODELS for name, f in fields(model, 3, 4).items()}
    seen = []
    for order in (of(1, *MODELS), of(*reversed(MODELS), 103, 1)):
        profile = written(tmp_path, list(known))
        async with serving(order, 50_000) as site, driver_at(site, profile) as driver:
            shown = await values(driver, Rate.SLOW)
            for name in known:
                standard = site.value(name)
                active = standard is not None and shown[own(name)] is not None
                assert not active or shown[own(name)] == pytest.approx(standard), name
            seen.append(shown)
    assert seen[0] == seen[1]
    assert seen[0][own("705.2.Pt.4.Var")] == -44.0
    assert seen[0][own("707.1.MustTrip.Pt.2.Tms")] == 2.0
    assert seen[0][own("709.3.MustTrip.Pt.2.Hz")] == 58.5
    assert seen[0][own("706.2.Pt.3.V")] is None


async def test_a_point_behind_the_active_ones_is_bad_and_comes_back_with_them(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    names = [f"705.2.Pt.{number}.V" for number in range(1, 5)]
    profile = written(tmp_path, names)
    async with serving(of(1, 705)) as site, driver_at(site, profile) as driver:
        for active, there in ((4, 4), (2, 2), (2, 2), (0, 0), (9, 4), (None, 4), (3, 3)):
            site.device.image.put("705.2.ActPt", active)
            readings = await read(driver, Rate.SLOW)
            good = [name for name in names if readings[own(name)].quality is Quality.GOOD]
            assert good == names[:there]
    told = [r.getMessage() for r in caplog.records if "active points" in r.getMessage()]
    assert len(told) == 4
    assert told[0].endswith(f"curve: {own(names[2])}, {own(names[3])}")


async def test_a_curve_that_is_read_once_shows_what_it_uses_and_no_more(tmp_path: Path) -> None:
    far = "712.6.Pt.20.Var"
    row = '[[point]]\nname = "{}"\nsunspec = "{}"\nrate = "once"\n'
    more = row.format("far.used_pct", far) + row.format("far.unused_pct", "712.6.Pt.21.Var")
    parts = [Part(1), Part(712, groups=6, points=30)]
    async with serving(parts) as site, driver_at(site, written(tmp_path, [], more)) as driver:
        site.device.image.put_all({"712.6.ActPt": 20, far: -7.5, "712.6.Pt.21.Var": 1.0})
        assert await values(driver, Rate.ONCE) == {"far.used_pct": -7.5, "far.unused_pct": None}
        assert await values(driver, Rate.SLOW, Rate.FAST) == {}


async def test_a_curve_out_of_reach_of_its_scale_factor_keeps_to_it_and_to_its_range(
    tmp_path: Path,
) -> None:
    known, far = fields(707, 5, 10), "707.5.MomCess.Pt.10.V"
    more = '[[point]]\nname = "far.v_pct"\nsunspec = "707.5.MomCess.Pt.10.V"\nscale = -0.5\n'
    more += "offset = 1\nmin = -60\nmax = 60\n"
    more += '[[sum]]\nname = "far.less_pct"\nminus = ["far.v_pct"]\n'
    parts = [Part(1), Part(707, groups=5, points=10)]
    async with (
        serving(parts) as site,
        driver_at(site, written(tmp_path, [far], more)) as driver,
    ):
        store(site, "707.5.MomCess.ActPt", known["707.5.MomCess.ActPt"], 10)
        store(site, far, known[far], 120)
        for exponent, value in ((-1, 12.0), (0, 120.0), (-2, 1.2), (1, 1200.0), (11, None)):
            site.device.image.put("707.V_SF", exponent)
            shown = await values(driver, Rate.SLOW)
            assert shown[own(far)] == value
            ours = None if value is None or value > 122 else 1 - value / 2
            assert shown["far.v_pct"] == ours
            assert shown["far.less_pct"] == (None if ours is None else -ours)
        store(site, far, known[far], 0xFFFF)
        assert (await read(driver, Rate.SLOW))[own(far)].quality is Quality.BAD


async def test_a_length_that_its_head_does_not_imply_makes_curves_bad_and_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    names = ["705.NCrv", "705.1.ActPt", "705.3.Pt.4.Var", "706.1.ActPt"]
    profile = written(tmp_path, names)
    async with serving(of(1, 705, 706)) as site, driver_at(site, profile) as driver:
        site.device.image.put("705.NPt", 3)
        shown = await values(driver, Rate.SLOW)
        assert shown == {
            own("705.NCrv"): 3.0,
            own("705.1.ActPt"): None,
            own("705.3.Pt.4.Var"): None,
            own("706.1.ActPt"): 2.0,
        }
        told = [record.getMessage() for record in caplog.records]
        assert len(told) == 1
        assert "model 705 at 40070 has 67 registers, but its NPt = 3 and NCrv = 3 would" in told[0]
        site.device.image.put("705.NPt", 4)
        for _ in range(4):
            await read(driver, Rate.SLOW)
        assert (await values(driver, Rate.SLOW))[own("705.3.Pt.4.Var")] == -44.0


@pytest.mark.parametrize("counts", [(65_534, 65_534), (65_535, 65_535), (0, 65_534)])
async def test_a_hostile_head_costs_no_more_registers_than_a_good_one(
    counts: tuple[int, int], tmp_path: Path
) -> None:
    profile = written(tmp_path, ["710.1.MayTrip.Pt.100.Hz", "710.100.ReadOnly"])
    async with serving(of(1, 710)) as site, driver_at(site, profile) as driver:
        image = site.device.image
        image.words.update(enumerate(counts, image.address("710.NPt")))
        assert set((await values(driver, Rate.SLOW)).values()) == {None}
        assert sum(count for _, count in site.requests) < 40


async def test_a_curve_point_is_written_like_any_other_and_the_first_curve_is_refused(
    tmp_path: Path,
) -> None:
    rows = "".join(
        f'[[point]]\nname = "curve.{name}_pct"\nsunspec = "{standard}"\naccess = "read-write"\n'
        for name, standard in (("v", "705.{}.Pt.2.V"), ("q", "705.{}.Pt.2.Var"))
    )
    start = '[["pcs.set_mode", 1], ["curve.v_pct", 97.5], ["curve.q_pct", -12.3]]'
    site_file = tmp_path / "site.toml"
    for curve in (2, 9, 1):
        text = f"[control]\nstart = {start}\n" + rows.replace("{}", str(curve))
        site_file.write_text(text, encoding="utf-8")
        async with (
            serving([*of(*STORAGE), Part(705, groups=9, points=10)]) as site,
            driver_at(site, "sunspec-battery", str(site_file)) as driver,
        ):
            assert isinstance(driver, PowerSetter)
            if curve == 1:
                with pytest.raises(DeviceRefused, match=r"curve\.v_pct"):
                    await driver.take_over()
                continue
            await driver.take_over()
            assert site.value(f"705.{curve}.Pt.2.V") == 97.5
            assert site.value(f"705.{curve}.Pt.2.Var") == pytest.approx(-12.3)
            slow = await values(driver, Rate.SLOW)
            assert (slow["curve.v_pct"], slow["curve.q_pct"]) == (97.5, -12.3)
