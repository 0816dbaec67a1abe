"""All that is asked of the forecasts over HTTP."""

from fastapi import APIRouter

from cloud.forecast.pins import routes as pin_routes
from cloud.forecast.service import routes as service_routes
from cloud.forecast.service import scenario_routes
from cloud.forecast.site import routes as site_routes
from cloud.forecast.watch import routes as watch_routes

router = APIRouter()
router.include_router(service_routes.router)
router.include_router(scenario_routes.router)
router.include_router(site_routes.router)
router.include_router(watch_routes.router)
router.include_router(pin_routes.router)
