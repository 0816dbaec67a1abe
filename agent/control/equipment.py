"""From the settings to the equipment: ports, units, what each may do and who tells what of it."""

import logging
from collections.abc import AsyncIterator, Mapping, Sequence, Set
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

from agent.control.config import ControlSettings, UnitSettings
from agent.control.limits import Limits, Ramp, UnitLimits
from agent.control.plant import Run
from agent.control.port import Port
from agent.control.sources import (
    FREQUENCY,
    POWER,
    RUN,
    SITE,
    SOC,
    BadSource,
    MeterFacts,
    Sources,
    resolve,
    told_stops,
)
from agent.control.timing import Timing
from agent.settings import AgentSettings, BadSettings
from drivers.base import Rate
from drivers.document import Document, Protocol, open_document
from drivers.names import point_names, register_of
from drivers.profile import read_profile
from drivers.registry import DeviceConfig, open_driver
from wire.clock import Clock

_logger = logging.getLogger(__name__)


@asynccontextmanager
async def opened_ports(
    settings: AgentSettings, clock: Clock, timing: Timing | None = None
) -> AsyncIterator[tuple[Sequence[Port], tuple[Sources, ...]]]:
    """Open all devices, none of which needs to be on, and say which of them tells what.

    Raises:
        BadSettings: the devices that take power are not those of the units, or two tell the same
            of a battery.
        ProfileError: a profile cannot be used.
    """
    async with AsyncExitStack() as stack:
        ports = [
            Port(
                device.id,
                await stack.enter_async_context(open_driver(device, clock)),
                clock,
                timing,
                offset_s=place * settings.control.period_s,
                make=open_document(device.profile, device.override).head.digest,
            )
            for place, device in enumerate(settings.devices)
        ]
        units = _units(settings, [port.device for port in ports if port.dispatch is not None])
        for place, unit in enumerate(units):
            key = f"control.units.{place}" if settings.control.units else "control"
            _check_range(settings, unit, key)
        sources = _sources(settings, units)
        meter = next((p for p in ports if p.device in sources[0].of(SITE)), None)
        for port in ports:
            port.meter = meter if port.dispatch is not None and port is not meter else None
        yield ports, sources


def limits(control: ControlSettings, sources: Sequence[Sources]) -> Limits:
    """Return what the settings allow each unit and the plant."""
    units = control.units or (_whole(control, sources[0].setter),)
    rated_kw = sum(max(unit.discharge_kw_max, unit.charge_kw_max) for unit in units)
    return Limits(
        units=tuple(
            _limits(control, unit, told.step_kw) for unit, told in zip(units, sources, strict=True)
        ),
        ramp_kw_per_s=rated_kw * control.ramp_pct_per_s / 100,
        ramps_kw_per_s=_ramps(control, rated_kw),
        balancing=control.balancing,
    )


def _ramps(control: ControlSettings, rated_kw: float) -> Mapping[Ramp, float]:
    ramps, release_kw_per_s = control.ramps, control.ramps.grid_release_pct_per_min / 60
    found = {Ramp.LOCAL: float("inf"), Ramp.GRID: rated_kw * release_kw_per_s / 100}
    if ramps.local_pct_per_s is not None:
        found[Ramp.LOCAL] = rated_kw * ramps.local_pct_per_s / 100
    if ramps.operator_pct_per_s is not None:
        found[Ramp.OPERATOR] = rated_kw * ramps.operator_pct_per_s / 100
    return found


def _limits(control: ControlSettings, unit: UnitSettings, step_kw: float) -> UnitLimits:
    low_pct = control.soc_min_pct if unit.soc_min_pct is None else unit.soc_min_pct
    high_pct = control.soc_max_pct if unit.soc_max_pct is None else unit.soc_max_pct
    return UnitLimits(
        unit=unit.inverter,
        discharge_kw_max=unit.discharge_kw_max,
        charge_kw_max=unit.charge_kw_max,
        soc_min_pct=low_pct,
        soc_max_pct=high_pct,
        capacity_kwh=unit.capacity_kwh,
        power_min_kw=unit.power_min_kw,
        step_kw=step_kw,
        supervision=control.supervision,
    )


def _whole(control: ControlSettings, inverter: str) -> UnitSettings:
    """Return the one unit of a plant whose settings name none."""
    return UnitSettings(
        inverter=inverter,
        discharge_kw_max=control.discharge_kw_max,
        charge_kw_max=control.charge_kw_max,
        capacity_kwh=control.capacity_kwh,
        power_min_kw=control.power_min_kw,
        stop_points=control.stop_points,
    )


def _units(settings: AgentSettings, setters: Sequence[str]) -> tuple[UnitSettings, ...]:
    """Return the units, each with a device that takes power, and no such device without a unit."""
    units, told = settings.control.units, ", ".join(setters) or "none"
    if not units:
        if len(setters) != 1:
            raise BadSettings(
                f"devices: {told} take a setpoint; exactly one device whose profile has [control]"
                " is expected, or [[control.units]]"
            )
        return (_whole(settings.control, setters[0]),)
    devices = [device.id for device in settings.devices]
    for place, unit in enumerate(units):
        key = f"control.units.{place}"
        if unit.inverter not in setters:
            raise BadSettings(
                f"{key}.inverter: {unit.inverter!r} is not allowed; one of the devices that take a"
                f" setpoint is expected: {told}"
            )
        for battery in unit.battery:
            if battery not in devices or battery in setters:
                raise BadSettings(
                    f"{key}.battery: {battery!r} is not allowed; a device that takes no setpoint"
                    " is expected"
                )
    left = [setter for setter in setters if setter not in [unit.inverter for unit in units]]
    if left:
        raise BadSettings(
            f"control.units: {', '.join(left)} is in no unit; every device that takes a setpoint"
            " is expected in one"
        )
    return units


