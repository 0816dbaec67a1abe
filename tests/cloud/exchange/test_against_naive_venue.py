"""cloud.exchange.venue: command by command what the naive venue does, on random flows.

Two quarter-hours, the range of both and an hour on another market open and close within each
flow; three accounts enter orders of every accepted combination and baskets, change, hibernate,
activate and delete them; operators halt, resume, stop and free. After each command answers, trades,
endings, what lives and every book must be equal; at the end a replay of the facts must be too.
"""

import pytest

from tests.cloud.exchange.naive.venue_flows import play

_COMMANDS = 50
_HAPPENS = {
    *("Entered", "Changed", "Hibernated", "Activated", "Withdrawn", "Expired", "Closed", "Ended"),
    *("Halted", "Resumed", "Stopped", "Freed", "Traded", "Clipped", "Reduced", "Refused"),
    *("FILLED", "KILLED", "SELF_TRADE", "CANCELLED", "REPLACED", "EXPIRED"),
    *("CONTRACT_NOT_OPEN", "CONTRACT_CLOSED", "HALTED", "ACCOUNT_STOPPED", "STALE_REVISION"),
    *("ORDER_UNKNOWN", "ORDER_STATE", "VALID_UNTIL", "BASKET_REFUSED"),
}


def test_every_command_does_what_the_naive_venue_does_quickly() -> None:
    seen: set[str] = set()
    for seed in range(150):
        seen |= play(seed, _COMMANDS)
    assert seen >= _HAPPENS, "a rule that never came up was not tested"


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1_000, 11_000, 2_500))
def test_every_command_does_what_the_naive_venue_does(first: int) -> None:
    for seed in range(first, first + 2_500):
        play(seed, _COMMANDS)
