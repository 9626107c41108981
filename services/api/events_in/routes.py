"""POST /events."""

from typing import Final

from fastapi import APIRouter

from services.runtime.publishing import SILENCE_TIMEOUT_S

PATH: Final = "/events"
STREAM_BYTES_MAX: Final = 64 * 1024 * 1024
"""How much one request may bring."""

STREAM_LIMIT_S: Final = 120.0 + SILENCE_TIMEOUT_S
LIMITS_S: Final = {PATH: STREAM_LIMIT_S}
BODIES_BYTES_MAX: Final = {PATH: STREAM_BYTES_MAX}

router = APIRouter(tags=["events"])
