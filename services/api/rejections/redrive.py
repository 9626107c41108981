"""Dead letters sent to the ledger again, by who may operate: one at a time.

The record and the note about it are published one behind the other: whoever is interrupted in
between sends it again, and the ledger answers `duplicate`. The command sends many, in transactions.
"""

from typing import Final

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from events.envelope import CORRECTION
from events.masking import mask
from events.texts import _
from events.topics import EVENTS, INTERNAL_EVENTS
from events.unreadable import Unreadable
from services.api.access.caller import Action, Caller, Scope
from services.api.events_in.publishing import (
    CONSOLE,
    NOT_KEPT,
    NOT_YOUR_TYPE,
    RETRY_AFTER_S,
    author_of,
)
from services.api.events_in.reading import PublishedEvent, event_address
from services.api.http.components import Components
from services.api.http.dependencies import Given, Now, Operator, reading
from services.api.http.question import FreeText, Name, Sequence
from services.api.problems import NOT_FOUND, Kind, Problem, problems
from services.api.queries import rejections as unsettled
from services.api.queries.explanation import is_record_of
from services.ledger.application.handle import RawRecord, decode_record
from services.projector.tables import journal
from services.redrive.dead_letters import Address, place_of, redrives_of
from services.redrive.prospects import UNDERWAY
from services.redrive.sending import (
    BY_MAX,
    Author,
    Resending,
    correction_id,
    former_of,
    resent_records,
)
from services.runtime.kafka.partitioning import partition_of
from services.runtime.kafka.publishing import Message
from services.runtime.ops.errors import Stop

ACCEPTED_OR_WAITS: Final = ("accepted", "parked")

ATTEMPTS_MAX: Final = 3
"""How often a record is sent again from here."""

SETTLED: Final = Kind(
    "already_settled",
    409,
    _("Dealt with already"),
    _(
        "This dead letter was sent again, corrected or marked as reviewed, or its event decided: "
        "record {sequence} of {budget}."
    ),
    _("Look at that record; `ecluse redrive` sends one again that was only reviewed."),
)
SENT_ALREADY: Final = Kind(
    "redrive_underway",
    409,
    _("Sent again already"),
    UNDERWAY,
    _("Wait until it is decided: it leaves the list then."),
)
GONE: Final = Kind(
    "record_gone",
    409,
    _("The record is gone"),
    _("The record of this dead letter cannot be read any more where it stood."),
    _("Ask its sender for it; `ecluse dead-letters show` may still have its bytes."),
)
STILL_UNREADABLE: Final = Kind(
    "still_unreadable",
    409,
    _("Still not readable"),
    _("It would become a dead letter again, for this reason: {reason}."),
    _("Correct it and send that, or ask its sender to."),
)
READABLE: Final = Kind(
    "readable_as_it_is",
    409,
    _("Readable as it is"),
    _("The record of this dead letter can be read now: it is not corrected, but sent as it was."),
    _("Send it again; if it is wrong, put right what became of it."),
)
TOO_OFTEN: Final = Kind(
    "redriven_too_often",
    409,
    _("Sent again too often"),
    _("It was sent again {count} times already, and came back each time."),
    _("Look for the cause first; `ecluse redrive --attempts` allows more."),
)
BY_COMMAND: Final = Kind(
    "redriven_by_command",
    409,
    _("By the command alone"),
    _("It stood among internal events, to which the API does not write."),
    _("An operator sends it again with `ecluse redrive`."),
)

router = APIRouter(
    tags=["what did not go through"],
    responses=problems(
        SETTLED,
        SENT_ALREADY,
        GONE,
        STILL_UNREADABLE,
        TOO_OFTEN,
        BY_COMMAND,
        NOT_YOUR_TYPE,
        NOT_KEPT,
    ),
)


class Why(BaseModel):
    """The reason for which a dead letter is sent again."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"reason": "The client's partitioner is set now."}]},
    )

    reason: FreeText = Field(description="It stays in the journal.")


class Redriven(BaseModel):
    """A dead letter that was sent again, and the event as which it was."""

    chain: str
    sequence: int
    redrives: int = Field(description="How often it was sent again by now.")
    event: PublishedEvent


@router.post(
    "/dead-letters/{chain}/{sequence}/redrive",
    status_code=202,
    summary="Send a dead letter again",
    description="The record is published again as it was: same bytes, key and headers, so the same "
    "event. Beside it a review says who sent it and why. It takes the right `operate` for all "
    "entities; what still cannot be read is not sent.",
    response_description="It is published; the ledger will decide it.",
)
async def redrive_dead_letter(
    caller: Operator, components: Given, now: Now, chain: Name, sequence: Sequence, why: Why
) -> Redriven:
    """Publish a dead letter's record again."""
    author = Author(CONSOLE, name_of_sender(caller), now, why.reason, author_of(caller))
    return await send_again(caller, components, chain, sequence, author)


