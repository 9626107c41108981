"""The parts that events share: identifiers, money, dates, lines, acts, beneficiaries, instalments.

Everything here is checked at the door, so that the rooms behind it never ask twice.
"""

from collections.abc import Hashable, Iterable
from datetime import date, datetime
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Literal, NoReturn

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
    ValidationInfo,
    field_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema
from schwifty import BIC, IBAN
from schwifty.exceptions import SchwiftyException
from stdnum.exceptions import ValidationError as NumberError
from stdnum.fr import siret as siret_number

from events.sentences import Sentence

AMOUNT_MAX_CENTS = 2**53 - 1
"""The largest amount: beyond it a JSON reader that knows only doubles would lose cents."""

LINE_TWICE = Sentence(
    "cette ligne figure deux fois dans la liste", "this line stands twice in the list"
)

FRENCH_RIB_COUNTRIES = frozenset({"FR", "MC"})
"""Countries whose account numbers carry the RIB key (clé RIB)."""


def invalid_value(why: Sentence, *tail: str | int, sibling: str | None = None) -> NoReturn:
    """Refuse a value that has the right type, with the reason in words.

    `tail` is the path below the field at fault; `sibling` names another field of the same object
    when that one is at fault.

    Raises:
        PydanticCustomError: always; the codec turns it into a reason with a JSON pointer.
    """
    context = {"why": why, "tail": tail, "sibling": sibling}
    raise PydanticCustomError("invalid_value", "{why}", context)


def missing_field(why: Sentence) -> NoReturn:
    """Refuse the absence of an optional field that other fields make necessary.

    Raises:
        PydanticCustomError: always.
    """
    raise PydanticCustomError("missing", "{why}", {"why": why})


class _StrictText:
    """A date or time read from one exact spelling.

    pydantic alone takes the string "1681257600" for a date; a published language must not.
    """

    def __init__(self, pattern: str, schema: CoreSchema, json_format: str) -> None:
        self._pattern = pattern
        self._schema = schema
        self._format = json_format

    def __get_pydantic_core_schema__(
        self, _source: Any, _handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        spelled = core_schema.str_schema(pattern=self._pattern, strict=True)
        return core_schema.chain_schema([spelled, self._schema])

    def __get_pydantic_json_schema__(
        self, _schema: CoreSchema, _handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "format": self._format, "pattern": self._pattern}


Date = Annotated[
    date,
    _StrictText(
        r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
        # The bounds keep "due 60 days later" inside the calendar.
        core_schema.date_schema(strict=False, ge=date(1900, 1, 1), le=date(2199, 12, 31)),
        "date",
    ),
]
"""A calendar day, ISO 8601, between 1900 and 2199."""

Timestamp = Annotated[
    datetime,
    _StrictText(
        r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$",
        core_schema.datetime_schema(strict=False, tz_constraint="aware"),
        "date-time",
    ),
]
"""An instant with its offset (RFC 3339)."""

Code = Annotated[str, StringConstraints(min_length=1, max_length=100)]
"""A code or reference, opaque to Écluse."""

OrderPart = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^/]+$")]
"""A reference that becomes part of a payment order's id, and so holds no slash."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
"""A name, a title or a reason, for people."""

Year = Annotated[int, Field(ge=1900, le=2199)]
AmountCents = Annotated[int, Field(ge=1, le=AMOUNT_MAX_CENTS)]
"""A strictly positive amount in integer cents of euro."""


def _not_zero(amount_cents: int) -> int:
    if amount_cents == 0:
        invalid_value(
            Sentence("un montant nul ne change rien", "an amount of zero changes nothing")
        )
    return amount_cents


SignedAmountCents = Annotated[
    int, Field(ge=-AMOUNT_MAX_CENTS, le=AMOUNT_MAX_CENTS), AfterValidator(_not_zero)
]
"""An amount in cents that may also take away; never zero."""


def _siret_is_valid(siret: str) -> bool:
    try:
        siret_number.validate(siret)
    except NumberError:
        return False
    return True


def _checked_siret(siret: str) -> str:
    if not _siret_is_valid(siret):
        invalid_value(Sentence("la clé du SIRET est fausse", "the SIRET's check digit is wrong"))
    return siret


Siret = Annotated[str, StringConstraints(pattern=r"^[0-9]{14}$"), AfterValidator(_checked_siret)]
"""A SIRET: 14 digits with the Luhn key, La Poste's establishments by their own rule (INSEE)."""


@lru_cache(maxsize=65_536)
def _entity_is_valid(budget: str) -> bool:
    # Every event names its budget, and there are few: checked once each.
    return _siret_is_valid(budget[:14])


def _checked_budget(budget: str) -> str:
    if not _entity_is_valid(budget):
        invalid_value(
            Sentence(
                "la clé du SIRET du budget est fausse",
                "the check digit of the budget's SIRET is wrong",
            )
        )
    return budget


BudgetId = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{14}-[0-9A-Za-z]{1,10}-(19|20|21)[0-9]{2}$"),
    AfterValidator(_checked_budget),
]
"""One public entity, one budget code, one fiscal year: `21590350100017-00-2023`."""


