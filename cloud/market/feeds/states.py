"""How each feed is: when it last answered, since when it fails and why, when it is asked again."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from cloud.kernel import metrics
from cloud.market.series.model import Kind

_failures = metrics.counter(
    "pho_market_feed_failures", "questions without an answer", ("source", "area", "kind")
)
_answers = metrics.counter(
    "pho_market_feed_answers", "questions with an answer", ("source", "area", "kind")
)
_values = metrics.counter("pho_market_values", "values kept", ("source", "kind"))
_failing = metrics.gauge(
    "pho_market_feed_failing", "1 while a source does not answer", ("source", "area", "kind")
)

ODD_MAX = 100
"""Lines that are remembered of one thing asked for; the oldest go."""


@dataclass(frozen=True, slots=True, order=True)
class Asked:
    """What is asked for, again and again."""

    source: str
    area: str
    kind: Kind
    detail: str = ""

    def __str__(self) -> str:
        parts = (self.source, self.kind.value, self.area, self.detail)
        return "/".join(part for part in parts if part)


@dataclass(slots=True)
class State:
    """Of one `Asked`."""

    asked: Asked
    answered_us: int | None = None
    failing_since_us: int | None = None
    failures: int = 0
    """One after the other; 0 once it answers."""
    error: str = ""
    """Of the last failure; no token is in it."""
    word: str = ""
    """The same for machines: ``unavailable``, ``paused``, ``refused``, ``bad_answer``, …"""
    next_us: int | None = None
    odd: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Lines on what was strange in answers that were used all the same, and the interval asked for
    when each was said last: it stands until the same interval is told without it."""
    _heard: list[str] = field(default_factory=list)

    def hear(self, line: str) -> None:
        """Take a line on the answer that is being read."""
        self._heard.append(line)

    def judged(self, start_us: int, end_us: int) -> tuple[list[str], bool]:
        """Return the lines that are new of an interval's answer, and whether all is well again."""
        heard, self._heard = list(dict.fromkeys(self._heard)), []
        was_odd = bool(self.odd)
        new = [line for line in heard if line not in self.odd]
        for line, (first_us, last_us) in list(self.odd.items()):
            if line not in heard and start_us <= first_us and last_us <= end_us:
                del self.odd[line]
        for line in heard:
            first_us, last_us = self.odd.get(line, (start_us, end_us))
            within = (max(first_us, start_us), min(last_us, end_us))
            self.odd[line] = within if within[0] < within[1] else (start_us, end_us)
        while len(self.odd) > ODD_MAX:
            del self.odd[next(iter(self.odd))]
        return new, was_odd and not self.odd

    def answered(self, now_us: int) -> bool:
        """Remember an answer; True: it had failed before."""
        recovered = self.failing_since_us is not None
        self.answered_us, self.failing_since_us = now_us, None
        self.failures, self.error, self.word = 0, "", ""
        _answers.labels(*self._labels).inc()
        _failing.labels(*self._labels).set(0)
        return recovered

    def failed(self, now_us: int, error: str, word: str = "unavailable") -> bool:
        """Remember a failure; True: it is the first one after an answer."""
        first = self.failing_since_us is None
        self.failing_since_us = now_us if first else self.failing_since_us
        self.failures += 1
        self.error, self.word = error, word
        self._heard.clear()
        _failures.labels(*self._labels).inc()
        _failing.labels(*self._labels).set(1)
        return first

    def kept(self, values: int) -> None:
        _values.labels(self.asked.source, self.asked.kind.value).inc(values)

    @property
    def _labels(self) -> tuple[str, str, str]:
        return self.asked.source, self.asked.area, self.asked.kind.value


class FeedStates:
    """Of all feeds of this hub; kept in memory, for the store is what lasts."""

    def __init__(self) -> None:
        self._states: dict[Asked, State] = {}

    def of(self, asked: Asked) -> State:
        return self._states.setdefault(asked, State(asked))

    def __iter__(self) -> Iterator[State]:
        return iter([self._states[asked] for asked in sorted(self._states)])
