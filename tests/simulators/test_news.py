"""`simulators.news`: prices jump now and then, spreads widen, and both come back."""

from hypothesis import given
from hypothesis import strategies as st

from simulators import news
from simulators.news import EPOCH_US, FADES_S, JUMP_EUR_MWH, WIDER_MAX

DAY_US = 1_795_132_800_000_000
"""2026-11-20T00:00:00Z."""

seeds = st.integers()
epochs = st.integers(DAY_US // EPOCH_US, DAY_US // EPOCH_US + 200_000)
instants = st.integers(DAY_US, DAY_US + 365 * 86_400_000_000)


def first_news(seed: int) -> news.News:
    epoch = DAY_US // EPOCH_US
    return next(told for n in range(1_000) if (told := news.of_epoch(seed, epoch + n)) is not None)


@given(seed=seeds, epoch=epochs)
def test_news_come_within_their_epoch_and_are_the_same_each_time(seed: int, epoch: int) -> None:
    told = news.of_epoch(seed, epoch)
    assert told == news.of_epoch(seed, epoch)
    if told is not None:
        assert told.at_us // EPOCH_US == epoch
        assert JUMP_EUR_MWH[0] <= abs(told.eur_mwh) <= JUMP_EUR_MWH[1]


@given(seed=seeds)
def test_a_price_jumps_at_its_news_and_not_before(seed: int) -> None:
    told = first_news(seed)
    before = news.shift_eur_mwh(seed, told.at_us, told.at_us - 1)
    after = news.shift_eur_mwh(seed, told.at_us, told.at_us)
    assert abs(after - before - told.eur_mwh) < 0.001
    assert news.breaking(seed, told.at_us)


@given(seed=seeds, at_us=instants)
def test_what_is_delivered_later_moves_less(seed: int, at_us: int) -> None:
    shifts = [abs(news.shift_eur_mwh(seed, at_us + n * 900_000_000, at_us)) for n in range(40)]
    assert shifts == sorted(shifts, reverse=True)


@given(seed=seeds, at_us=instants)
def test_spreads_are_never_narrower_than_usual_nor_wider_than_the_limit(
    seed: int, at_us: int
) -> None:
    assert 1.0 <= news.wider(seed, at_us) <= WIDER_MAX


def test_without_news_for_an_hour_nothing_is_left_of_them() -> None:
    told = next(
        last
        for seed in range(10_000)
        if (last := news.of_epoch(seed, 0)) is not None
        and not any(news.of_epoch(seed, epoch) for epoch in range(-5, 7) if epoch)
    )
    seed = next(s for s in range(10_000) if news.of_epoch(s, 0) == told)
    assert news.wider(seed, told.at_us) > 1.5
    assert news.wider(seed, told.at_us + round(FADES_S * 5e6)) < 1.05
    assert news.shift_eur_mwh(seed, 0, told.at_us + 3_600_000_000) == 0.0
