"""Sending of events that were read: kept, waited for, or tried; each for whoever may send them.

`POST /events` and the console's forms stand on it.
"""

from io import BytesIO
from typing import Final

from events.texts import _
from services.api.access.caller import Caller, Scope
from services.api.events_in.decisions import Decision, known_before, wait_for_decisions
from services.api.events_in.reading import PublishedEvent, Sent
from services.api.events_in.trials import Tried, tried
from services.api.http.components import Components
from services.api.problems import SCOPE_MISSING, Kind, Problem
from services.runtime.ops.errors import Stop

RETRY_AFTER_S: Final = 10

NOT_KEPT: Final = Kind(
    "not_published",
    503,
    _("Could not be published"),
    _("{said}. Some of it may have been published."),
    _("Send all of it again later: the ledger knows repeats."),
)


def read_one(raw: bytes, caller: Caller) -> Sent:
    """One event, read as that of a request which brings it alone."""
    sent = Sent(BytesIO(raw), one=True)
    sent.read(caller)
    return sent


async def publish(components: Components, sent: Sent) -> None:
    """Keep the events that were read.

    Raises:
        Problem: 503, they could not all be kept.
    """
    try:
        await components.publisher.publish(sent.messages())
    except Stop as error:
        headers = {"Retry-After": str(RETRY_AFTER_S)}
        raise Problem(NOT_KEPT, {"said": error.text}, headers=headers) from error


async def publish_and_wait(
    components: Components, caller: Caller, sent: Sent, limit_s: float
) -> list[Decision | None]:
    """Keep the events, then wait for the decision on each; None where it is not known in time.

    Raises:
        Problem: the caller may not read what was decided, the database is away, too many wait, or
            the events could not be kept. Nothing was published but in the last case.
    """
    check_readable(caller, sent.events)
    with components.wait_slots.taken(caller.name):
        before = await known_before(components, caller, sent.events)
        await publish(components, sent)
        return await wait_for_decisions(components, caller, sent.events, before, limit_s)


async def try_events(components: Components, caller: Caller, sent: Sent) -> Tried:
    """The decisions that the ledger would make now; nothing is published.

    Raises:
        Problem: the caller may not read them, the budgets are too large for a trial, or the
            database is away.
    """
    check_readable(caller, sent.events)
    budgets = frozenset(each.budget for each in sent.events)
    return await tried(components, caller, budgets, list(sent.records()))


def check_readable(caller: Caller, events: list[PublishedEvent]) -> None:
    """That the caller may read the budgets of these events: a decision tells of them.

    Raises:
        Problem: 403, of one they may not.
    """
    if not all(caller.may(Scope.READ, each.budget) for each in events):
        raise Problem(SCOPE_MISSING, {"scope": Scope.READ.value})
