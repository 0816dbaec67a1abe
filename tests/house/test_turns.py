"""`tests.support.turns`: many at once, or one alone."""

import threading
from pathlib import Path

from tests.support.turns import turn

WITHIN_S = 30.0


def test_those_who_do_not_mind_are_inside_together(tmp_path: Path) -> None:
    with turn(tmp_path, alone=False), turn(tmp_path, alone=False):
        pass


def test_whoever_wants_to_be_alone_waits_and_is_waited_for(tmp_path: Path) -> None:
    inside: list[str] = []
    asked = threading.Event()

    def enter(name: str, *, alone: bool) -> None:
        asked.set()
        with turn(tmp_path, alone=alone):
            assert not (alone and "shared" in inside)
            inside.append(name)
            inside.remove(name)
            inside.append(f"{name} was here")

    with turn(tmp_path, alone=False):
        inside.append("shared")
        alone = threading.Thread(target=enter, args=("alone",), kwargs={"alone": True})
        alone.start()
        assert asked.wait(WITHIN_S)
        assert inside == ["shared"]
        inside.remove("shared")
    alone.join(WITHIN_S)
    assert inside == ["alone was here"]

    with turn(tmp_path, alone=True):
        other = threading.Thread(target=enter, args=("other",), kwargs={"alone": False})
        other.start()
        assert inside == ["alone was here"]
    other.join(WITHIN_S)
    assert inside == ["alone was here", "other was here"]
