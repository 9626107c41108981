"""Drafts: the event that a form makes, as far as it is known before anybody types.

Who may not send events for the entity finds nothing here.
"""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import Depends, Query, Request
from pydantic import TypeAdapter, ValidationError

from events.conventions import ReportReceived
from events.follow_up import EventWithdrawn
from events.payments import BankAccountChanged, PaymentExecuted, PaymentOrderAcknowledged
from events.texts import Translatable, _
from events.values import Timestamp
from services.api.access.authorization import check_authorized
from services.api.access.caller import Scope
from services.api.console.elements import Notice, address, order_href, record_href
from services.api.console.page_context import Name, OptionalText, Sequence64, Visit
from services.api.events_in.publishing import CONSOLE
from services.api.forms.fields import FIELDS_MAX, Field, fields_of, fitting
from services.api.http.dependencies import Given, Now, Reader, reading
from services.api.journal import records
from services.api.problems import NOT_FOUND, Kind, Problem
from services.api.queries import orders
from services.api.queries import rejections as unsettled
from services.api.queries.explanation import find_sendable_type
from services.api.rejections.redrive import to_correct
from services.api.requests import language_of
from services.api.treasury import query as at_treasury
from services.api.treasury import view as treasury_view
from services.ledger.application.handle import RawRecord
from services.redrive.dead_letters import Address
from services.redrive.sending import event_of

ID: Final = "event_id"
"""The name of the field in which a form keeps the id of its event."""

SEND: Final = "send"
"""The first step of the addresses of forms."""

ATTRIBUTE_MAX: Final = 500
"""Characters of an attribute, as the contract bounds them."""

NO_FORM: Final = Kind(
    "no_form",
    409,
    _("No form for it"),
    _("The type of this event cannot be read, or is none of the contract."),
    _("An operator sends a corrected one with `ecluse redrive --patch`."),
)
TOO_MANY_FIELDS: Final = Kind(
    "too_many_fields",
    413,
    _("Too large for a form"),
    _("This event has {count} values; a form holds at most {limit}."),
    _("Correct it in the program that sent it, and send it again under a new id."),
)


WAITS_NO_LONGER: Final = Kind(
    "waits_no_longer",
    409,
    _("It waits no longer"),
    _("The event was decided or withdrawn meanwhile: nothing was sent."),
    _("Look at what became of it; what is wrong is put right by a further event."),
)
WITHDRAWN_WITH_IT = _("The event that waits is withdrawn first: its record stays in the journal.")


@dataclass(frozen=True, slots=True)
class Draft:
    """An event to be made."""

    title: Translatable
    event_type: str
    data: Mapping[str, Any]
    fields: list[Field]
    here: str
    """The address of the form."""
    back: str
    """The page that led here."""
    back_text: str
    subject: str | None = None
    cause: str | None = None
    """The id of the event that it corrects."""
    corrects: tuple[Address, RawRecord] | None = None
    """The dead letter in whose place it is sent, with its record."""
    time: str | None = None
    """When it happened, where it corrects a dead letter that says so."""
    traceparent: str | None = None
    """The trace of its sender, likewise."""
    notice: Notice | None = None
    """A notice to whoever sends it."""
    withdraws: Mapping[str, str] | None = None
    """The parked event that is withdrawn in front of it: its source and its id."""


@dataclass(frozen=True, slots=True)
class FormRequest:
    """A request for a form: who asks, and when. It holds no connection while it waits."""

    request: Request
    caller: Reader
    components: Given
    now: Now

    @asynccontextmanager
    async def visit(self, budget: str) -> AsyncGenerator[Visit]:
        """The context of a page, for who may read and send for the entity of this budget.

        Raises:
            Problem: 404, they may not; or the database does not answer.
        """
        check_authorized(self.caller, budget)
        check_authorized(self.caller, budget, Scope.PUBLISH)
        async with reading(self.caller, self.components) as connection:
            yield self.visit_with(connection)

    def visit_with(self, connection: Any = None) -> Visit:
        """The context of a page; without a connection of one that asks nothing."""
        language = language_of(self.request)
        return Visit(self.request, self.caller, connection, language, self.now)


AskedForm = Annotated[FormRequest, Depends()]


