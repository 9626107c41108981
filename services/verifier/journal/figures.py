"""The figures of a journal as the contract prints them: what `replay --json` must say too."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from services.verifier.records import DEAD, OUTCOMES, Json, Record
from services.verifier.state.books import Books
from services.verifier.state.lines import with_full_lines

ENTRY = ("entry_id", "budget", "kind", "line", "amount_cents", "convention")

FILE_MARK = "#"
"""Stands in the name of a file as a source, and in that of no topic."""

Placed = tuple[tuple[str, int], Any]


class Figures:
    """History that the state does not keep, listed as it is read."""

    def __init__(self) -> None:
        self._entries: list[Placed] = []
        self._refusals: list[Placed] = []
        self._flags: list[Placed] = []
        self._orders: list[Placed] = []
        self._dead: list[tuple[tuple[str, int, int], Json]] = []

    def list(self, record: Record) -> None:
        """Take note of one record."""
        row = record.row
        place, who = (
            (record.budget, record.sequence),
            {"budget": record.budget, "event_id": row["event_id"]},
        )
        for entry in row["commitment_entries"] or ():
            named = {"budget": record.budget, **entry}
            full = with_full_lines({name: named[name] for name in ENTRY})
            self._entries.append((place, full))
        for flag in row["review_flags"] or ():
            self._flags.append((place, who | with_full_lines(flag)))
        for order in row["payment_orders"] or ():
            if "issued_on" in order:
                self._orders.append((place, order["payment_order"]))
        if row["refusal"] is not None:
            self._refusals.append((place, who | with_full_lines(row["refusal"])))
        if row["dead_letter"] is not None:
            dead = {"position": _position(record), "reason": row["dead_letter"]["reason"]}
            self._dead.append((record.source, dead))

    def summary(
        self,
        books: Mapping[str, Books],
        heads: Mapping[str, tuple[int, str]],
        counted: Counter[str],
    ) -> Json:
        """The object of the contract (design, section 7; rules, 35)."""
        in_order = [books[name] for name in sorted(books)]
        return {
            "events": sum(counted[name] for name in OUTCOMES),
            "outcomes": {name: counted[name] for name in OUTCOMES},
            "lines": [row for each in in_order for row in each.line_rows()],
            "conventions": [row for each in in_order for row in each.convention_rows()],
            "payment_orders": [
                books[budget].order_row(name)
                for (budget, _), name in _placed(self._orders)
                if name in books[budget].orders
            ],
            "commitment_entries": [row for _, row in _placed(self._entries)],
            "refusals": [row for _, row in _placed(self._refusals)],
            "dead_letters": [row for _, row in sorted(self._dead, key=lambda each: each[0])],
            "review_flags": [row for _, row in _placed(self._flags)],
            "heads": {
                name: head for name, (_, head) in sorted(heads.items()) if not name.startswith(DEAD)
            },
        }


def _position(record: Record) -> int | str:
    """The position of a dead letter: a line of a file (rules, 6), or a place on Kafka."""
    topic, partition, offset = record.source
    return offset if FILE_MARK in topic else f"{topic}/{partition}/{offset}"


def _placed(rows: Iterable[Placed]) -> list[Placed]:
    """By budget and sequence; what one record holds stays in its order."""
    return sorted(rows, key=lambda each: each[0])


def together(summaries: Iterable[Json]) -> Json:
    """The figures of several partitions as one object: no budget is in two of them."""
    whole: Json = {}
    for each in summaries:
        for name, value in each.items():
            if name not in whole:
                whole[name] = value.copy() if isinstance(value, (dict, list)) else value
            elif name == "outcomes":
                whole[name] = {key: count + value[key] for key, count in whole[name].items()}
            elif name == "heads":
                whole[name] = dict(sorted((whole[name] | value).items()))
            else:
                whole[name] += value
    whole.get("dead_letters", []).sort(key=_read_at)
    for name in ("lines", "conventions", "payment_orders", "commitment_entries", "refusals"):
        # Each list is in order inside a budget: a stable sort by budget is all that is left.
        whole.get(name, []).sort(key=lambda row: row["budget"])
    whole.get("review_flags", []).sort(key=lambda row: row["budget"])
    return whole


def _read_at(row: Json) -> tuple[str, int, int]:
    topic, partition, offset = row["position"].rsplit("/", 2)
    return topic, int(partition), int(offset)