def _sources(settings: AgentSettings, units: Sequence[UnitSettings]) -> tuple[Sources, ...]:
    names = {d.id: point_names(d.profile, d.override) for d in settings.devices}
    setters = [unit.inverter for unit in units]
    try:
        found = [_of_unit(settings, unit, names, setters) for unit in units]
    except BadSource as error:
        raise BadSettings(str(error)) from error
    _check_inputs(settings, found[0])
    for unit, sources in zip(units, found, strict=True):
        for point in (POWER, SOC):
            if not sources.of(point):
                text = "no device tells %s of %s: no power will be asked for"
                _logger.warning(text, point, unit.inverter)
    if not found[0].of(SITE) and (settings.connection.limited or settings.local.meters_needed):
        _logger.warning("no device tells %s: the connection is as without its meter", SITE)
    meters = {
        device.id: facts
        for device in settings.devices
        if FREQUENCY in names[device.id]
        and (facts := _meter_facts(device, settings.control.period_s)) is not None
    }
    return (replace(found[0], meters=meters), *found[1:])


def _check_inputs(settings: AgentSettings, sources: Sources) -> None:
    """Refuse a contact that no device tells: it would be a cut wire for ever."""
    told = [point for _, point in sources.inputs]
    for key, point in settings.control.inputs.points:
        if point not in told:
            raise BadSettings(
                f"control.inputs.{key}: {point!r} is not allowed; a point input.* or dso.* of a"
                f" device is expected: {', '.join(told) or 'there is none yet'}"
            )


def _of_unit(
    settings: AgentSettings,
    unit: UnitSettings,
    names: Mapping[str, Set[str]],
    setters: Sequence[str],
) -> Sources:
    several = bool(settings.control.units)
    sources = resolve(
        names,
        unit.inverter,
        settings.plant.sources,
        setters=setters,
        own=set(unit.battery) if several and (unit.battery or len(setters) > 1) else None,
    )
    device = next(device for device in settings.devices if device.id == unit.inverter)
    document = open_document(device.profile, device.override)
    own = (unit.inverter, *unit.battery) if several else tuple(names)
    codes = {code: Run(state.value) for code, state in document.run_states.items()}
    key = "control.units.stop_points" if several else "control.stop_points"
    return replace(
        sources,
        stops=told_stops(names, key, unit.stop_points, own),
        run_codes=codes if RUN in names[unit.inverter] else {},
        step_kw=_step_kw(document),
    )


def _step_kw(document: Document) -> float:
    """Return what the setpoint of a map of registers can be told in; 0: not known."""
    if document.protocol not in (Protocol.MODBUS, Protocol.SUNSPEC):
        return 0.0
    control = read_profile(document).control
    known = control is not None and control.percent_of is None and not control.setpoint.sunspec
    return control.setpoint.resolution if known and control is not None else 0.0


def _meter_facts(device: DeviceConfig, beat_s: float) -> MeterFacts | None:
    """Return what a map of registers says of its frequency; None: another kind of device."""
    register = register_of(device.profile, device.override, FREQUENCY)
    if register is None:
        return None
    point, pace = register
    steps = point.coding.whole and not point.sunspec
    return MeterFacts(
        resolution_hz=point.resolution if steps else None,
        period_s=max(beat_s, pace.fast_s) if point.rate is Rate.FAST else pace.slow_s,
    )


def _check_range(settings: AgentSettings, unit: UnitSettings, key: str) -> None:
    """Refuse limits that the setpoint's register could not carry once they are asked for."""
    device = next(device for device in settings.devices if device.id == unit.inverter)
    document = open_document(device.profile, device.override)
    if document.protocol not in (Protocol.MODBUS, Protocol.SUNSPEC):
        return
    control = read_profile(document).control
    if control is None or control.percent_of is not None:
        return
    up, down = control.setpoint, control.setpoint
    low_kw, high_kw = down.low, up.high
    if control.split is not None:
        up, down = control.split.discharge_magnitude, control.split.charge_magnitude
        high_kw, low_kw = up.high, None if down.high is None else -down.high
    charge_kw = None if low_kw is None else -low_kw
    for name, kw_max, bound_kw, point in (
        ("discharge_kw_max", unit.discharge_kw_max, high_kw, up),
        ("charge_kw_max", unit.charge_kw_max, charge_kw, down),
    ):
        if bound_kw is not None and kw_max > bound_kw:
            raise BadSettings(
                f"{key}.{name}: {kw_max:g} is not allowed; at most {bound_kw:g} is expected,"
                f" what {point.name} of profile {device.profile} can carry"
            )
