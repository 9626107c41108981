"""The proof of a journal by itself, of one partition or of a file, and the figures it adds up to.

The figures are those that the contract prints: what `replay --json` must say too.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

from events.texts import Translatable
from services.verifier.expected.accepted import apply
from services.verifier.expected.waiting import Waiting
from services.verifier.expected.years import internal_events
from services.verifier.findings import Code, Findings, Place, cause
from services.verifier.internal_events import InternalEvents
from services.verifier.records import (
    DEAD,
    OUTCOMES,
    Chains,
    Json,
    LaterRecordError,
    NotARecordError,
    Record,
    guess_place,
    prove_members,
    prove_shape,
    read_record,
)
from services.verifier.seals import SealedChains
from services.verifier.state.books import Books
from services.verifier.state.lines import with_full_lines

ENTRY = ("entry_id", "budget", "kind", "line", "amount_cents", "convention")

FILE_MARK = "#"
"""Stands in the name of a file as a source, and in that of no topic."""


class Figures:
    """History that the state does not keep, listed as it is read."""

    def __init__(self) -> None:
        self._rows: defaultdict[str, list[tuple[Any, Any]]] = defaultdict(list)
        """Of each list its rows, with that by which they are sorted."""

    def add(self, record: Record) -> None:
        """Take note of one record."""
        row, budget, rows = record.row, record.budget, self._rows
        place, who = (budget, record.sequence), {"budget": budget, "event_id": row["event_id"]}
        for entry in row["commitment_entries"] or ():
            named = {"budget": budget, **entry}
            full = with_full_lines({name: named[name] for name in ENTRY})
            rows["commitment_entries"].append((place, full))
        for flag in row["review_flags"] or ():
            rows["review_flags"].append((place, who | with_full_lines(flag)))
        for order in row["payment_orders"] or ():
            if "issued_on" in order:
                rows["payment_orders"].append((place, (budget, order["payment_order"])))
        if row["refusal"] is not None:
            rows["refusals"].append((place, who | with_full_lines(row["refusal"])))
        if row["dead_letter"] is not None:
            dead = {"position": _position(record), "reason": row["dead_letter"]["reason"]}
            rows["dead_letters"].append((record.source, dead))

    def summary(
        self,
        books: Mapping[str, Books],
        heads: Mapping[str, tuple[int, str]],
        counted: Counter[str],
    ) -> Json:
        """The object of the contract (design, section 7; rules, 35)."""
        in_order = [books[name] for name in sorted(books)]
        orders = [
            (budget, name)
            for budget, name in self._sort_rows("payment_orders")
            if budget in books and name in books[budget].orders
        ]
        return {
            "events": sum(counted[name] for name in OUTCOMES),
            "outcomes": {name: counted[name] for name in OUTCOMES},
            "lines": [row for each in in_order for row in each.line_rows()],
            "conventions": [row for each in in_order for row in each.convention_rows()],
            "payment_orders": [books[budget].order_row(name) for budget, name in orders],
            "commitment_entries": self._sort_rows("commitment_entries"),
            "refusals": self._sort_rows("refusals"),
            "dead_letters": self._sort_rows("dead_letters"),
            "review_flags": self._sort_rows("review_flags"),
            "heads": {
                name: head for name, (_, head) in sorted(heads.items()) if not name.startswith(DEAD)
            },
        }

    def _sort_rows(self, name: str) -> list[Any]:
        """Rows by budget and sequence, or by place; those of one record stay in their order."""
        return [row for _, row in sorted(self._rows[name], key=lambda each: each[0])]


def _position(record: Record) -> int | str:
    """The position of a dead letter: a line of a file (rules, 6), or a place on Kafka."""
    topic, partition, offset = record.source
    return offset if FILE_MARK in topic else f"{topic}/{partition}/{offset}"


def merge_figures(summaries: Iterable[Json]) -> Json:
    """The figures of several partitions as one object: no budget is in two of them."""
    all_of = list(summaries)
    return {name: _merge(name, [each[name] for each in all_of]) for name in all_of[0]}


def _merge(name: str, parts: list[Any]) -> Any:
    if name == "events":
        return sum(parts)
    if name == "outcomes":
        return {outcome: sum(each[outcome] for each in parts) for outcome in OUTCOMES}
    if name == "heads":
        return dict(sorted(head for each in parts for head in each.items()))
    rows = [row for each in parts for row in each]
    # Each list is in order inside a budget: a stable sort by budget is all that is left.
    return sorted(rows, key=_read_at if name == "dead_letters" else lambda row: row["budget"])


def _read_at(row: Json) -> tuple[str, int, int]:
    if isinstance(row["position"], int):
        return "", 0, 0  # Lines of files are on one partition, in their order already.
    topic, partition, offset = row["position"].rsplit("/", 2)
    return topic, int(partition), int(offset)


FULL_PROOF_RECORDS: Final = 10_000
"""Records of a budget between two complete recomputations."""

MALFORMED: Final = (
    *(ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError),
)
"""Errors of reading a record whose shape is not the contract's."""


