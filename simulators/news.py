"""What moves the simulated market suddenly: a forecast that was wrong, a plant that trips. Pure.

News come at instants that follow from the seed. Prices jump with them, most for what is delivered
soon, and come back within a quarter of an hour or so; quotes stand wider apart meanwhile.
"""

import math
import random
from collections.abc import Iterator
from typing import NamedTuple

EPOCH_US = 600 * 1_000_000
"""In each of these there is at most one piece of news."""
CHANCE = 0.4
JUMP_EUR_MWH = (8.0, 35.0)
FADES_S = 420.0
"""After so long a third of a jump is left."""
REACH_S = 3.0 * 3600.0
"""A delivery so much later moves by a third of the jump."""
WIDER_MAX = 4.0
"""How much wider quotes are at the moment of the greatest jump."""
_REMEMBERED = 4
"""Epochs whose news still count; older ones move nothing by a cent."""
_SOON_US = 60 * 1_000_000


class News(NamedTuple):
    """One jump."""

    at_us: int
    eur_mwh: float
    """Positive: energy is dearer now."""


def of_epoch(seed: int, epoch: int) -> News | None:
    """Return the news of an epoch, numbered since 1970, if there are any."""
    draw = random.Random(f"news {seed} {epoch}")
    if draw.random() >= CHANCE:
        return None
    jump = draw.uniform(*JUMP_EUR_MWH) * draw.choice((-1.0, 1.0))
    return News(epoch * EPOCH_US + draw.randrange(EPOCH_US), jump)


def shift_eur_mwh(seed: int, start_us: int, at_us: int) -> float:
    """Return by how much news have moved the delivery that starts at `start_us`."""
    ahead_s = max(0, start_us - at_us) / 1e6
    return sum(_left_eur_mwh(news, at_us) for news in _recent(seed, at_us)) * math.exp(
        -ahead_s / REACH_S
    )


def wider(seed: int, at_us: int) -> float:
    """Return the factor on spreads: 1 without news, up to `WIDER_MAX` right after some."""
    greatest = max((abs(_left_eur_mwh(news, at_us)) for news in _recent(seed, at_us)), default=0.0)
    return 1.0 + (WIDER_MAX - 1.0) * greatest / JUMP_EUR_MWH[1]


def breaking(seed: int, at_us: int) -> bool:
    """Say whether there were news within the last minute: who reads them trades more."""
    return any(at_us - news.at_us < _SOON_US for news in _recent(seed, at_us))


def _recent(seed: int, at_us: int) -> Iterator[News]:
    newest = at_us // EPOCH_US
    for epoch in range(newest - _REMEMBERED, newest + 1):
        news = of_epoch(seed, epoch)
        if news is not None and news.at_us <= at_us:
            yield news


def _left_eur_mwh(news: News, at_us: int) -> float:
    return news.eur_mwh * math.exp(-(at_us - news.at_us) / 1e6 / FADES_S)
