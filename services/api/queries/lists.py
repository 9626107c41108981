"""Lists of rows: those whose names a text begins, in the order that the reader chose, in pages.

Columns hold names folded (`events.texts`); each part that is searched for begins one of theirs.

The place of a page is the identity of the row beside it: what the row is sorted by is looked up, so
that no name or amount stands in an address, and a list may be sorted by what has no index.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, FromClause, Select, case, func, select, tuple_, type_coerce

from events.texts import parts_of
from services.api.queries.rows import visible

SIREN_DIGITS: Final = 9
"""The least digits of a SIRET by which an establishment is found: those of its company."""

SIRET_DIGITS: Final = 14

BEHIND_ALL: Final = "\U0010ffff"
"""The last character: behind a beginning, it is the end of all that begin so."""

_SPACES: Final = re.compile(r"\s+")


def siret_part(text: str) -> str | None:
    """The digits of a SIRET, or of its beginning from the SIREN on, whatever spaces are in it."""
    digits = _SPACES.sub("", text)
    is_one = digits.isascii() and digits.isdecimal()
    return digits if is_one and SIREN_DIGITS <= len(digits) <= SIRET_DIGITS else None


def split_search(text: str) -> list[str]:
    """The parts of a text that is looked for, each once; a SIRET is one, however it is grouped."""
    siret = siret_part(text)
    return [siret] if siret is not None else list(dict.fromkeys(parts_of(text)))


def patterns_of(text: str) -> list[str]:
    """Patterns of LIKE for the parts of a text: each begins a part of a folded name."""
    # Parts hold letters and digits alone: no sign that LIKE knows.
    return [f"% {part}%" for part in split_search(text)]


def matches_all(column: ColumnElement[Any], patterns: Iterable[Any]) -> list[ColumnElement[bool]]:
    """Conditions that a folded name meets each of these patterns."""
    return [column.like(each) for each in patterns]


def is_in_range(column: ColumnElement[Any], first: Any, behind: Any) -> list[ColumnElement[bool]]:
    """Conditions that a text is in a range of an index: from `first` on, before `behind`."""
    return [column >= first, column < behind]


PLAIN: Final = {
    sign: plain
    for signs, plain in (
        ("ÀÂÄàâä", "a"),
        ("Çç", "c"),
        ("ÉÈÊËéèêë", "e"),
        ("ÎÏîï", "i"),
        ("ÔÖŒôöœ", "o"),
        ("ÙÛÜùûü", "u"),
    )
    for sign in signs
}
"""Signs with which French names begin, and the plain ones among which they are sorted."""


class Sorting(NamedTuple):
    """An order of rows: by these columns, then by their identity."""

    columns: Sequence[ColumnElement[Any]]
    descending: bool = False


def order_by_name(name: ColumnElement[Any]) -> tuple[ColumnElement[str], ColumnElement[str]]:
    """A name as it is sorted: `École` behind the other names with an E, and before those with F."""
    lower = func.lower(name)
    initial = func.substr(lower, 1, 1)
    return case(PLAIN, value=initial, else_=initial), lower


def select_sorted_page(
    query: Select[Any],
    sorting: Sorting,
    identity: Sequence[ColumnElement[Any]],
    rows: FromClause,
    *,
    entities: Sequence[Any] | None,
    after: Sequence[Any] | None,
    limit: Any,
    backwards: bool = False,
) -> Select[Any]:
    """The query of a page: the rows behind the one whose identity is `after`.

    With `backwards` those before it, the nearest first. `rows` is what the columns are of; the row
    is looked up there whatever the filters say, if the caller may see it. The budget comes first in
    an identity.
    """
    key = [*sorting.columns, *identity]
    down = sorting.descending != backwards
    if after is not None:
        typed = [type_coerce(each, of.type) for each, of in zip(after, identity, strict=True)]
        here = [column == each for column, each in zip(identity, typed, strict=True)]
        found = (
            select(each).select_from(rows).where(visible(identity[0], entities), *here)
            for each in sorting.columns
        )
        last = tuple_(*(each.correlate(None).scalar_subquery() for each in found), *typed)
        query = query.where(tuple_(*key) < last if down else tuple_(*key) > last)
    return query.order_by(*(each.desc() for each in key) if down else key).limit(limit)