Progress = Callable[[int, int], None]
"""Called with the records done and their total."""


class Row(NamedTuple):
    """The next record of a journal, as its place holds it."""

    place: Place
    raw: bytes
    key: bytes | None = None
    """The chain under which it stands, where a place has such a thing."""
    sequence: int | None = None
    """The same of its number."""
    is_imported: bool = False
    """True if it is known to come from the export of another journal."""


class JournalProof:
    """Reads a journal in its order; whatever does not hold is found, and reading goes on."""

    def __init__(
        self,
        findings: Findings,
        full_every: int = FULL_PROOF_RECORDS,
        internal_events: InternalEvents | None = None,
        *,
        in_a_row: bool = True,
        sealed: SealedChains | None = None,
    ) -> None:
        self.findings = findings
        self.internal_events = internal_events or InternalEvents(findings)
        """Shared by all partitions; whoever reads the last of them ends it."""
        self.chains = Chains(findings)
        self.books: dict[str, Books] = {}
        self.figures = Figures()
        self.outcomes: dict[str, Counter[str]] = {}
        """Of each chain: every record consumed once, under its latest outcome (rules, 5)."""
        self._sealed = sealed
        self._in_a_row = in_a_row
        """True if resumed events follow at once and each record has its key: not in a file of
        chains one after the other."""
        self._waiting: dict[str, Waiting] = {}
        self._last_budget = ""
        self._later: list[Translatable] = []
        """Findings that were made of records of later versions."""
        self._full_every = full_every

    def read(self, place: Place, key: bytes | None, raw: bytes) -> Record | None:
        """Prove the next record; None where it is none."""
        try:
            record = read_record(raw, place)
        except LaterRecordError as error:
            if error.text not in self._later:  # A whole journal of theirs is one thing to say.
                self._later.append(error.text)
                self.findings.add(Code.RECORD_MALFORMED, guess_place(raw, place), why=error.text)
            return None
        except NotARecordError as error:
            self.findings.add(Code.RECORD_MALFORMED, guess_place(raw, place), why=error.text)
            return None
        try:
            self._prove(record, key)
        except NotARecordError as error:
            self.findings.add(Code.RECORD_MALFORMED, record.place, why=error.text)
        except KeyError as error:
            self.findings.add(Code.UNKNOWN_REFERENCE, record.place, what=error)
        except MALFORMED as error:
            self.findings.add(Code.RECORD_MALFORMED, record.place, why=cause(error))
        if self._sealed is not None:
            state = self.outcomes[record.budget], self.books.get(record.budget)
            self._sealed.follow(record, *state)
        return record

    def _prove(self, record: Record, key: bytes | None) -> None:
        follows = self._last_budget == record.budget or not self._in_a_row
        self._last_budget = record.budget
        self._count(record)
        if key != record.budget.encode() and self._in_a_row:
            facts = {"found": key, "expected": record.budget.encode()}
            self.findings.add(Code.KEY_DIFFERS, record.place, **facts)
        self.chains.follow(record)
        prove_shape(record, self.findings)
        prove_members(record.row)
        self.figures.add(record)
        if record.is_dead:
            return
        budget = record.budget
        books, waiting = self.books.get(budget), self._waiting.get(budget)
        if books is None or waiting is None:
            books = self.books[budget] = Books(budget, self.findings)
            waiting = self._waiting[budget] = Waiting(books)
        books.begin(record.place)
        waiting.prove_before(record, follows=follows)
        self.internal_events.follow(record)
        if record.outcome == "accepted":
            if record.kind == "fiscal-year.closed":
                self.internal_events.expect(record.place, internal_events(books, record))
            apply(books, record)
            if record.sequence % self._full_every == 0:
                books.prove_all()
        waiting.note_after(record)

    def _count(self, record: Record) -> None:
        outcomes = self.outcomes.setdefault(record.budget, Counter())
        outcomes[record.outcome] += 1
        if record.row["resumes"] is not None:
            outcomes["parked"] -= 1

    def end(self) -> None:
        """Prove what must hold after the last record."""
        for budget, books in self.books.items():
            try:
                self._waiting[budget].find_not_resumed()
                books.prove_all()
            except MALFORMED as error:
                books.find(Code.RECORD_MALFORMED, why=cause(error))
        # What was remembered of single events is not needed any more.
        self._waiting.clear()

    def summary(self) -> dict[str, Any]:
        """The object of the contract: what this journal adds up to."""
        outcomes: Counter[str] = Counter()
        for counted in self.outcomes.values():
            outcomes.update(counted)
        heads = self.chains.heads
        try:
            return self.figures.summary(self.books, heads, outcomes)
        except MALFORMED as error:
            # What cannot be printed was taken from a record that is found as well, with its place.
            self.findings.add(Code.RECORD_MALFORMED, Place(), why=cause(error))
            return self.figures.summary({}, heads, outcomes)