def _checked_iban(iban: str) -> str:
    try:
        IBAN(iban, validate_bban=iban[:2] in FRENCH_RIB_COUNTRIES)
    except SchwiftyException as error:
        invalid_value(Sentence(f"IBAN invalide : {error}", f"not a valid IBAN: {error}"))
    return iban


def _checked_bic(bic: str) -> str:
    try:
        BIC(bic)
    except SchwiftyException as error:
        invalid_value(Sentence(f"BIC invalide : {error}", f"not a valid BIC: {error}"))
    return bic


Iban = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$"),
    AfterValidator(_checked_iban),
]
"""An IBAN in capitals without spaces (ISO 13616, mod 97); French ones with a valid RIB key."""

Bic = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Z0-9]{8}([A-Z0-9]{3})?$"),
    AfterValidator(_checked_bic),
]
"""A BIC (ISO 9362)."""


class Part(BaseModel):
    """A closed, frozen piece of an event: no unknown member, no conversion between types."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


class BudgetLine(Part):
    """A budget line (imputation): where money is voted and spent in the M57 nomenclature."""

    chapter: Code
    article: Code
    function: Code | None = None
    operation: Code | None = None

    @property
    def key(self) -> tuple[str, str, str | None, str | None]:
        """What makes two lines the same."""
        return (self.chapter, self.article, self.function, self.operation)


class Act(Part):
    """A decision of an assembly: the body that took it, its number in the register, its day."""

    body: Text
    number: Code | None = None
    date: Date


class Beneficiary(Part):
    """Who receives a grant."""

    name: Text
    siret: Siret
    representative: Text | None = None


class BankAccount(Part):
    """Where a beneficiary is paid."""

    iban: Iban
    bic: Bic | None = None
    holder: Text


class ServiceAmount(Part):
    """The part of a line that one department (délégation) of the city finances."""

    code: Code
    amount_cents: AmountCents


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
    services: Annotated[tuple[ServiceAmount, ...], Field(strict=False, fail_fast=True)] | None = (
        None
    )


def _distinct_lines(lines: tuple[LineAmount, ...]) -> tuple[LineAmount, ...]:
    repeated = first_repeated(each.line.key for each in lines)
    if repeated is not None:
        invalid_value(LINE_TWICE, repeated, "line")
    return lines


LineAmounts = Annotated[
    tuple[LineAmount, ...],
    Field(min_length=1, strict=False, fail_fast=True),
    AfterValidator(_distinct_lines),
]
"""Amounts on one or more lines, each line once."""

DocumentKind = Literal[
    "activity_report", "certified_accounts", "financial_report", "territorial_report", "evaluation"
]


class Document(Part):
    """A document that a beneficiary owes: its kind and the year it reports on."""

    kind: DocumentKind
    year: Year


class Instalment(Part):
    """A payment planned by a schedule (versement): what sets it off, what it pays on each line."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"trigger": {"const": "reports"}}, "required": ["trigger"]},
            "then": {"required": ["documents"], "properties": {"documents": {"type": "array"}}},
            "else": {"properties": {"documents": {"type": "null"}}},
        }
    )

    instalment: OrderPart
    trigger: Literal["signature", "notification", "reports"]
    documents: (
        Annotated[tuple[Document, ...], Field(min_length=1, strict=False, fail_fast=True)] | None
    ) = Field(default=None, validate_default=True)
    ceiling: bool
    lines: LineAmounts

    @field_validator("documents")
    @classmethod
    def _documents_belong_to_reports(
        cls, documents: tuple[Document, ...] | None, info: ValidationInfo
    ) -> tuple[Document, ...] | None:
        trigger = info.data.get("trigger")
        if trigger == "reports" and documents is None:
            invalid_value(
                Sentence(
                    "le déclencheur « reports » exige les documents attendus",
                    "trigger `reports` needs the documents that it waits for",
                )
            )
        if trigger in {"signature", "notification"} and documents is not None:
            invalid_value(
                Sentence(
                    "seul le déclencheur « reports » attend des documents",
                    "only trigger `reports` waits for documents",
                )
            )
        return documents


def _distinct_instalments(instalments: tuple[Instalment, ...]) -> tuple[Instalment, ...]:
    repeated = first_repeated(each.instalment for each in instalments)
    if repeated is not None:
        invalid_value(
            Sentence(
                "ce versement figure deux fois dans la liste",
                "this instalment stands twice in the list",
            ),
            repeated,
            "instalment",
        )
    return instalments


Schedule = Annotated[
    tuple[Instalment, ...],
    Field(min_length=1, strict=False, fail_fast=True),
    AfterValidator(_distinct_instalments),
]
"""The instalments of a convention (échéancier), in the order in which they are looked at."""


class EventData(Part):
    """What every event carries: the budget that it belongs to."""

    TYPE: ClassVar[str]
    """The CloudEvents type, such as `ecluse.convention.signed.v1`."""

    budget: BudgetId
