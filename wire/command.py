"""What the hub asks a box to do: a lease with an id and an end, executed at most once. Pure.

A command is sent again until the box has said that it holds it. The box executes an id once,
however often it comes, and refuses one that has expired. What became of it is a `CommandResult`,
repeated until the hub has heard it; the last state of an id wins, in the order of `State`.
"""

from dataclasses import dataclass
from enum import StrEnum

from wire import fields
from wire import order as orders
from wire.fields import BadMessage, Document
from wire.order import Order
from wire.schedule import POWER_KW_MAX

VERSION = 1
COMMANDS_MAX = 50
"""Commands in one answer."""
ID_MAX = 40
PRIORITY_MAX = 9


class State(StrEnum):
    """How far a command is; those after ``running`` are final."""

    ISSUED = "issued"
    """The hub has it, the box has not yet said so."""
    RECEIVED = "received"
    """On the box's disk."""
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """Begun, and did not come to its end; the text says how far it came."""
    REFUSED = "refused"
    """Not begun: not allowed, not possible here, or replaced by a newer one."""
    EXPIRED = "expired"
    """Not begun in time."""

    @property
    def final(self) -> bool:
        return self not in (State.ISSUED, State.RECEIVED, State.RUNNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """An order with its lease."""

    id: str
    order: Order
    issued_us: int
    expires_us: int
    """Not begun by then, it is not begun at all."""
    priority: int = 5
    """0 first, 9 last; within one, the older first."""
    actor: str
    """Who asks: a key id of the hub's API."""
    reason: str

    @property
    def kind(self) -> str:
        return self.order.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandResult:
    """What became of a command, from the box."""

    id: str
    state: State
    at_us: int
    text: str
    """One line for people."""
    read_back_kw: float | None = None
    """For a setpoint: what the inverter says it has been set to; None: it says nothing."""


def to_document(command: Command) -> dict[str, object]:
    return {
        "v": VERSION,
        "id": command.id,
        "kind": command.kind,
        "payload": orders.to_document(command.order),
        "issued_us": command.issued_us,
        "expires_us": command.expires_us,
        "priority": command.priority,
        "actor": command.actor,
        "reason": fields.cut(command.reason),
    }


def from_document(document: Document, path: str = "command") -> Command:
    """Return the command in `document`.

    Raises:
        BadMessage: a key is missing or wrong, or the kind is not known to this version.
    """
    fields.version(document, path, VERSION)
    payload = fields.as_document(document.get("payload"), f"{path}.payload")
    return Command(
        id=id_of(document, path),
        order=orders.from_document(fields.text(document, "kind", path), payload, f"{path}.payload"),
        issued_us=fields.instant(document, "issued_us", path),
        expires_us=fields.instant(document, "expires_us", path),
        priority=fields.integer(document, "priority", path, high=PRIORITY_MAX),
        actor=fields.text(document, "actor", path),
        reason=fields.text(document, "reason", path, empty=True),
    )


def result_to_document(result: CommandResult) -> dict[str, object]:
    return {
        "v": VERSION,
        "id": result.id,
        "state": result.state.value,
        "at_us": result.at_us,
        "text": fields.cut(result.text),
        "read_back_kw": result.read_back_kw,
    }


def result_from_document(document: Document, path: str = "result") -> CommandResult:
    fields.version(document, path, VERSION)
    read_back = document.get("read_back_kw")
    return CommandResult(
        id=id_of(document, path),
        state=fields.choice(document, "state", path, State),
        at_us=fields.instant(document, "at_us", path),
        text=fields.text(document, "text", path, empty=True),
        read_back_kw=None
        if read_back is None
        else fields.number(document, "read_back_kw", path, low=-POWER_KW_MAX, high=POWER_KW_MAX),
    )


def id_of(document: Document, path: str) -> str:
    """Return the id, also of a command that cannot be read otherwise."""
    value = fields.text(document, "id", path)
    if len(value) > ID_MAX:
        raise BadMessage(f"{path}.id", value, f"at most {ID_MAX} characters are expected")
    return value
