"""The archive of a hub: its database, and the areas as its operator knows them."""

from cloud.kernel.context import Hub
from cloud.market.areas import catalogue
from cloud.market.series.archive import Archive


def archive_of(hub: Hub) -> Archive:
    """Return it; nothing is opened or read for it."""
    return Archive(hub.database, catalogue.load(hub.settings.areas_file))
