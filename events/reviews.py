"""Events by which persons deal with records of the journal: reviews, and withdrawals."""

from typing import Annotated, ClassVar

from msgspec import Meta

from events.parts import EventData, EventReference
from events.texts import Translatable, _
from events.values import Comment, Date, DeadChain, Name, Text

RecordNumber = Annotated[int, Meta(ge=1, le=2**53 - 1)]
"""The sequence of a record in its chain."""


class RecordReviewed(EventData):
    """A person has seen a record that needs action: a refusal, a review flag, a dead letter.

    It moves nothing and decides nothing: the record is dealt with, and by whom. Whoever keeps the
    accounts answers for what was refused or flagged; the journal says that somebody looked.
    """

    TYPE: ClassVar[str] = "ecluse.record.reviewed.v1"
    NAME: ClassVar[Translatable] = _("Record reviewed")

    chain: DeadChain | None = None
    sequence: RecordNumber
    reviewed_by: Name
    reviewed_on: Date
    comment: Comment | None = None
    event: EventReference | None = None
    """The event as which a dead letter was sent again: itself, or the corrected one."""


class EventWithdrawn(EventData):
    """A parked event is withdrawn: nobody waits any more for what it lacks.

    The event is refused behind this one. A corrected event is sent under an id of its own.
    """

    TYPE: ClassVar[str] = "ecluse.event.withdrawn.v1"
    NAME: ClassVar[Translatable] = _("Event withdrawn")

    event: EventReference
    reason: Text


ReviewEvent = RecordReviewed | EventWithdrawn
