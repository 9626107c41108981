"""`ecluse returns`, `ecluse findings`: files of the accountant, and what a person must look at."""
# ruff: noqa: PLC0415 # a database and its tables are imported by whoever uses them

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import typer

from events.masking import mask, mask_name
from events.texts import Day, Number, Translatable, _, ngettext, verbatim
from services.cli.commands.api_keys import command_user, instant
from services.cli.commands.treasury_database import AtDatabase, open_treasury
from services.cli.terminal.options import AsJson, Command, Group, decode_argument, flag
from services.cli.terminal.output import (
    EXIT_NOT_THERE,
    check_text,
    display_name,
    exit_with,
    print_json,
)
from services.cli.terminal.screen import Cells, Screen
from services.texts.translation import both
from services.treasury.domain.findings import ReturnProblem, UnknownFinding

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from services.treasury.returns.returns import FileOutcome, ReturnRow, Returns
    from services.treasury.store.findings import FindingRow


EXIT_REFUSED: Final = 1

SHOWN_MAX: Final = 500
"""Files that are listed for people."""

REFUSED = _("{file} was not taken: {why}")
ACCEPTED_SLIP = _("{file}: the gateway accepted slip {slip}.")
REFUSED_SLIP = _("{file}: the gateway refused slip {slip}.")
NO_SLIP = _("{file}: an answer of the gateway to a file that was not sent from here.")
TAKEN = _("{file}: {pieces}, {events}, {findings}.")
PIECES = ngettext("{count} piece read", "{count} pieces read")
EVENTS = ngettext("{count} new event", "{count} new events")
FINDINGS = ngettext("{count} new finding", "{count} new findings")
NO_RETURNS = _("No file of the accountant was read yet.")

MORE_RETURNS = _("These are the newest {count}: --json lists all.")

OUTCOMES: Final = {"taken": _("taken"), "refused": _("refused")}
KINDS: Final = {
    "acquit": _("answer of the gateway"),
    "return": _("return"),
    "unreadable": _("unreadable"),
}
"""Outcomes and kinds of files, for people."""

Result = TypeVar("Result")

returns_app = typer.Typer(cls=Group, no_args_is_help=True)


@returns_app.callback()
def returns() -> None:
    """Returns of the public accountant (PES_Retour) and answers of the gateway (PES_ACQUIT)."""


@returns_app.command("take", cls=Command)
def take(
    files: Annotated[
        list[typer.FileBinaryRead],
        typer.Argument(metavar="FILE", help="As the accountant sends them; - is standard input."),
    ],
    db: AtDatabase = None,
    as_json: AsJson = False,
) -> None:
    """Take files: payments and answers become events, all else findings; exit 1 if one is refused.

    A file is taken as a whole or not at all. One that was taken before adds nothing, in whatever
    order and under whatever name it comes.
    """

    async def work(returns: "Returns") -> "list[FileOutcome]":
        return [
            await returns.take(each, Path(display_name(each)).name, command_user())
            for each in files
        ]

    found = with_returns(db, work)
    if as_json:
        print_json({"files": [describe_taken(each) for each in found]})
    else:
        for each in found:
            _say(Screen(), each)
    if any(each.outcome == "refused" for each in found):
        raise typer.Exit(EXIT_REFUSED)


@returns_app.command("list", cls=Command)
def list_returns(db: AtDatabase = None, as_json: AsJson = False) -> None:
    """List the files that were read, the newest first, and what became of each."""
    at_most = None if as_json else SHOWN_MAX + 1
    found = with_returns(db, lambda returns: returns.list_files(at_most))
    if as_json:
        print_json({"files": [return_json(each) for each in found]})
    elif found:
        columns = ("recorded", "file", "kind", "state", "detail")
        Screen().show_list("returns", columns, found[:SHOWN_MAX], _cells)
        if len(found) > SHOWN_MAX:
            Screen().say(MORE_RETURNS.render({"count": Number(SHOWN_MAX)}))
    else:
        Screen().say(NO_RETURNS)


