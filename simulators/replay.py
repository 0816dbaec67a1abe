"""Trading an order file again on a hub: in the file's order, as fast or as slowly as told.

Two accounts take part, one for what was bought and one for what was sold, so that whatever met
then meets now, and no rule against trading with oneself comes between. Each line waits for the
answer to the one before: the hub sees the file's order, and makes the file's trades.
"""

import asyncio
import csv
import json
import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from simulators import order_file
from simulators.desk import Desk, Period
from simulators.errors import BadInput
from simulators.hub_client import HubClient, HubRefused, HubUnreachable
from simulators.hub_socket import HubSocket
from simulators.order_file import Add, BadOrders, Cancel, Line
from simulators.order_lines import HttpLine, OrderLine, SocketLine, Told
from simulators.prices import Side
from wire.clock import QUARTER_HOUR_US, Clock, utc

RETRY_S = 1.0
OPEN_S_MIN = 60.0
"""A file without times is traded in the nearest delivery period that is open at least so long."""
_ALLOWED = 'a JSON object {"buyer": "pho_…", "seller": "pho_…"} is expected'

_logger = logging.getLogger(__name__)


class NothingOpen(BadInput):
    """There is no delivery period to trade in."""


@dataclass(slots=True)
class Result:
    """What became of a file."""

    entered: int = 0
    traded_at_once: int = 0
    """Orders that met another one when they were entered."""
    filled_mwh: float = 0.0
    """Of those, at that moment; each megawatt-hour once."""
    cancelled: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """By code."""
    gone: int = 0
    """Cancels of what the hub had refused, or what had traded already."""

    def lines(self) -> list[str]:
        """Return it for people."""
        codes = ", ".join(f"{code} {count}" for code, count in sorted(self.refused.items()))
        refused = f"{self.refused.total()} refused ({codes})" if codes else "none refused"
        return [
            f"{self.entered} orders entered, {refused}",
            f"{self.traded_at_once} met another order at once: {self.filled_mwh:,.3f} MWh",
            f"{self.cancelled} cancelled, {self.gone} cancels came too late or to nothing",
        ]


