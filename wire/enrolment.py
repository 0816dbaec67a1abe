"""How a box gets its key, and a newer one: what it sends and what it is given. Pure.

A one-time code is exchanged for the box's own key. The box makes up a random `box` token first and
keeps it: the same code from the same box is answered with the same key for as long as the code
lives, so an answer that is lost on the way costs nothing, and another box gets nothing.
"""

from dataclasses import dataclass, field

from wire import fields
from wire.fields import BadMessage, Document
from wire.signing import Key

VERSION = 1
CODE_CHARACTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's alphabet: no I, L, O, U to be mistaken."""
CODE_LENGTH = 16
"""80 bits, in groups of four on paper."""
_SECRET_HEX_MIN = 32
_BOX_MIN, _BOX_MAX = 16, 64


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What a new box sends; it is not signed, the code is all it has."""

    code: str = field(repr=False)
    box: str = field(repr=False)
    """16 to 64 hexadecimal digits, made up by the box and used for nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What the hub answers, to an enrolment and to a request for a newer key."""

    gateway: str
    site: str
    key: Key


def normal_code(text: str) -> str:
    """Return a code as it was typed, in its one form: capitals, no dashes, O as 0, I and L as 1.

    Raises:
        BadMessage: it cannot be one of ours.
    """
    code = text.upper().translate(str.maketrans("OIL", "011", " -\t\r\n"))
    if len(code) != CODE_LENGTH or any(letter not in CODE_CHARACTERS for letter in code):
        # The value itself is a secret and is not repeated.
        raise BadMessage("code", "what was typed", f"{CODE_LENGTH} letters and digits are expected")
    return code


def shown_code(code: str) -> str:
    """Return a code in groups of four for people."""
    return "-".join(code[i : i + 4] for i in range(0, len(code), 4))


def to_document(enrolment: Enrolment) -> dict[str, object]:
    return {"v": VERSION, "code": enrolment.code, "box": enrolment.box}


def from_document(document: Document) -> Enrolment:
    fields.version(document, "enrolment", VERSION)
    box = fields.text(document, "box", "enrolment")
    if not _BOX_MIN <= len(box) <= _BOX_MAX or not _is_hex(box):
        raise BadMessage("enrolment.box", "it", f"{_BOX_MIN} to {_BOX_MAX} hexadecimal digits")
    return Enrolment(normal_code(fields.text(document, "code", "enrolment")), box)


def credentials_to_document(credentials: Credentials) -> dict[str, object]:
    return {
        "v": VERSION,
        "gateway": credentials.gateway,
        "site": credentials.site,
        "key_id": credentials.key.key_id,
        "secret": credentials.key.secret.hex(),
    }


def credentials_from_document(document: Document, path: str = "credentials") -> Credentials:
    fields.version(document, path, VERSION)
    secret = fields.text(document, "secret", path)
    if len(secret) < _SECRET_HEX_MIN or not _is_hex(secret):
        raise BadMessage(f"{path}.secret", "it", "hexadecimal digits are expected")
    return Credentials(
        gateway=fields.text(document, "gateway", path),
        site=fields.text(document, "site", path),
        key=Key(fields.text(document, "key_id", path), bytes.fromhex(secret)),
    )


def _is_hex(text: str) -> bool:
    return len(text) % 2 == 0 and all(letter in "0123456789abcdef" for letter in text)
