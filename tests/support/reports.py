"""A small backtest on a market of our own, for tests of its report."""

from functools import lru_cache

from cloud.forecast.backtest import Scored, backtest
from cloud.forecast.configuration import Configuration, Kernel, Ridge
from cloud.forecast.days import Days
from cloud.forecast.report.document import Origin, document
from cloud.forecast.report.figures import Figures
from cloud.forecast.report.history import File, History
from cloud.forecast.report.leakage import leakage
from cloud.forecast.report.offers import offers
from cloud.forecast.report.told import Told, hourly
from cloud.forecast.report.value import Value, values
from tests.support.own_market import own_market

SMALL = Configuration(
    name="small", members=(Kernel(100, 0.05), Ridge(56, 30.0)), weights=(0.5, 0.5)
)
NAMES = tuple(member.name for member in SMALL.members)
DAYS = 150
BEGIN = 140


@lru_cache(maxsize=1)
def scored() -> Scored:
    return backtest(own_market(DAYS), SMALL, (BEGIN, DAYS), warm_up_days=80)


def told_of(found: Scored) -> Told:
    """Return what was told, beside somebody who says a week before's prices plus 1."""
    other = hourly(found, NAMES, {}).naive["last week"] + 1.0
    return hourly(found, NAMES, {"somebody <else>": other})


def history_of(days: Days) -> History:
    return History(
        days, days.prices, 3600, "price", (), (File("own.csv", "0" * 64, len(days), 3600),), False
    )


@lru_cache(maxsize=1)
def report() -> tuple[Figures, Told, list[Value]]:
    found = scored()
    told = told_of(found)
    worth = values(told)
    origin = Origin(SMALL, "0" * 64, None, "somebody.csv", leakage(found, SMALL))
    return document(history_of(found.days), found, told, (worth, offers(told)), origin), told, worth
