"""A decision trace: who asked, who cut, and under which rules, at one moment. Pure.

Control tells one when the reasons change and once a minute; it holds until the next.
"""

import zlib
from contextlib import suppress
from dataclasses import dataclass

from agent import status
from agent.status import Reason
from wire import fields
from wire.fields import Document
from wire.schedule import POWER_KW_MAX

REASONS_MAX = 50
BODY_BYTES_MAX = 256 * 1024
"""Of an inflated trace: a damaged one costs no more memory than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Why the setpoint was what it was, from `at_us` to the next trace."""

    at_us: int
    mode: str
    command_kw: float
    base_kw: float
    response_kw: float
    lower_kw: float
    upper_kw: float
    reasons: tuple[Reason, ...] = ()
    config: str = ""
    """Fingerprint of the settings file; empty: not known."""
    rules: str = ""
    """Rule sets and their versions."""
    products: str = ""
    """Products that are armed, with their capacity in kW: ``fcr_n=500+fcr_d_up=200``."""
    frequency: str = ""
    """The device that the frequency comes from."""
    skipped: int = 0
    """Changes since the trace before that came too fast to be told."""


def capacities_kw(trace: Trace | None) -> dict[str, float]:
    """Return the armed products with their capacities."""
    found: dict[str, float] = {}
    for part in (trace.products if trace is not None else "").split("+"):
        name, _, capacity_kw = part.partition("=")
        with suppress(ValueError):
            found[name] = float(capacity_kw)
    return found


def to_document(trace: Trace) -> dict[str, object]:
    words = {
        "config": trace.config,
        "rules": trace.rules,
        "products": trace.products,
        "frequency": trace.frequency,
    }
    return {
        "t_us": trace.at_us,
        "mode": fields.cut(trace.mode),
        "cmd_kw": _bounded(trace.command_kw),
        "base_kw": _bounded(trace.base_kw),
        "resp_kw": _bounded(trace.response_kw),
        "interval_kw": [_bounded(trace.lower_kw), _bounded(trace.upper_kw)],
        "reasons": [status.reason_row(reason) for reason in trace.reasons[:REASONS_MAX]],
        **{key: fields.cut(word) for key, word in words.items() if word},
        **({"skipped": trace.skipped} if trace.skipped else {}),
    }


def from_document(document: Document, path: str = "trace") -> Trace:
    """Return the trace of a document.

    Raises:
        BadMessage: it is none.
    """
    interval = fields.items(document, "interval_kw", path, most=2)
    lower, upper = interval if len(interval) == 2 else (None, None)
    return Trace(
        at_us=fields.instant(document, "t_us", path),
        mode=fields.text(document, "mode", path),
        command_kw=_power(document, "cmd_kw", path),
        base_kw=_power(document, "base_kw", path),
        response_kw=_power(document, "resp_kw", path),
        lower_kw=_power({"lower_kw": lower}, "lower_kw", path),
        upper_kw=_power({"upper_kw": upper}, "upper_kw", path),
        reasons=status.reasons(document, path),
        config=_word(document, "config", path),
        rules=_word(document, "rules", path),
        products=_word(document, "products", path),
        frequency=_word(document, "frequency", path),
        skipped=fields.integer(document, "skipped", path) if "skipped" in document else 0,
    )


def encode(trace: Trace) -> bytes:
    """Return the bytes that are stored."""
    return zlib.compress(fields.compact(to_document(trace)).encode("ascii"), 6)


def decode(payload: bytes) -> Trace:
    """Return the trace in `payload`.

    Raises:
        BadMessage: the bytes are no trace.
    """
    inflater = zlib.decompressobj()
    try:
        body = inflater.decompress(payload, BODY_BYTES_MAX)
    except zlib.error as error:
        raise fields.BadMessage("trace", payload, "deflated JSON is expected") from error
    return from_document(fields.parse(body, "trace"))


def _power(document: Document, key: str, path: str) -> float:
    return fields.number(document, key, path, low=-POWER_KW_MAX, high=POWER_KW_MAX)


def _bounded(power_kw: float) -> float:
    """Return a power that can be told: a trace must never be what stops the loop."""
    return min(max(power_kw, -POWER_KW_MAX), POWER_KW_MAX) if power_kw == power_kw else 0.0


def _word(document: Document, key: str, path: str) -> str:
    return fields.text(document, key, path, empty=True) if key in document else ""
