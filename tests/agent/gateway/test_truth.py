"""agent.gateway.truth: whom to believe about the time, and for how long."""

from hypothesis import given
from hypothesis import strategies as st

from agent.gateway.truth import (
    AGREE_US_MAX,
    NOTHING,
    RIGHT_US_MAX,
    Belief,
    Heard,
    judged,
    shift_us,
)
from wire.report import ClockState

SYSTEM_US = 1_700_000_000_000_000
HOUR_US = 3_600_000_000
SECOND_US = 1_000_000
offsets = st.integers(0, 2**60)
beliefs = st.one_of(
    st.just(NOTHING),
    st.builds(
        Belief,
        st.sampled_from(
            [ClockState.SYNCHRONISED, ClockState.CONFIRMED, ClockState.CORRECTED],
        ),
        offsets,
    ),
)
hearings = st.none() | st.builds(Heard, offsets, st.integers(0, 4_000_000), st.just(0.0))


def heard(by_us: int, unsure_us: int = 5_000) -> Heard:
    """Return a hub that is `by_us` ahead of the system's clock."""
    return Heard(SYSTEM_US + by_us, unsure_us, at_s=100.0)


def unsynchronised(belief: Belief, by_us: int = 0, hub: Heard | None = None) -> Belief:
    """Judge with a system's clock that stands `by_us` from where it stood."""
    return judged(belief, SYSTEM_US + by_us, synchronised=False, heard=hub)


def test_a_time_service_is_believed_before_all_others() -> None:
    right = Belief(ClockState.SYNCHRONISED, SYSTEM_US)
    assert judged(NOTHING, SYSTEM_US, synchronised=True) == right
    assert judged(NOTHING, SYSTEM_US, synchronised=True, heard=heard(HOUR_US)) == right


def test_without_a_time_service_and_a_hub_nothing_is_known() -> None:
    assert unsynchronised(NOTHING) == NOTHING
    assert NOTHING.correction_us(SYSTEM_US) == 0


def test_a_clock_two_seconds_from_the_hubs_is_confirmed_and_left_as_it_is() -> None:
    for by_us in (0, AGREE_US_MAX, -AGREE_US_MAX):
        belief = unsynchronised(NOTHING, hub=heard(by_us))
        assert belief == Belief(ClockState.CONFIRMED, SYSTEM_US)
        assert belief.correction_us(SYSTEM_US) == 0


def test_a_clock_further_off_is_corrected_by_the_hubs() -> None:
    belief = unsynchronised(NOTHING, hub=heard(HOUR_US))
    assert belief == Belief(ClockState.CORRECTED, SYSTEM_US + HOUR_US)
    assert belief.correction_us(SYSTEM_US) == HOUR_US


def test_a_clock_that_somebody_sets_is_held_against_what_was_known() -> None:
    known = unsynchronised(NOTHING, hub=heard(0))
    for by_us in (HOUR_US, -HOUR_US, 300_000):
        held = unsynchronised(known, by_us)
        assert held == Belief(ClockState.CORRECTED, SYSTEM_US)
        assert held.correction_us(SYSTEM_US + by_us) == -by_us


def test_a_time_service_that_goes_away_leaves_what_it_said() -> None:
    kept = judged(NOTHING, SYSTEM_US, synchronised=True)
    assert unsynchronised(kept) == Belief(ClockState.CONFIRMED, SYSTEM_US)
    assert unsynchronised(kept, HOUR_US) == Belief(ClockState.CORRECTED, SYSTEM_US)


def test_a_time_service_that_sets_a_wrong_clock_right_ends_the_correction() -> None:
    wrong = unsynchronised(NOTHING, hub=heard(HOUR_US))
    right = judged(wrong, SYSTEM_US + HOUR_US, synchronised=True)
    assert right.correction_us(SYSTEM_US + HOUR_US) == 0
    assert right.offset_us == wrong.offset_us


def test_a_correction_moves_only_by_more_than_the_answer_is_unsure_of() -> None:
    wrong = unsynchronised(NOTHING, hub=heard(HOUR_US))
    assert unsynchronised(wrong, hub=heard(HOUR_US + 400_000, unsure_us=400_000)) == wrong
    moved = unsynchronised(wrong, hub=heard(HOUR_US + 400_000, unsure_us=5_000))
    assert moved == Belief(ClockState.CORRECTED, SYSTEM_US + HOUR_US + 400_000)


def test_a_correction_near_the_bound_does_not_come_and_go() -> None:
    wrong = unsynchronised(NOTHING, hub=heard(AGREE_US_MAX + SECOND_US))
    nearer = unsynchronised(wrong, hub=heard(AGREE_US_MAX - SECOND_US))
    assert nearer.state is ClockState.CORRECTED
    assert unsynchronised(wrong, hub=heard(100_000)).state is ClockState.CONFIRMED


@given(belief=beliefs, system_us=offsets, synchronised=st.booleans(), hub=hearings)
def test_what_was_once_known_is_never_unknown_again_and_good_clocks_are_not_corrected(
    belief: Belief, system_us: int, synchronised: bool, hub: Heard | None
) -> None:
    after = judged(belief, system_us, synchronised=synchronised, heard=hub)
    if belief.offset_us is not None or hub is not None or synchronised:
        assert after.offset_us is not None
        assert system_us + after.correction_us(system_us) == after.offset_us
    if after.state is not ClockState.CORRECTED:
        assert after.correction_us(system_us) == 0
    again = judged(after, system_us, synchronised=synchronised)
    assert again == after, "looking again changes nothing"


def test_what_the_hub_showed_is_the_error_and_it_grows_until_it_is_asked_again() -> None:
    near = unsynchronised(NOTHING, hub=heard(30_000, unsure_us=2_000))
    assert (near.state, near.error_us(100.0)) == (ClockState.CONFIRMED, 32_000)
    assert near.error_us(1_100.0) == 32_000 + 20_000
    slewed = unsynchronised(near, by_us=30_000)
    assert slewed.error_us(100.0) == 2_000, "the system's clock has come nearer"
    assert unsynchronised(near, hub=heard(0, unsure_us=1_000)).error_us(100.0) == 1_000


def test_a_corrected_clock_is_as_good_as_the_answer_that_corrects_it() -> None:
    wrong = unsynchronised(NOTHING, hub=heard(HOUR_US, unsure_us=4_000))
    assert wrong.error_us(100.0) == 4_000
    stays = unsynchronised(wrong, hub=heard(HOUR_US + 15_000, unsure_us=1_000))
    assert (stays, stays.error_us(100.0)) == (wrong, 16_000)


def test_where_nobody_has_measured_no_error_is_claimed() -> None:
    assert NOTHING.error_us(100.0) is None
    assert Belief(ClockState.CONFIRMED, SYSTEM_US).error_us(100.0) is None
    kept = judged(unsynchronised(NOTHING, hub=heard(0)), SYSTEM_US, synchronised=True)
    assert kept.error_us(100.0) is None


@given(truth_us=offsets, offset_us=offsets)
def test_a_stamp_is_moved_to_the_truth_or_is_near_enough(truth_us: int, offset_us: int) -> None:
    by_us = shift_us(truth_us, offset_us)
    assert abs(offset_us + by_us - truth_us) <= (0 if by_us else RIGHT_US_MAX)
