"""`ecluse slips`: orders that wait, drafts, slips with their numbers and files."""
# ruff: noqa: PLC0415 # a database and its tables are imported by whoever uses them

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import typer

from events.masking import mask
from events.texts import Day, Euros, Number, Translatable, _, ngettext
from events.treasury import PIECE_NUMBER_MAX, PIECES_MAX, SLIP_NUMBER_MAX
from services.cli.commands.api_keys import command_user, instant
from services.cli.commands.treasury_database import AtDatabase, open_treasury
from services.cli.terminal.options import AsJson, Command, Group, OfBudget, decode_argument
from services.cli.terminal.output import (
    EXIT_NOT_THERE,
    bad_option,
    check_text,
    exit_with,
    print_json,
    say,
)
from services.cli.terminal.screen import ROWS_MAX, Cells, Screen
from services.cli.terminal.texts import counts
from services.runtime.ops.file_modes import replacing
from services.texts.translation import both, error_text
from services.treasury.domain.slips import (
    SlipProblem,
    SlipState,
    SlipType,
    UnknownSlip,
    Waiting,
    outside_exercise,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from services.treasury.pes.writer import PesFile
    from services.treasury.slips.slips import Slips
    from services.treasury.store.slips import PieceRow, SlipRow


CONFIRM_IT = _(
    "To confirm {order}: `ecluse slips confirm {order} --budget {budget} --record {record}`."
)
READY = _("ready")
TO_TAKE_BACK = _("to be taken back")


def say_to_confirm(screen: Screen, orders: Sequence[Waiting]) -> None:
    """Say by which command each order is confirmed that must be."""
    to_confirm = [each for each in orders if each.to_confirm is not None]
    for each in to_confirm[:ROWS_MAX]:
        # Apart from the table: a command that is broken into a column cannot be copied.
        facts = {"budget": each.order.budget, "order": each.payment_order}
        screen.say(CONFIRM_IT.render({**facts, "record": each.to_confirm}))
    screen.say_more(len(to_confirm) - ROWS_MAX)


def waiting_row(each: Waiting) -> dict[str, Any]:
    """An order that waits, as a program reads it."""
    order, confirmation = each.order, each.confirmation
    return {
        "budget": order.budget,
        "payment_order": order.payment_order,
        "slip_type": each.slip_type.value,
        "amount_cents": each.amount_cents,
        "issued_on": order.issued_on.isoformat(),
        "due_on": order.due_on.isoformat(),
        "beneficiary": order.beneficiary.name,
        "slip_id": each.slip_id,
        "reasons": [asdict(both(reason)) for reason in each.reasons],
        "changes": [
            asdict(change) | {"on": change.on and change.on.isoformat()} for change in each.changes
        ],
        "to_confirm": each.to_confirm,
        "confirmed_at": instant(confirmation.at) if confirmation else None,
        "confirmed_by": confirmation.by if confirmation else None,
    }


def waiting_cells(each: Waiting) -> Cells:
    """The cells of an order in the list."""
    ready = READY if each.slip_type is SlipType.PAYMENT else TO_TAKE_BACK
    order = each.order
    reasons = each.reasons or (ready,)
    named = {f"reason_{place}": reason for place, reason in enumerate(reasons)}
    detail = Translatable("\n".join(f"{{{name}}}" for name in named), named)
    day = Day(order.issued_on.isoformat())
    return (
        order.budget,
        order.payment_order,
        Euros(each.amount_cents),
        day,
        detail,
    )


EXIT_REFUSED: Final = 1
STANDARD_OUTPUT: Final = "-"

NOBODY_WAITS = _("No order waits for a slip.")
WAITING = ngettext(
    "{count} order waits, {ready} of them ready.", "{count} orders wait, {ready} of them ready."
)
CONFIRMED = _("Order {order} is to be paid all the same.")
NONE_READY = _("No order is ready for a slip; `ecluse slips waiting` says what keeps them.")
PREPARED = _("Draft {slip}: {payment_orders}, {amount}. `ecluse slips issue {slip}` issues it.")
ISSUED = _("Slip {slip} is issued under number {number}: {payment_orders}, {amount}.")
EXPORTED = _("{file}: the file of slip {slip}.")
CANCELLED = _("Slip {slip} is cancelled; its orders wait again.")
NO_SLIPS = _("No slip yet; `ecluse slips prepare` makes a draft of the orders that wait.")
BOTH_NUMBERS = _("--number and --first-piece belong together: give both or none")
CANNOT_WRITE = _("{file} cannot be written: {error}. Export the slip again.")

STATES: Final = {
    SlipState.PREPARED: _("draft"),
    SlipState.ISSUED: _("issued"),
    SlipState.ACCEPTED: _("accepted by the gateway"),
    SlipState.REFUSED: _("refused by the gateway"),
    SlipState.CANCELLED: _("cancelled"),
}
"""States of a slip, for people."""

Result = TypeVar("Result")
ItsId = Annotated[str, typer.Argument(metavar="ID", help="As `show` lists it.")]
OfType = Annotated[
    SlipType | None,
    typer.Option(
        "--type", metavar="01|02", help="01 pays, 02 takes cancelled orders back; else both."
    ),
]

slips_app = typer.Typer(cls=Group, no_args_is_help=True)


@slips_app.callback()
def slips() -> None:
    """Slips (bordereaux) of payment orders: drafts, numbers, PES files for the accountant."""


@slips_app.command("waiting", cls=Command)
def waiting(budget: OfBudget = None, db: AtDatabase = None, as_json: AsJson = False) -> None:
    """List the orders that wait for a slip, and what keeps each from one."""
    found = _do(db, lambda slips: slips.waiting(None, budget))
    if as_json:
        print_json({"waiting": [waiting_row(each) for each in found]})
        return
    screen = Screen()
    if not found:
        screen.say(NOBODY_WAITS)
        return
    columns = ("budget", "order", "amount", "issued", "detail")
    screen.show_list("slips_waiting", columns, found, waiting_cells)
    on_none = [each for each in found if each.slip_id is None]
    if on_none:
        ready = sum(not each.reasons for each in on_none)
        screen.say(WAITING.render(len(on_none), ready=Number(ready)))
    say_to_confirm(screen, found)


@slips_app.command("confirm", cls=Command)
def confirm(
    payment_order: Annotated[str, typer.Argument(metavar="ORDER", help="As `waiting` lists it.")],
    budget: Annotated[str, typer.Option(metavar="BUDGET", help="Its budget.")],
    record: Annotated[
        int, typer.Option(metavar="N", min=1, help="The last record known; `waiting` names it.")
    ],
    db: AtDatabase = None,
    as_json: AsJson = False,
) -> None:
    """Confirm that an order is to be paid, whatever happened since it was issued.

    The beneficiary's account was replaced, or the convention suspended or terminated: no slip takes
    the order before. What happens behind that record is to be confirmed again.
    """
    who = command_user()
    order = _do(
        db,
        lambda slips: slips.confirm(
            decode_argument(budget), decode_argument(payment_order), who, record
        ),
    )
    if as_json:
        print_json({"confirmed": waiting_row(order)})
        return
    screen = Screen()
    for each in order.changes:
        screen.say(each.text(order.payment_order))
    screen.say(CONFIRMED.render({"order": order.payment_order}))


@slips_app.command("prepare", cls=Command)
def prepare(
    budget: OfBudget = None,
    slip_type: OfType = None,
    at_most: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, max=PIECES_MAX, help="So many orders on a draft at most."),
    ] = None,
    db: AtDatabase = None,
    as_json: AsJson = False,
) -> None:
    """Put the orders that are ready on drafts, one for each budget and type."""

    async def work(slips: "Slips") -> list["SlipRow"]:
        await slips.check_compared()
        ready = await slips.ready(budget)
        wanted = {(each.order.budget, each.slip_type): None for each in ready}
        most = {} if at_most is None else {"at_most": at_most}
        made = [
            await slips.prepare(of_budget, of_type, command_user(), **most)
            for of_budget, of_type in wanted
            if slip_type in {None, of_type}
        ]
        return [each for each in made if each is not None]

    found = _do(db, work)
    if as_json:
        print_json({"prepared": [slip_json(each) for each in found]})
        return
    for each in found:
        Screen().say(PREPARED.render(_facts(each)))
        _warn(each)
    if not found:
        Screen().say(NONE_READY)


