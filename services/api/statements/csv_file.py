"""A statement as CSV, in UTF-8.

French: semicolons, decimal commas and a byte order mark, as French spreadsheets expect. English:
RFC 4180. Days are `YYYY-MM-DD` in both. Text that a spreadsheet would take for a formula has an
apostrophe before the sign with which the formula begins; so has text behind a separator or a line
break inside a cell, where a spreadsheet that expects the other language's separator begins a new
cell. An apostrophe that stands there already gets another: taking one away gives the text again.
"""

import csv
import io
import re
from typing import Final

from events.texts import Translatable
from services.api.statements.sheet import Cell, Kind, Sheet, euros
from services.texts.language import Language
from services.texts.translation import translate

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
    writer.writerow([translate(column.label, language) for column in sheet.columns])
    decimal = "," if french else "."
    kinds = [column.kind for column in sheet.columns]
    for row in sheet.rows:
        cells = zip(row, kinds, strict=True)
        writer.writerow(
            [
                translate(cell, language)
                if isinstance(cell, Translatable)
                else _spelled(cell, kind, decimal)
                for cell, kind in cells
            ]
        )
    return written.getvalue().encode("utf-8-sig" if french else "utf-8")


def _spelled(cell: Cell, kind: Kind, decimal: str) -> str:
    if cell is None:
        return ""
    if kind is Kind.CENTS:
        assert isinstance(cell, int), f"no sum of money: {cell!r}"
        return euros(cell, decimal)
    if isinstance(cell, str):
        return harmless(cell)
    return str(cell)


def harmless(text: str) -> str:
    """The text, such that no spreadsheet computes it or a part of it."""
    return FORMULA.sub(r"\1\2'\3", text)
