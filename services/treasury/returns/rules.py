"""Returns of the public accountant as events and findings (DGFiP schema 5.17, PES_Retour).

A return tells all payments of a line each time, and returns overlap: ids and contents of events
come of what happened, never of the file that tells it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

from events.payments import PaymentExecuted, PaymentOrderAcknowledged
from events.strict_json import canonical
from events.treasury import TREASURY
from services.texts.formats import ZONE
from services.treasury.domain.findings import Finding, FindingKind
from services.treasury.domain.returned_pieces import (
    REJECTED,
    Disbursement,
    KnownPiece,
    ListedPayments,
    Payment,
    PieceState,
    Reason,
    ReturnedLine,
    ReturnedPiece,
    ReturnHead,
    cents_of,
    instead_of,
    list_facts,
    select_line,
)
from services.treasury.domain.slips import SlipType

NAMESPACE: Final = uuid5(NAMESPACE_URL, TREASURY)
"""The namespace of the ids of these events (UUID version 5)."""


@dataclass(frozen=True, slots=True)
class OwnEvent:
    """An event made of a return, with the trace of its order."""

    event_id: str
    event_type: str
    budget: str
    payment_order: str
    happened_on: date
    data: Mapping[str, Any]
    facts: Mapping[str, Any]
    """What its id comes of, for the tables."""
    traceparent: str | None = None

    def encode(self) -> bytes:
        """The event as a CloudEvent in structured mode: the same bytes whichever file tells it."""
        midnight = datetime.combine(self.happened_on, time(), ZoneInfo(ZONE))
        return canonical(
            {
                "specversion": "1.0",
                "id": self.event_id,
                "source": TREASURY,
                "type": self.event_type,
                "time": midnight.isoformat(),
                "partitionkey": self.budget,
                "datacontenttype": "application/json",
                **({} if self.traceparent is None else {"traceparent": self.traceparent}),
                "data": self.data,
            }
        )


def event_id(budget: str, event_type: str, facts: Mapping[str, Any]) -> str:
    """The id of an event: that of what happened."""
    return str(uuid5(NAMESPACE, canonical([budget, event_type, facts]).decode()))


def own_event(
    event_type: str,
    known: KnownPiece,
    happened_on: date,
    data: Mapping[str, Any],
    facts: Mapping[str, Any],
) -> OwnEvent:
    """The event of what happened to a piece."""
    name = event_id(known.budget, event_type, facts)
    order = (known.budget, known.payment_order)
    return OwnEvent(name, event_type, *order, happened_on, data, facts, known.traceparent)


def state_facts(piece: int, data: Mapping[str, Any]) -> dict[str, Any]:
    """Facts of a state that its id comes of."""
    named = {name: data[name] for name in ("state", "on")}
    return {"piece": piece, **named, "reason": data.get("reason")}


def payment_facts(piece: int, paid: Payment, which: int) -> dict[str, Any]:
    """Facts of a payment that its id comes of; `which` of equal ones, from 1."""
    line, on, cents = paid
    facts = {"line": line, "on": on.isoformat(), "amount_cents": cents, "which": which}
    return {"piece": piece, **facts}


ON_HOLD: Final = "on_hold"
TAKEN_IN_CHARGE: Final = "taken_in_charge"
SETTLED: Final = "settled"

STATES: Final = {"01": ON_HOLD, "02": TAKEN_IN_CHARGE, "04": REJECTED, "05": SETTLED}
"""EtatPce: *en instance*, *prise en charge*, *rejeté*, *soldé*."""

LINE_STATES: Final = {
    **dict.fromkeys(("01", "07", "08", "15"), TAKEN_IN_CHARGE),
    **dict.fromkeys(("02", "09", "10"), REJECTED),
    "16": ON_HOLD,
}
"""EtatLigPce; 03 to 06 come before the accountant's visa and contradict nothing."""

REGULARISATION: Final = "04"
"""TypBord of the accountant's own pieces."""

REQUESTS: Final = frozenset(("12", "14"))
"""TypPce: he asks for a payment order, or for a revenue order."""

REASONS: Final = {
    "01": "pièces justificatives absentes ou non valables",
    "02": "pièces justificatives insuffisantes",
    "03": "crédits",
    "04": "liquidation",
    "05": "service fait ou caractère exécutoire",
    "06": "autre motif",
    "07": "double paiement",
    "09": "coordonnées bancaires",
    "10": "avance non récupérée",
    "11": "incompétence",
    "13": "prescription",
    "16": "créancier non véritable",
    "23": "imputation",
    "24": "motif technique",
}
"""Reasons of the accountant (ObsEtat), in his language; others stand as they are."""

