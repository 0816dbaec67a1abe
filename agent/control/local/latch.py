"""A level with hysteresis: shut at it, open again a little beyond. Pure."""

SOC_HYSTERESIS_PCT = 1.0


def at_or_below(value: float | None, level: float, before: bool, step: float) -> bool:
    """Say whether the value has come down to the level and not risen `step` above it since.

    An unknown value changes nothing; a level of 0 or less is never reached.
    """
    if value is None or level <= 0.0:
        return before and level > 0.0
    return value <= level or (before and value < level + step)


def at_or_above(value: float | None, level: float, before: bool, step: float) -> bool:
    """Say whether the value has come up to the level and not sunk `step` below it since."""
    if value is None or level >= 100.0:
        return before and level < 100.0
    return value >= level or (before and value > level - step)
