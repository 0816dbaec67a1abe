"""simulators.sunspec: a SunSpec device of any models shows the plant and obeys its controls."""

import struct

import pytest

from drivers.point import Kind
from simulators.battery import Rating
from simulators.frequency import Recording
from simulators.modbus_server import Refusal
from simulators.plant import Plant
from simulators.sunspec import STORAGE, SunSpecDevice, parts
from simulators.sunspec_image import Image, Part

RATING = Rating(capacity_kwh=200.0, power_kw=100.0)
STEADY = Recording((0.0, 1.0), (49.987, 49.987))


class Bench:
    """A device on a table: a hand on its clock, and a probe on its registers."""

    def __init__(self, *models: int, base: int = 40_000) -> None:
        self.now_s = 1000.0
        plant = Plant(RATING, 60.0, STEADY, lambda: self.now_s)
        self.image = Image(parts(models), base)
        self.device = SunSpecDevice(self.image, plant, RATING)

    def words(self, name: str, count: int) -> list[int]:
        return list(self.device.read(Kind.HOLDING, self.image.address(name), count))

    def value(self, name: str) -> float | None:
        self.words(name, 1)
        return self.image.get(name)

    def write(self, name: str, *words: int) -> None:
        self.device.write(Kind.HOLDING, self.image.address(name), words)


def int32(value: int) -> tuple[int, int]:
    high, low = struct.unpack(">HH", struct.pack(">i", value))
    return high, low


def test_the_chain_begins_with_its_mark_and_ends_with_its_end() -> None:
    bench = Bench(1, 103, base=50_000)
    assert bench.device.read(Kind.HOLDING, 50_000, 4) == [0x5375, 0x6E53, 1, 66]
    assert bench.device.read(Kind.HOLDING, 50_070, 2) == [103, 50]
    assert bench.device.read(Kind.HOLDING, 50_122, 2) == [0xFFFF, 0]
    with pytest.raises(Refusal):
        bench.device.read(Kind.HOLDING, 50_123, 2)


def test_an_unknown_model_is_a_gap_of_its_length() -> None:
    image = Image([Part(1), Part(64_999, unknown_words=5), Part(103)], 0)
    assert [image.words[at] for at in (70, 71, 77, 78)] == [64_999, 5, 103, 50]
    assert image.address("103.W") == 77 + 14


def test_what_nobody_measures_is_not_implemented() -> None:
    bench = Bench(1, 103, 203)
    assert bench.words("103.TmpSnk", 1) == [0x8000]
    assert bench.words("103.VA_SF", 1) != [0x8000]
    assert bench.words("103.WH", 2) == [0, 0]
    assert bench.words("103.Evt1", 2) == [0xFFFF, 0xFFFF]


def test_values_are_shown_by_their_scale_factors() -> None:
    bench = Bench(*STORAGE)
    assert bench.words("713.SoC", 1) == [6_000]
    assert bench.words("713.Pct_SF", 1) == [0xFFFE]
    assert bench.words("701.Hz", 2) == [7, 499_870 - 7 * 65_536]
    assert bench.value("702.WMax") == 100_000.0


def test_704_takes_watts_value_first_then_enable_and_reverts_when_its_timer_runs_out() -> None:
    bench = Bench(*STORAGE)
    bench.write("704.WSetMod", 1)
    bench.write("704.WSetRvrtTms", 0, 10)
    bench.write("704.WSet", *int32(-30_000))
    bench.now_s += 2.0
    assert bench.value("701.W") == 0.0
    bench.write("704.WSetEna", 1)
    bench.now_s += 2.0
    assert bench.value("701.W") == -30_000.0
    bench.now_s += 9.0
    assert bench.value("701.W") == 0.0
    bench.write("704.WSet", *int32(20_000))
    bench.now_s += 2.0
    assert bench.value("802.W") == 20_000.0


def test_124_limits_both_directions_and_a_negative_limit_forces_the_other() -> None:
    bench = Bench(1, 103, 124, 160)
    bench.write("124.InOutWRte_RvrtTms", 60)
    bench.write("124.OutWRte", 0x10000 - 2_500)
    bench.write("124.StorCtl_Mod", 2)
    bench.now_s += 2.0
    assert bench.value("103.W") == -25_000.0
    assert (bench.value("160.3.DCW"), bench.value("160.4.DCW")) == (25_000.0, 0.0)
    bench.write("124.InWRte", 0x10000 - 4_000)
    bench.write("124.StorCtl_Mod", 1)
    bench.now_s += 2.0
    assert bench.value("160.4.DCW") == 40_000.0
    bench.write("124.StorCtl_Mod", 0)
    bench.now_s += 2.0
    assert bench.value("103.W") == 0.0


def test_kaco_s_watchdog_holds_the_setpoint_only_while_it_is_written() -> None:
    bench = Bench(1, 103, 64201)
    bench.write("64201.RequestedState", 11)
    bench.write("64201.Watchdog", 10)
    bench.write("64201.WSetPct", 0x10000 - 5_000)
    bench.now_s += 8.0
    assert bench.value("64201.W") == -50_000.0
    bench.write("64201.Watchdog", 10)
    bench.now_s += 8.0
    assert bench.value("64201.W") == -50_000.0
    bench.now_s += 8.0
    assert bench.value("64201.W") == 0.0


def test_123_alone_lets_in_what_its_limit_allows() -> None:
    bench = Bench(1, 103, 123)
    bench.write("123.WMaxLimPct", 3_000)
    bench.write("123.WMaxLim_Ena", 1)
    bench.now_s += 2.0
    assert bench.value("103.W") == 30_000.0


def test_only_what_the_standard_lets_be_written_can_be_written() -> None:
    bench = Bench(*STORAGE)
    for name in ("701.W", "704.WSet_SF", "713.SoC"):
        with pytest.raises(Refusal):
            bench.write(name, 1)
    with pytest.raises(Refusal):
        bench.device.read(Kind.INPUT, 40_000, 2)


def test_a_scale_factor_may_change_while_it_runs() -> None:
    bench = Bench(*STORAGE)
    bench.image.put("713.Pct_SF", 0)
    assert bench.words("713.SoC", 1) == [60]
