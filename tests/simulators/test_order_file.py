"""`simulators.order_file`: both forms are read exactly, and a bad line is named."""

from decimal import Decimal

import pytest

from simulators.order_file import Add, BadOrders, Cancel, lines
from simulators.prices import Side

NOON_US = 1_795_176_000_000_000
"""2026-11-20T12:00:00Z."""
HEAD = "at,action,order,side,price_eur_mwh,power_kw"


def test_the_benchmark_stream_is_read_in_ticks_and_tenths_of_a_megawatt() -> None:
    assert list(lines(["A,1,-1,8506,14", "C,1,0,0,0", "A,2,1,-8496,30"])) == [
        Add("1", Side.SELL, Decimal("85.06"), 1_400),
        Cancel("1"),
        Add("2", Side.BUY, Decimal("-84.96"), 3_000),
    ]


def test_orders_of_a_market_are_read_by_the_names_of_their_columns() -> None:
    text = [
        "action,at,order,side,price_eur_mwh,power_kw,delivery_start,delivery_end,market,execution",
        "ADD,2026-11-20T12:00:00Z,a,BUY,-1.5,30,2026-11-20T13:00Z,2026-11-20T13:15Z,M,IOC",
        "",
        "ADD,2026-11-20T13:00:00+01:00,b,SELL,85.25,100,,,,",
        "CANCEL,2026-11-20T12:00:00.5Z,b,,,,,,,",
    ]
    hour_us = 3_600_000_000
    assert list(lines(text)) == [
        Add(
            *("a", Side.BUY, Decimal("-1.5"), 30, NOON_US, "M"),
            *(NOON_US + hour_us, NOON_US + hour_us + 900_000_000, "IOC"),
        ),
        Add("b", Side.SELL, Decimal("85.25"), 100, NOON_US),
        Cancel("b", NOON_US + 500_000),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ([], "line 1: orders are expected"),
        (["X,1,1,8500,3"], "line 1: column 'X' is not allowed"),
        (["at,action,order,side,power_kw"], "line 1: column price_eur_mwh is missing"),
        (["A,1,1,8500,3", "A,2,2,8500,3"], "line 2: side: '2' is not allowed; one of 1, -1 is"),
        (["A,1,1,8500,3", "A,2,1,85.5,3"], "line 2: price: '85.5' is not allowed"),
        (["A,1,1,8500,0"], "line 1: quantity: 0 kW is not allowed"),
        (["A,1,1,8500,3", "C,1"], "line 2: 2 values"),
        ([HEAD, "2026-11-20T12:00:00,ADD,a,BUY,1,1"], "line 2: at: '2026-11-20T12:00:00'"),
        ([HEAD, "2026-11-20T12:00:00Z,BUY,a,BUY,1,1"], "action: 'BUY' is not allowed; one of ADD"),
        ([HEAD, "2026-11-20T12:00:00Z,ADD,,BUY,1,1"], "order: is missing"),
        ([HEAD, "2026-11-20T12:00:00Z,ADD,a,BUY,1.005,1"], "at most two decimals"),
        ([HEAD, "2026-11-20T12:00:00Z,ADD,a,BUY,NaN,1"], "at most two decimals"),
        ([HEAD, "2026-11-20T12:00:00Z,ADD,a,BUY,dear,1"], "a decimal number is expected"),
        ([HEAD, "2026-11-20T12:00:00Z,ADD,a,BUY,1,1.5"], "power_kw: '1.5' is not allowed"),
        ([HEAD, "2026-11-20T12:00:00Z,ADD,a,BUY,1"], "line 2: 5 values, and 6 columns"),
        (
            [HEAD, "2026-11-20T12:00:01Z,CANCEL,a,,,", "2026-11-20T12:00:00Z,CANCEL,b,,,"],
            "line 3: at: ",
        ),
    ],
)
def test_a_bad_line_is_named_with_what_is_allowed(text: list[str], said: str) -> None:
    with pytest.raises(BadOrders) as raised:
        list(lines(text))
    assert said in str(raised.value)
