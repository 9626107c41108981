"""Statements as files for a spreadsheet: CSV, and XLSX with a sheet each.

CSV is UTF-8. French: semicolons, decimal commas and a byte order mark, as French spreadsheets
expect. English: RFC 4180. Days are `YYYY-MM-DD` in both, and an empty line stands behind a heading.
Text that a spreadsheet would take for a formula has an apostrophe before the sign with which the
formula begins; so has text behind a separator or a line break inside a cell, where a spreadsheet
that expects the other language's separator begins a new cell. An apostrophe that stands there
already gets another: taking one away gives the text again.

XLSX has real numbers and days, a header that stays, totals in bold. Printed, a sheet is as wide as
the paper, and its header stands on each page.
"""

import csv
import io
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from events.texts import Translatable
from services.api.files.sheet import Cell, Kind, Sheet, euros, percent
from services.texts.formats import ZONE
from services.texts.language import Language
from services.texts.translation import Sentence, translate

CSV_MEDIA_TYPE: Final = "text/csv; charset=utf-8"
FORMULA_SIGNS: Final = "=+\\-@\uff1d\uff0b\uff0d\uff20"
"""Signs with which a formula begins, in full width too (OWASP, CSV injection)."""

BEGINNING: Final = r"(^|[,;\t\n\v\f\r\x85\u2028\u2029])"
"""Beginning of a cell, whichever of these separators a spreadsheet expects."""

PASSED: Final = r"([\s\"\ufeff\u200b]*)"
"""Characters before a formula that a spreadsheet passes over; it takes quotes away."""

FORMULA: Final = re.compile(rf"{BEGINNING}{PASSED}('*)(?=[{FORMULA_SIGNS}])")


def as_csv(sheet: Sheet, language: Language) -> bytes:
    """The statement in one language."""
    french = language is Language.FR
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=";" if french else ",")
    decimal = "," if french else "."
    for label, content in sheet.heading:
        line = [translate(label, language), _format_cell(content, Kind.TEXT, decimal, language)]
        writer.writerow(line if content is not None else line[:1])
    if sheet.heading:
        writer.writerow([])
    writer.writerow([translate(column.label, language) for column in sheet.columns])
    kinds = [column.kind for column in sheet.columns]
    for row in sheet.rows:
        cells = zip(row, kinds, strict=True)
        writer.writerow([_format_cell(cell, kind, decimal, language) for cell, kind in cells])
    return written.getvalue().encode("utf-8-sig" if french else "utf-8")


def _format_cell(cell: Cell, kind: Kind, decimal: str, language: Language) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Translatable | Sentence):
        return escape_formulas(translate(cell, language))
    if isinstance(cell, str):
        return escape_formulas(cell)
    if isinstance(cell, datetime):
        return f"{cell.astimezone(ZoneInfo(ZONE)):%Y-%m-%d %H:%M:%S}"
    if isinstance(cell, int) and kind in {Kind.CENTS, Kind.RATE}:
        return euros(cell, decimal) if kind is Kind.CENTS else percent(cell, decimal)
    assert isinstance(cell, date | int), f"no cell: {cell!r}"
    assert kind is not Kind.CENTS, f"no sum of money: {cell!r}"
    return str(cell)


def escape_formulas(text: str) -> str:
    """The text, such that no spreadsheet computes it or a part of it."""
    return FORMULA.sub(r"\1\2'\3", text)


XLSX_MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MADE_ON: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Stands in every file: the same statement is the same bytes, whenever it is made."""

DIGITS_MAX: Final = 15
"""Digits that a spreadsheet's number keeps."""

SHEET_NAME_MAX: Final = 31
FORMATS: Final = {Kind.CENTS: "#,##0.00", Kind.NUMBER: "0", Kind.RATE: "0.0%"}
DAYS: Final = {Language.FR: "dd/mm/yyyy", Language.EN: "yyyy-mm-dd"}
WIDTHS: Final = {
    Kind.TEXT: 24,
    Kind.CENTS: 18,
    Kind.DAY: 12,
    Kind.INSTANT: 20,
    Kind.NUMBER: 12,
    Kind.RATE: 12,
}
Formats = Mapping[Kind, Any]
PAPER_A4: Final = 9
"""Number of the paper in the format."""
NOTHING_GUESSED: Final = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}
"""A text stays a text: none becomes a formula, a number or a link."""