async def acknowledgement(
    form_request: AskedForm, budget: Name, reference: Name, state: OptionalText = None
) -> Draft:
    """The accountant's answer on an order."""
    async with form_request.visit(budget) as visit:
        order = await _order(visit, budget, reference)
        day = visit.today.isoformat()
        data = {"budget": budget, "payment_order": reference, "state": state, "on": day}
        kind = ("acknowledgement", _("The accountant's answer"), PaymentOrderAcknowledged.TYPE)
        return _draft_for_order(visit, order, *kind, data)


async def bank_account(form_request: AskedForm, budget: Name, reference: Name) -> Draft:
    """New bank details of the beneficiary of an order."""
    async with form_request.visit(budget) as visit:
        order = await _order(visit, budget, reference)
        data = {
            "budget": budget,
            "beneficiary": None if order.beneficiary is None else asdict(order.beneficiary),
            "bank_account": {},
            "effective_on": visit.today.isoformat(),
        }
        kind = ("bank-account", _("New bank details"), BankAccountChanged.TYPE)
        return _draft_for_order(visit, order, *kind, data)


async def payment(form_request: AskedForm, budget: Name, reference: Name) -> Draft:
    """The payment of an order, in full unless somebody says otherwise."""
    async with form_request.visit(budget) as visit:
        order = await _order(visit, budget, reference)
        data = {
            "budget": budget,
            "payment_order": reference,
            "amount_cents": order.left_cents or None,
            "executed_on": visit.today.isoformat(),
        }
        kind = ("payment", _("Payment by the treasury"), PaymentExecuted.TYPE)
        draft = _draft_for_order(visit, order, *kind, data)
    known, treasury = None, form_request.components.treasury
    if treasury is not None:
        async with treasury.store.reading() as connection:
            known = await at_treasury.find_order_slips(connection, budget, reference)
    return replace(draft, notice=treasury_view.notice_of_sent(known, visit.locale))


async def document(
    form_request: AskedForm,
    budget: Name,
    convention: Name,
    kind: OptionalText = None,
    year: Annotated[int | None, Query(ge=1900, le=2199)] = None,
) -> Draft:
    """The receipt of a document that a convention asks for."""
    async with form_request.visit(budget) as visit:
        grant = await unsettled.grant_of_convention(
            visit.connection, visit.entities, budget, convention
        )
        if grant is None:
            raise Problem(NOT_FOUND)
        data = {
            "budget": budget,
            "convention": convention,
            "document": {"kind": kind, "year": year},
            "received_on": visit.today.isoformat(),
        }
        return Draft(
            _("Document received"),
            ReportReceived.TYPE,
            data,
            fields_of(ReportReceived.TYPE, data, visit.language, "budget", "convention"),
            address(SEND, "document", budget, convention),
            address("grants", budget, grant),
            grant,
        )


async def correction(form_request: AskedForm, budget: Name, refused: Sequence64) -> Draft:
    """A refused event, or one that waits, to be sent again with other values."""
    async with form_request.visit(budget) as visit:
        event, waits = await _event_to_undo(form_request, visit, budget, refused)
        fields = fields_of(event["type"], event["data"], visit.language)
        if len(fields) > FIELDS_MAX:
            raise Problem(TOO_MANY_FIELDS, {"count": len(fields), "limit": FIELDS_MAX})
        number = visit.locale.number(refused)
        return Draft(
            _("Correct and send again"),
            event["type"],
            event["data"],
            fields,
            address(SEND, "correction", budget, str(refused)),
            record_href(budget, refused),
            visit.locale.say(_("Record {number}"), number=number),
            event.get("subject"),
            event["id"],
            withdraws=_reference(event) if waits else None,
            notice=Notice("info", "info", visit.locale.say(WITHDRAWN_WITH_IT)) if waits else None,
        )