def with_returns(db: str | None, work: "Callable[[Returns], Awaitable[Result]]") -> Result:
    """Do something with returns and findings."""

    async def go() -> Result:
        from services.api.adapters.clock_and_chance import wall_clock
        from services.treasury.returns.returns import Returns

        async with open_treasury(db) as all_:
            return await work(Returns(all_.store, all_.config, wall_clock))

    return asyncio.run(go())


def describe_taken(taken: "FileOutcome") -> dict[str, Any]:
    """The outcome of a file, as a program reads it."""
    return {
        "file": mask_name(taken.file_name),
        "sha256": taken.sha256,
        "kind": taken.kind,
        "outcome": taken.outcome,
        "why": None if taken.why is None else mask(asdict(both(taken.why))),
        "dated_on": taken.dated_on and taken.dated_on.isoformat(),
        "pieces": taken.pieces,
        "events": taken.events,
        "findings": taken.findings,
        "slip": taken.slip_id,
        "accepted": taken.accepted,
        "errors": [mask(asdict(each)) for each in taken.errors],
    }


def return_json(row: "ReturnRow") -> dict[str, Any]:
    """A file that was read, as a program reads it."""
    facts = {name: fact for name, fact in row.facts.items() if name != "why"}
    return {
        "file": mask_name(row.file_name),
        "sha256": row.sha256,
        "kind": row.kind,
        "outcome": row.outcome,
        "why": None if row.why is None else mask(asdict(both(row.why))),
        "dated_on": row.dated_on and row.dated_on.isoformat(),
        "received_at": instant(row.received_at),
        "received_by": row.received_by,
        **facts,
    }


def _say(screen: Screen, taken: "FileOutcome") -> None:
    screen.say(_sentence(taken))
    for error in taken.errors:
        screen.say(verbatim(f"- {error.label}"))
    if taken.outcome == "taken":
        for each in taken.opened:
            screen.say(each.text)


def _sentence(taken: "FileOutcome") -> Translatable:
    file: dict[str, object] = {"file": taken.file_name}
    if taken.why is not None:
        return REFUSED.render(file | {"why": taken.why})
    if taken.kind == "acquit" and taken.slip_id is None:
        return NO_SLIP.render(file)
    if taken.kind == "acquit":
        text = ACCEPTED_SLIP if taken.accepted else REFUSED_SLIP
        return text.render(file | {"slip": taken.slip_id})
    counts = {
        "pieces": PIECES.render(taken.pieces),
        "events": EVENTS.render(taken.events),
        "findings": FINDINGS.render(taken.findings),
    }
    return TAKEN.render(file | counts)


def _cells(row: "ReturnRow") -> Cells:
    detail: object = row.why
    if detail is None:
        detail = ", ".join(f"{name}: {fact}" for name, fact in row.facts.items())
    return instant(row.received_at), row.file_name, KINDS[row.kind], OUTCOMES[row.outcome], detail


NONE_OPEN = _("No finding is open.")
OPEN = ngettext("{count} finding.", "{count} findings.")
CLOSED = _("Finding {finding} is closed.")
CLOSED_BY = _("closed on {day} by {by}: {reason}")

findings_app = typer.Typer(cls=Group, no_args_is_help=True)


@findings_app.callback()
def findings() -> None:
    """Findings in returns: what a person must look at before it is settled."""


@findings_app.command("list", cls=Command)
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


@findings_app.command("close", cls=Command)
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
            db, lambda returns: returns.close(decode_argument(finding_id), command_user(), why)
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
    sentence: dict[str, Any] = mask(asdict(both(row.text)))
    return {
        "finding_id": row.finding_id,
        "kind": row.kind,
        "budget": row.budget,
        "slip_id": row.slip_id,
        "payment_order": row.payment_order,
        "file_name": row.file_name and mask_name(row.file_name),
        "facts": mask(row.facts),
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
