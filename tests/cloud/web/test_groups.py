"""cloud.web.groups: what was woken, or is too old, is read again; nothing else is."""

from cloud.web.groups import Groups


def _groups() -> Groups:
    return Groups(
        {"list": frozenset(), "live": frozenset({"live", "telemetry"})}, {"list": 2.0, "live": 5.0}
    )


def test_everything_is_read_the_first_time() -> None:
    assert _groups().due(set(), 100.0) == {"list", "live"}


def test_a_group_is_read_again_when_it_is_woken_or_too_old() -> None:
    groups = _groups()
    groups.due(set(), 100.0)
    assert groups.due(set(), 101.0) == set()
    assert groups.due({"telemetry"}, 101.5) == {"live"}
    assert groups.due(set(), 102.0) == {"list"}
    assert groups.due(set(), 106.4) == {"list"}
    assert groups.due(set(), 106.5) == {"live"}


def test_all_topics_are_listened_to() -> None:
    assert _groups().all_topics == ("live", "telemetry")
