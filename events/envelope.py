"""The envelope of every event: CloudEvents 1.0, keyed by budget."""

from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Any, Final, Generic, Literal, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

from events.budgets import BudgetEvent
from events.conventions import CommitmentReduced, ConventionEvent, ReportEvent
from events.deliberations import DeliberationEvent
from events.fiscal_years import FiscalYearEvent, FiscalYearOpened
from events.follow_up import DeadlinePassed, ReviewEvent
from events.models import Part, model_of
from events.parts import EventData
from events.payments import PaymentEvent, RecoveryEvent
from events.values import Attribute, BudgetId, Timestamp

Event = (
    BudgetEvent
    | DeliberationEvent
    | ConventionEvent
    | ReportEvent
    | PaymentEvent
    | CommitmentReduced
    | RecoveryEvent
    | DeadlinePassed
    | FiscalYearEvent
    | ReviewEvent
)
"""Everything that the ledger reads."""

INBOUND: tuple[type[EventData], ...] = get_args(Event)
"""The types of `Event`, in the order of a grant's life."""

BY_TYPE: Final[Mapping[str, type[EventData]]] = {each.TYPE: each for each in INBOUND}
"""What each type says of itself, by its name."""

OWN_INTERNAL_EVENTS = frozenset((FiscalYearOpened.TYPE,))
"""Types that the ledger writes to itself: no file has them, a replay writes them (rules, 32)."""

INTERNAL_EVENTS = OWN_INTERNAL_EVENTS | {DeadlinePassed.TYPE}
"""Types of internal events: on Kafka they are read from their own topic alone (rules, 32)."""


class SourceKind(Enum):
    """The kind of source of a record: the types that are read depend on it (rules, 32)."""

    FILE = "file"
    """A line of a file: whoever replays it answers for it."""

    EVENTS = "events"
    """The topic of events from other applications."""

    INTERNAL_EVENTS = "internal_events"
    """The topic of internal events: only Écluse's own principals may write there."""


UNREAD: dict[SourceKind, frozenset[str]] = {
    SourceKind.FILE: OWN_INTERNAL_EVENTS,
    SourceKind.EVENTS: INTERNAL_EVENTS,
    SourceKind.INTERNAL_EVENTS: frozenset(),
}
"""The types that are unknown in each source kind."""

LEDGER: Final = "urn:ecluse:ledger"
"""The `source` of the events that the ledger writes."""

OWN_SOURCES: Final = "urn:ecluse:"
"""The beginning of the `source` of every event that Écluse makes."""

COMMAND: Final = "urn:ecluse:command"
"""The `source` that names whoever works by the command as the sender of an event."""

CORRECTION: Final = "urn:ecluse:correction"
"""The `source` of events that correct a dead letter, whoever sends them: one `source`, one id."""


def is_reserved(source: str) -> bool:
    """True of a `source` that is one of Écluse's services: the command is a sender as any other."""
    return _with_small_prefix(source).startswith(OWN_SOURCES) and source != COMMAND


def _with_small_prefix(source: str) -> str:
    """The `source`, its beginning in small letters: that of a URN has no case (RFC 8141, 3.1)."""
    return source[: len(OWN_SOURCES)].lower() + source[len(OWN_SOURCES) :]


def uses_reserved_source(source: Any, name: Any, source_kind: SourceKind) -> bool:
    """True for a record with the ledger's `source` that the ledger cannot have written there.

    The id of an internal event can be worked out before it is written: whoever used it first would
    keep the internal event from being read. An internal event at a wrong topic is none: its type is
    unknown there.
    """
    if source_kind is SourceKind.INTERNAL_EVENTS:
        return False
    if not isinstance(source, str) or _with_small_prefix(source) != LEDGER:
        return False
    return not (isinstance(name, str) and name in UNREAD[source_kind])


Data = TypeVar("Data")


class Envelope(Part, Generic[Data]):
    """A CloudEvent: who says what about which budget, and when it happened."""

    # Unknown attributes are allowed by CloudEvents; unknown members of `data` are not.
    MODEL_CONFIG = ConfigDict(extra="ignore")

    specversion: Literal["1.0"]
    id: Attribute
    source: Attribute
    type: str
    time: Timestamp
    subject: Attribute | None = None
    partitionkey: BudgetId
    datacontenttype: Literal["application/json"] | None = None
    correlationid: Attribute | None = None
    causationid: Attribute | None = None
    traceparent: Attribute | None = None
    data: Data


def _check_type(name: str) -> str:
    # Asked only where a record has no type that is read there: an internal event's is not one
    # either.
    if name not in VALIDATORS or name in INTERNAL_EVENTS:
        raise PydanticCustomError(
            "unknown_type", "{name} is not a type of the contract", {"name": name}
        )
    return name


class UntypedEnvelope(Envelope[Any]):
    """An envelope whose type may be anything: used to say what is wrong with it."""

    type: Annotated[str, AfterValidator(_check_type)]
    data: Any = None


ENVELOPES: dict[str, type[BaseModel]] = {
    each.TYPE: model_of(Envelope[each])  # type: ignore[valid-type] # made at run time
    for each in INBOUND
}
"""The model of the envelope of each inbound type."""

VALIDATORS = {name: envelope.__pydantic_validator__ for name, envelope in ENVELOPES.items()}
"""pydantic's own validators, called without the model in between."""
