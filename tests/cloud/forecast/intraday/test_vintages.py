"""`vintages`: whatever was known at any instant is what the archive of the series would serve."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.forecast.intraday.vintages import NEVER_US, NOTHING, SLOT_US, Spoken, Sum, vintages
from cloud.market.series.merge import Statement, merge
from cloud.market.series.model import Kind, Series

FIRST = 2_000_000
SLOTS = 6
SERIES = Series("entsoe", Kind.PRICE_DAY_AHEAD, "AT", 900)

statements = st.builds(
    lambda start, values, known, created, revision: Statement(
        starts_us=[(FIRST + start + n) * SLOT_US for n in range(len(values))],
        values=values,
        known_us=known,
        received_us=known,
        created_us=created,
        revision=revision,
    ),
    st.integers(0, 3),
    st.lists(st.sampled_from([1.0, 2.0, 3.0]), min_size=1, max_size=3),
    st.integers(0, 5),
    st.integers(0, 2),
    st.integers(1, 2),
)


def spoken(one: Statement, preference: int = 0, resolution_s: int = 900) -> Spoken:
    return Spoken(one.starts_us, one.values, one.known_us, one.rank, resolution_s, preference)


@settings(max_examples=300)
@given(st.lists(statements, max_size=6), st.integers(0, 6))
def test_at_any_instant_it_reads_what_the_archive_would_serve(
    said: list[Statement], at_us: int
) -> None:
    known = [one for one in said if one.known_us <= at_us]
    served = merge(SERIES, known, FIRST * SLOT_US, (FIRST + SLOTS) * SLOT_US).by_start()
    wanted = [served.get((FIRST + n) * SLOT_US, np.nan) for n in range(SLOTS)]
    read = vintages([spoken(one) for one in said]).read(at_us, FIRST, SLOTS)
    np.testing.assert_array_equal(read.values, wanted)
    assert ((read.known_us == NEVER_US) == np.isnan(read.values)).all()
    assert (read.known_us[np.isfinite(read.values)] <= at_us).all()


def test_an_hour_holds_for_its_quarters_and_the_preferred_series_counts_where_it_tells() -> None:
    hour = Spoken([FIRST * SLOT_US], [5.0], 1, (9, 9), 3_600, 0)
    quarter = Spoken([(FIRST + 2) * SLOT_US], [7.0], 2, (1, 1), 900, 1)
    found = vintages([quarter, hour])
    assert found.at(1, FIRST, 5).tolist()[:4] == [5.0, 5.0, 5.0, 5.0]
    assert found.at(2, FIRST, 5).tolist()[:4] == [5.0, 5.0, 7.0, 5.0]
    assert np.isnan(found.at(2, FIRST, 5)[4])


def test_a_sum_is_known_where_all_its_parts_are() -> None:
    sea = vintages(
        [Spoken([FIRST * SLOT_US, (FIRST + 1) * SLOT_US], [1.0, 2.0], 1, (1, 1), 900, 0)]
    )
    land = vintages([Spoken([FIRST * SLOT_US], [10.0], 3, (1, 1), 900, 0)])
    both = Sum([sea, land])
    assert np.isnan(both.at(2, FIRST, 2)).all()
    read = both.read(3, FIRST, 2)
    assert read.values[0] == 11.0
    assert read.known_us[0] == 3
    assert np.isnan(read.values[1])


def test_nothing_tells_nothing_and_a_finer_series_is_not_read() -> None:
    assert np.isnan(NOTHING.at(NEVER_US, FIRST, 3)).all()
    assert vintages([Spoken([FIRST * SLOT_US], [1.0], 0, (0, 1), 300, 0)]) is NOTHING
