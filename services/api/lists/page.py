"""A declared list as a page: a form of its filters, a table that sorts, totals, files."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from fastapi import APIRouter
from pydantic import create_model
from starlette.responses import Response

from events.texts import CountedText, Translatable
from services.api.console.elements import State, address, capital, money_shown
from services.api.console.lists import Head, cut_page, files, heads, links
from services.api.console.page_context import ROWS, After, Faults, Visit, Visitor, place_of
from services.api.console.states import state_of
from services.api.files.list_file import ListColumn
from services.api.files.sheet import Kind
from services.api.lists.declaration import ListDeclaration
from services.texts.formats import NotAnAmount, read_euros
from services.texts.locale_format import LocaleFormat
from services.texts.translation import Sentence

CENTS: Final = "_cents"
"""End of the name of a filter by an amount: on a page it is typed in euros, without it."""


@dataclass(frozen=True, slots=True)
class Field:
    """A filter in the form above a list."""

    name: str
    kind: str = "text"
    """The type of its input: `text`, `search`, `date`; `amount` is typed in euros."""
    label: Translatable | None = None
    """Its label, where the filter's name alone does not say it."""
    placeholder: Translatable | None = None


@dataclass(frozen=True, slots=True)
class PageColumn:
    """A column of a list on a page."""

    column: ListColumn
    sort: str = ""
    """The order that a first click on its head asks for; of one without it, the head is none."""
    href: Callable[[Any], str | None] | None = None
    """The address to which a cell leads."""
    under: Callable[[Any, Visit], str | None] | None = None
    """A second line of a cell."""
    state: str = ""
    """The kind of the state that it shows (`states`), whose code is the row's `state`."""


@dataclass(frozen=True, eq=False, kw_only=True)
class PageDeclaration:
    """The page of a list."""

    of: ListDeclaration
    lead: Translatable
    none: Translatable
    """The sentence of a list without a row."""
    count: CountedText
    """Number of rows: `3 conventions`."""
    fields: Sequence[Field]
    columns: Sequence[PageColumn]


class ShownCell(NamedTuple):
    """A cell as the template has it."""

    label: str
    text: str
    is_figure: bool
    href: str | None
    under: str | None
    state: State | None


class ShownHead(NamedTuple):
    """The head of a column."""

    label: str
    sort: Head | None
    is_figure: bool


Choice = Callable[[Visit, str | None], Any]
"""Gives the budgets among which the form chooses."""


def page_routes(page: PageDeclaration, choose_budget: Choice) -> APIRouter:
    """A router with the page of a list."""
    router = APIRouter()
    model = create_model(
        f"{page.of.filters.__name__}OfConsole",
        __base__=page.of.filters,
        after=(After, None),
        before=(After, None),
    )

    async def show(visit: Visitor) -> Response:
        return await _show(visit, page, model, choose_budget)

    router.add_api_route(f"/console/{page.of.name}", show)
    return router


async def _show(visit: Visit, page: PageDeclaration, model: type[Any], choose: Choice) -> Response:
    filters, faults = _read_filters(visit, page, model)
    visit.check_authorized(getattr(filters, "budget", None))
    visit.check_authorized(getattr(filters, "entity", None))
    listed, locale = page.of, visit.locale
    asked = filters.arguments(visit.today)
    place = place_of(filters.after, filters.before, *listed.key.values())
    found = await listed.rows(
        visit.connection,
        visit.entities,
        **asked,
        after=place.key,
        backwards=place.backwards,
        limit=ROWS + 1,
    )
    cut = cut_page(found, place, ROWS)
    summed = [each.column for each in page.columns if each.column.summed]
    totals = await listed.rows.totals(
        visit.connection, visit.entities, [str(each.cell) for each in summed], **asked
    )
    here = _spell_address(page, filters)
    steps = (listed.name,)
    sorts = heads(steps, here, filters.sort, [each.sort for each in page.columns if each.sort])
    in_api = filters.model_dump(
        mode="json", exclude={"lang", "after", "before"}, exclude_defaults=True
    )
    return await visit.page(
        "list.html",
        status_code=422 if faults else 200,
        live=not faults,
        faults=faults,
        title=locale.say(listed.title),
        page_of=page,
        action=address(*steps),
        asked=here,
        **_describe_form(page, visit),
        heads=[_show_head(each, sorts, locale) for each in page.columns],
        rows=[[_show_cell(each, row, visit) for each in page.columns] for row in cut.rows],
        count=locale.quantity(page.count, totals.count),
        totals=[_show_total(each, totals.cents, locale) for each in page.columns],
        narrowed=bool(here.keys() - {"sort"}),
        files=files(listed.path, in_api, locale),
        page_links=links(steps, here, cut, place, _key_reader(listed)),
        **await choose(visit, filters.budget),
    )


