"""The profile verbs: what is shipped, what is in one, and every mistake in one.

A protocol's module is loaded only when a profile of that protocol is looked at.
"""

from collections.abc import Callable
from importlib import import_module
from typing import cast

from drivers.document import Document, Protocol, names, open_document
from drivers.table import Mistakes

_Describe = Callable[[Document], list[str]]
DESCRIBE = {
    Protocol.MODBUS: "drivers.modbus.describe:describe",
    Protocol.SUNSPEC: "drivers.sunspec.describe:describe",
    Protocol.MQTT: "drivers.mqtt.profile:describe",
    Protocol.SPARKPLUG: "drivers.mqtt.sparkplug.profile:describe",
    Protocol.OPCUA: "drivers.opcua.profile:describe",
    Protocol.REST: "drivers.rest.profile:describe",
    Protocol.PUSH: "drivers.push.intake:describe",
    Protocol.SERIAL: "drivers.serial.profile:describe",
}
"""What reads the rest of a profile's file and returns lines about it."""


def listed() -> list[str]:
    """Return a line for each profile that is shipped.

    Raises:
        ProfileError: one of them is wrong.
    """
    lines = []
    for name in names():
        document = open_document(name)
        sure = "" if document.head.confirmed else "  (unconfirmed)"
        lines.append(f"{name:24}{document.protocol:10}{document.head.source}{sure}")
    return lines


def shown(name: str, override: str | None = None) -> list[str]:
    """Return what a profile says, a line or two for each of its points.

    Raises:
        ProfileError: there is none, or it is wrong.
    """
    document, lines = _read(name, override)
    head = document.head
    sure = "confirmed" if head.confirmed else "unconfirmed: no more than a tenth of its power"
    return [
        f"{head.id}, version {head.version}, {document.protocol}, {sure}",
        f"source: {head.source}",
        f"digest: {head.digest}",
        *lines,
    ]


def checked(name: str, override: str | None = None) -> str:
    """Return one line about a profile that is good.

    Raises:
        ProfileError: it is not; its `lines` are every mistake.
    """
    document, _ = _read(name, override)
    points = document.table.raw("point", "tables [[point]]", default=[])
    count = len(points) if isinstance(points, list) else 0
    dispatch = "takes a setpoint" if document.table.has("control") else "is only read"
    return f"{name}: good; {count} points, {dispatch}"


def _read(name: str, override: str | None) -> tuple[Document, list[str]]:
    mistakes = Mistakes()
    document: Document | None = None
    lines: list[str] = []
    with mistakes.caught():
        document = open_document(name, override, mistakes)
        module, function = DESCRIBE[document.protocol].split(":")
        lines = cast("_Describe", getattr(import_module(module), function))(document)
    mistakes.tell()
    assert document is not None, "no mistake, so it was read"
    return document, lines
