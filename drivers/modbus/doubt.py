"""Which answers on a serial line may belong to another question. Pure.

Frames of a serial line carry no number: of two reads of one unit, of the same kind and length,
nothing in the answer says which of them it answers. That matters when an answer comes late, or
twice. Units answer in order, so a `probe` of another length clears the line: behind its answer no
older one can come.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from drivers.point import Kind

_UNANSWERED_MAX = 8
_CONFIRMED_MAX = 64


@dataclass(frozen=True, slots=True)
class Question:
    """A read of `count` registers or bits or, with `values`, a write of them."""

    kind: Kind
    start: int
    count: int
    values: tuple[int, ...] = ()
    multiple: bool = True
    """Write by function 15 or 16 rather than by 05 or 06."""

    @property
    def data_bytes(self) -> int:
        """Return how long what is read or written is in a frame."""
        return (self.count + 7) // 8 if self.kind.of_bits else 2 * self.count


class Doubts:
    """What is known about one unit's answers that may still come."""

    def __init__(self) -> None:
        self._unanswered: list[Question] = []
        self._last: tuple[Question, Sequence[int]] | None = None
        self._confirmed: dict[Question, Sequence[int]] = {}

    def left(self, question: Question) -> None:
        """Remember a question whose answer did not come, or was not waited for."""
        if not question.values:
            self._unanswered.append(question)
            del self._unanswered[:-_UNANSWERED_MAX]

    def about(self, question: Question) -> bool:
        """Say whether an answer to `question` could be one that was not waited for."""
        return not question.values and question.data_bytes in self._taken(question.kind)

    def probe(self, question: Question) -> Question | None:
        """Return what to ask before a doubtful `question`, so that its answer can be no other's.

        The probe reads the beginning of what is to be read, hence nothing that may not be read.
        None: no length is left that tells them apart; only time helps.
        """
        taken = self._taken(question.kind)
        if self._last is not None:
            taken.add(self._last[0].data_bytes)  # the one before may come a second time
        step = 8 if question.kind.of_bits else 1
        for count in range(question.count - step, 0, -step):
            probe = Question(question.kind, question.start, count)
            if probe.data_bytes not in taken:
                return probe
        return None

    def answered(self, question: Question, answer: Sequence[int]) -> bool:
        """Take an answer in; say whether it may be the one before, come a second time."""
        self._unanswered.clear()
        if question.values:
            return False
        last, self._last = self._last, (question, answer)
        if last is None or last[0] == question or not _alike(last[0], question):
            return False
        return list(last[1]) == list(answer) and self._confirmed.get(question) != answer

    def confirm(self, question: Question, answer: Sequence[int]) -> None:
        """Remember an answer that looks like another's and is not, to be believed next time."""
        if len(self._confirmed) >= _CONFIRMED_MAX:
            self._confirmed.clear()
        self._confirmed[question] = answer

    def _taken(self, kind: Kind) -> set[int]:
        return {question.data_bytes for question in self._unanswered if question.kind is kind}


def _alike(one: Question, other: Question) -> bool:
    return one.kind is other.kind and one.data_bytes == other.data_bytes
