"""A site's schedule from what it has traded and been awarded. Pure; signs as in `wire`."""

from collections.abc import Mapping
from dataclasses import replace

from cloud.fleet.model import Site
from wire.clock import QUARTER_HOUR_US, quarter_hour_us
from wire.schedule import FrequencyService, Schedule, Slot

HOUR_US = 3_600 * 1_000_000
FCR_CE = "fcr_ce"
FCR_CE_CURVE = ((-0.2, 1.0), (0.2, -1.0))
"""Linear, full at 200 mHz: Regulation (EU) 2017/1485, Annex V, Continental Europe."""
REISSUE_US = HOUR_US
"""A schedule is issued again when its horizon has become this much shorter."""


def schedule(
    site: Site, net_kw_by_start: Mapping[int, int], now_us: int, horizon_us: int, version: int
) -> Schedule:
    """Return what `site` owes from the current quarter-hour on.

    Args:
        net_kw_by_start: what it has sold (+) or bought (-) net by start of delivery.
    """
    first_us = quarter_hour_us(now_us)
    starts = range(first_us, quarter_hour_us(now_us + horizon_us), QUARTER_HOUR_US)
    slots = tuple(_slot(start_us, net_kw_by_start.get(start_us, 0)) for start_us in starts)
    services = (
        FrequencyService(
            product=FCR_CE,
            start_us=first_us,
            end_us=slots[-1].end_us,
            capacity_kw=site.fcr_kw,
            curve=FCR_CE_CURVE,
        ),
    )
    return Schedule(
        site=site.id,
        version=version,
        issued_us=now_us,
        slots=slots,
        services=services if site.fcr_kw else (),
    )


def is_news(new: Schedule, last: Schedule | None, horizon_us: int) -> bool:
    """Say whether `new` tells the site anything that `last` does not."""
    if last is None or last.ends_us < new.issued_us + horizon_us - REISSUE_US:
        return True
    until_us = min(new.ends_us, last.ends_us)
    return _content(new, new.slots[0].start_us, until_us) != _content(
        last, new.slots[0].start_us, until_us
    )


def _slot(start_us: int, net_kw: int) -> Slot:
    return Slot(start_us, start_us + QUARTER_HOUR_US, power_kw=float(net_kw))  # trades become power


def _content(
    schedule: Schedule, from_us: int, until_us: int
) -> tuple[list[Slot], list[FrequencyService]]:
    slots = [s for s in schedule.slots if from_us <= s.start_us < until_us]
    services = [replace(service, start_us=0, end_us=0) for service in schedule.services]
    return slots, services
