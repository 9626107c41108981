"""Alarms in a line each, as docs/runbooks/README.md lists them: when each of them fires."""

from typing import Final

from events.texts import _

SEVERITIES: Final = {
    "critical": (
        _("Wake somebody"),
        (
            "EcluseAccountsLate",
            "EcluseConsumerStopped",
            "EcluseConsumerStalled",
            "EcluseConsumerRewound",
            "EclusePartitionHeld",
            "EcluseOutcomesDoNotAddUp",
            "EcluseEventTwice",
            "EcluseBalancesDiffer",
            "EcluseJournalFault",
            "EcluseServiceDown",
            "EcluseReadModelDown",
            "EcluseWatchOld",
        ),
    ),
    "warning": (
        _("Look this morning"),
        (
            "EcluseReadModelLate",
            "EcluseConsumerSlow",
            "EcluseConsumerUnknown",
            "EcluseTransactionsFailing",
            "EcluseDeadLetters",
            "EcluseParkedLong",
            "EcluseParkedPastDeadline",
            "EcluseOrdersDue",
            "EcluseOrdersUnacknowledged",
            "EcluseFindingsOpen",
            "EcluseSlipsUnanswered",
            "EcluseOutboxUnsent",
            "EcluseTreasuryJobFails",
            "EcluseReturnsLeft",
            "EcluseDeadlineEventsPending",
            "EcluseFigureUnknown",
            "EcluseLatenessUnknown",
        ),
    ),
    "info": (_("In office hours"), ("EcluseReportsOverdue",)),
}
"""By severity, its name and its alarms."""

RUNBOOKS: Final = {
    "EcluseAccountsLate": _(
        "the oldest event not decided is older than 10 minutes, or has waited for that long"
    ),
    "EcluseConsumerStopped": _("a partition is without owner: its group has no member for it"),
    "EcluseConsumerStalled": _("a member has something to read and does not move"),
    "EcluseConsumerRewound": _("a committed position went back"),
    "EclusePartitionHeld": _("a record that cannot be taken stops a partition"),
    "EcluseOutcomesDoNotAddUp": _("records taken and outcomes counted differ"),
    "EcluseEventTwice": _("an event stands in the journal twice"),
    "EcluseBalancesDiffer": _("published balances are not the sum of the journal"),
    "EcluseJournalFault": _("a journal cannot be added up"),
    "EcluseServiceDown": _("a service does not answer, or is not asked"),
    "EcluseReadModelDown": _("the API does not reach its database"),
    "EcluseWatchOld": _("what the watch says is of the past"),
    "EcluseReadModelLate": _("console and API are 10 minutes behind the journal"),
    "EcluseConsumerSlow": _("a group falls behind for 15 minutes"),
    "EcluseConsumerUnknown": _("it is not known how a group does"),
    "EcluseTransactionsFailing": _("more than three in five minutes"),
    "EcluseDeadLetters": _("one came within the last three days"),
    "EcluseParkedLong": _("an event has waited for a week"),
    "EcluseParkedPastDeadline": _("one is past its 30 days and not refused"),
    "EcluseOrdersDue": _("payment orders are due and not paid"),
    "EcluseOrdersUnacknowledged": _("the treasury has said nothing for five days"),
    "EcluseFindingsOpen": _("a finding of the treasury has been open for a day"),
    "EcluseSlipsUnanswered": _("a slip was issued two days ago, and the gateway has not answered"),
    "EcluseOutboxUnsent": _(
        "a message of the treasury has waited for 10 minutes for Kafka to take it"
    ),
    "EcluseTreasuryJobFails": _("our program failed at a job of the treasury"),
    "EcluseReturnsLeft": _(
        "a file stays in the folder of returns: our program failed at it, or it cannot be moved"
    ),
    "EcluseDeadlineEventsPending": _("internal events about passed deadlines are not written"),
    "EcluseFigureUnknown": _("the watch leaves a figure out"),
    "EcluseLatenessUnknown": _("nobody says how late a partition is"),
    "EcluseReportsOverdue": _("beneficiaries owe documents"),
}
"""By alarm, when it fires."""

NOW_AND_THEN: Final = {
    "rotation": _("change a password or a certificate without losing a record"),
}
"""What is done now and then, without an alarm."""
