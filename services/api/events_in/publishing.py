"""Publishing of what a request or a form brings: all of it, or nothing."""

import asyncio
from io import BytesIO
from operator import attrgetter
from typing import Final

from events.texts import _
from services.api.access.audit import Action
from services.api.access.caller import Caller
from services.api.events_in.reading import EVENTS_MAX, Fault, PublishedEvent, Sent, TooManyEvents
from services.api.http.components import Components
from services.api.problems import Kind, Problem
from services.runtime.ops.errors import Stop
from services.texts.language import Language
from services.texts.translation import translate

FAULTS_MAX: Final = 100
"""Faults that the answer names."""

RETRY_AFTER_S: Final = 10

NOT_READ: Final = Kind(
    "unreadable_events",
    422,
    _("Events do not match the contract"),
    _("The request holds events that do not match the contract ({count}): nothing was published."),
    _("Correct what `faults` names, line by line, then send all of it again."),
)
NOT_YOURS: Final = Kind(
    "entity_not_allowed",
    403,
    _("Entity outside this access"),
    _(
        "The request holds events of entities for which this access does not publish ({count}): "
        "nothing was published."
    ),
    _("Leave them out, or ask for a key for these entities."),
)
NOTHING_SENT: Final = Kind(
    "no_event",
    422,
    _("No event"),
    _("The request holds no event."),
    _("Send one JSON event, or one a line."),
)
TOO_MANY: Final = Kind(
    "too_many_events",
    413,
    _("Too many events"),
    _("The request holds more than {events_max} events: nothing was published."),
    _("Split it; the events of one budget in their order."),
)
NOT_KEPT: Final = Kind(
    "not_published",
    503,
    _("Could not be published"),
    _("{said}. Some of it may have been published."),
    _("Send all of it again later: the ledger knows repeats."),
)


async def publish(sent: Sent, caller: Caller, components: Components, language: Language) -> None:
    """Read the events of a body, check them, and publish them.

    Raises:
        Problem: there is nothing, something is wrong, or the publisher does not keep it.
    """
    try:
        # Ten thousand events take a while: others have their turn meanwhile.
        await asyncio.to_thread(sent.read, caller)
    except TooManyEvents as error:
        raise Problem(TOO_MANY, {"events_max": EVENTS_MAX}) from error
    _check(sent, language)
    await _keep(sent, components)


async def publish_one(
    raw: bytes, caller: Caller, components: Components, language: Language
) -> PublishedEvent:
    """Publish the event that a form made, as POST /events does, with a line in the audit log.

    Raises:
        Problem: it does not match the contract, the caller may not send it, or it is not kept.
    """
    sent = Sent(BytesIO(raw), one=True)
    sent.read(caller)
    _check(sent, language)
    (event,) = sent.events
    place = f"{event.budget}/{event.source}/{event.id}"
    await components.audit.write(caller.name, Action.EVENT_PUBLISHED, place)
    await _keep(sent, components)
    return event


async def _keep(sent: Sent, components: Components) -> None:
    try:
        await components.publisher.publish(sent.messages())
    except Stop as error:
        headers = {"Retry-After": str(RETRY_AFTER_S)}
        raise Problem(NOT_KEPT, {"said": error.text}, headers=headers) from error


def _check(sent: Sent, language: Language) -> None:
    """That there is something to publish, and nothing wrong with it.

    Raises:
        Problem: there is nothing, or something wrong.
    """
    if sent.unreadable:
        # What its sender may not send is named too: both are corrected at once.
        raise _faulty(NOT_READ, sent.unreadable + sent.not_allowed, len(sent.unreadable), language)
    if sent.not_allowed:
        raise _faulty(NOT_YOURS, sent.not_allowed, len(sent.not_allowed), language)
    if not sent.events:
        raise Problem(NOTHING_SENT)


def _faulty(kind: Kind, faults: list[Fault], count: int, language: Language) -> Problem:
    in_order = sorted(faults, key=attrgetter("line"))
    rows = [
        {
            "line": fault.line,
            "code": fault.code,
            "pointer": fault.pointer,
            "detail": translate(fault.text, language),
        }
        for fault in in_order[:FAULTS_MAX]
    ]
    return Problem(kind, {"count": count}, faults=rows, faults_count=len(faults))
