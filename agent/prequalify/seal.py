"""What shows that a report is as it was made: a digest, and a signature by the box's own key. Pure.

The seal is the last line of an HTML report, over everything before it, and a key of its own in
the JSON beside it, over the compact text of the report.
"""

import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from typing import Any

KEY_BYTES_MIN = 16
_LINE = re.compile(r"<!-- phoenyra-report sha256=([0-9a-f]{64}) hmac-sha256=([0-9a-f]{64}) -->\n")


class NoReport(Exception):
    """The file is no report of ours; the text is one line."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What the seal of a report shows."""

    unchanged: bool
    signed: bool | None
    """By the key that was given; None: none was."""
    digest: str


def sealed_html(html: str, key: bytes) -> str:
    """Return the page with its seal."""
    digest, signature = _seal(html.encode("utf-8"), key)
    return f"{html}<!-- phoenyra-report sha256={digest} hmac-sha256={signature} -->\n"


def sealed_json(report: dict[str, Any], key: bytes) -> str:
    """Return the document with its seal."""
    digest, signature = _seal(_compact(report), key)
    seal = {"sha256": digest, "hmac-sha256": signature}
    return json.dumps({"report": report, "seal": seal}, separators=(",", ":")) + "\n"


def checked(text: str, key: bytes | None) -> Checked:
    """Return what the seal in `text`, an HTML or JSON report, shows.

    Raises:
        NoReport: there is no seal in it.
    """
    if text.lstrip().startswith("{"):
        return _of_json(text, key)
    found = _LINE.search(text)
    if found is None or found.end() != len(text):
        raise NoReport("no seal at its end: not a report, or one that was cut")
    return _compared(text[: found.start()].encode("utf-8"), found[1], found[2], key)


def _of_json(text: str, key: bytes | None) -> Checked:
    try:
        document = json.loads(text)
        report, seal = document["report"], document["seal"]
        digest, signature = str(seal["sha256"]), str(seal["hmac-sha256"])
    except (ValueError, KeyError, TypeError) as error:
        raise NoReport("no report, or one without a seal") from error
    return _compared(_compact(report), digest, signature, key)


def _compared(body: bytes, digest: str, signature: str, key: bytes | None) -> Checked:
    unchanged = hmac.compare_digest(hashlib.sha256(body).hexdigest(), digest)
    if key is None:
        return Checked(unchanged, None, digest)
    return Checked(unchanged, hmac.compare_digest(_seal(body, key)[1], signature), digest)


def _seal(body: bytes, key: bytes) -> tuple[str, str]:
    return hashlib.sha256(body).hexdigest(), hmac.new(key, body, hashlib.sha256).hexdigest()


def _compact(report: dict[str, Any]) -> bytes:
    return json.dumps(report, separators=(",", ":"), sort_keys=True).encode("ascii")
