"""One example of every message about the fleet; the golden files hold these."""

import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from agent.insight import FrequencyShown, Insight, ProductShown, UnitShown
from agent.latches import Latch
from agent.link import (
    ClockVerdict,
    Hello,
    Injection,
    Item,
    Kept,
    Leave,
    Message,
    Override,
    Recall,
    Reset,
    Steering,
)
from agent.status import Reason
from tests.support.messages import AT_US, BLOCK, EVENTS, SCHEDULE, STATUS
from wire import alarm, block, command, enrolment, gap, live, records, report, sync
from wire.alarm import Alarm
from wire.block import Quality, Reading
from wire.command import Command, CommandResult, State
from wire.enrolment import Credentials, Enrolment
from wire.gap import Cause, Gap
from wire.live import Live
from wire.order import (
    AcknowledgeOrder,
    ConfigurationOrder,
    LogsOrder,
    Mode,
    ModeOrder,
    Order,
    Part,
    ResetOrder,
    RestartOrder,
    RotateKeyOrder,
    SetpointOrder,
    SoftwareOrder,
)
from wire.records import Records
from wire.report import ClockState, Device, Report
from wire.signing import Key
from wire.sync import Downlink, FrameClass, Severity

HOUR_US = 3_600_000_000
ORDERS: tuple[Order, ...] = (
    SetpointOrder(-12.5, AT_US + HOUR_US),
    ModeOrder(Mode.STANDBY),
    ConfigurationOrder('site = "werk-sued"\n', dry_run=True),
    RestartOrder(Part.GATEWAY),
    LogsOrder(24),
    RotateKeyOrder(),
    SoftwareOrder("0.2.0"),
    AcknowledgeOrder("a1b2", "key-leitwarte", "technician is on the way", AT_US),
)
"""Of the first box that took commands; golden files have them all."""
ALL_ORDERS = (*ORDERS, ResetOrder("I16", "the other controller was taken out"))


def ordered(order: Order) -> Command:
    """Return a command that carries the order."""
    return Command(
        id=f"cmd-{order.kind}",
        order=order,
        issued_us=AT_US,
        expires_us=AT_US + HOUR_US,
        priority=3,
        actor="key-leitwarte",
        reason="Wartung",
    )


RESULT = CommandResult(
    id="cmd-setpoint",
    state=State.DONE,
    at_us=AT_US,
    text="the inverter holds it",
    read_back_kw=-12.5,
)
ALARM = Alarm(
    id="a1b2",
    change=3,
    code="DEVICE_LOST",
    severity=Severity.ALARM,
    source="inverter-1",
    text="does not answer: timeout",
    raised_us=AT_US,
    cleared_us=AT_US + HOUR_US,
    acked_us=AT_US + 60_000_000,
    acked_by="key-leitwarte",
    note="technician is on the way",
)
GAP = Gap(
    id="b2c41d-4",
    at_us=AT_US + HOUR_US,
    cause=Cause.THINNED,
    cls=FrameClass.TELEMETRY,
    device="inverter-1",
    from_us=AT_US,
    to_us=AT_US + 60_000_000,
    n=236,
    first_seq=17,
    last_seq=28,
    text="240 values became 4",
)
GAP_UNKNOWN = Gap(
    id="b2c41d-5",
    at_us=AT_US,
    cause=Cause.DAMAGED,
    cls=FrameClass.EVENTS,
    device="",
    from_us=AT_US,
    to_us=AT_US + 1,
    n=None,
)
RECORDS = Records(events=EVENTS, alarms=(ALARM,), gaps=(GAP, GAP_UNKNOWN))
REPORT = Report(
    at_us=AT_US,
    version="0.1.0",
    started_us=AT_US - HOUR_US,
    clock=ClockState.CORRECTED,
    clock_off_us=-3_600_000_000,
    linked=True,
    mode="automatic",
    missed_beats=1,
    backlog_frames=25_000,
    backlog_bytes=10_000_000,
    backlog_bytes_max=2_000_000_000,
    backlog_from_us=AT_US - HOUR_US,
    quarantined=0,
    gaps=2,
    disk_free_bytes=1_000_000_000,
    disk_bytes=8_000_000_000,
    written_bytes_day=140_000_000,
    store_trouble="",
    configuration="9f2c41d07a55e3b8",
    devices=(
        Device(id="inverter-1", connected=True, answered_us=AT_US, trouble=""),
        Device(id="meter", connected=False, answered_us=None, trouble="no answer yet"),
    ),
)
ENROLMENT = Enrolment("0123456789ABCDEF", "00112233445566778899aabbccddeeff")
CREDENTIALS = Credentials(
    gateway="gw-1", site="werk-sued", key=Key("gwk-5e", bytes.fromhex("ab" * 32))
)
LIVE = Live(
    AT_US,
    (
        ("inverter-1", Reading("battery.soc_pct", 55.1, Quality.GOOD, AT_US - 40_000)),
        ("meter", Reading("site.power_kw", None, Quality.LOST, AT_US)),
    ),
)
THINNED = replace(BLOCK, step_us=60_000_000)
DOWNLINK = Downlink(
    AT_US,
    SCHEDULE,
    commands=tuple(ordered(order) for order in ORDERS),
    watch=("battery.soc_pct", "*"),
    grant_bytes_s=125_000,
)
Documented = tuple[Callable[[Any], object], object, Callable[[], object]]


