"""What other features are told of the forecasts of a site."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.forecast.site import store
from cloud.forecast.site.scores import KINDS, Score
from wire import clock

SCORED_DAYS = 14


def site_topic(site: str) -> str:
    """Return what is woken when a site was told anew by this hub."""
    return f"site forecast {site}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """How good the last two weeks were."""

    days: int
    mae_kw: float
    rmae: float | None
    """By the errors of the week before; None: not known."""
    coverage80: float | None
    """Share inside the 80 % interval; None: there was none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Of the newest forecast."""

    issued_us: int
    quality: Mapping[str, Quality]
    """By load and pv; nothing of what has no scores yet."""


async def standing(connection: AsyncConnection, site: str, now_us: int) -> Standing | None:
    """Return when a site was last told, and how good that was; None: never."""
    kept = await store.issued_of(connection, site)
    if kept is None:
        return None
    since = clock.utc(now_us).date() - timedelta(days=SCORED_DAYS)
    found = await store.scores(connection, site, since)
    by_kind = {kind: [one for one in found if one.kind == kind] for kind in KINDS}
    return Standing(
        issued_us=kept, quality={kind: _quality(some) for kind, some in by_kind.items() if some}
    )


def _quality(scores: list[Score]) -> Quality:
    both = [(one.mae_kw, one.naive_mae_kw) for one in scores if one.naive_mae_kw is not None]
    naive = sum(theirs for _, theirs in both)
    inside = [one.coverage80 for one in scores if one.coverage80 is not None]
    return Quality(
        days=len(scores),
        mae_kw=sum(one.mae_kw for one in scores) / len(scores),
        rmae=sum(ours for ours, _ in both) / naive if naive > 0 else None,
        coverage80=sum(inside) / len(inside) if inside else None,
    )
