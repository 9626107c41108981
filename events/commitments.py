"""Events about commitments: what is given up of them without an amendment."""

from typing import ClassVar

from events.parts import EventData, LineAmounts
from events.texts import Translatable, _
from events.values import ConventionNumber, Text


class CommitmentReduced(EventData):
    """A commitment was larger than what is still to be paid: the rest is given back (dégagement).

    It is reduced to the amount that will be liquidated (arrêté du 26 avril 1996, article 3).
    """

    TYPE: ClassVar[str] = "ecluse.commitment.reduced.v1"
    NAME: ClassVar[Translatable] = _("Commitment reduced")

    convention: ConventionNumber
    lines: LineAmounts
    reason: Text
