"""Whether a box is well with its new settings. Pure."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

PATIENCE_S = 60.0
"""So long after the gateway's start the box may take to be well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What the marker says."""

    command: str
    """The id of the command that asked for it."""
    old: str
    """SHA-256 of the file before."""
    new: str
    control_boot: str = ""
    """The run of control that still had the old settings."""
    devices: tuple[str, ...] = ()
    """Those that answered before."""
    hub: bool = False
    """The hub was reachable before."""
    starts: int = 0
    failed: str = ""
    """Why the old settings are back; empty: the trial goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The box as it is now."""

    linked: bool
    control_boot: str
    configured: Collection[str]
    """Devices of the settings in force."""
    connected: Collection[str]
    hub: bool | None
    """It answers; None: the box has no hub."""


def missing(trial: Trial, seen: Seen) -> Iterator[str]:
    """Yield what is not yet as it was; nothing: the box is well."""
    if not seen.linked:
        yield "control is not connected"
    elif seen.control_boot == trial.control_boot:
        yield "control has not been started again"
    else:
        for device in trial.devices:
            if device in seen.configured and device not in seen.connected:
                yield f"{device} does not answer"
    if trial.hub and seen.hub is not True:
        yield "the hub is not reached" if seen.hub is False else "there is no hub any more"
