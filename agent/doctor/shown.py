"""The verb ``status``: the page's document as a screenful of text. Pure."""

from collections.abc import Iterator
from typing import Any

from agent.doctor.judge import acknowledged, clock_said, kw, losses, size, span, waits
from wire.clock import utc

Picture = dict[str, Any]

_QUALITIES = {"good": "", "stale": "  STALE", "bad": "  BAD", "lost": "  LOST"}
_EVENTS_SHOWN = 5


def lines(picture: Picture) -> Iterator[str]:
    """Yield the state of the site, most important first."""
    now_us = int(picture["now_us"])
    site = picture["site"]
    yield f"{site['name']} ({site['id']})   {utc(now_us):%Y-%m-%d %H:%M:%S} UTC"
    yield ""
    yield from _control(picture)
    yield from _schedule(picture)
    yield ""
    for device in picture.get("devices", []):
        yield f"  {device['id']:<24} {_device(device, now_us)}"
    yield ""
    yield from _values(picture, now_us)
    yield ""
    yield f"  hub     {_hub(picture.get('hub') or {}, now_us)}"
    yield f"  clock   {clock_said(picture.get('clock') or {}) or 'not known'}"
    buffer = picture.get("buffer") or {}
    yield f"  buffer  {_buffer(buffer, now_us)}"
    if losses(buffer):
        yield f"  LOST    {losses(buffer)}"
    yield from _alarms(picture, now_us)
    yield from _events(picture, now_us)


def _control(picture: Picture) -> Iterator[str]:
    control = picture.get("control")
    if not picture.get("linked") or control is None:
        yield "  control does not answer"
        return
    yield f"  {control['mode']}: setpoint {kw(control['setpoint_kw'])}"
    for reason in control["reasons"]:
        yield f"    {reason['code']:<16} {reason['text']} -> {reason['power_kw']:+.1f} kW"


def _schedule(picture: Picture) -> Iterator[str]:
    schedule = picture.get("schedule")
    if schedule is None:
        yield "  no schedule"
        return
    ends = f"{utc(schedule['ends_us']):%d.%m. %H:%M}"
    yield f"  schedule version {schedule['version']}, known until {ends} UTC"


def _device(device: Picture, now_us: int) -> str:
    at_us = device["answered_us"]
    age = "never" if at_us is None else f"{span((now_us - at_us) / 1e6)} ago"
    if device["connected"]:
        return f"answered {age}"
    return f"LOST, last answer {age}: {device['trouble']}"


def _values(picture: Picture, now_us: int) -> Iterator[str]:
    for value in picture.get("values", []):
        shown = "-" if value["v"] is None else f"{value['v']:g}"
        age = span((now_us - value["at_us"]) / 1e6)
        mark = _QUALITIES.get(value["q"], f"  {value['q']}")
        yield f"  {value['device']:<20} {value['point']:<28} {shown:>12}  {age:>8}{mark}"


def _hub(hub: Picture, now_us: int) -> str:
    if not hub.get("configured"):
        return "none configured"
    if hub.get("trouble"):
        return f"NOT CONNECTED: {hub['trouble']}"
    answered_us = hub.get("answered_us")
    if answered_us is None:
        return "no answer yet"
    return f"answered {span((now_us - answered_us) / 1e6)} ago"


def _buffer(buffer: Picture, now_us: int) -> str:
    if buffer.get("unsent") is None:
        return "not known yet"
    trouble = f"; CANNOT STORE: {buffer['trouble']}" if buffer.get("trouble") else ""
    wear = buffer.get("written_bytes_day")
    written = "" if wear is None else f"; {size(wear)} a day written to the disk"
    return f"{waits(buffer, now_us)}{trouble}{written}"


def _alarms(picture: Picture, now_us: int) -> Iterator[str]:
    """Yield what lasts, and what nobody has seen yet."""
    told = [
        alarm
        for alarm in picture.get("alarms", [])
        if alarm.get("cleared_us") is None or alarm.get("acked_us") is None
    ]
    if told:
        yield ""
    for alarm in told:
        age = span((now_us - alarm["raised_us"]) / 1e6)
        over = "" if alarm.get("cleared_us") is None else "over, "
        seen = acknowledged(alarm) or "NOT ACKNOWLEDGED"
        yield f"  ALARM {alarm['code']} {alarm['source']}: {alarm['text']} ({over}{age}, {seen})"


def _events(picture: Picture, now_us: int) -> Iterator[str]:
    events = picture.get("events", [])[:_EVENTS_SHOWN]
    if events:
        yield ""
    for event in events:
        age = span((now_us - event["at_us"]) / 1e6)
        yield f"  {age:>8} ago  {event['code']}  {event['source']}: {event['text']}"
