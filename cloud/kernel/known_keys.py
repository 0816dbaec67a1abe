"""Keys that were looked up a moment ago: a client that asks often does not ask the database often.

What is kept is trusted for `TRUST_S`. A key that this hub revokes or rotates is forgotten at once;
one that another process ends (the command line) is good for so long yet. An end that a key has
from the beginning is looked at each time.
"""

import hashlib
from collections import OrderedDict

from cloud.kernel.keys import KeyRecord

TRUST_S = 1.0
KEYS_MAX = 10_000
"""Beyond, those that were looked up longest ago are forgotten first."""


class KnownKeys:
    """Records by the hash of the whole key; the key itself is not kept."""

    def __init__(self) -> None:
        self.changes = 0
        """How often keys were forgotten; what was read before the last time is not kept."""
        self._known: OrderedDict[bytes, tuple[float, KeyRecord]] = OrderedDict()

    def get(self, text: str, now_s: float) -> KeyRecord | None:
        """Return what is known of a key at an instant of the event loop's clock."""
        found = self._known.get(_digest(text))
        return None if found is None or now_s - found[0] > TRUST_S else found[1]

    def keep(self, text: str, record: KeyRecord, now_s: float, changes: int) -> None:
        """Keep what was read of a key; `changes` is from before the reading began."""
        if changes != self.changes:
            return
        digest = _digest(text)
        self._known[digest] = now_s, record
        self._known.move_to_end(digest)
        if len(self._known) > KEYS_MAX:
            self._known.popitem(last=False)

    def forget(self) -> None:
        """Know nothing: a key was revoked, or has another end now."""
        self.changes += 1
        self._known.clear()


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