def as_xlsx(sheet: Sheet, language: Language, *others: Sheet) -> bytes:
    """The statement in one language; `others` on sheets behind it."""
    # Only here: an API that was just started has nobody wait for what draws spreadsheets.
    import xlsxwriter  # noqa: PLC0415

    made = io.BytesIO()
    book = xlsxwriter.Workbook(made, NOTHING_GUESSED)
    book.set_properties({"title": translate(sheet.title, language), "created": MADE_ON})
    header = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
    plain, strong = _formats(book, language, bold=False), _formats(book, language, bold=True)
    for each in (sheet, *others):
        page = book.add_worksheet(translate(each.title, language)[:SHEET_NAME_MAX])
        first = _write_heading(page, each, language, plain, strong)
        for at, column in enumerate(each.columns):
            page.set_column(at, at, WIDTHS[column.kind])
            page.write_string(first, at, translate(column.label, language), header)
        page.freeze_panes(first + 1, 0)
        _set_up_printing(page, first)
        for number, row in enumerate(each.rows):
            formats = strong if number in each.strong else plain
            for at, (cell, column) in enumerate(zip(row, each.columns, strict=True)):
                _write(page, (first + 1 + number, at), cell, column.kind, formats, language)
    book.close()
    return made.getvalue()


def _write_heading(
    page: Any,
    sheet: Sheet,
    language: Language,
    plain: Formats,
    strong: Formats,
) -> int:
    """The number of the row below the heading, and below the empty one behind it."""
    for number, (label, content) in enumerate(sheet.heading):
        page.write_string(number, 0, translate(label, language), strong[Kind.TEXT])
        kind = Kind.DAY if isinstance(content, date) else Kind.NUMBER
        kind = Kind.TEXT if isinstance(content, str | Translatable | Sentence) else kind
        if content is not None:
            _write(page, (number, 1), content, kind, plain, language)
    return len(sheet.heading) + 1 if sheet.heading else 0


def _set_up_printing(page: Any, header_row: int) -> None:
    page.set_landscape()
    page.set_paper(PAPER_A4)
    page.fit_to_pages(1, 0)
    page.repeat_rows(header_row)


def _formats(book: Any, language: Language, *, bold: bool) -> Formats:
    day = DAYS[language]
    number_formats = {**FORMATS, Kind.TEXT: "@", Kind.DAY: day, Kind.INSTANT: f"{day} hh:mm:ss"}
    return {
        kind: book.add_format({"num_format": cell_format, "bold": bold})
        for kind, cell_format in number_formats.items()
    }


def _write(
    page: Any,
    place: tuple[int, int],
    cell: Cell,
    kind: Kind,
    formats: Formats,
    language: Language,
) -> None:
    cell_format = formats[kind]
    if cell is None:
        page.write_blank(*place, None, cell_format)
    elif isinstance(cell, Translatable | Sentence):
        page.write_string(*place, translate(cell, language), cell_format)
    elif isinstance(cell, str):
        page.write_string(*place, cell, cell_format)
    elif isinstance(cell, datetime):
        on_french_clocks = cell.astimezone(ZoneInfo(ZONE)).replace(tzinfo=None)
        page.write_datetime(*place, on_french_clocks, cell_format)
    elif isinstance(cell, date):
        page.write_datetime(*place, cell, cell_format)
    elif kind is Kind.RATE:
        page.write_number(*place, Decimal(cell).scaleb(-3), cell_format)
    elif kind is not Kind.CENTS:
        page.write_number(*place, cell, cell_format)
    elif abs(cell) < 10**DIGITS_MAX:
        page.write_number(*place, Decimal(cell).scaleb(-2), cell_format)
    else:
        # A spreadsheet would round it, and nobody would see.
        page.write_string(*place, euros(cell, "."), cell_format)
