"""Changes of a batch of journal records to the tables: rows, merged by key.

Within a batch each row is written once: later changes of a row are merged into earlier ones. So the
tables after any number of batches are those after one.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Any, Final

Row = tuple[Any, ...]
"""Values in the order of a table's columns."""

Key = tuple[Any, ...]
"""Values in the order of a table's key."""

Members = dict[str, Any]
"""Values by column, without those of the key."""

MergedRows = dict[str, dict[Key, Members]]
"""Rows by table, each written once."""

FIRST_COUNTS: Final[Mapping[str, str]] = MappingProxyType(
    {"conventions": "notified_on", "documents": "received_on"}
)
"""Columns that keep their first value (rules, 19)."""

REPLACED_IF: Final[Mapping[str, str | None]] = MappingProxyType(
    {"grants": "announced", "bank_accounts": None, "reviews": None}
)
"""Tables of `offered` rows, with the state in which a row is replaced by them; None: never."""


@dataclass(slots=True)
class Changes:
    """Everything that a batch writes, without its position."""

    appended: dict[str, list[Row]] = field(default_factory=partial(defaultdict, list))
    """New rows by table."""
    added: dict[str, dict[Key, list[int]]] = field(default_factory=partial(defaultdict, dict))
    """Increments of rows, in the order of the table's other columns."""
    offered: MergedRows = field(default_factory=partial(defaultdict, dict))
    """Rows written where there is none, or one in the state of `REPLACED_IF`."""
    put: MergedRows = field(default_factory=partial(defaultdict, dict))
    """Rows that are written, or written over in these columns."""
    patched: MergedRows = field(default_factory=partial(defaultdict, dict))
    """Columns of rows that there are."""
    rejected: set[Key] = field(default_factory=set)
    """Keys of rejected documents, whose day of receipt is removed."""
    renamed: list[Members] = field(default_factory=list)
    """Grants whose money is under a convention's name from now on: `sql.RENAMED`."""
    withdrawn: list[Members] = field(default_factory=list)
    """Withdrawn awards, with the conventions on them so far: `sql.WITHDRAWN`."""
    replanned: list[Members] = field(default_factory=list)
    """Amendments, each in place of the planned instalments it does not name: `sql.REPLANNED`."""

    def append(self, table: str, *row: Any) -> None:
        """A new row."""
        self.appended[table].append(row)

    def row_to_add_to(self, table: str, key: Key) -> list[int]:
        """Increments of a row, column by column."""
        rows = self.added[table]
        row = rows.get(key)
        if row is None:
            row = rows[key] = [0] * WIDTHS[table]
        return row

    def offer(self, table: str, key: Key, members: Members) -> None:
        """Write a row, unless there is one that it does not replace."""
        rows = self.offered[table]
        replaced = REPLACED_IF[table]
        if key not in rows or (replaced is not None and rows[key]["state"] == replaced):
            rows[key] = members

    def put_row(self, table: str, key: Key, members: Members) -> None:
        """Write a row, or its new columns; `members` is this row's from now on."""
        _merge(table, self.put[table], key, members)

    def patch(self, table: str, key: Key, members: Members) -> None:
        """Change columns of a row that exists, in the tables or in this batch."""
        rows = self.put[table]
        _merge(table, rows if key in rows else self.patched[table], key, members)

    def reject(self, key: Key) -> None:
        """Remove the day of receipt of a document."""
        self.rejected.add(key)
        self.put["documents"].get(key, {}).pop("received_on", None)

    def rename(self, budget: str, grant: str, convention: str, members: Members) -> None:
        """Put a convention in the place of its grant that stood alone, with its new columns."""
        row = self.put["conventions"].pop((budget, grant), None)
        if row is None:
            self.renamed.append({"budget": budget, "grant": grant, "convention": convention})
            old = self.patched["conventions"].pop((budget, grant), {})
            self.patched["conventions"][budget, convention] = old | members
        else:
            self.put["conventions"][budget, convention] = row | members
        for rows in (self.added["convention_lines"], self.put["documents"]):
            _relabel(rows, budget, grant, convention)
        for key in [key for key in self.rejected if key[:2] == (budget, grant)]:
            self.rejected.discard(key)
            self.rejected.add((budget, convention, *key[2:]))
        planned = self.put["instalments"]
        for key in [key for key in planned if key[:2] == (budget, grant)]:
            row = planned.pop(key) | {"left_out_by": convention}
            planned[budget, convention, f"{grant}/{key[2]}"] = row
        owed = self.put["obligations"]
        for key in [key for key in owed if key[:2] == (budget, grant)]:
            del owed[key]


WIDTHS: Final[Mapping[str, int]] = MappingProxyType(
    {"lines": 7, "convention_lines": 6, "outcomes": 6}
)
"""The number of columns of a table that are sums."""


def _merge(table: str, rows: dict[Key, Members], key: Key, members: Members) -> None:
    row = rows.get(key)
    if row is None:
        rows[key] = members
        return
    first = FIRST_COUNTS.get(table)
    if first is not None and row.get(first) is not None:
        members = {name: value for name, value in members.items() if name != first}
    row.update(members)


def _relabel(rows: dict[Key, Any], budget: str, old: str, new: str) -> None:
    for key in [key for key in rows if key[:2] == (budget, old)]:
        rows[budget, new, *key[2:]] = rows.pop(key)
