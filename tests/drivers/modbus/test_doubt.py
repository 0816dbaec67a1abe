"""drivers.modbus.doubt: no answer of a unit that answers in order is taken for another's."""

from collections import deque
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.modbus.doubt import Doubts, Question
from drivers.point import Kind


def read(start: int, count: int, kind: Kind = Kind.HOLDING) -> Question:
    return Question(kind, start, count)


def test_without_a_doubt_nothing_is_probed() -> None:
    doubts = Doubts()
    assert not doubts.about(read(0, 10))
    doubts.left(read(0, 10))
    assert not doubts.about(read(50, 11)), "the length tells them apart"
    assert not doubts.about(read(50, 10, Kind.INPUT)), "the function tells them apart"
    assert not doubts.about(Question(Kind.HOLDING, 50, 10, (0,) * 10))


@pytest.mark.parametrize(
    ("question", "probe"),
    [
        (read(50, 10), read(50, 9)),
        (read(50, 1), None),
        (read(50, 20, Kind.COIL), read(50, 12, Kind.COIL)),
        (read(50, 8, Kind.COIL), None),
    ],
)
def test_an_unanswered_read_of_the_same_length_is_probed(
    question: Question, probe: Question | None
) -> None:
    doubts = Doubts()
    doubts.left(Question(question.kind, 0, question.count))
    assert doubts.about(question)
    assert doubts.probe(question) == probe
    doubts.answered(read(0, 3), [1, 2, 3])
    assert not doubts.about(question), "units answer in order"


def test_an_answer_like_the_one_before_is_doubted_until_it_is_confirmed() -> None:
    doubts = Doubts()
    assert not doubts.answered(read(0, 2), [0, 0])
    assert not doubts.answered(read(0, 2), [0, 0]), "the same question may have the same answer"
    assert doubts.answered(read(10, 2), [0, 0])
    doubts.confirm(read(10, 2), [0, 0])
    assert not doubts.answered(read(0, 2), [0, 1])
    assert not doubts.answered(read(10, 2), [0, 0])
    assert not doubts.answered(read(20, 2), [0, 2])
    assert not doubts.answered(read(30, 2, Kind.INPUT), [0, 2])


def register_at(address: int) -> int:
    return address * 40_503 % 65_536


class Wire:
    """A unit that answers in order, sometimes twice, sometimes later than anybody waits."""

    def __init__(self, mishaps: Sequence[str]) -> None:
        self._mishaps = deque(mishaps)
        self._coming: deque[tuple[int, list[int]]] = deque()

    def wait(self) -> None:
        """Let everything come while nobody listens."""
        self._coming.clear()

    def ask(self, question: Question) -> list[int] | None:
        """Return the first answer of the right length; None: none came in time."""
        values = [register_at(question.start + i) for i in range(question.count)]
        mishap = self._mishaps.popleft() if self._mishaps else ""
        answer = (question.count, values)
        if mishap == "late":
            self._coming = deque([answer])  # what was on its way came while nobody believed it
            return None
        self._coming.extend([answer] * (2 if mishap == "twice" else 1))
        while self._coming:
            length, given = self._coming.popleft()
            if length == question.count:
                return given
        return None


@settings(max_examples=400)
@given(
    mishaps=st.lists(st.sampled_from(["", "", "late", "twice"]), max_size=40),
    questions=st.lists(
        st.builds(read, st.integers(0, 200), st.integers(2, 5)), min_size=1, max_size=40
    ),
)
def test_no_read_gets_the_registers_of_another(
    mishaps: Sequence[str], questions: Sequence[Question]
) -> None:
    doubts, wire = Doubts(), Wire(mishaps)

    def asked(question: Question) -> list[int] | None:
        probe = doubts.probe(question) if doubts.about(question) else None
        if probe is not None and wire.ask(probe) is None:
            doubts.left(probe)
            return None
        if probe is None and doubts.about(question):
            wire.wait()
        answer = wire.ask(question)
        if answer is None:
            doubts.left(question)
        return answer

    for question in questions:
        answer = asked(question)
        if answer is not None and doubts.answered(question, answer):
            doubts.left(question)
            answer = asked(question)
            if answer is not None:
                doubts.answered(question, answer)
                doubts.confirm(question, answer)
        right = [register_at(question.start + i) for i in range(question.count)]
        assert answer in (None, right)
