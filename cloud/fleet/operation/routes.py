"""Running the fleet over HTTP."""

from fastapi import APIRouter

from cloud.fleet.operation import service

router = APIRouter(prefix="/api/v1", tags=["fleet"])
assert service
