"""The parts that events share: lines, acts, beneficiaries, bank accounts, instalments."""

from collections.abc import Hashable, Iterable, Sequence
from typing import Annotated, ClassVar, Literal, Protocol, TypeVar

from msgspec import Meta
from pydantic import AfterValidator, ConfigDict, ValidationInfo, field_validator

from events.models import Part
from events.texts import Translatable, _
from events.values import (
    LINE_TWICE,
    AmountCents,
    Attribute,
    Bic,
    BudgetId,
    Code,
    Date,
    Iban,
    Name,
    OrderPart,
    Siret,
    Year,
    check_total,
    invalid_value,
)

# A limit on everything: one event's record must stay far below what a broker carries.
LINES_MAX = 500
SERVICES_MAX = 100
DOCUMENTS_MAX = 50
INSTALMENTS_MAX = 50


class BudgetLine(Part):
    """A budget line (imputation): where money is voted and spent in the M57 nomenclature."""

    chapter: Code
    article: Code
    function: Code | None = None
    operation: Code | None = None

    @property
    def key(self) -> tuple[str, str, str | None, str | None]:
        """The codes by which two lines are the same."""
        return (self.chapter, self.article, self.function, self.operation)


class Act(Part):
    """A decision of an assembly: the body that took it, its number in the register, its day."""

    body: Name
    number: Code | None = None
    date: Date


class Beneficiary(Part):
    """The body or person that receives a grant."""

    name: Name
    siret: Siret
    representative: Name | None = None


class BankAccount(Part):
    """The bank account of a beneficiary."""

    iban: Iban
    bic: Bic | None = None
    holder: Name


class ServiceAmount(Part):
    """The part of a line that one department (délégation) of the city finances."""

    code: Code
    amount_cents: AmountCents


def _check_services(services: tuple[ServiceAmount, ...]) -> tuple[ServiceAmount, ...]:
    check_total(each.amount_cents for each in services)
    return services


Services = Annotated[
    tuple[ServiceAmount, ...],
    Meta(max_length=SERVICES_MAX),
    AfterValidator(_check_services),
]


def first_repeated(keys: Iterable[Hashable]) -> int | None:
    """The index of the first key that stood before, if any."""
    seen: set[Hashable] = set()
    for index, key in enumerate(keys):
        if key in seen:
            return index
        seen.add(key)
    return None


class LineAmount(Part):
    """An amount on a budget line, with the departments that share it."""

    line: BudgetLine
    amount_cents: AmountCents
    services: Services | None = None


class OnLine(Protocol):
    """An amount that stands on a budget line."""

    @property
    def line(self) -> BudgetLine: ...
    @property
    def amount_cents(self) -> int: ...


Amounts = TypeVar("Amounts", bound=Sequence[OnLine])


def distinct_lines(amounts: Amounts) -> Amounts:
    """Refuse a list that names a line twice, or adds up beyond what one amount may be.

    Raises:
        PydanticCustomError: at the first line that stood before, or amount that goes beyond.
    """
    repeated = first_repeated(each.line.key for each in amounts)
    if repeated is not None:
        invalid_value(LINE_TWICE, repeated, "line")
    check_total(each.amount_cents for each in amounts)
    return amounts


LineAmounts = Annotated[
    tuple[LineAmount, ...],
    Meta(min_length=1, max_length=LINES_MAX),
    AfterValidator(distinct_lines),
]
"""Amounts on one or more lines, each line once."""

DocumentKind = Literal[
    "activity_report", "certified_accounts", "financial_report", "territorial_report", "evaluation"
]


class Document(Part):
    """A document that a beneficiary owes: its kind and the year it reports on."""

    kind: DocumentKind
    year: Year


Documents = Annotated[
    tuple[Document, ...],
    Meta(min_length=1, max_length=DOCUMENTS_MAX),
]


class Instalment(Part):
    """A payment planned by a schedule (versement): what sets it off, what it pays on each line."""

    MODEL_CONFIG = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"trigger": {"const": "reports"}}, "required": ["trigger"]},
            "then": {"required": ["documents"], "properties": {"documents": {"type": "array"}}},
            "else": {"properties": {"documents": {"type": "null"}}},
        }
    )

    instalment: OrderPart
    trigger: Literal["signature", "notification", "reports"]
    documents: Documents | None = None
    ceiling: bool
    lines: LineAmounts

    @field_validator("documents")
    @classmethod
    def _documents_belong_to_reports(
        cls, documents: tuple[Document, ...] | None, info: ValidationInfo
    ) -> tuple[Document, ...] | None:
        trigger = info.data.get("trigger")
        if trigger == "reports" and documents is None:
            invalid_value(_("trigger `reports` needs the documents that it waits for: add them"))
        if trigger in {"signature", "notification"} and documents is not None:
            invalid_value(_("only trigger `reports` waits for documents: remove them"))
        return documents


def _distinct_instalments(instalments: tuple[Instalment, ...]) -> tuple[Instalment, ...]:
    repeated = first_repeated(each.instalment for each in instalments)
    if repeated is not None:
        invalid_value(
            _("this instalment stands twice in the list: give it another reference"),
            repeated,
            "instalment",
        )
    check_total(sum(line.amount_cents for line in each.lines) for each in instalments)
    return instalments


Schedule = Annotated[
    tuple[Instalment, ...],
    Meta(min_length=1, max_length=INSTALMENTS_MAX),
    AfterValidator(_distinct_instalments),
]
"""The instalments of a convention (échéancier), in the order in which they are paid."""

AmendedSchedule = Annotated[
    tuple[Instalment, ...],
    Meta(max_length=INSTALMENTS_MAX),
    AfterValidator(_distinct_instalments),
]
"""The new schedule of what is not yet ordered; an empty one gives all of it up (rules, 15)."""


class Obligation(Part):
    """A document owed by a day, whether or not money waits for it."""

    kind: DocumentKind
    year: Year
    due_on: Date


Obligations = Annotated[tuple[Obligation, ...], Meta(max_length=100)]
"""Documents owed by a day each."""


class EventReference(Part):
    """An event by who says it and what it is called there."""

    source: Attribute
    id: Attribute


Concern = Literal[
    "budget",
    "award",
    "convention",
    "signature",
    "notification",
    "commitment",
    "document",
    "order",
    "recovery",
    "beneficiary",
    "account",
    "deadline",
    "record",
]


class EventData(Part):
    """Data of an event: every event carries the budget that it belongs to."""

    TYPE: ClassVar[str]
    """The CloudEvents type, such as `ecluse.convention.signed.v1`."""

    NAME: ClassVar[Translatable]
    """The name of the type for people."""

    SUBJECT: ClassVar[tuple[str, ...]]
    """The members by which two of its events in a budget are about the same thing.

    Money comes in parts: another part, of another day or on other lines, corrects nothing.
    """

    DAY: ClassVar[str | None]
    """The member with the day on which it takes effect, or with its act; None: its time."""

    CONCERNS: ClassVar[tuple[Concern, ...]]
    """Everything that its events bear on: by this, traces and timelines find them."""

    SHOWS: ClassVar[tuple[str, ...]]
    """The members that a trace shows to people, where the name of the type does not say them."""

    budget: BudgetId
