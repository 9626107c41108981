"""Identity and parking: each event is decided once, and parked events resume in order."""

from typing import Any, Final, NamedTuple

from services.verifier.expected.refusals import PARKED_MAX, prove_decision
from services.verifier.expected.years import RECOVERIES, is_over, is_refused
from services.verifier.findings import Code, Findings
from services.verifier.records import Record, brief, without_nulls
from services.verifier.state.books import Books
from services.verifier.state.grants import falls_with

Want = tuple[str, str]
"""A kind of thing and its id."""

WANTS: Final = {
    "convention.signed": ("grant", "grant"),
    **dict.fromkeys(
        (
            *("convention.notified", "convention.amended", "convention.suspended"),
            *("convention.resumed", "convention.terminated", "commitment.reduced"),
            *("report.received", "report.rejected", "recovery.ordered"),
        ),
        ("convention", "convention"),
    ),
    "credits.transferred": ("budget", "budget"),
}
"""The dependency of an event, and the member that names it (rules, 28)."""


def want_of(record: Record, books: Books) -> Want | None:
    """The dependency that must exist before the record's event can be accepted."""
    kind, data = record.kind, record.event["data"]
    if kind == "budget.voted":
        return None if data["stage"] == "initial" else ("budget", data["budget"])
    if kind == "deliberation.adopted":
        return ("budget", data["budget"]) if data["role"] == "award" else None
    if kind == "deliberation.withdrawn":
        grant = books.grants.get(data["grant"])
        recorded = grant is not None and falls_with(grant, without_nulls(data["act"])) is not None
        return None if recorded else ("grant", data["grant"])
    if kind == "recovery.collected":
        return "recovery", f"{data['convention']}/{data['recovery']}"
    if kind == "deadline.passed":
        return ("convention", data["convention"]) if data["kind"] == "report_due" else None
    if kind in WANTS:
        what, member = WANTS[kind]
        return what, data[member]
    return None


def arrivals(record: Record, books: Books) -> list[Want]:
    """Dependencies that the record's event satisfies for others."""
    kind, data = record.kind, record.event["data"]
    if kind == "budget.voted" and data["stage"] == "initial":
        return [("budget", data["budget"])]
    if kind == "deliberation.adopted" and data["role"] == "award":
        alone = data.get("requires_convention") is False
        grant = [("grant", data["grant"])]
        return [*grant, ("convention", data["grant"])] if alone else grant
    if kind == "fiscal-year.opened":
        return [("grant", data["grant"]), ("convention", books.opened_as)]
    if kind == "recovery.ordered":
        return [("recovery", f"{data['convention']}/{data['recovery']}")]
    return [("convention", data["convention"])] if kind == "convention.signed" else []


class _Parked(NamedTuple):
    """An event that waits, and what is compared with it when it goes on, or ends."""

    want: Want
    text: str
    source: Any
    identity: tuple[Any, Any]
    """The event's own source and id."""


