"""Whether this process lives, and whether it can answer."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="The process lives; nothing else is asked")
async def healthz() -> dict[str, str]:
    """Always 200 while the event loop turns: it never asks a dependency, which may be restarted."""
    return {"status": "ok"}


@router.get("/readyz", summary="The API can answer", response_model=None)
async def readyz(request: Request) -> JSONResponse | dict[str, Any]:
    """200 if the read model answers."""
    return {"ready": request.app.state.parts is not None}
