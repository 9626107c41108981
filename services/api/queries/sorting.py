"""Lists in an order that the reader chose, paged in both directions.

The place of a page is the identity of the row beside it: what the row is sorted by is looked up, so
that no name or amount stands in an address, and a list may be sorted by what has no index.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, FromClause, Select, case, func, select, tuple_, type_coerce

from services.api.queries.rows import visible

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


def by_name(name: ColumnElement[Any]) -> tuple[ColumnElement[str], ColumnElement[str]]:
    """A name as it is sorted: `École` behind the other names with an E, and before those with F."""
    lower = func.lower(name)
    initial = func.substr(lower, 1, 1)
    return case(PLAIN, value=initial, else_=initial), lower


def sorted_page(
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
