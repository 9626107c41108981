"""A statement as CSV, in UTF-8.

French: semicolons, decimal commas and a byte order mark, as French spreadsheets expect. English:
RFC 4180. Days are `YYYY-MM-DD` in both, and an empty line stands behind a heading.

Text that a spreadsheet would take for a formula has an apostrophe before the sign with which the
formula begins; so has text behind a separator or a line break inside a cell, where a spreadsheet
that expects the other language's separator begins a new cell. An apostrophe that stands there
already gets another: taking one away gives the text again.
"""

import csv
import io
import re
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from events.texts import Translatable
from services.api.statements.sheet import Cell, Kind, Sheet, euros, percent
from services.texts.formats import ZONE
from services.texts.language import Language
from services.texts.translation import Sentence, translate

MEDIA_TYPE: Final = "text/csv; charset=utf-8"
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
        line = [translate(label, language), _spelled(content, Kind.TEXT, decimal, language)]
        writer.writerow(line if content is not None else line[:1])
    if sheet.heading:
        writer.writerow([])
    writer.writerow([translate(column.label, language) for column in sheet.columns])
    kinds = [column.kind for column in sheet.columns]
    for row in sheet.rows:
        cells = zip(row, kinds, strict=True)
        writer.writerow([_spelled(cell, kind, decimal, language) for cell, kind in cells])
    return written.getvalue().encode("utf-8-sig" if french else "utf-8")


def _spelled(cell: Cell, kind: Kind, decimal: str, language: Language) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Translatable | Sentence):
        return without_formula(translate(cell, language))
    if isinstance(cell, str):
        return without_formula(cell)
    if isinstance(cell, datetime):
        return f"{cell.astimezone(ZoneInfo(ZONE)):%Y-%m-%d %H:%M:%S}"
    if isinstance(cell, int) and kind in {Kind.CENTS, Kind.RATE}:
        return euros(cell, decimal) if kind is Kind.CENTS else percent(cell, decimal)
    assert isinstance(cell, date | int), f"no cell: {cell!r}"
    assert kind is not Kind.CENTS, f"no sum of money: {cell!r}"
    return str(cell)


def without_formula(text: str) -> str:
    """The text, such that no spreadsheet computes it or a part of it."""
    return FORMULA.sub(r"\1\2'\3", text)
