"""What may become of a command, how long it is good, and what of it may be shown. Pure.

A command only moves forward, and what the box says of its end is the last word. What the hub ended
by itself (expired, cancelled, never heard of again) is what it supposes: it cannot know whether the
box had fetched the command before. So the box's word replaces it, however late it comes.
"""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import replace

from cloud.fleet.operation.model import CommandRow, Standing, Wish
from cloud.kernel.errors import Invalid
from wire.command import Command, CommandResult, State
from wire.order import (
    AcknowledgeOrder,
    ConfigurationOrder,
    LogsOrder,
    ModeOrder,
    Order,
    ResetOrder,
    RestartOrder,
    RotateKeyOrder,
    SetpointOrder,
    SoftwareOrder,
)

MINUTE_US = 60 * 1_000_000
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US
OPEN_MAX = 50
"""Commands of a gateway that are not at their end; acknowledgements, one an alarm, beside them."""
EXPIRY_US_MAX = 30 * DAY_US
SETPOINT_US_MAX = 7 * DAY_US
"""How far ahead a setpoint may end."""
UNHEARD_US = DAY_US
"""So long after its expiry a command that the box once held is given up."""
USUAL_EXPIRY_US: Mapping[str, int] = {
    SetpointOrder.kind: 5 * MINUTE_US,
    ModeOrder.kind: 15 * MINUTE_US,
    ResetOrder.kind: 15 * MINUTE_US,
    ConfigurationOrder.kind: HOUR_US,
    RestartOrder.kind: 10 * MINUTE_US,
    LogsOrder.kind: 6 * HOUR_US,
    RotateKeyOrder.kind: DAY_US,
    SoftwareOrder.kind: DAY_US,
    AcknowledgeOrder.kind: EXPIRY_US_MAX,
}
USUAL_PRIORITY: Mapping[str, int] = {
    SetpointOrder.kind: 1,
    ModeOrder.kind: 1,
    ResetOrder.kind: 2,
    AcknowledgeOrder.kind: 7,
    LogsOrder.kind: 8,
}
"""Of other kinds: 5."""
ADMIN_KINDS = frozenset({ConfigurationOrder.kind, SoftwareOrder.kind, RotateKeyOrder.kind})
"""What changes the box itself. The rest an account's operator may ask of its own sites."""
_ORDER = (Standing.ISSUED, Standing.RECEIVED, Standing.RUNNING)
_MASK = "***"


def leased(wish: Wish, command_id: str, now_us: int) -> Command:
    """Return the command that a wish becomes.

    Raises:
        Invalid: it ends before it begins, or lies too far ahead.
    """
    kind = wish.order.kind
    expires_us = wish.expires_us
    if expires_us is None:
        expires_us = now_us + USUAL_EXPIRY_US[kind]
    if isinstance(wish.order, SetpointOrder):
        _check_setpoint(wish.order, now_us)
        expires_us = min(expires_us, wish.order.until_us)
    if not now_us < expires_us <= now_us + EXPIRY_US_MAX:
        raise Invalid(
            f"expires_at: within the next {EXPIRY_US_MAX // DAY_US} days is expected,"
            f" and not {(expires_us - now_us) / 1e6:g} s from now"
        )
    priority = USUAL_PRIORITY.get(kind, 5) if wish.priority is None else wish.priority
    return Command(
        id=command_id,
        order=wish.order,
        issued_us=now_us,
        expires_us=expires_us,
        priority=priority,
        actor=wish.actor.key_id,
        reason=wish.actor.reason,
    )


def told(row: CommandRow, result: CommandResult) -> CommandRow | None:
    """Return the command after what its box said; None: that changes nothing."""
    standing = Standing(result.state.value)
    if result.state is State.ISSUED or (row.by_box and row.standing.final):
        return None
    if row.by_box and not standing.final:
        step = _ORDER.index(standing) - _ORDER.index(row.standing)
        if step < 0 or (step == 0 and result.at_us <= row.changed_us):
            return None
    return replace(
        row,
        standing=standing,
        changed_us=result.at_us,
        by_box=True,
        text=result.text,
        read_back_kw=result.read_back_kw,
    )


def cancelled(row: CommandRow, who: str, now_us: int) -> CommandRow | None:
    """Return the command taken back; None: the box holds it, or it is at its end."""
    if row.standing is not Standing.ISSUED:
        return None
    return _ended(row, Standing.CANCELLED, f"taken back by {who}", now_us)


def overdue(row: CommandRow, now_us: int) -> CommandRow | None:
    """Return the command ended for its age; None: there is still time, or it is at its end."""
    if row.standing is Standing.ISSUED and now_us >= row.expires_us:
        return _ended(row, Standing.EXPIRED, "the box never fetched it", now_us)
    if not row.standing.final and now_us >= row.expires_us + UNHEARD_US:
        said = f"the box said {row.standing.value!r} and was not heard of again"
        return _ended(row, Standing.FAILED, said, now_us)
    return None


def shown(kind: str, payload: Mapping[str, object]) -> dict[str, object]:
    """Return what may be read of a payload: of a settings file its size and hash, no content."""
    document = dict(payload)
    toml = document.get("toml")
    if kind == ConfigurationOrder.kind and isinstance(toml, str) and toml != _MASK:
        document["toml"] = _MASK
        document["characters"] = len(toml)
        document["sha256"] = hashlib.sha256(toml.encode()).hexdigest()[:16]
    return document


def needs_admin(order: Order) -> bool:
    return order.kind in ADMIN_KINDS


def _check_setpoint(order: SetpointOrder, now_us: int) -> None:
    if not math.isfinite(order.power_kw):
        raise Invalid("power_kw: a finite number is expected")
    if not now_us < order.until_us <= now_us + SETPOINT_US_MAX:
        raise Invalid(
            f"until_us: within the next {SETPOINT_US_MAX // DAY_US} days is expected,"
            f" and not {(order.until_us - now_us) / 1e6:g} s from now"
        )


def _ended(row: CommandRow, standing: Standing, text: str, now_us: int) -> CommandRow:
    return replace(row, standing=standing, changed_us=now_us, by_box=False, text=text)