async def withdrawal(form_request: AskedForm, budget: Name, parked: Sequence64) -> Draft:
    """The withdrawal of an event that waits."""
    async with form_request.visit(budget) as visit:
        event, waits = await _event_to_undo(form_request, visit, budget, parked)
        if not waits:
            raise Problem(NOT_FOUND)
        data = {"budget": budget, "event": _reference(event), "reason": None}
        return Draft(
            _("Withdraw the event"),
            EventWithdrawn.TYPE,
            data,
            fields_of(EventWithdrawn.TYPE, data, visit.language, "budget", "event"),
            address(SEND, "withdrawal", budget, str(parked)),
            record_href(budget, parked),
            visit.locale.say(_("Record {number}"), number=visit.locale.number(parked)),
            event.get("subject"),
            event["id"],
        )


async def _event_to_undo(
    form_request: FormRequest, visit: Visit, budget: str, sequence: int
) -> tuple[dict[str, Any], bool]:
    """The event of a record that was refused, or that waits still; true of one that waits.

    One that waits no longer because this very form was sent counts as one that does: sent twice,
    an event is a duplicate.

    Raises:
        Problem: 404, there is none; or it waits no longer.
    """
    found = await records.one(visit.connection, visit.entities, budget, sequence)
    if found is None or (found[0].refusal is None and found[0].waits_for is None):
        raise Problem(NOT_FOUND)
    waits = found[0].waits_for is not None
    if waits and not await unsettled.list_waiting(
        visit.connection, visit.entities, budget=budget, sequence=sequence
    ):
        event_id = (await form_request.request.form()).get(ID)
        if not isinstance(event_id, str) or not await records.outcomes(
            visit.connection, visit.entities, event_id, budget=budget, source=CONSOLE
        ):
            raise Problem(WAITS_NO_LONGER)
    return json.loads(found[1])["event"], waits


def _reference(event: Mapping[str, Any]) -> dict[str, str]:
    return {"source": event["source"], "id": event["id"]}


async def dead_letter(form_request: AskedForm, chain: Name, sequence: Sequence64) -> Draft:
    """A dead letter, to be sent corrected: with what of it fits into the form of its type."""
    async with form_request.visit(chain) as visit:
        language, number = visit.language, visit.locale.number(sequence)
        back = visit.locale.say(_("Record {number}"), number=number)
    at, raw = await to_correct(form_request.caller, form_request.components, chain, sequence)
    event = event_of(raw)
    event_type = find_sendable_type(event)
    if event_type is None:
        raise Problem(NO_FORM)
    data = fitting(event_type, event.get("data"))
    fields = fields_of(event_type, data, language)
    if len(fields) > FIELDS_MAX:
        raise Problem(TOO_MANY_FIELDS, {"count": len(fields), "limit": FIELDS_MAX})
    names = ("subject", "id", "traceparent")
    subject, cause, traceparent = (_attribute(event.get(name)) for name in names)
    return Draft(
        _("Correct and send again"),
        event_type,
        data,
        fields,
        address(SEND, "dead-letter", chain, str(sequence)),
        record_href(chain, sequence),
        back,
        subject,
        cause,
        (at, raw),
        _time(event.get("time")),
        traceparent,
    )


def _time(value: Any) -> str | None:
    """The time of a record, where it is one of the contract."""
    try:
        _TIME.validate_python(value)
    except ValidationError:
        return None
    return str(value)


_TIME: Final[TypeAdapter[datetime]] = TypeAdapter(Timestamp)


def _attribute(value: Any) -> str | None:
    """An attribute of a record, where it is one of the contract."""
    if not isinstance(value, str) or not value.isprintable():
        return None
    return value if 0 < len(value) <= ATTRIBUTE_MAX else None


async def _order(visit: Visit, budget: str, reference: str) -> orders.PaymentOrder:
    """The order of that name.

    Raises:
        Problem: 404, the caller can see none.
    """
    found = await orders.one(visit.connection, visit.entities, budget, reference)
    if found is None:
        raise Problem(NOT_FOUND)
    return found.order


def _draft_for_order(
    visit: Visit,
    order: orders.PaymentOrder,
    step: str,
    title: Translatable,
    event_type: str,
    data: Mapping[str, Any],
) -> Draft:
    return Draft(
        title,
        event_type,
        data,
        fields_of(event_type, data, visit.language, "budget", "payment_order", "beneficiary"),
        address(SEND, step, order.budget, *order.payment_order.split("/")),
        order_href(order.budget, order.payment_order),
        order.payment_order,
    )
