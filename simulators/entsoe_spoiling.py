"""Answers as nobody should believe them, made from good ones. Pure.

For tests, and for who wants to see what his hub does: an entity bomb, an external entity, another
document, a page of HTML, nothing, the half of it, another unit, kW called MW, 95 points of 96.
"""

import re

_BOMB = (
    b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(8))
    + b"]>"
)
_EXTERNAL = b'<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
_HTML = b"<html><body><h1>Service is being maintained</h1></body></html>"
_OTHER = b"<Configuration_MarketDocument><mRID>1</mRID></Configuration_MarketDocument>"
_POINT = re.compile(rb"<Point><position>(\d+)</position>.*?</Point>", re.DOTALL)
_VALUE = re.compile(rb"(<(?:price\.amount|quantity)>)([^<]*)(<)")
_THOUSAND = 1_000
KINDS = (
    "bomb",
    "external",
    "other",
    "html",
    "empty",
    "half",
    "unit",
    "kilowatts",
    "hole",
    "trouble",
)
"""What `spoiled` knows."""


def spoiled(kind: str, body: bytes) -> tuple[int, bytes]:
    """Return status and body of an answer that is wrong in one way.

    Raises:
        KeyError: there is no such way.
    """
    if kind == "trouble":
        return 503, b"<html>Service unavailable</html>"
    return 200, _bodies(kind, body)


def _bodies(kind: str, body: bytes) -> bytes:
    head, _, rest = body.partition(b"?>\n")
    match kind:
        case "bomb":
            return head + b"?>\n" + _BOMB + rest.replace(b"<mRID>", b"<mRID>&i;", 1)
        case "external":
            return head + b"?>\n" + _EXTERNAL + rest.replace(b"<mRID>", b"<mRID>&a;", 1)
        case "other":
            return _OTHER
        case "html":
            return _HTML
        case "empty":
            return b""
        case "half":
            return body[: len(body) // 2]
        case "unit":
            other = body.replace(b">MWH<", b">KWH<")
            return other.replace(b">MAW<", b">KWT<")
        case "kilowatts":
            return _VALUE.sub(_times_thousand, body)
        case "hole":
            return _with_a_hole(body)
    raise KeyError(kind)


def _times_thousand(found: re.Match[bytes]) -> bytes:
    return b"%s%.2f%s" % (found[1], float(found[2]) * _THOUSAND, found[3])


def _with_a_hole(body: bytes) -> bytes:
    """Return the document with the 12th value missing: not repeated, for its element is empty."""

    def emptied(found: re.Match[bytes]) -> bytes:
        return _VALUE.sub(rb"\1\3", found[0]) if found[1] == b"12" else found[0]

    return _POINT.sub(emptied, body)
