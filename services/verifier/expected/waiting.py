"""Identity and parking: each event is decided once, and parked events resume in order."""

from itertools import product
from typing import Any, Final, NamedTuple

from services.verifier.expected.refusals import OF_CONVENTION, prove_decision
from services.verifier.expected.years import (
    RECOVERIES,
    data_of,
    is_outliving,
    is_over,
    state_closed,
)
from services.verifier.findings import Code
from services.verifier.records import Json, Record, brief, drop_nulls
from services.verifier.state.books import Books
from services.verifier.state.grants import find_withdrawn_act, is_award_alone

PARKED_MAX: Final = 1000
"""The number of events of a budget that may be parked at once (rules, 28)."""

Want = tuple[str, str]
"""A kind of thing and its id."""


def want_of(books: Books, kind: str, data: Json) -> Want | None:
    """The dependency that must exist before an event can be accepted (rules, 28)."""
    match kind:
        case "budget.voted" if data["stage"] == "initial":
            return None
        case "deliberation.adopted" if data["role"] != "award":
            return None
        case "budget.voted" | "credits.transferred" | "deliberation.adopted":
            return "budget", data["budget"]
        case "convention.signed":
            return "grant", data["grant"]
        case "deliberation.withdrawn":
            grant = books.grants.get(data["grant"])
            known = (
                grant is not None and find_withdrawn_act(grant, drop_nulls(data["act"])) is not None
            )
            return None if known else ("grant", data["grant"])
        case "recovery.collected":
            return "recovery", f"{data['convention']}/{data['recovery']}"
        case "deadline.passed" if data["kind"] == "report_due":
            return "convention", data["convention"]
        case _:
            return ("convention", data["convention"]) if kind in OF_CONVENTION else None


def arrivals(books: Books, kind: str, data: Json) -> list[Want]:
    """Dependencies that an accepted event satisfies for others."""
    match kind:
        case "budget.voted" if data["stage"] == "initial":
            return [("budget", data["budget"])]
        case "deliberation.adopted" if is_award_alone(data):
            return [("grant", data["grant"]), ("convention", data["grant"])]
        case "deliberation.adopted" if data["role"] == "award":
            return [("grant", data["grant"])]
        case "fiscal-year.opened":
            names = books.names_of(books.opened_as)
            return [("grant", data["grant"]), *(("convention", each) for each in names)]
        case "recovery.ordered":
            names = books.names_of(data["convention"])
            return [("recovery", f"{each}/{data['recovery']}") for each in names]
        case "convention.signed":
            # Those of its grant are its own now (rules, 13).
            recoveries = books.conventions[data["convention"]].recoveries
            back = product(books.names_of(data["convention"]), recoveries)
            return [
                ("convention", data["convention"]),
                *(("recovery", "/".join(of)) for of in back),
            ]
        case _:
            return []


class _ParkedEvent(NamedTuple):
    """An event that waits, and what is compared with it when it goes on, or ends."""

    want: Want
    kind: str
    text: str
    source: Any
    identity: tuple[Any, Any]
    """The event's own source and id."""


