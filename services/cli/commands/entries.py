"""`ecluse entries`: accounting entries for the ERP, and the journal of commitments, as CSV."""
# ruff: noqa: PLC0415 # a database is imported by whoever uses it

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple

import typer

from events.texts import Day, Euros, Translatable, _, ngettext
from services.cli.commands.treasury_database import AtDatabase, open_treasury
from services.cli.records.summary_tables import label, show_entries
from services.cli.terminal.options import (
    AsJson,
    OfBudget,
    decode_option,
    find_language,
    flag,
)
from services.cli.terminal.output import bad_option, print_json, say, show_spinner
from services.cli.terminal.screen import Screen
from services.cli.terminal.texts import READING
from services.ledger.files.replay import STANDARD_INPUT
from services.texts.translation import error_text

if TYPE_CHECKING:
    from services.api.journal.entries import CommitmentEntry
    from services.treasury.entries.rules import AccountingEntry

ENTRIES: Final = ngettext(
    "{count} line: {debit} of debits, {credit} of credits.",
    "{count} lines: {debit} of debits, {credit} of credits.",
)
COMMITMENTS: Final = ngettext("{count} commitment entry.", "{count} commitment entries.")
NO_FILE: Final = _(
    "entries keep their accounts for ever: name the file that has them by ECLUSE_TREASURY_FILE"
)
BOOKED: Final = ngettext("{count} line made.", "{count} lines made.")


class Journal(StrEnum):
    """The journals."""

    GENERAL = "general"
    COMMITMENTS = "commitments"


class EntryFilter(NamedTuple):
    """The entries that are asked for: of a budget, from a day until a day."""

    budget: str | None
    from_day: date | None
    until_day: date | None


def _day(name: str, help_text: str) -> Any:
    return typer.Option(name, metavar="DAY", formats=["%Y-%m-%d"], help=help_text)


def entries(
    budget: OfBudget = None,
    from_day: Annotated[
        datetime | None, _day("--from", help_text="From this day on (YYYY-MM-DD).")
    ] = None,
    until_day: Annotated[
        datetime | None, _day("--to", help_text="Up to this day, which counts.")
    ] = None,
    journal: Annotated[
        Journal,
        typer.Option(
            metavar="JOURNAL",
            help="general: debits and credits. commitments: one amount a line, by its kind.",
        ),
    ] = Journal.GENERAL,
    csv: Annotated[
        str | None,
        typer.Option(
            "--csv",
            metavar="FILE",
            help="Write them to this file; - is standard output.",
            callback=decode_option,
        ),
    ] = None,
    book: Annotated[
        bool, flag("--book", "First make those that are due, where no treasury runs.")
    ] = False,
    db: AtDatabase = None,
    as_json: AsJson = False,
) -> None:
    """List the accounting entries made of the ledger's records, debits and credits, for the ERP.

    The file has semicolons and decimal commas in French (--lang fr), commas and points in English.
    Amounts are in euros, the last row has the totals.
    """
    if book:
        _check_accounts_are_named()
    first, last = (None if each is None else each.date() for each in (from_day, until_day))
    with show_spinner(READING):
        made, found = asyncio.run(_read(db, journal, EntryFilter(budget, first, last), book=book))
    if csv is not None:
        _write(csv, journal, found)
    if as_json:
        print_json(_as_json(journal, found, made), err=csv == STANDARD_INPUT)
        return
    if csv is None:
        _show(journal, found)
    if book:
        say(BOOKED.render(made), err=csv == STANDARD_INPUT)
    say(_summary(journal, found), err=csv == STANDARD_INPUT)


def _check_accounts_are_named() -> None:
    """Stop without a file of settings: nobody has seen to the accounts that would be booked."""
    from services.treasury.settings import TreasurySettings

    if TreasurySettings().treasury_file is None:
        raise bad_option("--book", NO_FILE)


