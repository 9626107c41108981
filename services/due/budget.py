"""One budget: its orders, conventions and waiting events, as records of its journal change them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import msgspec

from events.conventions import ConventionAmended, ConventionSigned, ConventionTerminated
from events.deadlines import DeadlinePassed
from events.deliberations import DeliberationAdopted, DeliberationWithdrawn
from events.fiscal_years import FiscalYearClosed, FiscalYearOpened
from events.journal import Event, EventData, EventReference, Move, PaymentOrder, Record, required
from events.reports import ReportReceived, ReportRejected
from services.due.calendar_days import PATIENCE, day_of, end_of, moment_of
from services.due.day_index import ByDay
from services.due.deadline_events import Deadline
from services.due.open_items import OPEN, REJECTED, OverdueReport, ParkedEvent, WaitingOrder
from services.due.owed_documents import Convention, document, obliged, planned

ANOTHER_ACT: Final = "concurring_act_withdrawn"
"""The flag of a withdrawal that leaves the award where it is (rules, 17)."""

REVENUE: Final = "recovery_is_revenue"
"""The flag of a recovery that came in a later year: no move says so (rules, 27)."""

ONE_DAY: Final = timedelta(days=1)


class Revenue(msgspec.Struct):
    """The facts of `recovery_is_revenue`: money that came back without a move (rules, 27)."""

    convention: str
    amount_cents: int


_revenue: Final = msgspec.json.Decoder(Revenue).decode

Identity = tuple[str, str]
"""Who an event is in its budget: source and id."""


class Due(NamedTuple):
    """A deadline, and the moment at which it has passed, in UTC."""

    deadline: Deadline
    passes_at: datetime


@dataclass(slots=True)
class Budget:
    """What is open in one budget; what is settled is forgotten."""

    name: str
    closed: bool = False
    """Whether its year is closed.

    What is open is shown, and no deadline event is written about it.
    """
    orders: dict[str, WaitingOrder] = field(default_factory=dict)
    conventions: dict[str, Convention] = field(default_factory=dict)
    """All of them; of a closed year, those that owe something."""
    parked: dict[Identity, ParkedEvent] = field(default_factory=dict)
    _signed: dict[str, str] = field(default_factory=dict)
    """The conventions of grants that stood alone: their orders bear its name (rules, 13)."""
    _rejected: dict[str, dict[str, str]] = field(default_factory=dict)
    """The orders that wait to be issued again: by convention and instalment."""
    _heard: str | None = None
    """The time of the last event that came, rather than went on from where it was parked."""
    _payments: ByDay[str] = field(default_factory=ByDay)
    _reports: ByDay[str] = field(default_factory=ByDay)
    _waits: ByDay[Identity] = field(default_factory=ByDay)
    """What no deadline event has spoken of yet: orders, conventions, events."""

    def apply(self, record: Record, event: Event) -> None:
        """Follow the next record.

        Raises:
            msgspec.MsgspecError, ValueError: it is none that a ledger writes.
        """
        if record.resumes is None:
            self._heard = event.time
        else:
            self._go_on(record)
        if record.outcome == "accepted":
            self._learn(record, event)
            for move in record.moves or ():
                self._follow(move)
            for flag in record.review_flags or ():
                if flag.code == REVENUE:
                    self._give_back(_revenue(flag.facts))
            for order in record.payment_orders or ():
                self._keep(order, record, event)
        elif record.outcome == "parked":
            self._park(record, event)
        elif record.outcome == "refused" and self.closed:
            # A closed year takes no report any more. The paper has come all the same.
            self._learn_of_report(event)
        if event.type == DeadlinePassed.TYPE:
            self.tell(_deadline(self.name, event.data))

    # ------------------------------------------------------------ what events say

    def _learn(self, record: Record, event: Event) -> None:
        data = event.data
        match event.type:
            case DeliberationAdopted.TYPE:
                # Without a convention the award stands in the place of one (rules, 13).
                if data.role == "award" and data.requires_convention is False:
                    grant, plans = _grant(data), planned(data.instalments or ())
                    self._begin(grant, Convention(grant, alone=True, plans=plans))
            case ConventionSigned.TYPE:
                self._sign(data)
            case ConventionAmended.TYPE:
                self._amend(data)
            case ConventionTerminated.TYPE:
                self._end(_convention(data))
            case DeliberationWithdrawn.TYPE:
                if all(flag.code != ANOTHER_ACT for flag in record.review_flags or ()):
                    self._withdraw(_grant(data))
            case FiscalYearOpened.TYPE:
                self._open(record, data)
            case FiscalYearClosed.TYPE:
                self._close(record)
            case _:
                self._learn_of_report(event)

    def _open(self, record: Record, data: EventData) -> None:
        """A convention goes on, maybe under another name, or is known as withdrawn."""
        grant, name = _grant(data), required(record.convention, "convention")
        received = (document(each.document.kind, each.document.year) for each in data.documents)
        carried = Convention(
            grant,
            data.stands_alone and name == grant,
            obliged(data.obligations),
            planned(data.instalments or (), record.renamed),
            frozenset(received),
            required(data.paid_cents, "paid_cents") + required(data.ordered_cents, "ordered_cents"),
            # What a ceiling cuts off is some instalment's.
            ended=any(
                each.convention == name and each.target == "available" and each.instalment is None
                for each in record.moves or ()
            ),
        )
        self._begin(name, carried)

    def _sign(self, data: EventData) -> None:
        """Documents, money and orders of a grant that stood alone pass to its convention."""
        grant, name = _grant(data), _convention(data)
        owed, plans = obliged(data.obligations), planned(data.instalments or ())
        signed = Convention(grant, alone=False, obligations=owed, plans=plans)
        alone = self.conventions.get(grant)
        if alone is not None and alone.alone:
            signed.received, signed.had_cents = alone.received, alone.had_cents
            signed.ended = alone.ended
            signed.plans |= alone.hand_over(grant)
            self._forget(grant)
            self._signed[grant] = name
        self._begin(name, signed)

    def _amend(self, data: EventData) -> None:
        """Plan anew all that no order holds, rejected orders among it (rules, 15)."""
        name = _convention(data)
        convention = self.conventions.get(name)
        if convention is not None:
            self._give_up_rejected(name)
            convention.amend(planned(data.instalments or ()))
            self._reckon(name, convention)

    def _withdraw(self, grant: str) -> None:
        """The award falls, and with it all that was granted under it."""
        for name in [name for name, each in self.conventions.items() if each.grant == grant]:
            self._end(name)

    def _learn_of_report(self, event: Event) -> None:
        if event.type not in {ReportReceived.TYPE, ReportRejected.TYPE}:
            return
        name = _convention(event.data)
        convention = self.conventions.get(name)
        if convention is None:
            return
        named = required(event.data.document, "document")
        found = document(named.kind, named.year)
        if event.type == ReportReceived.TYPE:
            convention.receive(found)
        else:
            convention.reject(found)
        self._reckon(name, convention)

    def _close(self, record: Record) -> None:
        """What is carried over is owed in the next year, what is left is shown."""
        self.closed = True
        carried = {move.convention for move in record.moves or () if move.target == "carried_over"}
        for name in list(self._rejected):
            self._give_up_rejected(name)  # Nothing is issued again in a closed year (rules, 31).
        self.conventions = {
            name: each
            for name, each in self.conventions.items()
            if each.owed and name not in carried
        }
        self._payments, self._reports, self._waits = ByDay(), ByDay(), ByDay()

    def _begin(self, name: str, convention: Convention) -> None:
        self.conventions[name] = convention
        self._reckon(name, convention)

    def _end(self, name: str) -> None:
        """Nothing is issued again under a convention; what it was paid is still accounted for."""
        convention = self.conventions.get(name)
        if convention is not None:
            convention.ended = True
            self._reckon(name, convention)
            self._give_up_rejected(name)

    def _forget(self, name: str) -> None:
        convention = self.conventions.pop(name)
        for day in convention.untold():
            self._reports.discard(day, name)
        self._give_up_rejected(name)

    def _reckon(self, name: str, convention: Convention) -> None:
        before = convention.untold()
        convention.reckon()
        if self.closed:
            return
        after = convention.untold()
        for day in before - after:
            self._reports.discard(day, name)
        for day in after - before:
            self._reports.add(day, name)

    # ------------------------------------------------------------ what records say

    def _follow(self, move: Move) -> None:
        """What is released of an instalment is not waited for any more."""
        convention = self.conventions.get(move.convention or "")
        if convention is None or move.convention is None:
            return
        if "paid" in {move.origin, move.target}:
            had_cents = move.amount_cents if move.target == "paid" else -move.amount_cents
            self._had(move.convention, convention, had_cents)
        if move.instalment is None or (move.origin, move.target) != ("committed", "available"):
            return
        convention.release(move.instalment, move.amount_cents)
        self._reckon(move.convention, convention)
        name = self._rejected.get(move.convention, {}).get(move.instalment)
        if name is not None:
            order = self.orders[name]
            left = order._replace(amount_cents=order.amount_cents - move.amount_cents)
            self.orders[name] = left
            if left.amount_cents <= left.paid_cents:
                self._settle_rejected(move.convention, move.instalment)

    def _had(self, name: str, convention: Convention, cents: int) -> None:
        convention.had_cents += cents
        if convention.ended:
            self._reckon(name, convention)

    def _give_back(self, revenue: Revenue) -> None:
        """What came back in a later year moved nothing."""
        convention = self.conventions.get(revenue.convention)
        if convention is not None:
            self._had(revenue.convention, convention, -revenue.amount_cents)

    def _place(self, order: PaymentOrder, record: Record) -> tuple[str, str]:
        """The convention and instalment in whose figures an order counts (rules, 13)."""
        named = f"{order.convention}/{order.instalment}"
        for move in record.moves or ():
            if move.instalment == named and move.convention is not None:
                self._signed[order.convention] = move.convention
        signed = self._signed.get(order.convention)
        return (order.convention, order.instalment) if signed is None else (signed, named)

    def _keep(self, order: PaymentOrder, record: Record, event: Event) -> None:
        name, known = order.payment_order, self.orders.get(order.payment_order)
        of, instalment = self._place(order, record)
        convention = None if self.closed else self.conventions.get(of)
        if convention is not None and convention.follow(order, instalment):
            self._reckon(of, convention)
        if order.state in OPEN:
            if known is None and not self.closed:
                self._settle_rejected(of, instalment)
                self._payments.add(order.due_on, name)
        else:
            self._payments.discard(order.due_on, name)
            if order.state != REJECTED or convention is None or convention.ended:
                self.orders.pop(name, None)
                return
            self._rejected.setdefault(of, {})[instalment] = name
        issued_at = self._issued_at(record, event) if known is None else known.issued_at
        self.orders[name] = WaitingOrder(
            self.name,
            name,
            order.amount_cents,
            order.paid_cents,
            order.state,
            order.due_on,
            issued_at,
        )

    def _issued_at(self, record: Record, event: Event) -> datetime:
        """When an order was issued: of an event that had waited, when it could go on."""
        own = moment_of(event.time)
        if record.resumes is None or self._heard is None:
            return own
        return max(own, moment_of(self._heard))

    def _settle_rejected(self, convention: str, instalment: str) -> None:
        """A rejected order waits no more: it has a successor, or nothing is left to issue."""
        name = self._rejected.get(convention, {}).pop(instalment, None)
        if name is not None:
            del self.orders[name]

    def _give_up_rejected(self, convention: str) -> None:
        for name in self._rejected.pop(convention, {}).values():
            del self.orders[name]

    def _park(self, record: Record, event: Event) -> None:
        since, want = moment_of(event.time), record.waits_for
        key = (record.event_source or "", record.event_id or "")
        waits_for = {} if want is None else {"kind": want.kind, "id": want.id}
        gives_up_at = since + PATIENCE
        self.parked[key] = ParkedEvent(
            self.name, record.sequence, key[1], key[0], event.type, waits_for, since, gives_up_at
        )
        self._waits.add(day_of(gives_up_at), key)

    def _go_on(self, record: Record) -> None:
        """An event waits no more, whatever was decided of it."""
        key = (record.event_source or "", record.event_id or "")
        waited = self.parked.pop(key, None)
        if waited is not None:
            self._waits.discard(day_of(waited.gives_up_at), key)

    # ------------------------------------------------------------ what is told and shown

    def tell(self, deadline: Deadline) -> None:
        """A deadline event has spoken of a deadline, or is on its way: none more is written."""
        match deadline.kind, deadline.subject:
            case "parked", (source, event_id):
                waiting = self.parked.get((source, event_id))
                if waiting is not None:
                    self._waits.discard(day_of(waiting.gives_up_at), (source, event_id))
            case "report_due", (name,):
                self._reports.discard(deadline.due_on, name)
                convention = self.conventions.get(name)
                if convention is not None:  # pragma: no branch # Python 3.11.2 traces no way past
                    convention.told |= {deadline.due_on}
            case _:
                self._payments.discard(deadline.due_on, deadline.subject[0])

    def passed(self, now: datetime) -> Iterator[Due]:
        """What was due, has passed by now, and was not told."""
        today = day_of(now)
        for day, name in self._payments.before(today):
            yield Due(Deadline(self.name, "payment_due", (name,), day), end_of(day))
        for day, name in self._reports.before(today):
            yield Due(Deadline(self.name, "report_due", (name,), day), end_of(day))
        for day, key in self._waits.before(today + ONE_DAY):
            gives_up_at = self.parked[key].gives_up_at
            if gives_up_at <= now:
                yield Due(Deadline(self.name, "parked", key, day), gives_up_at)

    def waiting_orders(self, now: datetime, answered_within: timedelta) -> Iterator[WaitingOrder]:
        """The orders that are not paid; an accountant answers within `answered_within`."""
        today, unanswered_since = day_of(now), now - answered_within
        for each in self.orders.values():
            due = each.due_on < today
            late = each.state == "issued" and each.issued_at < unanswered_since
            yield WaitingOrder(*each[:-2], due, late) if due or late else each

    def overdue_reports(self, now: datetime) -> Iterator[OverdueReport]:
        """The documents owed by a day that has passed."""
        today = day_of(now)
        for name, convention in self.conventions.items():
            for (kind, year), due_on in convention.owed:
                if due_on >= today:
                    break  # They stand by day.
                yield OverdueReport(self.name, name, kind, year, due_on, self.closed)

    def parked_events(self, now: datetime) -> Iterator[ParkedEvent]:
        """The events that wait."""
        for each in self.parked.values():
            yield each._replace(past=True) if each.gives_up_at <= now else each


def _grant(data: EventData) -> str:
    return required(data.grant, "grant")


def _convention(data: EventData) -> str:
    return required(data.convention, "convention")


def _deadline(budget: str, data: EventData) -> Deadline:
    """The deadline that a deadline event is about, whoever wrote the event."""
    due_on = required(data.due_on, "due_on")
    match data.kind, data.event:
        case "parked", EventReference() as event:
            return Deadline(budget, "parked", (event.source, event.id), due_on)
        case "report_due", None:
            return Deadline(budget, "report_due", (_convention(data),), due_on)
        case _:
            order = required(data.payment_order, "payment_order")
            return Deadline(budget, "payment_due", (order,), due_on)
