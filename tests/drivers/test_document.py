"""drivers.document: a profile's head, and a site's own changes laid over the rest."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.document import Document, Protocol, RunState, open_document, overlaid
from drivers.errors import ProfileError
from drivers.table import Mistakes

HEAD = '[profile]\nid = "maker"\nversion = 1\nsource = "this test"\n[link]\nprotocol = "push"\n'


def written(folder: Path, text: str, name: str = "maker.toml") -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_the_head_says_what_it_is_and_how_far_it_is_to_be_trusted(tmp_path: Path) -> None:
    document = open_document(written(tmp_path, HEAD))
    assert (document.head.id, document.head.version, document.head.confirmed) == ("maker", 1, False)
    assert document.protocol is Protocol.PUSH
    assert document.head.digest == hashlib.sha256(HEAD.encode()).hexdigest()


def test_what_an_inverters_codes_mean_is_said_once_for_each_code(tmp_path: Path) -> None:
    states = "[run_states]\nrunning = [4, 5]\nfault = [7]\n"
    found = open_document(written(tmp_path, HEAD + states)).run_states
    assert found == {4: RunState.RUNNING, 5: RunState.RUNNING, 7: RunState.FAULT}
    for wrong in ("fault = [4]\nrunning = [4]\n", "broken = [1]\n", "fault = 7\n"):
        with pytest.raises(ProfileError, match="run_states"):
            open_document(written(tmp_path, HEAD + "[run_states]\n" + wrong))


@pytest.mark.parametrize(
    ("profile", "code", "state"),
    [
        ("sunspec-battery", 3, RunState.RUNNING),
        ("sunspec-battery", 4, RunState.RUNNING),
        ("sunspec-battery", 6, RunState.FAULT),
        ("sunspec-battery", 7, RunState.STANDBY),
        ("opcua-battery", 2, RunState.RUNNING),
        ("opcua-battery", 3, RunState.FAULT),
        ("generic-mqtt", 1, RunState.RUNNING),
        ("generic-sparkplug", 1, RunState.RUNNING),
        ("fronius-gen24", 4, None),
    ],
)
def test_a_shipped_profile_says_what_its_source_says_of_the_inverters_codes(
    profile: str, code: int, state: RunState | None
) -> None:
    assert open_document(profile).run_states.get(code) is state


def test_a_sites_changes_are_part_of_the_digest(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD)
    change = written(tmp_path, "[profile]\nconfirmed = true\n", "site.toml")
    changed = open_document(path, change)
    assert changed.head.confirmed
    assert changed.head.digest != open_document(path).head.digest


def test_changes_replace_keys_points_by_name_and_take_points_and_tables_away() -> None:
    base = {
        "link": {"unit": 1, "port": 502},
        "control": {"setpoint": "a.b"},
        "point": [{"name": "a.a", "scale": 1}, {"name": "a.b", "scale": 1}],
    }
    changes = {
        "link": {"unit": 3},
        "control": {"remove": True},
        "point": [
            {"name": "a.b", "scale": -1},
            {"name": "a.a", "remove": True},
            {"name": "a.c", "scale": 2},
        ],
    }
    assert overlaid(base, changes, "site.toml") == {
        "link": {"unit": 3, "port": 502},
        "point": [{"name": "a.b", "scale": -1}, {"name": "a.c", "scale": 2}],
    }


def test_what_is_wrong_in_the_profile_itself_is_kept_for_its_reader_to_tell() -> None:
    base = {"point": [{"name": ["a"]}, {"name": "a.b"}, {"name": "a.b"}, 3]}
    assert overlaid(base, {"point": [{"name": "a.c"}]}, "site.toml") == {
        "point": [*base["point"], {"name": "a.c"}]
    }


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"point": [{"name": "a.z", "remove": True}]}, "site.toml: point: 'a.z' is not in the"),
        ({"point": [{"scale": 1}]}, "site.toml: point: a [[point]] with a name is expected"),
        ({"point": {"name": "a.a"}}, "site.toml: point: tables [[point]] are expected"),
        ({"watchdog": {"remove": True}}, "site.toml: 'watchdog': is not in the profile"),
    ],
)
def test_a_change_of_something_that_is_not_there_is_refused(
    changes: dict[str, object], line: str
) -> None:
    with pytest.raises(ProfileError) as caught:
        overlaid({"point": [{"name": "a.a"}]}, changes, "site.toml")
    assert line in str(caught.value)


def test_a_mistake_in_the_head_stops_unless_somebody_collects_them(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD.replace("version = 1", "version = 0"))
    with pytest.raises(ProfileError, match=r"maker\.toml: profile\.version: 0 is not allowed"):
        open_document(path)
    mistakes = Mistakes()
    assert isinstance(open_document(path, None, mistakes), Document)
    assert len(mistakes.lines) == 1


_tables = st.recursive(
    st.integers() | st.booleans() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "remove", "point", "link"]), inner, max_size=3)
    ),
    max_leaves=8,
)
_files = st.dictionaries(st.sampled_from(["point", "link", "control"]), _tables, max_size=3)


@given(_files, _files)
def test_any_change_to_anything_is_a_document_or_one_line(
    base: dict[str, object], changes: dict[str, object]
) -> None:
    mistakes = Mistakes()
    with mistakes.caught():
        overlaid(base, changes, "site.toml")
    assert not any("\n" in line for line in mistakes.lines)


@given(_files)
def test_no_change_at_all_leaves_everything_as_it_is(base: dict[str, object]) -> None:
    assert overlaid(base, {}, "site.toml") == base