async def _read(
    db: str | None, journal: Journal, entry_filter: EntryFilter, *, book: bool
) -> tuple[int, Sequence[Any]]:
    """The number of lines that were made now, and the entries."""
    from services.api.adapters.clock_and_chance import wall_clock
    from services.api.journal.entries import list_commitment_entries
    from services.projector.database_errors import raising_unreachable
    from services.projector.engine import engine_address
    from services.treasury.entries.bookkeeper import Bookkeeper, list_entries

    async with open_treasury(db) as (store, read_model, config):
        made = 0
        if book:
            made = await Bookkeeper(store, read_model, config.accounts, wall_clock).book()
        if journal is Journal.GENERAL:
            return made, await list_entries(store, **entry_filter._asdict())
        async with (
            raising_unreachable(engine_address(read_model)),
            read_model.connect() as connection,
        ):
            return made, await list_commitment_entries(connection, None, **entry_filter._asdict())


def _write(file: str, journal: Journal, entries: Sequence[Any]) -> None:
    from services.api.files.formats import as_csv
    from services.api.journal.entries import accounting_sheet, commitment_sheet
    from services.runtime.ops.errors import Stop
    from services.runtime.ops.file_modes import replacing

    sheet = accounting_sheet if journal is Journal.GENERAL else commitment_sheet
    content = as_csv(sheet(entries), find_language())
    if file == STANDARD_INPUT:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    try:
        with replacing(Path(file)) as part:
            part.write(content)
    except OSError as error:
        raise Stop(file, error_text(error)) from error


def _as_json(journal: Journal, entries: Sequence[Any], made: int) -> dict[str, Any]:
    if journal is Journal.COMMITMENTS:
        rows = [_commitment_row(each) for each in entries]
        return {"journal": journal, "booked": made, "entries": rows}
    return {
        "journal": journal,
        "booked": made,
        "entries": [_row(each) for each in entries],
        "debit_cents": sum(each.debit_cents for each in entries),
        "credit_cents": sum(each.credit_cents for each in entries),
    }


def _row(each: "AccountingEntry") -> dict[str, Any]:
    """An entry with the members of its message on the topic."""
    return {
        "entry_id": each.entry_id,
        "budget": each.budget,
        "sequence": each.sequence,
        "item": each.item,
        "booked_on": each.booked_on.isoformat(),
        "kind": each.kind,
        "role": each.role,
        "account": each.account,
        "debit_cents": each.debit_cents,
        "credit_cents": each.credit_cents,
        "line": each.line,
        "convention": each.convention,
        "payment_order": each.payment_order,
        "recovery": each.recovery,
    }


def _commitment_row(each: "CommitmentEntry") -> dict[str, Any]:
    return {
        "entry_id": each.entry_id,
        "budget": each.budget,
        "sequence": each.sequence,
        "item": each.item,
        "effective_on": each.effective_on.isoformat(),
        "kind": each.kind,
        "line": asdict(each.line),
        "convention": each.convention,
        "amount_cents": each.amount_cents,
    }


def _show(journal: Journal, entries: Sequence[Any]) -> None:
    from services.api.journal.entries import ACCOUNTING_KINDS

    screen = Screen()
    if journal is Journal.COMMITMENTS:
        show_entries(screen, [_commitment_row(each) for each in entries])
        return
    screen.show_list(
        "accounting_entries",
        ("date", "account", "line", "debit", "credit", "label"),
        entries,
        lambda each: (
            Day(each.booked_on.isoformat()),
            each.account,
            label(each.line),
            Euros(each.debit_cents) if each.debit_cents else "",
            Euros(each.credit_cents) if each.credit_cents else "",
            ACCOUNTING_KINDS[each.kind],
        ),
    )


def _summary(journal: Journal, entries: Sequence[Any]) -> Translatable:
    if journal is Journal.COMMITMENTS:
        return COMMITMENTS.render(len(entries))
    debit_cents = sum(each.debit_cents for each in entries)
    credit_cents = sum(each.credit_cents for each in entries)
    return ENTRIES.render(len(entries), debit=Euros(debit_cents), credit=Euros(credit_cents))
