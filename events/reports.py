"""Events about the documents that beneficiaries owe: reports and accounts received or rejected."""

from typing import ClassVar

from events.parts import Document, EventData
from events.texts import Translatable, _
from events.values import ConventionNumber, CostCents, Date, Text


class ReportReceived(EventData):
    """A document arrived that a convention asks for (compte rendu financier, comptes certifiés).

    The financial report on a grant given for a purpose (subvention affectée) is due within six
    months of the year's end; a certified copy of budget and accounts every year (CGCT L1611-4).
    """

    TYPE: ClassVar[str] = "ecluse.report.received.v1"
    NAME: ClassVar[Translatable] = _("Report received")

    convention: ConventionNumber
    document: Document
    received_on: Date
    eligible_cost_cents: CostCents | None = None


class ReportRejected(EventData):
    """A document that had arrived does not do: it counts as not received (rejet d'un rapport)."""

    TYPE: ClassVar[str] = "ecluse.report.rejected.v1"
    NAME: ClassVar[Translatable] = _("Report rejected")

    convention: ConventionNumber
    document: Document
    reason: Text


ReportEvent = ReportReceived | ReportRejected
"""The types of this module, as part of `Event`."""