class Waiting:
    """The events of one budget: those that were decided, and those that wait."""

    def __init__(self, books: Books) -> None:
        self.parked: dict[int, _ParkedEvent] = {}
        self._books = books
        self._decided: dict[bytes, bytes] = {}
        self._outliving: set[bytes] = set()
        """Identities that a closed year keeps (rules, 31)."""
        self._ready: set[int] = set()
        self._ended: int | None = None
        """The parked event that the last record ends; it must be refused next."""

    def prove_before(self, record: Record, *, follows: bool) -> None:
        """Prove what must hold before the record is applied.

        `follows` is true where the journal's record before it is of the same budget.
        """
        books, resumes = self._books, record.row["resumes"] is not None
        ready = self._first_ready() if self._ended is None else self._ended
        if resumes:
            self._resume(record, ready, follows=follows)
        elif ready is not None:
            self.find_not_resumed()
        kind, data = record.kind, record.event["data"]
        closed = self._prove_closed(record)
        if not resumes and not closed:
            if len(self._decided) > len(self._outliving) and is_over(books):
                self._decided = {key: self._decided[key] for key in self._outliving}
            self._identify(record)
        want = want_of(books, kind, data)
        missing = want is not None and not self._is_here(want, kind)
        if record.outcome in {"accepted", "parked"}:
            self._prove_want(record, want, missing=missing)
        if not closed:
            self._prove_count(record, missing=missing)
            # Applying an accepted event finds some of these noes again, by their effects (as
            # closed_too_early, number_twice, order_differs or below_zero): on purpose, a second
            # net under the checks.
            prove_decision(books, record)

    def _prove_closed(self, record: Record) -> bool:
        """Return whether the year is closed to the record's event, having proved that it is so."""
        books = self._books
        facts = state_closed(books, record.kind, record.event["data"])
        if record.row["resumes"] is not None:  # Whatever waited until then is refused (30).
            facts = {"budget": books.budget} if books.closed else None
        is_refused = record.outcome == "refused" and record.refusal == "fiscal_year_closed"
        waits = books.closed and record.outcome == "parked"  # Nothing can still arrive.
        if (facts is not None) is not is_refused or waits:
            books.find(Code.CLOSING_IGNORED, outcome=record.outcome)
        elif is_refused and record.row["refusal"]["facts"] != facts:
            found = record.row["refusal"]["facts"]
            books.find(Code.REFUSED_OTHERWISE, expected=facts, found=found)
        return facts is not None

    def _is_here(self, want: Want, kind: str) -> bool:
        return self._books.is_here(*want, for_recovery=kind in RECOVERIES)

    def note_after(self, record: Record) -> None:
        """Note what the record satisfies, or waits for."""
        if record.outcome == "parked":
            waits, event = record.row["waits_for"], record.event
            want, identity = (waits["kind"], waits["id"]), (event["source"], event["id"])
            about = (record.kind, record.event_text, record.row["source"])
            parked = _ParkedEvent(want, *about, identity)
            self.parked[record.sequence] = parked
            self._books.parked.add(identity)
        elif record.outcome == "accepted":
            self._ended = self._ends(record)
            arrived = arrivals(self._books, record.kind, data_of(self._books, record))
            closes = record.kind == "fiscal-year.closed"  # All are refused, behind it, in order.
            if arrived or closes:
                ready = (at for at, each in self.parked.items() if closes or each.want in arrived)
                self._ready.update(ready)

    def find_not_resumed(self) -> None:
        """Find what should have gone on before the record in hand, and did not."""
        ended, self._ended = self._ended, None
        while (ready := ended or self._first_ready()) is not None:
            ended = None
            self._ready.discard(ready)
            kind, name = self.parked[ready].want
            self._books.find(Code.NOT_RESUMED, parked=ready, kind=kind, id=name)

    def _first_ready(self) -> int | None:
        """The oldest that may go on; what it waited for may have gone again (rules, 13)."""
        while self._ready:
            oldest = min(self._ready)
            parked = self.parked.get(oldest)
            if parked and (self._books.closed or self._is_here(parked.want, parked.kind)):
                return oldest
            self._ready.discard(oldest)
        return None

    def _resume(self, record: Record, ready: int | None, *, follows: bool) -> None:
        resumes, find = record.row["resumes"], self._books.find
        parked = self.parked.pop(resumes, None)
        if parked is None:
            find(Code.RESUMES_NOTHING, resumes=resumes)
            return
        self._ready.discard(resumes)
        self._books.parked.discard(parked.identity)
        if parked.text != record.event_text:
            find(Code.RESUMED_OTHERWISE, member="event", resumes=resumes)
        if parked.source != record.row["source"]:
            find(Code.RESUMED_OTHERWISE, member="source", resumes=resumes)
        in_order = (self._ended == resumes) == (record.refusal == "dependency_missing")
        if not follows or ready != resumes or not in_order:
            find(Code.RESUMED_OUT_OF_ORDER, resumes=resumes)
        self._ended = None

    def _ends(self, record: Record) -> int | None:
        """The parked event that a deadline or a withdrawal ends (rules, 29 and 39)."""
        named = record.event["data"].get("event")
        if record.kind not in {"deadline.passed", "event.withdrawn"} or named is None:
            return None
        identity = (named["source"], named["id"])
        return next((at for at, each in self.parked.items() if each.identity == identity), None)

    def _identify(self, record: Record) -> None:
        """Rules 3 and 4: the same identity is decided once."""
        row = record.row
        identity = brief(f"{row['event_source']}\0{row['event_id']}".encode())
        digest = bytes.fromhex(row["digest"])[:16]
        known = self._decided.get(identity)
        wrong = None
        if record.outcome == "duplicate":
            wrong = Code.DUPLICATE_OF_NOTHING if known != digest else None
        elif record.outcome == "refused" and record.refusal == "event_id_reused":
            wrong = Code.REUSED_WITHOUT_CAUSE if known in {None, digest} else None
        elif known is not None:
            wrong = Code.DECIDED_TWICE
        else:
            self._decided[identity] = digest
            if is_outliving(record.kind, record.event["data"]):
                self._outliving.add(identity)
        if wrong is not None:
            self._books.find(wrong, event_id=row["event_id"])

    def _prove_count(self, record: Record, *, missing: bool) -> None:
        """Rule 28: so many may wait, and no more."""
        too_many, full = record.refusal == "too_many_parked", len(self.parked) >= PARKED_MAX
        if too_many and not (missing and full and record.row["resumes"] is None):
            self._books.find(Code.REFUSED_OTHERWISE, expected=None, found="too_many_parked")
        elif record.outcome == "parked" and not too_many and full:
            self._books.find(Code.NOT_REFUSED, outcome=record.outcome, expected="too_many_parked")

    def _prove_want(self, record: Record, want: Want | None, *, missing: bool) -> None:
        if record.outcome == "accepted":
            if want is not None and missing:
                self._books.find(Code.ACCEPTED_TOO_EARLY, kind=want[0], id=want[1])
            return
        waits = record.row["waits_for"]
        if (waits["kind"], waits["id"]) != want or not missing:
            self._books.find(Code.PARKED_NEEDLESSLY, kind=waits["kind"], id=waits["id"])
