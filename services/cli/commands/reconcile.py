"""`ecluse reconcile`: entries, slips and returns against the ledger, the ERP against entries."""
# ruff: noqa: PLC0415 # a database is imported by whoever uses it

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from events.texts import _, ngettext
from services.cli.commands.treasury_database import AtDatabase, open_treasury
from services.cli.terminal.options import AsJson, OfBudget
from services.cli.terminal.output import display_name, exit_with, print_json, say, show_spinner
from services.cli.terminal.texts import FAULT, READING
from services.texts.translation import both

if TYPE_CHECKING:
    from services.treasury.entries.bookkeeper import BudgetBehind
    from services.treasury.reconciliation.discrepancy import Change, Discrepancy
    from services.treasury.reconciliation.erp import ErpTotals
    from services.treasury.reconciliation.reconcile import Reconciliation

DIFFERENCE: Final = _("{budget}: {text}.")
OF_RECORDS: Final = _("{budget}: {text}. Records: {records}.")
NOTHING: Final = _("Nothing differs.")
COUNT: Final = ngettext("{count} difference.", "{count} differences.")
BEHIND: Final = _(
    "{budget}: entries are made up to record {booked} of {last}; `ecluse entries --book` makes the "
    "others."
)
NO_ACCOUNTS: Final = _(
    "Accounts of entries are not compared: ECLUSE_TREASURY_FILE, which names them, is not set."
)
EXIT_DIFFERENT: Final = 1


def reconcile(
    budget: OfBudget = None,
    erp: Annotated[
        typer.FileBinaryRead | None,
        typer.Option(
            "--erp",
            metavar="FILE",
            help="Totals of the ERP (CSV): budget, account, debit, credit, if by line its codes.",
        ),
    ] = None,
    db: AtDatabase = None,
    as_json: AsJson = False,
) -> None:
    """Compare entries, slips and returns with the ledger, and the ERP's totals with the entries.

    Every difference is named with its records of the journal. It exits 1 if there is any; an order
    that waits for its slip is none, and is counted.
    """
    from services.treasury.settings import TreasurySettings

    totals = None if erp is None else _totals(erp)
    has_accounts = TreasurySettings().treasury_file is not None
    with show_spinner(READING):
        done, behind = asyncio.run(_reconcile(db, budget, totals, with_accounts=has_accounts))
    if as_json:
        rows = [_row(each) for each in done.differences]
        not_booked = [each._asdict() for each in behind]
        print_json(
            {"differences": rows, "not_booked": not_booked, "compared": done.compared._asdict()}
        )
    else:
        _show(done, behind)
    if not has_accounts:
        say(NO_ACCOUNTS, err=True)
    if done.differences:
        raise typer.Exit(EXIT_DIFFERENT)


def _totals(erp: typer.FileBinaryRead) -> "ErpTotals":
    """The ERP's totals; it leaves with 1 where they cannot be read."""
    from services.treasury.reconciliation.erp import ErpUnreadable, read_totals

    try:
        return read_totals(erp.read())
    except ErpUnreadable as error:
        facts = {"place": display_name(erp), "reason": error.text}
        exit_with(FAULT.render(facts), EXIT_DIFFERENT)


async def _reconcile(
    db: str | None, budget: str | None, totals: "ErpTotals | None", *, with_accounts: bool
) -> "tuple[Reconciliation, list[BudgetBehind]]":
    from services.api.adapters.clock_and_chance import wall_clock
    from services.treasury.entries.bookkeeper import Bookkeeper
    from services.treasury.reconciliation.reconcile import reconcile as reconciled

    async with open_treasury(db) as (store, read_model, config):
        accounts = config.accounts
        behind = await Bookkeeper(store, read_model, accounts, wall_clock).list_behind()
        done = await reconciled(
            store,
            read_model,
            accounts,
            budget=budget,
            totals=totals,
            with_accounts=with_accounts,
        )
        return done, [each for each in behind if budget in {None, each.budget}]


def _row(each: "Discrepancy") -> dict[str, Any]:
    return {
        "kind": each.kind,
        "budget": each.budget,
        "line": each.line,
        "account": each.account,
        "side": each.side,
        "payment_order": each.payment_order,
        "slip_id": each.slip_id,
        "entry_id": each.entry_id,
        "changes": [_change_row(change) for change in each.changes],
        "expected_cents": each.expected_cents,
        "found_cents": each.found_cents,
        "records": each.records,
        "message": asdict(both(each.text)),
    }


def _change_row(change: "Change") -> dict[str, Any]:
    return {"member": change.member, "expected": change.expected, "found": change.actual}


def _show(done: "Reconciliation", behind: "list[BudgetBehind]") -> None:
    for each in done.differences:
        facts = {"budget": each.budget, "text": each.text, "records": each.records}
        say((OF_RECORDS if each.records else DIFFERENCE).render(facts))
    for budget in behind:
        say(BEHIND.render(budget._asdict()))
    for text in done.compared.texts:
        say(text)
    say(COUNT.render(len(done.differences)) if done.differences else NOTHING)
