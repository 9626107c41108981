"""Texts of the headline, shared by Today, Lag and `ecluse lag`."""

from collections.abc import Mapping
from typing import Final

from events.texts import Translatable, _
from services.lag.present.headline import Knows, Verdict

TITLES: Final[Mapping[Verdict, Translatable]] = {
    Verdict.CHECK: _("Do not rely on these accounts before a check."),
    Verdict.ALL_RECEIVED: _("All that was received is in the accounts."),
    Verdict.IN_TRANSIT: _("What has just come is on its way into the accounts."),
    Verdict.ALL_DECIDED: _("Everything that the ledger has decided is in the accounts."),
    Verdict.NOT_ALL_DECIDED: _("Some of what the ledger has decided is not in the accounts yet."),
    Verdict.EMPTY: _("The accounts are empty: no event is in them yet."),
    Verdict.UNKNOWN: _("Nobody knows how far the accounts are."),
}
"""The first sentence; of a stage that is not well it is `texts.HEADLINES`."""

UNSEEN: Final[Mapping[Knows, Translatable]] = {
    Knows.WATCH: _("The watch does not know how far accounting is."),
    Knows.ONE_PROCESS: _("Nothing waits between one stage and the next."),
    Knows.NOBODY: _("No watch is set."),
    Knows.SILENT: _("The watch does not answer."),
    Knows.OLD: _("Nobody knows at this moment who is behind."),
    Knows.CLUSTER_SILENT: _("The watch gets no answer of Kafka."),
    Knows.STILL: _("The watch stands still."),
}
"""Reasons why the backlog of the ledger is unknown."""

TEXTS: Final = {
    "before_the_ledger": _("What still waits before the ledger is not known here."),
    "nothing_yet_do": _("Publish the vote of the budget, or wait until the journal is read."),
    "seen": _("Seen at {clock}."),
    "latest": _("Latest event dated {instant}."),
    "watched": _("Watched for {span}."),
}
