"""Other traders, so that a hub's exchange is alive: orders over HTTP, like everybody's.

* maker   quotes both sides of the next delivery periods, a few orders a second
* crowd   takes a little now and then, here and there, and more after news
* sites   takes one position for each site and quarter-hour, where nobody has taken one yet

A role may be played by several accounts: makers then trade with each other too. Prices and
quantities follow from the seed and the clock (`simulators.prices`, `simulators.news`). A hub that
goes away is waited for; that is logged once, and its return once.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from simulators.crowd import Crowd
from simulators.desk import Desk
from simulators.errors import BadInput
from simulators.hub_client import HubClient, HubRefused, HubUnreachable
from simulators.hub_socket import HubSocket
from simulators.makers import Maker
from simulators.order_lines import HttpLine, SocketLine
from simulators.traders import Sites, Trader
from wire.clock import Clock

RETRY_S = (0.5, 5.0)
"""Pause after a failure: at first, and at most."""
_TRADERS: dict[str, Callable[[Desk], Trader]] = {"maker": Maker, "crowd": Crowd, "sites": Sites}
_OVER_A_SOCKET = frozenset({"maker"})
"""The others enter their orders over HTTP."""
TRADERS_MAX = 50
"""Of one role."""
_ALLOWED = 'a JSON object like {"maker": ["pho_…", "pho_…"], "crowd": "pho_…", "sites": "pho_…"}'

_logger = logging.getLogger(__name__)


class BadKeys(BadInput):
    """The keys cannot be used."""


def load_keys(path: Path) -> Mapping[str, Sequence[str]]:
    """Return the API keys in a JSON file, by role; one or two of the roles may be missing.

    Raises:
        BadKeys: the file cannot be read or is not as described.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadKeys(f"--keys: {path}: {error}; {_ALLOWED} is expected") from error
    if not isinstance(document, dict) or not document or not set(document) <= set(_TRADERS):
        raise BadKeys(f"--keys: {path}: {_ALLOWED} is expected, with at least one of these roles")
    keys = {role: [told] if isinstance(told, str) else told for role, told in document.items()}
    for told in keys.values():
        if not isinstance(told, list) or not 0 < len(told) <= TRADERS_MAX:
            raise BadKeys(f"--keys: {path}: {_ALLOWED} is expected, with a text for each role")
        if not all(isinstance(key, str) and key.isascii() and key for key in told):
            raise BadKeys(f"--keys: {path}: {_ALLOWED} is expected, with a text for each role")
    return keys


async def run(
    url: str,
    keys: Mapping[str, Sequence[str]],
    markets: Sequence[str],
    seed: int,
    clock: Clock,
) -> None:
    """Trade until cancelled, in all markets that the hub lists if none is named.

    Raises:
        BadKeys: the hub does not take one of the keys.
        BadMarket: the hub does not have a market.
    """
    outage = Outage(url)
    wrong: list[Exception] = []
    try:
        async with AsyncExitStack() as stack, asyncio.TaskGroup() as tasks:
            for role, number, key in _cast(keys):
                client = await stack.enter_async_context(HubClient(url, key))
                over_socket = role in _OVER_A_SOCKET
                line = SocketLine(HubSocket(url, key, tasks)) if over_socket else HttpLine(client)
                desk = Desk(client, line, markets, seed, clock, number)
                name = f"{role} {number + 1}" if number else role
                trader = _TRADERS[role](desk)
                tasks.create_task(_keep_trading(name, trader, desk, outage), name=name)
    except* BadInput as errors:
        wrong.extend(errors.exceptions)
    if wrong:  # raised here: inside, early releases of Python 3.11 would wrap it in a group
        raise wrong[0]


class Outage:
    """Says once that the hub is away, and once that it is back, however many traders notice."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._waiting: set[str] = set()

    def begins(self, role: str, error: HubUnreachable) -> None:
        if not self._waiting:
            _logger.warning("no hub at %s (%s); trying again until it is there", self._url, error)
        self._waiting.add(role)

    def ends(self, role: str) -> None:
        if role in self._waiting:
            self._waiting.remove(role)
            if not self._waiting:
                _logger.info("the hub at %s is there; trading goes on", self._url)


def _cast(keys: Mapping[str, Sequence[str]]) -> list[tuple[str, int, str]]:
    """Return role, number in that role and key of each trader."""
    return [(role, number, key) for role in keys for number, key in enumerate(keys[role])]


async def _keep_trading(role: str, trader: Trader, desk: Desk, outage: Outage) -> None:
    retry_s, retry_s_max = RETRY_S
    while True:
        try:
            pause_s = max(await trader.turn(), desk.rest_s())
            outage.ends(role)
            retry_s = RETRY_S[0]
        except HubUnreachable as error:
            outage.begins(role, error)
            pause_s, retry_s = retry_s, min(2.0 * retry_s, retry_s_max)
        except HubRefused as error:
            if error.of_key:
                raise BadKeys(f"--keys: {role}: the hub does not take it: {error}") from error
            desk.tell(error)
            pause_s = retry_s_max
        await asyncio.sleep(pause_s)