async def send_again(
    caller: Caller, components: Components, chain: str, sequence: int, author: Author
) -> Redriven:
    """Publish a dead letter's record again, with its note, and an audit line before.

    Raises:
        Problem: the caller may not, there is no such dead letter, or it cannot be sent again.
    """
    if not caller.entities(Scope.OPERATE).every:
        raise Problem(NOT_FOUND)
    at, raw = await record_of(caller, components, chain, sequence)
    if redrives_of(raw.headers) >= ATTEMPTS_MAX:
        raise Problem(TOO_OFTEN, {"count": redrives_of(raw.headers)})
    read = decode_record(raw)
    if isinstance(read, Unreadable):
        raise Problem(STILL_UNREADABLE, {"reason": mask(read.reason)})
    sent = resent_records(at, raw, read, author)
    if sent.records[0].topic != EVENTS:
        raise Problem(BY_COMMAND)
    envelope = read.envelope
    if not caller.may_send(envelope.type):
        raise Problem(NOT_YOUR_TYPE, {"count": 1})
    budget = envelope.data.budget
    if await _is_underway(caller, components, at, budget):
        raise Problem(SENT_ALREADY)
    facts = {"event": f"{budget}/{envelope.source}/{envelope.id}", "why": author.why}
    await components.audit.write(caller.name, Action.DEAD_LETTER_REDRIVEN, at.its_id, facts)
    await publish_again(components, sent)
    event = PublishedEvent(
        line=1,
        id=envelope.id,
        source=envelope.source,
        budget=budget,
        outcome=event_address(budget, envelope.source, envelope.id),
    )
    redrives = redrives_of(sent.records[0].headers)
    return Redriven(chain=chain, sequence=sequence, redrives=redrives, event=event)


async def _is_underway(caller: Caller, components: Components, at: Address, budget: str) -> bool:
    """True where it is known that it was sent again, and is not decided yet.

    Where Kafka does not say so it is sent: the ledger knows repeats.
    """
    ends = await components.journal_ends()
    if not ends or at.source.topic.endswith(INTERNAL_EVENTS):
        return False
    partition = partition_of(budget.encode(), len(ends))
    async with reading(caller, components) as connection:
        offset = await _offset_decided(connection, partition, at.source.topic)
    try:
        return place_of(at.source) in await components.marks_behind(partition, offset)
    except Stop:
        return False


async def _offset_decided(conn: AsyncConnection, partition: int, topic: str) -> int:
    """The offset behind the last record of a partition of this topic that is decided; 0 of none."""
    query = (
        select(journal.c.source_offset)
        .where(journal.c.partition == partition, journal.c.source_topic == topic)
        .where(journal.c.source_partition == partition)
        .order_by(journal.c.journal_offset.desc())
        .limit(1)
    )
    found: int | None = await conn.scalar(query)
    return 0 if found is None else found + 1


async def to_correct(
    caller: Caller, components: Components, chain: str, sequence: int
) -> tuple[Address, RawRecord]:
    """The record of a dead letter that may be corrected, as `record_of`.

    What can be read as it is keeps its identity, and is sent as it is: were it corrected under
    another, both could be applied.

    Raises:
        Problem: as `record_of`; it can be read, or it or a correction of it was accepted meanwhile.
    """
    at, raw = await record_of(caller, components, chain, sequence)
    if not isinstance(decode_record(raw), Unreadable):
        raise Problem(READABLE)
    former = former_of(raw)
    names = {(CORRECTION, correction_id(at, raw)), *(() if former is None else (former,))}
    async with reading(caller, components) as connection:
        decided = await unsettled.find_accepted(
            connection, caller.entities(Scope.READ).sirets, names, ACCEPTED_OR_WAITS
        )
    for budget, number in decided.values():
        raise Problem(SETTLED, {"sequence": number, "budget": budget})
    return at, raw


async def record_of(
    caller: Caller, components: Components, chain: str, sequence: int
) -> tuple[Address, RawRecord]:
    """The record of a dead letter that nothing has settled yet, as it was received.

    Raises:
        Problem: the caller can see no such dead letter, it is settled, or its record is gone.
        Stop: where the record stood does not answer, which the API answers as 503.
    """
    async with reading(caller, components) as connection:
        entities = caller.entities(Scope.READ).sirets
        found = await unsettled.one_dead_letter(connection, entities, chain, sequence)
    if found is None:
        raise Problem(NOT_FOUND)
    if found.settled is not None:
        facts = {"sequence": found.settled.sequence, "budget": found.settled.budget}
        raise Problem(SETTLED, facts)
    raw = (await components.source_records([found.source])).get(found.source)
    if raw is None or not is_record_of(raw, found):
        raise Problem(GONE)
    return Address(chain, sequence, found.source), raw


def messages_of(sent: Resending) -> tuple[Message, ...]:
    """The records of one dead letter, to be published in their order."""
    return tuple(Message(each.key, each.value, each.headers) for each in sent.records)


async def publish_again(components: Components, sent: Resending) -> None:
    """Publish the records of one dead letter, in their order.

    Raises:
        Problem: they are not kept.
    """
    try:
        await components.publisher.publish(messages_of(sent))
    except Stop as error:
        headers = {"Retry-After": str(RETRY_AFTER_S)}
        raise Problem(NOT_KEPT, {"said": error.text}, headers=headers) from error


def name_of_sender(caller: Caller) -> str:
    """The name that stands in the journal, printable as every name there."""
    name = "".join(each for each in caller.label or caller.name if each.isprintable())
    return name[:BY_MAX] or caller.name
