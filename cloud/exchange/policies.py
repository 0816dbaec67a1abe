"""What operators take into force while the hub runs: the throttle's file, limits of accounts."""

import asyncio
import logging
from collections.abc import Collection
from pathlib import Path

from cloud.exchange.checks import policy_file
from cloud.exchange.checks.throttle import BadPolicy, PolicyTooOld
from cloud.exchange.refusals import OrderRefused
from cloud.exchange.service import Exchange, accepted
from cloud.exchange.venue.commands import Configure
from cloud.kernel.bus import Bus

STARTED_BY = "start"
HANGUP = "SIGHUP"
RELOAD_TOPIC = "exchange.policy"
"""Woken when the process is told to read its policy again (SIGHUP)."""
_NAP_S = 3_600.0

_logger = logging.getLogger(__name__)


def check(path: Path | None, markets: Collection[str]) -> None:
    """Look through the throttle policy's file before anything is started.

    Raises:
        BadPolicy: it cannot be read or used.
    """
    if path is not None:
        policy_file.read(path, list(markets), 0, STARTED_BY)


async def begin(exchange: Exchange, path: Path | None) -> None:
    """Take the file's policy into force at a start; an older one than in force changes nothing."""
    if path is not None:
        await _try(exchange, path, STARTED_BY)


async def follow(exchange: Exchange, bus: Bus, path: Path | None) -> None:
    """Take the file into force whenever the process is told to, until the hub stops."""
    seen = bus.version(RELOAD_TOPIC)
    while not bus.closed:
        now = await bus.wait(RELOAD_TOPIC, seen, _NAP_S)
        if now != seen and not bus.closed:
            await _try(exchange, path, HANGUP)
        seen = now


async def reload(exchange: Exchange, path: Path | None, by: str, *, forced: bool = False) -> int:
    """Take the file's policy into force; return the version that is in force then.

    Raises:
        OrderRefused: POLICY, the file is missing or wrong; POLICY_VERSION, a newer one is in
            force. The old policy stays.
    """
    if path is None:
        raise OrderRefused("POLICY", "policy_file: is not set; there is no policy to read")
    checks, known = exchange.checks, list(exchange.catalogue)
    async with exchange.configuring:
        version = checks.policy.version
        try:
            command, notices = await asyncio.to_thread(
                policy_file.read, path, known, version, by, forced=forced
            )
        except BadPolicy as error:
            raise OrderRefused("POLICY", str(error)) from error
        except PolicyTooOld as error:
            raise OrderRefused("POLICY_VERSION", str(error)) from error
        for notice in notices:
            _logger.info("%s: %s", path, notice)
        if checks.configurations.get(command.what) != command.content:
            await _configure(exchange, command)
        return checks.policy.version


async def set_limits(exchange: Exchange, content: str, version: int, by: str) -> None:
    """Take the limits of accounts into force (`checks.limits`); of two at once, the first.

    Raises:
        OrderRefused: POLICY, the content is wrong; POLICY_VERSION, these or newer ones are in
            force. The old limits stay.
    """
    command = Configure(what="limits", version=version, by=by, content=content)
    async with exchange.configuring:
        in_force = exchange.checks.limits.version
        if version <= in_force:
            raise OrderRefused(
                "POLICY_VERSION",
                f"limits: version: {version} is not allowed; more than {in_force} is",
            )
        await _configure(exchange, command)


async def _try(exchange: Exchange, path: Path | None, by: str) -> None:
    try:
        version = await reload(exchange, path, by)
    except OrderRefused as error:
        _logger.warning("the throttle policy stays as it was: %s", error)
    else:
        _logger.info("throttle policy: version %d is in force", version)


async def _configure(exchange: Exchange, command: Configure) -> None:
    (answer,) = await exchange.ask(command)
    accepted(answer)
