"""Texts of the page Lag."""

from typing import Final

from events.texts import _, ngettext, pgettext

TEXTS: Final = {
    "title": _("Lag"),
    # ------------------------------------------------------------ the first sentence
    "done_in": _("At this pace that takes another {span}."),
    "sampled": _("It last looked at {clock}, {age}. How far the stages are since, nobody knows."),
    "never_sampled": _("It has not seen anything yet. How far the stages are, nobody knows."),
    "cluster_do": _(
        "Look after Kafka: `ecluse topics diff` asks it too. Once it is back all processes go on "
        "by themselves, and nothing is lost."
    ),
    "one_process_lead": _(
        "Here all is done in one process, without Kafka: what is received is decided, kept and "
        "shown before it is answered. Today says how far the accounts are."
    ),
    "nobody_lead": _(
        "ECLUSE_WATCH_URL does not tell the API where the watch (`ecluse watch`) answers. Give its "
        "address, as http://watch:6066, and start the API again."
    ),
    "silent_lead": _("Who is behind, nobody knows here. The accounts do not depend on it."),
    "old_lead": _("The watch stands at {clock}, {age}. What follows is what it said then."),
    "ahead_lead": _(
        "The clock of the watch says {clock}, and that of the API {here}: how old all this is, "
        "nobody knows. Mend the clocks."
    ),
    "silent_do": _(
        "Check that `ecluse watch` runs and that the API reaches it. Without the API, `ecluse lag` "
        "asks it too."
    ),
    "no_answer": _("does not answer"),
    "unreadable": _("answers what this version does not understand"),
    "answers": _("answers"),
    "old_answer": _("answers, but stands at {clock}"),
    # ------------------------------------------------------------ alarms
    "stage_is": _("{stage}: {state}"),
    "rule": _("Rule “{rule}”. More: docs/runbooks/{runbook}.md"),
    "more": _("More: docs/runbooks/{runbook}.md"),
    "gap": _("The count does not add up"),
    "gap_said": _("Of {count} records that the ledger read it is not known what became of them."),
    "repeated": _("The journal counts twice"),
    "repeated_said": _("{count} places that were read are decided twice in it."),
    "differing": _("The watch counts otherwise than the ledger"),
    "differing_said": _(
        "{count} published balances differ from those that it draws from the journal."
    ),
    "faults": _("The journal no longer follows on"),
    "faults_said": _(
        "{count} budgets: a record does not follow the one before it, or cannot be read."
    ),
    "verify_do": _("Have the journal proved: `ecluse verify`."),
    "not_ready": _("The watch is still reading the journal"),
    "not_ready_said": _("What it counts of it is unknown until then."),
    # ------------------------------------------------------------ the stages
    "behind": _("Records behind"),
    "of_end": _("end {end}"),
    "none": pgettext("figure", "none"),
    "then": _("at {clock}: {state}"),
    "group": _("group {group}"),
    "held_before": _("held before offset {offset}"),
    "what_to_do": _("what to do"),
    # ------------------------------------------------------------ the last hour
    "late": _("Lateness"),
    "waiting": pgettext("chart", "Payment orders waiting"),
    "at_most": _("at most {most}"),
    "drawn": _("Now {now}; at most {most}, at {clock}."),
    "drawn_unknown": _("Unknown for {minutes} minutes of the hour."),
    "nothing_known": _("Nothing is known of this hour."),
    "gap_key": _("unknown"),
    # ------------------------------------------------------------ orders, outcomes, durations
    "orders_waiting": _("Waiting"),
    "orders_oldest": _("The oldest"),
    "orders_due": _("Overdue"),
    "orders_unacknowledged": _("Without the accountant's answer"),
    "issued": _("issued {age}"),
    "oldest_issued": _("the oldest issued {age}"),
    "unanswered": _("no answer"),
    "unaccounted": _("unaccounted for"),
    "resumed": _("{count} waited, and were decided since."),
    # ------------------------------------------------------------ other waiting items
    "reports": _("Reports overdue"),
    "since_day": _("the oldest was due {age}"),
    "closed": _("closed year"),
    "parked": _("Parked events"),
    "past": _("{count} past their deadline"),
    "oldest_of": _("the oldest {age}"),
    "newest_of": _("the last {age}"),
    "waits_for": _("waits for {kind} {id}"),
    "dead_letters": _("Dead letters"),
    "refusals": _("Refusals"),
    "deadline_events": _("Deadline events written"),
    "deadline_events_pending": _("{count} to be written"),
}

LEFT: Final = ngettext("{count} record is left to read.", "{count} records are left to read.")
AND_MORE: Final = ngettext("and {count} more", "and {count} more")
WAITED_FOR: Final = {
    "budget": _("the budget"),
    "grant": _("the grant"),
    "convention": _("the convention"),
    "recovery": _("the recovery"),
}
"""Kinds of things that a parked event waits for."""
