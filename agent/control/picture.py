"""The newest picture of the plant and of the last decision, as the gateway is shown it."""

from collections.abc import Sequence

from agent.control.decision import Decision, Memory
from agent.control.evidence import Record
from agent.control.interlocks.plant import blocked, latches_of
from agent.control.metronome import Metronome
from agent.control.outbox import Outbox
from agent.control.port import Port
from agent.control.recall import told
from agent.control.response.product import Frequency, ProductState
from agent.insight import FrequencyShown, Insight, ProductShown, UnitShown
from agent.status import Status
from wire.schedule import Schedule


def picture(
    record: Record,
    ports: Sequence[Port],
    schedule: Schedule | None,
    memory: Memory,
    metronome: Metronome,
    outbox: Outbox,
    now_s: float,
) -> Status:
    """Return the picture; `now_s` is the event loop's time."""
    decision = record.decision
    return Status(
        at_us=record.at_us,
        mode=decision.mode,
        setpoint_kw=decision.setpoint_kw,
        schedule_kw=decision.schedule_kw,
        response_kw=decision.response_kw,
        reasons=decision.reasons,
        devices=tuple(port.state() for port in ports),
        readings=tuple(
            (port.device, reading) for port in ports for reading in port.readings(now_s)
        ),
        schedule_version=None if schedule is None else schedule.version,
        schedule_ends_us=None if schedule is None else schedule.ends_us,
        beats=metronome.count,
        missed=metronome.missed,
        kept_items=len(outbox),
        dropped_items=outbox.dropped,
        steering=decision.steering,
        latches=latches_of(memory.guard),
        blocked=blocked(memory.guard),
        recall=told(memory.response),
        proofs=tuple((unit.unit, unit.fingerprint) for unit in record.plant.units),
        insight=insight(decision),
    )


def insight(decision: Decision) -> Insight:
    """Return what the decision came to, as people on site are shown it."""
    return Insight(
        base_kw=decision.base_kw,
        management_kw=decision.management_kw,
        lower_kw=decision.lower_kw,
        upper_kw=decision.upper_kw,
        frequency=None if decision.frequency is None else _frequency(decision.frequency),
        units=tuple(
            UnitShown(
                unit=unit.unit,
                power_kw=unit.power_kw,
                lower_kw=unit.lower_kw,
                upper_kw=unit.upper_kw,
                code=unit.code,
                text=unit.text,
            )
            for unit in decision.units
        ),
        products=tuple(_product(product) for product in decision.products),
    )


def _frequency(judged: Frequency) -> FrequencyShown:
    return FrequencyShown(
        device=judged.device,
        hz=judged.hz,
        applied_hz=judged.applied_hz,
        share=min(max(judged.share, 0.0), 1.0),
        believed=judged.believed,
        injected=judged.injected,
        code=judged.code,
        text=judged.text,
    )


def _product(product: ProductState) -> ProductShown:
    return ProductShown(
        product=product.product,
        capacity_kw=product.capacity_kw,
        armed=product.armed,
        refusals=tuple((refusal.code, refusal.text) for refusal in product.refusals),
        deviation_hz=product.deviation_hz,
        response_kw=product.response_kw,
        management_kw=product.management_kw,
        alert=product.alert,
        nem=product.nem,
        aem=product.aem,
        reserve_mode=product.reserve_mode,
        endurance_min=product.endurance_min,
    )
