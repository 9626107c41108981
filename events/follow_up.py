"""Events about what is there already: passed deadlines, reviewed records, withdrawn events."""

from datetime import timedelta
from typing import Annotated, Any, ClassVar, Final, Literal

from msgspec import Meta
from pydantic import ConfigDict, ValidationInfo, field_validator

from events.parts import EventData, EventReference
from events.texts import Translatable, _
from events.values import (
    Comment,
    ConventionNumber,
    Date,
    DeadChain,
    Name,
    OrderReference,
    Text,
    invalid_value,
    missing_field,
)

SUBJECTS: Final = {"report_due": "convention", "payment_due": "payment_order", "parked": "event"}
"""The subject of each kind of deadline, in the order of the fields."""

PATIENCE: Final = timedelta(days=30)
"""The time that an event may wait, from its own time on; then a deadline ends it (rules, 29)."""

UNNAMED = _("add it, a deadline says what it is about")

OF_ANOTHER_KIND = _("a deadline of this kind is not about that: remove it")


def _describe_kind(kind: str) -> dict[str, Any]:
    """The JSON Schema of a kind: its subject is there, and no other."""
    members: dict[str, Any] = {
        each: {"not": {"type": "null"}} if each == SUBJECTS[kind] else {"type": "null"}
        for each in SUBJECTS.values()
    }
    return {
        "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
        "then": {"required": [SUBJECTS[kind]], "properties": members},
    }


class DeadlinePassed(EventData):
    """A day passed by which something was due: a payment, a report, or what an event waits for.

    An internal event that Écluse's watch writes to the ledger, which has no clock of its own. A
    grant is paid within 60 days, unless otherwise agreed (loi 2021-875); its financial report comes
    within six months of the year's end.
    """

    TYPE: ClassVar[str] = "ecluse.deadline.passed.v1"
    NAME: ClassVar[Translatable] = _("Deadline passed")
    SUBJECT = ("kind", "convention", "payment_order", "event", "due_on")
    DAY = None
    CONCERNS = ("deadline",)
    SHOWS = ()
    MODEL_CONFIG = ConfigDict(
        json_schema_extra={"allOf": [_describe_kind(kind) for kind in SUBJECTS]}
    )

    convention: ConventionNumber | None = None
    payment_order: OrderReference | None = None
    event: EventReference | None = None
    kind: Literal["payment_due", "report_due", "parked"]
    due_on: Date

    @field_validator("kind")
    @classmethod
    def _is_about_what_its_kind_says(cls, kind: str, info: ValidationInfo) -> str:
        for subject in SUBJECTS.values():
            named = info.data.get(subject) is not None
            if subject == SUBJECTS[kind] and not named:
                missing_field(UNNAMED, sibling=subject)
            if subject != SUBJECTS[kind] and named:
                invalid_value(OF_ANOTHER_KIND, sibling=subject)
        return kind


RecordNumber = Annotated[int, Meta(ge=1, le=2**53 - 1)]
"""The sequence of a record in its chain."""


class RecordReviewed(EventData):
    """A person has seen a record that needs action: a refusal, a review flag, a dead letter.

    It moves nothing and decides nothing: the record is dealt with, and by whom. Whoever keeps the
    accounts answers for what was refused or flagged; the journal says that somebody looked.
    """

    TYPE: ClassVar[str] = "ecluse.record.reviewed.v1"
    NAME: ClassVar[Translatable] = _("Record reviewed")
    SUBJECT = ("chain", "sequence")
    DAY = None
    CONCERNS = ("record",)
    SHOWS = ("sequence", "reviewed_by", "comment")

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
    SUBJECT = ("event",)
    DAY = None
    CONCERNS = ("record",)
    SHOWS = ("event", "reason")

    event: EventReference
    reason: Text


ReviewEvent = RecordReviewed | EventWithdrawn