NO_CODE: Final = "-"
"""The code of a reason that has words alone."""


@dataclass(frozen=True, slots=True)
class PieceOutcome:
    """The outcome of a piece: what it leads to, and its state from now on."""

    events: tuple[OwnEvent, ...] = ()
    findings: tuple[Finding, ...] = ()
    state: PieceState | None = None
    """None: it stays as it was."""
    listed: Mapping[int, ListedPayments] = field(default_factory=dict)
    """The lines of which no newer return was read, by their number."""


def is_accountants_own(piece: ReturnedPiece) -> bool:
    """True where the accountant asks for an order: IdPce is then a number of his, not of ours."""
    return piece.slip.slip_type == REGULARISATION or piece.piece_type in REQUESTS


def judge_piece(
    piece: ReturnedPiece, head: ReturnHead, known: KnownPiece, payers: frozenset[str]
) -> PieceOutcome:
    """A piece of ours as events and findings; `payers` are those whose payments are payments."""
    if at_odds := tuple(_sums_that_differ(piece, known)):
        return PieceOutcome(findings=at_odds)
    if known.slip_type is SlipType.CANCELLATION:
        return _cancellation(piece, head, known)
    now = _state_now(piece, head, known)
    states, findings = _state_events(now, head, known), list(_contradictions(piece, known))
    payments = _Payments(piece, head, known, payers)
    payments.judge()
    findings += payments.findings
    if now is None:
        findings.append(_finding(FindingKind.UNKNOWN_STATE, known, state=piece.state))
    elif now.name == SETTLED and payments.paid_cents < known.amount_cents:
        sums = {"found_cents": payments.paid_cents, "expected_cents": known.amount_cents}
        findings.append(_finding(FindingKind.SETTLED_UNPAID, known, **sums))
    # The ledger takes no payment of an order that is rejected already.
    is_last = now is not None and now.name == REJECTED
    in_order = (payments.events, states) if is_last else (states, payments.events)
    return PieceOutcome(
        tuple(event for group in in_order for event in group),
        tuple(findings),
        now if now is not None and _is_newest(head, known) else None,
        payments.newest,
    )


def _finding(kind: FindingKind, known: KnownPiece, **facts: Any) -> Finding:
    named = {"piece": known.number, **facts}
    return Finding(kind, named, known.budget, known.slip_id, known.payment_order)


def _sums_that_differ(piece: ReturnedPiece, known: KnownPiece) -> Iterator[Finding]:
    """The sums that make the piece doubtful as a whole."""
    found_cents = sum(each.amount_cents for each in piece.lines)
    if known.slip_type is SlipType.CANCELLATION:
        found_cents = abs(found_cents)  # What takes back may be written below zero.
    if found_cents != known.amount_cents:
        sums = {"found_cents": found_cents, "expected_cents": known.amount_cents}
        yield _finding(FindingKind.AMOUNT_DIFFERS, known, **sums, **_withheld(piece))
    for line in piece.lines:
        count, total_cents = len(line.disbursements), line.listed_cents
        stated = (line.count, line.total_cents)
        if stated not in {(None, None), (count, total_cents)}:
            yield _finding(
                FindingKind.PAYMENT_TOTALS_DIFFER,
                known,
                line=line.number,
                count=line.count,
                total_cents=line.total_cents,
                found_count=count,
                found_cents=total_cents,
                **_withheld(piece),
            )


def _withheld(piece: ReturnedPiece) -> dict[str, Any]:
    """Facts of a piece of which nothing is taken: once it says more, that is another finding."""
    dates = {ON_HOLD: piece.held_on, REJECTED: piece.rejected_on}
    since = dates.get(STATES.get(piece.state, ""), piece.taken_on)
    payments = [
        [line.number, each.payer, each.paid_on.isoformat(), each.amount_cents]
        for line in piece.lines
        for each in line.disbursements
    ]
    return {
        "state": piece.state,
        "since": None if since is None else since.isoformat(),
        "reason": piece.reason.codes,
        "payments": sorted(payments),
        "paid_cents": sum(each.listed_cents for each in piece.lines),
    }


