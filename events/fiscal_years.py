"""Events about the year itself: one is closed, and what it carries over opens the next.

A year is closed when the complementary period (journée complémentaire, CGCT D2342-3) has passed;
what conventions still have committed may be carried over (reste à réaliser), and is then payable
before the next budget is voted (arrêté du 26 avril 1996).
"""

from typing import Annotated, Any, ClassVar, Final, Literal

from msgspec import Meta
from pydantic import (
    AfterValidator,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from events.models import Part, pydantic_type
from events.parts import (
    Act,
    BankAccount,
    Beneficiary,
    BudgetLine,
    Document,
    Documents,
    EventData,
    EventReference,
    LineAmount,
    Obligation,
    first_repeated,
)
from events.texts import Translatable, _
from events.values import (
    CARRIED_NAME,
    AmountCents,
    BudgetId,
    Code,
    ConventionNumber,
    CostCents,
    Date,
    DueDate,
    OrderPart,
    OrderReference,
    Text,
    Year,
    invalid_value,
)

CARRIED_MAX: Final = 10_000
"""The most conventions that one closing may name; more are carried over by "all"."""

LAST_YEAR: Final = "2199"
"""The last year that a budget's id can name."""


class CarriedConvention(Part):
    """A convention whose remaining money goes on into the next year."""

    convention: ConventionNumber


def _distinct_conventions(
    conventions: tuple[CarriedConvention, ...],
) -> tuple[CarriedConvention, ...]:
    repeated = first_repeated(each.convention for each in conventions)
    if repeated is not None:
        invalid_value(
            _("this convention stands twice in the list: name it once"),
            repeated,
            "convention",
        )
    return conventions


_Named = Annotated[
    tuple[CarriedConvention, ...],
    Meta(min_length=1, max_length=CARRIED_MAX),
    AfterValidator(_distinct_conventions),
]


def constant_or_list(value: Any, read_list: ValidatorFunctionWrapHandler) -> Any:
    """A constant as it is, and a list as `read_list` reads it."""
    if isinstance(value, list):
        return read_list(value)
    if value not in ("all", "none"):  # Whatever it is: a set would ask that it can be hashed.
        invalid_value(_("it must be “all”, “none” or a list of conventions"))
    return value


class _ConstantOrList:
    """Either a constant or a list: pydantic's own union would lengthen the pointer to a fault."""

    def __get_pydantic_core_schema__(
        self, _source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_wrap_validator_function(
            constant_or_list, handler.generate_schema(pydantic_type(_Named))
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        constants = {"type": "string", "enum": ["all", "none"]}
        return {"anyOf": [constants, handler(schema)]}


CarryOver = Annotated[Literal["all", "none"] | _Named, _ConstantOrList()]
"""The conventions that are carried over: all, none, or those that are named."""


class FiscalYearClosed(EventData):
    """The year is closed: what is not carried over becomes available again, and lapses with it."""

    TYPE: ClassVar[str] = "ecluse.fiscal-year.closed.v1"
    NAME: ClassVar[Translatable] = _("Fiscal year closed")
    SUBJECT = ()
    DAY = "closed_on"
    CONCERNS = ("budget",)
    SHOWS = ()

    closed_on: Date
    carry_over: CarryOver

    @field_validator("carry_over")
    @classmethod
    def _a_year_follows(cls, carry_over: CarryOver, info: ValidationInfo) -> CarryOver:
        if carry_over != "none" and info.data.get("budget", "").endswith(LAST_YEAR):
            invalid_value(_("no budget follows this one: it must be “none”"))
        return carry_over


TotalCents = Annotated[int, Meta(ge=0, le=2**63 - 1)]
"""A sum of amounts in cents, over lines, acts or years."""


class CarriedAward(Part):
    """The award behind a convention that is carried over, as the year that gave it left it."""

    act: Act
    title: Text
    beneficiary: Beneficiary
    requires_convention: bool
    conditions_year: Year | None = None
    year_awards_cents: Annotated[
        TotalCents,
        Meta(description="All awards of the year that gave it, to its beneficiary's SIRET."),
    ]


_CarriedName = Annotated[
    str, Meta(min_length=1, max_length=301), StringConstraints(pattern=CARRIED_NAME)
]
_ORDER: Final = (
    "The id of its latest order, where that was issued while the convention bore another number."
)
_PAID_ORDER: Final = (
    "Where no order holds it: the id of its last order, since it was planned, of which something "
    "was paid."
)


class CarriedInstalment(Part):
    """An instalment as the closed year left it: what is still to be ordered of it, and its count.

    One that was ordered whole has no lines left; it goes on so that its number is not used again.
    One that is settled has none either; it goes on for the documents that it lists.
    One that was ordered before a convention was signed for its grant is called as its orders are,
    `<grant>/<instalment>` (rules, 13).
    """

    instalment: _CarriedName
    trigger: Literal["signature", "notification", "reports"]
    documents: Documents | None = None
    ceiling: bool
    lines: tuple[LineAmount, ...]
    orders: Annotated[
        int, Meta(ge=0, description="How many orders were issued for it, re-issues included.")
    ]
    amended_on: Annotated[
        Date | None, Meta(description="The day of the amendment that planned it, where one did.")
    ] = None
    due_again_on: Annotated[
        DueDate | None, Meta(description="The day of a rejected order that is to be issued again.")
    ] = None
    order: Annotated[OrderReference | None, Meta(description=_ORDER)] = None
    settled: Annotated[
        bool, Meta(description="Whether nothing is left of it though no order holds it.")
    ] = False
    paid_order: Annotated[OrderReference | None, Meta(description=_PAID_ORDER)] = None


class FormerInstalment(Part):
    """An instalment that an amendment took away, and how many orders it had: they count on."""

    instalment: OrderPart
    orders: Annotated[int, Meta(ge=1)]
    order: Annotated[OrderReference | None, Meta(description=_ORDER)] = None


class ReceivedDocument(Part):
    """A document that was received, and the cost that it proved."""

    document: Document
    received_on: Date
    eligible_cost_cents: CostCents | None = None


class CarriedLine(Part):
    """The amount that is carried over on one line."""

    line: BudgetLine
    amount_cents: AmountCents


class FiscalYearOpened(EventData):
    """Internal event of the ledger to next year's budget: a convention goes on there (rules, 32).

    Whoever closes a year has it written; nobody else may send it. Where its number is taken in next
    year's budget, the convention goes on there as `<number>@<closed year>`. `paid_cents` and
    `ordered_cents` are what it had at closing, earlier years included. Documents stand in the order
    in which they last gave a cost, those without one first.
    """

    TYPE: ClassVar[str] = "ecluse.fiscal-year.opened.v1"
    NAME: ClassVar[Translatable] = _("Carried from last year")
    SUBJECT = ("convention",)
    DAY = None
    CONCERNS = ("convention", "signature")
    SHOWS = ()

    closed_budget: BudgetId
    closing: EventReference
    closed_on: Date
    grant: Code
    award: CarriedAward
    acts: Annotated[tuple[Act, ...], Meta(min_length=1)]
    convention: ConventionNumber
    replaced: Annotated[
        ConventionNumber | None,
        Meta(
            description="The grant in whose place it was signed, where anything of that was "
            "ordered or paid."
        ),
    ] = None
    stands_alone: Annotated[
        bool,
        Meta(
            description="Whether the grant's reference stands for a convention that was never "
            "signed."
        ),
    ]
    state: Literal["in_force", "suspended"]
    beneficiary: Beneficiary
    bank_account: BankAccount | None = None
    signed_on: Date
    notified_on: Date | None = None
    paid_cents: TotalCents
    ordered_cents: TotalCents
    lines: Annotated[tuple[CarriedLine, ...], Meta(min_length=1)]
    instalments: tuple[CarriedInstalment, ...]
    former_instalments: tuple[FormerInstalment, ...]
    documents: tuple[ReceivedDocument, ...]
    rejected: (
        Annotated[
            tuple[Document, ...],
            Meta(min_length=1, description="Documents that were rejected and have not come again."),
        ]
        | None
    ) = None
    obligations: tuple[Obligation, ...]


FiscalYearEvent = FiscalYearClosed | FiscalYearOpened
"""The types of this module, as part of `Event`."""
