"""A second, plain reader of journals: adds everything up again from the records' own bytes.

It shares no code with the ledger: json and hashlib of the standard library, and the words of the
contract. What it finds must hold by itself (rules 5, 7, 20, 26, 33 and 34), and be what the
summary says.
"""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from tests.property.checker_books import Books, line_of

Json = dict[str, Any]
Row = tuple[str, int, bytes]

FIRST_HASH = "0" * 64
NOT_HASHED = {"hash", "source", "event"}
MEMBERS = {
    *("version", "rules_version", "budget", "sequence", "previous_hash", "hash", "source", "event"),
    *("event_id", "event_source", "event_sha256", "digest", "outcome", "resumes", "waits_for"),
    *("refusal", "dead_letter", "review_flags", "moves", "commitment_entries", "payment_orders"),
}
EFFECTS = ("moves", "commitment_entries", "payment_orders", "review_flags")
WHY = {"refused": "refusal", "parked": "waits_for", "dead_letter": "dead_letter"}


def canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sha256(value: bytes) -> str:
    return hashlib.sha256(value).hexdigest()


def spans(text: str) -> dict[str, str]:
    """Each member of a JSON object written without spaces, as it stands in the text."""
    decoder = json.JSONDecoder()
    found: dict[str, str] = {}
    at = 1
    while text[at - 1] != "}":
        name, colon = decoder.raw_decode(text, at)
        assert ":" == text[colon], f"a space before the value of {name}"
        _, end = decoder.raw_decode(text, colon + 1)
        assert name not in found, f"{name} stands twice"
        found[name] = text[colon + 1 : end]
        at = end + 1
    assert len(text) == at, "nothing stands behind the record"
    return found


class Checker:
    """Reads a journal record by record; asserts what must hold after each."""

    def __init__(self) -> None:
        self.heads: dict[str, tuple[int, str]] = {}
        self.books: dict[str, Books] = {}
        self.outcomes: Counter[str] = Counter()
        self.parked: dict[tuple[str, int], str] = {}
        self.listed: dict[str, list[tuple[str, int, Json]]] = defaultdict(list)

    def read(self, row: Row) -> None:
        budget, sequence, raw = row
        text = raw.decode()
        record: Json = json.loads(text)
        assert MEMBERS == set(record)
        assert (budget, sequence) == (record["budget"], record["sequence"])
        self._check_chain(record)
        event = spans(text)["event"]
        self._check_event(record, event)
        self._count(record, event)
        if record["outcome"] == "accepted":
            books = self.books.setdefault(budget, Books(budget))
            books.apply(record)
        self._list(record)

    def _check_chain(self, record: Json) -> None:
        budget = record["budget"]
        sequence, head = self.heads.get(budget, (0, FIRST_HASH))
        assert sequence + 1 == record["sequence"], "sequences have no gaps"
        assert head == record["previous_hash"], "each record names the one before"
        hashed = {name: value for name, value in record.items() if name not in NOT_HASHED}
        assert sha256(canonical(hashed)) == record["hash"]
        self.heads[budget] = (record["sequence"], record["hash"])

    def _check_event(self, record: Json, text: str) -> None:
        if record["outcome"] == "dead_letter":
            assert "null" == text
            assert record["budget"].startswith("_dead.")
            return
        assert sha256(text.encode()) == record["event_sha256"]
        event = record["event"]
        assert record["budget"] == event["data"]["budget"] == event["partitionkey"]
        assert (record["event_id"], record["event_source"]) == (event["id"], event["source"])
        told = {name: event.get(name) for name in ("type", "time", "subject", "data")}
        assert sha256(canonical(without_nulls(told))) == record["digest"]

    def _count(self, record: Json, event: str) -> None:
        """Each record consumed counts once, under its latest outcome."""
        outcome, place = record["outcome"], (record["budget"], record["sequence"])
        self.outcomes[outcome] += 1
        if record["resumes"] is not None:
            assert outcome in {"accepted", "refused"}, "what is resumed does not wait again"
            resumed = self.parked.pop((record["budget"], record["resumes"]))
            assert resumed == event, "what is resumed is what was parked"
            self.outcomes["parked"] -= 1
        if outcome == "parked":
            self.parked[place] = event
        for each, why in WHY.items():
            assert (each == outcome) == (record[why] is not None)
        if outcome != "accepted":
            assert [None] * len(EFFECTS) == [record[name] for name in EFFECTS]

    def _list(self, record: Json) -> None:
        """What the summary lists, in the order of the journal."""
        budget, sequence = record["budget"], record["sequence"]

        def put(name: str, row: Json) -> None:
            self.listed[name].append((budget, sequence, row))

        who = {"budget": budget, "event_id": record["event_id"]}
        for entry in record["commitment_entries"] or ():
            names = ("entry_id", "kind", "line", "amount_cents", "convention")
            put("commitment_entries", {"budget": budget} | {name: entry[name] for name in names})
        for flag in record["review_flags"] or ():
            put("review_flags", who | flag)
        if record["refusal"] is not None:
            put("refusals", who | record["refusal"])
        for order in record["payment_orders"] or ():
            if "issued_on" in order:
                put("payment_orders", {"payment_order": order["payment_order"]})

    def summary(self) -> Json:
        """What `ecluse replay --json` must say, dead letters apart."""
        budgets = sorted(name for name in self.heads if not name.startswith("_dead."))
        books = [self.books[name] for name in budgets if name in self.books]
        listed = {
            name: [row for _, _, row in sorted(self.listed[name], key=lambda each: each[:2])]
            for name in ("commitment_entries", "refusals", "review_flags")
        }
        orders = sorted(self.listed["payment_orders"], key=lambda each: each[:2])
        outcomes = ("accepted", "duplicate", "refused", "parked", "dead_letter")
        return {
            "events": self.outcomes.total(),
            "outcomes": {name: self.outcomes[name] for name in outcomes},
            "lines": [row for each in books for row in each.line_rows()],
            "conventions": [row for each in books for row in each.convention_rows()],
            "payment_orders": [
                self.books[budget].order_row(row["payment_order"]) for budget, _, row in orders
            ],
            **listed,
            "heads": {name: self.heads[name][1] for name in budgets},
        }


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_nulls(each) for name, each in value.items() if each is not None}
    if isinstance(value, list):
        return [without_nulls(each) for each in value]
    return value


def same_lines(value: Any) -> Any:
    """`value` with each line spelled in full, absent codes as null."""
    if isinstance(value, dict):
        if "chapter" in value and "article" in value:
            return dict(
                zip(("chapter", "article", "function", "operation"), line_of(value), strict=True)
            )
        return {name: same_lines(each) for name, each in value.items()}
    if isinstance(value, list):
        return [same_lines(each) for each in value]
    return value


def check(rows: Iterable[Row], consumed: int, said: Json) -> Checker:
    """Assert everything of a journal, and that `said`, its summary, is what it adds up to."""
    checker = Checker()
    for row in rows:
        checker.read(row)
    found = checker.summary()
    assert consumed == found["events"], "each record consumed has one outcome"
    dead = said["dead_letters"]
    assert found["outcomes"]["dead_letter"] == len(dead)
    assert [each["position"] for each in dead] == sorted(each["position"] for each in dead)
    told = {name: value for name, value in said.items() if name != "dead_letters"}
    assert same_lines(found) == same_lines(told)
    return checker
