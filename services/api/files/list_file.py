"""Statements and lists as files: formats, the answer, rows by filters under a heading."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from functools import partial
from typing import Annotated, Any, Final, NamedTuple

from fastapi import APIRouter, Query, Response
from sqlalchemy import select

from events.texts import Euros, Translatable, _, ngettext, verbatim
from services.api.code_names import Names, join_name
from services.api.files import formats
from services.api.files.sheet import Cell, Column, Kind, Sheet
from services.api.http.answering import answer_tagged
from services.api.http.components import Components
from services.api.http.question import ListFilters, QueryContext, Question
from services.api.queries.rows import LINE, mask_name_or_none, visible
from services.projector.tables import budgets, positions
from services.texts.language import Language


class FileFormat(StrEnum):
    """File formats of a statement."""

    CSV = "csv"
    XLSX = "xlsx"


MEDIA_TYPES: Final = {
    FileFormat.CSV: formats.CSV_MEDIA_TYPE,
    FileFormat.XLSX: formats.XLSX_MEDIA_TYPE,
}
FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The file.",
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            formats.XLSX_MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


async def file_answer(
    question: QueryContext,
    name: str,
    file_format: FileFormat,
    sheets: Callable[[], Awaitable[Sequence[Sheet]]],
) -> Response:
    """These sheets as a file to be kept, written beside the event loop: a CSV has the first."""

    async def body() -> tuple[bytes, Mapping[str, str]]:
        made = await sheets()
        # Writing takes seconds, and may wait for others: nobody needs the connection meanwhile.
        await question.connection.close()
        components: Components = question.request.app.state.components
        async with components.file_slots:
            content = await asyncio.to_thread(_write_file, made, file_format, question.language)
        disposition = f'attachment; filename="{name}.{file_format}"'
        return content, {"Content-Disposition": disposition}

    # Its heading names the day.
    return await answer_tagged(question, MEDIA_TYPES[file_format], body, dated=True)


def _write_file(sheets: Sequence[Sheet], file_format: FileFormat, language: Language) -> bytes:
    if file_format is FileFormat.CSV:
        return formats.as_csv(sheets[0], language)
    return formats.as_xlsx(sheets[0], language, *sheets[1:])


ROWS_MAX: Final = 50_000
"""Rows of a list in a file: more would keep the API busy for longer than a request may take."""

ALL: Final = _("all")
ALL_DAYS: Final = _("moves of all days")
YES, NO = _("yes"), _("no")
CHAPTER_NAME: Final = _("name of the chapter")
LINE_NAME: Final = _("name of the line")
ROWS: Final = ngettext("{count} row", "{count} rows")
PLACE: Final = _("partition {of}, offset {last}")
RECORD: Final = _("{of}, record {last}")
CUT: Final = ngettext(
    "the first {count} row only: narrow the filters for the others",
    "the first {count} rows only: narrow the filters for the others",
)

FILTERS: Final[Mapping[str, Translatable]] = {
    "article": _("article"),
    "chapter": _("chapter"),
    "code": _("reason"),
    "convention": _("convention"),
    "due_from": _("due from"),
    "due_until": _("due until"),
    "ended": _("waits no more"),
    "event_type": _("event"),
    "fiscal_year": _("fiscal year"),
    "function": _("function"),
    "grant": _("grant"),
    "kind": _("waits for"),
    "older_than_days": _("at least this old (days)"),
    "operation": _("operation"),
    "partition": _("partition"),
    "offset": _("offset"),
    "search": _("search"),
    "settled": _("settled"),
    "siret": _("SIRET"),
    "stage": _("stage"),
    "status": _("state"),
    "state": _("state"),
}
"""Names of filters in a heading; one that is not here stands under its own name."""

IN_HEADING: Final = frozenset({"lang", "budget", "entity", "effective_on", "known_at", "sort"})
"""Filters that a heading names by itself, and the order, which the rows show."""


class ListColumn(NamedTuple):
    """A column of a list: what it is called, and what a row has in it."""

    label: Translatable
    cell: str | Callable[[Any], Cell]
    """The path of an attribute, whose parts may be None; or a function of the row."""
    kind: Kind = Kind.TEXT
    summed: bool = False
    """True if its total stands below."""
    left_out: Callable[[Any], bool] | None = None
    """The rows that are not in its total."""

    def read_cell(self, row: Any, _: Names) -> Cell:
        """The cell of a row; in a name of a sender IBANs are shortened."""
        found = _read_attribute(self.cell, row) if isinstance(self.cell, str) else self.cell(row)
        return mask_name_or_none(found) if isinstance(found, str) else found


class NameColumn(NamedTuple):
    """A column of names, of what another column has the codes of; empty where none is known."""

    label: Translatable
    name: Callable[[Names, Any], str | None]
    kind: Kind = Kind.TEXT
    summed: bool = False
    left_out: None = None

    def read_cell(self, row: Any, names: Names) -> Cell:
        """The cell of a row."""
        return self.name(names, row)


AnyColumn = ListColumn | NameColumn


def names_beside_budget(path: str = "budget") -> tuple[NameColumn, NameColumn]:
    """The names of the entity and of the budget whose id a row has at this path."""
    return (
        NameColumn(
            _("name of the entity"), lambda names, row: names.entity_of(_read_attribute(path, row))
        ),
        NameColumn(
            _("name of the budget"),
            lambda names, row: names.budget_name(_read_attribute(path, row)),
        ),
    )


def names_beside_line(path: str, budget: str) -> tuple[NameColumn, NameColumn]:
    """The names of the chapter and of the other codes of the line that a row has at this path."""
    return (
        NameColumn(
            CHAPTER_NAME,
            lambda names, row: names.code_name(
                _read_attribute(budget, row), "chapter", _read_attribute(path, row).chapter
            ),
        ),
        NameColumn(
            LINE_NAME,
            lambda names, row: (
                names.line_name(_read_attribute(budget, row), _read_attribute(path, row)) or None
            ),
        ),
    )


class ListTable(NamedTuple):
    """A list as a table."""

    title: Translatable
    columns: Sequence[AnyColumn]
    values: Mapping[str, Mapping[str, Translatable]] = {}
    """By filter, the names of its values."""
    filter_names: Mapping[str, Translatable] = {}
    """Names of filters that are its own (`FILTERS` has those of many lists)."""


def _read_attribute(path: str, row: Any) -> Any:
    for name in path.split("."):
        row = None if row is None else getattr(row, name)
    return row


def list_file(
    router: APIRouter,
    path: str,
    query: Callable[..., Awaitable[Sequence[Any]]],
    filters: type[ListFilters],
    table: ListTable,
    *,
    name: str,
    summary: str,
) -> None:
    """Add the route of a list as a file: the list's address, a dot and the format.

    The query is that of the list (`list_route`), asked for one row more than a file may hold.
    """
    filename = path.strip("/").replace("/", "-")

    async def route(question: Question, file_format: FileFormat, filter_values: Any) -> Response:
        question.check_authorized(getattr(filter_values, "budget", None))
        question.check_authorized(getattr(filter_values, "entity", None))

        async def sheets() -> Sequence[Sheet]:
            found = await query(
                question.connection,
                question.entities,
                **filter_values.arguments(question.today),
                limit=ROWS_MAX + 1,
            )
            return [await list_sheet(question, filter_values, table, found)]

        return await file_answer(question, filename, file_format, sheets)

    route.__annotations__["filter_values"] = Annotated[filters, Query()]
    router.add_api_route(
        f"{path}.{{file_format}}",
        route,
        response_class=Response,
        responses=FILE,
        name=f"{name}_file",
        summary=summary,
        description=f"At most {ROWS_MAX:,} rows; a list that has more says so in its heading.",
    )


async def list_sheet(
    question: QueryContext, filters: ListFilters, table: ListTable, records: Sequence[Any]
) -> Sheet:
    """These rows as a table with its totals; of more than a file may hold, the first ones."""
    names = question.names
    # Seconds for the most rows that there may be: nobody else's request waits for them.
    rows = await asyncio.to_thread(_cells, table.columns, names, records[:ROWS_MAX])
    count = (CUT if len(records) > ROWS_MAX else ROWS).render(len(rows))
    heading = await heading_of(question, filters, table.title, table.values, table.filter_names)
    strong = frozenset[int]()
    if any(column.summed for column in table.columns):
        strong = frozenset({len(rows)})
        rows.append(_totals(table.columns, records, rows))
    columns = [Column(each.label, each.kind) for each in table.columns]
    return Sheet(table.title, columns, rows, strong, [*heading, (_("rows"), count)])


def _cells(columns: Sequence[AnyColumn], names: Names, records: Iterable[Any]) -> list[list[Cell]]:
    return [[column.read_cell(row, names) for column in columns] for row in records]


def _totals(
    columns: Sequence[AnyColumn], records: Sequence[Any], rows: Sequence[Sequence[Cell]]
) -> list[Cell]:
    total: list[Cell] = [
        sum(
            cell
            for each, row in zip(records, rows, strict=False)
            if isinstance(cell := row[at], int) and not (column.left_out and column.left_out(each))
        )
        if column.summed
        else None
        for at, column in enumerate(columns)
    ]
    total[0] = _("Total")
    return total


async def heading_of(
    question: QueryContext,
    filters: Any,
    title: Translatable,
    values: Mapping[str, Mapping[str, Translatable]],
    filter_names: Mapping[str, Translatable] = FILTERS,
) -> list[tuple[Translatable, Cell]]:
    """The title of a file, whose it is, of which days, up to which record, and its filters."""
    budget: str | None = getattr(filters, "budget", None)
    days = _days(question, filters)
    names = question.names
    lines: list[tuple[Translatable, Cell]] = [(title, None)]
    if budget is None:
        entity = getattr(filters, "entity", None)
        entities = question.entities if entity is None else {entity}
        called = [join_name(each, names.entity(each)) for each in sorted(entities or ())]
        lines.append((_("entity"), ALL if entities is None else ", ".join(called)))
        lines += [*days, (_("journal read up to"), await _read_up_to(question))]
    else:
        entity, code, year = budget.split("-")
        known_at = getattr(filters, "known_at", None) or await _last_record(question, budget)
        lines += [
            (_("entity"), join_name(entity, names.entity_of(budget))),
            (_("budget"), join_name(code, names.budget_name(budget))),
            (_("fiscal year"), year),
            *days,
            (_("up to record no."), known_at),
        ]
    for name, value in filters.model_dump(exclude=IN_HEADING, exclude_defaults=True).items():
        text = _format_values(value, values.get(name, {}))
        if name in LINE and (called_so := names.code_name(budget or "", name, value)) is not None:
            text = verbatim(join_name(value, called_so))
        if name.endswith("_cents"):
            text = Translatable("{amount}", {"amount": Euros(value)})
        lines.append((filter_names.get(name) or FILTERS.get(name) or verbatim(name), text))
    return lines


def _days(question: QueryContext, filters: Any) -> list[tuple[Translatable, Cell]]:
    """The day up to which moves count, of figures that may be asked for one; and today.

    Where no day was asked for, moves of all days count, also of days to come.
    """
    drawn_up = (_("drawn up on"), question.today)
    if not hasattr(filters, "effective_on"):
        return [drawn_up]
    return [(_("as of"), filters.effective_on or ALL_DAYS), drawn_up]


def _format_values(value: Any, terms: Mapping[str, Translatable]) -> Cell:
    if isinstance(value, list):
        return Translatable(
            "{list}", {"list": tuple(map(partial(_format_value, terms=terms), value))}
        )
    return value if isinstance(value, date) else _format_value(value, terms)


def _format_value(value: Any, terms: Mapping[str, Translatable]) -> Translatable:
    if isinstance(value, bool):
        return YES if value else NO
    return terms.get(value) or verbatim(mask_name_or_none(str(value)))


async def _last_record(question: QueryContext, budget: str) -> int | None:
    query = select(budgets.c.sequence).where(budgets.c.budget == budget)
    found: int | None = await question.connection.scalar(query)
    return found


async def _read_up_to(question: QueryContext) -> Translatable:
    """The last record of each budget that the reader sees; of all of them, each partition's place.

    A place in the journal is of all entities: who sees some only is not shown it.
    """
    if question.entities is None:
        text, columns = PLACE, (positions.c.partition, positions.c.next_offset)
        query = select(*columns)
    else:
        text, columns = RECORD, (budgets.c.budget, budgets.c.sequence)
        query = select(*columns).where(visible(budgets.c.budget, question.entities))
    rows = await question.connection.execute(query.order_by(*columns))
    found = (text.render({"of": of, "last": last}) for of, last in rows)
    return Translatable("{list}", {"list": tuple(found)})
