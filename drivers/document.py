"""A profile's file: what all protocols have in common, and a site's own changes to it.

A profile is TOML. ``[profile]`` says what it is and how far it is to be trusted, ``[link]``
names the protocol; the rest is read by that protocol's own module. A site may keep a small file
of changes beside it: tables are laid over tables, a ``[[point]]`` over the point of its name.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from drivers.errors import ProfileError
from drivers.table import Mistakes, Table, parse_file

UNCONFIRMED_SHARE = 0.1
"""Of the rated power: all that is asked of a device whose map nobody has proved."""
_CODE_MAX = (1 << 32) - 1
_CODES_MAX = 100
_SHIPPED = Path(__file__).parent / "profiles"


class Protocol(StrEnum):
    """How the device speaks; each has its own module that reads the rest of the file."""

    MODBUS = "modbus"
    """Registers by address, over whatever line the site's settings name."""
    SUNSPEC = "sunspec"
    """Modbus registers found by walking the device's own list of models."""
    MQTT = "mqtt"
    SPARKPLUG = "sparkplug"
    OPCUA = "opcua"
    REST = "rest"
    PUSH = "push"
    """Told over the agent's own HTTP page."""
    SERIAL = "serial"
    """Lines of text on a serial port."""


class RunState(StrEnum):
    """What an inverter's status code may mean, in ``[run_states]``: a list of codes for each."""

    RUNNING = "running"
    STARTING = "starting"
    STANDBY = "standby"
    FAULT = "fault"
    LOCAL = "local"
    """Somebody on site has taken it out of remote control."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a profile says about itself."""

    id: str
    version: int
    source: str
    """Document, revision and date that the map was taken from."""
    confirmed: bool
    """False: taken from papers, not yet proved at a device; power is limited."""
    digest: str
    """SHA-256 of the file, and of the site's changes where there are any; hexadecimal."""

    @property
    def power_share_max(self) -> float:
        """Return the share of the rated power that may be asked for."""
        return 1.0 if self.confirmed else UNCONFIRMED_SHARE


@dataclass(frozen=True, slots=True)
class Document:
    """A profile's file, its head read; `table` holds the rest and is closed by its reader."""

    head: Head
    protocol: Protocol
    table: Table
    link: Table
    """``[link]`` without its protocol; closed by its reader."""
    run_states: Mapping[int, RunState] = field(default_factory=dict)
    """What the codes of ``pcs.status`` mean, as far as the maker's document says."""


def names() -> tuple[str, ...]:
    """Return the profiles that are shipped."""
    return tuple(sorted(path.stem for path in _SHIPPED.glob("*.toml")))


def open_document(
    name_or_path: str, override: str | None = None, mistakes: Mistakes | None = None
) -> Document:
    """Return a shipped profile by its name or the one in a ``.toml`` file, changed by `override`.

    Args:
        name_or_path: of the profile.
        override: the path of a site's changes.
        mistakes: takes what is wrong with the head, so that the rest can be looked at too.

    Raises:
        ProfileError: there is none, or its head is wrong; one line says which key.
    """
    if name_or_path in names():
        path = _SHIPPED / f"{name_or_path}.toml"
    elif name_or_path.endswith(".toml"):
        path = Path(name_or_path)
    else:
        raise ProfileError(
            f"profile: {name_or_path!r} is not allowed; {', '.join(names())} or the path of a"
            " .toml file is expected"
        )
    content, raw = parse_file(path)
    digest = hashlib.sha256(raw)
    where = f"{path.name}: "
    if override is not None:
        changes, raw = parse_file(Path(override))
        digest.update(raw)
        content = overlaid(content, changes, Path(override).name)
        where = f"{path.name} with {Path(override).name}: "
    return _document(Table(where, content), digest.hexdigest(), mistakes)


def overlaid(
    content: Mapping[str, object], changes: Mapping[str, object], where: str
) -> Mapping[str, object]:
    """Return `content` with a site's `changes` laid over it.

    A table's keys replace those of the same table; a ``[[point]]`` replaces keys of the point of
    its name or is added, and ``remove = true`` takes the point, or a whole table, away.

    Raises:
        ProfileError: the changes name a point to remove that is not there, or are no tables.
    """
    merged = dict(content)
    for key, change in changes.items():
        base = merged.get(key)
        if key == "point":
            merged[key] = _points(base, change, where)
        elif isinstance(change, dict) and change.get("remove") is True:
            if base is None:
                raise ProfileError(f"{where}: {key[:80]!r}: is not in the profile")
            del merged[key]
        elif isinstance(change, dict) and isinstance(base, dict):
            merged[key] = {**base, **change}
        else:
            merged[key] = change
    return merged


def _points(base: object, changes: object, where: str) -> list[object]:
    if not isinstance(base, list) or not isinstance(changes, list):
        raise ProfileError(f"{where}: point: tables [[point]] are expected")
    rows: dict[object, object] = {}
    for number, row in enumerate(base):
        known = row.get("name") if isinstance(row, dict) else None
        rows[known if isinstance(known, str) and known not in rows else number] = row
    for change in changes:
        if not isinstance(change, dict) or not isinstance(change.get("name"), str):
            raise ProfileError(f"{where}: point: a [[point]] with a name is expected")
        name = change["name"]
        before = rows.get(name)
        if change.get("remove") is True:
            if before is None:
                raise ProfileError(f"{where}: point: {name[:80]!r} is not in the profile")
            del rows[name]
        else:
            rows[name] = {**before, **change} if isinstance(before, dict) else change
    return list(rows.values())


def _document(table: Table, digest: str, mistakes: Mistakes | None) -> Document:
    found = Mistakes() if mistakes is None else mistakes
    head = Head(id="", version=1, source="", confirmed=False, digest=digest)
    with found.caught():
        head = _head(table.table("profile"), digest)
    run_states: Mapping[int, RunState] = {}
    if table.has("run_states"):
        with found.caught():
            run_states = _run_states(table.table("run_states"))
    link = table.table("link")
    protocol = link.choice("protocol", Protocol)
    if mistakes is None:
        found.tell()
    return Document(head, protocol, table, link, run_states)


def _run_states(table: Table) -> Mapping[int, RunState]:
    found: dict[int, RunState] = {}
    for state in RunState:
        for code in table.integers(state, 0, _CODE_MAX, _CODES_MAX):
            if code in found:
                raise table.wrong(state, code, f"a code that is not {found[code]} too")
            found[code] = state
    table.close()
    return found


def _head(table: Table, digest: str) -> Head:
    head = Head(
        id=table.text("id"),
        version=table.integer("version", 1, 1_000_000),
        source=table.text("source"),
        confirmed=table.flag("confirmed", default=False),
        digest=digest,
    )
    table.close()
    return head
