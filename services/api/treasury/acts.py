"""Acts at the treasury: each by who has the right, with a line in the audit trail.

The line is written before the act: a file of whole IBANs leaves only when its line stands.
"""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated, BinaryIO, Final

from fastapi import Depends, Response

from events.texts import Translatable, _
from services.api.access.authorization import check_authorized, requires_scope
from services.api.access.caller import Action, Caller, Scope
from services.api.http.components import Components, Treasury
from services.api.problems import NOT_FOUND, Kind, Problem
from services.api.treasury import query
from services.api.treasury.view import NOT_SET_UP
from services.treasury.domain.findings import ReturnProblem
from services.treasury.domain.slips import SlipProblem, SlipType, Waiting
from services.treasury.pes.writer import PesFile
from services.treasury.returns.returns import FileOutcome, ForeignReturn
from services.treasury.slips.numbers import GivenNumbers

XML: Final = "application/xml"

Treasurer = Annotated[Caller, Depends(requires_scope(Scope.TREASURY))]
"""The caller, if they have the right `treasury` for any entity."""

NOT_POSSIBLE: Final = Kind(
    "slip_not_possible",
    409,
    _("Not as things stand"),
    Translatable("{said}"),
    _("Look at the slips and at the orders that wait, then decide again."),
)
NOT_YOURS: Final = Kind(
    "entity_not_allowed",
    403,
    _("Entity outside this access"),
    Translatable("{said}"),
    _("Ask for a key for this entity."),
)
NOTHING_WAITS: Final = Kind(
    "nothing_waits",
    409,
    _("Nothing waits"),
    _("No order of this budget is ready for a slip of this type."),
    _("`GET /treasury/slips/waiting` says which orders wait, and why."),
)


def treasury_of(components: Components) -> Treasury:
    """The treasury of this server.

    Raises:
        Problem: 404, it has none.
    """
    if components.treasury is None:
        raise Problem(NOT_SET_UP)
    return components.treasury


async def slip_for(
    components: Components, caller: Caller, slip_id: str, scope: Scope = Scope.TREASURY
) -> query.Slip:
    """A slip of an entity for which the caller has this right.

    Raises:
        Problem: 404, there is none that the caller may see.
    """
    async with treasury_of(components).store.reading() as connection:
        found = await query.slip(connection, caller.entities(scope).sirets, slip_id)
    if found is None:
        raise Problem(NOT_FOUND)
    return found


async def prepare(
    components: Components, caller: Caller, budget: str, slip_type: SlipType
) -> query.Slip:
    """A draft with all orders of a budget that are ready.

    Raises:
        Problem: 404, another entity's budget; 409, none is ready.
    """
    check_authorized(caller, budget, Scope.TREASURY)
    treasury = treasury_of(components)
    await components.audit.write(caller.name, Action.SLIP_PREPARED, f"{budget}/{slip_type}")
    with _refusals():
        made = await treasury.slips.prepare(budget, slip_type, name_of(caller))
    if made is None:
        raise Problem(NOTHING_WAITS)
    return await slip_for(components, caller, made.slip_id)


async def confirm(
    components: Components, caller: Caller, budget: str, payment_order: str, record: int
) -> Waiting:
    """An order that is to be paid, whatever happened up to a record of the journal.

    Raises:
        Problem: 404, another entity's budget; 409, nothing of it is to be confirmed, or more.
    """
    check_authorized(caller, budget, Scope.TREASURY)
    treasury = treasury_of(components)

    async def write_line(order: Waiting) -> None:
        subject = f"{budget}/{payment_order}"
        facts = {"record": record, "changes": [each.facts for each in order.changes]}
        await components.audit.write(caller.name, Action.ORDER_CONFIRMED, subject, facts)

    with _refusals():
        return await treasury.slips.confirm(
            budget, payment_order, name_of(caller), record, write_line
        )


async def issue(
    components: Components, caller: Caller, slip_id: str, numbers: GivenNumbers | None = None
) -> query.Slip:
    """The slip with its numbers, which may be given, and its file.

    Raises:
        Problem: 404, there is none that the caller may see; 409, it is no draft.
    """
    await slip_for(components, caller, slip_id)
    await components.audit.write(caller.name, Action.SLIP_ISSUED, slip_id)
    with _refusals():
        made = await treasury_of(components).slips.issue(slip_id, name_of(caller), numbers)
    return await slip_for(components, caller, made.slip_id)


async def cancel(
    components: Components, caller: Caller, slip_id: str, reason: str | None = None
) -> query.Slip:
    """The slip, cancelled: its orders wait again.

    Raises:
        Problem: 404, there is none that the caller may see; 409, it was sent.
    """
    await slip_for(components, caller, slip_id)
    facts = {"reason": reason} if reason else None
    await components.audit.write(caller.name, Action.SLIP_CANCELLED, slip_id, facts)
    with _refusals():
        made = await treasury_of(components).slips.cancel(slip_id, name_of(caller), reason)
    return await slip_for(components, caller, made.slip_id)


async def export(components: Components, caller: Caller, slip_id: str) -> PesFile:
    """The PES file of a slip, with whole IBANs.

    Raises:
        Problem: 404, there is none that the caller may see; 409, it is a draft, or holds
            an order that is gone.
    """
    found = await slip_for(components, caller, slip_id)
    facts = {"file": found.file_name, "sha256": found.file_sha256}
    await components.audit.write(caller.name, Action.SLIP_EXPORTED, slip_id, facts)
    with _refusals():
        return await treasury_of(components).slips.export(slip_id, name_of(caller))


async def take_return(
    components: Components, caller: Caller, content: BinaryIO, file_name: str
) -> FileOutcome:
    """Take a file of the accountant.

    Raises:
        Problem: 403, it is of an entity for which the caller has not the right.
    """
    treasury = treasury_of(components)
    await components.audit.write(caller.name, Action.RETURN_TAKEN, file_name)
    try:
        return await treasury.returns.take(
            content, file_name, name_of(caller), caller.entities(Scope.TREASURY).sirets
        )
    except ForeignReturn as error:
        raise Problem(NOT_YOURS, {"said": error.text}) from error


async def close_finding(
    components: Components, caller: Caller, finding_id: str, reason: str
) -> query.Finding:
    """A finding, closed with a reason.

    Raises:
        Problem: 404, there is none that the caller may see; 409, it is closed already.
    """
    store, sirets = treasury_of(components).store, caller.entities(Scope.TREASURY).sirets
    async with store.reading() as connection:
        found = await query.findings(connection, sirets, is_open=None, finding_id=finding_id)
    if not found:
        raise Problem(NOT_FOUND)
    await components.audit.write(caller.name, Action.FINDING_CLOSED, finding_id, {"reason": reason})
    with _refusals():
        await treasury_of(components).returns.close(finding_id, name_of(caller), reason)
    async with store.reading() as connection:
        (closed,) = await query.findings(connection, sirets, is_open=None, finding_id=finding_id)
    return closed


def name_of(caller: Caller) -> str:
    """The name under which the tables keep who did something."""
    return caller.label or caller.name


@contextmanager
def _refusals() -> Generator[None]:
    """Business noes as problems.

    Raises:
        Problem: 409.
    """
    try:
        yield
    except (SlipProblem, ReturnProblem) as error:
        raise Problem(NOT_POSSIBLE, {"said": error.text}) from error


def file_answer(file: PesFile) -> Response:
    """The file as an answer that nobody on the way keeps: it holds whole IBANs."""
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="{file.name}"',
    }
    return Response(file.content, media_type=XML, headers=headers)
