"""Totals of the ERP, by account or by account and budget line, against those of the entries.

A CSV file with a line of headings, in French or English, in any order and in any case: *budget*,
*account* (compte), *debit* (débit), *credit* (crédit), and, for totals by line, *chapter*
(chapitre), *article*, *function* (fonction), *operation* (opération). Other columns are passed
over, as are rows without account: totals. Rows of one account add up, so the ERP's lines themselves
may be given. Separated by semicolons, commas or tabulators; decimals behind a comma or a point.
"""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from unicodedata import combining, normalize

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from events.texts import _, verbatim
from services.treasury.domain.slips import TreasuryProblem
from services.treasury.reconciliation.discrepancy import (
    CREDIT,
    DEBIT,
    NAMES,
    Codes,
    Discrepancy,
    DiscrepancyKind,
    list_differing,
)
from services.treasury.store.tables import accounting_entries

HEADINGS: Final = {
    "budget": "budget",
    "compte": "account",
    "account": "account",
    "debit": "debit",
    "credit": "credit",
    "chapitre": "chapter",
    "chapter": "chapter",
    "article": "article",
    "fonction": "function",
    "function": "function",
    "operation": "operation",
}
"""Names of columns without accents, in both languages."""

REQUIRED: Final = ("budget", "account", "debit", "credit")

SEPARATORS: Final = ";,\t"
AMOUNT: Final = re.compile(r"(-?)([0-9]+)(?:[.,]([0-9]{1,2}))?")

NO_TEXT: Final = _("it is neither UTF-8 nor Windows-1252")
NO_COLUMNS: Final = _(
    "its first line names the columns: budget, account, debit, credit; {missing} is missing"
)
NO_BUDGET: Final = _("row {row}: the budget is missing")
NO_CSV: Final = _("it is no CSV file: {error}")
NO_AMOUNT: Final = _("row {row}, {column}: {value} is no amount, such as 1131800,00")


class ErpUnreadable(TreasuryProblem):
    """The file is not what it must be."""


class Total(NamedTuple):
    """The sums of an account, in cents."""

    debit_cents: int = 0
    credit_cents: int = 0


NO_TOTAL: Final = Total()


class Key(NamedTuple):
    """An account of a budget, of one line or of all."""

    budget: str
    account: str
    codes: Codes | None


@dataclass(frozen=True, slots=True)
class ErpTotals:
    """The ERP's totals; `by_line` where the file has the columns of a budget line."""

    totals: Mapping[Key, Total]
    by_line: bool


def read_totals(content: bytes) -> ErpTotals:
    """The totals of a file.

    Raises:
        ErpUnreadable: it lacks a column, or an amount is none.
    """
    try:
        return _read(io.StringIO(_decode(content), newline=""))
    except csv.Error as error:
        raise ErpUnreadable(NO_CSV.render({"error": verbatim(error)})) from error


def _read(content: io.StringIO) -> ErpTotals:
    separator = max(SEPARATORS, key=content.readline().count)
    content.seek(0)
    rows = csv.reader(content, delimiter=separator)
    columns = [HEADINGS.get(_plain(each)) for each in next(rows, [])]
    for name in REQUIRED:
        if name not in columns:
            raise ErpUnreadable(NO_COLUMNS.render({"missing": name}))
    by_line = {"chapter", "article"} <= {*columns}
    totals: dict[Key, Total] = defaultdict(Total)
    for number, cells in enumerate(rows, start=2):
        row = {name: cell.strip() for name, cell in zip(columns, cells, strict=False) if name}
        if not row.get("account"):
            continue
        if not row.get("budget"):
            raise ErpUnreadable(NO_BUDGET.render({"row": number}))
        key = Key(row["budget"], row["account"], _codes(row) if by_line else None)
        debit, credit = (_cents(row, name, number) for name in (DEBIT, CREDIT))
        before = totals[key]
        totals[key] = Total(before.debit_cents + debit, before.credit_cents + credit)
    return ErpTotals(totals, by_line)


def _decode(content: bytes) -> str:
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ErpUnreadable(NO_TEXT)


def _plain(heading: str) -> str:
    """A heading in small letters, without accents."""
    split = normalize("NFD", heading.strip().lower())
    return "".join(each for each in split if not combining(each))


def _codes(row: Mapping[str, str]) -> Codes:
    chapter, article, function, operation = (row.get(name, "") for name in NAMES)
    return (chapter, article, function, operation)


def _cents(row: Mapping[str, str], column: str, number: int) -> int:
    """An amount in cents; an empty cell is 0. Spaces may set thousands apart."""
    value = "".join(row.get(column, "").split())
    if not value:
        return 0
    match = AMOUNT.fullmatch(value)
    if match is None:
        facts = {"row": number, "column": column, "value": row[column]}
        raise ErpUnreadable(NO_AMOUNT.render(facts))
    sign, whole, cents = match.groups()
    return int(f"{sign}{whole}{(cents or '').ljust(2, '0')}")


async def compare_erp(entries: AsyncConnection, erp: ErpTotals, budget: str) -> list[Discrepancy]:
    """The accounts of a budget of which the ERP has other sums than the entries.

    A budget that the file does not name is passed over.
    """
    theirs = {key: total for key, total in erp.totals.items() if key.budget == budget}
    if not theirs:
        return []
    ours = await _totals(entries, budget, by_line=erp.by_line)
    return [
        Discrepancy(
            kind=DiscrepancyKind.ERP_DIFFERS,
            budget=key.budget,
            account=key.account,
            codes=key.codes,
            side=side,
            expected_cents=expected,
            found_cents=found,
        )
        for key in sorted(list_differing(ours, theirs, NO_TOTAL), key=_account_and_codes)
        for side, expected, found in zip(
            (DEBIT, CREDIT), ours.get(key, NO_TOTAL), theirs.get(key, NO_TOTAL), strict=True
        )
        if expected != found
    ]


def _account_and_codes(key: Key) -> tuple[str, tuple[str, ...]]:
    return key.account, key.codes or ()


async def _totals(entries: AsyncConnection, budget: str, *, by_line: bool) -> dict[Key, Total]:
    table = accounting_entries.c
    by: list[Any] = [table.account, *((table[name] for name in NAMES) if by_line else ())]
    sums = (func.sum(table.debit_cents), func.sum(table.credit_cents))
    asked = select(*by, *sums).where(table.budget == budget).group_by(*by)
    totals = {}
    for account, *codes, debit, credit in await entries.execute(asked):
        key = Key(budget, account, (codes[0], codes[1], codes[2], codes[3]) if by_line else None)
        totals[key] = Total(int(debit), int(credit))
    return totals
