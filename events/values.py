"""Single values: money, dates, codes, and identifiers with their check digits.

Everything here is checked at the input, so that the rooms behind it never ask twice.
"""

from collections.abc import Iterable
from datetime import date, datetime
from functools import lru_cache
from typing import Annotated, Any, NoReturn

from msgspec import Meta
from pydantic import (
    AfterValidator,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
    ValidationInfo,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema
from schwifty import BIC, IBAN
from schwifty.exceptions import SchwiftyException
from stdnum.exceptions import ValidationError as NumberError
from stdnum.fr import siret as siret_number

from events.texts import Translatable, _

AMOUNT_MAX_CENTS = 2**53 - 1
"""The largest amount: beyond it a JSON reader that knows only doubles would lose cents."""

JOURNALLED = {"journalled": True}
"""The validation context of events that were accepted once: their check digits are not asked again.

A registry of banks, or the library that knows it, may change; what a journal holds must fold."""

TOTAL_TOO_LARGE = _("the list's total exceeds 2^53 − 1 cents")

LINE_TWICE = _("this line stands twice in the list: add its amounts up")

ACCOUNT_FAULTS: dict[str, Translatable] = {
    "InvalidLength": _("wrong length for its country"),
    "InvalidStructure": _("wrong format for its country"),
    "InvalidCountryCode": _("unknown country"),
    "InvalidChecksumDigits": _("wrong check digits"),
    "InvalidBBANChecksum": _("wrong RIB key"),
    "InvalidBankCode": _("unknown bank code"),
    "InvalidBranchCode": _("wrong branch code"),
    "InvalidAccountCode": _("wrong account number"),
}
"""Faults of an account, by the bank library's exceptions: its own messages repeat the account."""

OTHER_ACCOUNT_FAULT = _("wrong number")

FRENCH_RIB_COUNTRIES = frozenset({"FR", "MC"})
"""Countries whose account numbers carry the RIB key (clé RIB)."""


def invalid_value(why: Translatable, *tail: str | int, sibling: str | None = None) -> NoReturn:
    """Refuse a value that has the right type, with a sentence that says why.

    `tail` is the path below the field at fault; `sibling` names another field of the same object
    when that one is at fault.

    Raises:
        PydanticCustomError: always; the codec turns it into a reason with a JSON pointer.
    """
    context = {"why": why, "tail": tail, "sibling": sibling}
    raise PydanticCustomError("invalid_value", "{why}", context)


def missing_field(why: Translatable, *, sibling: str | None = None) -> NoReturn:
    """Refuse the absence of an optional field that other fields make necessary.

    `sibling` names the absent field where it is not the one being validated.

    Raises:
        PydanticCustomError: always.
    """
    raise PydanticCustomError("missing", "{why}", {"why": why, "sibling": sibling})


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


def _day(last: date) -> _StrictText:
    """A day from 1900 to `last`, in its one spelling."""
    schema = core_schema.date_schema(strict=False, ge=date(1900, 1, 1), le=last)
    return _StrictText(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", schema, "date")


Date = Annotated[date, _day(date(2199, 12, 31))]
"""A calendar day, ISO 8601, between 1900 and 2199."""

DueDate = Annotated[date, _day(date(2200, 3, 1))]
"""A day that may lie 60 days behind any other."""

Timestamp = Annotated[
    datetime,
    Meta(tz=True),
    _StrictText(
        r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$",
        core_schema.datetime_schema(strict=False, tz_constraint="aware"),
        "date-time",
    ),
]
"""An instant with its offset (RFC 3339)."""

UNPRINTED = r"\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
"""Control characters (category Cc), and those that change the direction of text (Bidi_Control).

A reader would see something else than what is compared, and a terminal would obey it."""

PRINTED = rf"^[^{UNPRINTED}]+$"
"""The pattern of references and names."""

WITHOUT_SLASH = rf"^[^/{UNPRINTED}]+$"
"""The pattern of references that become part of a payment order's id."""

CARRIED_NAME = rf"^[^/{UNPRINTED}]+(/[^/{UNPRINTED}]+)?$"
"""The pattern of carried-over instalments: with their grant, where orders bear its name."""

LINES = rf"^([^{UNPRINTED}]|\r?\n)+$"
"""The pattern of text for people: one line or several, of which each can be shown as it is."""

Code = Annotated[str, Meta(min_length=1, max_length=100), StringConstraints(pattern=PRINTED)]
"""A code or reference, opaque to Écluse."""

Attribute = Annotated[str, Meta(min_length=1, max_length=500), StringConstraints(pattern=PRINTED)]
"""An attribute of a CloudEvent, such as `source` and `id`."""

OrderPart = Annotated[
    str, Meta(min_length=1, max_length=100), StringConstraints(pattern=WITHOUT_SLASH)
]
"""A reference that becomes part of a payment order's id, and so holds no slash."""

ConventionNumber = Annotated[
    str, Meta(min_length=1, max_length=200), StringConstraints(pattern=WITHOUT_SLASH)
]
"""The number of a known convention: one that was carried over may end with its year."""

OrderReference = Annotated[
    str, Meta(min_length=1, max_length=4000), StringConstraints(pattern=PRINTED)
]
"""A payment order's id, as the ledger issued it."""

Name = Annotated[str, Meta(min_length=1, max_length=300), StringConstraints(pattern=PRINTED)]
"""The name of a person or of a body."""

Text = Annotated[str, Meta(min_length=1, max_length=4000), StringConstraints(pattern=LINES)]
"""A title or a reason, for people: it may have several lines."""

DEAD_CHAIN = r"^_dead\.(0|[1-9][0-9]{0,8})$"
"""The pattern of a chain of dead letters: those of one partition."""

DeadChain = Annotated[str, StringConstraints(pattern=DEAD_CHAIN)]
"""A chain of dead letters, which belong to no budget."""

Comment = Annotated[str, Meta(min_length=1, max_length=1000), StringConstraints(pattern=LINES)]
"""A remark of a person on a record: it may have several lines."""

Year = Annotated[int, Meta(ge=1900, le=2199)]
AmountCents = Annotated[
    int, Meta(ge=1, le=AMOUNT_MAX_CENTS, description="An amount in integer cents of euro.")
]
"""A strictly positive amount in integer cents of euro."""


CostCents = Annotated[
    int,
    Meta(ge=0, le=AMOUNT_MAX_CENTS, description="A cost in integer cents of euro; may be 0."),
]
"""A cost in integer cents of euro: accounts that prove nothing are a cost of 0 (rules, 22)."""


def check_total(amounts: Iterable[int]) -> None:
    """Refuse a list whose amounts add up to more than one amount may be.

    Raises:
        PydanticCustomError: at the first amount that goes beyond.
    """
    total = 0
    for index, amount_cents in enumerate(amounts):
        total += abs(amount_cents)
        if total > AMOUNT_MAX_CENTS:
            invalid_value(TOTAL_TOO_LARGE, index)


def _not_zero(amount_cents: int) -> int:
    if amount_cents == 0:
        invalid_value(_("an amount of zero changes nothing"))
    return amount_cents


SignedAmountCents = Annotated[
    int,
    Meta(
        ge=-AMOUNT_MAX_CENTS,
        le=AMOUNT_MAX_CENTS,
        description="An amount in integer cents of euro; below zero it takes away. Never zero.",
    ),
    AfterValidator(_not_zero),
]
"""An amount in cents that may also take away; never zero."""


@lru_cache(maxsize=65_536)
def _siret_is_valid(siret: str) -> bool:
    # Every event names its budget, and beneficiaries come again: each is checked once.
    try:
        siret_number.validate(siret)
    except NumberError:
        return False
    return True


def _was_checked_before(info: ValidationInfo) -> bool:
    return info.context is not None and "journalled" in info.context


def _check_siret(siret: str, info: ValidationInfo) -> str:
    if not _was_checked_before(info) and not _siret_is_valid(siret):
        invalid_value(_("the SIRET's check digit is wrong"))
    return siret


Siret = Annotated[str, StringConstraints(pattern=r"^[0-9]{14}$"), AfterValidator(_check_siret)]
"""A SIRET: 14 digits with the Luhn key, La Poste's establishments by their own rule (INSEE)."""


def _check_budget(budget: str, info: ValidationInfo) -> str:
    if not _was_checked_before(info) and not _siret_is_valid(budget[:14]):
        invalid_value(_("the check digit of the budget's SIRET is wrong"))
    return budget


BudgetId = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{14}-[0-9A-Za-z]{1,10}-(19|20|21)[0-9]{2}$"),
    AfterValidator(_check_budget),
]
"""One public entity, one budget code, one fiscal year: `21590350100017-00-2023`."""


def account_fault(what: str, error: SchwiftyException) -> Translatable:
    """The fault of an IBAN or a BIC."""
    why = ACCOUNT_FAULTS.get(type(error).__name__, OTHER_ACCOUNT_FAULT)
    return _("incorrect {what}: {why}").render({"what": what, "why": why})


def _check_iban(iban: str, info: ValidationInfo) -> str:
    if _was_checked_before(info):
        return iban
    try:
        IBAN(iban, validate_bban=iban[:2] in FRENCH_RIB_COUNTRIES)
    except SchwiftyException as error:
        invalid_value(account_fault("IBAN", error))
    return iban


def _check_bic(bic: str, info: ValidationInfo) -> str:
    if _was_checked_before(info):
        return bic
    try:
        BIC(bic)
    except SchwiftyException as error:
        invalid_value(account_fault("BIC", error))
    return bic


Iban = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$"),
    AfterValidator(_check_iban),
]
"""An IBAN in capitals without spaces (ISO 13616, mod 97); French ones with a valid RIB key."""

Bic = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Z0-9]{8}([A-Z0-9]{3})?$"),
    AfterValidator(_check_bic),
]
"""A BIC (ISO 9362)."""
