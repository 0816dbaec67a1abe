"""One example of every message that crosses a process boundary; the golden files hold these."""

from collections.abc import Mapping
from dataclasses import replace

from agent.link import Hello, Item, Message, Pushed, Stored
from agent.status import DeviceState, Reason, Status
from wire import block as wire_block
from wire import records
from wire.block import Block, Quality, Reading
from wire.fields import BadMessage
from wire.records import Records
from wire.schedule import Fallback, FrequencyService, Price, Schedule, Slot
from wire.sync import Ack, Downlink, Event, Frame, FrameClass, Severity, Upload

AT_US = 1_767_225_600_000_000
"""2026-01-01T00:00:00Z."""
QUARTER_US = 900_000_000

BLOCK = Block(
    device="inverter-1",
    boot="7f3a",
    seq=120,
    at_us=(AT_US, AT_US + 1_000_000, AT_US + 2_000_350),
    points=("battery.soc_pct", "ac.power_kw", "pcs.status", "vendor.ratio"),
    values=(
        (55.1, 55.0, 54.9),
        (-30.0, None, -29.95),
        (None, None, None),
        (1 / 3, 2e-12, 0.0),
    ),
    quality=(
        (Quality.GOOD, Quality.GOOD, Quality.GOOD),
        (Quality.GOOD, Quality.BAD, Quality.STALE),
        (Quality.LOST, Quality.LOST, Quality.LOST),
        (Quality.GOOD, Quality.GOOD, Quality.GOOD),
    ),
)
EVENTS = (
    Event(
        at_us=AT_US,
        code="DEVICE_LOST",
        severity=Severity.ALARM,
        source="inverter-1",
        text="inverter-1 does not answer since 2 s",
    ),
    Event(
        at_us=AT_US + 5_000_000,
        code="DEVICE_BACK",
        severity=Severity.INFO,
        source="inverter-1",
        text="inverter-1 answers again after 5 s: Gerät zurück",
    ),
)
SCHEDULE = Schedule(
    site="werk-sued",
    version=7,
    issued_us=AT_US,
    slots=(
        Slot(AT_US, AT_US + QUARTER_US, 30.0),
        Slot(AT_US + QUARTER_US, AT_US + 2 * QUARTER_US, -12.5),
    ),
    services=(
        FrequencyService(
            product="fcr_ce",
            start_us=AT_US,
            end_us=AT_US + 16 * QUARTER_US,
            capacity_kw=20.0,
            curve=((-0.2, 1.0), (-0.01, 0.0), (0.01, 0.0), (0.2, -1.0)),
        ),
    ),
)
SCHEDULE_WITH_PRICES = replace(
    SCHEDULE,
    prices=(
        Price(AT_US, AT_US + QUARTER_US, 8_450),
        Price(AT_US + QUARTER_US, AT_US + 2 * QUARTER_US, -120),
    ),
    fallback=Fallback(-5.0, AT_US + 6 * QUARTER_US),
)
STATUS = Status(
    at_us=AT_US,
    mode="automatic",
    setpoint_kw=31.5,
    schedule_kw=30.0,
    response_kw=1.5,
    reasons=(
        Reason("SCHEDULE", "schedule asks for 30 kW", 30.0),
        Reason("FCR", "49.985 Hz asks for 1.5 kW more", 31.5),
    ),
    devices=(
        DeviceState(device="inverter-1", connected=True, answered_us=AT_US, trouble=""),
        DeviceState(device="meter", connected=False, answered_us=None, trouble="no answer yet"),
    ),
    readings=(
        ("inverter-1", Reading("battery.soc_pct", 55.1, Quality.GOOD, AT_US - 40_000)),
        ("meter", Reading("site.power_kw", None, Quality.LOST, AT_US)),
    ),
    schedule_version=7,
    schedule_ends_us=AT_US + 2 * QUARTER_US,
    beats=6_000,
    missed=1,
    kept_items=4,
    dropped_items=0,
)
UPLOAD = Upload(
    gateway="gw-werk-sued",
    epoch="b2c41d",
    frames=(
        Frame(17, FrameClass.TELEMETRY, wire_block.encode(BLOCK)),
        Frame(18, FrameClass.EVENTS, records.encode(Records(events=EVENTS))),
    ),
)
ACK = Ack("b2c41d", 18)
DOWNLINK = Downlink(AT_US, SCHEDULE)
DOWNLINK_EMPTY = Downlink(AT_US)
LINK: Mapping[str, Message] = {
    "hello": Hello("7f3a", "werk-sued"),
    "item_block": Item(41, BLOCK),
    "item_event": Item(42, EVENTS[0]),
    "status": STATUS,
    "stored": Stored("7f3a", 42),
    "schedule": SCHEDULE,
    "pushed": Pushed(
        "seed",
        (
            Reading("battery.soc_pct", 55.1, Quality.GOOD, AT_US - 40_000),
            Reading("ac.power_kw", None, Quality.BAD, AT_US),
        ),
    ),
}


def check_refusal(error: BadMessage) -> None:
    """Assert that the refusal is one short line that says what is allowed."""
    line = str(error)
    assert len(line.splitlines()) == 1
    assert len(line) < 500
    assert "is not allowed; " in line