@slips_app.command("show", cls=Command)
def show(
    slip_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="Of this slip, its pieces.")
    ] = None,
    budget: OfBudget = None,
    db: AtDatabase = None,
    as_json: AsJson = False,
) -> None:
    """List the slips, the newest first; or one slip with its pieces."""
    if slip_id is None:
        _show_all(_do(db, lambda slips: slips.list_all(None, budget)), as_json=as_json)
        return

    async def work(slips: "Slips") -> tuple["SlipRow", list["PieceRow"]]:
        return await slips.get(slip_id), await slips.pieces(slip_id)

    slip, pieces = _do(db, work)
    if as_json:
        print_json({"slip": slip_json(slip), "pieces": [asdict(each) for each in pieces]})
        return
    screen = Screen()
    screen.show_list("slips", SLIP_COLUMNS, [slip], _slip_cells)
    screen.show_list("pieces", ("sequence", "order", "amount"), pieces, _piece_cells)


@slips_app.command("issue", cls=Command)
def issue(
    slip_id: ItsId,
    number: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, max=SLIP_NUMBER_MAX, help="The slip's number, given by the ERP."
        ),
    ] = None,
    first_piece: Annotated[
        int | None,
        typer.Option(
            metavar="M", min=1, max=PIECE_NUMBER_MAX, help="The number of its first piece."
        ),
    ] = None,
    db: AtDatabase = None,
    as_json: AsJson = False,
) -> None:
    """Number a draft and make its PES file: it never changes again.

    Orders that were cancelled since are left out. Numbers are Écluse's own series, or those of the
    ERP where the file of ECLUSE_TREASURY_FILE says so.
    """
    if (number is None) != (first_piece is None):
        raise bad_option("--number", BOTH_NUMBERS)

    async def work(slips: "Slips") -> "SlipRow":
        from services.treasury.slips.numbers import GivenNumbers

        if number is None or first_piece is None:
            return await slips.issue(slip_id, command_user())
        return await slips.issue(slip_id, command_user(), GivenNumbers(number, first_piece))

    issued = _do(db, work)
    _say(issued, ISSUED, as_json=as_json)
    if not as_json:
        _warn(issued)