def _is_newest(head: ReturnHead, known: KnownPiece) -> bool:
    return known.state is None or head.dated_on >= known.state.file_on


def _state_now(piece: ReturnedPiece, head: ReturnHead, known: KnownPiece) -> PieceState | None:
    """The piece's state by this return; None for one that no rule names.

    A date that is missing is that of the file, but the next file with the same state is no news.
    """
    name = STATES.get(piece.state)
    if name is None:
        return None
    dates = {ON_HOLD: piece.held_on, REJECTED: piece.rejected_on}
    reason = reason_of(piece.reason) if name in dates else None
    state_on, before = dates.get(name, piece.taken_on), known.state
    if state_on is None and before is not None:
        same = (_event_state(before.name), before.reason) == (_event_state(name), reason)
        state_on = before.state_on if same else None
    return PieceState(name, head.dated_on, state_on or head.dated_on, reason)


def _event_state(state: str) -> str:
    """The state as events have it: what is settled was taken in charge."""
    return TAKEN_IN_CHARGE if state == SETTLED else state


def reason_of(reason: Reason) -> dict[str, str] | None:
    """The reason of an event: the code as written, and the words of each with the comment."""
    codes = [each.strip() for each in reason.codes.split("-") if each.strip()]
    meanings = ", ".join(REASONS.get(each, each) for each in codes)
    label = " : ".join(each for each in (meanings, reason.comment) if each)
    return {"code": reason.codes or NO_CODE, "label": label} if label else None


def _state_events(
    now: PieceState | None, head: ReturnHead, known: KnownPiece
) -> tuple[OwnEvent, ...]:
    """The state as an event, where it may be news."""
    if now is None or not _is_newest(head, known):
        return ()
    name = _event_state(now.name)
    if now.name == SETTLED and name in known.published:
        return ()
    state = {"state": name, "on": now.state_on.isoformat()}
    data: dict[str, Any] = {
        "budget": known.budget,
        "payment_order": known.payment_order,
        **state,
    }
    if now.reason is not None:
        data["reason"] = now.reason
    facts = state_facts(known.number, data)
    return (own_event(PaymentOrderAcknowledged.TYPE, known, now.state_on, data, facts),)


def _contradictions(piece: ReturnedPiece, known: KnownPiece) -> Iterator[Finding]:
    """Lines whose state is another than the piece's, which counts."""
    state = _event_state(STATES.get(piece.state, ""))
    for line in piece.lines:
        if state and LINE_STATES.get(line.state, state) != state:
            states = {"line": line.number, "state": piece.state, "line_state": line.state}
            yield _finding(FindingKind.LINE_STATE_DIFFERS, known, **states)


def _cancellation(piece: ReturnedPiece, head: ReturnHead, known: KnownPiece) -> PieceOutcome:
    """A piece that takes another back: the ledger cancelled its order already, no event is due."""
    now = _state_now(piece, head, known)
    findings = [
        _disbursement(FindingKind.OTHER_PAYER, known, line, each)
        for line in piece.lines
        for each in line.disbursements
    ]
    if now is None:
        findings.append(_finding(FindingKind.UNKNOWN_STATE, known, state=piece.state))
    elif now.name == REJECTED:
        reason = "" if now.reason is None else now.reason["label"]
        findings.append(_finding(FindingKind.CANCELLATION_REJECTED, known, reason=reason))
    return PieceOutcome(
        findings=tuple(findings),
        state=now if now is not None and _is_newest(head, known) else None,
    )


def _disbursement(
    kind: FindingKind, known: KnownPiece, line: ReturnedLine, each: Disbursement
) -> Finding:
    return _finding(
        kind,
        known,
        line=line.number,
        payer=each.payer,
        on=each.paid_on.isoformat(),
        amount_cents=each.amount_cents,
    )


