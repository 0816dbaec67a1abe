"""cloud.web.exchange_rows: what a page is shown of halts and candles."""

import pytest

from cloud.exchange.prices.candles import candles
from cloud.exchange.prices.sums import Bucket
from cloud.exchange.read.model import HaltRow
from cloud.web import exchange_rows

_MINUTE_US = 60_000_000


def _halt(scope: str, value: str) -> HaltRow:
    return HaltRow(
        sequence=1,
        scope=scope,
        value=value,
        at_us=0,
        who="admin",
        reason="test",
        resumed_us=None,
        resumed_by=None,
        resumed_reason=None,
    )


def test_an_account_sees_halts_of_all_and_its_own_and_nobody_elses() -> None:
    halts = [
        _halt("venue", ""),
        _halt("market", "PHO_AT_INTRADAY_15MIN"),
        _halt("account", "stadtwerk"),
        _halt("stop", "stadtwerk"),
        _halt("account", "crowd"),
        _halt("stop", "crowd"),
        _halt("member", "crowd"),
    ]
    seen = exchange_rows.halts_of(halts, "stadtwerk")
    assert [(row["scope"], row["value"]) for row in seen] == [
        ("venue", ""),
        ("market", "PHO_AT_INTRADAY_15MIN"),
        ("account", "stadtwerk"),
        ("stop", "stadtwerk"),
    ]


@pytest.mark.parametrize("indicator", [None, *exchange_rows.PERIODS])
def test_each_indicator_has_a_value_where_there_are_candles_enough(indicator: str | None) -> None:
    minutes = []
    for i in range(60):
        bucket = Bucket(-500 + 37 * (i % 7))
        bucket.add(-500 + 37 * (i % 7) + i % 3, 40)
        minutes.append((i * _MINUTE_US, bucket))
    rows = exchange_rows.candles(candles(minutes, 1), indicator)
    lines = {"bollinger": ("lower", "middle", "upper")}
    names = () if indicator is None else lines.get(indicator, (indicator,))
    assert len(rows) == 60
    for name in names:
        assert rows[0][name] is None or indicator == "atr"
        assert rows[-1][name] is not None
