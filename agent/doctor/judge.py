"""The running agent's own picture, judged. Pure.

Takes the technician page's document (`agent.gateway.picture`); what is missing in it is not known,
and is never taken for good.
"""

from collections.abc import Iterator
from typing import Any

from agent.doctor.finding import Finding, bad, good, unknown, warning

Picture = dict[str, Any]

ANSWER_OLD_S = 10.0
HUB_OLD_S = 60.0
FULL_SHARE = 0.8
CLOCK_OFF_S = 2.0


def judged(picture: Picture) -> Iterator[Finding]:
    """Yield what the agent says about itself."""
    now_us = int(picture["now_us"])
    yield _control(picture)
    yield from _devices(picture, now_us)
    yield from _hub(picture, now_us)
    yield from _clock(picture)
    yield _buffer(picture, now_us)
    yield from _alarms(picture)


def _control(picture: Picture) -> Finding:
    control = picture.get("control")
    if not picture.get("linked") or control is None:
        return bad(
            "control",
            "the control process does not answer; the inverter's own time-out acts",
            "look at its log: journalctl -u phoenyra-control",
        )
    text = f"mode {control['mode']}, {kw(control['setpoint_kw'])}"
    if control["mode"] == "safe":
        why = "; ".join(reason["text"] for reason in control["reasons"]) or "no reason told"
        return warning("control", f"{text}: {why}", "see what it waits for above or below")
    if control["dropped"]:
        return warning("control", f"{text}; {control['dropped']} items lost in its memory")
    missed = f", {control['missed']} of {control['beats']} beats late"
    return good("control", text + (missed if control["missed"] else ", no beat late"))


def _devices(picture: Picture, now_us: int) -> Iterator[Finding]:
    for device in picture.get("devices", []):
        subject = f"device {device['id']}"
        if device["connected"]:
            age_s = (now_us - device["answered_us"]) / 1e6
            if age_s > ANSWER_OLD_S:
                yield warning(subject, f"connected, but silent for {span(age_s)}")
            else:
                yield good(subject, f"answered {span(age_s)} ago")
        else:
            since = device["answered_us"]
            last = (
                "never answered" if since is None else f"silent for {span((now_us - since) / 1e6)}"
            )
            yield bad(
                subject,
                f"{last}: {device['trouble'] or 'no reason told'}",
                "check power, cable, address and unit number; only one master may be connected",
            )


def _hub(picture: Picture, now_us: int) -> Iterator[Finding]:
    hub = picture.get("hub") or {}
    if not hub.get("configured"):
        yield warning(
            "hub", "none is configured; everything is kept on the box", "phoenyra-agent enrol"
        )
        return
    answered_us = hub.get("answered_us")
    age_s = None if answered_us is None else (now_us - answered_us) / 1e6
    last = "never answered since the start" if age_s is None else f"answered {span(age_s)} ago"
    if hub.get("trouble"):
        code = f" ({hub['code']})" if hub.get("code") else ""
        yield bad("hub", f"{last}: {hub['trouble']}{code}", _remedy(str(hub.get("code", ""))))
    elif age_s is None or age_s > HUB_OLD_S:
        yield warning("hub", last)
    else:
        yield good("hub", last)
    yield clock_finding("clock and hub", float(hub.get("clock_off_us") or 0) / 1e6)


def _clock(picture: Picture) -> Iterator[Finding]:
    clock = picture.get("clock") or {}
    remedy = "switch on NTP: timedatectl set-ntp true"
    match clock.get("state"):
        case "synchronised":
            yield good("clock", "kept by a time service")
        case "confirmed":
            yield good("clock", "no time service; the hub's clock agrees")
        case "corrected":
            off_s = -clock["correction_us"] / 1e6
            yield warning("clock", f"the system's is {off_s:+.1f} s off; ours is the hub's", remedy)
        case "unknown":
            yield warning("clock", "nobody confirms it: what is stored waits", remedy)
        case _:
            return  # a gateway of an older version


def clock_finding(subject: str, off_s: float) -> Finding:
    """Return what to think of a clock that the hub's is `off_s` ahead of."""
    if abs(off_s) <= CLOCK_OFF_S:
        return good(subject, f"agree within {CLOCK_OFF_S:g} s ({off_s:+.2f} s)")
    return warning(
        subject,
        f"the hub's clock is {off_s:+.1f} s from this box's",
        "switch on NTP: timedatectl set-ntp true",
    )


def _buffer(picture: Picture, now_us: int) -> Finding:
    buffer = picture.get("buffer") or {}
    if buffer.get("unsent") is None:
        return unknown("buffer", "the gateway has not looked at it yet")
    share = buffer["bytes"] / max(1, buffer["bytes_max"])
    text = f"{buffer['unsent']} values wait, {size(buffer['bytes'])} of {size(buffer['bytes_max'])}"
    if buffer.get("trouble"):
        return bad(
            "buffer", f"nothing can be stored: {buffer['trouble']}", "free space on the disk"
        )
    stored_us = buffer.get("stored_us")
    if stored_us is not None:
        text += f", last stored {span((now_us - stored_us) / 1e6)} ago"
    if buffer.get("dropped"):
        return warning("buffer", f"{text}; {buffer['dropped']} values were dropped")
    return warning("buffer", text) if share > FULL_SHARE else good("buffer", text)


def _alarms(picture: Picture) -> Iterator[Finding]:
    for alarm in picture.get("alarms", []):
        if alarm.get("cleared_us") is None:
            yield warning(f"alarm {alarm['source']}", f"{alarm['code']}: {alarm['text']}")


def _remedy(code: str) -> str:
    return {
        "CLOCK_OFF": "set the clock of this box: timedatectl set-ntp true",
        "GATEWAY_REVOKED": "the hub's operator has revoked this box; enrol it again",
        "BAD_SIGNATURE": "its key is not the hub's; enrol it again: phoenyra-agent enrol",
        "KEY_RETIRED": "its key is too old; enrol it again: phoenyra-agent enrol",
    }.get(code, "check the network, the hub's address and the proxy")


def span(seconds: float) -> str:
    """Return a time span as people say it."""
    for unit, length in (("d", 86_400.0), ("h", 3_600.0), ("min", 60.0)):
        if abs(seconds) >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s" if abs(seconds) >= 10 else f"{seconds:.1f} s"


def size(octets: float) -> str:
    """Return a number of bytes as people say it."""
    for unit, length in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if octets >= length:
            return f"{octets / length:.1f} {unit}"
    return f"{octets:.0f} B"


def kw(power_kw: float) -> str:
    """Return a power with what its sign means."""
    if abs(power_kw) < 0.05:
        return "0 kW"
    return f"{power_kw:+.1f} kW ({'discharge' if power_kw > 0 else 'charge'})"
