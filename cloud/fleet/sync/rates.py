"""How often a box, or an address that is nobody yet, may call. Pure but for what it remembers.

A bucket of tokens for each caller and route: it holds `burst` and gains `per_s`. The limits lie far
above what a box of ours needs; they keep one that has run wild from taking the hub from the others.
"""

from collections import OrderedDict
from dataclasses import dataclass

from cloud.kernel.errors import TooMany

CALLERS_MAX = 100_000
"""Buckets remembered at once; the one untouched for longest is forgotten first."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What one caller may ask of one route."""

    burst: float
    per_s: float


UPLOADS = Rate(1_000, 100)
POLLS = Rate(100, 10)
POSTS = Rate(100, 10)
"""Light frames, reports, results."""
LOOKS = Rate(30, 2)
KEYS = Rate(30, 0.5)
BUNDLES = Rate(10, 0.1)
TIMES = Rate(500, 50)
"""Of one address: many boxes may stand behind one."""
TIMES_ALL = Rate(2_000, 500)
ENROLMENTS = Rate(30, 0.5)
"""Tries of one address; a code has 80 bits."""
ENROLMENTS_ALL = Rate(300, 5)


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at_s: float


class Rates:
    """The buckets of one hub process, by route and caller."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[tuple[str, str], _Bucket] = OrderedDict()

    def take(self, route: str, caller: str, rate: Rate, now_s: float) -> None:
        """Count a call; `now_s` is any monotonic clock.

        Raises:
            TooMany: the bucket is empty; the answer says when there is a token again.
        """
        name = route, caller
        bucket = self._buckets.setdefault(name, _Bucket(rate.burst, now_s))
        self._buckets.move_to_end(name)
        while len(self._buckets) > CALLERS_MAX:
            self._buckets.popitem(last=False)
        gained = max(0.0, now_s - bucket.at_s) * rate.per_s
        bucket.tokens, bucket.at_s = min(rate.burst, bucket.tokens + gained), now_s
        if bucket.tokens < 1:
            wait_s = (1 - bucket.tokens) / rate.per_s
            raise TooMany("too many requests; come again later", retry_after_s=int(wait_s) + 1)
        bucket.tokens -= 1
