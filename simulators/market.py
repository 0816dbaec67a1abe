"""Other traders, so that a hub's exchange is alive: orders over HTTP, like everybody's.

* maker   quotes both sides of the next quarter-hours, a few orders a second
* crowd   takes a little now and then, here and there
* sites   takes one position for each site and quarter-hour, where nobody has taken one yet

Prices and quantities follow from the seed and the clock (`simulators.prices`). A hub that goes
away is waited for; that is logged once, and its return once.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from simulators.errors import BadInput
from simulators.hub_client import HubClient, HubRefused, HubUnreachable
from simulators.traders import Crowd, Desk, Maker, Sites, Trader
from wire.clock import Clock

RETRY_S = (0.5, 5.0)
"""Pause after a failure: at first, and at most."""
_TRADERS: dict[str, Callable[[Desk], Trader]] = {"maker": Maker, "crowd": Crowd, "sites": Sites}
_ALLOWED = 'a JSON object like {"maker": "pho_…", "crowd": "pho_…", "sites": "pho_…"}'

_logger = logging.getLogger(__name__)


class BadKeys(BadInput):
    """The keys cannot be used."""


def load_keys(path: Path) -> Mapping[str, str]:
    """Return the API keys in a JSON file, by role; one or two of the roles may be missing.

    Raises:
        BadKeys: the file cannot be read or is not as described.
    """
    try:
        keys = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadKeys(f"--keys: {path}: {error}; {_ALLOWED} is expected") from error
    if not isinstance(keys, dict) or not keys or not set(keys) <= set(_TRADERS):
        raise BadKeys(f"--keys: {path}: {_ALLOWED} is expected, with at least one of these roles")
    if not all(isinstance(key, str) and key.isascii() and key for key in keys.values()):
        raise BadKeys(f"--keys: {path}: {_ALLOWED} is expected, with a text for each role")
    return keys


async def run(url: str, keys: Mapping[str, str], market: str, seed: int, clock: Clock) -> None:
    """Trade until cancelled.

    Raises:
        BadKeys: the hub does not take one of the keys.
        BadMarket: the hub does not have the market.
    """
    outage = Outage(url)
    wrong: list[Exception] = []
    try:
        async with AsyncExitStack() as stack, asyncio.TaskGroup() as tasks:
            for role, key in keys.items():
                client = await stack.enter_async_context(HubClient(url, key))
                desk = Desk(client, market, seed, clock)
                tasks.create_task(_keep_trading(role, desk, outage), name=role)
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


async def _keep_trading(role: str, desk: Desk, outage: Outage) -> None:
    trader = _TRADERS[role](desk)
    retry_s, retry_s_max = RETRY_S
    while True:
        try:
            pause_s = await trader.turn()
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
