"""Shipped profiles for tests, and what a site would add to those that ask for its word."""

import struct
from pathlib import Path

from drivers.document import Protocol, names, open_document
from drivers.modbus.codec import decode
from drivers.profile import Profile, load

REGISTER_MAPS = tuple(name for name in names() if open_document(name).protocol is Protocol.MODBUS)
"""Profiles of Modbus registers by address."""

SETTERS = tuple(name for name in REGISTER_MAPS if load(name).control is not None)
"""Those of devices that take a setpoint."""

_WAIVED = '[watchdog]\nwaiver = "a test"\n'
SITE_WORDS = {
    "huawei-luna": "[link]\nconnect_delay_s = 0\nturnaround_s = 0\n",
    "sungrow-sh": _WAIVED,
    "victron-gx": _WAIVED,
    "victron-multi": _WAIVED,
    "wstech-pcs": '[link]\nnotation = "wire0"\n[watchdog]\ntimeout_s = 20\n',
}
"""What a site says of a device that must not be opened without; a simulator needs no pause."""


def override_for(name: str, folder: Path) -> str | None:
    """Return a site's own file for this profile; None: it needs none."""
    return written(folder, SITE_WORDS[name]) if name in SITE_WORDS else None


def written(folder: Path, text: str) -> str:
    """Return the path of a site's own file that says `text`."""
    path = folder / "site.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def at_a_site(name: str, folder: Path) -> Profile:
    """Return a shipped profile with a site's word, where it asks for one."""
    return load(name, override_for(name, folder))


def changed(name: str, folder: Path, text: str) -> Profile:
    """Return a shipped profile with a site's own `text` laid over it."""
    return load(name, written(folder, text))


def value(profile: Profile, name: str, *registers: int) -> float | None:
    """Return what the driver reads in these registers of the point."""
    return decode(profile.point(name), registers)


def float_words(number: float) -> tuple[int, int]:
    """Return the registers of a float, high word first."""
    high, low = struct.unpack(">HH", struct.pack(">f", number))
    return high, low


def int_words(number: int) -> tuple[int, int]:
    """Return the registers of a signed number, high word first."""
    high, low = struct.unpack(">HH", struct.pack(">i", number))
    return high, low
