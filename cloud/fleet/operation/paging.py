"""Where the next page of a list begins: the place of the last row, as a text. Pure.

Rows of one instant are common (a command to a hundred sites), so a place is more than a time.
"""

from cloud.fleet.operation.model import AlarmRow, CommandRow
from cloud.kernel.errors import Invalid

CommandPlace = tuple[int, str]
"""When it was issued, and its id."""
AlarmPlace = tuple[int, str, str]
"""When it was raised, its gateway, and its id."""
_SHOWN_MAX = 60


def command_text(row: CommandRow) -> str:
    return f"{row.issued_us}~{row.id}"


def alarm_text(row: AlarmRow) -> str:
    return f"{row.alarm.raised_us}~{row.gateway}~{row.alarm.id}"


def command_place(text: str) -> CommandPlace:
    """Return the place in a text.

    Raises:
        Invalid: it is none of ours.
    """
    at_us, _, identity = text.partition("~")
    if not identity:
        raise _strange(text)
    return _instant(at_us, text), identity


def alarm_place(text: str) -> AlarmPlace:
    """Return the place in a text.

    Raises:
        Invalid: it is none of ours.
    """
    at_us, gateway, identity = (*text.split("~", 2), "", "")[:3]
    if not identity:
        raise _strange(text)
    return _instant(at_us, text), gateway, identity


def _instant(at_us: str, text: str) -> int:
    if not (at_us.isascii() and at_us.isdigit() and len(at_us) <= 18):
        raise _strange(text)
    return int(at_us)


def _strange(text: str) -> Invalid:
    shown = text[:_SHOWN_MAX]
    return Invalid(f"before: {shown!r} is not allowed; `next` of an answer is expected")