@dataclass(slots=True)
class _Payments:
    """The payments of a piece that are news, without those that are doubtful."""

    piece: ReturnedPiece
    head: ReturnHead
    known: KnownPiece
    payers: frozenset[str]
    events: tuple[OwnEvent, ...] = ()
    findings: list[Finding] = field(default_factory=list)
    paid_cents: int = 0
    """By this return."""
    newest: dict[int, ListedPayments] = field(default_factory=dict)
    """The lines of which no newer return was read."""

    def judge(self) -> None:
        """Find the payments that are news, and those that somebody must look at."""
        now, before = self._count_listed(), Counter(self.known.paid)
        self.paid_cents = cents_of(now)
        self.newest = self._newest(now)
        reported = self._count_reported(before)
        # Of the whole piece: an event names no line, and a payment may have moved to another.
        gone, waiting = before - reported, reported - before
        instead = instead_of(gone, waiting)
        new = (now & waiting) - instead
        self.findings += (self._less_paid(*each, instead) for each in gone.items())
        overtaken = (now - reported) - before
        self.findings += (self._overtaken(*each) for each in overtaken.items())
        doubtful = self._find_doubtful(now, before + new)
        self.findings += doubtful
        if not doubtful and all(cents > 0 for _line, _on, cents in reported):
            self.events = self._make_events(new, before)

    def _find_doubtful(self, now: Counter[Payment], together: Counter[Payment]) -> list[Finding]:
        """Find why no payment is published: one is not positive, or all together are too much."""
        doubtful = list(self._not_positive(now))
        together_cents = cents_of(together)
        if not doubtful and together_cents > self.known.amount_cents:
            sums = {"found_cents": together_cents, "expected_cents": self.known.amount_cents}
            listed = list_facts(now)
            doubtful.append(_finding(FindingKind.MORE_PAID, self.known, **sums, payments=listed))
        return doubtful

    def _make_events(self, new: Counter[Payment], before: Counter[Payment]) -> tuple[OwnEvent, ...]:
        """Make an event of each new payment; equal ones are counted on from those before."""
        return tuple(
            self._payment(paid, before[paid] + which)
            for paid, count in new.items()
            for which in range(1, count + 1)
        )

    def _count_listed(self) -> Counter[Payment]:
        """Count each payment of the return; those that others paid are findings."""
        listed = Counter[Payment]()
        for line in self.piece.lines:
            for each in line.disbursements:
                if each.payer in self.payers:
                    listed[line.number, each.paid_on, each.amount_cents] += 1
                else:
                    found = _disbursement(FindingKind.OTHER_PAYER, self.known, line, each)
                    self.findings.append(found)
        return listed

    def _newest(self, now: Counter[Payment]) -> dict[int, ListedPayments]:
        """The lines of whose payments this return says the newest."""
        dated_on, listed = self.head.dated_on, self.known.listed
        return {
            line.number: ListedPayments(dated_on, select_line(now, line.number))
            for line in self.piece.lines
            if (line.count is not None or line.disbursements)
            and (line.number not in listed or listed[line.number].file_on <= dated_on)
        }

    def _count_reported(self, before: Counter[Payment]) -> Counter[Payment]:
        """The payments of the piece by the newest returns; of a line that none names as before."""
        by_line = {**self.known.listed, **self.newest}
        unnamed = {paid: count for paid, count in before.items() if paid[0] not in by_line}
        return sum((each.payments for each in by_line.values()), Counter(unnamed))

    def _not_positive(self, now: Counter[Payment]) -> Iterator[Finding]:
        for line in self.piece.lines:
            for each in line.disbursements:
                if each.payer in self.payers and each.amount_cents <= 0:
                    found = _disbursement(FindingKind.NOT_POSITIVE, self.known, line, each)
                    yield replace(found, facts=found.facts | {"payments": list_facts(now)})

    def _less_paid(self, paid: Payment, count: int, instead: Counter[Payment]) -> Finding:
        number, on, cents = paid
        facts = {"line": number, "on": on.isoformat(), "amount_cents": cents, "count": count}
        facts |= {"payments": list_facts(instead), "held_cents": cents_of(instead)}
        return _finding(FindingKind.LESS_PAID, self.known, **facts)

    def _overtaken(self, paid: Payment, count: int) -> Finding:
        number, on, cents = paid
        facts = {"line": number, "on": on.isoformat(), "amount_cents": cents, "count": count}
        return _finding(FindingKind.OVERTAKEN_PAYMENT, self.known, **facts)

    def _payment(self, paid: Payment, which: int) -> OwnEvent:
        _number, on, cents = paid
        data = {
            "budget": self.known.budget,
            "payment_order": self.known.payment_order,
            "amount_cents": cents,
            "executed_on": on.isoformat(),
        }
        facts = payment_facts(self.known.number, paid, which)
        return own_event(PaymentExecuted.TYPE, self.known, on, data, facts)
