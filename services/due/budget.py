"""One budget: its orders, conventions and waiting events, as records of its journal change them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final, NamedTuple

import msgspec

from events.conventions import (
    ConventionAmended,
    ConventionSigned,
    ConventionTerminated,
    ReportReceived,
    ReportRejected,
)
from events.deliberations import DeliberationAdopted, DeliberationWithdrawn
from events.fiscal_years import FiscalYearClosed, FiscalYearOpened
from events.follow_up import PATIENCE, DeadlinePassed
from events.journal import Event, EventData, Move, PaymentOrder, Record, require
from events.lag import Awaited, Order, ParkedEvent, Report
from services.due.calendar_days import ByDay, day_of, end_of, moment_of
from services.due.deadline_events import Deadline, read_deadline
from services.due.owed_documents import REJECTED, Convention, document, find_obligations, find_plans

ANOTHER_ACT: Final = "concurring_act_withdrawn"
"""Review flag of a withdrawal that leaves the award in force (rules, 17)."""

REVENUE: Final = "recovery_is_revenue"
"""Review flag of a recovery collected in a later year, which makes no move (rules, 27)."""

OPEN: Final = frozenset(("issued", "taken_in_charge", "on_hold"))
"""States of an order that may still be paid (rules, 20)."""

ONE_DAY: Final = timedelta(days=1)


class Revenue(msgspec.Struct):
    """The facts of `recovery_is_revenue`: money that came back without a move (rules, 27)."""

    convention: str
    amount_cents: int


_revenue: Final = msgspec.json.Decoder(Revenue).decode

Identity = tuple[str, str]
"""The identity of an event in its budget: source and id."""


class Due(NamedTuple):
    """A deadline, and the moment at which it has passed, in UTC."""

    deadline: Deadline
    passes_at: datetime


@dataclass(slots=True)
class Budget:
    """Open items of one budget; settled ones are dropped."""

    name: str
    closed: bool = False
    """True after the closing: of deadline events only those about documents are written."""
    orders: dict[str, Order] = field(default_factory=dict)
    conventions: dict[str, Convention] = field(default_factory=dict)
    """All conventions; of a closed year, those that may owe a document there (rules, 31)."""
    parked: dict[Identity, ParkedEvent] = field(default_factory=dict)
    _signed: dict[str, str] = field(default_factory=dict)
    """Conventions by the grant that stood alone before, whose name orders bear (rules, 13)."""
    _rejected: dict[str, dict[str, str]] = field(default_factory=dict)
    """Rejected orders to be issued again, by convention and instalment."""
    _last_event_time: str | None = None
    """The time of the last event that was not resumed."""
    _payments: ByDay[str] = field(default_factory=ByDay)
    _reports: ByDay[str] = field(default_factory=ByDay)
    _waits: ByDay[Identity] = field(default_factory=ByDay)
    """Orders, conventions and events of which a deadline event is to be decided."""

    def apply(self, record: Record, event: Event) -> None:
        """Apply the next record; MsgspecError or ValueError where no ledger writes such a one."""
        if record.resumes is None:
            self._last_event_time = event.time
        else:
            self._go_on(record)
        if record.outcome == "accepted":
            self._apply_event(record, event)
            for move in record.moves or ():
                self._follow(move)
            for flag in record.review_flags or ():
                if flag.code == REVENUE:
                    self._give_back(_revenue(flag.facts))
            for order in record.payment_orders or ():
                self._keep(order, record, event)
        elif record.outcome == "parked":
            self._park(record, event)
        # One that came twice was decided before, on what was owed then.
        if event.type == DeadlinePassed.TYPE and record.outcome != "duplicate":
            self._report(read_deadline(self.name, event.data))

    # ------------------------------------------------------------ changes by event type

    def _apply_event(self, record: Record, event: Event) -> None:
        data = event.data
        match event.type:
            case DeliberationAdopted.TYPE:
                # Without a convention the award stands in the place of one (rules, 13).
                if data.role == "award" and data.requires_convention is False:
                    grant, plans = _grant(data), find_plans(data.instalments or ())
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
                self._apply_report(event)

    def _open(self, record: Record, data: EventData) -> None:
        """Continue a convention of the year before, maybe renamed or withdrawn."""
        grant, name = _grant(data), require(record.convention, "convention")
        received = (document(each.document.kind, each.document.year) for each in data.documents)
        carried = Convention(
            grant,
            data.stands_alone and name == grant,
            find_obligations(data.obligations),
            find_plans(data.instalments or (), record.renamed),
            frozenset(received),
            require(data.paid_cents, "paid_cents") + require(data.ordered_cents, "ordered_cents"),
            # A release without instalment ends it; one by a ceiling is of an instalment.
            ended=any(
                each.convention == name and each.target == "available" and each.instalment is None
                for each in record.moves or ()
            ),
            rejected=frozenset(document(each.kind, each.year) for each in data.rejected),
        )
        self._begin(name, carried)

    def _sign(self, data: EventData) -> None:
        """Documents, money and orders of a grant that stood alone pass to its convention."""
        grant, name = _grant(data), _convention(data)
        owed, plans = find_obligations(data.obligations), find_plans(data.instalments or ())
        signed = Convention(grant, alone=False, obligations=owed, plans=plans)
        alone = self.conventions.get(grant)
        if alone is not None and alone.alone:
            signed.received, signed.rejected = alone.received, alone.rejected
            signed.had_cents = alone.had_cents
            signed.ended = alone.ended
            signed.plans |= alone.hand_over(grant)
            self._drop(grant)
            self._signed[grant] = name
        self._begin(name, signed)

    def _amend(self, data: EventData) -> None:
        """Plan anew all that no order holds, rejected orders among it (rules, 15)."""
        name = _convention(data)
        convention = self.conventions.get(name)
        if convention is not None:
            self._give_up_rejected(name)
            convention.amend(find_plans(data.instalments or ()))
            self._reckon(name, convention)

    def _withdraw(self, grant: str) -> None:
        """End all conventions of a withdrawn award."""
        for name in [name for name, each in self.conventions.items() if each.grant == grant]:
            self._end(name)

    def _apply_report(self, event: Event) -> None:
        if event.type not in {ReportReceived.TYPE, ReportRejected.TYPE}:
            return
        name = _convention(event.data)
        convention = self.conventions.get(name)
        if convention is None:
            return
        named = require(event.data.document, "document")
        found = document(named.kind, named.year)
        if event.type == ReportReceived.TYPE:
            convention.receive(found)
        else:
            convention.reject(found)
        self._reckon(name, convention)

    def _close(self, record: Record) -> None:
        """Keep the conventions that may owe a document and are not carried over.

        What is carried over owes its documents in the next year alone.
        """
        self.closed = True
        carried = {move.convention for move in record.moves or () if move.target == "carried_over"}
        for name in list(self._rejected):
            self._give_up_rejected(name)  # Nothing is issued again in a closed year (rules, 31).
        self.conventions = {
            name: each
            for name, each in self.conventions.items()
            if (each.obligations or each.plans or each.late) and name not in carried
        }
        self._payments, self._reports, self._waits = ByDay(), ByDay(), ByDay()
        for name, each in self.conventions.items():
            for day in each.unreported:
                self._reports.add(day, name)

    def _begin(self, name: str, convention: Convention) -> None:
        self.conventions[name] = convention
        self._reckon(name, convention)

    def _end(self, name: str) -> None:
        """End a convention: no order is issued again; money paid must still be accounted for."""
        convention = self.conventions.get(name)
        if convention is not None:
            convention.ended = True
            self._reckon(name, convention)
            self._give_up_rejected(name)

    def _drop(self, name: str) -> None:
        convention = self.conventions.pop(name)
        for day in convention.unreported:
            self._reports.discard(day, name)
        self._give_up_rejected(name)

    def _reckon(self, name: str, convention: Convention) -> None:
        self._change(name, convention, convention.reckon)

    def _change(self, name: str, convention: Convention, change: Callable[[], None]) -> None:
        before = convention.unreported
        change()
        after = convention.unreported
        for day in before - after:
            self._reports.discard(day, name)
        for day in after - before:
            self._reports.add(day, name)

    # ------------------------------------------------------------ changes by moves and orders

    def _follow(self, move: Move) -> None:
        """Follow money that was paid, and releases of planned instalments."""
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
            left = replace(order, amount_cents=order.amount_cents - move.amount_cents)
            self.orders[name] = left
            if left.amount_cents <= left.paid_cents:
                self._settle_rejected(move.convention, move.instalment)

    def _had(self, name: str, convention: Convention, cents: int) -> None:
        convention.had_cents += cents
        if convention.ended:
            self._reckon(name, convention)

    def _give_back(self, revenue: Revenue) -> None:
        """Subtract money that came back in a later year, without a move."""
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
        convention = self.conventions.get(of)
        if convention is not None and convention.follow(order, instalment):
            self._reckon(of, convention)
        if order.state in OPEN:
            if known is None and not self.closed:
                self._settle_rejected(of, instalment)
                self._payments.add(order.due_on, name)
        else:
            self._payments.discard(order.due_on, name)
            is_issued_again = convention is not None and not (convention.ended or self.closed)
            if order.state != REJECTED or not is_issued_again:
                self.orders.pop(name, None)
                return
            self._rejected.setdefault(of, {})[instalment] = name
        issued_at = self._read_issue_time(record, event) if known is None else known.issued_at
        self.orders[name] = Order(
            self.name,
            name,
            order.amount_cents,
            order.paid_cents,
            order.state,
            order.due_on,
            issued_at,
        )

    def _read_issue_time(self, record: Record, event: Event) -> datetime:
        """The time of an order's event; of a resumed event, the time at which it was resumed."""
        own = moment_of(event.time)
        if record.resumes is None or self._last_event_time is None:
            return own
        return max(own, moment_of(self._last_event_time))

    def _settle_rejected(self, convention: str, instalment: str) -> None:
        """Drop a rejected order that has a successor, or of which nothing is left to issue."""
        name = self._rejected.get(convention, {}).pop(instalment, None)
        if name is not None:
            del self.orders[name]

    def _give_up_rejected(self, convention: str) -> None:
        for name in self._rejected.pop(convention, {}).values():
            del self.orders[name]

    def _park(self, record: Record, event: Event) -> None:
        since, want = moment_of(event.time), require(record.waits_for, "waits_for")
        key = (record.event_source or "", record.event_id or "")
        gives_up_at, missing = since + PATIENCE, Awaited(want.kind, want.id)
        self.parked[key] = ParkedEvent(self.name, key[1], event.type, missing, since, gives_up_at)
        self._waits.add(day_of(gives_up_at), key)

    def _go_on(self, record: Record) -> None:
        """Drop a parked event that was decided."""
        key = (record.event_source or "", record.event_id or "")
        waited = self.parked.pop(key, None)
        if waited is not None:
            self._waits.discard(day_of(waited.gives_up_at), key)

    # ------------------------------------------------------------ deadlines and lists

    def _report(self, deadline: Deadline) -> None:
        """Note that a deadline event about a deadline was decided.

        There is never a second one about a payment or a wait; about documents there is, where
        others are open by the day than it named.
        """
        match deadline.kind, deadline.subject:
            case "parked", (source, event_id):
                waiting = self.parked.get((source, event_id))
                if waiting is not None:
                    self._waits.discard(day_of(waiting.gives_up_at), (source, event_id))
            case "report_due", (name,):
                convention = self.conventions.get(name)
                if convention is not None:  # pragma: no branch # 3.11.2 traces no branch past it
                    self._change(name, convention, partial(convention.report, deadline.due_on))
            case _:
                self._payments.discard(deadline.due_on, deadline.subject[0])

    def list_passed(self, now: datetime) -> Iterator[Due]:
        """Deadlines that have passed by now, of which a deadline event is to be decided."""
        today = day_of(now)
        for day, name in self._payments.list_before(today):
            yield Due(Deadline(self.name, "payment_due", (name,), day), end_of(day))
        for day, name in self._reports.list_before(today):
            before = self.conventions[name].reported.get(day, 0)
            subject = (name, str(before)) if before else (name,)
            yield Due(Deadline(self.name, "report_due", subject, day), end_of(day))
        for day, key in self._waits.list_before(today + ONE_DAY):
            gives_up_at = self.parked[key].gives_up_at
            if gives_up_at <= now:
                yield Due(Deadline(self.name, "parked", key, day), gives_up_at)

    def waiting_orders(self, now: datetime, answered_within: timedelta) -> Iterator[Order]:
        """Unpaid orders; an accountant answers within `answered_within`."""
        today, unanswered_since = day_of(now), now - answered_within
        for each in self.orders.values():
            due = each.due_on < today
            late = each.state == "issued" and each.issued_at < unanswered_since
            yield replace(each, due=due, unacknowledged=late) if due or late else each

    def overdue_reports(self, now: datetime) -> Iterator[Report]:
        """Documents owed by a day that has passed."""
        today = day_of(now)
        for name, convention in self.conventions.items():
            for (kind, year), due_on in convention.owed:
                if due_on >= today:
                    break  # They are sorted by day.
                yield Report(self.name, name, kind, year, due_on, self.closed)

    def list_parked_events(self, now: datetime) -> Iterator[ParkedEvent]:
        """Parked events."""
        for each in self.parked.values():
            yield replace(each, past=True) if each.gives_up_at <= now else each


def _grant(data: EventData) -> str:
    return require(data.grant, "grant")


def _convention(data: EventData) -> str:
    return require(data.convention, "convention")
