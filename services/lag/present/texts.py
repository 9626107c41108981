"""Texts of the headline, of states and of rules, shared by the page and the command.

States are described by verbs, so that they fit every stage; the code is shown beside, as in the
metrics.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Final

from events.lag import LEDGER_STAGE, TREASURY_STAGE, Stage, State
from events.texts import Translatable, _, pgettext, verbatim
from services.lag.document import Lag
from services.lag.judge.model import oldest_wait
from services.lag.judge.states import TABLE, Rule
from services.lag.present.headline import BacklogSource, Verdict, accounts, headline

TITLES: Final[Mapping[Verdict, Translatable]] = {
    Verdict.CHECK: _("Do not rely on these accounts before a check."),
    Verdict.ALL_RECEIVED: _("All that was received is in the accounts."),
    Verdict.IN_TRANSIT: _("What has just come is on its way into the accounts."),
    Verdict.ALL_DECIDED: _("Everything that the ledger has decided is in the accounts."),
    Verdict.NOT_ALL_DECIDED: _("Some of what the ledger has decided is not in the accounts yet."),
    Verdict.EMPTY: _("The accounts are empty: no event is in them yet."),
    Verdict.UNKNOWN: _("Nobody knows how far the accounts are."),
}
"""The first sentence; of a stage that is not well it is HEADLINES."""

UNSEEN: Final[Mapping[BacklogSource, Translatable]] = {
    BacklogSource.WATCH: _("The watch does not know how far accounting is."),
    BacklogSource.ONE_PROCESS: _("One process: nothing can queue."),
    BacklogSource.NOBODY: _("No watch is set."),
    BacklogSource.SILENT: _("The watch does not answer."),
    BacklogSource.OLD: _("Nobody knows at this moment who is behind."),
    BacklogSource.CLUSTER_SILENT: _("The watch gets no answer of Kafka."),
    BacklogSource.STILL: _("The watch stands still."),
}
"""Reasons why the backlog of the ledger is unknown."""

LATEST: Final = _("Latest event dated {instant}.")
STATE_SINCE: Final = _("In this state since {instant}.")
WAITS_SINCE: Final = _("Waiting since {instant} at least.")
OLDEST_WAIT: Final = _("Oldest event waiting: {instant}.")
WATCHED: Final = _("Watched for {span}.")

STAGES: Final[Mapping[str, Translatable]] = {
    "ledger": _("Ledger"),
    "projector": _("Read model"),
    "watch": _("Watch"),
    "treasury": _("Treasury"),
}
"""The names of the stages, in the order in which an event passes them."""

THE_STAGE: Final[Mapping[str, Translatable]] = {
    "ledger": _("the ledger"),
    "projector": _("the read model"),
    "watch": _("the watch"),
    "treasury": _("the treasury"),
}
"""The same inside a sentence."""

STAGE_DOES: Final[Mapping[str, Translatable]] = {
    "ledger": _("decides each event"),
    "projector": _("keeps the tables that this console reads"),
    "watch": _("counts the journal by itself"),
    "treasury": _("takes the payment orders to pay"),
}
"""The purpose of a stage."""

STATES: Final[Mapping[State, Translatable]] = {
    State.BROKEN: _("cannot go on"),
    State.STOPPED: pgettext("stage", "stopped"),
    State.REWOUND: _("rewound"),
    State.STALLED: _("stalled"),
    State.SLOW: _("slow"),
    State.UNKNOWN: _("unknown"),
    State.OK: _("OK"),
    State.NO_TRAFFIC: _("no traffic"),
}
"""A state in one or two words."""

HEADLINES: Final[Mapping[State, Translatable]] = {
    State.BROKEN: _("{stage} cannot go on, on one partition at least."),
    State.STOPPED: _("{stage} has stopped, for one partition at least."),
    State.REWOUND: _("{stage} was rewound: what was done is done again."),
    State.STALLED: _("{stage} stands still, on one partition at least."),
    State.SLOW: _("{stage} falls behind."),
    State.UNKNOWN: _("Nobody knows at this moment how far {stage} is."),
}
"""The first sentence of a page on which a stage is not well; `{stage}` is of THE_STAGE."""

MEANS: Final[Mapping[State, Translatable]] = {
    State.BROKEN: _(
        "A record failed twice by a fault of our own. Its partition waits before it rather than "
        "skip it; the others go on."
    ),
    State.STOPPED: _("Nobody reads these partitions. Nothing is lost: what comes waits."),
    State.REWOUND: _("The committed position went back, and has not come to its place again."),
    State.STALLED: _(
        "There is something to read and somebody to read it, and the position does not move: the "
        "process waits for Kafka or the database, restores its state, or hangs."
    ),
    State.SLOW: _(
        "More comes in than is worked off. Nothing is wrong with the order of things; there is too "
        "little room."
    ),
    State.UNKNOWN: _("That is no delay of 0: it is one that nobody knows."),
    State.OK: _("Up to date, or catching up."),
    State.NO_TRAFFIC: _("Nothing is late, and nothing has come for ten minutes."),
}
"""The meaning of a state."""

DO: Final[Mapping[State, Translatable]] = {
    State.BROKEN: _("Keep the log and the event. A mended program goes on by itself once started."),
    State.STOPPED: _(
        "Start the process again: it goes on where it was. If it stops again, the end of its log "
        "says why."
    ),
    State.REWOUND: _("Somebody has set positions, or a topic was made anew: `ecluse topics diff`."),
    State.STALLED: _(
        "The log of the process names what is missing (Kafka, database, rights): mend that, and it "
        "goes on within seconds. If it says nothing, start it again."
    ),
    State.SLOW: _(
        "Let a burst pass: the page says for how long. If it lasts, add a process as long as there "
        "are partitions, or look at database and disk."
    ),
    State.UNKNOWN: _("If all stages are unknown, look after Kafka. If it is this one, start it."),
}
"""The remedy, whatever the stage."""

CHECK_KAFKA: Final = _(
    "Look after Kafka: `ecluse topics diff` asks it too. Once it is back all processes go on by "
    "themselves, and nothing is lost."
)
OLD: Final = "EcluseWatchOld"
"""The runbook of a watch whose answer, or whose last sample, is old."""

CALL_THE_TREASURY: Final = _("Call the treasury: the orders wait for it.")

DO_OF: Final[Mapping[tuple[str, str], Translatable]] = {
    (State.BROKEN, LEDGER_STAGE): _(
        "Keep the log and the event. A mended program goes on by itself once started. If it cannot "
        'wait, two of you: `ecluse quarantine PARTITION OFFSET --reason "…"` sets that record '
        "aside, and the partition goes on."
    ),
    (State.REWOUND, LEDGER_STAGE): _(
        "Somebody has set positions, or a topic was made anew: `ecluse topics diff`. The ledger "
        "decides nothing twice."
    ),
    (State.STOPPED, TREASURY_STAGE): CALL_THE_TREASURY,
    (State.STALLED, TREASURY_STAGE): CALL_THE_TREASURY,
    (State.REWOUND, TREASURY_STAGE): _(
        "Somebody has set positions, or a topic was made anew: `ecluse topics diff`. Warn the "
        "treasury: it reads orders again."
    ),
    (Rule.NEVER_SEEN, TREASURY_STAGE): _(
        "If there is no treasury yet, set ECLUSE_WATCH_TREASURY_GROUP to nothing; else call it."
    ),
}
"""The remedy of a stage by its state, or by its rule, where it is another."""

RUNBOOKS: Final[Mapping[State, str]] = {
    State.BROKEN: "EclusePartitionHeld",
    State.STOPPED: "EcluseConsumerStopped",
    State.REWOUND: "EcluseConsumerRewound",
    State.STALLED: "EcluseConsumerStalled",
    State.SLOW: "EcluseConsumerSlow",
    State.UNKNOWN: "EcluseConsumerUnknown",
}
"""The runbook of a state, in docs/runbooks."""

RULES: Final[Mapping[str, Translatable]] = {row.rule: row.text for row in TABLE}
"""The observation behind a state, by the name of its rule."""

DOING: Final[Mapping[str, Translatable]] = {
    "opening": _("restores its state"),
    "running": _("works"),
    "paused": _("paused"),
    "retrying": _("tries again"),
    "broken": _("held"),
    "stopped": _("stopped"),
}
"""The activity that a worker reports."""

TRENDS: Final[Mapping[str, Translatable]] = {
    "up": _("rising"),
    "down": _("falling"),
    "level": _("level"),
}
"""The trend of the records behind."""

LATENCIES: Final[Mapping[str, Translatable]] = {
    "broker": _("from the event to Kafka"),
    "decided": _("from Kafka to the decision"),
    "published": _("from the journal to who reads it"),
    "projected": _("from the journal to the read model"),
    "treasury": _("from the payment order to the accountant's answer"),
}
"""The steps of an event whose latency is measured."""


def name_code(terms: Mapping[str, Translatable], code: str) -> Translatable:
    """The text of a code; one that this version does not know stands as it is."""
    return terms.get(code) or verbatim(code)


def remedy(stage: Stage) -> Translatable:
    """The remedy for a stage that is not well."""
    special = DO_OF.get((stage.rule, stage.stage)) or DO_OF.get((stage.state, stage.stage))
    return special or DO[stage.state]


def explain_since(stage: Stage, instant: Callable[[datetime], object]) -> Iterator[Translatable]:
    """Since when a stage is in its state, and since when its oldest event waits, where known."""
    if stage.state_since is not None:
        yield STATE_SINCE.render({"instant": instant(stage.state_since)})
    oldest = oldest_wait(stage)
    if oldest is not None:
        text = OLDEST_WAIT if stage.waits_since is None else WAITS_SINCE
        yield text.render({"instant": instant(oldest)})


def accounts_text(lag: Lag, now: datetime) -> Translatable:
    """The progress of the accounts, also where a stage is not well."""
    found = headline(lag, None, now)
    known = accounts(() if lag.board is None else lag.board.stages)
    if found.verdict is not Verdict.STAGE:
        return TITLES[found.verdict]
    if known.has_all:
        return TITLES[Verdict.ALL_RECEIVED]
    if any(each.behind for each in known.stages):
        return _("Some of what was received is not in the accounts yet.")
    return TITLES[Verdict.UNKNOWN]
