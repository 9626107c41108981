"""Events about conventions, their commitments, and the documents that beneficiaries owe."""

from typing import Annotated, ClassVar

from msgspec import Meta

from events.parts import (
    Act,
    AmendedSchedule,
    BankAccount,
    Beneficiary,
    Document,
    EventData,
    LineAmounts,
    Obligations,
    Schedule,
)
from events.texts import Translatable, _
from events.values import (
    AmountCents,
    Code,
    ConventionNumber,
    CostCents,
    Date,
    Name,
    OrderPart,
    Text,
    Year,
)


class ConventionSigned(EventData):
    """A convention was signed: the legal commitment of a grant (loi 2000-321, article 10)."""

    TYPE: ClassVar[str] = "ecluse.convention.signed.v1"
    NAME: ClassVar[Translatable] = _("Convention signed")
    SUBJECT = ("convention",)
    DAY = "signed_on"
    CONCERNS = ("convention", "signature", "account")
    SHOWS = ()

    convention: OrderPart
    grant: Code
    acts: Annotated[tuple[Act, ...], Meta(min_length=1, max_length=100)]
    signed_on: Date
    starts_on: Date
    ends_on: Date
    beneficiary: Beneficiary
    bank_account: BankAccount | None = None
    signatory: Name | None = None
    stated_total_cents: AmountCents | None = None
    stated_condition_years: Annotated[tuple[Year, ...], Meta(max_length=100)] | None = None
    obligations: Obligations | None = None
    instalments: Schedule


class ConventionNotified(EventData):
    """The signed convention, or the award where there is none, was notified to the beneficiary."""

    TYPE: ClassVar[str] = "ecluse.convention.notified.v1"
    NAME: ClassVar[Translatable] = _("Convention notified")
    SUBJECT = ("convention",)
    DAY = "notified_on"
    CONCERNS = ("convention", "notification")
    SHOWS = ()

    convention: ConventionNumber
    notified_on: Date


class ConventionAmended(EventData):
    """An amendment (avenant) plans anew what is not yet ordered, up or down.

    Upwards it is a supplementary commitment within open credit (arrêté du 26 avril 1996,
    article 3); beyond the award it rests on an act of the assembly.
    """

    TYPE: ClassVar[str] = "ecluse.convention.amended.v1"
    NAME: ClassVar[Translatable] = _("Convention amended")
    SUBJECT = ("convention", "amendment")
    DAY = "signed_on"
    CONCERNS = ("convention",)
    SHOWS = ()

    convention: ConventionNumber
    amendment: Code
    signed_on: Date
    act: Act | None = None
    instalments: AmendedSchedule


class _StateChange(EventData):
    """A change of a convention's state: the day from which it takes effect, and the reason."""

    SUBJECT = ("convention",)
    DAY = "effective_on"
    CONCERNS = ("convention",)
    SHOWS = ()

    convention: ConventionNumber
    effective_on: Date
    reason: Text


class ConventionSuspended(_StateChange):
    """Payments under a convention stop for now (suspension; the Lille convention, article 7)."""

    TYPE: ClassVar[str] = "ecluse.convention.suspended.v1"
    NAME: ClassVar[Translatable] = _("Convention suspended")


class ConventionResumed(_StateChange):
    """A suspended convention is paid again (reprise)."""

    TYPE: ClassVar[str] = "ecluse.convention.resumed.v1"
    NAME: ClassVar[Translatable] = _("Convention resumed")


class ConventionTerminated(_StateChange):
    """A convention ends before its time (résiliation; the Lille convention, article 10)."""

    TYPE: ClassVar[str] = "ecluse.convention.terminated.v1"
    NAME: ClassVar[Translatable] = _("Convention terminated")


ConventionEvent = (
    ConventionSigned
    | ConventionNotified
    | ConventionAmended
    | ConventionSuspended
    | ConventionResumed
    | ConventionTerminated
)
"""The types of this module, as part of `Event`."""


class CommitmentReduced(EventData):
    """A commitment was larger than what is still to be paid: the rest is given back (dégagement).

    It is reduced to the amount that will be liquidated (arrêté du 26 avril 1996, article 3).
    """

    TYPE: ClassVar[str] = "ecluse.commitment.reduced.v1"
    NAME: ClassVar[Translatable] = _("Commitment reduced")
    SUBJECT = ("convention", "lines")
    DAY = None
    CONCERNS = ("commitment",)
    SHOWS = ()

    convention: ConventionNumber
    lines: LineAmounts
    reason: Text


class ReportReceived(EventData):
    """A document arrived that a convention asks for (compte rendu financier, comptes certifiés).

    The financial report on a grant given for a purpose (subvention affectée) is due within six
    months of the year's end; a certified copy of budget and accounts every year (CGCT L1611-4).
    """

    TYPE: ClassVar[str] = "ecluse.report.received.v1"
    NAME: ClassVar[Translatable] = _("Report received")
    SUBJECT = ("convention", "document")
    DAY = "received_on"
    CONCERNS = ("document",)
    SHOWS = ("document",)

    convention: ConventionNumber
    document: Document
    received_on: Date
    eligible_cost_cents: CostCents | None = None


class ReportRejected(EventData):
    """A document that had arrived does not do: it counts as not received (rejet d'un rapport)."""

    TYPE: ClassVar[str] = "ecluse.report.rejected.v1"
    NAME: ClassVar[Translatable] = _("Report rejected")
    SUBJECT = ("convention", "document")
    DAY = None
    CONCERNS = ("document",)
    SHOWS = ("document",)

    convention: ConventionNumber
    document: Document
    reason: Text


ReportEvent = ReportReceived | ReportRejected
"""The types about documents, as part of `Event`."""
