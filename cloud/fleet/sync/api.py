"""The sync API as a whole: its routes, how large their bodies may be, what they keep in memory."""

from fastapi import APIRouter

from cloud.fleet.operation.bundles import BUNDLE_BYTES_MAX
from cloud.fleet.sync import (
    box_routes,
    bundle_routes,
    downlink_routes,
    key_routes,
    live_routes,
    routes,
)
from cloud.fleet.sync.access import Nonces
from cloud.fleet.sync.grant import Backlogs
from cloud.fleet.sync.rates import Rates
from wire.sync import BUNDLES_PATH, UPLOAD_BYTES_MAX, UPLOAD_PATH

BYTES_MAX = {UPLOAD_PATH: UPLOAD_BYTES_MAX, BUNDLES_PATH + "/": BUNDLE_BYTES_MAX}
"""Paths with a limit of their own; one that ends with a slash stands for all below it."""

router = APIRouter()
for _part in (routes, downlink_routes, live_routes, box_routes, bundle_routes, key_routes):
    router.routes.extend(_part.router.routes)


def memories() -> tuple[object, ...]:
    """Return what one hub process remembers of the boxes that call it."""
    return Nonces(), Rates(), Backlogs()
