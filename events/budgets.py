"""Events about a budget's credits: votes of the council and transfers between lines."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta
from pydantic import AfterValidator, ConfigDict, ValidationInfo, field_validator

from events.models import Part
from events.parts import Act, BudgetLine, EventData, distinct_lines
from events.texts import Translatable, _
from events.values import AmountCents, SignedAmountCents, invalid_value, missing_field

VoteLevel = Literal["chapter", "article", "operation"]
"""The level at which a council votes credits, and which they may not exceed (CGCT L2312-2)."""


class Appropriation(Part):
    """Credit opened on a line (crédit ouvert); after the initial vote it may also take away."""

    line: BudgetLine
    amount_cents: SignedAmountCents


class BudgetVoted(EventData):
    """The council voted the budget: initial (BP), supplementary (BS) or an amendment (DM)."""

    TYPE: ClassVar[str] = "ecluse.budget.voted.v1"
    NAME: ClassVar[Translatable] = _("Budget voted")
    SUBJECT = ("act",)
    DAY = "act"
    CONCERNS = ("budget",)
    SHOWS = ("act",)
    MODEL_CONFIG = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"stage": {"const": "initial"}}, "required": ["stage"]},
            "then": {
                "required": ["vote_level"],
                "properties": {
                    "vote_level": {"type": "string"},
                    "appropriations": {"items": {"properties": {"amount_cents": {"minimum": 1}}}},
                },
            },
            "else": {"properties": {"vote_level": {"type": "null"}}},
        }
    )

    stage: Literal["initial", "supplementary", "amendment"]
    vote_level: VoteLevel | None = None
    act: Act
    appropriations: Annotated[
        tuple[Appropriation, ...],
        Meta(min_length=1),
        AfterValidator(distinct_lines),
    ]

    @field_validator("vote_level")
    @classmethod
    def _only_the_initial_vote_sets_the_level(
        cls, vote_level: VoteLevel | None, info: ValidationInfo
    ) -> VoteLevel | None:
        stage = info.data.get("stage")
        if stage == "initial" and vote_level is None:
            missing_field(_("add it, the initial vote says at which level credits are voted"))
        if stage in {"supplementary", "amendment"} and vote_level is not None:
            invalid_value(_("only the initial vote sets the level: remove it"))
        return vote_level

    @field_validator("appropriations")
    @classmethod
    def _the_initial_vote_opens_credits(
        cls, appropriations: tuple[Appropriation, ...], info: ValidationInfo
    ) -> tuple[Appropriation, ...]:
        if info.data.get("stage") == "initial":
            for index, each in enumerate(appropriations):
                if each.amount_cents < 0:
                    invalid_value(
                        _("an initial vote opens credits, it takes none away"),
                        index,
                        "amount_cents",
                    )
        return appropriations


class CreditsTransferred(EventData):
    """Credits moved from one line to another (virement de crédits; CGCT L2312-2, L5217-10-6)."""

    TYPE: ClassVar[str] = "ecluse.credits.transferred.v1"
    NAME: ClassVar[Translatable] = _("Credits transferred")
    SUBJECT = ("act", "from_line", "to_line")
    DAY = "act"
    CONCERNS = ("budget",)
    SHOWS = ()

    act: Act | None = None
    from_line: BudgetLine
    to_line: BudgetLine
    amount_cents: AmountCents


BudgetEvent = BudgetVoted | CreditsTransferred
"""The types of this module, as part of `Event`."""
