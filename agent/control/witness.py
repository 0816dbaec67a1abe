"""Keeps what every beat saw and decided: samples, the archive's rows, traces, the event record.

Everything goes into the outbox, in the time of a beat that is left after its setpoint was written.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from agent.archive.columns import ROW
from agent.archive.config import ArchiveSettings
from agent.control import evidence, trace
from agent.control.evidence import FRESH_S, Record
from agent.control.limits import Limits
from agent.control.outbox import Outbox
from agent.control.recorder import Recorder
from agent.control.trace import Told
from wire import block as blocks
from wire.block import Block, Reading, sample

SECOND_US = 1_000_000
NOMINAL_HZ = 50.0
CROWDED = 100
"""Items in the outbox from which on nobody seems to take them."""
TOGETHER = 10
"""Rows that then share an item: four times as long an absence fits into the same memory."""
ALARMING = frozenset(("I7", "I8", "I12"))
"""Reasons that begin an event record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Archived:
    """What the archive is made by."""

    settings: ArchiveSettings
    limits: Limits
    period_s: float
    config: str = ""
    """Fingerprint of the settings file."""
    nominal_v: float | None = None
    """Phase to neutral."""


class Witness:
    """See the module; without `archived` it keeps samples only."""

    def __init__(self, outbox: Outbox, boot: str, archived: Archived | None = None) -> None:
        self._outbox = outbox
        self._boot = boot
        self._archived = archived if archived is not None and archived.settings.enabled else None
        self._samples: dict[str, int] = {}
        self._second: int | None = None
        self._rows: list[Block] = []
        """Not in the outbox yet."""
        self._told = Told()
        self._before: tuple[object, ...] | None = None
        self._recorder: Recorder | None = None
        if self._archived is not None:
            own = self._archived.settings
            self._recorder = Recorder(
                self._archived.period_s, own.record_before_s, own.record_after_s
            )

    def keep(self, device: str, at_us: int, readings: Sequence[Reading]) -> None:
        """Keep one sample of a device."""
        if not readings:
            return
        number = self._samples.get(device, 0)
        self._samples[device] = number + 1
        self._outbox.put(sample(device, self._boot, number, at_us, readings))

    def beat(self, record: Record | None, missed: int) -> None:
        """Keep what the archive wants of a beat; `missed` is the count since the start."""
        archived = self._archived
        if archived is None or record is None:
            return
        due, self._told = trace.told(record, archived.config, self._told)
        if due is not None:
            self._outbox.put(due)
        self._row(record, archived, missed)
        self._record(record, archived)

    def _row(self, record: Record, archived: Archived, missed: int) -> None:
        """Keep a row at the first beat of each second.

        A clock that is put back by less than two seconds repeats none.
        """
        second, last = record.at_us // SECOND_US, self._second
        if last is not None and last - 1 <= second <= last:
            return
        self._second = second
        found = evidence.row(record, archived.limits, missed=missed, nominal_v=archived.nominal_v)
        number = self._samples.get(ROW, 0)
        self._samples[ROW] = number + 1
        self._rows.append(sample(ROW, self._boot, number, second * SECOND_US, found))
        if len(self._outbox) < CROWDED or len(self._rows) >= TOGETHER:
            for block in blocks.merge(self._rows):
                self._outbox.put(block)
            self._rows.clear()

    def _record(self, record: Record, archived: Archived) -> None:
        recorder, decision, bits = self._recorder, record.decision, record.reason_bits
        if recorder is None:
            return
        measured = None if record.frequency is None else record.frequency.within(FRESH_S)
        volts = record.voltage_v
        values = (  # in the order of RECORD_COLUMNS
            measured,
            record.applied_hz,
            None if volts is None else volts.within(FRESH_S),
            decision.setpoint_kw,
            record.plant.power_kw.within(FRESH_S),
            decision.response_kw,
            float(bits),
        )
        far_hz = archived.settings.record_deviation_hz
        event = self._changed(record) or (
            measured is not None and abs(measured - NOMINAL_HZ) > far_hz
        )
        recorder.put(record.at_us, record.plant.at_s, values, event=event)
        if (part := recorder.take(self._boot)) is not None:
            self._outbox.put(part)

    def _changed(self, record: Record) -> bool:
        """Say whether an alert, an arming or an interlock of the frequency began or ended."""
        now = (
            *((one.product, one.armed, bool(one.alert)) for one in record.products),
            *(one.code for one in record.decision.reasons if one.code in ALARMING),
        )
        before, self._before = self._before, now
        return before is not None and now != before
