"""States of a consumer: a table of rules, of which the first that holds gives the state.

As Burrow does, it judges by the movement of offsets and not by the number that is left. A known
flaw of Burrow is avoided: there one sample with nothing left hides a stopped consumer for as long
as that sample is kept; here only later samples count (see `window`).
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Final, NamedTuple

from events.lag import State
from events.texts import Translatable, _
from services.lag.judge.model import NOT_SAMPLED
from services.lag.judge.window import Window, is_shrinking
from services.runtime.processing.status import TaskState

OLD_AFTER_S: Final = 10.0
"""Age from which on figures are unknown: four failed samples in a row, at one every two seconds."""

OWNERLESS_SAMPLES: Final = 2
"""Samples in a row without owner until a partition counts as STOPPED. One alone may fall between a
worker that leaves and its successor. Kafka removes a member when its session has ended, ten seconds
after its last heartbeat. With two seconds until the first sample, and one from there to the second
(`timers.AGAIN_S`), that makes thirteen."""

SILENT_S: Final = 8.0
"""A healthy worker commits a status at least every five seconds; where the partition has no owner
and the last status is older than this, one sample is enough."""

STALL_S: Final = 8.0
"""Time without a commit, while there is something to read, from which on a consumer is STALLED.
Our workers commit every second; other consumers every five (Kafka's default), and a little late."""

MARKERS_MAX: Final = 4
"""Offsets behind the last record that may be transaction markers: each transaction leaves one, and
one more where writing it timed out and was repeated."""

SLOW_S: Final = 10.0
"""Time without a shrinking backlog from which on a consumer may be SLOW: two commits of a consumer
that commits every five seconds."""

REACH_S: Final = 5.0
"""A consumer that has reached the end of five seconds ago is not late, however much arrives; and a
backlog that has shrunk since then is shrinking: after a burst, its beginning no longer counts."""

QUIET_S: Final = 600.0
"""Time without arrivals after which being up to date proves nothing: ten minutes of the watch's
own samples, since a watch of one minute has not seen ten without a record."""

WINDOW_S: Final = QUIET_S + 30.0
"""Time for which samples are kept: the one before those ten minutes is among them."""


class Rule(StrEnum):
    """The rules by name, in the order of the table."""

    CLUSTER_SILENT = "cluster_silent"
    NOT_SAMPLED = NOT_SAMPLED
    END_UNKNOWN = "end_unknown"
    NEVER_SEEN = "never_seen"
    NEVER_COMMITTED = "never_committed"
    BEYOND_THE_END = "beyond_the_end"
    HELD = "held"
    BROKEN = "broken"
    WENT_BACK = "went_back"
    NO_OWNER = "no_owner"
    MARKERS_ALONE = "markers_alone"
    REBALANCES = "rebalances"
    STANDS_STILL = "stands_still"
    FALLS_BEHIND = "falls_behind"
    JUST_BEGUN = "just_begun"
    NO_TRAFFIC = "no_traffic"
    CATCHES_UP = "catches_up"
    KEEPS_UP = "keeps_up"


class Row(NamedTuple):
    """A row of the table."""

    rule: Rule
    state: State
    holds: Callable[[Window], bool]
    text: Translatable
    """The observation, for people."""
    lasted_s: Callable[[Window], float] = lambda _: 0.0
    """Time for which it had been so already when the rule first holds."""


def is_fresh(known_s: float | None, now_s: float, more_s: float = 0.0) -> bool:
    """True if figures of that moment are still known; they may be `more_s` older than usual."""
    return known_s is not None and abs(now_s - known_s) <= OLD_AFTER_S + more_s


def _is_old(seen: Window) -> bool:
    return seen.age_s > OLD_AFTER_S


def _went_back(seen: Window) -> bool:
    previous, last = seen.previous, seen.last
    if previous is None:
        return False
    highest = seen.highest_before
    present = max(previous.committed or 0, last.committed or 0)
    return highest is not None and present < highest


def _has_no_owner(seen: Window) -> bool:
    samples = seen.ownerless_samples
    return samples >= OWNERLESS_SAMPLES or (samples > 0 and seen.silent_s >= SILENT_S)


def _may_be_markers(seen: Window) -> bool:
    last, stalled_s = seen.last, seen.stalled_s
    return (
        last.status is None
        and last.records_end is None
        and stalled_s >= STALL_S
        and (last.left or 0) <= MARKERS_MAX
        and seen.ends_alike_s >= stalled_s
    )


def _stands_still(seen: Window) -> bool:
    return seen.stalled_s >= STALL_S


def _falls_behind(seen: Window) -> bool:
    whole, lately = seen.list_since(SLOW_S), seen.list_since(REACH_S)
    if not seen.last.left or not whole or is_shrinking(whole) or is_shrinking(lately):
        return False
    return (seen.last.committed or 0) < (lately[0].end or 0)


def _is_too_early(seen: Window) -> bool:
    first = len(seen.tail) == 1
    return not seen.has_moved or (first and seen.ownerless_samples == 1)


TABLE: Final = (
    Row(
        Rule.CLUSTER_SILENT,
        State.UNKNOWN,
        lambda seen: seen.silent and _is_old(seen),
        _("Kafka has not answered the watch for more than ten seconds."),
    ),
    # The cluster answers, but did not report this group; or the watch hangs.
    Row(
        Rule.NOT_SAMPLED,
        State.UNKNOWN,
        _is_old,
        _("The watch has not looked at this group for more than ten seconds."),
    ),
    Row(
        Rule.END_UNKNOWN,
        State.UNKNOWN,
        lambda seen: seen.last.end is None,
        _("Nobody leads the partition: what is left to read is not known."),
    ),
    Row(
        Rule.NEVER_SEEN,
        State.UNKNOWN,
        lambda seen: seen.last.committed is None and seen.last.owner is None,
        _(
            "The group has neither a position here nor a member: it never ran, or is called "
            "otherwise."
        ),
    ),
    # It may begin anywhere.
    Row(
        Rule.NEVER_COMMITTED,
        State.UNKNOWN,
        lambda seen: seen.last.committed is None and seen.last.left is None,
        _("There are records and a member, which has committed none of them yet."),
    ),
    Row(
        Rule.BEYOND_THE_END,
        State.UNKNOWN,
        lambda seen: seen.last.left is None,
        _(
            "The partition ends before the committed position: the topic was made anew, or lost "
            "records."
        ),
    ),
    Row(
        Rule.HELD,
        State.BROKEN,
        lambda seen: seen.last.status is not None and seen.last.status.held is not None,
        _("The process holds the partition before a record that it cannot work on."),
    ),
    Row(
        Rule.BROKEN,
        State.BROKEN,
        lambda seen: seen.last.status is not None and seen.last.status.state == TaskState.BROKEN,
        _("The process itself says that it cannot go on."),
    ),
    # Needs two samples: a worker that opens may pass markers anew, and is past them at once.
    Row(Rule.WENT_BACK, State.REWOUND, _went_back, _("The committed position went back.")),
    # And the group is not rebalancing.
    Row(
        Rule.NO_OWNER,
        State.STOPPED,
        _has_no_owner,
        _("Nobody owns the partition, and nothing is committed."),
        lambda seen: seen.ownerless_s,
    ),
    Row(
        Rule.MARKERS_ALONE,
        State.UNKNOWN,
        _may_be_markers,
        _(
            "So little is left that it may be markers of transactions alone; nobody has read "
            "that far."
        ),
    ),
    Row(
        Rule.REBALANCES,
        State.STALLED,
        lambda seen: seen.last.rebalancing and _stands_still(seen),
        _("Records wait, and the group has been sharing out its partitions for too long."),
        lambda seen: seen.stalled_s,
    ),
    Row(
        Rule.STANDS_STILL,
        State.STALLED,
        _stands_still,
        _("Records wait, and nothing has been committed for eight seconds."),
        lambda seen: seen.stalled_s,
    ),
    Row(
        Rule.FALLS_BEHIND,
        State.SLOW,
        _falls_behind,
        _(
            "What is left has not got less for ten seconds, and what was there five seconds ago "
            "is not reached."
        ),
    ),
    Row(
        Rule.JUST_BEGUN,
        State.UNKNOWN,
        _is_too_early,
        _("Watched for too short a time to tell more."),
    ),
    Row(
        Rule.NO_TRAFFIC,
        State.NO_TRAFFIC,
        lambda seen: seen.last.left == 0 and seen.quiet_s >= QUIET_S,
        _("All is read, and nothing has come for ten minutes."),
    ),
    Row(
        Rule.CATCHES_UP,
        State.OK,
        lambda seen: bool(seen.last.left),
        _("Records wait, and it moves."),
    ),
    Row(Rule.KEEPS_UP, State.OK, lambda _: True, _("Nothing is left to read.")),
)
"""The rules, in order."""


def judge(seen: Window) -> Row:
    """The first row of the table that holds."""
    return next(row for row in TABLE if row.holds(seen))
