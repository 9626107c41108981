"""Publishing of what a request or a form brings: all of it or nothing; waiting, and trials."""

import asyncio
from io import BytesIO
from operator import attrgetter
from typing import Final

from events.texts import _
from services.api.access.caller import Action, Caller, Scope
from services.api.events_in.decisions import Decision, find_earlier_records, wait_for_decisions
from services.api.events_in.reading import (
    ENTITY_NOT_ALLOWED,
    EVENTS_MAX,
    TYPE_NOT_ALLOWED,
    Fault,
    PublishedEvent,
    SentEvents,
    TooManyEvents,
)
from services.api.events_in.trials import TrialResult, run_trial
from services.api.http.components import Components
from services.api.problems import SCOPE_MISSING, Kind, Problem
from services.runtime.kafka.publishing import Message
from services.runtime.ops.errors import Stop
from services.texts.language import Language
from services.texts.translation import translate

CONSOLE: Final = "urn:ecluse:console"
"""The `source` of events that a form of the console makes."""

FAULTS_MAX: Final = 100
"""Faults that the answer names."""

RETRY_AFTER_S: Final = 10

AUTH_TYPES: Final = {"key": "api_key", "oidc": "user"}
"""By the first part of a caller's name, who that is."""

NOT_READ: Final = Kind(
    "unreadable_events",
    422,
    _("Events do not match the contract"),
    _("The request holds events that do not match the contract ({count}): nothing was published."),
    _("Correct what `faults` names, line by line, then send all of it again."),
)
NOT_YOURS: Final = Kind(
    ENTITY_NOT_ALLOWED,
    403,
    _("Entity outside this access"),
    _(
        "The request holds events of entities for which this access does not publish ({count}): "
        "nothing was published."
    ),
    _("Leave them out, or ask for a key for these entities."),
)
NOT_YOUR_TYPE: Final = Kind(
    TYPE_NOT_ALLOWED,
    403,
    _("Type of event outside this access"),
    _(
        "The request holds events of types that this access does not send ({count}): nothing was "
        "published."
    ),
    _("Leave them out, or ask for a key that sends these types."),
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


def author_of(caller: Caller) -> dict[str, str]:
    """The sender of an event, as the extension “authcontext” of CloudEvents calls it."""
    kind = AUTH_TYPES.get(caller.name.partition(":")[0], "unauthenticated")
    return {"authtype": kind, "authid": caller.name}


async def read_all(sent: SentEvents, caller: Caller, language: Language) -> None:
    """Read the events of a body, and check them.

    Raises:
        Problem: there is nothing, or something is wrong.
    """
    try:
        # Ten thousand events take a while: others have their turn meanwhile.
        await asyncio.to_thread(sent.read, caller)
    except TooManyEvents as error:
        raise Problem(TOO_MANY, {"events_max": EVENTS_MAX}) from error
    _check(sent, language)


def read_form(raw: bytes, caller: Caller) -> SentEvents:
    """The events that a form made, one a line, read as those of a request."""
    sent = SentEvents(BytesIO(raw), one=False, of_console=True)
    sent.read(caller)
    return sent


async def publish(sent: SentEvents, components: Components) -> None:
    """Publish the events that were read.

    Raises:
        Problem: the publisher does not keep them.
    """
    try:
        await components.publisher.publish(sent.messages())
    except Stop as error:
        headers = {"Retry-After": str(RETRY_AFTER_S)}
        raise Problem(NOT_KEPT, {"said": error.text}, headers=headers) from error


async def publish_and_wait(
    sent: SentEvents, caller: Caller, components: Components, limit_s: float
) -> list[Decision | None]:
    """Publish the events, then wait for the decision on each; None where it is not known in time.

    Raises:
        Problem: the caller may not read what was decided, the database is away, too many wait, or
            the publisher does not keep the events. Nothing was published but in the last case.
    """
    _check_readable(sent, caller)
    with components.wait_slots.take(caller.name):
        before = await find_earlier_records(components, caller, sent.events)
        await publish(sent, components)
        return await wait_for_decisions(components, caller, sent.events, before, limit_s)


async def try_events(sent: SentEvents, caller: Caller, components: Components) -> TrialResult:
    """The decisions that the ledger would make now; nothing is published.

    Raises:
        Problem: the caller may not read them, the budgets are too large for a trial, or the
            database is away.
    """
    _check_readable(sent, caller)
    budgets = frozenset(each.budget for each in sent.events)
    return await run_trial(components, caller, budgets, list(sent.records()))


async def publish_one(
    raw: bytes,
    caller: Caller,
    components: Components,
    language: Language,
    *,
    wait_s: float = 0.0,
    instead: tuple[Message, ...] = (),
) -> PublishedEvent:
    """Publish what a form made, as POST /events does, with lines in the audit log.

    The event that stands last is returned. With `wait_s` that is once all are decided, or after so
    long; with `instead` these records are published, of which the event is the first.

    Raises:
        Problem: it does not match the contract, the caller may not send it, or it is not kept.
    """
    sent = read_form(raw, caller)
    _check(sent, language)
    sent.instead = instead
    for event in sent.events:
        place = f"{event.budget}/{event.source}/{event.id}"
        await components.audit.write(caller.name, Action.EVENT_PUBLISHED, place)
    if wait_s:
        await publish_and_wait(sent, caller, components, wait_s)
    else:
        await publish(sent, components)
    return sent.events[-1]


def _check_readable(sent: SentEvents, caller: Caller) -> None:
    """Check that the caller may read the budgets of these events, which a decision shows.

    Raises:
        Problem: 403, of one they may not.
    """
    if not all(caller.may(Scope.READ, each.budget) for each in sent.events):
        raise Problem(SCOPE_MISSING, {"scope": Scope.READ.value})


def _check(sent: SentEvents, language: Language) -> None:
    """Check that there is something to publish, and nothing wrong with it.

    Raises:
        Problem: there is nothing, or something wrong.
    """
    if sent.unreadable:
        # What its sender may not send is named too: both are corrected at once.
        raise _faulty(NOT_READ, sent.unreadable + sent.not_allowed, len(sent.unreadable), language)
    if sent.not_allowed:
        codes = [each.code for each in sent.not_allowed]
        kind = NOT_YOURS if ENTITY_NOT_ALLOWED in codes else NOT_YOUR_TYPE
        raise _faulty(kind, sent.not_allowed, codes.count(kind.code), language)
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