@slips_app.command("export", cls=Command)
def export(
    slip_id: ItsId,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="PATH", help="File or directory; - for standard output."
        ),
    ] = Path(),
    db: AtDatabase = None,
    as_json: AsJson = False,
) -> None:
    """Write the PES file of an issued slip: the same bytes at any time.

    It holds whole bank accounts. A slip that was exported is cancelled only where the gateway
    refused it, or called it a duplicate.
    """
    file = _do(db, lambda slips: slips.export(slip_id, command_user()))
    if str(output) == STANDARD_OUTPUT:
        sys.stdout.buffer.write(file.content)
        return
    try:
        path = save(file, output)
    except OSError as error:
        exit_with(CANNOT_WRITE.render({"file": output, "error": error_text(error)}), EXIT_NOT_THERE)
    if as_json:
        print_json({"slip_id": slip_id, "file": str(path), "bytes": len(file.content)})
    else:
        Screen().say(EXPORTED.render({"file": path, "slip": slip_id}))


def save(file: "PesFile", path: Path) -> Path:
    """Write a file at this path, or under its own name in this directory; return where.

    Raises:
        OSError: it cannot be written; nothing is left of it.
    """
    is_folder = path.is_dir()
    target = path / file.name if is_folder else path
    with replacing(target, keeps_link=not is_folder) as part:
        part.write(file.content)
    return target


