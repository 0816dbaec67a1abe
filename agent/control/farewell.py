"""Leaving in good order: power to 0 by its ramp, the inverters back to their own mode, the end.

Only an end that somebody ordered goes this way. A process that dies, or that ends to be started
again, leaves the inverters as they are: the next one takes over from what it measures, and where
none comes their own time-out and fall-back hold.
"""

import asyncio
import logging
import signal
from collections.abc import Sequence

from agent.control.cycle import Cycle
from agent.control.port import Port

SIGNALS = (signal.SIGTERM, signal.SIGINT)
SETTLE_S = 0.5
"""From the decision that nothing is asked of the plant until every port has written it."""

_logger = logging.getLogger(__name__)


class Farewell:
    """Waits for the order to end; a second one ends everything at once."""

    def __init__(self, leave_s: float) -> None:
        """`leave_s`: how long the way to 0 may take; 0: an order ends everything at once."""
        self._leave_s = leave_s
        self._ordered = asyncio.Event()

    def listen(self) -> None:
        """Take the orders of this process's signals from now on; to be called by its main task."""
        main = asyncio.current_task()
        if not self._leave_s or main is None:
            return
        self._main = main
        for number in SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self._order)

    def _order(self) -> None:
        if self._ordered.is_set():
            self._main.cancel()
        self._ordered.set()

    async def run(
        self, cycle: Cycle, ports: Sequence[Port], tasks: Sequence[asyncio.Task[None]]
    ) -> None:
        """Wait for the order, leave, and end the main task.

        Args:
            cycle: goes on until the end.
            ports: of all devices.
            tasks: those that run them; ended before the devices are given back.
        """
        await self._ordered.wait()
        _logger.info("the end was ordered: power goes to 0 within %g s", self._leave_s)
        cycle.leave()
        try:
            async with asyncio.timeout(self._leave_s):
                await cycle.at_rest.wait()
        except TimeoutError:
            _logger.warning("the power is not 0 yet, and the inverters are given back all the same")
        await asyncio.sleep(SETTLE_S)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        async with asyncio.TaskGroup() as group:
            for port in ports:
                group.create_task(port.leave(), name=f"leave {port.device}")
        self._main.cancel()
