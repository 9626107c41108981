"""The pages on which an event is made by hand: form, confirmation, outcome. They need no script.

The id and the time of the event are made with the confirmation: sent twice, it is a duplicate.
Those of a corrected dead letter are always the same, whoever corrects it.
"""

import json
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from starlette.responses import RedirectResponse, Response

from events.codec import ReceivedEvent
from events.envelope import CORRECTION
from events.follow_up import EventWithdrawn
from events.masking import mask
from events.texts import Translatable, _
from services.api.adapters.clock_and_chance import make_unique_name
from services.api.console.elements import address
from services.api.console.page_context import Name, Visitor
from services.api.events_in.decisions import Decision
from services.api.events_in.publishing import (
    CONSOLE,
    author_of,
    publish_one,
    read_form,
    try_events,
)
from services.api.events_in.reading import SentEvents
from services.api.events_in.trials import TRIAL_TOO_LONG, TrialResult
from services.api.forms.drafts import (
    ID,
    AskedForm,
    Draft,
    FormRequest,
    acknowledgement,
    bank_account,
    correction,
    dead_letter,
    document,
    payment,
    withdrawal,
)
from services.api.forms.fields import Read, fields_of, read
from services.api.forms.view import DECIDED, TONES, TRIED, as_typed, groups_of, keep_filled
from services.api.journal import records
from services.api.problems import Problem
from services.api.rejections.redrive import messages_of, name_of_sender
from services.ledger.application.handle import RawRecord, decode_record
from services.redrive.dead_letters import Address
from services.redrive.sending import Author, as_sent, correction_id, resent_records
from services.runtime.kafka.publishing import Message

router = APIRouter()

WAIT_S: Final = 5.0
"""Time for the outcome to be known: else its page says that it is on its way."""

ID_BYTES: Final = 16
EVENT_ID: Final = re.compile(r"[0-9a-f]{32}")

CORRECTED: Final = _("Corrected, and sent again")
"""The reason in the note about a dead letter that a form has corrected."""

STEP, TIME = "step", "event_time"
"""Names of fields that are none of an event's data: those begin with a slash."""

EDIT, SEND = "edit", "send"
"""Steps of a form; without one the event is shown, and tried."""

Make = Callable[..., Awaitable[Draft]]


def _add(path: str, make: Make) -> None:
    """Add the pages of a form whose event begins with this draft."""

    async def form(form_request: AskedForm, draft: Annotated[Draft, Depends(make)]) -> Response:
        """The form, as far as it can be filled in."""
        return await _form(form_request, draft)

    async def step(form_request: AskedForm, draft: Annotated[Draft, Depends(make)]) -> Response:
        """The event for confirmation; or it is sent."""
        return await _step(form_request, draft)

    router.add_api_route(path, form, methods=["GET"])
    router.add_api_route(path, step, methods=["POST"])


_add("/console/send/acknowledgement/{budget}/{reference:path}", acknowledgement)
_add("/console/send/bank-account/{budget}/{reference:path}", bank_account)
_add("/console/send/payment/{budget}/{reference:path}", payment)
_add("/console/send/document/{budget}/{convention}", document)
_add("/console/send/correction/{budget}/{refused}", correction)
_add("/console/send/withdrawal/{budget}/{parked}", withdrawal)
_add("/console/send/dead-letter/{chain}/{sequence}", dead_letter)


@router.get("/console/sent/{budget}/{event_id:path}")
async def show_sent_event(visit: Visitor, budget: Name, event_id: Name) -> Response:
    """The outcome of an event that was sent from here, as soon as it is known."""
    visit.check_authorized(budget)
    found = await records.outcomes(visit.connection, visit.entities, event_id, budget=budget)
    found = tuple(each for each in found if each.event_source in {CONSOLE, CORRECTION})
    locale = visit.locale
    record = records.latest(found[0].records) if found else None
    title = _("It is on its way") if record is None else DECIDED[record.outcome]
    return await visit.page(
        "sent.html",
        title=locale.say(title),
        budget=budget,
        event_id=event_id,
        record=record,
        tone="info" if record is None else TONES[record.outcome],
        is_repeated=bool(found) and any(each.is_repeat for each in found[0].records),
    )


async def _step(form_request: FormRequest, draft: Draft) -> Response:
    """One step of a form.

    Raises:
        Problem: the event could not be kept, or the caller may not send it.
    """
    form = await form_request.request.form()
    typed = {name: text for name, text in form.items() if isinstance(text, str)}
    found = read(draft.fields, draft.data, typed, form_request.visit_with().language)
    step = typed.get(STEP)
    if step == EDIT or found.faults:
        return await _form(form_request, draft, typed, found.faults)
    event = _event(form_request, draft, found, typed if step == SEND else {})
    events = [*_withdrawals(form_request, draft, event), event]
    raw = "\n".join(map(_line, events)).encode()
    sent = read_form(raw, form_request.caller)
    if sent.unreadable or sent.not_allowed:
        return await _form(form_request, draft, typed, _faults(sent, found))
    if step != SEND:
        return await _confirmation(
            form_request, draft, event, typed, await _trial(form_request, sent)
        )
    one = await publish_one(
        raw,
        form_request.caller,
        form_request.components,
        form_request.visit_with().language,
        wait_s=WAIT_S,
        instead=() if draft.corrects is None else _with_note(form_request, raw, *draft.corrects),
    )
    outcome = address("sent", one.budget, one.id)
    return RedirectResponse(outcome, HTTPStatus.SEE_OTHER.value)


