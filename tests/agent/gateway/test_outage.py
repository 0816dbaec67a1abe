"""agent.gateway.outage: what is told of a lane, how soon, and how often."""

import logging

import pytest

from agent.gateway.backoff import Backoff
from agent.gateway.errors import GatewayError, HubRefused, HubSilent, HubUnreachable
from agent.gateway.latest import Lane
from agent.gateway.outage import Outage
from tests.support.virtual import EPOCH_US, VirtualClock

pytestmark = pytest.mark.virtual_time


class Shown:
    """What the page would show."""

    def __init__(self) -> None:
        self.lane = Lane()

    def show(self, lane: Lane) -> None:
        self.lane = lane


def outage_of(shown: Shown) -> Outage:
    return Outage("upload", VirtualClock(), Backoff(lambda low, high: high), shown.show)


async def test_a_first_failure_is_often_only_an_old_connection_and_not_shown() -> None:
    shown = Shown()
    outage = outage_of(shown)
    await outage.failed(HubUnreachable("reset"))
    assert shown.lane.trouble == ""
    await outage.failed(HubUnreachable("reset again"))
    assert shown.lane.trouble == "reset again"


@pytest.mark.parametrize(
    ("error", "code"),
    [(HubSilent("no answer within 5 s"), ""), (HubRefused(401, "REVOKED", "no"), "REVOKED")],
    ids=["silence", "refusal"],
)
async def test_silence_and_a_refusal_are_shown_at_once(error: GatewayError, code: str) -> None:
    shown = Shown()
    await outage_of(shown).failed(error)
    assert shown.lane.trouble == str(error)
    assert shown.lane.code == code


async def test_an_outage_is_one_line_and_its_end_another(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    shown = Shown()
    outage = outage_of(shown)
    for _ in range(5):
        await outage.failed(HubUnreachable("down"))
    lasted_us = outage.succeeded()
    assert lasted_us == VirtualClock().now_us() - EPOCH_US
    assert [record.getMessage() for record in caplog.records] == [
        "upload: down",
        f"upload: works again after {lasted_us / 1e6:.0f} s",
    ]
    assert shown.lane == Lane(answered_us=EPOCH_US + lasted_us)


async def test_a_pause_ends_when_the_hub_was_seen_on_another_lane() -> None:
    outage = outage_of(Shown())
    for _ in range(8):
        await outage.failed(HubUnreachable("down"))
    before_us = VirtualClock().now_us()
    outage.hurry()
    await outage.failed(HubUnreachable("down"))
    assert VirtualClock().now_us() == before_us
