"""The envelope of every event: CloudEvents 1.0, keyed by budget."""

from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

from events.budgets import BudgetVoted, CreditsTransferred
from events.conventions import ConventionNotified, ConventionSigned
from events.deliberations import DeliberationAdopted
from events.fiscal_years import FiscalYearClosed, FiscalYearOpened
from events.parts import EventData
from events.payments import BankAccountChanged, PaymentExecuted, PaymentOrderAcknowledged
from events.reports import ReportReceived
from events.values import Attribute, BudgetId, Timestamp

Event = (
    BudgetVoted
    | CreditsTransferred
    | DeliberationAdopted
    | ConventionSigned
    | ConventionNotified
    | ReportReceived
    | BankAccountChanged
    | PaymentOrderAcknowledged
    | PaymentExecuted
    | FiscalYearClosed
    | FiscalYearOpened
)
"""Everything that may be said to the ledger."""

INBOUND: tuple[type[EventData], ...] = (
    BudgetVoted,
    CreditsTransferred,
    DeliberationAdopted,
    ConventionSigned,
    ConventionNotified,
    ReportReceived,
    BankAccountChanged,
    PaymentOrderAcknowledged,
    PaymentExecuted,
    FiscalYearClosed,
    FiscalYearOpened,
)
"""The types of `Event`, in the order of the grant's life."""

Data = TypeVar("Data")


class Envelope(BaseModel, Generic[Data]):
    """A CloudEvent: who says what about which budget, and when it happened."""

    # Unknown attributes are allowed by CloudEvents; unknown members of `data` are not.
    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

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


LETTERS_ONLY = frozenset({FiscalYearOpened.TYPE})
"""What only Écluse says, by a letter to itself: at any other door no type of the contract."""


def _known_type(name: str) -> str:
    # Asked for whatever has no type of the contract: what is said here first, is wrong first.
    if name not in VALIDATORS or name in LETTERS_ONLY:
        raise PydanticCustomError(
            "unknown_type", "{name} is not a type of the contract", {"name": name}
        )
    return name


class UntypedEnvelope(Envelope[Any]):
    """An envelope whose type may be anything: used to say what is wrong with it."""

    type: Annotated[str, AfterValidator(_known_type)]
    data: Any = None


ENVELOPES: dict[str, type[Envelope[Any]]] = {
    each.TYPE: Envelope[each]  # type: ignore[valid-type] # a model per type, made at run time
    for each in INBOUND
}
"""The envelope of each inbound type."""

VALIDATORS = {name: envelope.__pydantic_validator__ for name, envelope in ENVELOPES.items()}
"""pydantic's own validators, called without the model in between."""