def _with_note(
    form_request: FormRequest, event: bytes, at: Address, record: RawRecord
) -> tuple[Message, ...]:
    """A corrected event as the command sends it, and the note that takes it off the list."""
    corrected = as_sent(record, event)
    read = decode_record(corrected)
    assert isinstance(read, ReceivedEvent), "it was read before"
    why = form_request.visit_with().locale.say(CORRECTED)
    author = Author(
        CONSOLE,
        name_of_sender(form_request.caller),
        form_request.now,
        why,
        author_of(form_request.caller),
    )
    return messages_of(resent_records(at, corrected, read, author))


def _line(event: Mapping[str, Any]) -> str:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))


def _withdrawals(
    form_request: FormRequest, draft: Draft, event: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """The withdrawal of the parked event in whose place this one is sent."""
    if draft.withdraws is not None:
        why = form_request.visit_with().locale.say(CORRECTED)
        budget = draft.data["budget"]
        yield {
            **event,
            "id": f"withdrawn/{event['id']}",
            "type": EventWithdrawn.TYPE,
            "partitionkey": budget,
            "data": {"budget": budget, "event": draft.withdraws, "reason": why},
        }


def _event(
    form_request: FormRequest, draft: Draft, form_data: Read, kept: Mapping[str, str]
) -> dict[str, Any]:
    """The event; its id and time are those that were kept since it was shown, or new ones.

    Of a dead letter the id is that of all its corrections, and the time its own, where it has one.
    """
    event_id, time, source = kept.get(ID, ""), kept.get(TIME, ""), CONSOLE
    if draft.corrects is not None:
        event_id, source = correction_id(*draft.corrects), CORRECTION
        time = draft.time or time or form_request.now.isoformat(timespec="seconds")
    elif not EVENT_ID.fullmatch(event_id):
        event_id, time = make_unique_name(ID_BYTES), form_request.now.isoformat(timespec="seconds")
    event = {
        "specversion": "1.0",
        "id": event_id,
        "source": source,
        "type": draft.event_type,
        "time": time,
        "partitionkey": form_data.data.get("budget", ""),
        "subject": draft.subject,
        "causationid": draft.cause,
        "traceparent": draft.traceparent,
        **author_of(form_request.caller),
        "data": form_data.data,
    }
    return {name: value for name, value in event.items() if value is not None}


def _faults(sent: SentEvents, form_data: Read) -> dict[str, Translatable]:
    """The fault of an event that cannot be sent, by the field that it is in; "" stands for none."""
    *_others, fault = sent.unreadable or sent.not_allowed
    pointer = (fault.pointer or "").removeprefix("/data")
    return {form_data.field_at(pointer): fault.text}


async def _trial(form_request: FormRequest, sent: SentEvents) -> TrialResult | None:
    """Try an event on the ledger; None if that takes too long."""
    try:
        return await try_events(sent, form_request.caller, form_request.components)
    except Problem as problem:
        if problem.kind != TRIAL_TOO_LONG:
            raise
        return None


async def _form(
    form_request: FormRequest,
    draft: Draft,
    typed: Mapping[str, str] | None = None,
    faults: Mapping[str, Translatable] | None = None,
) -> Response:
    """The form with what was typed; what is wrong stands beside its field, else above all."""
    visit, faults = form_request.visit_with(), faults or {}
    names = {each.name for each in draft.fields if not each.is_fixed}
    response = await visit.page(
        "send_form.html",
        live=False,
        title=visit.locale.say(draft.title),
        draft=draft,
        groups=groups_of(draft.fields, typed, faults, visit.locale),
        faults=[visit.locale.say(text) for name, text in faults.items() if name not in names],
        has_faults=bool(faults),
    )
    if faults:
        response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY.value
    return response


def _decisive(decisions: Sequence[Decision]) -> Decision:
    """The decision to show: that on the event, or on the withdrawal where that would fail."""
    return next((each for each in decisions if each.outcome != "accepted"), decisions[-1])


async def _confirmation(
    form_request: FormRequest,
    draft: Draft,
    event: Mapping[str, Any],
    typed: Mapping[str, str],
    tried: TrialResult | None,
) -> Response:
    """The event as it will be sent, and what the ledger would decide."""
    visit = form_request.visit_with()
    locale = visit.locale
    fields = fields_of(draft.event_type, event["data"], visit.language)
    decision = None if tried is None else _decisive(tried.decisions)
    names = [each.name for each in draft.fields if not each.is_fixed]
    again = {name: as_typed(typed, name) for name in names}
    return await visit.page(
        "send_check.html",
        live=False,
        title=locale.say(draft.title),
        draft=draft,
        groups=keep_filled(groups_of(fields, None, {}, locale)),
        text=json.dumps(mask(event), ensure_ascii=False, indent=2),
        kept={ID: event["id"], TIME: event["time"]} | again,
        tried=tried,
        decision=decision,
        headline=None if decision is None else locale.say(TRIED[decision.outcome]),
        tone="warn" if decision is None else TONES[decision.outcome],
    )
