"""cloud.market.series.merge: of all that was said the newest counts, and nothing is lost."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from cloud.market.series.merge import Statement, Values, merge
from cloud.market.series.model import Quality
from tests.support.market_series import PRICES

STEP_US = 900_000_000


def said(
    first: int,
    values: list[float],
    known: int,
    *,
    created: int | None = None,
    revision: int = 1,
    quality: Quality = Quality.GOOD,
) -> Statement:
    return Statement(
        starts_us=range(first * STEP_US, (first + len(values)) * STEP_US, STEP_US),
        values=values,
        known_us=known,
        received_us=known,
        created_us=known if created is None else created,
        revision=revision,
        quality=quality,
        document=f"d{known}",
    )


def merged(*statements: Statement, end: int = 100) -> Values:
    return merge(PRICES, statements, 0, end * STEP_US)


def test_a_later_document_corrects_only_what_it_says() -> None:
    found = merged(said(0, [1, 2, 3], 10), said(1, [9], 20))
    assert found.values == (1, 9, 3)
    assert found.known_us == (10, 20, 10)
    assert found.documents == ("d10", "d20")


def test_a_document_that_was_made_earlier_does_not_count_however_late_it_comes() -> None:
    assert merged(said(0, [1], 10, created=8), said(0, [2], 20, created=5)).values == (1,)


def test_of_one_creation_the_higher_revision_counts() -> None:
    first, second = said(0, [1], 10, created=8, revision=2), said(0, [2], 11, created=8)
    assert merged(first, second).values == merged(second, first).values == (1,)


def test_two_of_one_rank_that_differ_are_both_set_apart_and_the_last_good_one_stays() -> None:
    one, other = said(0, [1, 5], 10, created=8), said(0, [2, 5], 11, created=8)
    found = merged(one, other)
    assert (found.starts_us, found.values) == ((STEP_US,), (5,))
    assert [(a.values, a.quality) for a in found.apart] == [
        ((1,), Quality.CONFLICT),
        ((2,), Quality.CONFLICT),
    ]
    assert merged(one, other, said(0, [7, 7], 5)).values == (7, 5)


def test_what_is_set_apart_takes_nothing_away() -> None:
    bad = said(0, [99_999.0], 20, quality=Quality.IMPLAUSIBLE)
    found = merged(said(0, [1], 10), bad)
    assert found.values == (1,)
    assert [a.values for a in found.apart] == [(99_999.0,)]


def test_only_what_is_asked_for_is_told() -> None:
    found = merge(PRICES, [said(0, [1, 2, 3, 4], 10)], STEP_US, 3 * STEP_US)
    assert (found.starts_us, found.values) == ((STEP_US, 2 * STEP_US), (2, 3))


statements = st.lists(
    st.builds(
        said,
        st.integers(0, 20),
        st.lists(st.integers(-50, 50).map(float), min_size=1, max_size=8),
        st.integers(0, 30),
        created=st.integers(0, 5) | st.none(),
        revision=st.integers(1, 2),
    ),
    max_size=12,
)


@given(statements)
def test_each_interval_has_the_value_of_the_best_rank_that_nobody_contradicts(
    found: list[Statement],
) -> None:
    told = merged(*found).by_start()
    assert list(told) == sorted(told)
    for at_us in {at_us for one in found for at_us in one.starts_us}:
        pairs = [(one.rank, dict(zip(one.starts_us, one.values, strict=True))) for one in found]
        by_rank: dict[tuple[int, int], set[float]] = {}
        for rank, values in pairs:
            if at_us in values:
                by_rank.setdefault(rank, set()).add(values[at_us])
        sole = [by_rank[rank] for rank in sorted(by_rank) if len(by_rank[rank]) == 1]
        assert told.get(at_us) == (next(iter(sole[-1])) if sole else None)


@given(statements, st.randoms(use_true_random=False))
def test_the_order_in_which_statements_are_read_does_not_matter(
    found: list[Statement], shuffled: object
) -> None:
    other = sorted(found, key=lambda one: hash((one.known_us, str(shuffled))))
    assert merged(*found).by_start() == merged(*other).by_start()


@given(statements, st.integers(0, 30))
def test_later_statements_do_not_change_what_was_known(found: list[Statement], at: int) -> None:
    then = [one for one in found if one.known_us <= at]
    later = [replace(one, values=[v + 1 for v in one.values]) for one in found if one.known_us > at]
    known = [one for one in (*then, *later) if one.known_us <= at]
    assert merged(*known) == merged(*then)
