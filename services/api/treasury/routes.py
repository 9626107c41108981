"""The treasury for programs: what waits, slips with their files, returns, findings."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Annotated, Any, Final, TypeVar

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

from events.masking import mask
from events.treasury import PIECE_NUMBER_MAX, SLIP_NUMBER_MAX
from events.values import UNPRINTED
from services.api.access.authorization import check_authorized
from services.api.access.caller import Scope
from services.api.http.components import TOO_MANY_AT_ONCE
from services.api.http.dependencies import DISK_FULL, Given, Lang, body_of
from services.api.http.lists import CURSOR_UNKNOWN, Page, cursor_of, key_of
from services.api.http.question import BudgetId, FreeText, KeyText, KeyTime, Name, PageFilters
from services.api.problems import NOT_FOUND, Problem, problems
from services.api.queries.rows import Name as Shown
from services.api.treasury import acts, query
from services.api.treasury.acts import XML, Treasurer, file_answer, treasury_of
from services.api.treasury.view import NOT_SET_UP, finding_text
from services.api.treasury.waiting import WaitingOrder, place_of, sort_by_place
from services.texts.language import Language
from services.texts.translation import Sentence, both, translate
from services.treasury.domain.slips import SlipState, SlipType, outside_exercise
from services.treasury.returns.returns import FileOutcome
from services.treasury.slips.issuing import day_of
from services.treasury.slips.numbers import GivenNumbers

RETURNS: Final = "/treasury/returns"

RETURN_BYTES_MAX: Final = 64 * 1024 * 1024
"""Size limit of a file of the accountant."""

RETURN_LIMIT_S: Final = 180.0
LIMITS_S: Final = {RETURNS: RETURN_LIMIT_S}
BODIES_BYTES_MAX: Final = {RETURNS: RETURN_BYTES_MAX}

T = TypeVar("T")
"""A row."""

BY_TIME: Final[TypeAdapter[Any]] = TypeAdapter(tuple[KeyTime, KeyText])
BY_ORDER: Final[TypeAdapter[Any]] = TypeAdapter(tuple[KeyText, KeyText, KeyText])
"""Keys in cursors."""

BINARY: Final[dict[str, Any]] = {XML: {"schema": {"type": "string", "format": "binary"}}}

FileName = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=rf"^[^/\\{UNPRINTED}]+$")
]

router = APIRouter(
    prefix="/treasury",
    tags=["treasury"],
    responses=problems(
        CURSOR_UNKNOWN, acts.NOT_YOURS, NOT_SET_UP, acts.NOT_POSSIBLE, acts.NOTHING_WAITS
    ),
)


def _body_config(example: dict[str, Any]) -> ConfigDict:
    """The configuration of a body: nothing else may stand in it, and this is an example."""
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [example]})


class SlipFilters(PageFilters):
    """Filters of slips."""

    budget: BudgetId | None = None
    state: SlipState | None = None


class WaitingFilters(PageFilters):
    """Filters of the orders that wait."""

    budget: BudgetId | None = None


class FindingFilters(PageFilters):
    """Filters of findings."""

    budget: BudgetId | None = None
    is_open: bool | None = Field(True, description="`false`: those that somebody has closed.")


class ToPrepare(BaseModel):
    """A slip to be prepared."""

    model_config = _body_config({"budget": "21590350100017-00-2023", "slip_type": "01"})

    budget: BudgetId
    slip_type: SlipType = Field(
        SlipType.PAYMENT, description="`01` pays; `02` takes back what was cancelled."
    )


class ErpNumbers(BaseModel):
    """Numbers given by the ERP: of the slip, and of its first piece."""

    model_config = _body_config({"slip": 12, "first_piece": 340})

    slip: int = Field(ge=1, le=SLIP_NUMBER_MAX)
    first_piece: int = Field(ge=1, le=PIECE_NUMBER_MAX)


class Closing(BaseModel):
    """The reason for which a finding is closed."""

    model_config = _body_config({"reason": "Compared with the accountant: paid on 14 June."})

    reason: FreeText


class Cancelling(BaseModel):
    """The reason for which a slip is cancelled."""

    model_config = _body_config({"reason": "The accountant: number 12 is the water service's."})

    reason: FreeText


class ToConfirm(BaseModel):
    """An order that is to be paid, whatever happened up to a record of the journal."""

    model_config = _body_config(
        {"budget": "21590350100017-00-2023", "payment_order": "C/advance", "record": 12}
    )

    budget: BudgetId
    payment_order: Name
    record: int = Field(ge=1, description="`to_confirm` of the order, as it was shown.")


@dataclass(frozen=True, slots=True)
class FindingAnswer(query.Finding):
    """A finding with its sentence, as `ecluse findings` prints it."""

    message: Sentence


@dataclass(frozen=True, slots=True)
class SlipAnswer(query.WholeSlip):
    """A slip with its pieces, the events made of returns about them, and what was found."""

    findings: tuple[FindingAnswer, ...]
    notice: Annotated[Sentence | None, Field(description="Where its day is none of its exercise.")]


class TakenReturn(BaseModel):
    """What became of a file of the accountant."""

    file_name: Shown
    sha256: str
    kind: str = Field(description="`return`, `acquit` or `unreadable`.")
    outcome: str = Field(description="`taken` or `refused`.")
    why: str | None = Field(description="Why it was refused.")
    dated_on: date | None
    pieces: int = Field(description="Pieces that it names.")
    events: int = Field(description="Events made of it: of what was reported before, none.")
    findings: int = Field(description="Findings opened by it.")
    slip_id: str | None = Field(description="The slip that the gateway has answered.")
    accepted: bool | None


@router.get("/slips/waiting", summary="Orders that wait for a slip, and why")
async def waiting(
    request: Request,
    caller: Treasurer,
    components: Given,
    language: Lang,
    filters: Annotated[WaitingFilters, Query()],
) -> Page[WaitingOrder]:
    """The orders that stand on no slip; those that were cancelled after theirs was sent.

    Also those that must be confirmed and stand on a slip that was not exported (`slip_id`).
    """
    if filters.budget is not None:
        check_authorized(caller, filters.budget, Scope.TREASURY)
    after = None if filters.cursor is None else key_of(filters.cursor, request, BY_ORDER)
    sirets = caller.entities(Scope.TREASURY).sirets
    found = sort_by_place(await treasury_of(components).slips.waiting(sirets, filters.budget))
    rows = [each for each in found if after is None or place_of(each) > after]
    page = _page(request, rows, filters.limit, place_of)
    answers = [WaitingOrder.from_waiting(each, language) for each in page.items]
    return Page[WaitingOrder](items=answers, next=page.next)


@router.post("/slips/waiting/confirm", summary="Confirm that an order is to be paid")
async def confirm(
    caller: Treasurer, components: Given, language: Lang, confirmation: ToConfirm
) -> WaitingOrder:
    """Said of an order whose convention was suspended or terminated, or its account replaced.

    That happened after the order was issued, and no slip takes it before. What happens behind
    `record` is to be confirmed again.
    """
    order = await acts.confirm(
        components, caller, confirmation.budget, confirmation.payment_order, confirmation.record
    )
    return WaitingOrder.from_waiting(order, language)


@router.get("/slips", summary="Slips")
async def slips(
    request: Request,
    caller: Treasurer,
    components: Given,
    filters: Annotated[SlipFilters, Query()],
) -> Page[query.Slip]:
    """Slips (bordereaux), the newest first."""
    if filters.budget is not None:
        check_authorized(caller, filters.budget, Scope.TREASURY)
    async with treasury_of(components).store.reading() as connection:
        rows = await query.list_slips(
            connection,
            caller.entities(Scope.TREASURY).sirets,
            budget=filters.budget,
            state=filters.state,
            after=None if filters.cursor is None else key_of(filters.cursor, request, BY_TIME),
            limit=filters.limit + 1,
        )
    return _page(request, rows, filters.limit, lambda each: (each.prepared_at, each.slip_id))


@router.post("/slips", status_code=201, summary="Prepare a slip")
async def prepare(caller: Treasurer, components: Given, draft: ToPrepare) -> query.Slip:
    """A draft with all orders of the budget that are ready; it has no number yet."""
    return await acts.prepare(components, caller, draft.budget, draft.slip_type)


@router.post("/slips/{slip_id}/issue", summary="Issue a slip")
async def issue(
    caller: Treasurer, components: Given, slip_id: Name, numbers: ErpNumbers | None = None
) -> query.Slip:
    """The draft gets its numbers and its file, and never changes again.

    Where the ERP numbers the slips of a budget (`given_by_erp`), it gives them here.
    """
    given = None if numbers is None else GivenNumbers(numbers.slip, numbers.first_piece)
    return await acts.issue(components, caller, slip_id, given)


@router.post("/slips/{slip_id}/cancel", summary="Cancel a slip")
async def cancel(
    caller: Treasurer, components: Given, slip_id: Name, why: Cancelling | None = None
) -> query.Slip:
    """A draft, one that nobody exported, or one that the gateway refused: its orders wait again.

    With a reason also one that the gateway called a duplicate (finding `sent_twice`), where the
    accountant says that its number is another program's; that number is not used again.
    """
    return await acts.cancel(components, caller, slip_id, None if why is None else why.reason)


@router.get(
    "/slips/{slip_id}/file",
    response_class=Response,
    responses={200: {"content": BINARY}},
    summary="The PES file of a slip",
)
async def file(caller: Treasurer, components: Given, slip_id: Name) -> Response:
    """The file for the gateway, ISO-8859-1. It holds whole IBANs, and is kept by nobody on the way.

    That it was asked for stands in the audit trail before it is sent.
    """
    found = await acts.export(components, caller, slip_id)
    return file_answer(found)


@router.get("/slips/{slip_id}", summary="A slip")
async def slip(caller: Treasurer, components: Given, slip_id: Name) -> SlipAnswer:
    """A slip with its pieces, the answers of the accountant on them, and what was found."""
    async with treasury_of(components).store.reading() as connection:
        sirets = caller.entities(Scope.TREASURY).sirets
        found = await query.whole_slip(connection, sirets, slip_id)
    if found is None:
        raise Problem(NOT_FOUND)
    answers = tuple(map(_answer_finding, found.findings))
    day = found.slip.issued_on or day_of(found.slip.prepared_at)
    outside = outside_exercise(found.slip.budget, day)
    notice = None if outside is None else both(outside)
    return SlipAnswer(found.slip, found.pieces, found.events, answers, notice)


@router.post(
    "/returns",
    summary="Take a file of the accountant",
    responses=problems(TOO_MANY_AT_ONCE, DISK_FULL),
    openapi_extra={"requestBody": {"required": True, "content": BINARY}},
)
async def take_return(
    request: Request,
    caller: Treasurer,
    components: Given,
    language: Lang,
    file_name: Annotated[FileName, Query(description="Its name, by which people know it.")],
) -> TakenReturn:
    """A PES_ACQUIT or PES_Retour, up to 64 MiB; what it says that is no event is a finding.

    The same file again, or another that says the same, makes no event more.
    """
    treasury_of(components)
    async with body_of(request, caller, components) as body:
        body.seek(0)
        taken = await acts.take_return(components, caller, body, file_name)
    return _answer_return(taken, language)


@router.get("/findings", summary="Findings")
async def findings(
    request: Request,
    caller: Treasurer,
    components: Given,
    filters: Annotated[FindingFilters, Query()],
) -> Page[FindingAnswer]:
    """What returns say that is no event, the newest first."""
    if filters.budget is not None:
        check_authorized(caller, filters.budget, Scope.TREASURY)
    async with treasury_of(components).store.reading() as connection:
        rows = await query.findings(
            connection,
            caller.entities(Scope.TREASURY).sirets,
            is_open=filters.is_open,
            budget=filters.budget,
            after=None if filters.cursor is None else key_of(filters.cursor, request, BY_TIME),
            limit=filters.limit + 1,
        )
    page = _page(request, rows, filters.limit, lambda each: (each.opened_at, each.finding_id))
    answers = [_answer_finding(each) for each in page.items]
    return Page[FindingAnswer](items=answers, next=page.next)


@router.post("/findings/{finding_id}/close", summary="Close a finding")
async def close(
    caller: Treasurer, components: Given, finding_id: Name, closing: Closing
) -> FindingAnswer:
    """A finding is closed once somebody has looked, with what was done about it."""
    closed = await acts.close_finding(components, caller, finding_id, closing.reason)
    return _answer_finding(closed)


def _page(
    request: Request, rows: Sequence[T], limit: int, key: Callable[[T], tuple[Any, ...]]
) -> Page[T]:
    """The page of these rows, of which one more was asked for than it holds."""
    items, following = list(rows[:limit]), None
    if len(rows) > limit:
        of_last = TypeAdapter(Any).dump_python(key(items[-1]), mode="json")
        following = cursor_of(request, of_last)
    return Page[T].model_construct(items=items, next=following)


def _answer_finding(finding: query.Finding) -> FindingAnswer:
    members = {each.name: getattr(finding, each.name) for each in fields(finding)}
    sentence = Sentence(**mask(asdict(both(finding_text(finding)))))
    return FindingAnswer(**members, message=sentence)


def _answer_return(taken: FileOutcome, language: Language) -> TakenReturn:
    return TakenReturn(
        file_name=taken.file_name,
        sha256=taken.sha256,
        kind=taken.kind,
        outcome=taken.outcome,
        why=None if taken.why is None else mask(translate(taken.why, language)),
        dated_on=taken.dated_on,
        pieces=taken.pieces,
        events=taken.events,
        findings=taken.findings,
        slip_id=taken.slip_id,
        accepted=taken.accepted,
    )
