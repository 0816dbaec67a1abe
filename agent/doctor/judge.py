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
STORED_OLD_S = 120.0
"""Control tells something at every commit, so the buffer takes something every few seconds."""


def judged(picture: Picture) -> Iterator[Finding]:
    """Yield what the agent says about itself."""
    now_us = int(picture["now_us"])
    yield _control(picture)
    yield from _devices(picture, now_us)
    yield from _hub(picture, now_us)
    yield from _clock(picture)
    yield from _buffer(picture, now_us)
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
    said = clock_said(clock)
    if not said:
        return  # a gateway of an older version
    if clock["state"] in ("synchronised", "confirmed"):
        yield good("clock", said)
    else:
        yield warning("clock", said, "switch on NTP: timedatectl set-ntp true")


def clock_said(clock: Picture) -> str:
    """Return what the clock is worth; empty: the gateway does not say."""
    off_s = -(clock.get("correction_us") or 0) / 1e6
    return {
        "synchronised": "kept by a time service",
        "confirmed": "no time service; the hub's clock agrees",
        "corrected": f"the system's is {off_s:+.1f} s off; ours is the hub's",
        "unknown": "nobody confirms it: what is stored waits",
    }.get(str(clock.get("state")), "")


def clock_finding(subject: str, off_s: float) -> Finding:
    """Return what to think of a clock that the hub's is `off_s` ahead of."""
    if abs(off_s) <= CLOCK_OFF_S:
        return good(subject, f"agree within {CLOCK_OFF_S:g} s ({off_s:+.2f} s)")
    return warning(
        subject,
        f"the hub's clock is {off_s:+.1f} s from this box's",
        "switch on NTP: timedatectl set-ntp true",
    )


def _buffer(picture: Picture, now_us: int) -> Iterator[Finding]:
    buffer = picture.get("buffer") or {}
    if buffer.get("unsent") is None:
        yield unknown("buffer", "the gateway has not looked at it yet")
        return
    text = f"{waits(buffer, now_us)}, of {size(buffer['bytes_max'])}"
    if buffer.get("trouble"):
        yield bad("buffer", f"nothing can be stored: {buffer['trouble']}", "free space on the disk")
        return
    stored_us = buffer.get("stored_us")
    age_s = 0.0 if stored_us is None else (now_us - stored_us) / 1e6
    if stored_us is not None:
        text += f", last stored {span(age_s)} ago"
    full = buffer["bytes"] / max(1, buffer["bytes_max"]) > FULL_SHARE
    stands = age_s > STORED_OLD_S and bool(picture.get("linked"))
    yield warning("buffer", text) if full or stands else good("buffer", text)
    yield from _losses(buffer)


def _losses(buffer: Picture) -> Iterator[Finding]:
    """Yield what was lost on this box; a box that lost nothing says so."""
    said = losses(buffer)
    if said:
        yield warning("gaps", said, "which, and why: the gap ledger of the site at the hub")
    elif buffer.get("gaps") is not None:
        yield good("gaps", "nothing was lost")


def _alarms(picture: Picture) -> Iterator[Finding]:
    for alarm in picture.get("alarms", []):
        if alarm.get("cleared_us") is None:
            seen = acknowledged(alarm)
            yield warning(
                f"alarm {alarm['source']}",
                f"{alarm['code']}: {alarm['text']}" + (f" ({seen})" if seen else ""),
                "" if seen else "acknowledge it on the technician's page, or at the hub",
            )


def waits(buffer: Picture, now_us: int) -> str:
    """Return what the hub does not have yet, and since when."""
    if not buffer["unsent"]:
        return "nothing waits"
    from_us = buffer.get("from_us")
    since = "" if from_us is None else f" since {span((now_us - from_us) / 1e6)}"
    return f"{buffer['unsent']} blocks wait{since}, {size(buffer['bytes'])}"


def losses(buffer: Picture) -> str:
    """Return what was lost on this box; empty: nothing that is known of."""
    parts = (
        (buffer.get("gaps"), "rows in the gap ledger"),
        (buffer.get("dropped"), "values dropped"),
        (buffer.get("quarantined"), "blocks set aside as damaged"),
    )
    return ", ".join(f"{number} {what}" for number, what in parts if number)


def acknowledged(alarm: Picture) -> str:
    """Return who has seen an alarm, and the note; empty: nobody."""
    if alarm.get("acked_us") is None:
        return ""
    note = f": {alarm['note']}" if alarm.get("note") else ""
    return f"acknowledged by {alarm.get('acked_by') or 'somebody'}{note}"


def _remedy(code: str) -> str:
    return {
        "CLOCK_OFF": "set the clock of this box: timedatectl set-ntp true",
        "GATEWAY_REVOKED": "the hub's operator has revoked this box; a new one is made there with"
        " 'phoenyra-hub gateway add', and its code entered here",
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
