"""What those ask who watch the hub from outside: does it answer, and its numbers."""

from fastapi import APIRouter, Response

from cloud.kernel import errors, metrics
from cloud.kernel.auth import Viewer

router = APIRouter(tags=["operation"])


@router.get("/healthz", summary="Does it answer?")
async def healthz() -> dict[str, str]:
    return {"status": "ok"}


@router.get(
    "/metrics",
    summary="Numbers for Prometheus",
    response_class=Response,
    responses=errors.responses(401),
)
async def read_metrics(_principal: Viewer) -> Response:
    return Response(metrics.render(), media_type=metrics.CONTENT_TYPE)
