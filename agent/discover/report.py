"""What was found, for people, and as a site configuration to begin with. Pure."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from agent.discover.targets import Service

_ID_MAX = 40
_LINE_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One thing that answered."""

    where: str
    """``192.168.1.17:502``, or the path of a serial port."""
    service: Service
    text: str
    """What it said, for people."""
    unit: int | None = None
    profile: str = ""
    """The shipped profile that fits it best; empty: none does."""
    others: tuple[str, ...] = ()
    """Further profiles that fit."""
    identity: tuple[tuple[str, str], ...] = ()
    line: tuple[tuple[str, str | int], ...] = ()
    """What the settings of the device need to reach it: kind, host and port, or the serial line."""


def lines(found: Sequence[Found]) -> list[str]:
    """Return one line for each thing found."""
    rows = []
    for one in found:
        where = one.where if one.unit is None else f"{one.where} unit {one.unit}"
        names = " ".join(value for _, value in one.identity if value)
        fits = f"profile {one.profile}" if one.profile else ""
        if one.others:
            fits += f" (or {', '.join(one.others)})"
        said = "; ".join(part for part in (names, one.text, fits) if part)
        rows.append(plain(f"{where:32}{said}"))
    return rows


def configuration(found: Sequence[Found], site: str) -> str:
    """Return a site configuration with every device that a profile is known for.

    It holds what was found and nothing that was not: limits are to be filled in by a person.
    """
    parts = [
        "# Written by 'phoenyra-agent discover'. Fill in what is marked, then try it with",
        "# 'phoenyra-agent check --config FILE'. Test every sign and limit at the device itself.",
        "",
        f"site = {json.dumps(site)}",
        'data_dir = "/var/lib/phoenyra"',
        "",
        "[control]",
        "# discharge_kw_max =      # what the plant may deliver, kW",
        "# charge_kw_max =         # what it may take, kW",
    ]
    taken: list[str] = []
    for one in found:
        parts.append("")
        if not one.profile:
            parts.append(f"# {lines([one])[0].strip()}: no shipped profile fits")
            continue
        said = " ".join(value for _, value in one.identity if value) or one.text
        parts.append(plain(f"# {said}"))
        if one.others:
            parts.append(f"# or one of these profiles: {', '.join(one.others)}")
        parts.append("[[devices]]")
        parts.append(f"id = {json.dumps(_fresh_id(one.profile, taken))}")
        parts += [f"{key} = {json.dumps(value)}" for key, value in one.line]
        if one.unit is not None:
            parts.append(f"unit = {one.unit}")
        parts.append(f"profile = {json.dumps(one.profile)}")
    return "\n".join(parts) + "\n"


def plain(text: str) -> str:
    """Return `text` fit for one line, whatever a device put into it."""
    return "".join(c if c.isprintable() else "?" for c in text)[:_LINE_MAX]


def _fresh_id(profile: str, taken: list[str]) -> str:
    base = re.sub(r"[^a-z0-9]+", "-", profile.lower()).strip("-")[: _ID_MAX - 4] or "device"
    name, number = base, 1
    while name in taken:
        number += 1
        name = f"{base}-{number}"
    taken.append(name)
    return name
