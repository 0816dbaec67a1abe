"""drivers.modbus.device: whatever a device fails at, no value ever comes under a wrong name."""

import random
from dataclasses import replace

from drivers.base import Rate
from drivers.errors import DeviceUnreachable
from drivers.modbus.device import ModbusDevice
from drivers.point import Coding, Kind, Order, Point
from drivers.profile import Profile, load
from tests.support.scripted_line import ScriptedLine, unreachable
from wire.block import Quality
from wire.clock import SetClock

FAILURES = 10_000
ADDRESSES = 40
CODINGS = (Coding.UINT16, Coding.UINT16, Coding.UINT32, Coding.INT32, Coding.UINT64)
REFERENCE = load("reference-inverter")


def truth(kind: Kind, address: int) -> int:
    """Return the one word of this register: no two registers of a device say the same."""
    return 1 + 100 * list(Kind).index(kind) + address


def expected(point: Point) -> float:
    words = [truth(point.kind, point.address + step) for step in range(point.count)]
    value = 0
    for word in words if point.word_order is Order.BIG else reversed(words):
        value = value << 16 | word
    return float(value)


def some_profile(chance: random.Random) -> Profile:
    points = [
        Point(
            name=f"test.point_{number}",
            kind=chance.choice((Kind.INPUT, Kind.HOLDING)),
            address=chance.randrange(ADDRESSES),
            coding=chance.choice(CODINGS),
            word_order=chance.choice(tuple(Order)),
        )
        for number in range(chance.randrange(2, 10))
    ]
    link = replace(
        REFERENCE.link, max_registers=chance.randrange(4, 20), gap_fill=chance.randrange(6)
    )
    return replace(REFERENCE, points=tuple(points), control=None, link=link)


def failing(chance: random.Random, line: ScriptedLine) -> None:
    """Let the line fail in part: addresses that are refused, short, long and missing answers."""
    line.refused = {
        (chance.choice((Kind.INPUT, Kind.HOLDING)), chance.randrange(ADDRESSES + 4))
        for _ in range(chance.randrange(4))
    }

    def fault(answer: list[int]) -> list[int]:
        match chance.randrange(20):
            case 0:
                return answer[: chance.randrange(len(answer))]
            case 1:
                return answer + answer[:1]
            case 2:
                return unreachable(answer)
            case _:
                return answer

    line.fault = fault


def registers_of(point: Point) -> set[tuple[Kind, int]]:
    return {(point.kind, address) for address in point.span}


async def test_ten_thousand_partial_failures_give_no_value_under_a_wrong_name() -> None:
    chance = random.Random(20_261_121)
    failures = values = lost = 0
    while failures < FAILURES:
        profile = some_profile(chance)
        line = ScriptedLine(words={(k, a): truth(k, a) for k in Kind for a in range(ADDRESSES + 4)})
        device = ModbusDevice(profile, line, SetClock(0))
        for _ in range(8):
            failing(chance, line)
            failures += 1
            try:
                readings = await device.read(Rate.SLOW)
            except DeviceUnreachable:
                lost += 1
                continue
            assert [r.point for r in readings] == [point.name for point in profile.points]
            for reading, point in zip(readings, profile.points, strict=True):
                if reading.quality is Quality.GOOD:
                    values += 1
                    assert reading.value == expected(point)
                    assert not registers_of(point) & line.refused
                else:
                    assert reading.value is None
    assert values > FAILURES, "most points of most readings arrive"
    assert lost < FAILURES / 2
