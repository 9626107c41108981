"""Histories as an operator reads them: one look after the other, every two seconds.

12/20     12 is committed, the partition ends at 20: 8 are left to read
-/20      nothing was ever committed
12/-      where it ends is not known
12/20!    nobody owns the partition
12/20~    the group is sharing out its partitions
|         here the cluster did not answer
12/20*5   five looks in a row like that
"""

from collections.abc import Iterator
from typing import Any, Final

from services.runtime.processing.offset_metadata import Status
from services.watch.lag.history import History
from services.watch.lag.model import Consumer, Judged, Look, Place

LEDGER: Final = Consumer(
    "ledger", "ecluse.ledger", ("ecluse.events.v1", "ecluse.internal-events.v1")
)
PLACE: Final = Place("ecluse.events.v1", 0)
OWNER: Final = "ledger-1"
START_S: Final = 1_795_660_800.0
EVERY_S: Final = 2.0


def a_word(at_s: float = START_S, **said: Any) -> Status:
    """The word of a worker that is well and has nothing to do."""
    nothing: dict[str, Any] = {
        "state": "running",
        "caught_up": True,
        "oldest_event_s": None,
        "oldest_recorded_s": None,
        "done_event_s": None,
        "taken": 0,
        "outcomes": 0,
        "arrival_s": None,
        "handling_s": None,
        "held": None,
    }
    return Status(at_s, **(nothing | said))


def written(history: str, every_s: float = EVERY_S, **more: Any) -> Iterator[Look | None]:
    """The looks of a history; None where the cluster did not answer."""
    at_s = START_S
    for part in history.split():
        handled, _, times = part.partition("*")
        for _ in range(int(times or 1)):
            yield None if handled == "|" else _look(handled, at_s, more)
            at_s += every_s


def _look(handled: str, at_s: float, more: dict[str, Any]) -> Look:
    committed, end = handled.rstrip("!~").split("/")
    seen = Look(
        at_s,
        None if committed == "-" else int(committed),
        None if end == "-" else int(end),
        None if "!" in handled or "~" in handled else OWNER,
        "~" in handled,
        None,
    )
    return seen._replace(**more)


def seen(history: str, every_s: float = EVERY_S, **more: Any) -> History:
    """What the watch remembers of a history."""
    remembered = History()
    for look in written(history, every_s, **more):
        if look is None:
            remembered.no_answer()
        else:
            remembered.add(LEDGER, PLACE, look)
    return remembered


def handled(history: str, every_s: float = EVERY_S, later_s: float = 0.0, **more: Any) -> Judged:
    """What is said of a history, so long after its last look."""
    looks = list(written(history, every_s, **more))
    now_s = START_S + (len(looks) - 1) * every_s + later_s
    (judged,) = seen(history, every_s, **more).judged(now_s)
    return judged
