"""A statement as XLSX: real numbers and days, a header that stays, totals in bold."""

import io
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from events.texts import Translatable
from services.api.statements.sheet import Kind, Sheet, euros
from services.texts.language import Language
from services.texts.translation import translate

MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MADE_ON: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Stands in every file: the same statement is the same bytes, whenever it is made."""

DIGITS_MAX: Final = 15
"""Digits that a spreadsheet's number keeps."""

SHEET_NAME_MAX: Final = 31
FORMATS: Final = {Kind.CENTS: "#,##0.00", Kind.NUMBER: "0"}
DAYS: Final = {Language.FR: "dd/mm/yyyy", Language.EN: "yyyy-mm-dd"}
WIDTHS: Final = {Kind.TEXT: 24, Kind.CENTS: 18, Kind.DAY: 12, Kind.NUMBER: 12}
NOTHING_GUESSED: Final = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}
"""A text stays a text: none becomes a formula, a number or a link."""


def as_xlsx(sheet: Sheet, language: Language) -> bytes:
    """The statement in one language."""
    # Only here: an API that was just started has nobody wait for what draws spreadsheets.
    import xlsxwriter  # noqa: PLC0415

    made = io.BytesIO()
    book = xlsxwriter.Workbook(made, NOTHING_GUESSED)
    title = translate(sheet.title, language)
    book.set_properties({"title": title, "created": MADE_ON})
    page = book.add_worksheet(title[:SHEET_NAME_MAX])
    header = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
    for at, column in enumerate(sheet.columns):
        page.set_column(at, at, WIDTHS[column.kind])
        page.write_string(0, at, translate(column.label, language), header)
    page.freeze_panes(1, 0)
    plain, strong = _formats(book, language, bold=False), _formats(book, language, bold=True)
    for number, row in enumerate(sheet.rows):
        formats = strong if number in sheet.strong else plain
        for at, (cell, column) in enumerate(zip(row, sheet.columns, strict=True)):
            content = translate(cell, language) if isinstance(cell, Translatable) else cell
            _write(page, (number + 1, at), content, column.kind, formats)
    book.close()
    return made.getvalue()


def _formats(book: Any, language: Language, *, bold: bool) -> Mapping[Kind, Any]:
    number_formats = {**FORMATS, Kind.TEXT: "@", Kind.DAY: DAYS[language]}
    return {
        kind: book.add_format({"num_format": cell_format, "bold": bold})
        for kind, cell_format in number_formats.items()
    }


def _write(
    page: Any,
    place: tuple[int, int],
    cell: str | int | date | None,
    kind: Kind,
    formats: Mapping[Kind, Any],
) -> None:
    cell_format = formats[kind]
    if cell is None:
        page.write_blank(*place, None, cell_format)
    elif isinstance(cell, str):
        page.write_string(*place, cell, cell_format)
    elif isinstance(cell, date):
        page.write_datetime(*place, cell, cell_format)
    elif kind is not Kind.CENTS:
        page.write_number(*place, cell, cell_format)
    elif abs(cell) < 10**DIGITS_MAX:
        page.write_number(*place, Decimal(cell).scaleb(-2), cell_format)
    else:
        # A spreadsheet would round it, and nobody would see.
        page.write_string(*place, euros(cell, "."), cell_format)
