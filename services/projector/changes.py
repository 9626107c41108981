"""What a batch of journal records changes in the tables: rows, merged by key. Pure.

Within a batch nothing is written twice: what a later record says of a row is merged into what an
earlier one said. So the tables after any number of batches are those after one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, NamedTuple

Row = tuple[Any, ...]
"""Values in the order of a table's columns."""

Key = tuple[Any, ...]
"""Values in the order of a table's key."""

Members = dict[str, Any]
"""Values by column, without those of the key."""

FIRST_COUNTS: Final[Mapping[str, str]] = MappingProxyType(
    {"conventions": "notified_on", "documents": "received_on"}
)
"""A column in which what was said first stands (rules, 19)."""

REPLACED_IF: Final[Mapping[str, str | None]] = MappingProxyType(
    {"grants": "announced", "bank_accounts": None}
)
"""Tables of `offered` rows: in which state a row gives way to them; None: in none."""


class Renamed(NamedTuple):
    """A grant's money that stands under a convention's name from now on."""

    budget: str
    grant: str
    convention: str


class Withdrawn(NamedTuple):
    """An award fell, and with it the conventions on it that there were."""

    budget: str
    grant: str
    sequence: int


class Replanned(NamedTuple):
    """An amendment plans anew: what it does not name is planned no more."""

    budget: str
    convention: str
    amendment: str
    sequence: int


@dataclass(slots=True)
class Changes:
    """All that a batch writes, but for the position."""

    appended: dict[str, list[Row]] = field(default_factory=dict)
    """New rows by table."""
    added: dict[str, dict[Key, list[int]]] = field(default_factory=dict)
    """What rows grow by, in the order of the table's other columns."""
    offered: dict[str, dict[Key, Members]] = field(default_factory=dict)
    """Rows that are written where there is none, or one that gives way."""
    put: dict[str, dict[Key, Members]] = field(default_factory=dict)
    """Rows that are written, or written over in these columns."""
    patched: dict[str, dict[Key, Members]] = field(default_factory=dict)
    """Columns of rows that there are."""
    forgotten: set[Key] = field(default_factory=set)
    """Documents whose day of receipt counts no more."""
    renamed: list[Renamed] = field(default_factory=list)
    withdrawn: list[Withdrawn] = field(default_factory=list)
    replanned: list[Replanned] = field(default_factory=list)

    def append(self, table: str, *row: Any) -> None:
        """A new row."""
        self.appended.setdefault(table, []).append(row)

    def add(self, table: str, key: Key, column: int, amount: int) -> None:
        """What one column of a row grows by; a negative amount takes away."""
        self.row_to_add_to(table, key)[column] += amount

    def row_to_add_to(self, table: str, key: Key) -> list[int]:
        """What a row grows by, column by column."""
        rows = self.added[table]
        row = rows.get(key)
        if row is None:
            row = rows[key] = [0] * WIDTHS[table]
        return row

    def offer(self, table: str, key: Key, members: Members) -> None:
        """A row that does not replace one, unless that gives way."""
        rows = self.offered.setdefault(table, {})
        gives_way = REPLACED_IF[table]
        if key not in rows or (gives_way is not None and rows[key]["state"] == gives_way):
            rows[key] = members

    def put_row(self, table: str, key: Key, members: Members) -> None:
        """A row, or what is new of it."""
        row = self.put.setdefault(table, {}).setdefault(key, {})
        _merge(table, row, members)

    def patch(self, table: str, key: Key, members: Members) -> None:
        """What is new of a row that there is, in these tables or in this batch."""
        rows = self.put.get(table, {})
        row = rows.get(key)
        if row is None:
            row = self.patched.setdefault(table, {}).setdefault(key, {})
        _merge(table, row, members)

    def forget(self, key: Key) -> None:
        """A document counts as not received."""
        self.forgotten.add(key)
        self.put.get("documents", {}).get(key, {}).pop("received_on", None)

    def rename(self, change: Renamed, members: Members) -> None:
        """A convention takes the place of the grant that stood alone; what is new of its row."""
        budget, grant, convention = change
        row = self.put.get("conventions", {}).pop((budget, grant), None)
        if row is None:
            self.renamed.append(change)
            old = self.patched.get("conventions", {}).pop((budget, grant), {})
            self.patched.setdefault("conventions", {})[budget, convention] = old | members
        else:
            self.put["conventions"][budget, convention] = row | members
        for rows in (self.added["convention_lines"], self.put.get("documents", {})):
            _relabel(rows, budget, grant, convention)
        for key in [key for key in self.forgotten if key[:2] == (budget, grant)]:
            self.forgotten.discard(key)
            self.forgotten.add((budget, convention, *key[2:]))
        planned = self.put.get("instalments", {})
        for key in [key for key in planned if key[:2] == (budget, grant)]:
            row = planned.pop(key) | {"left_out_by": convention}
            planned[budget, convention, f"{grant}/{key[2]}"] = row
        for key in [key for key in self.put.get("obligations", {}) if key[:2] == (budget, grant)]:
            del self.put["obligations"][key]


WIDTHS: Final[Mapping[str, int]] = MappingProxyType(
    {"lines": 7, "convention_lines": 6, "outcomes": 6}
)
"""How many columns of a table grow."""


def no_changes() -> Changes:
    """Those of an empty batch."""
    return Changes(added={table: {} for table in WIDTHS})


def _merge(table: str, row: Members, members: Members) -> None:
    first = FIRST_COUNTS.get(table)
    if first is not None and row.get(first) is not None:
        members = {name: value for name, value in members.items() if name != first}
    row.update(members)


def _relabel(rows: dict[Key, Any], budget: str, old: str, new: str) -> None:
    for key in [key for key in rows if key[:2] == (budget, old)]:
        rows[budget, new, *key[2:]] = rows.pop(key)
