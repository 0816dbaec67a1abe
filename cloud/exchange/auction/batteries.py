"""Whether the battery of a site could ever do what is ordered for it in an auction. Pure.

**Power** is asked as in continuous trading: with what the site owes and offers, and all that
could be taken of the submission in one direction. **Energy** cannot be: who sells dear hours and
buys cheap ones orders both, and does not know which of them come. So only what is certain is asked:
what is ordered at any price, followed from the newest state of charge, and each block by itself,
which may not move more than the battery holds without a pause.
"""

from collections.abc import Sequence

from cloud.exchange.auction.calendar import Session
from cloud.exchange.auction.demand import Demand, demand
from cloud.exchange.auction.orders import Submission
from cloud.exchange.auction.units import loops
from cloud.exchange.checks.battery import AHEAD_MAX, Battery, Cell, stored_mwh
from cloud.exchange.checks.sites import charge_refusal
from cloud.exchange.venue.guard import Refusal
from wire import clock
from wire.clock import QUARTER_HOUR_US

_MWH_PER_KWH = 1_000_000


def of_power(cell: Cell | None, session: Session, one: Submission) -> Refusal | None:
    """Say in which quarter-hour the site could come to owe more than its power."""
    battery = None if cell is None else cell.battery
    if cell is None or battery is None:
        return Refusal("SITE_UNKNOWN", f"site {one.site}: nothing is known of its battery")
    wanted = demand(one, session.terms)
    for sold, most_kw in ((True, battery.discharge_kw_max), (False, battery.charge_kw_max)):
        for period, steps in enumerate(wanted.sold if sold else wanted.bought):
            if steps == 0:
                continue
            for start_us in _quarters(session, period):
                owed_kw = cell.power_kw(start_us, steps * session.step_kw, sold)
                if owed_kw > most_kw:
                    return Refusal(
                        "SITE_LIMIT",
                        f"site {one.site} could come to owe {owed_kw} kW in the quarter-hour of"
                        f" {_text(start_us)} with all its open orders; {most_kw:g} kW is its power",
                    )
    return None


def of_energy(cell: Cell, session: Session, one: Submission, at_us: int) -> Refusal | None:
    """Say what of it the battery could not hold; the state of charge has to be known.

    Args:
        cell: of a battery that is known (`of_power`).
    """
    battery = cell.battery
    assert battery is not None, "asked after the power"
    wanted = demand(one, session.terms)
    if not any(wanted.sold) and not any(wanted.bought):
        return None
    return (
        charge_refusal(battery, at_us)
        or _blocks(battery, session, one)
        or _certain(cell, battery, session, wanted, at_us)
    )


def _blocks(battery: Battery, session: Session, one: Submission) -> Refusal | None:
    room_mwh = battery.ceiling_mwh - battery.floor_mwh
    quarters = session.period_us // QUARTER_HOUR_US
    for loop in loops(one.blocks):
        lowest = highest = run = 0
        before = -2
        down = up = 0
        for period, steps in sorted(part for block in loop for part in block.parts):
            if period > before + 1:
                lowest = highest = run = 0
            run += stored_mwh(steps * session.step_kw, battery) * quarters
            lowest, highest, before = min(lowest, run), max(highest, run), period
            down, up = max(down, highest - run), max(up, run - lowest)
        if (most := max(down, up)) > room_mwh:
            name = f"loop {loop[0].loop}" if loop[0].loop else f"block {loop[0].name}"
            return Refusal(
                "SITE_EMPTY" if down > up else "SITE_FULL",
                f"{name} moves {most / _MWH_PER_KWH:.3f} kWh without a pause;"
                f" {room_mwh / _MWH_PER_KWH:.3f} kWh is what site {one.site} holds",
            )
    return None


def _certain(
    cell: Cell, battery: Battery, session: Session, wanted: Demand, at_us: int
) -> Refusal | None:
    """Follow what is owed together with what is ordered at any price."""
    extra = {
        start_us: steps * session.step_kw
        for period, steps in enumerate(wanted.certain)
        if steps
        for start_us in _quarters(session, period)
    }
    if not extra:
        return None
    cell.forget_until(min(at_us, battery.soc_at_us))
    starts = [cell.first_us + place * QUARTER_HOUR_US for place in range(AHEAD_MAX)]
    if max(extra) > starts[-1]:
        return Refusal(
            "SITE_HORIZON",
            f"site {battery.site} is followed for {AHEAD_MAX} quarter-hours;"
            f" {_text(max(extra))} is not among them, and is ordered at any price",
        )
    moved = 0
    for start_us, owed_mwh in zip(starts, _owed(cell, battery, starts, at_us), strict=True):
        if start_us in extra:
            net_kw = cell.certain_kw(start_us)
            moved += stored_mwh(net_kw + extra[start_us], battery) - stored_mwh(net_kw, battery)
        stored = owed_mwh + moved
        empty, full = stored < battery.floor_mwh, stored > battery.ceiling_mwh
        if (empty and moved < 0) or (full and moved > 0):
            limit = battery.floor_mwh if empty else battery.ceiling_mwh
            return Refusal(
                "SITE_EMPTY" if empty else "SITE_FULL",
                f"site {battery.site} would be at {stored / _MWH_PER_KWH:.3f} kWh at the end of the"
                f" quarter-hour of {_text(start_us)} with what is ordered at any price;"
                f" {limit / _MWH_PER_KWH:.3f} kWh is its {'floor' if empty else 'ceiling'}",
            )
    return None


def _owed(cell: Cell, battery: Battery, starts: Sequence[int], at_us: int) -> list[int]:
    """Return the stored energy after each quarter-hour, with what is traded alone."""
    assert battery.soc_pct is not None, "it is known"
    stored = round(battery.soc_pct * battery.energy_kwh * 10_000)
    path = []
    for start_us in starts:
        moved = stored_mwh(cell.certain_kw(start_us), battery)
        if start_us <= at_us < start_us + QUARTER_HOUR_US:
            moved = moved * (start_us + QUARTER_HOUR_US - at_us) // QUARTER_HOUR_US
        stored += moved
        path.append(stored)
    return path


def _quarters(session: Session, period: int) -> range:
    start_us = session.start_us + period * session.period_us
    return range(start_us, start_us + session.period_us, QUARTER_HOUR_US)


def _text(at_us: int) -> str:
    return clock.utc(at_us).strftime("%Y-%m-%dT%H:%MZ")
