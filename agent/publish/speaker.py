"""One connection over which the plant is told, for as long as the gateway runs.

Everything is said by one task, in the order in which it was counted: what was meant for an old
connection is never said on the next one, which begins with everything.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence

from agent.publish.plant import Plant
from agent.publish.teller import Teller
from drivers.mqtt.client import Broker
from drivers.mqtt.party import Arrival, Message, NotSent, Place
from wire.clock import Clock

PERIOD_S = 1.0
PUBLISH_S = 5.0
STEADY_S = 10.0
"""A connection that has stood for so long is told as the end of its trouble."""

_logger = logging.getLogger(__name__)


class Speaker:
    """A `drivers.mqtt.party.Party` that tells the plant in the manner of `teller`."""

    def __init__(
        self, name: str, place: Place, teller: Teller, look: Callable[[], Plant], clock: Clock
    ) -> None:
        self.broker = Broker(place, self)
        self._name = name
        self._teller = teller
        self._look = look
        self._clock = clock
        self._afresh = False
        """Everything is to be told again."""
        self._trouble = False
        self._opened_s = 0.0
        self._refusal_said = False

    def will(self) -> Message:
        """See `drivers.mqtt.party.Party`."""
        return self._teller.will(self._clock.now_us())

    def subscriptions(self) -> Sequence[tuple[str, int]]:
        """See `drivers.mqtt.party.Party`."""
        return self._teller.subscriptions()

    async def opened(self) -> None:
        """See `drivers.mqtt.party.Party`; the first words are said by the task that says all."""
        self._afresh = True
        self._opened_s = asyncio.get_running_loop().time()
        if self.broker.connections == 1 and not self._trouble:
            _logger.info("the plant is told to %s, %s", self.broker.place, self._name)

    def hear(self, arrival: Arrival) -> None:
        """See `drivers.mqtt.party.Party`; no command is obeyed."""
        refused = self._teller.refused
        self._afresh = self._teller.hear(arrival) or self._afresh
        if self._teller.refused > refused and not self._refusal_said:
            self._refusal_said = True
            _logger.warning("a command on %s is not obeyed, nor any later one", arrival.topic)

    def lost(self, trouble: str) -> None:
        """See `drivers.mqtt.party.Party`: one line, however long it lasts."""
        task = asyncio.current_task()
        leaving = task is not None and task.cancelling() > 0
        if not self._trouble and not leaving:
            self._trouble = True
            _logger.warning("the plant is not told, %s: %s; trying again", self._name, trouble)

    async def run(self) -> None:
        """Tell the plant until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.broker.run(), name="publish broker")
            tasks.create_task(self._tell(), name="publish values")

    async def _tell(self) -> None:
        while True:
            if self.broker.connected:
                await self._say()
            await asyncio.sleep(PERIOD_S)
            stood_s = asyncio.get_running_loop().time() - self._opened_s
            if self._trouble and self.broker.connected and stood_s >= STEADY_S:
                self._trouble = False
                _logger.info("the plant is told again to %s, %s", self.broker.place, self._name)

    async def _say(self) -> None:
        """Say what is due; whatever was not said to its end is said anew."""
        connection, afresh, self._afresh = self.broker.connections, self._afresh, False
        plant, now_us = self._look(), self._clock.now_us()
        words = self._teller.everything if afresh else self._teller.news
        try:
            for message in words(plant, now_us):
                await self.broker.publish(message, PUBLISH_S)
                await asyncio.sleep(0)  # control's status and the page come in between
                if not self.broker.connected or self.broker.connections != connection:
                    break  # on a new connection everything is due
        except NotSent:
            self._afresh = True
