"""What the settings say about the buffer, in the buffer's own words. Pure."""

from agent.gateway.pack import Packer
from agent.gateway.room import Bounds
from agent.gateway.rules import Rule
from agent.settings import BufferSettings


def bounds_of(settings: BufferSettings) -> Bounds:
    """Return how much of each class is kept, and for how long."""
    return Bounds(
        settlement_bytes_max=settings.settlement_bytes_max,
        events_bytes_max=settings.events_bytes_max,
        settlement_days_max=settings.settlement_days_max,
        events_days_max=settings.events_days_max,
        telemetry_days_max=settings.telemetry_days_max,
    )


def packer_of(settings: BufferSettings) -> Packer:
    """Return what makes frames of control's items."""
    rules = [
        Rule(
            points=rule.points,
            deadband=rule.deadband,
            period_s=rule.period_s,
            heartbeat_s=rule.heartbeat_s,
        )
        for rule in settings.rules
    ]
    return Packer(settings.settlement_points, rules)
