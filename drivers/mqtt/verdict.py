"""A device's answer to a command. Pure."""

from dataclasses import dataclass

from drivers.mqtt.command import Command, Confirmation
from drivers.payload import BadPayload, find, number, shown

_REASON_LETTERS_MAX = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Yes or no, and why."""

    accepted: bool
    reason: str = ""
    value_kw: float | None = None
    """What it says it took; None: it does not say."""


def verdict(answers: Confirmation, command: Command, document: object, seq: int) -> Verdict | None:
    """Return what an answer says to the command `seq`; None: it answers another one.

    Raises:
        BadPayload: it cannot be understood.
    """
    if number(find(document, answers.seq)) != seq:
        return None
    accepted: object = True
    if answers.accepted:
        accepted = find(document, answers.accepted)
        if not isinstance(accepted, bool):
            raise BadPayload(f"{shown(accepted)} is neither true nor false")
    reason = find(document, answers.reason) if answers.reason else None
    value_kw = None
    if answers.value and accepted:
        value_kw = command.setpoint.value(number(find(document, answers.value)))
        if value_kw is None:
            raise BadPayload("the value that it took is out of range")
    return Verdict(
        accepted=bool(accepted),
        reason=ascii(reason[:_REASON_LETTERS_MAX]) if isinstance(reason, str) else "",
        value_kw=value_kw,
    )
