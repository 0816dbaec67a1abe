"""Commands as a hub sends them."""

from wire.command import Command
from wire.order import Order, SetpointOrder

SECOND_US = 1_000_000
HOUR_US = 3_600 * SECOND_US


def command(
    identity: str,
    order: Order,
    now_us: int,
    *,
    lasts_us: int = HOUR_US,
    priority: int = 5,
    issued_us: int | None = None,
) -> Command:
    return Command(
        id=identity,
        order=order,
        issued_us=now_us if issued_us is None else issued_us,
        expires_us=now_us + lasts_us,
        priority=priority,
        actor="key-1",
        reason="a test",
    )


def setpoint(
    identity: str, power_kw: float, now_us: int, *, holds_s: float = 600.0, after_us: int = 0
) -> Command:
    """Return a setpoint issued `after_us` after now."""
    order = SetpointOrder(power_kw, now_us + round(holds_s * SECOND_US))
    return command(identity, order, now_us, issued_us=now_us + after_us)
