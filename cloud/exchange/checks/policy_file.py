"""The throttle policy's file: read when the hub starts, and again when somebody asks for it.

The file alone changes nothing: what comes of it goes to the venue as a `Configure`, is journalled
there and in force from its place in the journal on.
"""

from collections.abc import Collection
from pathlib import Path

from cloud.exchange.checks import throttle
from cloud.exchange.checks.throttle import BadPolicy
from cloud.exchange.venue.commands import Configure


def read(
    path: Path, markets: Collection[str], version: int, by: str, *, forced: bool = False
) -> tuple[Configure, tuple[str, ...]]:
    """Return what to tell the venue, and notices for the log.

    Args:
        version: the one in force; 0 where there is none.
        by: who asks for it.

    Raises:
        BadPolicy: the file cannot be read or used; the policy in force stays.
        PolicyTooOld: a newer one is in force, and this one is not forced.
    """
    try:
        if path.stat().st_size > throttle.BYTES_MAX:
            raise BadPolicy(f"throttle: {path} is larger than {throttle.BYTES_MAX} bytes")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadPolicy(f"throttle: {path} cannot be read: {error}") from error
    policy = throttle.accept(throttle.parse(text, markets), version, forced=forced)
    command = Configure(what="throttle", version=policy.version, by=by, content=policy.content())
    return command, policy.notices
