"""`ecluse dev kill`, `start` and `status`: the parts of a stack that runs in another terminal."""

import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from events.texts import Translatable, _
from services.cli.terminal.options import AsJson, Command, Group, flag
from services.cli.terminal.output import EXIT_NOT_THERE, exit_with, print_json, say, show_spinner
from services.dev import control
from services.dev.control import Action, Part
from services.dev.services import is_ready

POLL_S: Final = 0.1
END_S: Final = 60.0
READY_S: Final = 90.0
EXIT_NOT_WELL: Final = 1

KILLED = _("{name} has ended ({how}). `ecluse dev start {name}` starts it again.")
STARTED = _("{name} runs again, and is ready.")
RUNS_ALREADY = _("{name} runs already.")
ENDED_ALREADY = _("{name} has ended already ({how}).")
NOT_KEPT = _(
    "this stack ends as a whole where a part of it ends: start it with `ecluse dev --keep-going`"
)
NO_ANSWER = _("{name}: `ecluse dev` has not done it in {limit_s:g} s; its terminal may say why.")
WAITING = _("waiting for {name}")
ENDED_AGAIN = _("{name} has ended again ({how}): its log in {folder} says why.")
PART = _("{name}: {state}")
RUNS = _("ready, process {pid}")
STARTS = _("not ready, process {pid}")
HAS_ENDED = _("ended ({how})")


class Name(StrEnum):
    """Parts of the stack."""

    KAFKA = "kafka"
    LEDGER = "ledger"
    WATCH = "watch"
    PROJECTOR = "projector"
    TREASURY = "treasury"
    API = "api"


APart = Annotated[
    Name, typer.Argument(metavar="NAME", help="kafka, ledger, watch, projector, treasury or api.")
]
Folder = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Where `ecluse dev` has its logs; else the one that runs."),
]

app = typer.Typer(cls=Group, invoke_without_command=True)


@app.command("kill", cls=Command)
def kill_part(
    name: APart,
    terminate: Annotated[bool, flag("--term", "In order, by SIGTERM; else by SIGKILL.")] = False,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """End a part of the stack that runs with --keep-going, as a power cut would."""
    where = control.find(folder)
    before = control.read_board(where)
    if not before.keeps_going:
        exit_with(NOT_KEPT, EXIT_NOT_WELL)
    part = before.part(name)
    if part.code is not None:
        _report(part, ENDED_ALREADY, as_json=as_json)
        return
    action = Action.TERMINATE if terminate else Action.KILL
    _report(_asked(where, action, name, _has_ended, END_S), KILLED, as_json=as_json)


@app.command("start", cls=Command)
def start_part(name: APart, folder: Folder = None, as_json: AsJson = False) -> None:
    """Start a part again that has ended, and wait until it is ready."""
    where = control.find(folder)
    before = control.read_board(where).part(name)
    if before.code is None:
        _report(before, RUNS_ALREADY, as_json=as_json)
        return

    def has_come(part: Part) -> bool:
        if part.pid != before.pid and part.code is not None:
            facts = {"name": name, "how": control.ended_text(part.code), "folder": where}
            exit_with(ENDED_AGAIN.render(facts), EXIT_NOT_THERE)
        return part.code is None and is_ready(part.probe)

    _report(_asked(where, Action.START, name, has_come, READY_S), STARTED, as_json=as_json)


@app.command("status", cls=Command)
def show_status(folder: Folder = None, as_json: AsJson = False) -> None:
    """Show which parts run; exit 1 if one has ended, or is not ready."""
    board = control.read_board(control.find(folder))
    ready = {each.name: each.code is None and is_ready(each.probe) for each in board.parts}
    if as_json:
        print_json({"parts": [{**_row(each), "ready": ready[each.name]} for each in board.parts]})
    else:
        for each in board.parts:
            state = _state(each, is_ready=ready[each.name])
            say(PART.render({"name": each.name, "state": state}))
    if not all(ready.values()):
        raise typer.Exit(EXIT_NOT_WELL)


def _asked(
    folder: Path, action: Action, name: str, is_done: Callable[[Part], bool], limit_s: float
) -> Part:
    """Ask for it, and wait until it is done; exit 3 where it is not in time."""
    request = control.request(folder, action, name)
    until_s = time.monotonic() + limit_s
    with show_spinner(WAITING.render({"name": name})):
        while time.monotonic() < until_s:
            part = control.read_board(folder).part(name)
            if not request.exists() and is_done(part):
                return part
            time.sleep(POLL_S)
    return exit_with(NO_ANSWER.render({"name": name, "limit_s": limit_s}), EXIT_NOT_THERE)


def _has_ended(part: Part) -> bool:
    return part.code is not None


def _report(part: Part, message: Translatable, *, as_json: bool) -> None:
    if as_json:
        print_json(_row(part))
    else:
        how = "" if part.code is None else control.ended_text(part.code)
        say(message.render({"name": part.name, "how": how}))


def _row(part: Part) -> dict[str, object]:
    return {"name": part.name, "pid": part.pid, "exit_code": part.code}


def _state(part: Part, *, is_ready: bool) -> Translatable:
    if part.code is not None:
        return HAS_ENDED.render({"how": control.ended_text(part.code)})
    return (RUNS if is_ready else STARTS).render({"pid": part.pid})
