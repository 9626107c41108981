"""Texts of the page Today: the status of the accounts, and whether the count adds up."""

from typing import Final

from events.texts import _, ngettext, pgettext

TEXTS: Final = {
    "title": _("Today"),
    "of_your_entities": _(
        "The date is that of the latest event of your entities, and the counts are theirs."
    ),
    "received": pgettext("records", "received"),
    "accepted": pgettext("records", "accepted"),
    "duplicate": _("duplicates"),
    "refused": pgettext("records", "refused"),
    "parked": _("parked"),
    "dead_letter": _("dead letters"),
    "in_flight": _("in flight"),
    "decided": _("decided"),
    "unread": _("not in the accounts yet"),
    "adds_up": _("The count adds up."),
    "does_not": _("The count does not add up."),
    "cannot_tell": _("The count cannot be checked: what is still to be read is not known."),
    "cannot_tell_you": _(
        "What is unreadable or still to be read names no entity: only an access to all entities "
        "sees the count of it."
    ),
    "waiting": _("Payment orders waiting"),
    "state": _("State"),
    "read": _("read"),
    "held": pgettext("partition", "held"),
    "left": _("{count} to read"),
    "rest_unknown": _("rest unknown"),
}

TO_READ: Final = ngettext("{count} record is to be read.", "{count} records are to be read.")

HELD: Final = _("Reading partition {partition} is held")
HELD_DETAIL: Final = _("At offset {offset}: {error}. The other partitions go on.")
HELD_OTHERS: Final = _("The other partitions go on.")
HELD_DO: Final = _("Tell the operator: as long as it is held, its budgets stand still here.")
HELD_RULE: Final = _(
    "Rule: what fails twice at the same record is held, never skipped (decision 12)."
)

NOT_ADDING_UP: Final = _("The count does not add up")
NOT_ADDING_UP_DETAIL: Final = _("Read {read}, became something {ended}: the difference is {gap}.")
NOT_ADDING_UP_DO: Final = _(
    "Do not rely on these accounts: have the journal proved (`ecluse verify`), then the read model "
    "rebuilt."
)
NOT_ADDING_UP_RULE: Final = _("Rule 5: every record received counts once, under what became of it.")

OTHER_JOURNAL: Final = _("The journal ends before what was read of it")
OTHER_JOURNAL_DETAIL: Final = _(
    "Partition {partition}: read up to {read}, the journal ends {gap} before. It is another "
    "journal, or has lost its end."
)
OTHER_JOURNAL_RULE: Final = _(
    "Rule: the journal is never rewritten; all that stands here comes from it."
)
