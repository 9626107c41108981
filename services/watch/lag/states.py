"""The states of a consumer: a table of rules, the first that holds is told. Pure.

In the manner of Burrow, which judges by what offsets do and not by how many are left. Its known
flaw is mended: there one look at which nothing was left hides a stopped consumer for as long as
that look is remembered; here only what came since then counts (see `window`).
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Final, NamedTuple

from services.runtime.processing.offset_metadata import TaskState
from services.watch.lag.model import State
from services.watch.lag.pace import gets_less
from services.watch.lag.window import Window

OLD_AFTER_S: Final = 10.0
"""Four looks that failed in a row, at one every two seconds: what was known is no longer known."""

OWNERLESS_LOOKS: Final = 2
"""At how many looks in a row nobody owns a partition until that is told. One alone may fall between
a worker that leaves and one that comes. Kafka itself says so only when a session has ended, ten
seconds after the last that it heard. With two seconds until the first look, and one from there to
the second (`timers.AGAIN_S`), that makes thirteen."""

SILENT_S: Final = 8.0
"""A worker that is well speaks at least every five seconds; where Kafka says that it is gone, and
it has been silent for so long too, one look is enough."""

STALL_S: Final = 8.0
"""For how long nothing may be committed while there is something to read. Our workers commit every
second; other people's consumers every five (Kafka's own default), and then a little late."""

MARKERS_MAX: Final = 4
"""How many offsets behind the last record may be markers alone: each transaction leaves one, and
one more where writing it timed out and was repeated."""

SLOW_S: Final = 10.0
"""Over how long what is left must not have got less: two rhythms of a consumer that commits every
five seconds, whose saw has fallen in between."""

REACH_S: Final = 5.0
"""Who has reached what was there five seconds ago is not late, however much comes; and what has got
less since then gets less now: when a burst is over, its beginning is no measure any more."""

QUIET_S: Final = 600.0
"""After ten minutes without a record, that nothing is late proves nothing any more. They are those
of the watch's own looks: who has watched for a minute has not seen ten without a record."""

WINDOW_S: Final = QUIET_S + 30.0
"""How long looks are remembered: so long that the look before those ten minutes is still there."""


class Rule(StrEnum):
    """The rules by name, in the order in which they are asked."""

    CLUSTER_SILENT = "cluster_silent"
    NOT_LOOKED = "not_looked"
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
    reason: str


def is_fresh(told_s: float | None, now_s: float, more_s: float = 0.0) -> bool:
    """Whether what was told at that moment is still known; it may be `more_s` older than usual."""
    return told_s is not None and abs(now_s - told_s) <= OLD_AFTER_S + more_s


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
    looks = seen.ownerless_looks
    return looks >= OWNERLESS_LOOKS or (looks > 0 and seen.wordless_s >= SILENT_S)


def _may_be_markers(seen: Window) -> bool:
    last, stands_s = seen.last, seen.stands_s
    return (
        last.word is None
        and last.records_end is None
        and stands_s >= STALL_S
        and (last.left or 0) <= MARKERS_MAX
        and seen.ends_alike_s >= stands_s
    )


def _stands_still(seen: Window) -> bool:
    return seen.stands_s >= STALL_S


def _falls_behind(seen: Window) -> bool:
    whole, lately = seen.since(SLOW_S), seen.since(REACH_S)
    if not seen.last.left or not whole or gets_less(whole) or gets_less(lately):
        return False
    return (seen.last.committed or 0) < (lately[0].end or 0)


def _is_too_early(seen: Window) -> bool:
    first = len(seen.tail) == 1
    return not seen.has_moved or (first and seen.ownerless_looks == 1)


TABLE: Final = (
    Row(
        Rule.CLUSTER_SILENT,
        State.UNKNOWN,
        lambda seen: seen.silent and _is_old(seen),
        "The cluster has not answered for longer than figures stay true.",
    ),
    Row(
        Rule.NOT_LOOKED,
        State.UNKNOWN,
        _is_old,
        "The cluster answers, but this group was not told, or nobody looked: the watch hangs.",
    ),
    Row(
        Rule.END_UNKNOWN,
        State.UNKNOWN,
        lambda seen: seen.last.end is None,
        "Nobody leads the partition: what is left to read is not known.",
    ),
    Row(
        Rule.NEVER_SEEN,
        State.UNKNOWN,
        lambda seen: seen.last.committed is None and seen.last.owner is None,
        "The group has neither an offset here nor a member: it never ran, or is called otherwise.",
    ),
    Row(
        Rule.NEVER_COMMITTED,
        State.UNKNOWN,
        lambda seen: seen.last.committed is None and seen.last.left is None,
        "There are records and a member, which has committed none of them: it may begin anywhere.",
    ),
    Row(
        Rule.BEYOND_THE_END,
        State.UNKNOWN,
        lambda seen: seen.last.left is None,
        "The partition ends before what was committed: the topic was made anew, or lost records.",
    ),
    Row(
        Rule.HELD,
        State.BROKEN,
        lambda seen: seen.last.word is not None and seen.last.word.held is not None,
        "Its worker holds the partition before a record that it cannot work on.",
    ),
    Row(
        Rule.BROKEN,
        State.BROKEN,
        lambda seen: seen.last.word is not None and seen.last.word.state == TaskState.BROKEN,
        "Its worker says that it cannot go on.",
    ),
    Row(
        Rule.WENT_BACK,
        State.REWOUND,
        _went_back,
        "The committed offset went back and has not come back: what was done is done again. Told "
        "at the second look: who opens may pass markers anew, and is past them at once.",
    ),
    Row(
        Rule.NO_OWNER,
        State.STOPPED,
        _has_no_owner,
        "Nobody owns the partition, the group is at rest, and nothing is committed.",
    ),
    Row(
        Rule.MARKERS_ALONE,
        State.UNKNOWN,
        _may_be_markers,
        "So little is left, and nothing comes: it may be markers of transactions alone, and nobody "
        "has read that far who could tell.",
    ),
    Row(
        Rule.REBALANCES,
        State.STALLED,
        lambda seen: seen.last.rebalancing and _stands_still(seen),
        "Records wait, and the group has been sharing out its partitions for too long.",
    ),
    Row(
        Rule.STANDS_STILL,
        State.STALLED,
        _stands_still,
        "Records wait, and nothing is committed.",
    ),
    Row(
        Rule.FALLS_BEHIND,
        State.SLOW,
        _falls_behind,
        "It works, but what is left does not get less, and it is late by more than a moment.",
    ),
    Row(
        Rule.JUST_BEGUN,
        State.UNKNOWN,
        _is_too_early,
        "Records wait, or nobody owns them, and it was watched for too short a time to know more.",
    ),
    Row(
        Rule.NO_TRAFFIC,
        State.NO_TRAFFIC,
        lambda seen: seen.last.left == 0 and seen.quiet_s >= QUIET_S,
        "Nothing has come for so long that being up to date proves nothing.",
    ),
    Row(
        Rule.CATCHES_UP,
        State.OK,
        lambda seen: bool(seen.last.left),
        "Records wait, and it works on them.",
    ),
    Row(Rule.KEEPS_UP, State.OK, lambda _: True, "Nothing is left to read."),
)
"""The rules, in order."""


def judge(seen: Window) -> Row:
    """The first row of the table that holds."""
    return next(row for row in TABLE if row.holds(seen))