class Waiting:
    """The events of one budget: those that were decided, and those that wait."""

    def __init__(self, findings: Findings) -> None:
        self.parked: dict[int, _Parked] = {}
        self._decided: dict[bytes, bytes] = {}
        self._recoveries: set[bytes] = set()
        """Identities that a closed year keeps (rules, 31)."""
        self._by_want: dict[Want, list[int]] = {}
        self._ready: set[int] = set()
        self._ended: int | None = None
        """The parked event that the last deadline ends; it must be refused next."""
        self._findings = findings

    def before(self, record: Record, books: Books, follows: bool) -> None:
        """Prove what must hold before the record is applied.

        `follows` is true where the journal's record before it is of the same budget.
        """
        ready = self._first_ready(books) if self._ended is None else self._ended
        if record.row["resumes"] is not None:
            self._resume(record, follows, ready)
        elif ready is not None:
            self.find_not_resumed(record, books)
        closed = (
            books.closed  # Whatever waited until then is refused (rules, 30).
            if record.row["resumes"] is not None
            else is_refused(books, record.kind, record.event["data"])
        )
        refusal = record.row["refusal"] if record.outcome == "refused" else None
        refused = refusal is not None and refusal["code"] == "fiscal_year_closed"
        waits = books.closed and record.outcome == "parked"  # Nothing can still arrive.
        if closed is not refused or waits:
            self._findings.add(Code.CLOSING_IGNORED, record.place, outcome=record.outcome)
        if record.row["resumes"] is None and not closed:
            if len(self._decided) > len(self._recoveries) and is_over(books):
                self._decided = {key: self._decided[key] for key in self._recoveries}
            self._identify(record)
        if record.outcome in {"accepted", "parked"}:
            self._prove_want(record, books)
        if not closed:
            self._prove_count(record, books)
            # Applying an accepted event finds some of these noes again, by their effects (as
            # closed_too_early, number_twice, order_differs or below_zero): on purpose, a second
            # net under the checks.
            prove_decision(books, record, record.kind)

    def after(self, record: Record, books: Books) -> None:
        """Note what the record satisfies, or waits for."""
        if record.outcome == "parked":
            waits, event = record.row["waits_for"], record.event
            want, identity = (waits["kind"], waits["id"]), (event["source"], event["id"])
            parked = _Parked(want, record.event_text, record.row["source"], identity)
            self.parked[record.sequence] = parked
            self._by_want.setdefault(want, []).append(record.sequence)
        elif record.outcome == "accepted":
            self._ended = self._ends(record)
            for want in arrivals(record, books):
                self._ready.update(self._by_want.get(want, ()))
            if record.kind == "fiscal-year.closed":
                self._ready.update(self.parked)  # They are refused, behind it and in their order.

    def find_not_resumed(self, record: Record, books: Books) -> None:
        """Find what should have gone on before this record, and did not."""
        ended, self._ended = self._ended, None
        while (ready := ended or self._first_ready(books)) is not None:
            ended = None
            self._ready.discard(ready)
            kind, name = self.parked[ready].want
            facts = {"parked": ready, "kind": kind, "id": name}
            self._findings.add(Code.NOT_RESUMED, record.place, **facts)

    def _first_ready(self, books: Books) -> int | None:
        """The oldest that may go on; what it waited for may have gone again (rules, 13)."""
        while self._ready:
            oldest = min(self._ready)
            if oldest in self.parked and (books.closed or books.is_here(*self.parked[oldest].want)):
                return oldest
            self._ready.discard(oldest)
        return None

    def _resume(self, record: Record, follows: bool, ready: int | None) -> None:
        resumes, place, add = record.row["resumes"], record.place, self._findings.add
        parked = self.parked.pop(resumes, None)
        if parked is None:
            add(Code.RESUMES_NOTHING, place, resumes=resumes)
            return
        self._by_want[parked.want].remove(resumes)
        self._ready.discard(resumes)
        if parked.text != record.event_text:
            add(Code.RESUMED_OTHERWISE, place, member="event", resumes=resumes)
        if parked.source != record.row["source"]:
            add(Code.RESUMED_OTHERWISE, place, member="source", resumes=resumes)
        code = (record.row["refusal"] or {}).get("code")
        in_order = (self._ended == resumes) == (code == "dependency_missing")
        if not follows or ready != resumes or not in_order:
            add(Code.RESUMED_OUT_OF_ORDER, place, resumes=resumes)
        self._ended = None

    def _ends(self, record: Record) -> int | None:
        """The parked event that a deadline ends, if its record is one (rules, 29)."""
        named = record.event["data"].get("event")
        if record.kind != "deadline.passed" or named is None:
            return None
        for sequence, parked in self.parked.items():
            if parked.identity == (named["source"], named["id"]):
                return sequence
        return None

    def _identify(self, record: Record) -> None:
        """Rules 3 and 4: the same identity is decided once."""
        row, add = record.row, self._findings.add
        identity = brief(f"{row['event_source']}\0{row['event_id']}".encode())
        digest = bytes.fromhex(row["digest"])[:16]
        known = self._decided.get(identity)
        facts = {"event_id": row["event_id"]}
        reused = record.outcome == "refused" and row["refusal"]["code"] == "event_id_reused"
        if record.outcome == "duplicate":
            if known != digest:
                add(Code.DUPLICATE_OF_NOTHING, record.place, **facts)
        elif reused:
            if known is None or known == digest:
                add(Code.REUSED_WITHOUT_CAUSE, record.place, **facts)
        elif known is not None:
            add(Code.DECIDED_TWICE, record.place, **facts)
        else:
            self._decided[identity] = digest
            if record.kind in RECOVERIES:
                self._recoveries.add(identity)

    def _prove_count(self, record: Record, books: Books) -> None:
        """Rule 28: so many may wait, and no more."""
        refusal = record.row["refusal"] or {}
        too_many = refusal.get("code") == "too_many_parked"
        if not too_many and record.outcome != "parked":
            return
        want = want_of(record, books)
        waits = want is not None and not books.is_here(*want) and record.row["resumes"] is None
        full = len(self.parked) >= PARKED_MAX
        if too_many and not (waits and full):
            books.find(Code.REFUSED_OTHERWISE, expected=None, found="too_many_parked")
        elif not too_many and full:
            books.find(Code.NOT_REFUSED, outcome=record.outcome, expected="too_many_parked")

    def _prove_want(self, record: Record, books: Books) -> None:
        want = want_of(record, books)
        if record.outcome == "accepted":
            if want is not None and not books.is_here(*want):
                facts = {"kind": want[0], "id": want[1]}
                self._findings.add(Code.ACCEPTED_TOO_EARLY, record.place, **facts)
            return
        waits = record.row["waits_for"]
        facts = {"kind": waits["kind"], "id": waits["id"]}
        if (waits["kind"], waits["id"]) != want or books.is_here(*want):
            self._findings.add(Code.PARKED_NEEDLESSLY, record.place, **facts)
