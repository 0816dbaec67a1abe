"""All that is asked of the forecasts over HTTP."""

from fastapi import APIRouter

from cloud.forecast.pins import routes as pin_routes
from cloud.forecast.service import routes as service_routes
from cloud.forecast.service import scenario_routes
from cloud.forecast.site import routes as site_routes
from cloud.forecast.watch import routes as watch_routes

router = APIRouter()
router.routes.extend(service_routes.router.routes)
router.routes.extend(scenario_routes.router.routes)
router.routes.extend(site_routes.router.routes)
router.routes.extend(watch_routes.router.routes)
router.routes.extend(pin_routes.router.routes)