class Replay:
    """Two accounts, and where and when the file is traded."""

    def __init__(
        self, buyer: OrderLine, seller: OrderLine, clock: Clock, *, speed: float, name: str
    ) -> None:
        """Be ready; `speed` 2.0 trades an hour of the file in half an hour.

        Args:
            name: goes into the client order ids, so that an order whose answer was lost is
                entered once; another run has another one.
        """
        self._lines = {Side.BUY: buyer, Side.SELL: seller}
        self._clock = clock
        self._speed = speed
        self._name = name
        self._known: dict[str, tuple[Side, str]] = {}
        """The file's orders by name: which account has them, and as what."""
        self._began: tuple[float, int, int] | None = None
        """Seconds of the loop, the file's first instant, and by how much deliveries are moved."""
        self.result = Result()

    async def run(self, lines: Iterable[Line], period: Period) -> None:
        """Trade the file; what says nothing of its delivery is traded in `period`."""
        for line in lines:
            if line.at_us is not None:
                await self._until(line.at_us)
            if isinstance(line, Add):
                await self._enter(line, period)
            else:
                await self._cancel(line)

    async def _enter(self, line: Add, period: Period) -> None:
        start_us, end_us = period.start_us, period.end_us
        if line.start_us is not None and self._began is not None:
            start_us = line.start_us + self._began[2]
            end_us = (line.end_us or line.start_us + QUARTER_HOUR_US) + self._began[2]
        order = {
            "market": line.market or period.market,
            "delivery_start": utc(start_us).isoformat(),
            "delivery_end": utc(end_us).isoformat(),
            "side": line.side.value,
            "power_kw": line.power_kw,
            "limit_price_eur_mwh": float(line.price_eur_mwh),
            "execution": line.execution,
            "client_order_id": f"{self._name}-{line.order}",
        }
        result = self.result
        try:
            told = await self._surely_enter(self._lines[line.side], order)
        except HubRefused as refused:
            if refused.of_key:
                raise
            result.refused[refused.code] += 1
            return
        result.entered += 1
        result.traded_at_once += told["filled_mwh"] > 0.0
        result.filled_mwh += told["filled_mwh"]
        self._known[line.order] = line.side, str(told["order_id"])

    async def _cancel(self, line: Cancel) -> None:
        known = self._known.pop(line.order, None)
        if known is None:
            self.result.gone += 1
            return
        side, order_id = known
        while True:
            try:
                await self._lines[side].switch(order_id, "delete")
            except HubUnreachable as error:
                await self._wait(error)
                continue
            except HubRefused as refused:
                if refused.of_key:
                    raise
                self.result.gone += 1
                return
            self.result.cancelled += 1
            return

    async def _surely_enter(self, line: OrderLine, order: Mapping[str, object]) -> Told:
        """Enter an order however often the hub goes away meanwhile; it is one order."""
        while True:
            try:
                return await line.enter(order)
            except HubUnreachable as error:
                await self._wait(error)

    async def _wait(self, error: HubUnreachable) -> None:
        _logger.warning("no hub (%s); the file waits for it", error)
        await asyncio.sleep(RETRY_S)

    async def _until(self, at_us: int) -> None:
        """Wait for an instant of the file; the first one is now."""
        loop = asyncio.get_running_loop()
        if self._began is None:
            away_us = self._clock.now_us() - at_us
            moved_us = -(-away_us // QUARTER_HOUR_US) * QUARTER_HOUR_US
            self._began = loop.time(), at_us, moved_us
        began_s, first_us, _ = self._began
        await asyncio.sleep(began_s + (at_us - first_us) / 1e6 / self._speed - loop.time())


def load_keys(path: Path) -> tuple[str, str]:
    """Return the API keys of buyer and seller in a JSON file.

    Raises:
        BadInput: the file cannot be read or is not as described.
    """
    try:
        keys = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(f"--keys: {path}: {error}; {_ALLOWED}") from error
    if not isinstance(keys, dict) or set(keys) != {"buyer", "seller"}:
        raise BadInput(f"--keys: {path}: {_ALLOWED}")
    if not all(isinstance(key, str) and key.isascii() and key for key in keys.values()):
        raise BadInput(f"--keys: {path}: {_ALLOWED}")
    return keys["buyer"], keys["seller"]


async def trade_file(
    path: Path,
    url: str,
    keys: tuple[str, str],
    market: str,
    clock: Clock,
    *,
    speed: float,
    over_socket: bool,
) -> Result:
    """Trade a file to its end, whatever the hub refuses of it.

    Args:
        keys: of the buyer and of the seller.
        market: where the file names none.

    Raises:
        BadInput: the file, a key or the market cannot be used.
    """
    wrong: list[Exception] = []
    result = Result()
    try:
        async with AsyncExitStack() as stack, asyncio.TaskGroup() as tasks:
            clients = [await stack.enter_async_context(HubClient(url, key)) for key in keys]
            buyer, seller = (
                _way(client, key, tasks if over_socket else None)
                for client, key in zip(clients, keys, strict=True)
            )
            period = await open_period(Desk(clients[0], buyer, (market,), 0, clock), market)
            name = f"replay-{clock.now_us()}"
            replay = Replay(buyer, seller, clock, speed=speed, name=name)
            result = replay.result
            try:
                with _opened(path) as rows:
                    await replay.run(order_file.lines(rows), period)
            finally:
                for way in (buyer, seller):
                    way.close()
    except* BadInput as errors:
        wrong.extend(errors.exceptions)
    except* HubRefused as errors:
        wrong.extend(BadInput(f"--keys: the hub refuses: {e}") for e in errors.exceptions)
    except* HubUnreachable as errors:
        wrong.extend(BadInput(f"--hub: {url}: {e}") for e in errors.exceptions)
    if wrong:  # raised here: inside, early releases of Python 3.11 would wrap it in a group
        raise wrong[0]
    return result


def _way(client: HubClient, key: str, tasks: asyncio.TaskGroup | None) -> OrderLine:
    return HttpLine(client) if tasks is None else SocketLine(HubSocket(client.url, key, tasks))


@contextmanager
def _opened(path: Path) -> Iterator[Iterable[str]]:
    try:
        with path.open(encoding="utf-8", newline="") as rows:
            yield rows
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"--orders: {path}: {error}") from error
    except BadOrders as error:
        raise BadInput(f"--orders: {path}: {error}") from error


async def open_period(desk: Desk, market: str) -> Period:
    """Return where a file without deliveries is traded.

    Raises:
        NothingOpen: the market has none.
    """
    enough_us = desk.clock.now_us() + OPEN_S_MIN * 1e6
    for period in await desk.periods():
        if period.closes_us >= enough_us:
            return period
    raise NothingOpen(f"--market: {market} has no delivery period open for {OPEN_S_MIN:g} s")
