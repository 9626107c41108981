"""GET /webhooks: where outcomes are posted, how far, and what came of the latest attempts.

A module of its own: the command that tries a webhook has no routes.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from fastapi import APIRouter

from services.api.access.caller import Scope
from services.api.access.webhook_store import Attempt, Webhook, visible
from services.api.http.dependencies import Given, Reader

ATTEMPTS_SHOWN: Final = 20

router = APIRouter(tags=["outcomes"])


@dataclass(frozen=True, slots=True)
class ShownWebhook:
    """A webhook, without its secret and without what its address may hold of one."""

    webhook_id: str
    host: str
    entities: list[str]
    """SIRETs, or `all`."""
    budget: str | None
    created_at: datetime
    position: str
    """As an `id` of `GET /outcomes/stream`."""
    failures: int
    """Attempts that failed since the last one that did not."""
    failing_since: datetime | None
    next_attempt_at: datetime | None
    last_error: str | None
    attempts: list[Attempt]
    """The latest, the newest first."""


@router.get(
    "/webhooks",
    summary="Webhooks and their latest attempts",
    operation_id="listed_webhooks_get",
)
async def list_webhooks(caller: Reader, components: Given) -> list[ShownWebhook]:
    """The webhooks of the entities that the caller may see. `ecluse webhooks` adds and removes."""
    store = components.webhooks
    if store is None:
        return []
    found = visible(await store.all(), caller.entities(Scope.READ))
    return [
        _show_webhook(each, await store.attempts(each.webhook_id, ATTEMPTS_SHOWN)) for each in found
    ]


def _show_webhook(webhook: Webhook, attempts: list[Attempt]) -> ShownWebhook:
    return ShownWebhook(
        webhook.webhook_id,
        urlsplit(webhook.address).hostname or "",
        webhook.entities.names(),
        webhook.budget,
        webhook.created_at,
        webhook.position,
        webhook.failures,
        webhook.failing_since,
        webhook.next_attempt_at,
        webhook.last_error,
        attempts,
    )
