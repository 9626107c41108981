"""The things that events wait for, explained."""

from events.texts import _
from services.ledger.domain.model.refusals import Missing
from services.ledger.explain.answer import Answer

_NOTHING = _(
    "Nothing, where it is to come: the event resumes by itself. Where the reference is wrong, "
    "correct the event or withdraw it."
)

WAITS: dict[Missing, Answer] = {
    Missing.BUDGET: Answer(
        _("waits for the vote"),
        (28,),
        _("An award, a later vote or a transfer comes before the initial vote."),
        _NOTHING,
        ("kind", "id"),
        _("Waits for the initial vote of budget {id}."),
    ),
    Missing.GRANT: Answer(
        _("waits for the award"),
        (28,),
        _("A convention, or a deliberation withdrawn, names a grant that is not awarded."),
        _NOTHING,
        ("kind", "id"),
        _("Waits for the deliberation that awards grant {id}."),
    ),
    Missing.CONVENTION: Answer(
        _("waits for the convention"),
        (28,),
        _("The event names a convention that is not signed, or that waits itself."),
        _NOTHING,
        ("kind", "id"),
        _("Waits for the signature of convention {id}."),
    ),
    Missing.RECOVERY: Answer(
        _("waits for the recovery"),
        (28,),
        _("A recovery is collected before it was ordered."),
        _NOTHING,
        ("kind", "id"),
        _("Waits for the recovery {id} to be ordered."),
    ),
}
"""By kind."""