def _key_reader(listed: ListDeclaration) -> Callable[[Any], Sequence[object]]:
    return lambda row: [getattr(row, name) for name in listed.key]


def _describe_form(page: PageDeclaration, visit: Visit) -> dict[str, Any]:
    """The form of filters: what was typed, labels and choices."""
    typed = visit.request.query_params
    return {
        "typed": {each.name: typed.get(_cut_cents(each), "") for each in page.fields},
        "labels": {each.name: _name_field(each, page.of, visit.locale) for each in page.fields},
        "choices": page.of.values,
    }


def _name_field(field: Field, listed: ListDeclaration, locale: LocaleFormat) -> str:
    return capital(locale.say(field.label or listed.name_filter(field.name)))


def _cut_cents(field: Field) -> str:
    """The name under which a filter stands in an address of the console."""
    return field.name.removesuffix(CENTS) if field.kind == "amount" else field.name


def _read_filters(visit: Visit, page: PageDeclaration, model: type[Any]) -> tuple[Any, Faults]:
    """The filters in the address, amounts among them, and what is wrong with others."""
    filters, faults = visit.filters(model)
    read, wrong = {}, dict(faults)
    for field in page.fields:
        typed = visit.request.query_params.get(_cut_cents(field), "").strip()
        if field.kind == "amount" and typed:
            try:
                read[field.name] = read_euros(typed, visit.language)
            except NotAnAmount as error:
                wrong[field.name] = visit.locale.say(error.why)
    return filters.model_copy(update=read), wrong


def _spell_address(page: PageDeclaration, filters: Any) -> Mapping[str, str | None]:
    """The filters as an address of the console has them."""
    kept = filters.model_dump(
        mode="json", exclude={"lang", "after", "before"}, exclude_defaults=True
    )
    amounts = {each.name for each in page.fields if each.kind == "amount"}
    return {
        name.removesuffix(CENTS) if name in amounts else name: _spell(value, name in amounts)
        for name, value in kept.items()
        if value is not None
    }


def _spell(value: Any, is_amount: bool) -> str:
    if not is_amount:
        return str(value)
    whole, cents = divmod(abs(value), 100)
    return f"{'-' if value < 0 else ''}{whole}.{cents:02d}"


def _show_head(each: PageColumn, sorts: Mapping[str, Head], locale: LocaleFormat) -> ShownHead:
    label = capital(locale.say(each.column.label))
    return ShownHead(label, sorts.get(each.sort.removeprefix("-")), _is_figure(each))


def _is_figure(each: PageColumn) -> bool:
    return each.column.kind in {Kind.CENTS, Kind.NUMBER}


def _show_cell(each: PageColumn, row: Any, visit: Visit) -> ShownCell:
    locale = visit.locale
    return ShownCell(
        capital(locale.say(each.column.label)),
        _format(each.column.read_cell(row, visit.names), each.column.kind, locale),
        _is_figure(each),
        None if each.href is None else each.href(row),
        None if each.under is None else each.under(row, visit),
        state_of(row.state, each.state, locale) if each.state else None,
    )


def _format(cell: Any, kind: Kind, locale: LocaleFormat) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Translatable | Sentence):
        return locale.say(cell)
    match kind:
        case Kind.CENTS:
            return money_shown(cell, locale)
        case Kind.DAY:
            return locale.short_day(cell)
        case Kind.INSTANT:
            return locale.short_instant(cell)
        case Kind.NUMBER:
            return locale.number(cell)
        case _:
            return str(cell)


def _show_total(each: PageColumn, cents: Mapping[str, int], locale: LocaleFormat) -> ShownCell:
    """The cell of a column in the row of totals."""
    sum_cents = cents.get(str(each.column.cell))
    text = "" if sum_cents is None else money_shown(sum_cents, locale)
    return ShownCell(
        capital(locale.say(each.column.label)), text, _is_figure(each), None, None, None
    )
