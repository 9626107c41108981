"""A list as a row of a table: address, key, filters, order, file and page in the console."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, NamedTuple
from unicodedata import normalize
from urllib.parse import quote

Row = dict[str, Any]
"""A row of a page, as JSON."""

Sort = Callable[[Row], Any]


class Filter(NamedTuple):
    """One filter of a list: how it is asked, and which rows it lets through."""

    ask: Callable[[Row], dict[str, Any] | None]
    """The query that has a row in its answer; None where the row has no such value."""
    lets_through: Callable[[Row, Row], bool]
    """True for a row that belongs beside the one that was asked for."""


def member(row: Row, path: str) -> Any:
    """The member of a row under a dotted path."""
    value: Any = row
    for name in path.split("."):
        value = None if value is None else value[name]
    return value


def is_same(name: str, path: str = "") -> Filter:
    """A filter by a value that the rows have under this path."""

    def ask(row: Row) -> dict[str, str] | None:
        value = member(row, path or name)
        return None if value is None else {name: str(value)}

    return Filter(ask, lambda row, asked: member(row, path or name) == member(asked, path or name))


def is_bound(name: str, path: str, *, first: bool) -> Filter:
    """A filter by the first or the last day that is let through."""

    def lets_through(row: Row, asked: Row) -> bool:
        day, bound = member(row, path), member(asked, path)
        return bool(bound <= day if first else day <= bound)

    return Filter(lambda row: {name: member(row, path)}, lets_through)


def is_of_entity(row: Row, asked: Row) -> bool:
    """True if the budgets of both rows are of one entity."""
    return bool(row["budget"][:14] == asked["budget"][:14])


BUDGET: Final = is_same("budget")
ENTITY: Final = Filter(lambda row: {"entity": row["budget"][:14]}, is_of_entity)
SETTLED: Final = Filter(
    lambda row: {"settled": str(row["settled"] is not None).lower()},
    lambda row, asked: (row["settled"] is None) == (asked["settled"] is None),
)
LINE: Final = ("chapter", "article", "function", "operation")
OF_LINE: Final = tuple(f"line.{name}" for name in LINE)
MOMENT: Final = frozenset({"effective_on", "known_at", "partition", "offset"})
"""Names in a query that change the figures and not the rows: test_balances.py asks them."""

TODAY: Final = date(2026, 11, 30)
"""The day of all questions: the one on which the city's diary ends."""


def is_old(row: Row, asked: Row) -> bool:
    """True if an order was issued no later than another."""
    return bool(row["issued_on"] <= asked["issued_on"])


def ask_age(row: Row) -> dict[str, str]:
    return {"older_than_days": str((TODAY - date.fromisoformat(row["issued_on"])).days)}


def ask_whole_line(row: Row) -> dict[str, str]:
    return {name: code for name in LINE if (code := row["line"][name]) is not None}


def goes_by(row: Row, stage: str) -> bool:
    return stage in {row["from_stage"], row["to_stage"]}


def plain(name: str) -> tuple[str, str]:
    """A name as it is sorted: `École` behind the other names with an E, before those with F."""
    lower = name.translate({code: code + 32 for code in range(ord("A"), ord("Z") + 1)})
    initial = normalize("NFD", lower[:1].replace("Œ", "o"))[:1]
    return initial.lower(), lower


@dataclass(frozen=True)
class ListRow:
    """A list: what each of its pages, its file and its page in the console must agree on."""

    path: str
    key: tuple[str, ...]
    """Paths of the members that tell a row from all others, in the order of the list."""
    filters: Mapping[str, Filter]
    """By the name in the query."""
    beside: frozenset[str] = frozenset()
    """Names in the query that are tested elsewhere."""
    asked: Mapping[str, str] = field(default_factory=dict)
    """The query of all rows that the list is tested with."""
    newest: bool = False
    """True if the last key comes first."""
    sorts: Mapping[str, Sort] = field(default_factory=dict)
    """By the value of `sort`: what rows are sorted by, before their key."""
    column: str | None = None
    """The column of its file, in English, that holds `cell`."""
    cell: str = ""
    """The path of a member; without it the last of the key."""
    page: str | None = None
    """The address of its page in the console; of what can be settled, it has what is to do."""
    link: Callable[[Row], str] | None = None
    """The address to which a row leads there."""
    is_tagged: bool = True
    """True if its answers have an ETag."""
    of_treasury: bool = False
    """True if its rows are in the tables of the treasury, with a right of their own."""

    def __str__(self) -> str:
        return self.path

    def key_of(self, row: Row) -> tuple[Any, ...]:
        """What tells a row from all others."""
        return tuple("" if (value := member(row, each)) is None else value for each in self.key)


def record_href(row: Row) -> str:
    """The address of the record of a row."""
    chain = row.get("budget") or row["chain"]
    return f"/console/records/{chain}/{row['sequence']}"


def is_found(*paths: str) -> Filter:
    """A search by members of a row, in other capitals; it finds what has all of their words."""

    def ask(row: Row) -> dict[str, str] | None:
        names = [member(row, path) for path in paths]
        return None if None in names else {"search": " ".join(names).upper()}

    def lets_through(row: Row, asked: Row) -> bool:
        return all(member(row, path) == member(asked, path) for path in paths)

    return Filter(ask, lets_through)


def grant_href(row: Row) -> str:
    """The address of the grant of a row."""
    return f"/console/grants/{row['budget']}/{quote(row['grant'], safe='')}"
