"""Lists on pages: pages in both directions, heads that sort, files of the same rows. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Generic, NamedTuple, TypeVar
from urllib.parse import urlencode

from events.texts import _
from services.api.console.elements import Link, PageLinks, Verbatim, address, following
from services.texts.locale_format import LocaleFormat

T = TypeVar("T")

FORMATS: Final = (("xlsx", _("Excel")), ("csv", _("CSV")))


class Place(NamedTuple):
    """A page of a list: behind the row of this key, or before it; without a key the first."""

    key: tuple[Any, ...] | None = None
    backwards: bool = False


class ListPage(NamedTuple, Generic[T]):
    """The rows of a page, and whether there are others before and behind them."""

    rows: Sequence[T]
    has_previous: bool
    has_next: bool


class Head(NamedTuple):
    """The head of a column that sorts its list: where it leads, and how it is sorted now."""

    href: str
    order: str = ""
    """`ascending`, `descending`, or nothing: as in `aria-sort`."""


def cut_page(rows: Sequence[T], place: Place, rows_max: int) -> ListPage[T]:
    """The page of these rows, of which one more was asked for than it holds."""
    more = len(rows) > rows_max
    if place.backwards:
        return ListPage(rows[-rows_max:], more, has_next=True)
    return ListPage(rows[:rows_max], place.key is not None, more)


def links(
    steps: Sequence[str],
    filters: Mapping[str, str | None],
    page: ListPage[T],
    place: Place,
    key: Callable[[T], Sequence[object]],
) -> PageLinks:
    """The ways from a page of a list to those before and behind it; `key` is that of a row."""
    first, last = page.rows[:1], page.rows[-1:]
    return following(
        steps,
        filters,
        key(last[0]) if last and page.has_next else None,
        started=place.key is None,
        first=key(first[0]) if first and page.has_previous else None,
    )


def heads(
    steps: Sequence[str],
    filters: Mapping[str, str | None],
    sort: str,
    firsts: Sequence[str],
) -> dict[str, Head]:
    """The heads of a list by their names; `firsts` is what the first click sorts by.

    A second click is the reverse. The list begins again on its first page.
    """
    found = {}
    for first in firsts:
        name = first.removeprefix("-")
        is_here = sort.removeprefix("-") == name
        to = _reverse(sort) if is_here else first
        order = ("descending" if sort.startswith("-") else "ascending") if is_here else ""
        found[name] = Head(address(*steps, **{**filters, "sort": to}), order)
    return found


def _reverse(sort: str) -> str:
    return sort[1:] if sort.startswith("-") else f"-{sort}"


def files(path: str, filters: Mapping[str, Any], locale: LocaleFormat) -> list[Link]:
    """The files of a list of the API by these filters."""
    given = [(name, each) for name, each in filters.items() if each is not None]
    query = urlencode(given, doseq=True)
    return [
        Link(Verbatim(f"{path}.{suffix}" + (f"?{query}" if query else "")), locale.say(text))
        for suffix, text in FORMATS
    ]
