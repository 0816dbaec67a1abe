"""cloud.exchange.venue: command by command what the naive venue does, on random flows.

Two quarter-hours, the range of both and an hour on another market open and close within each
flow; three accounts enter orders of every accepted combination, market orders and baskets, change,
hibernate, activate and delete them; operators halt, resume, stop and free; trades are recalled and
cancelled. After each command answers, trades, endings, what lives, every book and what the checks
were told must be equal. In the middle the venue is replaced by one made of its dump; at the end a
replay of all facts must know the same.
"""

import pytest

from tests.cloud.exchange.naive.venue_flows import play

_COMMANDS = 50
_HAPPENS = {
    *("Entered", "Changed", "Hibernated", "Activated", "Withdrawn", "Expired", "Closed", "Ended"),
    *("Halted", "Resumed", "Stopped", "Freed", "Traded", "Clipped", "Reduced", "Refused"),
    *("FILLED", "KILLED", "SELF_TRADE", "CANCELLED", "REPLACED", "EXPIRED"),
    *("CONTRACT_NOT_OPEN", "CONTRACT_CLOSED", "HALTED", "ACCOUNT_STOPPED", "STALE_REVISION"),
    *("ORDER_UNKNOWN", "ORDER_STATE", "VALID_UNTIL", "BASKET_REFUSED", "BASKET_UNFILLED"),
    *(
        "NO_REFERENCE_PRICE",
        "TradeMoved",
        "TRADE_STATE",
        "NOT_A_PARTY",
        "SECOND_PERSON",
    ),
}


def test_every_command_does_what_the_naive_venue_does_quickly() -> None:
    seen: set[str] = set()
    for seed in range(150):
        seen |= play(seed, _COMMANDS)
    assert seen >= _HAPPENS, "a rule that never came up was not tested"


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1_000, 5_000, 1_000))
def test_every_command_does_what_the_naive_venue_does(first: int) -> None:
    for seed in range(first, first + 1_000):
        play(seed, _COMMANDS)
