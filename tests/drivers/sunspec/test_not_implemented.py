"""drivers.sunspec: what a device has not implemented is no value, whatever its scale factor."""

import struct
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.base import Rate
from drivers.modbus.line import Refusal
from drivers.point import Kind
from drivers.profile import Profile, load
from drivers.sunspec.device import prepared
from simulators.sunspec import parts
from simulators.sunspec_image import Image
from wire.block import Quality, Reading
from wire.clock import SetClock

NOT_IMPLEMENTED = {
    "103.W": b"\x80\x00",
    "103.A": b"\xff\xff",
    "103.St": b"\xff\xff",
    "124.StorCtl_Mod": b"\xff\xff",
    "160.N": b"\xff\xff",
    "704.WSet": b"\x80\x00\x00\x00",
    "701.Hz": b"\xff\xff\xff\xff",
    "103.Evt1": b"\xff\xff\xff\xff",
    "103.WH": b"\x00\x00\x00\x00",
    "701.TotWhInj": b"\xff" * 8,
    "122.ActWh": b"\x00" * 8,
    "113.W": b"\x7f\xc0\x00\x00",
}
"""One point for each type that the models have."""
SCALED = {
    "103.W": ("103.W_SF", ">h"),
    "103.A": ("103.A_SF", ">H"),
    "704.WSet": ("704.WSet_SF", ">i"),
    "701.Hz": ("701.Hz_SF", ">I"),
    "701.TotWhInj": ("701.TotWh_SF", ">Q"),
    "103.WH": ("103.WH_SF", ">I"),
}
EXPONENTS = range(-10, 11)
MODELS = (1, 103, 113, 122, 124, 160, 701, 704)
HEAD = """
[profile]
id = "all-types"
version = 1
source = "test"
[link]
protocol = "sunspec"
timeout_s = 0.5
[watchdog]
kind = "none"
"""


class _Line:
    """A line to an image without a network between."""

    connections = 1

    def __init__(self, image: Image) -> None:
        self._image = image

    async def read(self, kind: Kind, start: int, count: int) -> list[int] | Refusal:
        assert kind is Kind.HOLDING
        addresses = range(start, start + count)
        if any(at not in self._image.words for at in addresses):
            return Refusal(2)
        return [self._image.words[at] for at in addresses]

    async def write(
        self, kind: Kind, start: int, registers: Sequence[int], multiple: bool | None = None
    ) -> Refusal | None:
        raise AssertionError("nothing is to be written")

    def close(self) -> None:
        """Nothing to give up."""


def point_of(standard: str) -> str:
    return "test.m" + standard.lower().replace(".", "_")


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Profile:
    path: Path = tmp_path_factory.mktemp("profiles") / "all-types.toml"
    rows = (
        f'[[point]]\nname = "{point_of(name)}"\nsunspec = "{name}"\n' for name in NOT_IMPLEMENTED
    )
    path.write_text(HEAD + "".join(rows))
    return load(str(path))


def store(image: Image, name: str, data: bytes) -> None:
    words = struct.unpack(f">{len(data) // 2}H", data)
    image.words.update(enumerate(words, image.address(name)))


async def shown(profile: Profile, image: Image) -> dict[str, Reading]:
    device = prepared(profile)(_Line(image), SetClock(1_800_000_000_000_000))
    return {reading.point: reading for reading in await device.read(Rate.SLOW)}


@pytest.mark.parametrize("exponent", [*EXPONENTS, -0x8000])
async def test_a_value_that_is_not_implemented_is_bad_with_every_scale_factor(
    profile: Profile, exponent: int
) -> None:
    image = Image(parts(MODELS))
    for factor, _ in SCALED.values():
        store(image, factor, struct.pack(">h", exponent))
    for name, data in NOT_IMPLEMENTED.items():
        store(image, name, data)
    readings = await shown(profile, image)
    assert {reading.quality for reading in readings.values()} == {Quality.BAD}
    assert len(readings) == len(NOT_IMPLEMENTED)


@settings(max_examples=60)
@given(
    name=st.sampled_from(sorted(SCALED)),
    exponent=st.integers(-0x8000, 0x7FFF) | st.sampled_from([*EXPONENTS, -0x8000]),
    data=st.data(),
)
async def test_a_value_is_its_number_times_ten_to_the_scale_factor_or_nothing(
    profile: Profile, name: str, exponent: int, data: st.DataObject
) -> None:
    factor, code = SCALED[name]
    size = 8 * struct.calcsize(code)
    low = -(1 << size - 1) + 1 if code.islower() else 1
    high = (1 << size - 1) - 1 if code.islower() else (1 << size) - 2
    number = data.draw(st.integers(low, high))
    image = Image(parts(MODELS))
    store(image, factor, struct.pack(">h", exponent))
    store(image, name, struct.pack(code, number))
    reading = (await shown(profile, image))[point_of(name)]
    if exponent in EXPONENTS:
        assert reading.quality is Quality.GOOD
        assert reading.value == pytest.approx(number * 10.0**exponent, rel=1e-9, abs=1e-8)
    else:
        assert reading.quality is Quality.BAD
