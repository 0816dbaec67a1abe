"""Prices and energies between people and integers, exact. Pure.

People write 85.5 EUR/MWh and 0.0075 MWh; the exchange counts ticks of 0.01 EUR/MWh, steps of
power and watt-hours. Nothing is rounded on the way in: what does not fit is refused.
"""

from decimal import Decimal

from cloud.market.contracts import TICKS_PER_EUR, Contract

WH_PER_MWH = 1_000_000
CASH_PER_EUR = 10**8
"""Ticks times watt-hours count units of 10⁻⁸ EUR."""


class OffStep(ValueError):
    """A value that no whole number of ticks or steps makes; the text says what would fit."""


def ticks_of(price_eur_mwh: Decimal) -> int:
    """Return the price in ticks.

    Raises:
        OffStep: it is finer than a tick.
    """
    ticks = price_eur_mwh * TICKS_PER_EUR
    if ticks != int(ticks):
        raise OffStep(f"{price_eur_mwh} EUR/MWh is finer than the tick of 0.01 EUR/MWh")
    return int(ticks)


def steps_of(energy_mwh: Decimal, contract: Contract) -> int:
    """Return the energy over the contract's period as steps of power.

    Raises:
        OffStep: it is not a whole number of steps, or less than one.
    """
    step = contract.wh_per_step
    energy_wh = energy_mwh * WH_PER_MWH
    steps = int(energy_wh // step)
    if steps < 1 or energy_wh != steps * step:
        below, above = max(1, steps), max(1, steps) + (steps >= 1)
        nearest = " or ".join(text_mwh(n * step) for n in sorted({below, above}))
        raise OffStep(
            f"{energy_mwh} MWh is no whole number of steps of {text_mwh(step)} MWh"
            f" ({contract.rule.step_kw} kW); nearest: {nearest} MWh"
        )
    return steps


def eur_mwh(ticks: float) -> float:
    """Return a price, or an average of prices, for display and JSON."""
    return ticks / TICKS_PER_EUR


def mwh(energy_wh: int) -> float:
    """Return an energy for display and JSON."""
    return energy_wh / WH_PER_MWH


def eur(cash: int) -> float:
    """Return an amount of 10⁻⁸ EUR for display and JSON; the books keep the integer."""
    return cash / CASH_PER_EUR


def text_mwh(energy_wh: int) -> str:
    """Return an energy in MWh without trailing zeros: 250 Wh is ``0.00025``."""
    text = format(Decimal(energy_wh) / WH_PER_MWH, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