@slips_app.command("cancel", cls=Command)
def cancel(
    slip_id: ItsId,
    reason: Annotated[
        str | None,
        typer.Option(
            metavar="WORDS", help="Why: asked for where the gateway called it a duplicate."
        ),
    ] = None,
    db: AtDatabase = None,
    as_json: AsJson = False,
) -> None:
    """Give up a draft, a slip that never left, or one that the gateway refused.

    One that the gateway has already is not refused. Where the accountant says that its number is
    another program's, give that as the reason: its number is not used again.
    """
    why = reason and check_text("--reason", reason)
    _say(
        _do(db, lambda slips: slips.cancel(slip_id, command_user(), why)),
        CANCELLED,
        as_json=as_json,
    )


def _do(db: str | None, work: "Callable[[Slips], Awaitable[Result]]") -> Result:
    """Do something with slips; a business no is said on standard error."""

    async def go() -> Result:
        from services.api.adapters.clock_and_chance import wall_clock
        from services.treasury.slips.slips import Slips

        async with open_treasury(db) as all_:
            return await work(Slips(*all_, wall_clock))

    try:
        return asyncio.run(go())
    except UnknownSlip as problem:
        exit_with(problem.text, EXIT_NOT_THERE)
    except SlipProblem as problem:
        exit_with(problem.text, EXIT_REFUSED)


def _say(slip: "SlipRow", text: Translatable, *, as_json: bool) -> None:
    if as_json:
        print_json({"slip": slip_json(slip)})
    else:
        Screen().say(text.render(_facts(slip)))


def _warn(slip: "SlipRow") -> None:
    """Say where the day of a slip is none of its exercise."""
    notice = _notice(slip)
    if notice is not None:
        say(notice, err=True)


def _notice(slip: "SlipRow") -> Translatable | None:
    from services.treasury.slips.issuing import day_of

    return outside_exercise(slip.budget, slip.issued_on or day_of(slip.prepared_at))


def _facts(slip: "SlipRow") -> dict[str, object]:
    return {
        "slip": slip.slip_id,
        "number": slip.number,
        **counts(payment_orders=slip.piece_count),
        "amount": Euros(slip.amount_cents),
    }


SLIP_COLUMNS: Final = ("slip", "type", "sequence", "state", "count", "amount", "issued")


def _show_all(slips: list["SlipRow"], *, as_json: bool) -> None:
    if as_json:
        print_json({"slips": [slip_json(each) for each in slips]})
    elif slips:
        Screen().show_list("slips", SLIP_COLUMNS, slips, _slip_cells)
    else:
        Screen().say(NO_SLIPS)


def slip_json(slip: "SlipRow") -> dict[str, Any]:
    """A slip as a program reads it."""
    from services.texts.translation import both

    row = asdict(slip)
    for name, value in row.items():
        if isinstance(value, datetime):
            row[name] = instant(value)
    row["answer"] = mask(slip.answer)
    notice = _notice(slip)
    row["notice"] = None if notice is None else asdict(both(notice))
    return row | {"issued_on": slip.issued_on and slip.issued_on.isoformat()}


def _slip_cells(slip: "SlipRow") -> Cells:
    issued_on = "" if slip.issued_on is None else Day(slip.issued_on.isoformat())
    number = "" if slip.number is None else slip.number
    amount, state = Euros(slip.amount_cents), STATES[slip.state]
    return slip.slip_id, slip.slip_type.value, number, state, slip.piece_count, amount, issued_on


def _piece_cells(piece: "PieceRow") -> Cells:
    number = "" if piece.number is None else piece.number
    return number, piece.payment_order, Euros(piece.amount_cents)
