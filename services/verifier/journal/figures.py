"""The figures of a journal as the contract prints them: what `replay --json` must say too."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from services.verifier.records import DEAD, OUTCOMES, Json, Record
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
            for budget, name in self._sorted("payment_orders")
            if budget in books and name in books[budget].orders
        ]
        return {
            "events": sum(counted[name] for name in OUTCOMES),
            "outcomes": {name: counted[name] for name in OUTCOMES},
            "lines": [row for each in in_order for row in each.line_rows()],
            "conventions": [row for each in in_order for row in each.convention_rows()],
            "payment_orders": [books[budget].order_row(name) for budget, name in orders],
            "commitment_entries": self._sorted("commitment_entries"),
            "refusals": self._sorted("refusals"),
            "dead_letters": self._sorted("dead_letters"),
            "review_flags": self._sorted("review_flags"),
            "heads": {
                name: head for name, (_, head) in sorted(heads.items()) if not name.startswith(DEAD)
            },
        }

    def _sorted(self, name: str) -> list[Any]:
        """By budget and sequence, or by place; what one record holds stays in its order."""
        return [row for _, row in sorted(self._rows[name], key=lambda each: each[0])]


def _position(record: Record) -> int | str:
    """The position of a dead letter: a line of a file (rules, 6), or a place on Kafka."""
    topic, partition, offset = record.source
    return offset if FILE_MARK in topic else f"{topic}/{partition}/{offset}"


def merge_figures(summaries: Iterable[Json]) -> Json:
    """The figures of several partitions as one object: no budget is in two of them."""
    all_of = list(summaries)
    return {name: _merged(name, [each[name] for each in all_of]) for name in all_of[0]}


def _merged(name: str, parts: list[Any]) -> Any:
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
