"""The first key of a new hub: without one, nobody could ever make another."""

import asyncio
import logging

from cloud.kernel import folder, keys
from cloud.kernel.database import Database
from cloud.kernel.keys import OPERATOR, Role
from cloud.settings import HubSettings
from wire.clock import Clock

_logger = logging.getLogger("phoenyra.hub")


async def make(settings: HubSettings, database: Database, clock: Clock) -> None:
    """Make the first key if there is none, and write it where the operator finds it."""
    path = settings.data_dir / folder.ADMIN_KEY_FILE
    async with database.transaction() as connection:
        if await keys.key_records(connection):
            return
        if await keys.account_of_id(connection, OPERATOR.id) is None:
            await keys.add_account(connection, OPERATOR, clock.now_us())
        key = await keys.add_key(connection, OPERATOR.id, Role.ADMIN, clock.now_us())
        # Before the commit: a key in the database that nobody can read would lock us all out.
        await asyncio.to_thread(folder.write_secret, path, key)
    _logger.info("made the first API key: %s", path)
