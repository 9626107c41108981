"""`ecluse findings`: what returns say that is no event, for a person, who closes each by hand."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from events.masking import masked, masked_name
from events.texts import Day, _, ngettext
from services.cli.commands.operate.api_keys import command_user, instant
from services.cli.commands.treasury.opening import AtDatabase
from services.cli.commands.treasury.returns import with_returns
from services.cli.terminal.options import AsJson, Command, Group, flag, typed
from services.cli.terminal.output import EXIT_NOT_THERE, check_text, exit_with, print_json
from services.cli.terminal.screen import Cells, Screen
from services.texts.translation import both
from services.treasury.domain.findings import ReturnProblem, UnknownFinding

if TYPE_CHECKING:
    from services.treasury.store.findings import FindingRow

EXIT_REFUSED: Final = 1

NONE_OPEN = _("No finding is open.")
OPEN = ngettext("{count} finding.", "{count} findings.")
CLOSED = _("Finding {finding} is closed.")
CLOSED_BY = _("closed on {day} by {by}: {reason}")

app = typer.Typer(cls=Group, no_args_is_help=True)


@app.callback()
def findings() -> None:
    """Findings in returns: what a person must look at before it is settled."""


@app.command("list", cls=Command)
def list_findings(
    everything: Annotated[bool, flag("--all", "Those that are closed too.")] = False,
    db: AtDatabase = None,
    as_json: AsJson = False,
) -> None:
    """List the open findings, the oldest first, with what to do about each."""
    found = with_returns(db, lambda returns: returns.findings(None, open_only=not everything))
    if as_json:
        print_json({"findings": [finding_json(each) for each in found]})
        return
    screen = Screen()
    if not found:
        screen.say(NONE_OPEN)
        return
    screen.show_list("open_findings", ("finding", "file", "detail"), found, _rows)
    screen.say(OPEN.render(len(found)))


@app.command(cls=Command)
def close(
    finding_id: Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it.")],
    reason: Annotated[
        str, typer.Option(metavar="WORDS", help="What was found out: it stays with the finding.")
    ],
    db: AtDatabase = None,
    as_json: AsJson = False,
) -> None:
    """Close a finding: it is not opened again."""
    why = check_text("--reason", reason)
    try:
        closed = with_returns(
            db, lambda returns: returns.close(typed(finding_id), command_user(), why)
        )
    except UnknownFinding as problem:
        exit_with(problem.text, EXIT_NOT_THERE)
    except ReturnProblem as problem:
        exit_with(problem.text, EXIT_REFUSED)
    if as_json:
        print_json({"finding": finding_json(closed)})
    else:
        Screen().say(CLOSED.render({"finding": closed.finding_id}))


def finding_json(row: "FindingRow") -> dict[str, Any]:
    """A finding as a program reads it: as the API answers it."""
    sentence: dict[str, Any] = masked(asdict(both(row.text)))
    return {
        "finding_id": row.finding_id,
        "kind": row.kind,
        "budget": row.budget,
        "slip_id": row.slip_id,
        "payment_order": row.payment_order,
        "file_name": row.file_name and masked_name(row.file_name),
        "facts": masked(row.facts),
        "message": sentence,
        "opened_at": instant(row.opened_at),
        "closed_at": instant(row.closed_at),
        "closed_by": row.closed_by,
        "closing_reason": row.closing_reason,
    }


def _rows(row: "FindingRow") -> list[Cells]:
    rows: list[Cells] = [(row.finding_id, row.file_name or "", row.text)]
    if row.closed_at is not None:
        closing = {"by": row.closed_by, "reason": row.closing_reason}
        day = Day(row.closed_at.date().isoformat())
        rows.append(("", "", CLOSED_BY.render({**closing, "day": day})))
    return rows
