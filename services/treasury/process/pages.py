"""Pages of the treasury's process: readiness, partitions, metrics."""

from typing import Any, Final

from faust.web import Request, Response, View
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from services.treasury.process.app import Treasury
from services.treasury.process.intake import Intake

READY: Final = 200
NOT_READY: Final = 503


def rows(intake: Intake) -> list[dict[str, Any]]:
    """The partitions that are assigned here, in order."""
    return [
        {
            "topic": topic,
            "partition": partition,
            "next_offset": each.next_offset,
            "held": None if each.held is None else each.held.offset,
            "lost": each.lost_s is not None,
        }
        for (topic, partition), each in sorted(intake.partitions.items())
    ]


def add_pages(treasury: Treasury) -> None:
    """Serve /healthz, /readyz, /partitions and /metrics."""
    intake = treasury.intake

    @treasury.page("/healthz")
    async def healthz(view: View, _request: Request) -> Response:
        return view.text("ok\n")

    @treasury.page("/readyz")
    async def readyz(view: View, _request: Request) -> Response:
        ready = bool(intake.partitions) and not any(each["lost"] for each in rows(intake))
        return view.json({"ready": ready}, status=READY if ready else NOT_READY)

    @treasury.page("/partitions")
    async def partitions(view: View, _request: Request) -> Response:
        return view.json(rows(intake))

    @treasury.page("/metrics")
    async def prometheus(view: View, _request: Request) -> Response:
        body = generate_latest(treasury.metrics.registry)
        return view.bytes(body, headers={"Content-Type": CONTENT_TYPE_LATEST})
