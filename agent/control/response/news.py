"""What happens to frequency products, told once: armed, refused, unavailable, over; alert. Pure.

What changes several times a minute is told once a minute: a limit that comes and goes is one story.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from agent.control.response.product import Frequency, ProductState, key_of
from wire.clock import utc
from wire.sync import Severity

AGAIN_S = 60.0
"""After news about the availability of a product the next ones wait so long."""

News = tuple[str, Severity, str, str]
"""Code, severity, source and text of an event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What was told last of one product; the time is the event loop's."""

    armed: bool
    available: bool
    codes: tuple[str, ...]
    at_s: float
    announced_us: int = 0
    """Start of the last transaction that was told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsMemory:
    """What was told last of everything."""

    products: Mapping[str, Told] = field(default_factory=dict)
    alert: bool = False
    test: bool = False


def news(
    frequency: Frequency | None, products: Sequence[ProductState], at_s: float, before: NewsMemory
) -> tuple[tuple[News, ...], NewsMemory]:
    """Return what is to be told after a cycle, and what to remember for the next one."""
    alert = any(product.alert for product in products)
    test = frequency is not None and frequency.injected
    if not products and not before.products and (alert, test) == (before.alert, before.test):
        return (), before
    told: list[News] = [*_of_grid(frequency, before, alert=alert, test=test)]
    after: dict[str, Told] = {}
    for product in products:
        name = key_of(product.product, after)
        was = before.products.get(name)
        now, said = _of_product(product, was, at_s)
        told += said
        announced_us = 0 if was is None else was.announced_us
        if product.announced and product.announced[-1].start_us != announced_us:
            told.append(_announced(product))
            announced_us = product.announced[-1].start_us
        after[name] = replace(now, announced_us=announced_us)
    for name, was in before.products.items():
        if name not in after and was.armed:
            told.append(("PRODUCT_ENDED", Severity.INFO, name, "it is not answered any more"))
    return tuple(told), NewsMemory(products=after, alert=alert, test=test)


def _of_grid(
    frequency: Frequency | None, before: NewsMemory, *, alert: bool, test: bool
) -> Iterator[News]:
    hz = None if frequency is None else frequency.applied_hz
    where = "" if hz is None else f"{hz:.3f} Hz"
    if alert and not before.alert:
        yield "ALERT_BEGAN", Severity.WARNING, "grid", where
    elif before.alert and not alert:
        yield "ALERT_ENDED", Severity.INFO, "grid", where
    if test and not before.test:
        yield "TEST_BEGAN", Severity.WARNING, "grid", "products answer a test's frequency"
    elif before.test and not test:
        yield "TEST_ENDED", Severity.INFO, "grid", "products answer the measured frequency"


def _announced(product: ProductState) -> News:
    """Tell the newest transaction ahead of its start: it becomes part of the baseline."""
    newest = product.announced[-1]
    hours = f"{utc(newest.start_us):%Y-%m-%d %H:%M} to {utc(newest.end_us):%H:%M} UTC"
    text = f"{newest.power_kw:+.1f} kW from {hours}"
    return "ENERGY_ANNOUNCED", Severity.INFO, product.product, text


def _of_product(
    product: ProductState, was: Told | None, at_s: float
) -> tuple[Told, tuple[News, ...]]:
    codes = tuple(refusal.code for refusal in product.refusals)
    now = Told(armed=product.armed, available=not codes, codes=codes, at_s=at_s)
    why = "; ".join(f"{refusal.code}: {refusal.text}" for refusal in product.refusals)
    name = product.product
    if was is None or was.armed != now.armed:
        if now.armed:
            text = f"{product.capacity_kw:g} kW"
            return now, (("PRODUCT_ARMED", Severity.INFO, name, text),)
        return now, (("PRODUCT_REFUSED", Severity.ALARM, name, why),)
    if codes == was.codes or at_s - was.at_s < AGAIN_S:
        return replace(now, available=was.available, codes=was.codes, at_s=was.at_s), ()
    if not now.armed:
        return now, (("PRODUCT_REFUSED", Severity.ALARM, name, why),)
    if now.available:
        return now, (("PRODUCT_AVAILABLE", Severity.INFO, name, "as it was sold"),)
    return now, (("PRODUCT_UNAVAILABLE", Severity.ALARM, name, why),)