def _command(order: Order) -> Documented:
    whole = ordered(order)
    return command.from_document, whole, lambda: command.to_document(whole)


DOCUMENTS: dict[str, Documented] = {
    **{f"command_{order.kind}": _command(order) for order in ALL_ORDERS},
    "command_result": (
        command.result_from_document,
        RESULT,
        lambda: command.result_to_document(RESULT),
    ),
    "results": (
        sync.results_from_document,
        (RESULT,),
        lambda: sync.results_to_document([RESULT]),
    ),
    "alarm": (alarm.from_document, ALARM, lambda: alarm.to_document(ALARM)),
    "gap": (gap.from_document, GAP, lambda: gap.to_document(GAP)),
    "gap_unknown": (gap.from_document, GAP_UNKNOWN, lambda: gap.to_document(GAP_UNKNOWN)),
    "records": (
        lambda document: records.decode(json.dumps(document).encode()),
        RECORDS,
        lambda: json.loads(records.encode(RECORDS)),
    ),
    "report": (report.from_document, REPORT, lambda: report.to_document(REPORT)),
    "enrolment": (
        enrolment.from_document,
        ENROLMENT,
        lambda: enrolment.to_document(ENROLMENT),
    ),
    "credentials": (
        enrolment.credentials_from_document,
        CREDENTIALS,
        lambda: enrolment.credentials_to_document(CREDENTIALS),
    ),
    "live": (
        lambda document: live.decode(zlib.compress(json.dumps(document).encode())),
        LIVE,
        lambda: json.loads(zlib.decompress(live.encode(LIVE))),
    ),
    "block_thinned": (
        lambda document: block.from_json(json.dumps(document)),
        THINNED,
        lambda: json.loads(block.to_json(THINNED)),
    ),
    "downlink_with_commands": (
        sync.downlink_from_document,
        DOWNLINK,
        lambda: sync.downlink_to_document(DOWNLINK),
    ),
}
LATCH = Latch("I16", "pcs1", "second controller", "another controller has set 50 kW")
INSIGHT = Insight(
    base_kw=30.0,
    management_kw=-5.0,
    lower_kw=-90.0,
    upper_kw=80.0,
    frequency=FrequencyShown(
        device="meter", hz=49.985, applied_hz=49.9, share=1.0, believed=True, injected=True
    ),
    units=(
        UnitShown(unit="pcs1", power_kw=31.5, lower_kw=-90.0, upper_kw=80.0),
        UnitShown(
            unit="pcs2", power_kw=None, lower_kw=0.0, upper_kw=0.0, code="I12", text="no answer"
        ),
    ),
    products=(
        ProductShown(
            product="fcr_ce",
            capacity_kw=20.0,
            armed=True,
            deviation_hz=-0.1,
            response_kw=10.0,
            management_kw=-5.0,
            alert=False,
            nem=-1,
            endurance_min=27.5,
        ),
        ProductShown(
            product="fcr_n",
            capacity_kw=40.0,
            armed=False,
            refusals=(("ARM_CLOCK", "nobody knows how wrong the clock is"),),
            aem=True,
            reserve_mode=True,
        ),
    ),
)
LINK: Mapping[str, Message] = {
    "status_insight": replace(STATUS, insight=INSIGHT),
    "kept": Kept((LATCH,), ("0123456789abcdef",)),
    "reset": Reset("I16"),
    "recall": Recall(1.5, '{"c1_s":12.5,"c2_s":0.0,"products":{}}'),
    "injection": Injection("tennet-a", ((AT_US, 50.0), (AT_US + 1_000_000, 49.8))),
    "status_sourced": replace(
        STATUS,
        reasons=(
            Reason("SCHEDULE", "version 7 asks for 30 kW", 30.0, "schedule", 3, 30.0),
            Reason("RESERVE", "20 kW are kept free", 25.0, "reserve", 1),
            Reason("I1", "the battery allows 20 kW", 20.0),
        ),
        recall='{"c1_s":12.5,"c2_s":0.0,"products":{}}',
    ),
    "status_latched": replace(
        STATUS, latches=(LATCH,), blocked=("pcs1",), proofs=(("pcs1", "0123456789abcdef"),)
    ),
    "hello_settings": Hello("7f3a", "werk-sued", "0123456789abcdef"),
    "item_stamped": Item(43, EVENTS[0], 1_767_225_599_000_000),
    "status_steered": replace(STATUS, steering="cmd-setpoint"),
    "steering": Steering(Mode.STANDBY, None),
    "steering_override": Steering(Mode.AUTOMATIC, Override("cmd-1", -12.5, AT_US)),
    "clock": ClockVerdict(ClockState.CORRECTED, -3_600_000_000),
    "clock_measured": ClockVerdict(ClockState.CONFIRMED, 0, 31_250),
    "leave": Leave("settings have changed"),
}
