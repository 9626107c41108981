"""A statement as CSV, in UTF-8.

French: semicolons, decimal commas and a byte order mark, as French spreadsheets expect. English:
RFC 4180. Days are `YYYY-MM-DD` in both. Text that a spreadsheet would take for a formula is
preceded by an apostrophe.
"""

import csv
import io
from typing import Final

from events.texts import Translatable
from services.api.statements.sheet import Cell, Kind, Sheet, euros
from services.texts.language import Language
from services.texts.translation import translate

MEDIA_TYPE: Final = "text/csv; charset=utf-8"
FORMULA_BEGINNINGS: Final = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""First characters of a formula, in full width too (OWASP, CSV injection)."""


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
    """The text, such that no spreadsheet computes it."""
    begins = text.lstrip(" \u00a0")[:1]
    return f"'{text}" if begins in FORMULA_BEGINNINGS and begins else text
