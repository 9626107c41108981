"""Events about grants as assemblies decide them: deliberations adopted and withdrawn."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta
from pydantic import ConfigDict, ValidationInfo, WithJsonSchema, field_validator

from events.parts import Act, Beneficiary, EventData, LineAmounts, Schedule
from events.texts import Translatable, _
from events.values import (
    AmountCents,
    Code,
    Date,
    Name,
    Text,
    Year,
    invalid_value,
    missing_field,
)

Names = Annotated[tuple[Name, ...], Meta(max_length=1000)]

TrueByDefault = Annotated[bool, WithJsonSchema({"anyOf": [{"type": "boolean"}, {"type": "null"}]})]
"""A yes or no whose explicit null says what absence says; the schema must allow it too."""


class DeliberationAdopted(EventData):
    """An assembly adopted an act on a grant: the award itself, or an act that concurs with it.

    The award of a grant is an act of its own, apart from the vote of the budget (CGCT L2311-7).
    """

    TYPE: ClassVar[str] = "ecluse.deliberation.adopted.v1"
    NAME: ClassVar[Translatable] = _("Deliberation adopted")
    SUBJECT = ("grant", "act")
    DAY = "act"
    CONCERNS = ("award",)
    SHOWS = ("act",)
    MODEL_CONFIG = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"role": {"const": "award"}}, "required": ["role"]},
            "then": {"required": ["lines"], "properties": {"lines": {"type": "array"}}},
            "else": {"properties": {"lines": {"type": "null"}, "instalments": {"type": "null"}}},
        }
    )

    act: Act
    grant: Code
    role: Literal["award", "concurring"]
    title: Text
    published_on: Date | None = None
    interested: Names | None = None
    recused: Names | None = None
    stated_total_cents: AmountCents | None = None
    requires_convention: TrueByDefault = True
    beneficiary: Beneficiary
    lines: LineAmounts | None = None
    instalments: Schedule | None = None
    conditions_year: Year | None = None

    @field_validator("requires_convention", mode="before")
    @classmethod
    def _null_is_the_default(cls, requires_convention: object) -> object:
        return True if requires_convention is None else requires_convention

    @field_validator("requires_convention")
    @classmethod
    def _the_grant_becomes_an_order_id(
        cls, requires_convention: bool, info: ValidationInfo
    ) -> bool:
        award = info.data.get("role") == "award"
        if award and not requires_convention and "/" in info.data.get("grant", ""):
            invalid_value(
                _(
                    "without a convention the grant's reference becomes part of the "
                    "payment order's id: no slash"
                ),
                sibling="grant",
            )
        return requires_convention

    @field_validator("lines")
    @classmethod
    def _an_award_has_lines(
        cls, lines: LineAmounts | None, info: ValidationInfo
    ) -> LineAmounts | None:
        role = info.data.get("role")
        if role == "award" and lines is None:
            missing_field(_("add it, an award says what it gives on which lines"))
        if role == "concurring" and lines is not None:
            invalid_value(_("only the award has lines: remove them"))
        return lines

    @field_validator("instalments")
    @classmethod
    def _a_schedule_replaces_the_convention(
        cls, instalments: Schedule | None, info: ValidationInfo
    ) -> Schedule | None:
        if instalments is None:
            return None
        if info.data.get("role") == "concurring":
            invalid_value(_("only the award has instalments: remove them"))
        if info.data.get("requires_convention", False):
            invalid_value(
                _("where a convention is required, it brings the instalments: remove them")
            )
        return instalments


class DeliberationWithdrawn(EventData):
    """An act on a grant fell: its assembly withdrew it, or a court annulled it.

    An award whose conditions are met gives rights (CE, 5 juillet 2010, CCI de l'Indre), and an
    illegal one may be withdrawn within four months only: whether it may fall is the assembly's
    question; here it has fallen.
    """

    TYPE: ClassVar[str] = "ecluse.deliberation.withdrawn.v1"
    NAME: ClassVar[Translatable] = _("Deliberation withdrawn")
    SUBJECT = ("grant", "act")
    DAY = None
    CONCERNS = ("award",)
    SHOWS = ("act",)

    act: Act
    grant: Code
    cause: Literal["withdrawn", "annulled"]
    reason: Text


DeliberationEvent = DeliberationAdopted | DeliberationWithdrawn
"""The types of this module, as part of `Event`."""
